//! Subjects as child processes: what they say, and how far their workers are.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child as Process, ChildStdin, ChildStdout, Command},
    sync::mpsc,
    time::{Instant, timeout_at},
};

/// Longest that preparing or ending may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a subject measured.
pub(crate) type Values = BTreeMap<String, f64>;

/// A subject at one phase.
pub(crate) struct Child {
    process: Process,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    what: String,
}

impl Child {
    /// Starts a subject and waits until it is prepared.
    #[expect(clippy::disallowed_methods, reason = "the benchmark starts its subjects")]
    pub(crate) async fn start(program: &PathBuf, subject: &str, url: &str, phase: &[String]) -> Self {
        let mut process = Command::new(program)
            .args(["--subject", subject, "--url", url])
            .args(phase)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let input = process.stdin.take().expect("its input is piped");
        let output = process.stdout.take().expect("its output is piped");
        let lines = BufReader::new(output).lines();
        let mut child = Self { process, input, lines, what: format!("{subject} {}", phase.join(" ")) };
        let said = child.line().await;
        assert_eq!(said, "ready", "{}", child.what);
        child
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// Lets it begin.
    pub(crate) async fn go(&mut self) {
        self.input.write_all(b"go\n").await.unwrap_or_else(|error| panic!("{}: {error}", self.what));
    }

    /// Waits for what it measured.
    pub(crate) async fn end(&mut self) -> Values {
        let line = self.line().await;
        let values = line.strip_prefix("end").unwrap_or_else(|| panic!("{}: {line}", self.what));
        values
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='))
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
            .collect()
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        match line {
            Ok(Ok(Some(line))) => line,
            other => panic!("{}: it should say something, not {other:?}", self.what),
        }
    }

    /// Kills it, at once, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        if let Err(error) = self.process.kill().await {
            super::say(&format!("{}: {error}", self.what));
        }
    }
}

/// How far a worker is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) started: f64,
    pub(crate) finished: f64,
    pub(crate) micros: f64,
}

/// Workers, as processes, that count what they do.
pub(crate) struct Fleet {
    workers: Vec<(Process, ChildStdin)>,
    pids: Vec<u32>,
    heard: mpsc::UnboundedReceiver<(usize, Count)>,
    counts: Vec<Count>,
}

impl Fleet {
    /// Lets prepared workers begin.
    pub(crate) async fn start(mut children: Vec<Child>) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        for child in &mut children {
            child.go().await;
        }
        let pids = children.iter().map(Child::pid).collect();
        let counts = vec![Count::default(); children.len()];
        let mut workers = Vec::new();
        for (index, child) in children.into_iter().enumerate() {
            let (sender, mut lines) = (sender.clone(), child.lines);
            tokio::spawn(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    let mut numbers = line.split(' ').skip(1).filter_map(|number| number.parse().ok());
                    if let (Some(started), Some(finished), Some(micros)) =
                        (numbers.next(), numbers.next(), numbers.next())
                        && sender.send((index, Count { started, finished, micros })).is_err()
                    {
                        return;
                    }
                }
            });
            workers.push((child.process, child.input));
        }
        Self { workers, pids, heard, counts }
    }

    pub(crate) fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// Sums over the workers, at the time of the last that spoke.
    pub(crate) fn total(&self) -> Count {
        let sum = |field: fn(&Count) -> f64| self.counts.iter().map(field).sum();
        let micros = self.counts.iter().map(|count| count.micros).fold(0.0, f64::max);
        Count { started: sum(|count| count.started), finished: sum(|count| count.finished), micros }
    }

    /// Waits until the workers are so far, or so long.
    pub(crate) async fn until(&mut self, longest: Duration, far: impl Fn(&Count) -> bool) -> Count {
        let deadline = Instant::now() + longest;
        while !far(&self.total()) {
            match timeout_at(deadline, self.heard.recv()).await {
                Ok(Some((index, count))) => {
                    if let Some(known) = self.counts.get_mut(index) {
                        *known = count;
                    }
                }
                Ok(None) | Err(_) => break,
            }
        }
        self.total()
    }

    /// Whether any of the workers has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.workers.iter_mut().any(|(process, _)| !matches!(process.try_wait(), Ok(None)))
    }

    /// Kills one worker, at once.
    pub(crate) async fn kill_one(&mut self, index: usize) {
        if let Some((process, _)) = self.workers.get_mut(index)
            && let Err(error) = process.kill().await
        {
            super::say(&format!("a worker could not be killed: {error}"));
        }
    }

    /// Kills all workers and waits until they are gone.
    pub(crate) async fn kill(mut self) {
        for index in 0..self.workers.len() {
            self.kill_one(index).await;
        }
    }
}

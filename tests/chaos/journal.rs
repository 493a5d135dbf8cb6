//! What happened in a run, with times: printed, and kept in a file.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write as _,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

/// The log of a run, its counts, and what was wrong.
pub(crate) struct Journal {
    began: Instant,
    file: Mutex<File>,
    counts: Mutex<BTreeMap<String, usize>>,
    violations: Mutex<Vec<String>>,
}

impl Journal {
    /// Opens the log in the folder of the run.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let file = File::create(folder.join("chaos.log"))?;
        Ok(Self {
            began: Instant::now(),
            file: Mutex::new(file),
            counts: Mutex::default(),
            violations: Mutex::default(),
        })
    }

    /// How long the run goes already.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Writes a line into the file.
    pub(crate) fn note(&self, line: &str) {
        let line = format!("{:8.2}  {line}\n", self.elapsed().as_secs_f64());
        drop(self.file.lock().unwrap().write_all(line.as_bytes()));
    }

    /// Writes a line into the file and to the terminal.
    pub(crate) fn say(&self, line: &str) {
        self.note(line);
        println!("{:8.2}  {line}", self.elapsed().as_secs_f64());
    }

    /// Counts something.
    pub(crate) fn count(&self, what: &str) {
        *self.counts.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    /// Sets a figure.
    pub(crate) fn set(&self, what: &str, value: usize) {
        self.counts.lock().unwrap().insert(what.to_owned(), value);
    }

    /// Everything that was counted under a name that begins so, without that beginning.
    pub(crate) fn counted(&self, beginning: &str) -> Vec<(String, usize)> {
        let counts = self.counts.lock().unwrap();
        let strip = |(name, count): (&String, &usize)| Some((name.strip_prefix(beginning)?.to_owned(), *count));
        counts.iter().filter_map(strip).collect()
    }

    /// The sum of all that was counted under a name that begins so.
    pub(crate) fn sum(&self, beginning: &str) -> usize {
        self.counted(beginning).iter().map(|(_, count)| count).sum()
    }

    /// Notes that a promise was broken.
    pub(crate) fn violation(&self, what: impl Into<String>) {
        let what = what.into();
        self.say(&format!("VIOLATION {what}"));
        self.violations.lock().unwrap().push(what);
    }

    /// Every broken promise so far.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap().clone()
    }
}

//! What a subject of the benchmark can do, and the phases that every subject runs in the same way.
//!
//! A subject is a child process of the driver. It is told one phase on its command line, prints `ready` when all of its
//! preparation is done, waits for a line on its standard input, works, and prints `end name=value …`. A worker prints
//! `count STARTED FINISHED MICROSECONDS` as it goes, and works until it is killed. The same file is part of the
//! package of the peers, so it names neither Bindery nor a database driver.

use std::{
    collections::HashMap,
    fmt::Write as _,
    future::Future,
    io::{BufRead as _, Write as _},
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use clap::Subcommand;

/// Characters of options that each job carries; with its field names and number a payload has about 600 bytes.
const OPTIONS_CHARS: usize = 570;
/// Jobs that one statement of a bulk insert carries.
const BULK: u64 = 1_000;
/// Jobs before an idle measurement begins, so that statements are prepared and pages are in memory.
const IDLE_WARM_UP: u64 = 25;
/// How often a worker says how far it is.
const COUNT_EVERY: Duration = Duration::from_millis(10);

/// A job queue under test. Numbers name jobs; each is used once.
pub(crate) trait Queue: Clone + Send + Sync + 'static {
    /// Connects with at most so many connections to a database.
    fn connect(url: &str, connections: u32) -> impl Future<Output = Self> + Send;

    /// Makes the schema in an empty database.
    fn install(&self) -> impl Future<Output = ()>;

    /// Inserts one job and returns when it is committed.
    fn enqueue(&self, number: u64) -> impl Future<Output = ()> + Send;

    /// Inserts many jobs at once, in the way the queue means for it.
    fn enqueue_many(&self, numbers: Range<u64>) -> impl Future<Output = ()> + Send;

    /// Runs jobs on so many slots until the process ends.
    fn work(&self, slots: usize, work: Work) -> impl Future<Output = ()>;
}

/// A phase that every subject knows.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Phase {
    /// Makes the schema.
    Install,
    /// Inserts one job at a time.
    Enqueue {
        /// Loops at once, each with its connection.
        #[arg(long)]
        loops: u32,
        /// How long.
        #[arg(long)]
        seconds: f64,
    },
    /// Inserts a thousand jobs at a time.
    Bulk {
        /// How long.
        #[arg(long)]
        seconds: f64,
    },
    /// Inserts so many jobs, as fast as it can.
    Load {
        /// Jobs.
        #[arg(long)]
        jobs: u64,
        /// Number of the first.
        #[arg(long, default_value_t = 0)]
        first: u64,
    },
    /// Runs jobs until killed.
    Work {
        /// Slots.
        #[arg(long)]
        slots: usize,
        /// How long each job takes.
        #[arg(long, default_value_t = 0)]
        run_ms: u64,
    },
    /// Inserts a job now and then and measures how long it takes to begin.
    Idle {
        /// Jobs.
        #[arg(long)]
        jobs: u64,
        /// Mean time between two.
        #[arg(long, default_value_t = 40)]
        gap_ms: u64,
        /// Slots of the worker.
        #[arg(long, default_value_t = 10)]
        slots: usize,
    },
    /// Inserts and runs at once, with a short backlog, and says what was done in each second.
    Churn {
        /// How long.
        #[arg(long)]
        seconds: u64,
        /// Jobs that wait or run at any time.
        #[arg(long, default_value_t = 400)]
        backlog: u64,
        /// Slots of the worker.
        #[arg(long, default_value_t = 40)]
        slots: usize,
    },
}

/// Runs a phase.
pub(crate) async fn run<Q: Queue>(url: &str, phase: &Phase) {
    match *phase {
        Phase::Install => {
            let queue = Q::connect(url, 2).await;
            ready_and_go();
            queue.install().await;
            end(&[]);
        }
        Phase::Enqueue { loops, seconds } => enqueue::<Q>(url, loops, seconds).await,
        Phase::Bulk { seconds } => bulk::<Q>(url, seconds).await,
        Phase::Load { jobs, first } => {
            let queue = Q::connect(url, 2).await;
            ready_and_go();
            load(&queue, first..first + jobs).await;
            end(&[("jobs", float(jobs))]);
        }
        Phase::Work { slots, run_ms } => {
            let queue = Q::connect(url, worker_connections(slots)).await;
            let work = Work::new(Duration::from_millis(run_ms), false);
            ready_and_go();
            work.count_on_a_thread();
            queue.work(slots, work).await;
        }
        Phase::Idle { jobs, gap_ms, slots } => idle::<Q>(url, jobs, gap_ms, slots).await,
        Phase::Churn { seconds, backlog, slots } => churn::<Q>(url, seconds, backlog, slots).await,
    }
}

/// Connections of a worker: one a slot, within what a server gives to one process.
pub(crate) fn worker_connections(slots: usize) -> u32 {
    u32::try_from(slots).unwrap_or(u32::MAX).clamp(2, 50) + 2
}

async fn enqueue<Q: Queue>(url: &str, loops: u32, seconds: f64) {
    let queue = Q::connect(url, loops).await;
    let next = Arc::new(AtomicU64::new(1));
    // Every connection is open and has its statements prepared before the clock starts.
    let until = Instant::now() + Duration::from_millis(300);
    together((0..loops).map(|_| enqueue_until(queue.clone(), Arc::clone(&next), until))).await;
    let warmed = next.load(Relaxed);
    ready_and_go();
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(seconds);
    together((0..loops).map(|_| enqueue_until(queue.clone(), Arc::clone(&next), until))).await;
    let jobs = next.load(Relaxed) - warmed;
    end(&[("jobs", float(jobs)), ("warm", float(warmed - 1)), ("seconds", began.elapsed().as_secs_f64())]);
}

async fn enqueue_until<Q: Queue>(queue: Q, next: Arc<AtomicU64>, until: Instant) {
    while Instant::now() < until {
        queue.enqueue(next.fetch_add(1, Relaxed)).await;
    }
}

/// Runs futures at once on tasks of their own.
async fn together<F: Future<Output = ()> + Send + 'static>(futures: impl Iterator<Item = F>) {
    let tasks: Vec<_> = futures.map(tokio::spawn).collect();
    for task in tasks {
        task.await.expect("a loop of the benchmark does not panic");
    }
}

async fn bulk<Q: Queue>(url: &str, seconds: f64) {
    let queue = Q::connect(url, 2).await;
    queue.enqueue_many(0..BULK).await;
    ready_and_go();
    let began = Instant::now();
    let mut jobs = 0;
    while began.elapsed().as_secs_f64() < seconds {
        queue.enqueue_many(BULK + jobs..2 * BULK + jobs).await;
        jobs += BULK;
    }
    end(&[("jobs", float(jobs)), ("warm", float(BULK)), ("seconds", began.elapsed().as_secs_f64())]);
}

async fn load<Q: Queue>(queue: &Q, numbers: Range<u64>) {
    let mut first = numbers.start;
    while first < numbers.end {
        let next = (first + BULK).min(numbers.end);
        queue.enqueue_many(first..next).await;
        first = next;
    }
}

async fn idle<Q: Queue>(url: &str, jobs: u64, gap_ms: u64, slots: usize) {
    let work = Work::new(Duration::ZERO, true);
    let worker = Q::connect(url, worker_connections(slots)).await;
    let submitter = Q::connect(url, 2).await;
    work_aside(worker, slots, work.clone());
    tokio::time::sleep(Duration::from_secs(1)).await;
    for number in 0..IDLE_WARM_UP {
        submitter.enqueue(number).await;
        tokio::time::sleep(Duration::from_millis(gap_ms)).await;
    }
    ready_and_go();
    let began = Instant::now();
    let (mut inserted, mut inserting) = (HashMap::new(), Vec::new());
    for number in IDLE_WARM_UP..IDLE_WARM_UP + jobs {
        let began = Instant::now();
        inserted.insert(number, began);
        submitter.enqueue(number).await;
        inserting.push(began.elapsed());
        tokio::time::sleep(jittered(gap_ms, number)).await;
    }
    // Whoever polls slowly gets the time of one slow poll for the last one.
    let deadline = Instant::now() + Duration::from_secs(5);
    while work.started() < IDLE_WARM_UP + jobs && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let starts = work.starts();
    let waits = inserted.iter().filter_map(|(number, at)| Some((*starts.get(number)?).duration_since(*at)));
    let mut values = percentiles(waits.collect());
    inserting.sort_unstable();
    let insert = inserting.get(inserting.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
    values.extend([("insert_ms", insert), ("jobs", float(jobs)), ("warm", float(IDLE_WARM_UP)), ("seconds", seconds)]);
    end(&values);
}

/// Percentiles in milliseconds, and how many there were.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> Vec<(&'static str, f64)> {
    times.sort_unstable();
    let at = |per_thousand: usize| {
        let index = (times.len() * per_thousand / 1000).min(times.len().saturating_sub(1));
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    vec![("p50_ms", at(500)), ("p90_ms", at(900)), ("p99_ms", at(990)), ("heard", float(times.len() as u64))]
}

/// A gap that differs from job to job by up to a half either way, so that no poll falls into step with it.
pub(crate) fn jittered(gap_ms: u64, number: u64) -> Duration {
    let share = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
    Duration::from_micros(gap_ms * 500 + gap_ms * 1000 * share / 1024)
}

async fn churn<Q: Queue>(url: &str, seconds: u64, backlog: u64, slots: usize) {
    const LOOPS: u32 = 2;
    let work = Work::new(Duration::ZERO, false);
    let worker = Q::connect(url, worker_connections(slots)).await;
    let submitter = Q::connect(url, LOOPS).await;
    ready_and_go();
    work_aside(worker, slots, work.clone());
    let began = Instant::now();
    let until = began + Duration::from_secs(seconds);
    let next = Arc::new(AtomicU64::new(0));
    let keep_up = |_| tokio::spawn(keep_up(submitter.clone(), Arc::clone(&next), work.clone(), backlog, until));
    let loops: Vec<_> = (0..LOOPS).map(keep_up).collect();
    let mut done = vec![0];
    for second in 1..=seconds {
        tokio::time::sleep_until((began + Duration::from_secs(second)).into()).await;
        done.push(work.finished());
    }
    for task in loops {
        task.await.expect("a loop of the benchmark does not panic");
    }
    let each = |from: u64, to: u64| {
        let at = |second: u64| done.get(usize::try_from(second).unwrap_or(usize::MAX)).copied().unwrap_or_default();
        float(at(to) - at(from)) / float(to - from)
    };
    // The first second goes to starting.
    end(&[
        ("first_per_second", each(1, 6.min(seconds))),
        ("last_per_second", each(seconds.saturating_sub(5), seconds)),
        ("jobs", float(work.finished())),
        ("seconds", began.elapsed().as_secs_f64()),
    ]);
}

/// Inserts ten jobs whenever the backlog is short.
async fn keep_up<Q: Queue>(queue: Q, next: Arc<AtomicU64>, work: Work, backlog: u64, until: Instant) {
    const AT_ONCE: u64 = 10;
    while Instant::now() < until {
        if next.load(Relaxed) >= work.finished() + backlog {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        }
        let first = next.fetch_add(AT_ONCE, Relaxed);
        queue.enqueue_many(first..first + AT_ONCE).await;
    }
}

/// Runs a worker beside the caller. Its own loop gets a thread, since not every peer's can move between threads; what it
/// spawns is on the runtime of the process.
pub(crate) fn work_aside<Q: Queue>(queue: Q, slots: usize, work: Work) {
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || runtime.block_on(queue.work(slots, work)));
}

/// What the handler of a subject calls for each job.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    run: Duration,
    started: AtomicU64,
    finished: AtomicU64,
    starts: Option<Mutex<HashMap<u64, Instant>>>,
}

impl Work {
    /// Jobs that take so long; `timed` says whether each start is remembered.
    pub(crate) fn new(run: Duration, timed: bool) -> Self {
        let starts = timed.then(Mutex::default);
        Self { inner: Arc::new(Inner { run, started: AtomicU64::new(0), finished: AtomicU64::new(0), starts }) }
    }

    /// Does one job.
    pub(crate) async fn run(&self, number: u64) {
        if let Some(starts) = &self.inner.starts {
            starts.lock().expect("no holder panics").entry(number).or_insert_with(Instant::now);
        }
        self.inner.started.fetch_add(1, Relaxed);
        if !self.inner.run.is_zero() {
            tokio::time::sleep(self.inner.run).await;
        }
        self.inner.finished.fetch_add(1, Relaxed);
    }

    /// Jobs begun.
    pub(crate) fn started(&self) -> u64 {
        self.inner.started.load(Relaxed)
    }

    /// Jobs done.
    pub(crate) fn finished(&self) -> u64 {
        self.inner.finished.load(Relaxed)
    }

    /// When each job began.
    pub(crate) fn starts(&self) -> HashMap<u64, Instant> {
        self.inner.starts.as_ref().map(|starts| starts.lock().expect("no holder panics").clone()).unwrap_or_default()
    }

    /// Prints how far the work is whenever that has changed. A thread of its own, since slots may keep the others busy.
    pub(crate) fn count_on_a_thread(&self) {
        let work = self.clone();
        std::thread::spawn(move || {
            let mut told = (0, 0);
            loop {
                let now = (work.started(), work.finished());
                if now != told {
                    say(&format!("count {} {} {}", now.0, now.1, micros()));
                    told = now;
                }
                std::thread::sleep(COUNT_EVERY);
            }
        });
    }
}

/// The options that a job carries: text like that of a client, different for each job.
pub(crate) fn options(number: u64) -> String {
    let mut text = format!("name=report-{number}.docx;");
    let mut field = number;
    while text.len() < OPTIONS_CHARS {
        field = field.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        write!(text, "option-{:02}={:016x};", field % 89, field).expect("a string takes everything");
    }
    text
}

/// Says that everything is prepared, and waits for the driver.
pub(crate) fn ready_and_go() {
    say("ready");
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).unwrap_or(0) == 0 {
        // The driver has gone.
        std::process::exit(1);
    }
}

/// Says what was measured, and waits for the driver to end this process: it reads the meters first, and what still runs
/// here must not be torn down under them.
pub(crate) fn end(values: &[(&str, f64)]) {
    let mut line = String::from("end");
    for (name, value) in values {
        write!(line, " {name}={value}").expect("a string takes everything");
    }
    say(&line);
    let mut rest = String::new();
    while std::io::stdin().lock().read_line(&mut rest).is_ok_and(|bytes| bytes > 0) {}
    std::process::exit(0);
}

/// Prints a line at once. A driver that has gone ends the process.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

#[expect(clippy::disallowed_methods, reason = "the driver compares the times of several processes of one machine")]
fn micros() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_micros()).unwrap_or_default()
}

/// A count as a number to divide by; counts here are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

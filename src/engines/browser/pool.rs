//! The worker's side: browsers that are warm, each lent to one host at a time.

use std::{
    ffi::OsString,
    fs, io,
    os::fd::{AsFd as _, BorrowedFd},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use nix::unistd::Pid;
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::unix::pipe,
};

use super::{launch, version_of};
use crate::engines::{companion::Companion, host::HostConfig};

/// How long Chromium may take to start.
const START_TIME_MAX: Duration = Duration::from_secs(20);
/// After a failed start, how long none is tried: what keeps it from starting does not pass soon.
const PAUSE: Duration = Duration::from_secs(60);
/// How often it is tried to start one with its own sandbox before that is given up.
const INNER_SANDBOX_TRIES: usize = 2;
/// How long a browser is kept that nobody needs.
const IDLE_TIME_MAX: Duration = Duration::from_secs(5 * 60);
/// Documents after which a browser is replaced, so that nothing that one of them left lasts.
const DOCUMENTS_MAX: usize = 100;
/// Memory of its own that an idle browser may hold, in bytes; a new one has 150 MiB.
const IDLE_MEMORY_BYTES_MAX: u64 = 500 << 20;
/// How often the memory of a browser at work is looked at. The address space cannot be bounded, since Chromium reserves a
/// thousand times what it uses.
const WATCH: Duration = Duration::from_millis(200);

/// The call by which a new browser shows that it is there.
const GREETING: &[u8] = b"{\"id\":0,\"method\":\"Browser.getVersion\"}\0";

/// Its answer.
#[derive(Deserialize)]
struct Greeted {
    result: Product,
}

/// The name and the version of the browser.
#[derive(Deserialize)]
struct Product {
    product: String,
}

/// How a browser was seen to start.
#[derive(Debug)]
pub struct Probe {
    /// Its version.
    pub version: String,
    /// Whether Chromium has a sandbox of its own inside the cage.
    pub inner_sandbox: bool,
}

/// Starts a browser as hosts are lent it, and ends it.
///
/// # Errors
/// When it does not start.
pub async fn probe(config: &HostConfig) -> io::Result<Probe> {
    let folder = tempfile::tempdir()?;
    let pool = Pool::of(config, folder.path()).ok_or(io::ErrorKind::NotFound)?;
    let lent = pool.lend().await?;
    let inner_sandbox = !pool.state().no_inner_sandbox;
    Ok(Probe { version: lent.browser.version.clone(), inner_sandbox })
}

/// Where browsers come from.
#[derive(Debug)]
pub(in crate::engines) struct Pool {
    program: PathBuf,
    args: Vec<OsString>,
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Idle>,
    /// Browsers that were started, for the names of their folders.
    started: usize,
    /// Chromium's own sandbox was seen not to work here.
    no_inner_sandbox: bool,
    failed_at: Option<Instant>,
}

#[derive(Debug)]
struct Idle {
    browser: Warm,
    since: Instant,
}

/// A browser that has started.
#[derive(Debug)]
struct Warm {
    process: Companion,
    to: pipe::Sender,
    from: pipe::Receiver,
    version: String,
    served: usize,
    /// Dropped after the process that works in it.
    _home: Home,
}

/// A browser that somebody uses. It is killed when it is not given back.
#[derive(Debug)]
pub(in crate::engines) struct Lent {
    browser: Warm,
    pool: Weak<Pool>,
    peak: AtomicU64,
}

impl Pool {
    /// Browsers that this program makes in folders of their own, if it has been told of one. Nothing is started yet.
    pub(in crate::engines) fn of(config: &HostConfig, folder: &Path) -> Option<Arc<Self>> {
        let browser = config.engines.browser.as_ref()?;
        let args = config.args.iter().cloned().chain(launch::arguments(browser, &config.engines.fonts)).collect();
        Some(Arc::new(Self { program: config.program.clone(), args, folder: folder.into(), state: Mutex::default() }))
    }

    /// Gives a browser that nobody else uses; starts one if need be.
    ///
    /// # Errors
    /// When Chromium does not start.
    pub(in crate::engines) async fn lend(self: &Arc<Self>) -> io::Result<Lent> {
        let pool = Arc::downgrade(self);
        while let Some(idle) = self.take() {
            if idle.browser.process.is_running() {
                return Ok(Lent { browser: idle.browser, pool, peak: AtomicU64::default() });
            }
            tracing::warn!("an idle browser has ended");
        }
        let (number, no_inner_sandbox) = {
            let mut state = self.state();
            if state.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
                return Err(io::Error::other("Chromium did not start a moment ago"));
            }
            state.started += 1;
            (state.started, state.no_inner_sandbox)
        };
        let started = self.start_somehow(number, no_inner_sandbox).await;
        match started {
            Ok(browser) => Ok(Lent { browser, pool, peak: AtomicU64::default() }),
            Err(error) => {
                self.state().failed_at = Some(Instant::now());
                Err(error)
            }
        }
    }

    /// Starts a browser with its own sandbox, or without it where it was seen more than once not to work.
    async fn start_somehow(&self, number: usize, no_inner_sandbox: bool) -> io::Result<Warm> {
        let mut tries = 0;
        while !no_inner_sandbox && tries < INNER_SANDBOX_TRIES {
            match self.start(number, false).await {
                Ok(browser) => return Ok(browser),
                Err(error) => tracing::warn!(%error, "Chromium does not start with a sandbox of its own"),
            }
            tries += 1;
        }
        let started = self.start(number, true).await;
        if started.is_ok() && !no_inner_sandbox {
            tracing::warn!("from now on Chromium is started in the cage alone; see `bindery doctor`");
            self.state().no_inner_sandbox = true;
        }
        started
    }

    async fn start(&self, number: usize, no_inner_sandbox: bool) -> io::Result<Warm> {
        let folder = self.folder.join(format!("browser-{number}"));
        remove(&folder);
        fs::create_dir_all(&folder)?;
        let mut args = self.args.clone();
        args.extend(no_inner_sandbox.then(|| "--no-inner-sandbox".into()));
        let (stdin, to) = io::pipe()?;
        let (from, stdout) = io::pipe()?;
        let process = Companion::start(
            "browser",
            &self.program,
            &args,
            environment(),
            &folder,
            [Some(stdin.into()), Some(stdout.into())],
        )?;
        let to = pipe::Sender::from_owned_fd(to.into())?;
        let mut browser = Warm {
            process,
            to,
            from: pipe::Receiver::from_owned_fd(from.into())?,
            version: String::new(),
            served: 0,
            _home: Home(folder),
        };
        match tokio::time::timeout(START_TIME_MAX, browser.greet()).await {
            Ok(greeted) => greeted.map(|()| browser),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "Chromium did not start in time")),
        }
    }

    fn take(&self) -> Option<Idle> {
        self.state().idle.pop()
    }

    fn put(self: &Arc<Self>, browser: Warm) {
        self.state().idle.push(Idle { browser, since: Instant::now() });
        let pool = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE_TIME_MAX).await;
            if let Some(pool) = pool.upgrade() {
                pool.state().idle.retain(|idle| idle.since.elapsed() < IDLE_TIME_MAX);
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Warm {
    /// Waits until it answers. What it says comes from no document yet.
    async fn greet(&mut self) -> io::Result<()> {
        self.to.write_all(GREETING).await?;
        let mut answer = Vec::new();
        while self.from.read_buf(&mut answer).await? > 0 {
            if answer.ends_with(b"\0") {
                answer.pop();
                let answer: Greeted = serde_json::from_slice(&answer)?;
                self.version = version_of(&answer.result.product);
                return Ok(());
            }
        }
        Err(io::Error::other("Chromium ended while it started"))
    }
}

/// A folder, removed with everything in it when it is dropped.
#[derive(Debug)]
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Its home and its place for temporary files, by a path that it can follow as whichever user it is.
fn environment() -> Vec<(OsString, OsString)> {
    ["HOME", "TMPDIR"].map(|name| (name.into(), "/proc/self/cwd".into())).to_vec()
}

impl Lent {
    /// The pipes by which it is spoken to: to it, from it.
    pub(in crate::engines) fn handles(&self) -> [BorrowedFd<'_>; 2] {
        [self.browser.to.as_fd(), self.browser.from.as_fd()]
    }

    /// Its number.
    pub(in crate::engines) fn pid(&self) -> Pid {
        self.browser.process.pid()
    }

    /// Waits until its processes hold more memory of their own than so many bytes.
    pub(in crate::engines) async fn outgrows(&self, bytes: u64) {
        while self.look() <= bytes {
            tokio::time::sleep(WATCH).await;
        }
    }

    /// Most memory that they were seen to hold since it was lent, in bytes.
    pub(in crate::engines) fn peak_memory_bytes(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    fn look(&self) -> u64 {
        let memory = self.browser.process.memory_bytes();
        self.peak.fetch_max(memory, Ordering::Relaxed);
        memory
    }

    /// Takes it back from a host that has left it in order.
    pub(in crate::engines) fn give_back(self) {
        let Self { mut browser, pool, .. } = self;
        browser.served += 1;
        if let Some(pool) = pool.upgrade()
            && browser.served < DOCUMENTS_MAX
            && browser.process.memory_bytes() < IDLE_MEMORY_BYTES_MAX
        {
            pool.put(browser);
        }
    }
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, folder = %folder.display(), "could not remove the folder of a browser");
    }
}

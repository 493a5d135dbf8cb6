//! The worker's side: keeps a zygote alive and has it make hosts.

use std::{
    ffi::OsString,
    io,
    os::{fd::AsFd as _, unix::net::UnixStream as StdStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::{io::AsyncReadExt as _, net::UnixStream, sync::Mutex};

use super::{End, Order, Readiness, Setup, wire};
use crate::engines::{
    office,
    process::{self, Companion, Ended, Exit, Limits, Pipes, RunError},
};

/// How long LibreOffice may take to start and to warm itself.
const START_TIME_MAX: Duration = Duration::from_secs(60);
/// After a failed start, how long none is tried: what keeps it from starting does not pass soon.
const PAUSE: Duration = Duration::from_secs(60);

/// A zygote, started when it is first needed and again when it has died.
#[derive(Debug)]
pub struct Zygote {
    program: PathBuf,
    args: Vec<OsString>,
    folder: PathBuf,
    setup: Setup,
    state: Mutex<State>,
}

/// What is known of the process.
#[derive(Debug, Default)]
struct State {
    alive: Option<Alive>,
    failed_at: Option<Instant>,
}

#[derive(Debug)]
struct Alive {
    /// Keeps the bounds of messages, unlike a stream, so nothing is read or written through its own methods.
    socket: UnixStream,
    process: Companion,
}

impl Zygote {
    /// A zygote of this program, which with these arguments is one, in a folder of its own. Nothing is started yet.
    pub fn new(program: PathBuf, args: Vec<OsString>, folder: PathBuf, setup: Setup) -> Self {
        Self { program, args, folder, setup, state: Mutex::default() }
    }

    /// Has a host made that works in a folder; a zygote that died in the meantime is replaced once.
    ///
    /// # Errors
    /// When there is no zygote and none starts.
    pub async fn order(&self, folder: &Path, limits: Limits) -> io::Result<Ordered> {
        let order = Order { folder: folder.to_path_buf(), limits };
        let mut state = self.state.lock().await;
        for last in [false, true] {
            let (pipes, [stdin, stdout, stderr]) = Pipes::make()?;
            let (control, theirs) = StdStream::pair()?;
            control.set_nonblocking(true)?;
            let handles = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd(), theirs.as_fd()];
            let zygote = self.alive(&mut state).await?;
            match wire::send(&zygote.socket, &order, &handles) {
                Ok(()) => return Ok(Ordered { pipes, control: UnixStream::from_std(control)?, limits }),
                Err(error) if last => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "the zygote does not take orders and is replaced");
                    state.alive = None;
                }
            }
        }
        Err(io::Error::other("the zygote does not take orders"))
    }

    /// The zygote, started anew if it is gone.
    async fn alive<'a>(&self, state: &'a mut State) -> io::Result<&'a Alive> {
        if let Some(zygote) = state.alive.as_mut()
            && !zygote.process.is_running()?
        {
            tracing::warn!("the zygote has ended and is started anew");
            state.alive = None;
        }
        if state.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(io::Error::other("the zygote did not start a moment ago"));
        }
        match &mut state.alive {
            Some(zygote) => Ok(zygote),
            alive @ None => match self.start().await {
                Ok(zygote) => Ok(alive.insert(zygote)),
                Err(error) => {
                    state.failed_at = Some(Instant::now());
                    Err(error)
                }
            },
        }
    }

    async fn start(&self) -> io::Result<Alive> {
        // What an earlier one has left is of no use.
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        std::fs::create_dir_all(&self.folder)?;
        let (ours, theirs) = wire::pair()?;
        let env = office::environment(&self.setup.office);
        let process = Companion::start(&self.program, &self.args, env, &self.folder, [Some(theirs), None])?;
        wire::send(&ours, &self.setup, &[])?;
        let ours = StdStream::from(ours);
        ours.set_nonblocking(true)?;
        let zygote = Alive { socket: UnixStream::from_std(ours)?, process };
        let answered = async {
            zygote.socket.readable().await?;
            wire::receive::<Readiness>(&zygote.socket)
        };
        match tokio::time::timeout(START_TIME_MAX, answered).await {
            Ok(Ok(Some((Readiness::Ready, _)))) => Ok(zygote),
            Ok(Ok(Some((Readiness::Failed { message }, _)))) => Err(io::Error::other(message)),
            Ok(Ok(None)) => Err(io::Error::other("LibreOffice ended while it started")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "LibreOffice did not start in time")),
        }
    }
}

/// A host that the zygote makes.
#[derive(Debug)]
pub struct Ordered {
    pipes: Pipes,
    /// Hangs up when it is dropped, and the zygote kills the host.
    control: UnixStream,
    limits: Limits,
}

impl Ordered {
    /// Lets it work to its end or to a limit. Dropping the future kills the host with all that it started.
    ///
    /// # Errors
    /// When it takes too long or writes too much.
    pub async fn run(self, stdin: &[u8]) -> Result<Ended, RunError> {
        let Self { pipes, mut control, limits } = self;
        let end = async {
            let mut told = Vec::new();
            let end = control.read_to_end(&mut told).await.ok().and_then(|_| serde_json::from_slice(&told).ok());
            let End { status, words } =
                end.unwrap_or_else(|| End { status: None, words: "killed with its zygote".to_owned() });
            Ok(Exit { status, words })
        };
        process::attend(pipes, end, stdin, &limits).await
    }
}

//! The worker's side: keeps a zygote alive and has it make hosts.

use std::{
    ffi::OsString,
    io,
    os::{fd::AsFd as _, unix::net::UnixStream as StdStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::unistd::Pid;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::UnixStream,
    sync::Mutex,
};

use super::{Order, Readiness, Setup, Told, wire};
use crate::engines::{
    companion::Companion,
    process::{self, Ended, Exit, Limits, Pipes, RunError, Working},
};

/// How long it may take to start and to warm itself.
const START_TIME_MAX: Duration = Duration::from_secs(60);
/// How long it may take to make a host, which it does one after the other.
const ORDER_TIME_MAX: Duration = Duration::from_secs(10);
/// After a failed start, how long none is tried: what keeps it from starting does not pass soon.
const PAUSE: Duration = Duration::from_secs(60);

/// A zygote, started when it is first needed and again when it has ended.
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
    /// A zygote of this program, which with these arguments is one, with a place of its own in a folder. Nothing is started yet.
    pub fn new(program: PathBuf, args: Vec<OsString>, folder: &Path, setup: Setup) -> Self {
        let folder = folder.join("zygote").join(setup.kind.name());
        Self { program, args, folder, setup, state: Mutex::default() }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.setup.kind.name()
    }

    /// Starts it, so that the first order does not wait.
    ///
    /// # Errors
    /// When none starts.
    pub async fn warm(&self) -> io::Result<()> {
        self.alive(&mut *self.state.lock().await).await.map(|_| ())
    }

    /// Has a host made that works in a folder; a zygote that has ended in the meantime or that hangs is replaced once.
    ///
    /// # Errors
    /// When there is no zygote and none starts, or it can make no host.
    pub async fn order(&self, folder: &Path, limits: Limits) -> io::Result<Ordered> {
        let order = Order { folder: folder.to_path_buf(), limits };
        let mut state = self.state.lock().await;
        for last in [false, true] {
            let zygote = self.alive(&mut state).await?;
            let asked = tokio::time::timeout(ORDER_TIME_MAX, ask(zygote, &order)).await;
            match asked.map_err(|_| io::ErrorKind::TimedOut.into()).flatten() {
                Ok((Told::Made { pid }, pipes, control)) => {
                    return Ok(Ordered { pipes, control, pid: Pid::from_raw(pid), limits });
                }
                // It lives and works for others, who keep it.
                Ok((Told::Refused { why } | Told::Ended { words: why, .. }, ..)) => return Err(io::Error::other(why)),
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
        state.alive.take_if(|zygote| !zygote.process.is_running());
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
        let kind = &self.setup.kind;
        let (ours, theirs) = wire::pair()?;
        let pipes = [Some(theirs), None];
        let process =
            Companion::start(kind.name(), &self.program, &self.args, kind.environment(), &self.folder, pipes)?;
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
            Ok(Ok(None)) => Err(io::Error::other("it ended while it started")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "it did not start in time")),
        }
    }
}

/// Asks a zygote for a host and waits for what it says.
async fn ask(zygote: &Alive, order: &Order) -> io::Result<(Told, Pipes, BufReader<UnixStream>)> {
    let (pipes, [stdin, stdout, stderr]) = Pipes::make()?;
    let (control, theirs) = StdStream::pair()?;
    control.set_nonblocking(true)?;
    wire::send(&zygote.socket, order, &[stdin.as_fd(), stdout.as_fd(), stderr.as_fd(), theirs.as_fd()])?;
    // Theirs are with the zygote, whose end shows only when nobody else has them.
    drop((stdin, stdout, stderr, theirs));
    let mut control = BufReader::new(UnixStream::from_std(control)?);
    let told = hear(&mut control).await?;
    Ok((told, pipes, control))
}

/// What is told next of a host.
async fn hear(control: &mut BufReader<UnixStream>) -> io::Result<Told> {
    let mut line = Vec::new();
    control.read_until(b'\n', &mut line).await?;
    Ok(serde_json::from_slice(&line)?)
}

/// A host that the zygote has made.
#[derive(Debug)]
pub struct Ordered {
    pipes: Pipes,
    /// Hangs up when it is dropped, and the zygote kills the host.
    control: BufReader<UnixStream>,
    pid: Pid,
    limits: Limits,
}

impl Ordered {
    /// Lets it work to its end or to a limit. Dropping the future kills the host with all that it started.
    ///
    /// # Errors
    /// When it takes too long or writes too much.
    pub async fn run(self, stdin: &[u8]) -> Result<Ended, RunError> {
        let Self { pipes, mut control, pid, limits } = self;
        let end = async {
            Ok(match hear(&mut control).await {
                Ok(Told::Ended { status, signal, words }) => Exit { status, signal, words },
                Ok(Told::Made { .. } | Told::Refused { .. }) | Err(_) => {
                    Exit { status: None, signal: None, words: "killed with its zygote".to_owned() }
                }
            })
        };
        process::attend(pipes, Working { pid, helper: None }, end, stdin, &limits).await
    }
}

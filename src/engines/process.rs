//! The only place that starts a process.
//!
//! A [`Child`] is bounded: a deadline, limits, capped output, its own process group that is killed as one. A service of
//! ours that runs for long ([`spawn_service`]) has none of these but dies with its parent. A process that is alone can make
//! a copy of itself ([`fork_alone`]).

use std::{
    ffi::OsString,
    io,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use nix::{
    libc,
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::{Signal, killpg},
    },
    unistd::{ForkResult, Pid, dup2_raw, fork},
};
use rustix::{
    io::fcntl_dupfd_cloexec,
    process::{PidfdFlags, pidfd_open},
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    process::Command,
};

use super::progress;
use crate::domain::limits;

/// The folder in which a process works, whichever that is. What a copy of a process keeps there it takes with it when it goes
/// to work elsewhere, since the place is looked up each time.
pub(super) const HERE: &str = "/proc/self/cwd";

/// What a bounded child may use.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limits {
    /// Address space in bytes.
    pub memory_bytes: u64,
    /// Size of any one file that it writes, in bytes.
    pub file_bytes: u64,
    /// Processor time in seconds; the deadline is on the wall clock, this ends what outlives even its worker.
    pub cpu_seconds: u64,
    /// Bytes of standard output that are kept; one more ends the child.
    pub stdout_bytes: usize,
    /// Bytes of standard error; one more ends the child. The last [`limits::STDERR_TAIL_BYTES_MAX`] are kept.
    pub stderr_bytes: usize,
    /// Wall-clock time.
    pub time: Duration,
    /// Wall-clock time in which it uses no processor and waits for no disk.
    pub stall: Duration,
}

impl Limits {
    /// Takes them on for this process and all that it starts: those that the kernel watches.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn apply(&self) -> io::Result<()> {
        for (resource, value) in [
            (Resource::RLIMIT_AS, self.memory_bytes),
            (Resource::RLIMIT_FSIZE, self.file_bytes),
            (Resource::RLIMIT_CPU, self.cpu_seconds),
            (Resource::RLIMIT_CORE, 0),
        ] {
            setrlimit(resource, value, value)?;
        }
        Ok(())
    }
}

/// A bounded child, asked for and never spawned directly.
#[derive(Debug)]
pub struct Child<'a> {
    /// The program, by its full path.
    pub program: &'a Path,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables besides those that every child has.
    pub env: Vec<(OsString, OsString)>,
    /// Its working folder, also its home and its place for temporary files.
    pub folder: &'a Path,
    /// Written to its standard input, which is then closed.
    pub stdin: &'a [u8],
    /// What it gets besides its standard input, output and error, by the numbers from 3.
    pub handles: &'a [BorrowedFd<'a>],
    /// A process that works for it without being its own; while that gets on, so does the child.
    pub helper: Option<Pid>,
    /// What it may use.
    pub limits: Limits,
}

/// The status with which a process ended.
#[derive(Debug)]
pub struct Exit {
    /// Its exit status, if it was not ended by a signal.
    pub status: Option<i32>,
    /// The number of the signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Exit status or signal, in words.
    pub words: String,
}

impl Exit {
    /// Whether it said that all is done.
    pub fn is_clean(&self) -> bool {
        self.status == Some(0)
    }
}

/// Our ends of the pipes of a child.
#[derive(Debug)]
pub struct Pipes {
    /// To its standard input.
    pub stdin: pipe::Sender,
    /// From its standard output.
    pub stdout: pipe::Receiver,
    /// From its standard error.
    pub stderr: pipe::Receiver,
}

/// How a child ended by itself.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// The end of what it wrote to standard error.
    pub stderr_tail: String,
    /// Most memory that its helper was seen to hold, in bytes.
    pub helper_memory_bytes: u64,
}

/// Why there is no end by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not be started or read.
    #[error("could not run the program")]
    Io(#[source] io::Error),
    /// It has been killed.
    #[error("it was stopped: {why:?}")]
    Stopped {
        /// The limit that it ran into.
        why: Stopped,
        /// The end of what it wrote to standard error.
        stderr_tail: String,
    },
}

/// The limits that a parent watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Its time was over.
    TimedOut(Duration),
    /// It stood still for so long.
    Stalled(Duration),
    /// It needed so many bytes of memory, and more.
    Outgrown(u64),
    /// It wrote more than it may.
    Flooded,
}

/// Runs a child to its end or to a limit. Dropping the future kills the child with all its descendants.
///
/// # Errors
/// When it cannot be started, takes too long, or writes too much.
pub async fn run(child: &Child<'_>) -> Result<Ended, RunError> {
    let (mut started, pipes) = spawn(child).map_err(RunError::Io)?;
    let pid = started.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    let pid = pid.ok_or_else(|| RunError::Io(io::ErrorKind::NotFound.into()))?;
    // From here on, whichever way this function is left, the whole group goes.
    let mut group = Some(Group(pid));
    let end = async {
        // Nothing is read from the handle: it only becomes readable, as a pipe does.
        pipe::Receiver::from_owned_fd_unchecked(handle(pid)?)?.readable().await?;
        // Before it is reaped: its number is not given to anybody else until then.
        drop(group.take());
        let status = started.wait().await?;
        Ok(Exit { status: status.code(), signal: status.signal(), words: status.to_string() })
    };
    attend(pipes, Working { pid, helper: child.helper }, end, child.stdin, &child.limits).await
}

/// A handle of a child that is not reaped; it becomes readable when the child ends.
///
/// # Errors
/// When this process may open no more.
pub(super) fn handle(child: Pid) -> io::Result<OwnedFd> {
    let number = rustix::process::Pid::from_raw(child.as_raw()).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(pidfd_open(number, PidfdFlags::empty())?)
}

fn spawn(child: &Child<'_>) -> io::Result<(tokio::process::Child, Pipes)> {
    let (pipes, [stdin, stdout, stderr]) = Pipes::make()?;
    Ok((command(child)?.stdin(stdin).stdout(stdout).stderr(stderr).spawn()?, pipes))
}

impl Pipes {
    /// Makes them; the child's ends are its standard input, output and error.
    ///
    /// # Errors
    /// When this process may open no more.
    pub(super) fn make() -> io::Result<(Self, [OwnedFd; 3])> {
        let (stdin, to_stdin) = io::pipe()?;
        let (from_stdout, stdout) = io::pipe()?;
        let (from_stderr, stderr) = io::pipe()?;
        let ours = Self {
            stdin: pipe::Sender::from_owned_fd(to_stdin.into())?,
            stdout: pipe::Receiver::from_owned_fd(from_stdout.into())?,
            stderr: pipe::Receiver::from_owned_fd(from_stderr.into())?,
        };
        Ok((ours, [stdin.into(), stdout.into(), stderr.into()]))
    }
}

/// Feeds a child, reads what it says, and waits for its `end`, at which nothing of its group is left, all within its limits.
/// Whoever calls it kills the child when there is no end.
///
/// # Errors
/// When it takes too long, writes too much, or cannot be read.
pub(super) async fn attend(
    pipes: Pipes,
    working: Working,
    end: impl Future<Output = io::Result<Exit>>,
    stdin: &[u8],
    limits: &Limits,
) -> Result<Ended, RunError> {
    let Pipes { stdin: mut to_child, stdout, stderr } = pipes;
    let feed = async move {
        // A child that does not read its input to the end is judged by its answer.
        if let Err(error) = to_child.write_all(stdin).await {
            tracing::debug!(%error, "a child did not read its input");
        }
        Ok(())
    };
    let moved = AtomicU64::new(0);
    let mut out = Tail { bytes: Vec::new(), most: limits.stdout_bytes };
    let mut err = Tail { bytes: Vec::new(), most: limits::STDERR_TAIL_BYTES_MAX };
    // What comes first of all that can end it; each of them may be waited for in vain.
    let ended = tokio::select! {
        ended = async {
            tokio::try_join!(
                feed,
                read(stdout, limits.stdout_bytes, &mut out, &moved),
                read(stderr, limits.stderr_bytes, &mut err, &moved),
                async { end.await.map_err(Cut::Broken) },
            )
        } => ended,
        () = tokio::time::sleep(limits.time) => Err(Cut::Short(Stopped::TimedOut(limits.time))),
        () = progress::stalls(working, &moved, limits.stall) => Err(Cut::Short(Stopped::Stalled(limits.stall))),
    };
    let stderr_tail = String::from_utf8_lossy(&err.bytes).into_owned();
    match ended {
        Ok(((), (), (), exit)) => Ok(Ended { exit, stdout: out.bytes, stderr_tail, helper_memory_bytes: 0 }),
        Err(Cut::Broken(error)) => Err(RunError::Io(error)),
        Err(Cut::Short(why)) => Err(RunError::Stopped { why, stderr_tail }),
    }
}

/// Who works on a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Working {
    /// The child.
    pub(super) pid: Pid,
    /// What works for it.
    pub(super) helper: Option<Pid>,
}

/// What keeps a child from being attended to its end.
enum Cut {
    Broken(io::Error),
    Short(Stopped),
}

/// Kills a process group when it is dropped.
struct Group(Pid);

impl Drop for Group {
    fn drop(&mut self) {
        if let Err(error) = killpg(self.0, Signal::SIGKILL) {
            tracing::trace!(%error, "a process group was gone already");
        }
    }
}

/// Where copies of handles are put that a child is to get, above all numbers that they get there.
const HANDED_OVER: i32 = 64;

fn command(child: &Child<'_>) -> io::Result<Command> {
    let copies = child.handles.iter().map(|handle| fcntl_dupfd_cloexec(handle, HANDED_OVER));
    let handles = copies.collect::<Result<Vec<OwnedFd>, _>>()?;
    let mut command = bare(child.program, child.folder);
    command
        .args(&child.args)
        .envs(child.env.iter().map(|(name, value)| (name, value)))
        .process_group(0)
        .kill_on_drop(true);
    let limits = child.limits;
    let prepare = move || {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        limits.apply()?;
        for (number, handle) in (3..).zip(&handles) {
            #[expect(unsafe_code, reason = "the numbers from 3 are nobody's in a child that has just been made")]
            // SAFETY: see the reason above; what is open there belongs to the parent, which has it open itself.
            let given: OwnedFd = unsafe { dup2_raw(handle, number)? };
            // It is there for the program that follows.
            std::mem::forget(given);
        }
        Ok(())
    };
    #[expect(
        unsafe_code,
        reason = "runs between fork and exec; it makes only prctl, setrlimit and dup2 calls, which are async-signal-safe"
    )]
    // SAFETY: see the reason above; nothing allocates, locks or reads shared state.
    unsafe {
        command.pre_exec(prepare);
    }
    Ok(command)
}

/// A program with no environment but what every engine has.
fn bare(program: &Path, folder: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is the place that starts processes")]
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("HOME", folder)
        .env("TMPDIR", folder);
    command
}

/// Starts a process that serves hosts. It is spoken to by its standard input, and answers by its standard output or not at all.
/// It dies with this process, and when the answer is dropped.
///
/// # Errors
/// When the program cannot be started.
pub(super) fn spawn_companion(
    program: &Path,
    args: &[OsString],
    env: Vec<(OsString, OsString)>,
    folder: &Path,
    [stdin, stdout]: [Option<OwnedFd>; 2],
) -> io::Result<tokio::process::Child> {
    let pipe = |handle: Option<OwnedFd>| handle.map_or_else(Stdio::null, Stdio::from);
    let mut command = bare(program, folder);
    command.args(args).envs(env).stdin(pipe(stdin)).stdout(pipe(stdout)).process_group(0).kill_on_drop(true);
    #[expect(unsafe_code, reason = "runs between fork and exec; it makes one prctl call, which is async-signal-safe")]
    // SAFETY: see the reason above.
    unsafe {
        command.pre_exec(|| Ok(prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
    command.spawn()
}

/// Becomes another program, which has its standard input, output and error nowhere. Comes back only when that fails.
pub(super) fn become_program(program: &Path, args: &[OsString]) -> io::Error {
    #[expect(clippy::disallowed_methods, reason = "this is the place that starts processes")]
    let mut command = std::process::Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).exec()
}

/// Makes a copy of this process, with everything that it has in memory.
///
/// # Errors
/// When the kernel refuses, or this process has other threads: the copy would lack them.
pub(super) fn fork_alone() -> io::Result<ForkResult> {
    let threads = std::fs::read_dir("/proc/self/task")?.count();
    if threads != 1 {
        return Err(io::Error::other(format!("this process has {threads} threads and cannot be copied")));
    }
    #[expect(unsafe_code, reason = "this is the only thread, so the copy has every lock as this process has it")]
    // SAFETY: see the reason above.
    Ok(unsafe { fork() }?)
}

/// Ends this process at once, without what it would do at its end.
pub(super) fn leave(well: bool) -> ! {
    #[expect(unsafe_code, reason = "it takes a number and does not come back")]
    // SAFETY: see the reason above.
    unsafe {
        libc::_exit(if well { 0 } else { 1 })
    }
}

/// Reads to the end, if that comes within the cap; the last bytes are kept.
async fn read(mut pipe: pipe::Receiver, cap: usize, kept: &mut Tail, moved: &AtomicU64) -> Result<(), Cut> {
    let mut buffer = vec![0; 16 * 1024];
    let mut left = cap;
    loop {
        let count = pipe.read(&mut buffer).await.map_err(Cut::Broken)?;
        if count == 0 {
            return Ok(());
        }
        moved.fetch_add(1, Ordering::Relaxed);
        kept.bytes.extend(buffer.iter().take(count));
        kept.bytes.drain(..kept.bytes.len().saturating_sub(kept.most));
        left = left.checked_sub(count).ok_or(Cut::Short(Stopped::Flooded))?;
    }
}

/// The last bytes of what was read.
struct Tail {
    bytes: Vec<u8>,
    most: usize,
}

/// A long-running process of ours: a role of this program, or the embedded PostgreSQL.
#[derive(Debug)]
pub struct Service<'a> {
    /// The program, by its full path.
    pub program: &'a Path,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables added to those of this process.
    pub env: Vec<(OsString, OsString)>,
    /// Its working folder.
    pub folder: &'a Path,
    /// User and group it runs as, when not ours.
    pub user: Option<(u32, u32)>,
    /// Signal it gets when this process dies without stopping it.
    pub when_orphaned: Signal,
    /// Whether its output goes to a file instead of ours.
    pub output: Option<std::fs::File>,
}

/// Starts a service in a process group of its own, so that Ctrl-C reaches only its supervisor, who stops it in order.
///
/// # Errors
/// When the program cannot be started.
pub fn spawn_service(service: Service<'_>) -> io::Result<tokio::process::Child> {
    #[expect(clippy::disallowed_methods, reason = "this is the place that starts processes")]
    let mut command = Command::new(service.program);
    command.args(&service.args).envs(service.env).current_dir(service.folder).stdin(Stdio::null()).process_group(0);
    if let Some((user, group)) = service.user {
        command.uid(user).gid(group);
    }
    if let Some(file) = service.output {
        command.stdout(file.try_clone()?).stderr(file);
    }
    let signal = service.when_orphaned;
    #[expect(unsafe_code, reason = "runs between fork and exec; it makes one prctl call, which is async-signal-safe")]
    // SAFETY: see the reason above.
    unsafe {
        command.pre_exec(move || Ok(prctl::set_pdeathsig(signal)?));
    }
    command.spawn()
}

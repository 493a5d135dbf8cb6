//! The only place that starts a process.
//!
//! A [`Child`] is bounded: a deadline, limits, capped output, its own process group that is killed as one. A service of
//! ours that runs for long ([`spawn_service`]) has none of these but dies with its parent.

use std::{
    ffi::OsString,
    io,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::process::CommandExt as _,
    },
    path::Path,
    process::Stdio,
    time::Duration,
};

use super::usage;
use nix::{
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::{Signal, killpg},
    },
    unistd::{Pid, dup2_raw},
};
use rustix::io::fcntl_dupfd_cloexec;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    process::Command,
};

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
    /// Bytes of standard error that are kept, from its end.
    pub stderr_bytes: usize,
    /// Wall-clock time.
    pub time: Duration,
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
    /// What it may use.
    pub limits: Limits,
}

/// The status with which a process ended.
#[derive(Debug)]
pub struct Exit {
    /// Its exit status, if it was not ended by a signal.
    pub status: Option<i32>,
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
}

/// Why there is no end by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not be started or read.
    #[error("could not run the program")]
    Io(#[source] io::Error),
    /// Its time was over; it has been killed.
    #[error("stopped after {} s", .after.as_secs())]
    TimedOut {
        /// The time it had.
        after: Duration,
        /// The end of what it wrote to standard error.
        stderr_tail: String,
    },
    /// It needed more memory than it may have; it has been killed.
    #[error("it needed more than {bytes} bytes of memory")]
    Outgrown {
        /// What it may have.
        bytes: u64,
    },
    /// It wrote more than it may; it has been killed.
    #[error("it flooded its output")]
    Flooded,
}

/// Runs a child to its end or to a limit. Dropping the future kills the child with all its descendants.
///
/// # Errors
/// When it cannot be started, takes too long, or writes too much.
pub async fn run(child: &Child<'_>) -> Result<Ended, RunError> {
    let (mut started, pipes) = spawn(child).map_err(RunError::Io)?;
    // From here on, whichever way this function is left, the whole group goes.
    let mut group = Group::of(&started);
    let end = async {
        let status = started.wait().await?;
        Ok(Exit { status: status.code(), words: status.to_string() })
    };
    let ended = attend(pipes, end, child.stdin, &child.limits).await?;
    if ended.exit.is_clean() {
        // The child is reaped and said that all is done: its group is empty, and the number may belong to another soon.
        group.0 = None;
    }
    Ok(ended)
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

/// Feeds a child, reads what it says, and waits for its `end`, all within its limits. Whoever calls it kills the child when
/// there is no end.
///
/// # Errors
/// When it takes too long, writes too much, or cannot be read.
pub(super) async fn attend(
    pipes: Pipes,
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
    };
    let mut tail = Vec::new();
    let work = async {
        let ((), out, ()) = tokio::join!(
            feed,
            read_capped(stdout, limits.stdout_bytes),
            read_tail(stderr, limits.stderr_bytes, &mut tail)
        );
        let out = out.map_err(RunError::Io)?.ok_or(RunError::Flooded)?;
        Ok((end.await.map_err(RunError::Io)?, out))
    };
    let ended = tokio::time::timeout(limits.time, work).await;
    let stderr_tail = String::from_utf8_lossy(&tail).into_owned();
    match ended {
        Ok(ended) => ended.map(|(exit, stdout)| Ended { exit, stdout, stderr_tail }),
        Err(_) => Err(RunError::TimedOut { after: limits.time, stderr_tail }),
    }
}

/// Kills a process group when it is dropped.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn of(process: &tokio::process::Child) -> Self {
        Self(process.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw))
    }

    fn kill(&self) {
        if let Some(group) = self.0
            && let Err(error) = killpg(group, Signal::SIGKILL)
        {
            tracing::trace!(%error, "a process group was gone already");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
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

/// A process of ours beside the hosts, which serves one document after the other: a zygote, a browser. It dies with this
/// process, and all that it started when the answer is dropped.
#[derive(Debug)]
pub(super) struct Companion {
    process: tokio::process::Child,
    group: Group,
}

impl Companion {
    /// Starts this program with arguments that make it one. It is spoken to by standard input, and answers by standard output
    /// or not at all.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(super) fn start(
        program: &Path,
        args: &[OsString],
        env: Vec<(OsString, OsString)>,
        folder: &Path,
        [stdin, stdout]: [Option<OwnedFd>; 2],
    ) -> io::Result<Self> {
        let pipe = |handle: Option<OwnedFd>| handle.map_or_else(Stdio::null, Stdio::from);
        let mut command = bare(program, folder);
        command.args(args).envs(env).stdin(pipe(stdin)).stdout(pipe(stdout)).process_group(0).kill_on_drop(true);
        #[expect(
            unsafe_code,
            reason = "runs between fork and exec; it makes one prctl call, which is async-signal-safe"
        )]
        // SAFETY: see the reason above.
        unsafe {
            command.pre_exec(|| Ok(prctl::set_pdeathsig(Signal::SIGKILL)?));
        }
        let process = command.spawn()?;
        let group = Group::of(&process);
        Ok(Self { process, group })
    }

    /// Whether it has not ended.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub(super) fn is_running(&mut self) -> io::Result<bool> {
        let ended = self.process.try_wait()?.is_some();
        if ended {
            // What it left behind keeps the number from being given to others; from now on, nothing does.
            self.group.kill();
            self.group.0 = None;
        }
        Ok(!ended)
    }

    /// Kills it with all that it started, and waits for none of it.
    pub(super) fn kill(&self) {
        self.group.kill();
    }

    /// Memory that it and all that it started have for themselves, in bytes.
    pub(super) fn memory_bytes(&self) -> u64 {
        self.group.0.map_or(0, usage::memory_of_group)
    }
}

/// Becomes another program, which has its standard input, output and error nowhere. Comes back only when that fails.
pub(super) fn become_program(program: &Path, args: &[OsString]) -> io::Error {
    #[expect(clippy::disallowed_methods, reason = "this is the place that starts processes")]
    let mut command = std::process::Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).exec()
}

/// Reads to the end, or says `None` when there is more than the cap.
async fn read_capped(pipe: impl AsyncRead + Unpin, cap: usize) -> io::Result<Option<Vec<u8>>> {
    let mut kept = Vec::new();
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    pipe.take(limit).read_to_end(&mut kept).await?;
    Ok((kept.len() <= cap).then_some(kept))
}

/// Reads to the end and keeps the last bytes.
async fn read_tail(mut pipe: impl AsyncRead + Unpin, cap: usize, tail: &mut Vec<u8>) {
    let mut buffer = vec![0; 8 * 1024];
    loop {
        match pipe.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => {
                tail.extend(buffer.iter().take(count));
                if tail.len() > cap {
                    tail.drain(..tail.len() - cap);
                }
            }
        }
    }
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

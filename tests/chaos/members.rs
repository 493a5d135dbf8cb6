//! The processes of a site: each is started again when it dies, and each death that is not our doing is a violation.

use std::{
    ffi::OsString,
    fs::OpenOptions,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::ExitStatus,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use bindery::engines::process::{Service, spawn_service};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio_util::sync::CancellationToken;

use crate::journal::Journal;

/// Wait before a new start.
const AGAIN: Duration = Duration::from_millis(300);
/// How long a process may take to stop when it is asked to.
const STOP_MAX: Duration = Duration::from_secs(60);

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `bindery serve`.
    Serve,
    /// `bindery work`.
    Work,
    /// The database server.
    Postgres,
}

/// How a process is started.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// The program.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
    /// Variables.
    pub(crate) env: Vec<(OsString, OsString)>,
    /// Its working folder.
    pub(crate) folder: PathBuf,
    /// User and group, when not ours.
    pub(crate) user: Option<(u32, u32)>,
    /// Where its output goes.
    pub(crate) log: PathBuf,
}

#[derive(Debug, Default)]
struct Now {
    pid: Option<Pid>,
    /// The last process that we killed.
    doomed: Option<Pid>,
    /// Whether somebody holds it stopped or plans to kill it.
    reserved: bool,
}

/// A place that a process fills, again and again.
pub(crate) struct Member {
    /// What it is called in the log of the run.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
    spec: Spec,
    now: Mutex<Now>,
    journal: Arc<Journal>,
}

impl Member {
    /// Describes a member; nothing is started yet.
    pub(crate) fn new(name: &str, kind: Kind, spec: Spec, journal: &Arc<Journal>) -> Arc<Self> {
        let journal = Arc::clone(journal);
        Arc::new(Self { name: name.to_owned(), kind, spec, now: Mutex::default(), journal })
    }

    /// The process that fills the place, if there is one.
    pub(crate) fn pid(&self) -> Option<Pid> {
        self.now.lock().unwrap().pid
    }

    /// Keeps others from stopping it too; false when somebody was faster.
    pub(crate) fn reserve(&self) -> bool {
        !std::mem::replace(&mut self.now.lock().unwrap().reserved, true)
    }

    /// Ends a reservation.
    pub(crate) fn free(&self) {
        self.now.lock().unwrap().reserved = false;
    }

    /// Ends the process as `kill -9` does; false when there is none.
    pub(crate) fn kill(&self) -> bool {
        let mut now = self.now.lock().unwrap();
        let Some(pid) = now.pid else { return false };
        if now.doomed == Some(pid) {
            return false;
        }
        now.doomed = Some(pid);
        kill(pid, Signal::SIGKILL).is_ok()
    }

    /// Sends a signal to exactly this process, if it still fills the place.
    pub(crate) fn signal(&self, to: Pid, signal: Signal) -> bool {
        // The lock keeps the supervisor from reaping it meanwhile, so the number is still its own.
        let now = self.now.lock().unwrap();
        now.pid == Some(to) && kill(to, signal).is_ok()
    }

    /// Starts the process, and starts it again whenever it ends, until told to stop; then it must stop cleanly.
    pub(crate) async fn supervise(self: Arc<Self>, stop: CancellationToken) {
        loop {
            match self.life(&stop).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => self.journal.violation(format!("{} cannot be started: {error:#}", self.name)),
            }
            if stop.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_none() {
                return;
            }
        }
    }

    /// One process from start to end; true when it was told to stop.
    async fn life(&self, stop: &CancellationToken) -> anyhow::Result<bool> {
        let output = OpenOptions::new().create(true).append(true).open(&self.spec.log)?;
        let mut child = spawn_service(Service {
            program: &self.spec.program,
            args: self.spec.args.clone(),
            env: self.spec.env.clone(),
            folder: &self.spec.folder,
            user: self.spec.user,
            when_orphaned: Signal::SIGKILL,
            output: Some(output),
        })?;
        let pid = Pid::from_raw(i32::try_from(child.id().context("it has ended already")?)?);
        self.now.lock().unwrap().pid = Some(pid);
        self.journal.note(&format!("{} runs as {pid}", self.name));
        let ended = tokio::select! {
            ended = child.wait() => Some(ended?),
            () = stop.cancelled() => None,
        };
        if let Some(status) = ended {
            self.now.lock().unwrap().pid = None;
            self.died(pid, status);
            return Ok(false);
        }
        let ask = if self.kind == Kind::Postgres { Signal::SIGINT } else { Signal::SIGTERM };
        self.signal(pid, ask);
        let stopped = tokio::time::timeout(STOP_MAX, child.wait()).await;
        match stopped {
            Ok(status) => {
                let status = status?;
                if !status.success() {
                    self.journal.violation(format!("{} was asked to stop and ended with {status}", self.name));
                }
            }
            Err(_) => {
                self.journal.violation(format!("{} did not stop within {STOP_MAX:?}", self.name));
                child.kill().await?;
            }
        }
        self.now.lock().unwrap().pid = None;
        Ok(true)
    }

    fn died(&self, pid: Pid, status: ExitStatus) {
        let was_killed = self.now.lock().unwrap().doomed == Some(pid);
        self.journal.note(&format!("{} ({pid}) ended: {status}", self.name));
        if was_killed && status.signal() == Some(Signal::SIGKILL as i32) {
            return;
        }
        // A new server ends at once while the children of one that was killed still hold its shared memory.
        if self.kind == Kind::Postgres && status.code() == Some(1) {
            self.journal.count("postgres started too early");
            return;
        }
        self.journal.violation(format!("{} ({pid}) ended by itself: {status}", self.name));
    }
}

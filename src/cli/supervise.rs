//! A child role that is started again when it ends.

use std::{ffi::OsString, path::Path, time::Duration};

use nix::sys::signal::Signal;
use tokio::{
    process::Child,
    time::{Instant, sleep_until},
};

use super::postgres::send;
use crate::engines::process::{Service, spawn_service};

/// Wait before the first new start; doubles while the role keeps ending soon.
const AGAIN_FIRST: Duration = Duration::from_millis(100);
/// Longest wait.
const AGAIN_MAX: Duration = Duration::from_secs(10);
/// A role that lived so long is well.
const WELL: Duration = Duration::from_secs(30);

/// A role of this program as a child process.
pub(super) struct Role {
    name: &'static str,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    state: State,
    wait: Duration,
}

enum State {
    Running { child: Child, since: Instant },
    Waiting { until: Instant },
}

impl Role {
    /// Describes a role; it starts when it is first driven.
    pub(super) fn new(name: &'static str, args: Vec<OsString>, env: Vec<(OsString, OsString)>) -> Self {
        Self { name, args, env, state: State::Waiting { until: Instant::now() }, wait: AGAIN_FIRST }
    }

    /// Drives the role until it ends, and says so; call again to have it started again. Safe to drop and call again.
    pub(super) async fn ended(&mut self) -> &'static str {
        loop {
            match &mut self.state {
                State::Waiting { until } => {
                    sleep_until(*until).await;
                    match self.spawn() {
                        Ok(child) => self.state = State::Running { child, since: Instant::now() },
                        Err(error) => {
                            tracing::error!(%error, role = self.name, "cannot start");
                            self.again();
                        }
                    }
                }
                State::Running { child, since } => {
                    let ended = child.wait().await;
                    if since.elapsed() >= WELL {
                        self.wait = AGAIN_FIRST;
                    }
                    let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                    tracing::warn!(
                        role = self.name,
                        status,
                        again_in_ms = self.wait.as_millis(),
                        "ended, will be started again"
                    );
                    self.again();
                    return self.name;
                }
            }
        }
    }

    /// Replaces the arguments of the next start.
    pub(super) fn set_args(&mut self, args: Vec<OsString>) {
        self.args = args;
    }

    /// Asks the role to stop and waits; kills it when it takes too long.
    pub(super) async fn stop(&mut self, longest: Duration) {
        let State::Running { child, .. } = &mut self.state else { return };
        send(child, Signal::SIGTERM);
        if tokio::time::timeout(longest, child.wait()).await.is_err() {
            tracing::warn!(role = self.name, "does not stop, so it is killed");
            if let Err(error) = child.kill().await {
                tracing::error!(%error, role = self.name, "cannot be killed");
            }
        }
    }

    fn again(&mut self) {
        self.state = State::Waiting { until: Instant::now() + self.wait };
        self.wait = (self.wait * 2).min(AGAIN_MAX);
    }

    fn spawn(&self) -> std::io::Result<Child> {
        let program = std::env::current_exe()?;
        spawn_service(Service {
            program: &program,
            args: self.args.clone(),
            env: self.env.clone(),
            folder: Path::new("/"),
            user: None,
            // A worker or an API without its supervisor would go on against a database that is about to stop.
            when_orphaned: Signal::SIGKILL,
            output: None,
        })
    }
}

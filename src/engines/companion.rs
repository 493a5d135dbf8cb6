//! Processes of ours beside the hosts, each of which serves one document after the other: a zygote, a browser.

use std::{ffi::OsString, io, os::fd::OwnedFd, path::Path};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::net::unix::pipe;
use tokio_util::task::AbortOnDropHandle;

use super::{process, usage};

/// A process with all that it started, killed when it is dropped.
#[derive(Debug)]
pub(super) struct Companion {
    pid: Pid,
    /// Waits for its end.
    end: AbortOnDropHandle<()>,
}

impl Companion {
    /// Starts this program with arguments that make it one; `name` is what it is called in the log. It is spoken to by
    /// standard input, and answers by standard output or not at all.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(super) fn start(
        name: &'static str,
        program: &Path,
        args: &[OsString],
        env: Vec<(OsString, OsString)>,
        folder: &Path,
        pipes: [Option<OwnedFd>; 2],
    ) -> io::Result<Self> {
        let mut process = process::spawn_companion(program, args, env, folder, pipes)?;
        let pid =
            process.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
        // Nothing is read from the handle: it only becomes readable, as a pipe does.
        let handle = pipe::Receiver::from_owned_fd_unchecked(process::handle(pid)?)?;
        let end = tokio::spawn(async move {
            if let Err(error) = handle.readable().await {
                tracing::warn!(%error, "the end of the {name} cannot be waited for");
            }
            // What it leaves behind goes while its number is still its own.
            kill(pid);
            match process.wait().await {
                Ok(status) if status.success() => tracing::debug!("the {name} had nothing to do and has ended"),
                Ok(status) => tracing::warn!(%status, "the {name} has ended"),
                Err(error) => tracing::warn!(%error, "the {name} cannot be waited for"),
            }
        });
        Ok(Self { pid, end: AbortOnDropHandle::new(end) })
    }

    /// Its number.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Whether it has not ended.
    pub(super) fn is_running(&self) -> bool {
        !self.end.is_finished()
    }

    /// Memory that it and all that it started have for themselves, in bytes.
    pub(super) fn memory_bytes(&self) -> u64 {
        usage::memory_of_group(self.pid)
    }
}

impl Drop for Companion {
    /// Kills it at once, so that nothing is written to its folder any more when that is removed.
    fn drop(&mut self) {
        if self.is_running() {
            kill(self.pid);
        }
    }
}

fn kill(group: Pid) {
    if let Err(error) = killpg(group, Signal::SIGKILL) {
        tracing::trace!(%error, "a process group was gone already");
    }
}

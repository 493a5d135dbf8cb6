//! The zygote's own side: one thread that makes hosts, kills them when the worker hangs up, and says how they ended.

use std::{
    io::{self, Write as _},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    time::Duration,
};

use nix::{
    sys::wait::{WaitStatus, waitpid},
    unistd::{Pid, getpid},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    Kind, Order, Readiness, Setup, Told,
    copies::{Copies, Trial, kill_all},
    fresh::Fresh,
    large_pages,
    pages::Pages,
    wire,
};
use crate::engines::{
    native::{self, Tools},
    office, process,
    warm::Warm,
};

/// A host that was made and has not ended.
struct Running {
    pid: Pid,
    /// Becomes readable when it ends.
    ends: OwnedFd,
    /// The worker waits at the other end for how it ended.
    control: UnixStream,
    killed: bool,
}

/// Serves a worker whose socket is standard input, until that is closed. `unsandboxed`: hosts go on where the kernel cannot
/// close the cage.
///
/// # Errors
/// When the worker cannot be understood. What keeps the engine from starting is told to the worker.
pub fn serve(unsandboxed: bool) -> io::Result<()> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let Some((Setup { kind, idle_max }, _)) = wire::receive::<Setup>(&socket)? else { return Ok(()) };
    let work = |warm: io::Result<Warm<'_>>, socket: OwnedFd| match warm {
        Ok(warm) => work(warm, idle_max, unsandboxed, socket),
        Err(error) => wire::send(&socket, &Readiness::Failed { message: error.to_string() }, &[]),
    };
    if let Err(error) = native::do_without_threads() {
        return work(Err(io::Error::other(error)), socket);
    }
    let warmed = |warm: Warm<'_>, socket| work(warm.up().map(|()| warm), socket);
    match kind {
        Kind::Office(program, fonts) => match office::Running::start(&program) {
            Ok(office) => {
                office.in_loop(|office| {
                    // LibreOffice calls this from inside its loop, which has nothing to come back to.
                    let served = warmed(Warm::Office(office, &Tools::new(&fonts)), socket);
                    // Nor has it put its heap in order when it is left so: what it would do at its end is done in a broken one.
                    process::leave(served.is_ok())
                });
                Ok(())
            }
            Err(error) => work(Err(error), socket),
        },
        Kind::Native(fonts) => warmed(Warm::Native(&Tools::new(&fonts)), socket),
    }
}

fn work(warm: Warm<'_>, idle_max: Duration, unsandboxed: bool, mut socket: OwnedFd) -> io::Result<()> {
    let folders = match warm {
        Warm::Office(..) => office::Running::temporary_folders()?,
        Warm::Native(_) | Warm::Nothing => Vec::new(),
    };
    // By now all is loaded that copies need.
    if let Err(error) = large_pages::use_for_code() {
        tracing::debug!(%error, "code is not in large pages");
    }
    let fresh = Fresh::set_aside().inspect_err(|error| tracing::debug!(%error, "copies have no memory of their own"));
    let copies = Copies { warm, unsandboxed, folders, fresh: fresh.ok(), zygote: getpid() };
    wire::send(&socket, &Readiness::Ready, &[])?;
    let made;
    (socket, made) = copies.trial(socket);
    let mut trial = made.inspect_err(|error| tracing::debug!(%error, "no pages are taken ahead")).ok();
    let mut pages = Pages::default();
    let mut spare = Err(io::ErrorKind::NotFound.into());
    let mut running: Vec<Running> = Vec::new();
    loop {
        if let Some(found) = trial.as_mut().and_then(Trial::found) {
            (trial, pages) = (None, found);
        }
        // While a document is converted, the copy for the next one is made.
        if spare.is_err() {
            ((socket, running), spare) = copies.spare((socket, running), &pages);
        }
        let Some((ordered, changed)) = wait(&socket, &running, idle_max)? else { break };
        // From the end, so that the places before stay what they are.
        for (place, ended) in changed.into_iter().rev() {
            if ended {
                running.swap_remove(place).reap()?;
            } else if let Some(host) = running.get_mut(place) {
                kill_all(host.pid);
                host.killed = true;
            }
        }
        if !ordered {
            continue;
        }
        let Some((order, handles)) = wire::receive::<Order>(&socket)? else { break };
        let Ok([stdin, stdout, stderr, control]) = <[OwnedFd; 4]>::try_from(handles) else { continue };
        let control = UnixStream::from(control);
        let used = std::mem::replace(&mut spare, Err(io::ErrorKind::NotFound.into()));
        match used.and_then(|spare| spare.serve(&order, [stdin, stdout, stderr])) {
            Ok(pid) => running.push(Running::of(pid, control)?),
            Err(error) => tell(&control, &Told::Refused { why: error.to_string() }),
        }
    }
    for host in &running {
        kill_all(host.pid);
    }
    Ok(())
}

/// Something about hosts: their places, and whether they have ended or their workers hung up.
type Changed = Vec<(usize, bool)>;

/// Waits until there is an order, or something about hosts; nothing comes of it when there was nothing to do for so long.
fn wait(socket: &OwnedFd, running: &[Running], idle_max: Duration) -> io::Result<Option<(bool, Changed)>> {
    let mut watched = vec![PollFd::new(socket, PollFlags::IN)];
    for host in running {
        watched.push(PollFd::new(&host.ends, PollFlags::IN));
        // Hanging up is always told; once it is known, only the end is of interest.
        let control = if host.killed { host.ends.as_fd() } else { host.control.as_fd() };
        watched.push(PollFd::from_borrowed_fd(control, PollFlags::empty()));
    }
    let patience = if running.is_empty() { Timespec::try_from(idle_max).ok() } else { None };
    if poll(&mut watched, patience.as_ref())? == 0 {
        return Ok(None);
    }
    let told = |fd: &PollFd<'_>| !fd.revents().is_empty();
    let (socket, hosts) = watched.split_first().map_or((false, &[] as &[_]), |(socket, hosts)| (told(socket), hosts));
    let changed = hosts.chunks(2).enumerate().filter(|(_, host)| host.iter().any(told));
    Ok(Some((socket, changed.map(|(place, host)| (place, host.first().is_some_and(told))).collect())))
}

fn tell(mut control: &UnixStream, told: &Told) {
    let line = serde_json::to_vec(told).map_err(io::Error::from).map(|mut line| {
        line.push(b'\n');
        line
    });
    if let Err(error) = line.and_then(|line| control.write_all(&line)) {
        tracing::trace!(%error, "nobody waits to hear of a host");
    }
}

impl Running {
    fn of(pid: Pid, control: UnixStream) -> io::Result<Self> {
        let host = Self { pid, ends: process::handle(pid)?, control, killed: false };
        tell(&host.control, &Told::Made { pid: pid.as_raw() });
        Ok(host)
    }

    /// Says how it ended.
    fn reap(self) -> io::Result<()> {
        // Before it is reaped: its number is not given to anybody else until then.
        kill_all(self.pid);
        let (status, signal, words) = match waitpid(self.pid, None)? {
            WaitStatus::Exited(_, status) => (Some(status), None, format!("exit status: {status}")),
            WaitStatus::Signaled(_, signal, _) => {
                (None, Some(signal as i32), format!("signal: {} ({signal})", signal as i32))
            }
            // Only told to those who ask for it.
            WaitStatus::Stopped(..)
            | WaitStatus::PtraceEvent(..)
            | WaitStatus::PtraceSyscall(..)
            | WaitStatus::Continued(..)
            | WaitStatus::StillAlive => (None, None, "ended in an unknown way".to_owned()),
        };
        tell(&self.control, &Told::Ended { status, signal, words });
        Ok(())
    }
}

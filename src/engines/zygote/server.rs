//! The zygote's own side: one thread that makes hosts, kills them when the worker hangs up, and says how they ended.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    time::Duration,
};

use nix::{
    sys::{
        prctl,
        signal::{Signal, kill, killpg},
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, getppid, setpgid},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Kind, Order, Readiness, Setup, Told, fresh::Fresh, large_pages, wire};
use crate::engines::{
    native::Tools,
    office, process,
    serve::{self, Warm},
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
    match kind {
        Kind::Office(program, fonts) => match office::Running::start(&program) {
            Ok(office) => {
                office.in_loop(|office| {
                    let tools = Tools::new(&fonts);
                    let warmed = office.warm().and_then(|made| tools.warm_with(made).map_err(io::Error::other));
                    // LibreOffice calls this from inside its loop, which has nothing to come back to.
                    let served = work(warmed.map(|()| Warm::Office(office, &tools)), socket);
                    // Nor has it put its heap in order when it is left so: what it would do at its end is done in a broken one.
                    process::leave(served.is_ok())
                });
                Ok(())
            }
            Err(error) => work(Err(error), socket),
        },
        Kind::Native(fonts) => {
            let tools = Tools::new(&fonts);
            work(tools.warm().map(|()| Warm::Native(&tools)).map_err(io::Error::other), socket)
        }
    }
}

fn work(warm: Warm<'_>, idle_max: Duration, unsandboxed: bool, socket: OwnedFd) -> io::Result<()> {
    let temporary = match warm {
        Warm::Office(..) => office::Running::temporary_folders()?,
        Warm::Native(_) | Warm::Nothing => Vec::new(),
    };
    // By now all is loaded that copies need.
    if let Err(error) = large_pages::use_for_code() {
        tracing::debug!(%error, "code is not in large pages");
    }
    let fresh = Fresh::set_aside();
    wire::send(&socket, &Readiness::Ready, &[])?;
    let mut running: Vec<Running> = Vec::new();
    while let Some((ordered, changed)) = wait(&socket, &running, idle_max)? {
        // From the end, so that the places before stay what they are.
        for (place, ended) in changed.into_iter().rev() {
            if ended {
                running.swap_remove(place).reap()?;
            } else if let Some(host) = running.get_mut(place) {
                host.kill();
                host.killed = true;
            }
        }
        if !ordered {
            continue;
        }
        let Some((order, handles)) = wire::receive::<Order>(&socket)? else { break };
        let Ok([stdin, stdout, stderr, control]) = <[OwnedFd; 4]>::try_from(handles) else { continue };
        let control = UnixStream::from(control);
        let this = nix::unistd::getpid();
        match process::fork_alone() {
            Ok(ForkResult::Child) => {
                // Nothing of other documents stays open here.
                drop((socket, running, control));
                if let Err(error) = fresh.and_then(Fresh::take) {
                    tracing::debug!(%error, "allocates where the zygote did");
                }
                let prepared = prepare(&order, &temporary, this, [stdin, stdout, stderr]);
                end(&prepared.and_then(|()| serve::serve_with(warm, unsandboxed)))
            }
            Ok(ForkResult::Parent { child }) => running.push(Running::of(child, control)?),
            Err(error) => tell(&control, &Told::Refused { why: error.to_string() }),
        }
    }
    for host in &running {
        host.kill();
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
        // The copy does the same; whoever comes first, the group is there when it is needed.
        setpgid(pid, pid).or_else(|error| if error == nix::Error::EACCES { Ok(()) } else { Err(error) })?;
        let host = Self { pid, ends: process::handle(pid)?, control, killed: false };
        tell(&host.control, &Told::Made { pid: pid.as_raw() });
        Ok(host)
    }

    /// Says how it ended.
    fn reap(self) -> io::Result<()> {
        // Before it is reaped: its number is not given to anybody else until then.
        self.kill();
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

    /// Kills it and its group; it may have left that.
    fn kill(&self) {
        for killed in [killpg(self.pid, Signal::SIGKILL), kill(self.pid, Signal::SIGKILL)] {
            if let Err(error) = killed {
                tracing::trace!(%error, "a host was gone already");
            }
        }
    }
}

/// Makes a copy what a process is that was started for this order, with folders in which its engine keeps temporary files.
fn prepare(order: &Order, folders: &[OsString], zygote: Pid, [stdin, stdout, stderr]: [OwnedFd; 3]) -> io::Result<()> {
    setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != zygote {
        return Err(io::Error::other("the zygote is gone"));
    }
    dup2_stdin(stdin)?;
    dup2_stdout(stdout)?;
    dup2_stderr(stderr)?;
    chdir(&order.folder)?;
    folders.iter().try_for_each(std::fs::create_dir_all)?;
    order.limits.apply()
}

/// Ends a copy that has served as the host of one document.
fn end(served: &io::Result<()>) -> ! {
    if let Err(error) = served {
        tracing::error!(%error, "an engine host could not do its work");
    }
    // Not by way of LibreOffice, which would put things in order that are not its own.
    process::leave(served.is_ok())
}

//! What copies of a zygote do: most of them wait for an order and serve it.

use std::{
    ffi::{CStr, OsString},
    fs, io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use nix::{
    sys::{
        prctl,
        signal::{Signal, kill, killpg},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, getpid, getppid, setpgid},
};

use super::{Order, fresh::Fresh, pages::Pages, wire};
use crate::engines::{process, serve, warm::Warm};

/// What a copy is called that waits for an order, so that it can be told from one that has a document.
const SPARE: &CStr = c"bindery-spare";
/// What a copy is called that finds out which pages work takes.
const TRIAL: &CStr = c"bindery-trial";
/// Where that one works, and says what it has found.
const TRIAL_FOLDER: &str = "trial";
const FOUND: &str = "pages.json";

/// What a zygote makes copies with.
pub(super) struct Copies<'a> {
    pub(super) warm: Warm<'a>,
    /// Whether they go on where the kernel cannot close the cage.
    pub(super) unsandboxed: bool,
    /// Folders in which the engine keeps temporary files.
    pub(super) folders: Vec<OsString>,
    /// Memory for what they allocate.
    pub(super) fresh: Option<Fresh>,
    pub(super) zygote: Pid,
}

/// A copy that waits for its order.
pub(super) struct Spare {
    copy: Tied,
    orders: OwnedFd,
}

/// A copy that has what the zygote has warmed itself with converted, each by a copy of its own, and sees which pages all of these take.
pub(super) struct Trial(Tied);

/// A copy that is killed when this is dropped.
struct Tied(Option<Pid>);

impl Copies<'_> {
    /// Makes a copy that takes pages ahead and then waits for its order; it has nothing of what is kept from it.
    pub(super) fn spare<T>(&self, kept: T, pages: &Pages) -> (T, io::Result<Spare>) {
        let (orders, theirs) = match wire::pair() {
            Ok(pair) => pair,
            Err(error) => return (kept, Err(error)),
        };
        let ((kept, orders), made) = copy((kept, orders), || {
            self.begin(SPARE, self.zygote)?;
            pages.take();
            self.serve_order(theirs)
        });
        (kept, made.map(|copy| Spare { copy, orders }))
    }

    /// Makes a copy that finds out which pages work takes.
    pub(super) fn trial<T>(&self, kept: T) -> (T, io::Result<Trial>) {
        let (kept, made) = copy(kept, || {
            self.begin(TRIAL, self.zygote)?;
            fs::create_dir_all(TRIAL_FOLDER)?;
            chdir(TRIAL_FOLDER)?;
            self.folders.iter().try_for_each(fs::create_dir_all)?;
            let taken = (0..self.warm.own()).map(|number| self.taken_by(number)).collect::<io::Result<Vec<_>>>()?;
            write_pages(&Pages::common(taken))
        });
        (kept, made.map(Trial))
    }

    /// The pages that a copy of its own takes to convert a document of ours.
    fn taken_by(&self, number: usize) -> io::Result<Pages> {
        let trial = getpid();
        let ((), made) = copy((), || {
            self.begin(TRIAL, trial)?;
            self.warm.convert_own(number, false)?;
            write_pages(&Pages::taken()?)
        });
        let mut copy = made?;
        let ended = copy.0.take().map(|pid| waitpid(pid, None)).transpose()?;
        if !matches!(ended, Some(WaitStatus::Exited(_, 0))) {
            return Err(io::Error::other(format!("a document of ours was not converted: {ended:?}")));
        }
        read_pages(Path::new(FOUND))
    }

    /// Parts a copy from the process that made it, with which it is to end all the same.
    fn begin(&self, name: &CStr, parent: Pid) -> io::Result<()> {
        // First of all, so that nobody takes it for a host.
        prctl::set_name(name)?;
        setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        if getppid() != parent {
            return Err(io::Error::other("the zygote is gone"));
        }
        if let Some(Err(error)) = self.fresh.map(Fresh::take) {
            tracing::debug!(%error, "allocates where the zygote did");
        }
        Ok(())
    }

    /// Waits for an order and does what a process does that was started for it.
    fn serve_order(&self, orders: OwnedFd) -> io::Result<()> {
        let Some((order, handles)) = wire::receive::<Order>(&orders)? else { return Ok(()) };
        drop(orders);
        let [stdin, stdout, stderr] = <[OwnedFd; 3]>::try_from(handles).map_err(|_| io::ErrorKind::InvalidData)?;
        prctl::set_name(c"bindery")?;
        dup2_stdin(stdin)?;
        dup2_stdout(stdout)?;
        dup2_stderr(stderr)?;
        chdir(&order.folder)?;
        self.folders.iter().try_for_each(fs::create_dir_all)?;
        order.limits.apply()?;
        serve::serve_with(self.warm, self.unsandboxed)
    }
}

impl Spare {
    /// Gives it its order, by which it becomes a host.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn serve(mut self, order: &Order, handles: [OwnedFd; 3]) -> io::Result<Pid> {
        wire::send(&self.orders, order, &handles.each_ref().map(AsFd::as_fd))?;
        self.copy.0.take().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Trial {
    /// What it has found, once it has ended: nothing where something went wrong, which costs time alone.
    pub(super) fn found(&mut self) -> Option<Pages> {
        let pid = self.0.0?;
        if matches!(waitpid(pid, Some(WaitPidFlag::WNOHANG)), Ok(WaitStatus::StillAlive)) {
            return None;
        }
        self.0.0 = None;
        let found = read_pages(&Path::new(TRIAL_FOLDER).join(FOUND));
        if let Err(error) = fs::remove_dir_all(TRIAL_FOLDER) {
            tracing::debug!(%error, "what a trial has left stays");
        }
        Some(found.unwrap_or_else(|error| {
            tracing::debug!(%error, "no pages are taken ahead");
            Pages::default()
        }))
    }
}

impl Drop for Tied {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            kill_all(pid);
            if let Err(error) = waitpid(pid, None) {
                tracing::debug!(%error, "a copy cannot be waited for");
            }
        }
    }
}

fn write_pages(pages: &Pages) -> io::Result<()> {
    fs::write(FOUND, serde_json::to_vec(pages)?)
}

fn read_pages(file: &Path) -> io::Result<Pages> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

/// Kills a copy and its group; it may have left that.
pub(super) fn kill_all(copy: Pid) {
    for killed in [killpg(copy, Signal::SIGKILL), kill(copy, Signal::SIGKILL)] {
        if let Err(error) = killed {
            tracing::trace!(%error, "a copy was gone already");
        }
    }
}

/// Makes a copy that does some work, without what is kept from it, and ends.
fn copy<T>(kept: T, work: impl FnOnce() -> io::Result<()>) -> (T, io::Result<Tied>) {
    match process::fork_alone() {
        Ok(ForkResult::Child) => {
            // Nothing of other documents stays open here.
            drop(kept);
            let done = work();
            if let Err(error) = &done {
                tracing::error!(%error, "a copy of the zygote could not do its work");
            }
            // Not by way of LibreOffice, which would put things in order that are not its own.
            process::leave(done.is_ok())
        }
        Ok(ForkResult::Parent { child }) => {
            let copy = Tied(Some(child));
            (kept, in_group(child).map(|()| copy))
        }
        Err(error) => (kept, Err(error)),
    }
}

/// The copy does the same; whoever comes first, the group is there when it is needed.
fn in_group(copy: Pid) -> io::Result<()> {
    setpgid(copy, copy).or_else(|error| if error == nix::Error::EACCES { Ok(()) } else { Err(error.into()) })
}

//! How a browser starts: this program goes into the cage and then becomes Chromium.

use std::{
    convert::Infallible,
    ffi::OsString,
    io,
    os::fd::{AsFd, AsRawFd as _, OwnedFd},
    path::{Path, PathBuf},
};

use nix::sys::{
    prctl,
    resource::{Resource, setrlimit},
    signal::Signal,
};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

use crate::{
    domain::limits,
    engines::{
        cage::{self, Apart, Cage, Engine},
        process,
    },
};

/// What Chromium is told. Of all that it does besides showing a page, nothing is wanted.
const ARGUMENTS: &[&str] = &[
    "--remote-debugging-pipe",
    "--blink-settings=lazyLoadEnabled=false",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication,CertificateTransparencyComponentUpdater",
    "--disable-gpu",
    "--disable-setuid-sandbox",
    "--disable-sync",
    "--font-render-hinting=none",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
    "--proxy-server=http://127.0.0.1:1",
    "--use-mock-keychain",
    "--user-data-dir=profile",
];

/// What is started and what it may see.
#[derive(Debug)]
pub struct Launch {
    /// Chromium.
    pub program: PathBuf,
    /// Folders with fonts.
    pub fonts: Vec<PathBuf>,
    /// Whether Chromium's own sandbox is used inside the cage.
    pub sandbox: bool,
    /// Whether to go on where the kernel cannot close the cage.
    pub unsandboxed: bool,
}

/// Arguments, after those of any host, that make this program a browser.
pub fn arguments(program: &Path, fonts: &[PathBuf]) -> Vec<OsString> {
    let fonts = fonts.iter().flat_map(|folder| ["--fonts".into(), folder.into()]);
    ["--browser".into(), program.into()].into_iter().chain(fonts).collect()
}

/// Becomes Chromium, which is spoken to by what was standard input and answers by what was standard output.
///
/// # Errors
/// When the cage cannot be closed or Chromium is not there.
pub fn launch(launch: &Launch) -> io::Result<Infallible> {
    let parent = nix::unistd::getppid();
    // The numbers that Chromium expects, and that it hands on to none of its own.
    become_number(&io::stdin(), 3)?;
    become_number(&io::stdout(), 4)?;
    if cage::leave_network() == Apart::No {
        tracing::warn!("the kernel gives the browser no network of its own; that it may make no socket has to do");
    }
    cage::leave_root(Path::new("."))?;
    // Lost when the user changes.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if nix::unistd::getppid() != parent {
        return Err(io::Error::other("the worker is gone"));
    }
    for (resource, value) in [(Resource::RLIMIT_CORE, 0), (Resource::RLIMIT_FSIZE, limits::ENGINE_FILE_BYTES_MAX)] {
        setrlimit(resource, value, value)?;
    }
    let caged = cage::enter(&Cage {
        folder: Path::new("."),
        fonts: &launch.fonts,
        engine: Some(Engine::Browser(&launch.program)),
    });
    if let Err(error) = caged
        && !launch.unsandboxed
    {
        return Err(io::Error::other(error));
    }
    let mut arguments: Vec<OsString> = ARGUMENTS.iter().map(Into::into).collect();
    arguments.extend((!launch.sandbox).then(|| "--no-sandbox".into()));
    Err(process::become_program(&launch.program, &arguments))
}

/// Makes a handle appear under a number that is free, for the program that this one becomes.
fn become_number(handle: &impl AsFd, number: i32) -> io::Result<()> {
    let copy: OwnedFd = fcntl_dupfd_cloexec(handle, number)?;
    if copy.as_raw_fd() != number {
        return Err(io::Error::other("a handle of the worker was left open"));
    }
    fcntl_setfd(&copy, FdFlags::empty())?;
    // It stays open until the program ends.
    std::mem::forget(copy);
    Ok(())
}

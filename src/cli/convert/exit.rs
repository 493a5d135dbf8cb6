//! What ends a call early, and the exit code for it.

use std::process::ExitCode;

/// How a call ends, the worse the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// Everything is converted, with warnings or without.
    Done,
    /// A document could not be converted.
    Document,
    /// The command line makes no sense.
    Usage,
    /// The service cannot be reached, refuses, or takes too long.
    Service,
    /// A file of this machine cannot be read or written.
    Local,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The code that the shell sees.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Document => 1,
            Self::Usage => 2,
            Self::Service => 3,
            Self::Local => 4,
            // As shells count what a signal has ended.
            Self::Interrupted => 130,
        }
    }

    /// A word for it in the output for machines.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Document => "document",
            Self::Usage => "usage",
            Self::Service => "service",
            Self::Local => "local",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// An error with the exit code that it means.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) error: anyhow::Error,
}

impl Failure {
    /// The command line makes no sense.
    pub(super) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    /// The service cannot be reached, refuses, or takes too long.
    pub(super) fn service(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Service, error: error.into() }
    }

    /// A file of this machine cannot be read or written.
    pub(super) fn local(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Local, error: error.into() }
    }

    /// Ctrl-C.
    pub(super) fn interrupted() -> Self {
        Self { exit: Exit::Interrupted, error: anyhow::anyhow!("interrupted") }
    }
}

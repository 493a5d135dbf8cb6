//! The cage of an engine host: what the kernel refuses to it, and to everything that it starts, from then on.
//!
//! ```text
//! host: reads its request ─► enter: [files] then [calls] ─► reads the document
//! ```
//!
//! 1. It is closed before the first byte of a document is read, and there is no way out of it.
//! 2. Files: its work folder, and for reading what its engine needs. Nothing else of the machine is there.
//! 3. Calls: no sockets, no programs, nothing that looks into other processes or changes the machine.
//! 4. A kernel that lacks a means is an error here; whether that is put up with is decided by the operator.

use std::{
    io,
    path::{Path, PathBuf},
};

mod calls;
mod files;

/// What is left to a host.
#[derive(Debug, Clone, Copy)]
pub struct Cage<'a> {
    /// The only folder in which it may write.
    pub folder: &'a Path,
    /// Folders with fonts.
    pub fonts: &'a [PathBuf],
    /// `soffice.bin`, if it is to run LibreOffice as a library.
    pub office: Option<&'a Path>,
}

/// What stands between a host and its cage.
#[derive(Debug, thiserror::Error)]
pub enum CageError {
    /// Access to files cannot be taken away.
    #[error("the kernel does not confine files (Landlock, Linux 5.13 or later, among the `lsm=` of its command line)")]
    Files(#[source] Option<landlock::RulesetError>),
    /// System calls cannot be taken away.
    #[error("the kernel does not filter system calls (seccomp)")]
    Calls(#[source] io::Error),
}

/// Closes the cage around this thread and all that it starts; other threads of the process stay outside, so call it
/// while there are none.
///
/// # Errors
/// When the kernel lacks a means. What could be closed is closed then.
pub fn enter(cage: &Cage<'_>) -> Result<(), CageError> {
    // Both are tried, so that a host that is let through nevertheless has what the kernel gives.
    let files = files::confine(cage);
    calls::filter()?;
    files
}

/// Whether this kernel can close a cage: tries it in a thread of its own, which ends in it.
///
/// # Errors
/// As with [`enter`].
pub fn probe() -> Result<(), CageError> {
    let tried = std::thread::spawn(|| enter(&Cage { folder: Path::new("/"), fonts: &[], office: None }));
    tried.join().unwrap_or_else(|_| Err(CageError::Calls(io::Error::other("the trial ended unexpectedly"))))
}

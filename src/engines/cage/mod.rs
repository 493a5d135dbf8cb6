//! The cage of an engine host: what the kernel refuses to it, and to everything that it starts, from then on.
//!
//! ```text
//! host: reads its request ─► enter: [files] then [calls] ─► reads the document
//! ```
//!
//! 1. It is closed before the first byte of a document is read, and there is no way out of it.
//! 2. Files: its work folder, and for reading what its engine needs. Nothing else of the machine is there.
//! 3. Calls: no sockets, no programs, nothing that looks into other processes or changes the machine. A browser may start
//!    itself again, since it is made of processes; it gets namespaces of its own besides.
//! 4. A kernel that lacks a means is an error here; whether that is put up with is decided by the operator.

use std::{
    io,
    path::{Path, PathBuf},
};

mod calls;
mod files;
mod namespaces;

pub use namespaces::{Apart, leave_network, leave_root};

/// What is left to a host.
#[derive(Debug, Clone, Copy)]
pub struct Cage<'a> {
    /// The only folder in which it may write.
    pub folder: &'a Path,
    /// Folders with fonts.
    pub fonts: &'a [PathBuf],
    /// An engine that is no code of ours.
    pub engine: Option<Engine<'a>>,
}

/// An engine that needs more than our own code does.
#[derive(Debug, Clone, Copy)]
pub enum Engine<'a> {
    /// LibreOffice as a library, by its `soffice.bin`.
    Office(&'a Path),
    /// Libraries that are opened when a document comes that needs them, by their folders.
    Libraries(&'a [PathBuf]),
    /// Chromium as a program, which starts itself again and again.
    Browser(&'a Path),
    /// Tesseract as a library, which is loaded already, by the folder of its data.
    Ocr(&'a Path),
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
    calls::filter(cage.engine)?;
    files
}

/// Whether this kernel can close a cage: tries it in a thread of its own, which ends in it.
///
/// # Errors
/// As with [`enter`].
pub fn probe() -> Result<(), CageError> {
    let tried = std::thread::spawn(|| enter(&Cage { folder: Path::new("/"), fonts: &[], engine: None }));
    tried.join().unwrap_or_else(|_| Err(CageError::Calls(io::Error::other("the trial ended unexpectedly"))))
}

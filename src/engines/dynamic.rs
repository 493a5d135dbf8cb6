//! Libraries that are opened when something needs them, so that a machine without them builds and serves all else.
//!
//! # Why `unsafe`
//! Opening runs the initialisers of a library, and a function that is found by name has the type that the caller says. Both
//! are for whoever uses it to vouch for; each binding states its reasons.
#![expect(unsafe_code, reason = "opens libraries; see above")]

use std::{
    ffi::{CStr, c_void},
    io,
    path::PathBuf,
    ptr::NonNull,
};

use nix::libc;

/// Folders in which distributions have libraries, and the list by which the loader finds them.
const FOLDERS: &[&str] =
    &["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"];
const LOADER_CACHE: &str = "/etc/ld.so.cache";

/// An open library, which is never closed: its host ends soon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Library(NonNull<c_void>);

impl Library {
    /// Opens a library by its name.
    ///
    /// # Errors
    /// Why it cannot be opened, in the words of the loader.
    pub(super) fn open(name: &CStr) -> io::Result<Self> {
        // SAFETY: the name is a C string; the initialisers are those of a library of the system, which is trusted.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
        NonNull::new(handle).map(Self).ok_or_else(last_error)
    }

    /// Finds a function.
    ///
    /// # Safety
    /// The function must be declared as `F`, which must be a pointer to a function.
    ///
    /// # Errors
    /// When there is none of this name.
    pub(super) unsafe fn function<F: Copy>(self, name: &CStr) -> io::Result<F> {
        const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
        // SAFETY: the handle is an open library and the name a C string.
        let found = unsafe { libc::dlsym(self.0.as_ptr(), name.as_ptr()) };
        if found.is_null() {
            return Err(last_error());
        }
        // SAFETY: the caller vouches for the type, which is as large as a pointer.
        Ok(unsafe { std::mem::transmute_copy::<*mut c_void, F>(&found) })
    }
}

/// What a cage has to let through for libraries that may be opened in it: the folders in which one of them is.
pub(super) fn folders_of(names: &[&CStr]) -> Vec<PathBuf> {
    let is_there = |folder: &PathBuf| names.iter().any(|name| folder.join(name.to_string_lossy().as_ref()).exists());
    let found: Vec<_> = FOLDERS.iter().map(PathBuf::from).filter(is_there).collect();
    if found.is_empty() { found } else { found.into_iter().chain([PathBuf::from(LOADER_CACHE)]).collect() }
}

fn last_error() -> io::Error {
    // SAFETY: it takes nothing and gives a C string of the C library or nothing.
    let message = unsafe { libc::dlerror() };
    if message.is_null() {
        return io::Error::other("for no stated reason");
    }
    // SAFETY: checked above; it stays until the next call of the library in this thread.
    io::Error::other(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned())
}

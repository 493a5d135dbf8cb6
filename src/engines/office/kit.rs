//! LibreOfficeKit: LibreOffice as a library in this process. The only place that calls into it.
//!
//! # Why `unsafe`
//! It is a C interface: a library opened by path, functions found by name, a table of function pointers. The table only ever
//! grows at its end, and its size stands in its first word, which is checked. Nothing is shared with other threads: a [`Kit`]
//! stays in the thread that made it.
//!
//! # Why the loop (2026-11)
//! In its usual way LibreOffice runs a main thread of its own, which a forked process does not have. With `unipoll` everything
//! is done by the thread that runs the loop, so a process that has converted documents can be forked and goes on. Outside the
//! loop it crashes then.
//!
//! # Why no macro of ours does the work (2026-11)
//! One could name the import filter. But a macro holds LibreOffice's lock, and the threads that read the sheets of a workbook
//! wait for it for ever. So the filter is chosen by the extension, which is ours.
#![expect(unsafe_code, reason = "the binding to a C library; see above")]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    io,
    marker::PhantomData,
    os::unix::ffi::OsStrExt as _,
    path::Path,
    ptr::{self, NonNull},
    time::Duration,
};

use nix::libc;

/// The library, beside `soffice.bin`.
pub(super) const LIBRARY: &str = "libmergedlo.so";
/// The function that starts LibreOffice with a profile of ours.
const START: &CStr = c"libreofficekit_hook_2";

/// Longest sleep while LibreOffice waits for itself.
const NAP: Duration = Duration::from_millis(1);
/// Asks for a callback when a document wants a password.
const ASK_FOR_PASSWORDS: u64 = 1;
/// That a document wants a password to be opened, with its URL.
const WANTS_PASSWORD: c_int = 20;
/// That it wants one to be changed, with its URL.
const WANTS_PASSWORD_TO_MODIFY: c_int = 21;

type Start = unsafe extern "C" fn(program: *const c_char, profile: *const c_char) -> *mut Office;
type Callback = extern "C" fn(kind: c_int, payload: *const c_char, data: *mut c_void);
type Poll = extern "C" fn(data: *mut c_void, timeout_us: c_int) -> c_int;
type Wake = extern "C" fn(data: *mut c_void);

#[repr(C)]
struct Office {
    class: *const OfficeClass,
}

/// The beginning of the table of functions, as LibreOffice 6.4 and later have it.
#[repr(C)]
struct OfficeClass {
    bytes: usize,
    destroy: *const c_void,
    load: *const c_void,
    get_error: unsafe extern "C" fn(*mut Office) -> *mut c_char,
    load_with_options: unsafe extern "C" fn(*mut Office, url: *const c_char, options: *const c_char) -> *mut Document,
    free_error: unsafe extern "C" fn(*mut c_char),
    register_callback: unsafe extern "C" fn(*mut Office, Option<Callback>, data: *mut c_void),
    get_filter_types: *const c_void,
    set_optional_features: unsafe extern "C" fn(*mut Office, u64),
    set_document_password: unsafe extern "C" fn(*mut Office, url: *const c_char, password: *const c_char),
    get_version_info: *const c_void,
    run_macro: *const c_void,
    sign_document: *const c_void,
    run_loop: unsafe extern "C" fn(*mut Office, Poll, Wake, data: *mut c_void),
}

#[repr(C)]
struct Document {
    class: *const DocumentClass,
}

#[repr(C)]
struct DocumentClass {
    bytes: usize,
    destroy: unsafe extern "C" fn(*mut Document),
    save_as:
        unsafe extern "C" fn(*mut Document, url: *const c_char, format: *const c_char, options: *const c_char) -> c_int,
}

/// What is to be made of a document.
#[derive(Debug)]
pub(super) struct Export<'a> {
    /// Where it goes.
    pub(super) to_url: &'a str,
    /// What it is to be, by its extension.
    pub(super) format: &'a str,
    /// Options of that format, in JSON; none if empty.
    pub(super) options: &'a str,
    /// Whether the document is closed after it. That takes time, and is not worth it where the process ends next.
    pub(super) close: bool,
}

/// What came of a conversion.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The output is there.
    Done,
    /// The document was not opened: damaged, of another type, or under a password.
    Refused {
        /// It asked for a password.
        locked: bool,
    },
    /// It was opened and could not be exported.
    NotExported(String),
}

/// What answers LibreOffice's questions for passwords.
struct Passwords {
    office: *mut Office,
    /// By which LibreOffice knows who asks. What it says itself is now the URL, now the bare name.
    url: CString,
    left: std::vec::IntoIter<CString>,
    asked: bool,
}

/// LibreOffice in this process. It is never closed: whoever has it ends with it.
#[derive(Debug)]
pub(super) struct Kit {
    office: NonNull<Office>,
    in_one_thread: PhantomData<*mut ()>,
}

impl Kit {
    /// Starts LibreOffice, which stands in the folder `program` of its installation, with a profile.
    ///
    /// # Errors
    /// When it is not there, is older than what is known here, or does not start.
    pub(super) fn start(program: &Path, profile_url: &str) -> io::Result<Self> {
        let library = c_string(program.join(LIBRARY).as_os_str().as_bytes())?;
        let (folder, profile) = (c_string(program.as_os_str().as_bytes())?, c_string(profile_url)?);
        // SAFETY: the path is a C string; its initialisers are those of LibreOffice, which is trusted.
        let handle = unsafe { libc::dlopen(library.as_ptr(), libc::RTLD_LAZY) };
        if handle.is_null() {
            return Err(io::Error::other(format!("{LIBRARY} cannot be opened: {}", last_error())));
        }
        // SAFETY: the handle is an open library and the name a C string.
        let start = unsafe { libc::dlsym(handle, START.as_ptr()) };
        if start.is_null() {
            return Err(io::Error::other(format!("{LIBRARY} is not LibreOfficeKit: {}", last_error())));
        }
        // SAFETY: LibreOffice declares the function of this name so.
        let start = unsafe { std::mem::transmute::<*mut c_void, Start>(start) };
        // SAFETY: both are C strings, which it copies.
        let office = NonNull::new(unsafe { start(folder.as_ptr(), profile.as_ptr()) })
            .ok_or_else(|| io::Error::other("LibreOffice does not start"))?;
        // LibreOffice's handler would hide that it was the limit on files that ended the process; and after a fault in the heap it
        // waits for ever for the heap, where the process is to end at once.
        for signal in [libc::SIGXFSZ, libc::SIGABRT, libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE] {
            // SAFETY: it sets no handler, only what the kernel does by itself.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        let kit = Self { office, in_one_thread: PhantomData };
        // SAFETY: what it gave begins with a pointer to its table, whose first word is its size.
        let bytes = unsafe { (*office.as_ref().class).bytes };
        if bytes < size_of::<OfficeClass>() {
            return Err(io::Error::other("LibreOffice is older than 6.4"));
        }
        Ok(kit)
    }

    /// Opens a document, whose extension says what it is, and saves it in another format. Each password is tried.
    ///
    /// # Errors
    /// When a URL, an option or a password has a NUL.
    pub(super) fn convert(&self, from_url: &str, export: &Export<'_>, passwords: &[&str]) -> io::Result<Told> {
        extern "C" fn asked(kind: c_int, _payload: *const c_char, data: *mut c_void) {
            // SAFETY: the data is the `Passwords` of the call that is under way, and nobody else has it.
            let passwords = unsafe { &mut *data.cast::<Passwords>() };
            if kind != WANTS_PASSWORD && kind != WANTS_PASSWORD_TO_MODIFY {
                return;
            }
            let next = if kind == WANTS_PASSWORD { passwords.left.next() } else { None };
            passwords.asked |= kind == WANTS_PASSWORD;
            let answer = next.as_ref().map_or(ptr::null(), |password| password.as_ptr());
            let url = passwords.url.as_ptr();
            // SAFETY: the office and its table live as long as the process; the URL is that of what is being opened, and both
            // texts are copied. No password means that there is none.
            unsafe { ((*(*passwords.office).class).set_document_password)(passwords.office, url, answer) }
        }
        let (from, to) = (c_string(from_url)?, c_string(export.to_url)?);
        let (format, options) = (c_string(export.format)?, c_string(export.options)?);
        let left: Vec<_> = passwords.iter().map(|password| c_string(*password)).collect::<Result<_, _>>()?;
        let office = self.office.as_ptr();
        let mut passwords = Passwords { office, url: from.clone(), left: left.into_iter(), asked: false };
        let class = self.class();
        // SAFETY: the data outlives the loading, after which the callback is taken back; all texts are C strings.
        let document = unsafe {
            (class.register_callback)(office, Some(asked), ptr::from_mut(&mut passwords).cast());
            (class.set_optional_features)(office, ASK_FOR_PASSWORDS);
            let document = (class.load_with_options)(office, from.as_ptr(), c"Batch=true".as_ptr());
            (class.register_callback)(office, None, ptr::null_mut());
            document
        };
        let Some(document) = NonNull::new(document) else {
            // For operators: LibreOffice says little, and in words of its own.
            tracing::warn!(error = self.error(), "LibreOffice does not open a document");
            return Ok(Told::Refused { locked: passwords.asked });
        };
        // SAFETY: an opened document begins with a pointer to its table, which has had these functions from the beginning.
        let saved = unsafe {
            let class = &*document.as_ref().class;
            let saved = (class.save_as)(document.as_ptr(), to.as_ptr(), format.as_ptr(), options.as_ptr());
            let saved = if saved == 0 { Err(self.error()) } else { Ok(()) };
            if export.close {
                (class.destroy)(document.as_ptr());
            }
            saved
        };
        Ok(saved.map_or_else(Told::NotExported, |()| Told::Done))
    }

    /// What went wrong last, in LibreOffice's words.
    fn error(&self) -> String {
        let class = self.class();
        // SAFETY: it gives a C string that is ours until it is given back, or nothing.
        unsafe {
            let message = (class.get_error)(self.office.as_ptr());
            if message.is_null() {
                return String::new();
            }
            let text = CStr::from_ptr(message).to_string_lossy().into_owned();
            (class.free_error)(message);
            text
        }
    }

    /// Lets LibreOffice run its loop and does the work in it; this thread is then LibreOffice's only one. Comes back when the
    /// work is done only if LibreOffice ends its loop, so the work should end the process.
    pub(super) fn run_loop<W: FnOnce()>(&self, work: W) {
        extern "C" fn poll<W: FnOnce()>(work: *mut c_void, timeout_us: c_int) -> c_int {
            // SAFETY: `run_loop` gives a pointer to its `work`, which outlives the loop, and nothing else looks at it.
            let work = unsafe { (*work.cast::<Option<W>>()).take() };
            let Some(work) = work else {
                // Called from inside the work, while LibreOffice waits for threads of its own.
                let timeout = Duration::from_micros(u64::try_from(timeout_us).unwrap_or(u64::MAX));
                std::thread::sleep(timeout.min(NAP));
                return 0;
            };
            work();
            -1
        }
        extern "C" fn wake(_data: *mut c_void) {}
        let mut work = Some(work);
        let data = ptr::from_mut(&mut work).cast();
        // SAFETY: the callbacks are those that it declares, and the data outlives the call.
        unsafe { (self.class().run_loop)(self.office.as_ptr(), poll::<W>, wake, data) }
    }

    fn class(&self) -> &OfficeClass {
        // SAFETY: the table is of the library, which is never closed; its size was checked at the start.
        unsafe { &*self.office.as_ref().class }
    }
}

fn last_error() -> String {
    // SAFETY: it takes nothing and gives a C string of the C library or nothing.
    let message = unsafe { libc::dlerror() };
    if message.is_null() {
        return "for no stated reason".to_owned();
    }
    // SAFETY: checked above; it stays until the next call of the library in this thread.
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}

fn c_string(text: impl Into<Vec<u8>>) -> io::Result<CString> {
    CString::new(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

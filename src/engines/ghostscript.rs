//! Ghostscript, where it is installed: writes a PDF anew from what it shows, for documents whose objects cannot be mended.
//! The only place that calls into it.
//!
//! # Why `unsafe`
//! It is a C library: opened when it is needed, its functions found by name, which have been declared alike since version 9.
//! One instance lives as long as one call; what it says goes to a function of ours that drops it.
//!
//! # Why in this process (2026-11)
//! A host cannot start programs, and it is itself the process of one document, in its cage.
#![expect(unsafe_code, reason = "the binding to a C library; see above")]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    path::Path,
    ptr,
};

use super::dynamic::Library;
use crate::pdf::{gate::Writer, validate::Part};

/// The library, by the name of its interface.
pub(super) const LIBRARY: &CStr = c"libgs.so.10";
/// What it reads of its own when it is asked for something: its programs, profiles, and which fonts it has.
pub(super) const FOLDERS: [&str; 3] = ["/usr/share/ghostscript", "/usr/share/color/icc", "/var/lib/ghostscript"];
/// Text of its arguments is UTF-8.
const UTF8: c_int = 1;
/// What it answers when it was asked to end.
const QUIT: c_int = -101;
/// Files of the work folder that it reads and writes.
const INPUT: &str = "ghostscript-in.pdf";
const OUTPUT: &str = "ghostscript-out.pdf";

type Instance = *mut c_void;
type Write = unsafe extern "C" fn(caller: *mut c_void, text: *const c_char, length: c_int) -> c_int;
type Read = unsafe extern "C" fn(caller: *mut c_void, buffer: *mut c_char, length: c_int) -> c_int;

/// The functions that are called.
#[derive(Debug, Clone, Copy)]
struct Functions {
    create: unsafe extern "C" fn(*mut Instance, caller: *mut c_void) -> c_int,
    delete: unsafe extern "C" fn(Instance),
    set_encoding: unsafe extern "C" fn(Instance, c_int) -> c_int,
    set_streams: unsafe extern "C" fn(Instance, Read, Write, Write) -> c_int,
    run: unsafe extern "C" fn(Instance, count: c_int, arguments: *mut *mut c_char) -> c_int,
    exit: unsafe extern "C" fn(Instance) -> c_int,
}

/// Ghostscript as a writer of PDF; works in the current folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ghostscript;

impl Writer for Ghostscript {
    fn write_anew(&self, bytes: &[u8], part: Part) -> Option<Vec<u8>> {
        std::fs::write(INPUT, bytes).ok()?;
        let made = rewrite(Path::new(INPUT), Path::new(OUTPUT), part).and_then(|()| std::fs::read(OUTPUT).ok());
        for file in [INPUT, OUTPUT] {
            if let Err(error) = std::fs::remove_file(file) {
                tracing::debug!(%error, file, "a file stays in the work folder");
            }
        }
        made
    }
}

/// Writes a file anew; `None` when Ghostscript is not there or cannot do it.
fn rewrite(input: &Path, output: &Path, part: Part) -> Option<()> {
    let functions = functions().inspect_err(|error| tracing::debug!(%error, "there is no Ghostscript")).ok()?;
    let number = match part {
        Part::One => 1,
        Part::Two | Part::Four => 2,
        Part::Three => 3,
    };
    let mut arguments: Vec<CString> = Vec::new();
    // The claim and the output intent are ours to make; the switch keeps it to what the part allows.
    for argument in [
        "gs".to_owned(),
        "-q".to_owned(),
        "-dBATCH".to_owned(),
        "-dNOPAUSE".to_owned(),
        "-dSAFER".to_owned(),
        format!("-dPDFA={number}"),
        "-dPDFACompatibilityPolicy=1".to_owned(),
        "-dAutoRotatePages=/None".to_owned(),
        "-sColorConversionStrategy=RGB".to_owned(),
        "-sDEVICE=pdfwrite".to_owned(),
        format!("-sOutputFile={}", output.display()),
        input.display().to_string(),
    ] {
        arguments.push(CString::new(argument).ok()?);
    }
    let mut pointers: Vec<*mut c_char> = arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
    let count = c_int::try_from(pointers.len()).ok()?;
    let mut instance: Instance = ptr::null_mut();
    // SAFETY: the place for the instance is ours, and it takes any caller.
    if unsafe { (functions.create)(&raw mut instance, ptr::null_mut()) } < 0 {
        return None;
    }
    // SAFETY: the instance was just made and is used by this thread alone; the arguments live until it has run, and it only
    // reads them. It is to be left before it is deleted, whatever running it came to.
    let code = unsafe {
        (functions.set_streams)(instance, no_input, no_output, no_output);
        (functions.set_encoding)(instance, UTF8);
        let code = (functions.run)(instance, count, pointers.as_mut_ptr());
        let left = (functions.exit)(instance);
        (functions.delete)(instance);
        if code == 0 || code == QUIT { left } else { code }
    };
    (code == 0 || code == QUIT).then_some(())
}

/// Standard input, which is at its end.
unsafe extern "C" fn no_input(_: *mut c_void, _: *mut c_char, _: c_int) -> c_int {
    0
}

/// Standard output and error: nobody reads them, and standard output is where this host answers.
unsafe extern "C" fn no_output(_: *mut c_void, _: *const c_char, length: c_int) -> c_int {
    length
}

fn functions() -> std::io::Result<Functions> {
    let library = Library::open(LIBRARY)?;
    // SAFETY: each is declared so in its header, `iapi.h`.
    unsafe {
        Ok(Functions {
            create: library.function(c"gsapi_new_instance")?,
            delete: library.function(c"gsapi_delete_instance")?,
            set_encoding: library.function(c"gsapi_set_arg_encoding")?,
            set_streams: library.function(c"gsapi_set_stdio")?,
            run: library.function(c"gsapi_init_with_args")?,
            exit: library.function(c"gsapi_exit")?,
        })
    }
}

/// The version of Ghostscript, if it is installed.
///
/// # Errors
/// Why it cannot be opened.
pub fn version() -> std::io::Result<String> {
    /// What it says of itself.
    #[repr(C)]
    struct Revision {
        product: *const c_char,
        copyright: *const c_char,
        revision: std::ffi::c_long,
        date: std::ffi::c_long,
    }
    let library = Library::open(LIBRARY)?;
    let mut said = Revision { product: ptr::null(), copyright: ptr::null(), revision: 0, date: 0 };
    let size = c_int::try_from(size_of::<Revision>()).map_err(std::io::Error::other)?;
    // SAFETY: it is declared so in its header, and fills in a structure of this size.
    let failed = unsafe {
        let revision: unsafe extern "C" fn(*mut Revision, c_int) -> c_int = library.function(c"gsapi_revision")?;
        revision(&raw mut said, size)
    };
    if failed != 0 {
        return Err(std::io::Error::other("it describes itself in an unknown way"));
    }
    Ok(format!("Ghostscript {}.{:02}", said.revision / 1000, said.revision / 10 % 100))
}

#[cfg(test)]
mod tests {
    use lopdf::{Document, Object, Stream, dictionary};

    use super::*;

    #[test]
    fn a_page_is_written_anew_and_nothing_is_left_in_the_folder() {
        let mut document = Document::new();
        let root = document.new_object_id();
        let content = document.add_object(Stream::new(dictionary! {}, b"0 0 50 50 re f".to_vec()));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => dictionary! {},
            "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
        });
        let kids: Vec<Object> = vec![page.into()];
        document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => kids }.into());
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
        document.trailer.set("Root", catalog);
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::env::set_current_dir(folder.path()).unwrap();
        let made = Ghostscript.write_anew(&bytes, Part::Two).unwrap();
        assert_eq!(Document::load_mem(&made).unwrap().get_pages().len(), 1);
        assert!(Ghostscript.write_anew(b"no PDF", Part::Two).is_none_or(|made| Document::load_mem(&made).is_ok()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

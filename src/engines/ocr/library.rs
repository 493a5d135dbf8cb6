//! The binding to Tesseract. The only place that calls into it.
//!
//! # Why `unsafe`
//! It is a C interface: a library opened by name, functions found by theirs, which have been declared alike since version 4.
//! Whatever it gives is looked at while it lives and copied before it is given back. Nothing is shared with other threads:
//! a [`Tesseract`] stays in the thread that made it.
//!
//! # Why not linked (2026-11)
//! The program also runs where nobody needs text recognition and its library is not installed.
#![expect(unsafe_code, reason = "the binding to a C library; see above")]

use std::{
    ffi::{CStr, CString, c_char, c_float, c_int, c_uchar, c_void},
    io,
    marker::PhantomData,
    os::unix::ffi::OsStrExt as _,
    path::Path,
    ptr::{self, NonNull},
};

use super::picture::Grey;
use crate::{
    domain::limits,
    engines::{Error, dynamic::Library},
    pdf::text_layer::{Line, Word},
};

/// The library, by the name of its interface.
const LIBRARY: &CStr = c"libtesseract.so.5";
/// The level of lines and of words in what was recognised.
const LEVEL_LINE: c_int = 2;
const LEVEL_WORD: c_int = 3;

type Api = *mut c_void;
type Results = *mut c_void;

/// How the text of a page may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Turned in any way; that is found out first.
    Turned = 1,
    /// Upright.
    Upright = 3,
}

/// The functions that are called.
#[derive(Debug, Clone, Copy)]
struct Functions {
    create: unsafe extern "C" fn() -> Api,
    delete: unsafe extern "C" fn(Api),
    init: unsafe extern "C" fn(Api, folder: *const c_char, languages: *const c_char) -> c_int,
    set_mode: unsafe extern "C" fn(Api, mode: c_int),
    set_image: unsafe extern "C" fn(
        Api,
        bytes: *const c_uchar,
        width: c_int,
        height: c_int,
        bytes_per_pixel: c_int,
        bytes_per_line: c_int,
    ),
    set_resolution: unsafe extern "C" fn(Api, dots_per_inch: c_int),
    recognize: unsafe extern "C" fn(Api, monitor: *mut c_void) -> c_int,
    results: unsafe extern "C" fn(Api) -> Results,
    delete_results: unsafe extern "C" fn(Results),
    next: unsafe extern "C" fn(Results, level: c_int) -> c_int,
    text: unsafe extern "C" fn(Results, level: c_int) -> *mut c_char,
    delete_text: unsafe extern "C" fn(*const c_char),
    confidence: unsafe extern "C" fn(Results, level: c_int) -> c_float,
    page: unsafe extern "C" fn(Results) -> *mut c_void,
    is_first: unsafe extern "C" fn(page: *const c_void, level: c_int) -> c_int,
    bounds: Place,
    baseline: Place,
}

/// Gives four numbers by pointers, and says whether there are any.
type Place = unsafe extern "C" fn(*const c_void, level: c_int, *mut c_int, *mut c_int, *mut c_int, *mut c_int) -> c_int;

impl Functions {
    fn find(library: Library) -> io::Result<Self> {
        // SAFETY: each is declared so in the header of Tesseract 5.
        unsafe {
            Ok(Self {
                create: library.function(c"TessBaseAPICreate")?,
                delete: library.function(c"TessBaseAPIDelete")?,
                init: library.function(c"TessBaseAPIInit3")?,
                set_mode: library.function(c"TessBaseAPISetPageSegMode")?,
                set_image: library.function(c"TessBaseAPISetImage")?,
                set_resolution: library.function(c"TessBaseAPISetSourceResolution")?,
                recognize: library.function(c"TessBaseAPIRecognize")?,
                results: library.function(c"TessBaseAPIGetIterator")?,
                delete_results: library.function(c"TessResultIteratorDelete")?,
                next: library.function(c"TessResultIteratorNext")?,
                text: library.function(c"TessResultIteratorGetUTF8Text")?,
                delete_text: library.function(c"TessDeleteText")?,
                confidence: library.function(c"TessResultIteratorConfidence")?,
                page: library.function(c"TessResultIteratorGetPageIterator")?,
                is_first: library.function(c"TessPageIteratorIsAtBeginningOf")?,
                bounds: library.function(c"TessPageIteratorBoundingBox")?,
                baseline: library.function(c"TessPageIteratorBaseline")?,
            })
        }
    }
}

/// The version of the library.
pub(super) fn version() -> io::Result<String> {
    let library = Library::open(LIBRARY)?;
    // SAFETY: it is declared so in the header, takes nothing, and gives a C string that is always there.
    unsafe {
        let version: unsafe extern "C" fn() -> *const c_char = library.function(c"TessVersion")?;
        Ok(CStr::from_ptr(version()).to_string_lossy().into_owned())
    }
}

/// Tesseract with some languages.
#[derive(Debug)]
pub(super) struct Tesseract {
    api: NonNull<c_void>,
    functions: Functions,
    in_one_thread: PhantomData<*mut ()>,
}

impl Drop for Tesseract {
    fn drop(&mut self) {
        // SAFETY: it was created by this library and nothing of it is in use any more.
        unsafe { (self.functions.delete)(self.api.as_ptr()) }
    }
}

impl Tesseract {
    /// Loads languages, joined by `+`, whose data are in a folder.
    ///
    /// # Errors
    /// When the library cannot be opened or the data cannot be read.
    pub(super) fn start(folder: &Path, languages: &str, layout: Layout) -> io::Result<Self> {
        let folder = CString::new(folder.as_os_str().as_bytes())?;
        let languages = CString::new(languages)?;
        let functions = Functions::find(Library::open(LIBRARY)?)?;
        // SAFETY: it takes nothing.
        let api = NonNull::new(unsafe { (functions.create)() }).ok_or(io::ErrorKind::OutOfMemory)?;
        let tesseract = Self { api, functions, in_one_thread: PhantomData };
        // SAFETY: the object is the one just made, and both texts are C strings, which are copied.
        let failed = unsafe { (functions.init)(api.as_ptr(), folder.as_ptr(), languages.as_ptr()) };
        if failed != 0 {
            return Err(io::Error::other("it cannot read the data of its languages"));
        }
        // SAFETY: the object is ready and takes any number.
        unsafe { (functions.set_mode)(api.as_ptr(), layout as c_int) }
        Ok(tesseract)
    }

    /// Recognises the text of a picture.
    ///
    /// # Errors
    /// `Limit` when there are too many words, `Internal` when Tesseract gives up.
    pub(super) fn recognise(&self, picture: &Grey, dots_per_inch: Option<u32>) -> Result<Vec<Line>, Error> {
        let gave_up = || Error::Internal { doing: "recognise text: Tesseract gave up".to_owned(), source: None };
        let number = |value: u32| c_int::try_from(value).map_err(|_| gave_up());
        let (width, height) = (number(picture.width)?, number(picture.height)?);
        if u64::from(picture.width) * u64::from(picture.height) != u64::try_from(picture.bytes.len()).unwrap_or(0) {
            return Err(gave_up());
        }
        let (api, functions) = (self.api.as_ptr(), self.functions);
        // SAFETY: the object is ready; there is a byte for each pixel, as was checked, and they are copied.
        unsafe {
            (functions.set_image)(api, picture.bytes.as_ptr(), width, height, 1, width);
            if let Some(dots) = dots_per_inch {
                (functions.set_resolution)(api, number(dots)?);
            }
            if (functions.recognize)(api, ptr::null_mut()) != 0 {
                return Err(gave_up());
            }
        }
        // SAFETY: the object has recognised a picture.
        match NonNull::new(unsafe { (functions.results)(api) }) {
            Some(results) => Found { results, functions: &self.functions }.lines(),
            None => Ok(Vec::new()),
        }
    }
}

/// What was recognised, read word by word.
struct Found<'a> {
    results: NonNull<c_void>,
    functions: &'a Functions,
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        // SAFETY: it was given to us to delete.
        unsafe { (self.functions.delete_results)(self.results.as_ptr()) }
    }
}

impl Found<'_> {
    fn lines(self) -> Result<Vec<Line>, Error> {
        let mut lines: Vec<Line> = Vec::new();
        let mut count = 0;
        loop {
            if let Some((word, first)) = self.word() {
                count += 1;
                if count > limits::OCR_WORDS_MAX {
                    let which = format!("more than {} words on a page", limits::OCR_WORDS_MAX);
                    return Err(Error::Limit { which });
                }
                match lines.last_mut() {
                    Some(line) if !first => line.words.push(word),
                    Some(_) | None => lines.push(Line { words: vec![word] }),
                }
            }
            // SAFETY: the results live as long as this.
            if unsafe { (self.functions.next)(self.results.as_ptr(), LEVEL_WORD) } == 0 {
                return Ok(lines);
            }
        }
    }

    /// The word that is at hand, if there is one, and whether a line begins with it.
    fn word(&self) -> Option<(Word, bool)> {
        let (results, functions) = (self.results.as_ptr(), self.functions);
        // SAFETY: the results live as long as this; the text is ours until it is given back.
        let text = unsafe {
            let found = (functions.text)(results, LEVEL_WORD);
            if found.is_null() {
                return None;
            }
            let text = CStr::from_ptr(found).to_string_lossy().trim().to_owned();
            (functions.delete_text)(found);
            text
        };
        if text.is_empty() {
            return None;
        }
        // SAFETY: the results live as long as this, and what is at hand is a word. Its places are another view of them.
        let (confidence, page, first) = unsafe {
            let page = (functions.page)(results).cast_const();
            let first = (functions.is_first)(page, LEVEL_LINE) != 0;
            ((functions.confidence)(results, LEVEL_WORD), page, first)
        };
        let bounds = self.place(functions.bounds, page)?;
        // A word without one stands on the lower side of its box.
        let baseline = self.place(functions.baseline, page).unwrap_or([0; 4]);
        Some((Word { text, confidence, bounds, baseline }, first))
    }

    fn place(&self, ask: Place, page: *const c_void) -> Option<[i32; 4]> {
        let [mut a, mut b, mut c, mut d]: [c_int; 4] = [0; 4];
        // SAFETY: the view is of the results, which live as long as this; the numbers are there to be written.
        let found = unsafe { ask(page, LEVEL_WORD, &raw mut a, &raw mut b, &raw mut c, &raw mut d) };
        (found != 0).then_some([a, b, c, d])
    }
}

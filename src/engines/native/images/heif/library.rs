//! libheif, which decodes HEIC and AVIF by libde265, dav1d and libaom. The only place that calls into it.
//!
//! # Why `unsafe`
//! It is a C library. It is opened at run time, so that a machine without it lacks two formats and not a service, and its
//! functions are found by name. What it gives is owned by one value here each and given back once; bytes are copied out
//! of its memory at once.
//!
//! # Why in the cage (2026-11)
//! Opening it takes 6 ms with all that it is linked to, which is more than most pictures take. So it is opened when the
//! first such picture comes, in a cage that can read the folder of the library.
#![expect(unsafe_code, reason = "the binding to a C library; see above")]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    marker::PhantomData,
    ptr::{self, NonNull},
};

use crate::engines::dynamic;

/// The library, as programs are linked to it.
pub(in crate::engines) const LIBRARY: &CStr = c"libheif.so.1";

/// Numbers of its interface.
const COLORSPACE_RGB: c_int = 1;
const CHANNEL_INTERLEAVED: c_int = 10;
const CHROMA_RGB: c_int = 10;
const CHROMA_RGBA: c_int = 11;
const CHROMA_RGB_HIGH_BYTE_FIRST: c_int = 12;
const CHROMA_RGBA_HIGH_BYTE_FIRST: c_int = 13;
const UNSUPPORTED_FILE: c_int = 3;
const UNSUPPORTED_FEATURE: c_int = 4;
const NO_MEMORY: c_int = 6;
const LIMIT_EXCEEDED: c_int = 1_000;
const UNSUPPORTED_CODEC: c_int = 3_000;

/// How it reports.
#[repr(C)]
struct Report {
    code: c_int,
    subcode: c_int,
    message: *const c_char,
}

/// The beginning of how it describes colours by numbers (ITU-T H.273).
#[repr(C)]
struct Numbers {
    version: u8,
    primaries: c_int,
    transfer: c_int,
}

#[repr(C)]
struct RawContext(c_void);
#[repr(C)]
struct RawHandle(c_void);
#[repr(C)]
struct RawImage(c_void);

/// Declares the functions that are used, and finds all of them.
macro_rules! functions {
    ($($name:ident($($argument:ty),*) $(-> $result:ty)?;)+) => {
        #[derive(Debug)]
        #[expect(non_snake_case, reason = "the names are those of libheif")]
        struct Functions { $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)+ }

        impl Functions {
            fn find(library: dynamic::Library) -> Result<Self, String> {
                Ok(Self { $($name: {
                    let name = concat!(stringify!($name), "\0");
                    let missing = |_| format!("libheif is too old: it lacks {}", stringify!($name));
                    let name = CStr::from_bytes_with_nul(name.as_bytes()).map_err(|_| stringify!($name).to_owned())?;
                    // SAFETY: libheif declares the function of this name so, since version 1.13.
                    unsafe { library.function::<unsafe extern "C" fn($($argument),*) $(-> $result)?>(name) }.map_err(missing)?
                },)+ })
            }
        }
    };
}

functions! {
    heif_init(*mut c_void) -> Report;
    heif_get_version() -> *const c_char;
    heif_context_alloc() -> *mut RawContext;
    heif_context_free(*mut RawContext);
    heif_context_set_max_decoding_threads(*mut RawContext, c_int);
    heif_context_read_from_memory_without_copy(*mut RawContext, *const c_void, usize, *const c_void) -> Report;
    heif_context_get_number_of_top_level_images(*mut RawContext) -> c_int;
    heif_context_get_list_of_top_level_image_IDs(*mut RawContext, *mut u32, c_int) -> c_int;
    heif_context_get_primary_image_ID(*mut RawContext, *mut u32) -> Report;
    heif_context_get_image_handle(*mut RawContext, u32, *mut *mut RawHandle) -> Report;
    heif_image_handle_release(*const RawHandle);
    heif_image_handle_get_width(*const RawHandle) -> c_int;
    heif_image_handle_get_height(*const RawHandle) -> c_int;
    heif_image_handle_has_alpha_channel(*const RawHandle) -> c_int;
    heif_image_handle_is_premultiplied_alpha(*const RawHandle) -> c_int;
    heif_image_handle_get_luma_bits_per_pixel(*const RawHandle) -> c_int;
    heif_image_handle_get_raw_color_profile_size(*const RawHandle) -> usize;
    heif_image_handle_get_raw_color_profile(*const RawHandle, *mut c_void) -> Report;
    heif_image_handle_get_nclx_color_profile(*const RawHandle, *mut *mut Numbers) -> Report;
    heif_nclx_color_profile_free(*mut Numbers);
    heif_decode_image(*const RawHandle, *mut *mut RawImage, c_int, c_int, *const c_void) -> Report;
    heif_image_release(*const RawImage);
    heif_image_get_primary_width(*const RawImage) -> c_int;
    heif_image_get_primary_height(*const RawImage) -> c_int;
    heif_image_get_bits_per_pixel_range(*const RawImage, c_int) -> c_int;
    heif_image_get_plane_readonly(*const RawImage, c_int, *mut c_int) -> *const u8;
}

/// Why it did not do what it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It is not there, or lacks what the file needs.
    Missing(String),
    /// The file is larger than it allows.
    Limit(String),
    /// The file uses something that it does not know.
    Unsupported(String),
    /// The file is damaged.
    Damaged(String),
}

/// The library. It is never closed: its host ends soon.
#[derive(Debug)]
pub(super) struct Library {
    functions: Functions,
}

/// A file that was read, with the bytes that it lies in.
#[derive(Debug)]
pub(super) struct File<'a> {
    library: &'a Library,
    context: NonNull<RawContext>,
    bytes: PhantomData<&'a [u8]>,
}

/// A picture of a file, not yet decoded. It is upright already.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    functions: &'a Functions,
    handle: NonNull<RawHandle>,
    in_file: PhantomData<&'a File<'a>>,
}

/// Decoded rows, without what stands between them.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample that are used; above 8, samples have two bytes with the high one first.
    pub(super) bits: u8,
    pub(super) bytes: Vec<u8>,
}

impl Library {
    /// Opens it.
    ///
    /// # Errors
    /// When it is not there, or older than 1.13.
    pub(super) fn open() -> Result<Self, Failure> {
        let Ok(library) = dynamic::Library::open(LIBRARY) else {
            return Err(Failure::Missing("install libheif (package libheif1)".to_owned()));
        };
        let functions = Functions::find(library).map_err(Failure::Missing)?;
        // SAFETY: no parameters is what it documents for the default. Newer versions load their codecs here.
        let report = unsafe { (functions.heif_init)(ptr::null_mut()) };
        check(&report)?;
        Ok(Self { functions })
    }

    /// Its version.
    pub(super) fn version(&self) -> String {
        // SAFETY: it gives a C string that lives as long as the library.
        unsafe { CStr::from_ptr((self.functions.heif_get_version)()) }.to_string_lossy().into_owned()
    }

    /// Reads the structure of a file; nothing is decoded yet.
    ///
    /// # Errors
    /// When it is damaged or of a kind that the library does not know.
    pub(super) fn read<'a>(&'a self, bytes: &'a [u8]) -> Result<File<'a>, Failure> {
        // SAFETY: it takes nothing.
        let context = NonNull::new(unsafe { (self.functions.heif_context_alloc)() });
        let context = context.ok_or_else(|| Failure::Limit("there is no memory for it".to_owned()))?;
        let file = File { library: self, context, bytes: PhantomData };
        // SAFETY: the context is alive, and the bytes outlive it, which the lifetime of the file ensures.
        let report = unsafe {
            (self.functions.heif_context_set_max_decoding_threads)(context.as_ptr(), 0);
            let start = bytes.as_ptr().cast();
            (self.functions.heif_context_read_from_memory_without_copy)(
                context.as_ptr(),
                start,
                bytes.len(),
                ptr::null(),
            )
        };
        check(&report)?;
        Ok(file)
    }
}

impl<'a> File<'a> {
    /// Its pictures, the one to be shown first at the front. Thumbnails and masks are not among them.
    pub(super) fn ids(&self) -> Result<Vec<u32>, Failure> {
        let (functions, context) = (&self.library.functions, self.context.as_ptr());
        let mut primary = 0_u32;
        // SAFETY: the context is alive and the number a place to write to.
        check(&unsafe { (functions.heif_context_get_primary_image_ID)(context, &raw mut primary) })?;
        // SAFETY: as above.
        let count = unsafe { (functions.heif_context_get_number_of_top_level_images)(context) };
        let mut ids = vec![0_u32; usize::try_from(count).unwrap_or_default()];
        // SAFETY: there is room for as many as it is told.
        let filled =
            unsafe { (functions.heif_context_get_list_of_top_level_image_IDs)(context, ids.as_mut_ptr(), count) };
        ids.truncate(usize::try_from(filled).unwrap_or_default());
        ids.retain(|id| *id != primary);
        ids.insert(0, primary);
        Ok(ids)
    }

    /// One of its pictures.
    pub(super) fn picture(&self, id: u32) -> Result<Picture<'_>, Failure> {
        let functions = &self.library.functions;
        let mut handle = ptr::null_mut();
        // SAFETY: the context is alive and the pointer a place to write to.
        check(&unsafe { (functions.heif_context_get_image_handle)(self.context.as_ptr(), id, &raw mut handle) })?;
        let handle = NonNull::new(handle).ok_or_else(|| Failure::Damaged("it has no picture".to_owned()))?;
        Ok(Picture { functions, handle, in_file: PhantomData })
    }
}

impl Picture<'_> {
    /// Its columns and rows, as its headers have them.
    pub(super) fn size(&self) -> (u32, u32) {
        // SAFETY: the handle is alive.
        let (width, height) = unsafe {
            let handle = self.handle.as_ptr();
            (
                (self.functions.heif_image_handle_get_width)(handle),
                (self.functions.heif_image_handle_get_height)(handle),
            )
        };
        (u32::try_from(width).unwrap_or_default(), u32::try_from(height).unwrap_or_default())
    }

    /// Bits of a sample of brightness.
    pub(super) fn bits(&self) -> u8 {
        // SAFETY: the handle is alive.
        let bits = unsafe { (self.functions.heif_image_handle_get_luma_bits_per_pixel)(self.handle.as_ptr()) };
        u8::try_from(bits).unwrap_or(8)
    }

    /// Whether it has an opacity.
    pub(super) fn has_opacity(&self) -> bool {
        // SAFETY: the handle is alive.
        unsafe { (self.functions.heif_image_handle_has_alpha_channel)(self.handle.as_ptr()) != 0 }
    }

    /// Whether the colours were multiplied with it.
    pub(super) fn is_premultiplied(&self) -> bool {
        // SAFETY: the handle is alive.
        unsafe { (self.functions.heif_image_handle_is_premultiplied_alpha)(self.handle.as_ptr()) != 0 }
    }

    /// Its ICC profile.
    pub(super) fn profile(&self, bytes_max: usize) -> Option<Vec<u8>> {
        // SAFETY: the handle is alive.
        let size = unsafe { (self.functions.heif_image_handle_get_raw_color_profile_size)(self.handle.as_ptr()) };
        if size == 0 || size > bytes_max {
            return None;
        }
        let mut profile = vec![0_u8; size];
        let to = profile.as_mut_ptr().cast();
        // SAFETY: there is room for as many bytes as it says that it writes.
        let report = unsafe { (self.functions.heif_image_handle_get_raw_color_profile)(self.handle.as_ptr(), to) };
        check(&report).is_ok().then_some(profile)
    }

    /// Its primaries and transfer function by the numbers of ITU-T H.273, if the file says them.
    pub(super) fn colour_numbers(&self) -> Option<(i32, i32)> {
        let mut numbers = ptr::null_mut();
        // SAFETY: the handle is alive and the pointer a place to write to.
        let report = unsafe {
            (self.functions.heif_image_handle_get_nclx_color_profile)(self.handle.as_ptr(), &raw mut numbers)
        };
        check(&report).ok()?;
        let numbers = NonNull::new(numbers)?;
        // SAFETY: all versions begin so, and it is given back once, after it was read.
        unsafe {
            let found = (numbers.as_ref().primaries, numbers.as_ref().transfer);
            (self.functions.heif_nclx_color_profile_free)(numbers.as_ptr());
            Some(found)
        }
    }

    /// Decodes it to RGB, with the opacity if it has one.
    ///
    /// # Errors
    /// When it is damaged, or the library has no codec for it.
    pub(super) fn decode(&self) -> Result<Decoded, Failure> {
        let is_deep = self.bits() > 8;
        let (chroma, samples) = match (self.has_opacity(), is_deep) {
            (false, false) => (CHROMA_RGB, 3),
            (true, false) => (CHROMA_RGBA, 4),
            (false, true) => (CHROMA_RGB_HIGH_BYTE_FIRST, 6),
            (true, true) => (CHROMA_RGBA_HIGH_BYTE_FIRST, 8),
        };
        let mut image = ptr::null_mut();
        // SAFETY: the handle is alive, the pointer a place to write to, and no options are the default.
        let report = unsafe {
            (self.functions.heif_decode_image)(
                self.handle.as_ptr(),
                &raw mut image,
                COLORSPACE_RGB,
                chroma,
                ptr::null(),
            )
        };
        check(&report)?;
        let image = NonNull::new(image).ok_or_else(|| Failure::Damaged("it has no pixels".to_owned()))?;
        let image = Image { functions: self.functions, image };
        image.rows(samples)
    }
}

/// A decoded picture in the memory of the library.
struct Image<'a> {
    functions: &'a Functions,
    image: NonNull<RawImage>,
}

impl Image<'_> {
    /// Copies its rows, with so many bytes a pixel.
    fn rows(&self, pixel_bytes: usize) -> Result<Decoded, Failure> {
        let image = self.image.as_ptr();
        let mut stride: c_int = 0;
        // SAFETY: the image is alive and the number a place to write to.
        let (width, height, bits, start) = unsafe {
            (
                (self.functions.heif_image_get_primary_width)(image),
                (self.functions.heif_image_get_primary_height)(image),
                (self.functions.heif_image_get_bits_per_pixel_range)(image, CHANNEL_INTERLEAVED),
                (self.functions.heif_image_get_plane_readonly)(image, CHANNEL_INTERLEAVED, &raw mut stride),
            )
        };
        let odd = || Failure::Damaged("its pixels are not as its headers say".to_owned());
        let width = u32::try_from(width).map_err(|_| odd())?;
        let height = u32::try_from(height).map_err(|_| odd())?;
        let stride = usize::try_from(stride).map_err(|_| odd())?;
        let row_bytes = usize::try_from(width).ok().and_then(|width| width.checked_mul(pixel_bytes)).ok_or_else(odd)?;
        let rows = usize::try_from(height).map_err(|_| odd())?;
        if start.is_null() || rows == 0 || row_bytes == 0 || stride < row_bytes {
            return Err(odd());
        }
        let length = stride.checked_mul(rows).ok_or_else(odd)?;
        // SAFETY: the plane has as many rows of as many bytes as it says, and lives until the image is given back.
        let plane = unsafe { std::slice::from_raw_parts(start, length) };
        let mut bytes = Vec::with_capacity(row_bytes * rows);
        for row in plane.chunks_exact(stride) {
            bytes.extend(row.iter().take(row_bytes));
        }
        Ok(Decoded { width, height, bits: u8::try_from(bits).map_err(|_| odd())?, bytes })
    }
}

impl Drop for File<'_> {
    fn drop(&mut self) {
        // SAFETY: it is given back once, and pictures of it do not outlive it.
        unsafe { (self.library.functions.heif_context_free)(self.context.as_ptr()) }
    }
}

impl Drop for Picture<'_> {
    fn drop(&mut self) {
        // SAFETY: it is given back once.
        unsafe { (self.functions.heif_image_handle_release)(self.handle.as_ptr()) }
    }
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        // SAFETY: it is given back once, and its bytes were copied.
        unsafe { (self.functions.heif_image_release)(self.image.as_ptr()) }
    }
}

/// Finds a function by its name, which ends with a NUL.
fn check(report: &Report) -> Result<(), Failure> {
    if report.code == 0 {
        return Ok(());
    }
    let message = if report.message.is_null() {
        String::new()
    } else {
        // SAFETY: its messages are C strings that live as long as the library.
        unsafe { CStr::from_ptr(report.message) }.to_string_lossy().into_owned()
    };
    Err(match (report.code, report.subcode) {
        (_, UNSUPPORTED_CODEC) => Failure::Missing(format!(
            "libheif has no codec for it ({message}); install libheif-plugin-libde265 and -dav1d"
        )),
        (NO_MEMORY, _) | (_, LIMIT_EXCEEDED) => Failure::Limit(message),
        (UNSUPPORTED_FILE | UNSUPPORTED_FEATURE, _) => Failure::Unsupported(message),
        _ => Failure::Damaged(message),
    })
}

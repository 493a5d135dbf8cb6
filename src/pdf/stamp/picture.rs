//! Images of stamps: a JPEG goes in as it is where that is possible, all others by their pixels.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, Rgba, RgbaImage, metadata::Orientation,
};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use crate::{
    domain::limits,
    pdf::{
        object,
        profiles::{self, Device, Profile},
        stream,
    },
};

/// Most pixels of one: a sheet of A4 at 300 dots per inch has half of them.
const IMAGE_PIXELS_MAX: u64 = 16 << 20;
/// Most pixels of a side.
const IMAGE_SIDE_MAX: u32 = 16_384;
/// Most memory for decoding one.
const IMAGE_MEMORY_BYTES_MAX: u64 = 256 << 20;

/// What the head of an image says.
#[derive(Debug)]
pub(super) struct Header {
    format: ImageFormat,
    /// Columns and rows, as it is seen.
    pub(super) size: [u32; 2],
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

impl Header {
    /// Reads the head of an image, or says why it cannot be used.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let (mut decoder, format) = decoder(bytes)?;
        let (columns, rows) = decoder.dimensions();
        if columns == 0 || rows == 0 || u64::from(columns) * u64::from(rows) > IMAGE_PIXELS_MAX {
            return Err(format!("the image has {columns} x {rows} pixels; there may be {IMAGE_PIXELS_MAX} in all"));
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let profile = decoder.icc_profile().ok().flatten();
        let is_turned = matches!(
            orientation,
            Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
        );
        let size = if is_turned { [rows, columns] } else { [columns, rows] };
        Ok(Self { format, size, orientation, profile })
    }
}

fn decoder(bytes: &[u8]) -> Result<(impl image::ImageDecoder, ImageFormat), String> {
    if bytes.len() > limits::STAMP_IMAGES_BYTES_MAX {
        return Err(format!("the image has more than {} MiB", limits::STAMP_IMAGES_BYTES_MAX >> 20));
    }
    let format = image::guess_format(bytes).ok();
    let format = format.filter(|format| matches!(format, ImageFormat::Png | ImageFormat::Jpeg));
    let format = format.ok_or("the image is neither a PNG nor a JPEG")?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut bounds = Limits::default();
    bounds.max_image_width = Some(IMAGE_SIDE_MAX);
    bounds.max_image_height = Some(IMAGE_SIDE_MAX);
    bounds.max_alloc = Some(IMAGE_MEMORY_BYTES_MAX);
    reader.limits(bounds);
    let decoder = reader.into_decoder().map_err(|error| format!("the image cannot be read: {error}"))?;
    Ok((decoder, format))
}

/// An image in a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Added {
    pub(super) id: ObjectId,
    /// Whether what is behind it shows through.
    pub(super) is_transparent: bool,
    /// Whether it was laid on white, since it may not be transparent.
    pub(super) is_flattened: bool,
}

/// Adds an image to a document. One that may not be transparent is laid on white with the opacity that it was to have.
pub(super) fn add(document: &mut Document, bytes: &[u8], paper: Option<f32>) -> Result<Added, String> {
    let header = Header::read(bytes)?;
    let fades = paper.is_some_and(|opacity| opacity < 1.0);
    if header.format == ImageFormat::Jpeg && header.orientation == Orientation::NoTransforms && !fades {
        let device = match jpeg_components(bytes) {
            Some(1) => Some(Device::Gray),
            Some(3) => Some(Device::Rgb),
            Some(_) | None => None,
        };
        if let Some(device) = device {
            let space = space(document, device, header.profile.as_deref());
            let held = dictionary(&header, space, "DCTDecode");
            let id = object::add(document, Stream::new(held, bytes.to_vec()).with_compression(false));
            return Ok(Added { id, is_transparent: false, is_flattened: false });
        }
    }
    let (decoder, _) = decoder(bytes)?;
    let mut decoded =
        DynamicImage::from_decoder(decoder).map_err(|error| format!("the image cannot be read: {error}"))?;
    decoded.apply_orientation(header.orientation);
    // A profile is that of the colours as they were stored.
    let profile = header.profile.as_deref().filter(|_| decoded.color().has_color());
    let mut pixels = decoded.to_rgba8();
    let is_transparent = pixels.pixels().any(|Rgba([.., alpha])| *alpha < u8::MAX);
    let is_flattened = paper.is_some() && (is_transparent || fades);
    if let Some(opacity) = paper.filter(|_| is_flattened) {
        lay_on_white(&mut pixels, opacity);
    }
    let space = space(document, Device::Rgb, profile);
    let mut held = dictionary(&header, space, "FlateDecode");
    let is_transparent = is_transparent && !is_flattened;
    if is_transparent {
        let alpha: Vec<u8> = pixels.pixels().map(|Rgba([.., alpha])| *alpha).collect();
        let mask = dictionary(&header, object::named("DeviceGray"), "FlateDecode");
        let mask = object::add(document, Stream::new(mask, stream::pack(&alpha)).with_compression(false));
        held.set("SMask", mask);
    }
    let colours: Vec<u8> = pixels.pixels().flat_map(|Rgba([red, green, blue, _])| [*red, *green, *blue]).collect();
    let id = object::add(document, Stream::new(held, stream::pack(&colours)).with_compression(false));
    Ok(Added { id, is_transparent, is_flattened })
}

/// The dictionary of an image of eight bits.
fn dictionary(header: &Header, space: Object, filter: &str) -> Dictionary {
    let [columns, rows] = header.size;
    dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => i64::from(columns), "Height" => i64::from(rows),
        "ColorSpace" => space, "BitsPerComponent" => 8, "Filter" => filter,
    }
}

/// The colour space of an image: by its own profile where it fits, else the usual one.
fn space(document: &mut Document, device: Device, profile: Option<&[u8]>) -> Object {
    let components = if device == Device::Gray { 1 } else { 3 };
    let own = profile.filter(|bytes| Profile::read(bytes).is_some_and(|profile| profile.components == components));
    let Some(own) = own else { return profiles::add_space(document, device).into() };
    let own = object::add(document, Stream::new(dictionary! { "N" => components }, own.to_vec()));
    vec![object::named("ICCBased"), own.into()].into()
}

fn lay_on_white(pixels: &mut RgbaImage, opacity: f32) {
    for Rgba([red, green, blue, alpha]) in pixels.pixels_mut() {
        let share = f32::from(*alpha) / 255.0 * opacity;
        for part in [red, green, blue] {
            *part = super::on_white(*part, share);
        }
        *alpha = u8::MAX;
    }
}

/// How many components the frame of a JPEG has, when it is one that PDF takes: eight bits, sequential or progressive, not
/// arithmetic (ISO 32000-1, 7.4.8).
fn jpeg_components(bytes: &[u8]) -> Option<u8> {
    let mut at = 2;
    loop {
        let [0xFF, marker] = *bytes.get(at..at + 2)? else { return None };
        if marker == 0xFF {
            at += 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?));
        if (0xC0..=0xC2).contains(&marker) {
            return if *bytes.get(at + 4)? == 8 { bytes.get(at + 9).copied() } else { None };
        }
        // The frame comes before the scan; no other frame is one that PDF takes.
        if matches!(marker, 0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | 0xDA) {
            return None;
        }
        at += 2 + length;
    }
}

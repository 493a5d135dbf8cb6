//! JPEG 2000 goes into the PDF as it is; a bare codestream is first put into the boxes that PDF asks for.

use std::borrow::Cow;

use crate::engines::Error;

use super::{
    corrupt,
    picture::{Colours, Filter, Image, Opacity, Picture},
    placement::{Orientation, Resolution},
    unsupported,
};

/// The boxes that begin every JPEG 2000 file: the signature and the file type.
const FIRST_BOXES: &[u8] = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 ";

/// First markers of a codestream: its start, and its size.
const CODESTREAM: &[u8] = &[0xff, 0x4f, 0xff, 0x51];

/// Deepest nesting of boxes that is read: `jp2h` holds `res `, which holds the resolution.
const DEPTH_MAX: usize = 2;

/// What the boxes of a file say.
#[derive(Debug, Default)]
struct Boxes<'a> {
    codestream: Option<&'a [u8]>,
    resolution: Option<Resolution>,
    opacity: Option<Opacity>,
}

/// Size and kind of a codestream.
#[derive(Debug)]
struct Size {
    width: u32,
    height: u32,
    components: u16,
    /// Bits of a sample less one, and a high bit for signed ones.
    depth: u8,
}

/// Reads a file or a bare codestream.
pub(super) fn picture(bytes: &[u8]) -> Result<Picture<'_>, Error> {
    let mut boxes = Boxes::default();
    let is_bare = bytes.starts_with(CODESTREAM);
    if is_bare {
        boxes.codestream = Some(bytes);
    } else {
        boxes.read(bytes, DEPTH_MAX);
    }
    let codestream = boxes.codestream.ok_or_else(|| corrupt("the JPEG 2000 file holds no picture"))?;
    let size = Size::read(codestream).ok_or_else(|| corrupt("the JPEG 2000 picture names no size"))?;
    let data = if is_bare {
        vec![Cow::Owned(wrapping(&size, bytes.len())?), Cow::Borrowed(bytes)]
    } else {
        vec![Cow::Borrowed(bytes)]
    };
    let image = Image {
        width: size.width,
        height: size.height,
        bits: 8,
        colours: Colours::InData,
        profile: None,
        inverted: false,
        filter: Filter::Jpeg2000 { opacity: boxes.opacity },
        data,
        mask: None,
    };
    Ok(Picture {
        width: size.width,
        height: size.height,
        resolution: boxes.resolution.unwrap_or_default(),
        orientation: Orientation::default(),
        bands: vec![image],
    })
}

impl<'a> Boxes<'a> {
    fn read(&mut self, mut bytes: &'a [u8], depth: usize) {
        while let Some((kind, body, rest)) = split_box(bytes) {
            match kind {
                b"jp2h" | b"res " if depth > 0 => self.read(body, depth - 1),
                // The resolution to show at wins over the one of capture.
                b"resd" => self.resolution = resolution(body).or(self.resolution),
                b"resc" => self.resolution = self.resolution.or_else(|| resolution(body)),
                b"cdef" => self.opacity = opacity(body),
                b"jp2c" => self.codestream = self.codestream.or(Some(body)),
                _ => {}
            }
            bytes = rest;
        }
    }
}

/// Splits off one box: its kind, its body, and what follows.
fn split_box(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?);
    let kind = bytes.get(4..)?.first_chunk()?;
    let (start, end) = match length {
        0 => (8, bytes.len()),
        1 => (16, usize::try_from(u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?)).ok()?),
        _ => (8, usize::try_from(length).ok()?),
    };
    // The last box of a file that was cut off is as long as what is left.
    let end = end.min(bytes.len());
    Some((kind, bytes.get(start..end)?, bytes.get(end..)?))
}

/// A resolution box: pixels per metre as fractions with a power of ten, down before across.
fn resolution(body: &[u8]) -> Option<Resolution> {
    let field = |at: usize| Some(f64::from(u16::from_be_bytes(*body.get(at..)?.first_chunk()?)));
    let power = |at: usize| Some(10_f64.powi(i32::from(body.get(at)?.cast_signed())));
    let y = field(0)? / field(2)? * power(8)?;
    let x = field(4)? / field(6)? * power(9)?;
    Resolution::plausible(x * 0.0254, y * 0.0254)
}

/// A channel definition box: whether a channel is the opacity of the whole picture.
fn opacity(body: &[u8]) -> Option<Opacity> {
    let channels = body.get(2..)?.as_chunks::<6>().0;
    channels.iter().find_map(|[_, _, _, kind, _, association]| match (kind, association) {
        (1, 0) => Some(Opacity::Straight),
        (2, 0) => Some(Opacity::Premultiplied),
        _ => None,
    })
}

impl Size {
    /// Reads the size segment, always the first of a codestream.
    fn read(codestream: &[u8]) -> Option<Self> {
        let body = codestream.strip_prefix(CODESTREAM)?;
        let field = |at: usize| Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?));
        let width = field(4)?.checked_sub(field(12)?)?;
        let height = field(8)?.checked_sub(field(16)?)?;
        let components = u16::from_be_bytes(*body.get(36..)?.first_chunk()?);
        let depth = *body.get(38)?;
        (width > 0 && height > 0 && components > 0).then_some(Self { width, height, components, depth })
    }
}

/// The boxes around a bare codestream, which take its colours for grey or sRGB by their number.
fn wrapping(size: &Size, length: usize) -> Result<Vec<u8>, Error> {
    let colour_space: u32 = match size.components {
        1 => 17,
        3 => 16,
        count => return Err(unsupported(format!("bare JPEG 2000 data of {count} components"))),
    };
    let mut boxes = FIRST_BOXES.to_vec();
    boxes.extend_from_slice(b"\0\0\0\x2djp2h\0\0\0\x16ihdr");
    boxes.extend_from_slice(&size.height.to_be_bytes());
    boxes.extend_from_slice(&size.width.to_be_bytes());
    boxes.extend_from_slice(&size.components.to_be_bytes());
    boxes.extend_from_slice(&[size.depth, 7, 0, 0]);
    boxes.extend_from_slice(b"\0\0\0\x0fcolr\x01\0\0");
    boxes.extend_from_slice(&colour_space.to_be_bytes());
    let box_length = u32::try_from(length + 8).unwrap_or(0);
    boxes.extend_from_slice(&box_length.to_be_bytes());
    boxes.extend_from_slice(b"jp2c");
    Ok(boxes)
}

//! The samples of an image, out of what they are packed in.

use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};
use lopdf::{Dictionary, Document, Object, Stream};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::picture::{Codec, Picture, Space};
use crate::pdf::{filters, object, stream};

/// Most bytes that the samples of one image may have.
pub(super) const SAMPLES_BYTES_MAX: usize = 128 << 20;

/// Most bytes of what images in JBIG2 share.
const GLOBALS_BYTES_MAX: usize = 16 << 20;

/// Samples of eight bits, those of a pixel beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: u8,
    pub(super) samples: Vec<u8>,
}

/// Samples of one bit; each row starts at a byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bitmap {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) rows: Vec<u8>,
}

/// What an image is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pixels {
    Shades(Raster),
    Bits(Bitmap),
}

impl Bitmap {
    /// How many bytes a row has.
    pub(super) fn row_bytes(width: u32) -> usize {
        usize::try_from(width.div_ceil(8)).unwrap_or(usize::MAX)
    }

    /// The bits of one row.
    pub(super) fn bits(&self) -> impl Iterator<Item = impl Iterator<Item = bool>> {
        let width = usize::try_from(self.width).unwrap_or(0);
        let bits = |byte: &u8| {
            let byte = *byte;
            (0..8_u8).map(move |bit| byte & (0x80 >> bit) != 0)
        };
        self.rows.chunks(Self::row_bytes(self.width)).map(move |row| row.iter().flat_map(bits).take(width))
    }
}

/// Unpacks the samples of an image; `None` when they are damaged, too many, or not what its dictionary says. What JPEG 2000
/// itself says of its colours comes along where the dictionary is silent.
pub(super) fn unpack(
    document: &Document,
    held: &Stream,
    picture: &Picture,
    reduces_depth: bool,
) -> Option<(Pixels, Option<Space>)> {
    let channels = picture.space.as_ref().map_or(4, Space::channels);
    let area = usize::try_from(u64::from(picture.width) * u64::from(picture.height)).ok()?;
    let is_small = area.checked_mul(usize::from(channels)).is_some_and(|bytes| bytes <= SAMPLES_BYTES_MAX);
    if !is_small {
        return None;
    }
    let kept = usize::from(picture.codec != Codec::Samples);
    let bytes = stream::unpack_within(&filters::outer(document, held, kept), SAMPLES_BYTES_MAX).ok()?;
    let parameters = filters::last_parameters(document, held);
    match picture.codec {
        Codec::Jpeg if parameters.is_some_and(|held| held.has(b"ColorTransform")) => None,
        Codec::Jpeg => Some((Pixels::Shades(jpeg(&bytes, picture, channels)?), None)),
        Codec::Jpeg2000 => jpeg2000(&bytes, picture).map(|(raster, space)| (Pixels::Shades(raster), space)),
        Codec::Fax => Some((Pixels::Bits(fax(document, &bytes, parameters, picture)?), None)),
        Codec::Jbig2 => Some((Pixels::Bits(jbig2(document, &bytes, parameters, picture)?), None)),
        Codec::Samples => Some((samples(bytes, picture, channels, reduces_depth)?, None)),
    }
}

/// Samples as they are.
fn samples(mut bytes: Vec<u8>, picture: &Picture, channels: u8, reduces_depth: bool) -> Option<Pixels> {
    let (width, height) = (usize::try_from(picture.width).ok()?, usize::try_from(picture.height).ok()?);
    let per_row = width.checked_mul(usize::from(channels))?;
    let row_bytes = per_row.checked_mul(usize::from(picture.bits))?.div_ceil(8);
    let wanted = row_bytes.checked_mul(height)?;
    if bytes.len() < wanted {
        return None;
    }
    bytes.truncate(wanted);
    if picture.bits == 1 && channels == 1 {
        return Some(Pixels::Bits(Bitmap { width: picture.width, height: picture.height, rows: bytes }));
    }
    let is_palette = matches!(picture.space, Some(Space::Palette { .. }));
    let samples = match picture.bits {
        8 => bytes,
        16 if reduces_depth => bytes.chunks_exact(2).filter_map(|pair| pair.first().copied()).collect(),
        bits @ (1 | 2 | 4) => {
            let highest = u8::MAX >> (8 - bits);
            let factor = if is_palette { 1 } else { u8::MAX / highest };
            let split = |byte: u8| (0..8 / bits).rev().map(move |place| ((byte >> (place * bits)) & highest) * factor);
            bytes.chunks(row_bytes).flat_map(|row| row.iter().flat_map(|byte| split(*byte)).take(per_row)).collect()
        }
        _ => return None,
    };
    Some(Pixels::Shades(Raster { width: picture.width, height: picture.height, channels, samples }))
}

fn jpeg(bytes: &[u8], picture: &Picture, channels: u8) -> Option<Raster> {
    let side = usize::from(u16::MAX);
    let options = DecoderOptions::default().set_max_width(side).set_max_height(side).set_strict_mode(false);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let info = decoder.info()?;
    let is_as_said = (u32::from(info.width), u32::from(info.height)) == (picture.width, picture.height);
    if !is_as_said || info.components != channels {
        return None;
    }
    let input = decoder.input_colorspace()?;
    let output = match (channels, input) {
        (1, _) => ColorSpace::Luma,
        (3, _) => ColorSpace::RGB,
        (4, ColorSpace::YCCK) => ColorSpace::YCCK,
        (4, _) => ColorSpace::CMYK,
        _ => return None,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(output));
    let mut samples = decoder.decode().ok()?;
    if output == ColorSpace::YCCK {
        samples.chunks_exact_mut(4).for_each(of_ycck);
    }
    raster(picture, channels, samples)
}

/// Turns luma and chroma into the three inks that they stand for; the fourth is as it is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte just before")]
fn of_ycck(pixel: &mut [u8]) {
    let [luma, blue, red, _] = pixel else { return };
    let (y, b, r) = (f32::from(*luma), f32::from(*blue) - 128.0, f32::from(*red) - 128.0);
    let ink = |light: f32| (255.0 - light).round().clamp(0.0, 255.0) as u8;
    (*luma, *blue, *red) = (ink(y + 1.402 * r), ink(y - 0.344_14 * b - 0.714_14 * r), ink(y + 1.772 * b));
}

fn jpeg2000(bytes: &[u8], picture: &Picture) -> Option<(Raster, Option<Space>)> {
    let is_palette = matches!(picture.space, Some(Space::Palette { .. }));
    let settings = hayro_jpeg2000::DecodeSettings { resolve_palette_indices: !is_palette, ..Default::default() };
    let image = hayro_jpeg2000::Image::new(bytes, &settings).ok()?;
    // Eight bits are what the decoder gives, and what a palette is counted with.
    let is_plain = image.original_bit_depth() == 8 && !image.has_alpha() && !is_palette;
    if !is_plain || (image.width(), image.height()) != (picture.width, picture.height) {
        return None;
    }
    let own = match image.color_space() {
        hayro_jpeg2000::ColorSpace::Gray => Some(Space::Amounts(1)),
        hayro_jpeg2000::ColorSpace::RGB => Some(Space::Amounts(3)),
        hayro_jpeg2000::ColorSpace::CMYK
        | hayro_jpeg2000::ColorSpace::Unknown { .. }
        | hayro_jpeg2000::ColorSpace::Icc { .. } => None,
    };
    let channels = image.color_space().num_channels();
    let known = picture.space.clone().or_else(|| own.clone())?;
    if known.channels() != channels {
        return None;
    }
    let samples = image.decode().ok()?;
    let told = if picture.space.is_none() { own } else { None };
    Some((raster(picture, channels, samples)?, told))
}

fn raster(picture: &Picture, channels: u8, samples: Vec<u8>) -> Option<Raster> {
    let wanted = u64::from(picture.width) * u64::from(picture.height) * u64::from(channels);
    let is_right = u64::try_from(samples.len()).is_ok_and(|length| length == wanted);
    is_right.then_some(Raster { width: picture.width, height: picture.height, channels, samples })
}

/// Puts bits into rows.
#[derive(Debug, Default)]
struct Rows {
    rows: Vec<u8>,
    byte: u8,
    filled: u8,
    bytes_left: usize,
}

impl Rows {
    fn of((width, height): (u32, u32)) -> Self {
        let bytes = Bitmap::row_bytes(width).saturating_mul(usize::try_from(height).unwrap_or(usize::MAX));
        Self { bytes_left: bytes, ..Self::default() }
    }

    fn push(&mut self, bit: bool) {
        self.byte |= u8::from(bit) << (7 - self.filled);
        self.filled += 1;
        if self.filled == 8 {
            self.end();
        }
    }

    fn push_run(&mut self, bit: bool, mut count: usize) {
        while count > 0 && self.filled != 0 {
            self.push(bit);
            count -= 1;
        }
        let whole = (count / 8).min(self.bytes_left);
        self.rows.extend(std::iter::repeat_n(if bit { 0xFF } else { 0 }, whole));
        self.bytes_left -= whole;
        (0..count % 8).for_each(|_| self.push(bit));
    }

    fn end(&mut self) {
        if self.filled > 0 && self.bytes_left > 0 {
            self.rows.push(self.byte);
            self.bytes_left -= 1;
        }
        (self.byte, self.filled) = (0, 0);
    }

    fn finish(self, (width, height): (u32, u32)) -> Option<Bitmap> {
        let is_full = self.bytes_left == 0;
        is_full.then_some(Bitmap { width, height, rows: self.rows })
    }
}

impl hayro_ccitt::Decoder for Rows {
    fn push_pixels(&mut self, white: bool, count: u32) {
        self.push_run(white, usize::try_from(count).unwrap_or(usize::MAX));
    }

    fn next_line(&mut self) {
        self.end();
    }
}

impl hayro_jbig2::Decoder for Rows {
    fn push_pixel(&mut self, black: bool) {
        self.push(!black);
    }

    fn push_pixel_chunk(&mut self, black: bool, chunk_count: u32) {
        self.push_run(!black, usize::try_from(chunk_count).unwrap_or(usize::MAX).saturating_mul(8));
    }

    fn next_line(&mut self) {
        self.end();
    }
}

fn fax(document: &Document, bytes: &[u8], parameters: Option<&Dictionary>, picture: &Picture) -> Option<Bitmap> {
    let number = |key: &[u8]| parameters.and_then(|held| object::integer(document, held, key));
    let is = |key: &[u8]| parameters.and_then(|held| object::get(document, held, key)?.as_bool().ok());
    let columns = number(b"Columns").unwrap_or(1728);
    if columns != i64::from(picture.width) {
        return None;
    }
    let encoding = match number(b"K").unwrap_or(0) {
        ..0 => EncodingMode::Group4,
        0 => EncodingMode::Group3_1D,
        k => EncodingMode::Group3_2D { k: u32::try_from(k).ok()? },
    };
    let settings = DecodeSettings {
        columns: picture.width,
        rows: picture.height,
        end_of_block: is(b"EndOfBlock").unwrap_or(true),
        end_of_line: is(b"EndOfLine").unwrap_or(false),
        rows_are_byte_aligned: is(b"EncodedByteAlign").unwrap_or(false),
        encoding,
        invert_black: is(b"BlackIs1").unwrap_or(false),
    };
    decode_fax(bytes, settings)
}

/// Decodes fax of group 4 of a size, as it is written here.
pub(super) fn decode_group4(bytes: &[u8], (columns, rows): (u32, u32), black_is_1: bool) -> Option<Bitmap> {
    let settings = DecodeSettings {
        columns,
        rows,
        end_of_block: true,
        end_of_line: false,
        rows_are_byte_aligned: false,
        encoding: EncodingMode::Group4,
        invert_black: black_is_1,
    };
    decode_fax(bytes, settings)
}

fn decode_fax(bytes: &[u8], settings: DecodeSettings) -> Option<Bitmap> {
    let size = (settings.columns, settings.rows);
    let mut rows = Rows::of(size);
    hayro_ccitt::decode(bytes, &mut rows, &mut DecoderContext::new(settings)).ok()?;
    rows.finish(size)
}

fn jbig2(document: &Document, bytes: &[u8], parameters: Option<&Dictionary>, picture: &Picture) -> Option<Bitmap> {
    let globals = match parameters.and_then(|held| object::get(document, held, b"JBIG2Globals")) {
        Some(Object::Stream(globals)) => {
            Some(stream::unpack_within(&filters::outer(document, globals, 0), GLOBALS_BYTES_MAX).ok()?)
        }
        Some(_) | None => None,
    };
    decode_jbig2(bytes, globals.as_deref(), (picture.width, picture.height))
}

/// Decodes JBIG2 of a size, as it stands in a stream.
pub(super) fn decode_jbig2(bytes: &[u8], globals: Option<&[u8]>, size: (u32, u32)) -> Option<Bitmap> {
    let image = hayro_jbig2::Image::new_embedded(bytes, globals).ok()?;
    if (image.width(), image.height()) != size {
        return None;
    }
    let mut rows = Rows::of(size);
    image.decode(&mut rows).ok()?;
    rows.finish(size)
}

//! Pictures that had to be decoded, and their way back into rows that a PDF holds.

use std::{borrow::Cow, io::Write as _};

use flate2::{Compression, write::ZlibEncoder};
use image::{ColorType, ImageDecoder, ImageError};

use crate::{domain::limits, engines::Error};

use super::{
    corrupt,
    picture::{Colours, Filter, Image, Mask},
    profile, unsupported,
};

/// Decoded samples, rows from the top, each row beginning at a byte, samples of 16 bits with the high byte first.
#[derive(Debug)]
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: u8,
    pub(super) colours: Colours,
    /// Samples of one pixel. More than the colours need: the next one is the opacity if `opacity` says so.
    pub(super) samples: u8,
    pub(super) opacity: Opacity,
    pub(super) inverted: bool,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) bytes: Vec<u8>,
}

/// What the first sample after the colours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opacity {
    /// Nothing that is shown.
    None,
    /// The opacity of the pixel.
    Straight,
    /// The same, and the colours were multiplied with it.
    Premultiplied,
}

/// Refuses a picture whose decoding would take more memory than the service has for one.
pub(super) fn check_size(width: u32, height: u32, bytes: u64) -> Result<(), Error> {
    if width == 0 || height == 0 {
        return Err(corrupt("the picture has no pixels"));
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits::PIXELS_MAX || bytes > limits::PIXELS_MAX * 4 {
        let megapixels = limits::PIXELS_MAX >> 20;
        return Err(Error::Limit {
            which: format!("a picture of {width} x {height} pixels; at most {megapixels} Mi are decoded"),
        });
    }
    Ok(())
}

/// The same limits for decoders that allocate by themselves.
pub(super) fn decoder_limits() -> image::Limits {
    let mut decoder_limits = image::Limits::default();
    decoder_limits.max_alloc = Some(limits::PIXELS_MAX * 8);
    decoder_limits
}

/// Decodes a picture by a decoder of the image crate.
pub(super) fn decode(mut decoder: impl ImageDecoder) -> Result<Raster, Error> {
    let (width, height) = decoder.dimensions();
    check_size(width, height, decoder.total_bytes())?;
    decoder.set_limits(decoder_limits()).map_err(failed)?;
    let (colours, samples, bits) = match decoder.color_type() {
        ColorType::L8 => (Colours::Gray, 1, 8),
        ColorType::La8 => (Colours::Gray, 2, 8),
        ColorType::Rgb8 => (Colours::Rgb, 3, 8),
        ColorType::Rgba8 => (Colours::Rgb, 4, 8),
        ColorType::L16 => (Colours::Gray, 1, 16),
        ColorType::La16 => (Colours::Gray, 2, 16),
        ColorType::Rgb16 => (Colours::Rgb, 3, 16),
        ColorType::Rgba16 => (Colours::Rgb, 4, 16),
        other @ (ColorType::Rgb32F | ColorType::Rgba32F | _) => {
            return Err(unsupported(format!("samples of the kind {other:?}")));
        }
    };
    let profile = decoder.icc_profile().ok().flatten();
    let length = usize::try_from(decoder.total_bytes()).map_err(|_| corrupt("the picture is too large"))?;
    let mut bytes = vec![0; length];
    decoder.read_image(&mut bytes).map_err(failed)?;
    if bits == 16 {
        high_byte_first(&mut bytes);
    }
    let opacity = if samples > colours.samples() { Opacity::Straight } else { Opacity::None };
    Ok(Raster { width, height, bits, colours, samples, opacity, inverted: false, profile, bytes })
}

/// Turns samples of 16 bits from this machine's order of bytes into that of PDF.
pub(super) fn high_byte_first(bytes: &mut [u8]) {
    for pair in bytes.as_chunks_mut::<2>().0 {
        *pair = u16::from_ne_bytes(*pair).to_be_bytes();
    }
}

/// Says why a decoder of the image crate gave nothing.
pub(super) fn failed(error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(what) => unsupported(what.to_string()),
        ImageError::Limits(what) => Error::Limit { which: what.to_string() },
        ImageError::Decoding(_) | ImageError::Encoding(_) | ImageError::Parameter(_) | ImageError::IoError(_) => {
            corrupt(format!("the picture cannot be decoded ({error})"))
        }
    }
}

impl Raster {
    /// Packs the samples into one image object, the opacity into its mask.
    pub(super) fn into_image(self) -> Result<Image<'static>, Error> {
        let kept = self.colours.samples();
        let row_bytes = row_bytes(self.width, self.samples, self.bits)?;
        let sample_bytes = usize::from(self.bits.div_ceil(8));
        let mut colour_rows = RowPacker::new(usize::from(kept) * sample_bytes);
        let mut mask_rows = RowPacker::new(sample_bytes);
        // Samples of less than a byte are never followed by an opacity: only whole ones can be taken apart.
        let is_split = self.samples > kept && self.bits >= 8;
        let mut is_opaque = true;
        let (mut colour_row, mut mask_row) = (Vec::new(), Vec::new());
        for row in self.bytes.chunks_exact(row_bytes) {
            if !is_split {
                colour_rows.push(row)?;
                continue;
            }
            colour_row.clear();
            mask_row.clear();
            for pixel in row.chunks_exact(usize::from(self.samples) * sample_bytes) {
                let (colour, rest) = pixel.split_at(usize::from(kept) * sample_bytes);
                colour_row.extend_from_slice(colour);
                mask_row.extend(rest.iter().take(sample_bytes));
            }
            colour_rows.push(&colour_row)?;
            if self.opacity != Opacity::None {
                is_opaque = is_opaque && mask_row.iter().all(|byte| *byte == u8::MAX);
                mask_rows.push(&mask_row)?;
            }
        }
        let has_mask = is_split && self.opacity != Opacity::None && !is_opaque;
        let premultiplied = self.opacity == Opacity::Premultiplied;
        let mask =
            if has_mask { Some(Mask { bits: self.bits, data: mask_rows.finish()?, premultiplied }) } else { None };
        let profile_samples = if matches!(self.colours, Colours::Indexed(_)) { 3 } else { kept };
        Ok(Image {
            width: self.width,
            height: self.height,
            bits: self.bits,
            colours: self.colours,
            profile: self.profile.and_then(|profile| profile::usable(profile, profile_samples)).map(Cow::Owned),
            inverted: self.inverted,
            filter: Filter::Rows,
            data: vec![Cow::Owned(colour_rows.finish()?)],
            mask,
        })
    }
}

/// Bytes of one row of so many pixels.
pub(super) fn row_bytes(width: u32, samples: u8, bits: u8) -> Result<usize, Error> {
    let row_bits = u64::from(width) * u64::from(samples) * u64::from(bits);
    usize::try_from(row_bits.div_ceil(8))
        .ok()
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| corrupt("the picture has no rows"))
}

/// Compresses rows, each by the PNG filter that leaves the least.
struct RowPacker {
    encoder: ZlibEncoder<Vec<u8>>,
    /// Bytes from a sample to the same sample of the pixel before.
    step: usize,
    above: Vec<u8>,
    best: Vec<u8>,
    trial: Vec<u8>,
}

impl RowPacker {
    fn new(step: usize) -> Self {
        let encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        Self { encoder, step, above: Vec::new(), best: Vec::new(), trial: Vec::new() }
    }

    fn push(&mut self, row: &[u8]) -> Result<(), Error> {
        self.above.resize(row.len(), 0);
        let (mut best_kind, mut best_cost) = (0, cost(row));
        for kind in [1, 2, 4] {
            filter(kind, self.step, row, &self.above, &mut self.trial);
            let trial_cost = cost(&self.trial);
            if trial_cost < best_cost {
                (best_kind, best_cost) = (kind, trial_cost);
                std::mem::swap(&mut self.best, &mut self.trial);
            }
        }
        let filtered = if best_kind == 0 { row } else { &self.best };
        self.encoder.write_all(&[best_kind]).and_then(|()| self.encoder.write_all(filtered)).map_err(not_packed)?;
        self.above.copy_from_slice(row);
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>, Error> {
        self.encoder.finish().map_err(not_packed)
    }
}

fn not_packed(source: std::io::Error) -> Error {
    Error::Internal { doing: "compress a picture".to_owned(), source: Some(source) }
}

/// The usual guess of how well a row compresses: the sum of its bytes, taken as signed.
fn cost(row: &[u8]) -> u64 {
    row.iter().map(|byte| u64::from(byte.cast_signed().unsigned_abs())).sum()
}

/// Subtracts from each byte what the PNG filter of that number (1 left, 2 above, 4 Paeth) foretells.
fn filter(kind: u8, step: usize, row: &[u8], above: &[u8], out: &mut Vec<u8>) {
    let lead = step.min(row.len());
    out.clear();
    match kind {
        1 => {
            out.extend(row.iter().take(lead));
            out.extend(row.iter().zip(row.iter().skip(lead)).map(|(left, byte)| byte.wrapping_sub(*left)));
        }
        2 => out.extend(row.iter().zip(above).map(|(byte, up)| byte.wrapping_sub(*up))),
        _ => {
            out.extend(row.iter().zip(above).take(lead).map(|(byte, up)| byte.wrapping_sub(*up)));
            let neighbours = row.iter().zip(above.iter().skip(lead).zip(above));
            out.extend(
                row.iter()
                    .skip(lead)
                    .zip(neighbours)
                    .map(|(byte, (left, (up, corner)))| byte.wrapping_sub(paeth(*left, *up, *corner))),
            );
        }
    }
}

/// Whichever of the three is nearest to `left + up - corner` (PNG, 9.4).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |value: u8| guess.abs_diff(i16::from(value));
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
}

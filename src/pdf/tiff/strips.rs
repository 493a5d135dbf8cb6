//! The samples of a page, packed in strips that can be unpacked one by one.

use fax::{Color, VecWriter, encoder::Encoder};
use serde::{Deserialize, Serialize};
use tiff::encoder::compression::{CompressionAlgorithm as _, Lzw};

use super::{
    samples::{Kind, Samples},
    settings::{Compression, TiffSettings},
};
use crate::pdf::{Error, samples as packed, stream};

/// Bytes of a strip before it is packed, about. Readers hold one strip at a time.
const STRIP_BYTES: usize = 1 << 20;
/// Rows of a strip come in so many, as those of the blocks of a JPEG do.
const ROWS_STEP: usize = 16;

/// A page, packed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Strips {
    pub(super) packing: Packing,
    pub(super) kind: Kind,
    /// Rows of each strip but the last.
    pub(super) rows_each: u16,
    /// Each from the top.
    pub(super) bytes: Vec<Vec<u8>>,
}

/// How the strips of a page are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Packing {
    /// ITU-T T.6.
    G4,
    /// One of those for bytes.
    Bytes(Compression),
}

impl Strips {
    /// Packs a page.
    ///
    /// # Errors
    /// `Limit` when an encoder does not take it.
    pub(super) fn pack(samples: &Samples, settings: &TiffSettings) -> Result<Self, Error> {
        let row_bytes = samples.kind.row_bytes(samples.columns).max(1);
        let rows = (STRIP_BYTES / row_bytes / ROWS_STEP).max(1) * ROWS_STEP;
        let rows_each = u16::try_from(rows).unwrap_or(u16::MAX).min(samples.rows);
        let packing = match samples.kind {
            Kind::Bitonal => Packing::G4,
            Kind::Grey | Kind::Rgb => Packing::Bytes(settings.compression),
        };
        let strips = samples.bytes.chunks(row_bytes * usize::from(rows_each.max(1)));
        let bytes = strips.map(|strip| match packing {
            Packing::G4 => Ok(g4(strip, samples.columns)),
            Packing::Bytes(Compression::Deflate) => Ok(stream::pack(&predicted(strip, samples))),
            Packing::Bytes(Compression::Lzw) => lzw(&predicted(strip, samples)),
            Packing::Bytes(Compression::Jpeg) => jpeg(strip, samples, settings.jpeg_quality.get()),
        });
        Ok(Self { packing, kind: samples.kind, rows_each, bytes: bytes.collect::<Result<_, _>>()? })
    }
}

/// Packs rows of bits.
fn g4(strip: &[u8], columns: u16) -> Vec<u8> {
    let mut encoder = Encoder::new(VecWriter::new());
    for row in strip.chunks(usize::from(columns).div_ceil(8).max(1)) {
        let bits = row.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1));
        let pixels = bits.map(|bit| if bit == 1 { Color::Black } else { Color::White });
        // Writing to memory has no way to fail.
        let Ok(()) = encoder.encode_line(pixels.take(usize::from(columns)), columns);
    }
    let Ok(written) = encoder.finish();
    written.finish()
}

/// Each sample as its difference from the one before it in the row (TIFF 6.0, section 14).
fn predicted(strip: &[u8], samples: &Samples) -> Vec<u8> {
    let step = if samples.kind == Kind::Rgb { 3 } else { 1 };
    let mut predicted = Vec::with_capacity(strip.len());
    for row in strip.chunks(samples.kind.row_bytes(samples.columns).max(1)) {
        let before = std::iter::repeat_n(&0, step).chain(row);
        predicted.extend(row.iter().zip(before).map(|(sample, before)| sample.wrapping_sub(*before)));
    }
    predicted
}

fn lzw(strip: &[u8]) -> Result<Vec<u8>, Error> {
    let mut packed = Vec::new();
    Lzw.write_to(&mut packed, strip).map_err(|error| Error::limit(format!("a strip that LZW packs ({error})")))?;
    Ok(packed)
}

/// A strip as a JPEG of its own (TIFF Technical Note 2).
fn jpeg(strip: &[u8], samples: &Samples, quality: u8) -> Result<Vec<u8>, Error> {
    let components = if samples.kind == Kind::Rgb { 3 } else { 1 };
    let row_bytes = samples.kind.row_bytes(samples.columns).max(1);
    let rows = u32::try_from(strip.len() / row_bytes).unwrap_or(u32::MAX);
    packed::jpeg(strip, (u32::from(samples.columns), rows), components, quality)
        .map_err(|error| Error::limit(format!("a strip that JPEG packs ({error})")))
}

//! Ways to pack the samples of an image.

use std::collections::{BTreeSet, HashMap};

use fax::{Color, VecWriter, encoder::Encoder as FaxEncoder};
use jpeg_encoder::{ColorType, Encoder as JpegEncoder};
use lopdf::{Dictionary, Object, StringFormat, dictionary};

use super::{
    jbig2,
    pixels::{self, Bitmap, Raster},
};
use crate::pdf::{
    object,
    samples::{PREDICTOR, bits_for, narrow, predict},
    stream,
};

/// Most colours of a palette.
const COLOURS_MAX: usize = 256;

/// What packs without loss to one part in so many is a drawing, which JPEG would blur: photos pack to a third at best.
const DRAWING_RATIO: usize = 6;

/// A JPEG has to be at most so many hundredths of what packs without loss.
const JPEG_SHARE: usize = 70;

/// Samples, packed.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
    pub(super) filter: &'static str,
    pub(super) parameters: Option<Dictionary>,
    /// Bits of a sample.
    pub(super) bits: u8,
    /// The colour space where it is another than before.
    pub(super) space: Option<Object>,
    pub(super) is_lossy: bool,
}

/// What may be done to a raster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways<'a> {
    /// The quality of JPEG, where that may be.
    pub(super) quality: Option<u8>,
    /// The space of its colours, where they may be put into a palette.
    pub(super) palette_of: Option<&'a Object>,
    /// Whether samples are amounts, so that those of fewer bits mean the same.
    pub(super) is_amount: bool,
}

/// Packs bits: the smallest of what each format makes.
pub(super) fn bits(bitmap: &Bitmap) -> Packed {
    let mut best = flate(&bitmap.rows, Bitmap::row_bytes(bitmap.width), 1, 1, false, bitmap.width);
    for packed in [jbig2(bitmap), fax(bitmap)].into_iter().flatten() {
        if packed.bytes.len() < best.bytes.len() {
            best = packed;
        }
    }
    best
}

/// JBIG2, read back to be sure.
fn jbig2(bitmap: &Bitmap) -> Option<Packed> {
    let bytes = jbig2::write(bitmap);
    let is_same = pixels::decode_jbig2(&bytes, None, (bitmap.width, bitmap.height)).as_ref() == Some(bitmap);
    is_same.then_some(Packed { bytes, filter: "JBIG2Decode", parameters: None, bits: 1, space: None, is_lossy: false })
}

/// Fax of group 4, read back to be sure.
fn fax(bitmap: &Bitmap) -> Option<Packed> {
    let width = u16::try_from(bitmap.width).ok()?;
    // The paper is what there is more of: lines are counted from white.
    let ones: u64 = bitmap.rows.iter().map(|byte| u64::from(byte.count_ones())).sum();
    let black_is_1 = ones * 2 < u64::from(bitmap.width) * u64::from(bitmap.height);
    let mut encoder = FaxEncoder::new(VecWriter::new());
    for row in bitmap.bits() {
        let row = row.map(|bit| if bit == black_is_1 { Color::Black } else { Color::White });
        let Ok(()) = encoder.encode_line(row, width);
    }
    let Ok(writer) = encoder.finish();
    let bytes = writer.finish();
    if pixels::decode_group4(&bytes, (bitmap.width, bitmap.height), black_is_1).as_ref() != Some(bitmap) {
        return None;
    }
    let mut parameters = dictionary! {
        "K" => -1, "Columns" => i64::from(bitmap.width), "Rows" => i64::from(bitmap.height),
    };
    if black_is_1 {
        parameters.set("BlackIs1", true);
    }
    Some(Packed {
        bytes,
        filter: "CCITTFaxDecode",
        parameters: Some(parameters),
        bits: 1,
        space: None,
        is_lossy: false,
    })
}

/// Packs amounts or places in a palette: without loss, or as JPEG where that is much smaller and the picture is a photo.
pub(super) fn shades(raster: &Raster, ways: Ways<'_>) -> Packed {
    let palette = ways.palette_of.and_then(|space| Some((space, palette(raster)?)));
    let is_drawing = palette.is_some();
    let lossless = match palette {
        Some((space, colours)) => indexed(raster, space, &colours),
        None => plain(raster, ways.is_amount),
    };
    let Some(quality) = ways.quality.filter(|_| !is_drawing) else { return lossless };
    if lossless.bytes.len() < raster.samples.len() / DRAWING_RATIO {
        return lossless;
    }
    match jpeg(raster, quality) {
        Some(jpeg) if jpeg.bytes.len() < lossless.bytes.len() / 100 * JPEG_SHARE => jpeg,
        Some(_) | None => lossless,
    }
}

/// Packs amounts as JPEG; `None` for a number of channels that it does not have.
pub(super) fn jpeg(raster: &Raster, quality: u8) -> Option<Packed> {
    let (width, height) = (u16::try_from(raster.width).ok()?, u16::try_from(raster.height).ok()?);
    let kind = match raster.channels {
        1 => ColorType::Luma,
        3 => ColorType::Rgb,
        4 => ColorType::Cmyk,
        _ => return None,
    };
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes, quality);
    encoder.set_progressive(true);
    if kind == ColorType::Cmyk {
        // It writes inks upside down, as some programs do; the format takes samples for what they are.
        let inverted: Vec<u8> = raster.samples.iter().map(|ink| !ink).collect();
        encoder.encode(&inverted, width, height, kind).ok()?;
    } else {
        encoder.encode(&raster.samples, width, height, kind).ok()?;
    }
    Some(Packed { bytes, filter: "DCTDecode", parameters: None, bits: 8, space: None, is_lossy: true })
}

/// Packs amounts or places without loss.
pub(super) fn plain(raster: &Raster, is_amount: bool) -> Packed {
    let width = usize::try_from(raster.width).unwrap_or(0);
    let bits = if raster.channels > 1 { 8 } else { bits_of(&raster.samples, is_amount) };
    let samples = if bits == 8 {
        None
    } else {
        let factor = if is_amount { u8::MAX / (u8::MAX >> (8 - bits)) } else { 1 };
        let places: Vec<u8> = raster.samples.iter().map(|sample| sample / factor).collect();
        Some(narrow(&places, width, bits))
    };
    let row_bytes = (width * usize::from(raster.channels) * usize::from(bits)).div_ceil(8);
    let is_amount = is_amount && bits == 8;
    flate(samples.as_deref().unwrap_or(&raster.samples), row_bytes, raster.channels, bits, is_amount, raster.width)
}

/// How few bits the samples of one channel fit into.
fn bits_of(samples: &[u8], is_amount: bool) -> u8 {
    if is_amount {
        let fits = |step: u8| samples.iter().all(|sample| sample % step == 0);
        return [(u8::MAX, 1), (85, 2), (17, 4)].into_iter().find(|(step, _)| fits(*step)).map_or(8, |(_, bits)| bits);
    }
    bits_for(samples.iter().max().map_or(1, |highest| usize::from(*highest) + 1))
}

/// The colours of a raster when they fit into a palette.
fn palette(raster: &Raster) -> Option<Vec<&[u8]>> {
    let mut colours: BTreeSet<&[u8]> = BTreeSet::new();
    let mut last: &[u8] = &[];
    for pixel in raster.samples.chunks_exact(usize::from(raster.channels)) {
        // Most pixels are like the one before.
        if pixel != last {
            last = pixel;
            colours.insert(pixel);
            if colours.len() > COLOURS_MAX {
                return None;
            }
        }
    }
    Some(colours.into_iter().collect())
}

/// Packs places in a palette.
fn indexed(raster: &Raster, space: &Object, colours: &[&[u8]]) -> Packed {
    let places: HashMap<&[u8], u8> = colours.iter().copied().zip(0..=u8::MAX).collect();
    let pixels = raster.samples.chunks_exact(usize::from(raster.channels));
    let samples = pixels.map(|pixel| places.get(pixel).copied().unwrap_or_default()).collect();
    let last = i64::try_from(colours.len().saturating_sub(1)).unwrap_or(0);
    let table = Object::String(colours.concat(), StringFormat::Hexadecimal);
    let space = vec![object::named("Indexed"), space.clone(), last.into(), table];
    let mut packed = plain(&Raster { channels: 1, samples, ..*raster }, false);
    packed.space = Some(space.into());
    packed
}

/// Packs rows by Flate, with the predictors of PNG where these help.
fn flate(rows: &[u8], row_bytes: usize, channels: u8, bits: u8, is_amount: bool, columns: u32) -> Packed {
    let bare = stream::pack_best(rows);
    let predicted = stream::pack_best(&predict(rows, row_bytes.max(1), usize::from(channels), is_amount));
    let mut packed =
        Packed { bytes: bare, filter: "FlateDecode", parameters: None, bits, space: None, is_lossy: false };
    if predicted.len() < packed.bytes.len() {
        let mut parameters = Dictionary::new();
        parameters.set("Predictor", PREDICTOR);
        parameters.set("Colors", i64::from(channels));
        parameters.set("BitsPerComponent", i64::from(bits));
        parameters.set("Columns", i64::from(columns));
        (packed.bytes, packed.parameters) = (predicted, Some(parameters));
    }
    packed
}

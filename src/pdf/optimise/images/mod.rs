//! Images: fewer pixels where there are more than anyone sees, and packed in the way that is smallest.
//!
//! ```text
//! dictionary ─► [picture] ─► samples ([pixels]) ─► fewer ([scale]) ─► packed ([encode]) ─► taken when smaller
//! ```
//!
//! What stays as it is: images of which a decoder makes nothing, with a colour key, with alpha inside JPEG 2000, and every
//! image that would not become smaller by [`GAIN_MIN`]. Colours are never converted: samples keep their space, but for a
//! palette that is taken apart or made. No JPEG 2000 is written, since no encoder in Rust is kept up.

mod encode;
mod jbig2;
mod picture;
mod pixels;
mod scale;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Document, Object, ObjectId, Stream};

use self::{
    encode::{Packed, Ways},
    picture::{Codec, Picture, Space},
    pixels::{Pixels, Raster},
};
use super::{Figures, ImageSettings, OptimiseSettings, drawn::Size};
use crate::pdf::{object, samples::narrow, validate::Part};

/// Hundredths of its bytes that an image has to become smaller by.
const GAIN_MIN: usize = 5;

/// The same for an image that loses anew what it lost before, and keeps its size.
const GAIN_MIN_AGAIN: usize = 30;

/// Most pixels that are unpacked of one document; images after that stay as they are.
const PIXELS_TOTAL_MAX: u64 = 1 << 30;

/// Images with a side of fewer pixels keep their size: strips of a picture would no longer meet.
const SIDE_MIN: u32 = 64;

/// The quality of JPEG for soft masks, at least: edges of what shows through are seen.
const MASK_QUALITY_MIN: u8 = 85;

/// The quality for images that have to leave JPEG 2000, when the settings name none.
const FORCED_QUALITY: u8 = 92;

/// How many points an inch has.
const POINTS: f32 = 72.0;

/// Makes all images smaller; `drawn` are those that pages show.
pub(super) fn shrink(
    document: &mut Document,
    settings: &OptimiseSettings,
    drawn: &BTreeMap<ObjectId, Size>,
    figures: &mut Figures,
) {
    let masks = soft_masks(document);
    let mut pixels_left = PIXELS_TOTAL_MAX;
    for id in object::ids(document) {
        let Some(Object::Stream(held)) = document.objects.get(&id) else { continue };
        if object::name(document, &held.dict, b"Subtype") != Some(b"Image") || held.dict.has_type(b"Metadata") {
            continue;
        }
        figures.images += 1;
        let before = held.content.len();
        let Some(picture) = Picture::read(document, held) else { continue };
        let area = u64::from(picture.width) * u64::from(picture.height);
        let Some(left) = pixels_left.checked_sub(area) else { continue };
        pixels_left = left;
        let job = Job {
            document,
            held,
            picture: &picture,
            settings,
            size: drawn.get(&id).copied(),
            is_mask: masks.contains(&id),
        };
        let Some(done) = job.run() else { continue };
        figures.images_resampled += usize::from(done.size != (picture.width, picture.height));
        figures.images_repacked += 1;
        figures.image_bytes_saved += before.saturating_sub(done.packed.bytes.len());
        if let Some(Object::Stream(held)) = document.objects.get_mut(&id) {
            replace(held, done, picture.is_stencil);
        }
    }
}

/// The images that say how much of others shows.
fn soft_masks(document: &Document) -> BTreeSet<ObjectId> {
    let masks = document.objects.values().filter_map(|held| held.as_stream().ok()?.dict.get(b"SMask").ok());
    masks.filter_map(|mask| object::target(document, mask)).collect()
}

/// An image that was made smaller.
struct Done {
    size: (u32, u32),
    packed: Packed,
}

/// Puts new samples into an image.
fn replace(held: &mut Stream, done: Done, is_stencil: bool) {
    let Done { size: (width, height), packed } = done;
    held.dict.set("Width", i64::from(width));
    held.dict.set("Height", i64::from(height));
    held.dict.set("BitsPerComponent", i64::from(packed.bits));
    held.dict.set("Filter", object::named(packed.filter));
    match packed.parameters {
        Some(parameters) => held.dict.set("DecodeParms", parameters),
        None => drop(held.dict.remove(b"DecodeParms")),
    }
    if let Some(space) = packed.space.filter(|_| !is_stencil) {
        held.dict.set("ColorSpace", space);
    }
    held.set_content(packed.bytes);
}

/// One image, and what is known of it.
struct Job<'a> {
    document: &'a Document,
    held: &'a Stream,
    picture: &'a Picture,
    settings: &'a OptimiseSettings,
    /// How large it is drawn; `None` when no page shows it.
    size: Option<Size>,
    /// Whether it is a soft mask.
    is_mask: bool,
}

impl Job<'_> {
    fn run(&self) -> Option<Done> {
        if self.picture.has_colour_key || self.is_packed_best() {
            return None;
        }
        let (pixels, told) = pixels::unpack(self.document, self.held, self.picture, self.settings.reduce_depth)?;
        let space = self.picture.space.as_ref().or(told.as_ref())?;
        let done = match pixels {
            Pixels::Bits(bitmap) if matches!(space, Space::Palette { .. }) => self.palette_bits(bitmap, space),
            Pixels::Bits(bitmap) => self.bits(bitmap),
            Pixels::Shades(raster) => self.shades(raster, space),
        }?;
        // The dictionary of a JPEG 2000 may leave the colours to the data, which are gone then.
        let space = told.and_then(|told| named(&told)).map(object::named);
        let done = Done { packed: Packed { space: done.packed.space.or(space), ..done.packed }, ..done };
        (self.must_change() || self.is_gain(&done)).then_some(done)
    }

    /// Whether nothing packs it smaller in the size that it keeps: an encoder of JBIG2 that knows symbols was at work.
    fn is_packed_best(&self) -> bool {
        let OptimiseSettings { bitonal_images, colour_images, .. } = self.settings;
        let (dpi, threshold_dpi) = match self.picture.space {
            Some(Space::Palette { .. }) => (colour_images.dpi, colour_images.threshold_dpi),
            Some(Space::Amounts(_) | Space::Special(_)) | None => (bitonal_images.dpi, bitonal_images.threshold_dpi),
        };
        self.picture.codec == Codec::Jbig2 && self.target(dpi, threshold_dpi).is_none()
    }

    /// Whether the image may not stay as it is: part 1 of PDF/A has no JPEG 2000 (ISO 19005-1, 6.1.10).
    fn must_change(&self) -> bool {
        self.settings.part == Some(Part::One) && self.picture.codec == Codec::Jpeg2000
    }

    /// Whether it became smaller by enough.
    fn is_gain(&self, done: &Done) -> bool {
        let was_lossy = matches!(self.picture.codec, Codec::Jpeg | Codec::Jpeg2000);
        let is_same_size = done.size == (self.picture.width, self.picture.height);
        let gain = if was_lossy && done.packed.is_lossy && is_same_size { GAIN_MIN_AGAIN } else { GAIN_MIN };
        let after = done.packed.bytes.len() + extra(&done.packed);
        after.saturating_mul(100) <= self.held.content.len().saturating_mul(100 - gain)
    }

    /// The size in pixels that an image is brought to.
    fn target(&self, dpi: Option<u16>, threshold_dpi: u16) -> Option<(u32, u32)> {
        let (dpi, Size::Points(across, up)) = (f32::from(dpi?), self.size?) else { return None };
        let (width, height) = (self.picture.width, self.picture.height);
        let is_apt = self.picture.may_shrink && width.min(height) >= SIDE_MIN && across > 0.0 && up > 0.0;
        let resolution = (pixels(width) * POINTS / across).min(pixels(height) * POINTS / up);
        if !is_apt || !resolution.is_finite() || resolution <= f32::from(threshold_dpi).max(dpi) {
            return None;
        }
        let shrunk = |side: u32| whole((pixels(side) * dpi / resolution).ceil()).clamp(1, side);
        Some((shrunk(width), shrunk(height)))
    }

    fn bits(&self, bitmap: pixels::Bitmap) -> Option<Done> {
        let settings = &self.settings.bitonal_images;
        let target = self.target(settings.dpi, settings.threshold_dpi);
        let scaled = target
            .and_then(|(width, height)| scale::bitmap(&bitmap, width, height, self.picture.ink_is_1))
            .or_else(|| settings.recompress.then_some(bitmap))?;
        Some(Done { size: (scaled.width, scaled.height), packed: encode::bits(&scaled) })
    }

    /// Two colours of a palette are scaled as colours, else packed as bits.
    fn palette_bits(&self, bitmap: pixels::Bitmap, space: &Space) -> Option<Done> {
        let settings = &self.settings.colour_images;
        if self.target(settings.dpi, settings.threshold_dpi).is_some() {
            let samples = bitmap.bits().flatten().map(u8::from).collect();
            let raster = Raster { width: bitmap.width, height: bitmap.height, channels: 1, samples };
            return self.shades(raster, space);
        }
        let repacked = self.settings.bitonal_images.recompress.then(|| encode::bits(&bitmap))?;
        Some(Done { size: (bitmap.width, bitmap.height), packed: repacked })
    }

    /// The quality of JPEG that the image may be packed with.
    fn quality(&self, settings: &ImageSettings) -> Option<u8> {
        // What nobody sees is not made worse.
        let wished = settings.jpeg_quality.filter(|_| self.size.is_some());
        let apt = if self.is_mask { wished.map(|quality| quality.max(MASK_QUALITY_MIN)) } else { wished };
        if self.must_change() { apt.or(Some(FORCED_QUALITY)) } else { apt }
    }

    fn shades(&self, raster: Raster, space: &Space) -> Option<Done> {
        let is_grey = matches!(space, Space::Amounts(1));
        let settings = if is_grey { &self.settings.grey_images } else { &self.settings.colour_images };
        let target = self.target(settings.dpi, settings.threshold_dpi);
        let was_lossy = matches!(self.picture.codec, Codec::Jpeg | Codec::Jpeg2000);
        let quality = self.quality(settings);
        if was_lossy && target.is_none() && quality.is_none() {
            return None;
        }
        let written = self.held.dict.get(b"ColorSpace").ok();
        let (raster, space, own) = match (space, target) {
            (Space::Palette { base, channels, table }, Some(_))
                if *channels > 0
                    && !self.picture.is_remapped
                    && raster.samples.len() <= pixels::SAMPLES_BYTES_MAX / usize::from(*channels) =>
            {
                (expanded(&raster, *channels, table), Space::Amounts(*channels), Some(base))
            }
            (space, _) => (raster, space.clone(), written),
        };
        let scaled = match (target, &space) {
            (Some((width, height)), Space::Amounts(_)) => scale::raster(&raster, width, height).unwrap_or(raster),
            _ => raster,
        };
        let is_amount = matches!(space, Space::Amounts(_));
        let is_bare = !self.picture.is_remapped && !self.is_mask;
        let ways = Ways {
            quality: quality.filter(|_| is_amount),
            palette_of: own.filter(|_| is_bare && is_amount && scaled.channels > 1),
            is_amount,
        };
        // Losses that were made before foretell that the rest is a photo.
        let packed = match ways.quality.filter(|_| was_lossy).and_then(|quality| encode::jpeg(&scaled, quality)) {
            Some(packed) => packed,
            None => self.lossless_or_jpeg(&scaled, ways),
        };
        let changed = matches!(self.picture.space, Some(Space::Palette { .. })) && is_amount;
        let space = packed.space.or_else(|| own.filter(|_| changed).cloned());
        Some(Done { size: (scaled.width, scaled.height), packed: Packed { space, ..packed } })
    }

    /// Shades that are all black or white are packed as bits.
    fn lossless_or_jpeg(&self, raster: &Raster, ways: Ways<'_>) -> Packed {
        let is_extreme =
            raster.channels == 1 && ways.is_amount && raster.samples.iter().all(|it| matches!(it, 0 | 255));
        if !is_extreme {
            return encode::shades(raster, ways);
        }
        let places: Vec<u8> = raster.samples.iter().map(|sample| sample & 1).collect();
        let width = usize::try_from(raster.width).unwrap_or(0);
        let rows = narrow(&places, width, 1);
        encode::bits(&pixels::Bitmap { width: raster.width, height: raster.height, rows })
    }
}

/// The colours that places in a palette stand for.
fn expanded(raster: &Raster, channels: u8, table: &[u8]) -> Raster {
    let step = usize::from(channels);
    let black = vec![0; step];
    let colour = |place: &u8| {
        let at = usize::from(*place) * step;
        table.get(at..at + step).unwrap_or(&black)
    };
    let samples = raster.samples.iter().flat_map(colour).copied().collect();
    Raster { channels, samples, ..*raster }
}

/// The name of a space that JPEG 2000 told.
fn named(space: &Space) -> Option<&'static str> {
    match space {
        Space::Amounts(1) => Some("DeviceGray"),
        Space::Amounts(3) => Some("DeviceRGB"),
        Space::Amounts(_) | Space::Special(_) | Space::Palette { .. } => None,
    }
}

/// Bytes that packing in a way costs in the dictionary: three for each byte of a palette in hexadecimal, less packed.
fn extra(packed: &Packed) -> usize {
    let parameters = if packed.parameters.is_some() { 40 } else { 0 };
    let palette =
        packed.space.as_ref().and_then(|space| space.as_array().ok()?.last()?.as_str().ok()).map_or(0, <[u8]>::len);
    parameters + palette
}

#[expect(clippy::cast_precision_loss, reason = "a side has at most 16 bits")]
fn pixels(side: u32) -> f32 {
    side as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side that shrank has at most 16 bits")]
fn whole(side: f32) -> u32 {
    side.clamp(1.0, 65_535.0) as u32
}

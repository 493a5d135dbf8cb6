//! Strips that go into the PDF as they are, each as a band of its page.

use std::borrow::Cow;

use crate::{
    domain::{Event, EventCode},
    engines::Error,
};

use super::{
    super::{
        corrupt, jpeg,
        picture::{Colours, Filter, Image},
        profile, unsupported,
    },
    BITS_PER_SAMPLE, COMPRESSION, FILL_ORDER, ICC_PROFILE, JPEG_TABLES, PHOTOMETRIC, PLANAR_CONFIGURATION, Page,
    ROWS_PER_STRIP, SAMPLES_PER_PIXEL, STRIP_BYTE_COUNTS, STRIP_OFFSETS, T4_OPTIONS, compression, photometric,
};

/// One strip of a page.
struct Strip<'a> {
    rows: u32,
    bytes: &'a [u8],
    is_whole: bool,
}

impl<'a> Page<'a> {
    /// Fax strips as bands.
    pub(super) fn fax_bands(&self, events: &mut Vec<Event>) -> Result<Vec<Image<'a>>, Error> {
        if self.number(BITS_PER_SAMPLE, 1) != 1 || self.number(SAMPLES_PER_PIXEL, 1) != 1 {
            return Err(corrupt("a fax page of the TIFF file has more than black and white"));
        }
        let options = self.number(T4_OPTIONS, 0);
        if options & 2 != 0 {
            return Err(unsupported("uncompressed mode of fax coding"));
        }
        let (k, byte_aligned) = match self.number(COMPRESSION, 1) {
            compression::HUFFMAN => (0, true),
            compression::FAX_3 => (i8::from(options & 1 != 0), false),
            _ => (-1, false),
        };
        let black_is_1 = self.number(PHOTOMETRIC, photometric::WHITE_IS_ZERO) == photometric::BLACK_IS_ZERO;
        let is_reversed = self.number(FILL_ORDER, 1) == 2;
        let strips = self.strips()?;
        if strips.iter().any(|strip| !strip.is_whole) {
            let message = "The TIFF file is cut off; what is left of it is shown.";
            events.push(Event::warning(EventCode::CorruptionRepaired, message));
        }
        let band = |strip: Strip<'a>| {
            let data = if is_reversed {
                Cow::Owned(strip.bytes.iter().map(|byte| byte.reverse_bits()).collect())
            } else {
                Cow::Borrowed(strip.bytes)
            };
            self.band(strip.rows, Colours::Gray, 1, Filter::Fax { k, byte_aligned, black_is_1 }, vec![data])
        };
        Ok(strips.into_iter().map(band).collect())
    }

    /// JPEG strips as bands, if a PDF can hold all of them.
    pub(super) fn jpeg_bands(&self) -> Option<Vec<Image<'a>>> {
        let (colours, colour_transform) = match self.number(PHOTOMETRIC, photometric::YCBCR) {
            photometric::BLACK_IS_ZERO => (Colours::Gray, None),
            photometric::RGB => (Colours::Rgb, Some(false)),
            photometric::YCBCR => (Colours::Rgb, Some(true)),
            photometric::CMYK => (Colours::Cmyk, Some(false)),
            _ => return None,
        };
        let is_chunky = self.number(PLANAR_CONFIGURATION, 1) == 1;
        let has_samples = self.number(SAMPLES_PER_PIXEL, 1) == u64::from(colours.samples());
        if !self.has_strips() || !is_chunky || !has_samples {
            return None;
        }
        // All strips share their tables, which stand between marks of their own.
        let tables =
            self.block.bytes_of(&self.directory, JPEG_TABLES).and_then(|tables| tables.strip_suffix(&[0xff, 0xd9]));
        let mut bands = Vec::new();
        for strip in self.strips().ok()? {
            let headers = jpeg::Headers::read(strip.bytes).ok()?;
            let frame = headers.checked_frame().ok()?;
            if !strip.is_whole || frame.width != self.width || frame.height != strip.rows {
                return None;
            }
            let data = match tables {
                Some(tables) => vec![Cow::Borrowed(tables), Cow::Borrowed(strip.bytes.get(2..)?)],
                None => vec![Cow::Borrowed(strip.bytes)],
            };
            bands.push(self.band(strip.rows, colours.clone(), 8, Filter::Jpeg { colour_transform }, data));
        }
        Some(bands)
    }

    fn band(&self, rows: u32, colours: Colours, bits: u8, filter: Filter, data: Vec<Cow<'a, [u8]>>) -> Image<'a> {
        let profile = self.block.bytes_of(&self.directory, ICC_PROFILE);
        Image {
            width: self.width,
            height: rows,
            bits,
            profile: profile.and_then(|bytes| profile::usable(bytes, colours.samples())).map(Cow::Borrowed),
            colours,
            inverted: false,
            filter,
            data,
            mask: None,
        }
    }

    /// The strips from the top down; of those that reach past the end of the file, what is left.
    fn strips(&self) -> Result<Vec<Strip<'a>>, Error> {
        let broken = || corrupt("a page of the TIFF file has no valid list of strips");
        let offsets = self.directory.find(STRIP_OFFSETS).ok_or_else(broken)?;
        let counts = self.directory.find(STRIP_BYTE_COUNTS);
        let rows_per_strip = self.number(ROWS_PER_STRIP, u64::from(self.height));
        let rows_per_strip = u32::try_from(rows_per_strip).unwrap_or(u32::MAX).clamp(1, self.height);
        let mut strips = Vec::new();
        let mut top = 0;
        while top < self.height {
            let index = strips.len() as u64;
            let at = self.block.unsigned(&offsets, index).and_then(|at| usize::try_from(at).ok()).ok_or_else(broken)?;
            let left = self.bytes.get(at..).unwrap_or_default();
            let length = counts.and_then(|counts| self.block.unsigned(&counts, index)).unwrap_or(left.len() as u64);
            let length = usize::try_from(length).map_err(|_| broken())?;
            let rows = rows_per_strip.min(self.height - top);
            let bytes = left.get(..length).unwrap_or(left);
            strips.push(Strip { rows, bytes, is_whole: bytes.len() == length });
            top += rows;
        }
        if strips.iter().all(|strip| strip.bytes.is_empty()) { Err(broken()) } else { Ok(strips) }
    }
}

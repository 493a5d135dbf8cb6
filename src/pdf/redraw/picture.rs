//! A drawn page as an image object: small, and without loss where that is possible.
//!
//! | pixels | image |
//! | --- | --- |
//! | up to 256 colours | indexed with 1, 2, 4 or 8 bits, or grey where more bits would be the same |
//! | shades of grey | grey |
//! | any others | true colour |
//!
//! Each is packed by Flate with the predictors of PNG where they help, unless a JPEG of high quality is much smaller.

use std::collections::HashMap;

use hayro::vello_cpu::Pixmap;
use lopdf::{Document, Object, ObjectId, Stream, StringFormat, dictionary};

use crate::pdf::{
    Error, object,
    profiles::{self, Device},
    samples::{self, JPEG_GAIN, JPEG_QUALITY, LOSSLESS_BYTES, bits_for, narrow, predict},
    stream,
};

/// Most colours of a palette.
const COLOURS_MAX: usize = 256;

/// The colour spaces that the pictures of a document share, added when the first picture asks for them.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    grey: Option<ObjectId>,
    rgb: Option<ObjectId>,
}

impl Spaces {
    fn of(&mut self, document: &mut Document, device: Device) -> Object {
        let slot = if device == Device::Gray { &mut self.grey } else { &mut self.rgb };
        Object::Reference(*slot.get_or_insert_with(|| profiles::add_space(document, device)))
    }
}

/// A picture, packed.
#[derive(Debug)]
pub(super) struct Picture {
    width: u16,
    height: u16,
    colours: Colours,
    bits: u8,
    is_jpeg: bool,
    bytes: Vec<u8>,
}

/// What its samples stand for.
#[derive(Debug)]
enum Colours {
    Grey,
    Rgb,
    /// Places in a palette.
    Palette(Vec<[u8; 3]>),
}

/// Packs what was drawn on white paper.
///
/// # Errors
/// `Corrupt` when it has no pixels.
pub(super) fn pack(drawn: &Pixmap) -> Result<Picture, Error> {
    let (width, height) = (drawn.width(), drawn.height());
    let pixels = drawn.data().iter().map(|pixel| [pixel.r, pixel.g, pixel.b]);
    let rows = usize::from(height);
    if width == 0 || rows == 0 {
        return Err(Error::corrupt("a page has no area"));
    }
    let survey = Survey::of(pixels.clone());
    let (colours, bits, samples) = match survey.palette {
        Some(palette) if palette.len() <= 16 || !survey.is_grey => {
            let bits = bits_for(palette.len());
            let places: HashMap<[u8; 3], u8> = palette.iter().copied().zip(0..=u8::MAX).collect();
            let samples: Vec<u8> = pixels.map(|pixel| places.get(&pixel).copied().unwrap_or_default()).collect();
            (Colours::Palette(palette), bits, narrow(&samples, usize::from(width), bits))
        }
        Some(_) | None if survey.is_grey => (Colours::Grey, 8, pixels.map(|[shade, ..]| shade).collect()),
        Some(_) | None => (Colours::Rgb, 8, pixels.flatten().collect()),
    };
    let step = if matches!(colours, Colours::Rgb) { 3 } else { 1 };
    // Places in a palette are no amounts: what is beside them foretells nothing. Of the shades of text, on paper that is
    // white for the most part, it foretells less than what repeats: 2 to 9 % of the size, measured on three pages.
    let is_amount = matches!(colours, Colours::Rgb);
    let lossless = stream::pack(&predict(&samples, samples.len() / rows, step, is_amount));
    let mut picture = Picture { width, height, colours, bits, is_jpeg: false, bytes: lossless };
    if picture.bytes.len() > LOSSLESS_BYTES && bits == 8 {
        picture.prefer_jpeg(drawn, samples)?;
    }
    Ok(picture)
}

impl Picture {
    /// Takes a JPEG when it is much smaller.
    fn prefer_jpeg(&mut self, drawn: &Pixmap, samples: Vec<u8>) -> Result<(), Error> {
        let (samples, components, colours) = match self.colours {
            Colours::Grey => (samples, 1, Colours::Grey),
            Colours::Rgb => (samples, 3, Colours::Rgb),
            Colours::Palette(_) => {
                let samples = drawn.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
                (samples, 3, Colours::Rgb)
            }
        };
        let size = (u32::from(self.width), u32::from(self.height));
        let bytes = samples::jpeg(&samples, size, components, JPEG_QUALITY)
            .map_err(|error| Error::limit(format!("a page that is no picture ({error})")))?;
        if bytes.len() * JPEG_GAIN < self.bytes.len() {
            (self.colours, self.is_jpeg, self.bytes) = (colours, true, bytes);
        }
        Ok(())
    }

    /// Adds it to a document.
    pub(super) fn add(self, document: &mut Document, spaces: &mut Spaces) -> ObjectId {
        let step = if matches!(self.colours, Colours::Rgb) { 3 } else { 1 };
        let space = match self.colours {
            Colours::Grey => spaces.of(document, Device::Gray),
            Colours::Rgb => spaces.of(document, Device::Rgb),
            Colours::Palette(palette) => {
                let last = i64::try_from(palette.len().saturating_sub(1)).unwrap_or(0);
                let table = Object::String(palette.concat(), StringFormat::Hexadecimal);
                vec![object::named("Indexed"), spaces.of(document, Device::Rgb), last.into(), table].into()
            }
        };
        let mut dictionary = dictionary! {
            "Type" => "XObject", "Subtype" => "Image", "Width" => i64::from(self.width),
            "Height" => i64::from(self.height), "ColorSpace" => space, "BitsPerComponent" => i64::from(self.bits),
            "Filter" => if self.is_jpeg { "DCTDecode" } else { "FlateDecode" },
        };
        if !self.is_jpeg {
            dictionary.set("DecodeParms", samples::parameters(step, self.bits, u32::from(self.width)));
        }
        object::add(document, Stream::new(dictionary, self.bytes).with_compression(false))
    }
}

/// What colours there are.
struct Survey {
    /// All of them, when they fit into a palette.
    palette: Option<Vec<[u8; 3]>>,
    is_grey: bool,
}

impl Survey {
    fn of(pixels: impl Iterator<Item = [u8; 3]>) -> Self {
        let mut places: HashMap<[u8; 3], ()> = HashMap::new();
        let mut is_grey = true;
        let mut last = None;
        for pixel in pixels {
            // Most pixels are like the one before.
            if last == Some(pixel) {
                continue;
            }
            last = Some(pixel);
            is_grey &= pixel[0] == pixel[1] && pixel[1] == pixel[2];
            if places.len() <= COLOURS_MAX {
                places.insert(pixel, ());
            } else if !is_grey {
                break;
            }
        }
        let mut palette: Vec<[u8; 3]> = places.into_keys().collect();
        palette.sort_unstable();
        Self { palette: (palette.len() <= COLOURS_MAX).then_some(palette), is_grey }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_of_two_colours_takes_one_bit() {
        let survey = Survey::of([[0, 0, 0], [255, 255, 255], [0, 0, 0]].into_iter());
        assert_eq!(survey.palette, Some(vec![[0, 0, 0], [255, 255, 255]]));
        assert_eq!((survey.is_grey, bits_for(2), bits_for(256)), (true, 1, 8));
    }
}

//! A picture stored anew.

use hayro::hayro_syntax::Pdf;
use lopdf::{Document, Object, ObjectId, Stream};

use super::{
    blend::{self, Space},
    has_soft_mask, is_jpeg2000,
    samples::{Samples, decode},
};
use crate::pdf::{
    object,
    samples::{self, JPEG_GAIN, JPEG_QUALITY, LOSSLESS_BYTES},
    stream,
};

/// Bits of each sample that is stored.
const BITS: u8 = 8;

/// What becomes of a picture.
#[derive(Debug)]
pub(super) enum Stored {
    /// Its mask goes, and the rest stays as it is.
    Bared,
    /// It has other data.
    Packed(Packed),
}

/// The data of a picture, of eight bits for each sample.
#[derive(Debug)]
pub(super) struct Packed {
    columns: u32,
    rows: u32,
    components: usize,
    space: Object,
    is_jpeg: bool,
    bytes: Vec<u8>,
}

impl Stored {
    /// Decodes a picture and packs it in a way that PDF/A-1 takes; `None` when it cannot be done. Decodes what a document
    /// says, so it is called inside [`crate::pdf::drawing::apart`].
    pub(super) fn of(document: &Document, pdf: &Pdf, id: ObjectId) -> Option<Self> {
        let held = object::at(document, id)?;
        let stated = held.get(b"ColorSpace").ok();
        let mask = if has_soft_mask(document, id) { Some(Samples::of_mask(document, pdf, id)?) } else { None };
        let mask = mask.filter(|mask| !mask.is_opaque());
        if mask.is_none() && !is_jpeg2000(document, id) {
            return Some(Self::Bared);
        }
        // Colours that do not show are told by their samples, which a JPEG does not keep (ISO 32000-1, 8.9.6.4).
        if mask.is_none() && matches!(object::get(document, held, b"Mask"), Some(Object::Array(_))) {
            return None;
        }
        let is_indexed = stated.is_some_and(|space| is_indexed(document, space));
        let space = stated.and_then(|space| Space::of(document, space));
        let components = space.as_ref().map(Space::stored_components).or(is_indexed.then_some(1));
        let samples = Samples::of(document, pdf, id, components, is_indexed)?;
        let space = match (&space, stated) {
            (Some(space), _) => Some(space.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(Space::of(document, &device(samples.components)?)?),
        };
        let Some(mask) = mask else {
            let stated = stated.cloned().or_else(|| space.map(|space| space.base))?;
            return Some(Self::pack(&samples, stated, is_indexed));
        };
        // Samples that are mapped to others are not mixed as they are.
        let space = space.filter(|space| is_plain(document, held, space))?;
        let mixed = blend::on_white(&samples, &mask, &space)?;
        Some(Self::pack(&mixed, space.base, false))
    }

    fn pack(samples: &Samples, space: Object, is_indexed: bool) -> Self {
        Self::Packed(Packed::of(samples, space, is_indexed))
    }

    /// Puts it in the place of what it was made of.
    pub(super) fn put(self, document: &mut Document, id: ObjectId) {
        let Some(Object::Stream(held)) = document.objects.get_mut(&id) else { return };
        let was_masked = held.dict.has(b"SMask");
        for key in ["SMask", "SMaskInData"] {
            held.dict.remove(key.as_bytes());
        }
        if was_masked {
            // It did not count beside the other (ISO 32000-1, 11.6.5.3).
            held.dict.remove(b"Mask");
        }
        match self {
            Self::Bared => {}
            Self::Packed(packed) => packed.put(held),
        }
    }
}

impl Packed {
    fn of(samples: &Samples, space: Object, is_indexed: bool) -> Self {
        let row_bytes = samples.columns as usize * samples.components;
        let rows = samples::predict(&samples.bytes, row_bytes.max(1), samples.components, !is_indexed);
        let lossless = stream::pack(&rows);
        let may_be_jpeg = !is_indexed && lossless.len() > LOSSLESS_BYTES;
        let jpeg = if may_be_jpeg { jpeg(samples) } else { None };
        let jpeg = jpeg.filter(|jpeg| jpeg.len() * JPEG_GAIN < lossless.len());
        let (is_jpeg, bytes) = jpeg.map_or((false, lossless), |jpeg| (true, jpeg));
        let Samples { columns, rows, components, .. } = *samples;
        Self { columns, rows, components, space, is_jpeg, bytes }
    }

    fn put(self, held: &mut Stream) {
        // What JPEG 2000 is mapped by does not count (ISO 32000-1, 7.4.9), and other maps than the plain one were refused.
        for key in ["Decode", "DecodeParms", "F", "FFilter", "FDecodeParms"] {
            held.dict.remove(key.as_bytes());
        }
        held.dict.set("Width", i64::from(self.columns));
        held.dict.set("Height", i64::from(self.rows));
        held.dict.set("ColorSpace", self.space);
        held.dict.set("BitsPerComponent", i64::from(BITS));
        held.dict.set("Filter", object::named(if self.is_jpeg { "DCTDecode" } else { "FlateDecode" }));
        if !self.is_jpeg {
            let components = i64::try_from(self.components).unwrap_or(i64::MAX);
            held.dict.set("DecodeParms", samples::parameters(components, BITS, self.columns));
        }
        held.set_content(self.bytes);
    }
}

/// The colour space that data of a number of components are in when nothing says it.
fn device(components: usize) -> Option<Object> {
    match components {
        1 => Some(object::named("DeviceGray")),
        3 => Some(object::named("DeviceRGB")),
        4 => Some(object::named("DeviceCMYK")),
        _ => None,
    }
}

fn is_indexed(document: &Document, space: &Object) -> bool {
    let Object::Array(parts) = object::resolve(document, space) else { return false };
    let family = parts.first().map(|family| object::resolve(document, family).as_name());
    matches!(family, Some(Ok(b"Indexed" | b"I")))
}

/// Whether samples stand for what they are.
fn is_plain(document: &Document, held: &lopdf::Dictionary, space: &Space) -> bool {
    decode(document, held).is_none_or(|map| !space.is_indexed() && map.chunks(2).all(|pair| pair == [0.0, 1.0]))
}

/// Packs grey or colour as a JPEG that keeps all of the colour.
fn jpeg(samples: &Samples) -> Option<Vec<u8>> {
    let components = samples.components;
    let size = (samples.columns, samples.rows);
    matches!(components, 1 | 3).then(|| samples::jpeg(&samples.bytes, size, components, JPEG_QUALITY).ok()).flatten()
}

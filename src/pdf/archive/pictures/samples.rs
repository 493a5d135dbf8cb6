//! The samples of a picture, unpacked and decoded.

use hayro::hayro_syntax::{
    Pdf,
    object::{
        ObjectIdentifier,
        stream::{ImageDecodeParams, Stream},
    },
};
use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::{
    domain::limits,
    pdf::{object, stream},
};

/// The start of a JPEG 2000 codestream, up to its size: SOC, SIZ, and after the length and the capabilities the size of
/// the grid and where the picture begins on it (ISO 15444-1, A.5.1).
const CODESTREAM: &[u8] = b"\xFF\x4F\xFF\x51";

/// Samples of one picture, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Samples {
    pub(super) columns: u32,
    pub(super) rows: u32,
    /// How many each pixel has.
    pub(super) components: usize,
    /// One byte each.
    pub(super) bytes: Vec<u8>,
    /// How much each pixel covers, when the data say it themselves.
    pub(super) alpha: Option<Vec<u8>>,
}

impl Samples {
    /// Decodes a picture of a number of components, or of as many as it says. Places in a palette stay as they are.
    /// `None` for what cannot be decoded or is too large.
    pub(super) fn of(
        document: &Document,
        pdf: &Pdf,
        id: ObjectId,
        components: Option<usize>,
        is_indexed: bool,
    ) -> Option<Self> {
        let Object::Stream(held) = document.objects.get(&id)? else { return None };
        let side = |key: &[u8]| u32::try_from(object::integer(document, &held.dict, key)?).ok();
        let (columns, rows) = (side(b"Width")?, side(b"Height")?);
        let is_jpeg2000 = stream::filters(document, held).iter().any(|filter| filter == b"JPXDecode");
        if !fits(columns, rows) || (is_jpeg2000 && !fits_codestream(&held.content)) {
            return None;
        }
        let stated =
            object::integer(document, &held.dict, b"BitsPerComponent").and_then(|bits| u8::try_from(bits).ok());
        let is_mask = matches!(object::get(document, &held.dict, b"ImageMask"), Some(Object::Boolean(true)));
        if is_mask {
            return None;
        }
        let parameters = ImageDecodeParams {
            is_indexed,
            // Of JPEG 2000 all but places in a palette come as bytes.
            bpc: if is_jpeg2000 && !is_indexed { Some(8) } else { stated },
            num_components: components.and_then(|count| u8::try_from(count).ok()),
            target_dimension: None,
            width: columns,
            height: rows,
        };
        let place = ObjectIdentifier::new(i32::try_from(id.0).ok()?, i32::from(id.1));
        let decoded = pdf.xref().get::<Stream<'_>>(place)?.decoded_image(&parameters).ok()?;
        let (columns, rows, bits, alpha) = match decoded.image_data {
            Some(data) => (data.width, data.height, data.bits_per_component, data.alpha),
            None => (columns, rows, stated.unwrap_or(8), None),
        };
        let pixels = fits(columns, rows).then(|| columns as usize * rows as usize)?;
        let row_bits = |components: usize| (columns as usize).checked_mul(components)?.checked_mul(usize::from(bits));
        let components = match components {
            Some(count) => count,
            None => decoded.data.len().checked_div(row_bits(1)?.div_ceil(8).checked_mul(rows as usize)?)?,
        };
        let row_bytes = row_bits(components)?.div_ceil(8);
        if components == 0 || decoded.data.len() < row_bytes.checked_mul(rows as usize)? {
            return None;
        }
        let per_row = components * columns as usize;
        let rows_of_data = decoded.data.chunks_exact(row_bytes.max(1)).take(rows as usize);
        let mut bytes = Vec::with_capacity(pixels * components);
        for row in rows_of_data {
            widen(row, bits, is_indexed, per_row, &mut bytes)?;
        }
        Some(Self { columns, rows, components, bytes, alpha: alpha.filter(|alpha| alpha.len() == pixels) })
    }

    /// Decodes the soft mask of a picture: what is 0 does not show. `None` when there is none that is understood.
    pub(super) fn of_mask(document: &Document, pdf: &Pdf, id: ObjectId) -> Option<Self> {
        let held = object::at(document, id)?;
        if let Some(mask) = held.get(b"SMask").ok().and_then(|mask| object::target(document, mask)) {
            let dictionary = object::at(document, mask)?;
            // A picture that is already mixed with a colour is mixed with white in another way.
            if dictionary.has(b"Matte") {
                return None;
            }
            let mut mask = Self::of(document, pdf, mask, Some(1), false)?;
            match decode(document, dictionary).as_deref() {
                None | Some([0.0, 1.0]) => {}
                Some([1.0, 0.0]) => mask.bytes.iter_mut().for_each(|sample| *sample = 255 - *sample),
                Some(_) => return None,
            }
            return Some(mask);
        }
        if object::integer(document, held, b"SMaskInData") != Some(1) {
            return None;
        }
        let Self { columns, rows, alpha, .. } = Self::of(document, pdf, id, None, false)?;
        Some(Self { columns, rows, components: 1, bytes: alpha?, alpha: None })
    }

    /// Whether a mask hides nothing.
    pub(super) fn is_opaque(&self) -> bool {
        self.bytes.iter().all(|sample| *sample == u8::MAX)
    }
}

/// What samples are mapped to, when a picture says it.
pub(super) fn decode(document: &Document, held: &Dictionary) -> Option<Vec<f32>> {
    let numbers = object::array(document, held, b"Decode")?;
    Some(numbers.iter().filter_map(|number| object::number(document, number)).collect())
}

fn fits(columns: u32, rows: u32) -> bool {
    columns > 0 && rows > 0 && u64::from(columns) * u64::from(rows) <= limits::FLAT_PIXELS_MAX
}

/// Whether JPEG 2000 data are as small as they have to be, whatever is said of them.
fn fits_codestream(data: &[u8]) -> bool {
    let Some(start) = memchr::memmem::find(data, CODESTREAM) else { return false };
    let number = |at: usize| {
        let bytes = data.get(start + at..start + at + 4)?;
        bytes.try_into().ok().map(u32::from_be_bytes)
    };
    let side = |end: usize, origin: usize| number(end)?.checked_sub(number(origin)?);
    side(8, 16).zip(side(12, 20)).is_some_and(|(columns, rows)| fits(columns, rows))
}

/// Makes a row of samples of some bits one of bytes; amounts are brought to all of a byte.
fn widen(row: &[u8], bits: u8, is_indexed: bool, count: usize, bytes: &mut Vec<u8>) -> Option<()> {
    match bits {
        8 => bytes.extend(row.iter().take(count)),
        16 => bytes.extend(row.iter().step_by(2).take(count)),
        1 | 2 | 4 => {
            let most = (1_u8 << bits) - 1;
            let scale = if is_indexed { 1 } else { u8::MAX / most };
            let shifts = || (0..8).step_by(usize::from(bits)).rev();
            let samples = row.iter().flat_map(|byte| shifts().map(move |shift| (byte >> shift & most) * scale));
            bytes.extend(samples.take(count));
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_few_bits_become_bytes_and_places_keep_their_number() {
        let widened = |bits, is_indexed| {
            let mut bytes = Vec::new();
            widen(&[0b1101_0010, 0xFF], bits, is_indexed, 3, &mut bytes).map(|()| bytes)
        };
        assert_eq!(widened(1, false), Some(vec![255, 255, 0]));
        assert_eq!(widened(2, false), Some(vec![255, 85, 0]));
        assert_eq!(widened(4, true), Some(vec![13, 2, 15]));
        assert_eq!(widened(16, false), Some(vec![0b1101_0010]));
        assert_eq!(widened(3, false), None);
    }

    #[test]
    fn a_codestream_is_as_large_as_it_says_itself() {
        let sized = |columns: u32, rows: u32| {
            let mut data = [b"before it", CODESTREAM, &[0, 47, 0, 0]].concat();
            for number in [columns, rows, 0, 0] {
                data.extend_from_slice(&number.to_be_bytes());
            }
            fits_codestream(&data)
        };
        assert!(sized(8_000, 8_000) && !sized(60_000, 60_000) && !sized(0, 5));
        assert!(!fits_codestream(b"no data"));
    }
}

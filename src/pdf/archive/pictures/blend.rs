//! A picture with a soft mask as it looks on white paper.

use lopdf::{Document, Object};

use super::samples::Samples;
use crate::{
    domain::limits,
    pdf::{object, stream},
};

/// Most bytes of the table of a palette: 256 colours of 32 components.
const TABLE_BYTES_MAX: usize = 256 * 32;

/// A colour space in which white is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Space {
    /// The space of the samples, once they are no places in a palette.
    pub(super) base: Object,
    /// How many components it has.
    pub(super) components: usize,
    /// What each of them is for white.
    white: u8,
    /// The colours that places stand for.
    table: Option<Vec<u8>>,
}

impl Space {
    /// Reads a colour space; `None` for one in which it is not known how white is written.
    pub(super) fn of(document: &Document, space: &Object) -> Option<Self> {
        if let Object::Array(parts) = object::resolve(document, space)
            && let [family, base, _, table] = parts.as_slice()
            && matches!(object::resolve(document, family).as_name(), Ok(b"Indexed" | b"I"))
        {
            let table = match (object::resolve(document, table).as_str(), object::resolve(document, table).as_stream())
            {
                (Ok(bytes), _) => bytes.to_vec(),
                (_, Ok(held)) => stream::unpack_within(held, TABLE_BYTES_MAX).ok()?,
                (Err(_), Err(_)) => return None,
            };
            let (components, white) = white(document, base)?;
            return Some(Self { base: base.clone(), components, white, table: Some(table) });
        }
        let (components, white) = white(document, space)?;
        Some(Self { base: space.clone(), components, white, table: None })
    }

    /// Whether its samples are places in a palette.
    pub(super) const fn is_indexed(&self) -> bool {
        self.table.is_some()
    }

    /// The components of a picture as it is stored.
    pub(super) const fn stored_components(&self) -> usize {
        if self.is_indexed() { 1 } else { self.components }
    }
}

/// How many components a colour space without a palette has, and what each of them is for white.
fn white(document: &Document, space: &Object) -> Option<(usize, u8)> {
    let (light, none) = (u8::MAX, 0);
    let space = object::resolve(document, space);
    let parts = space.as_array().map_or(std::slice::from_ref(space), Vec::as_slice);
    match object::resolve(document, parts.first()?).as_name().ok()? {
        b"DeviceGray" | b"G" | b"CalGray" => Some((1, light)),
        b"DeviceRGB" | b"RGB" | b"CalRGB" => Some((3, light)),
        b"DeviceCMYK" | b"CMYK" => Some((4, none)),
        b"ICCBased" => {
            let profile = object::as_dictionary(object::resolve(document, parts.get(1)?))?;
            match object::integer(document, profile, b"N")? {
                1 => Some((1, light)),
                3 => Some((3, light)),
                4 => Some((4, none)),
                _ => None,
            }
        }
        // Ink that is not there leaves the paper.
        b"Separation" => Some((1, none)),
        _ => None,
    }
}

/// Puts a picture on white by its mask. It gets the columns and rows of whichever of the two has more, since a mask often
/// draws the shape of a picture of few pixels. `None` when that is too large.
pub(super) fn on_white(picture: &Samples, mask: &Samples, space: &Space) -> Option<Samples> {
    let (columns, rows) = (picture.columns.max(mask.columns), picture.rows.max(mask.rows));
    if u64::from(columns) * u64::from(rows) > limits::FLAT_PIXELS_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(columns as usize * rows as usize * space.components);
    let place = |at: u32, of: u32, all: u32| at as usize * of as usize / all.max(1) as usize;
    for row in 0..rows {
        let picture_row = place(row, picture.rows, rows) * picture.columns as usize;
        let mask_row = place(row, mask.rows, rows) * mask.columns as usize;
        for column in 0..columns {
            let at = (picture_row + place(column, picture.columns, columns)) * picture.components;
            let pixel = picture.bytes.get(at..at + picture.components)?;
            let covers = *mask.bytes.get(mask_row + place(column, mask.columns, columns))?;
            let pixel = match &space.table {
                None => pixel,
                Some(table) => {
                    let at = usize::from(*pixel.first()?) * space.components;
                    // A place beyond the table is the first, as good as any.
                    table.get(at..at + space.components).or_else(|| table.get(..space.components))?
                }
            };
            bytes.extend(pixel.iter().map(|sample| mixed(*sample, covers, space.white)));
        }
    }
    Some(Samples { columns, rows, components: space.components, bytes, alpha: None })
}

/// A sample that covers white by so much of 255.
fn mixed(sample: u8, covers: u8, white: u8) -> u8 {
    let (sample, covers, white) = (u32::from(sample), u32::from(covers), u32::from(white));
    u8::try_from((sample * covers + white * (255 - covers) + 127) / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(columns: u32, rows: u32, bytes: &[u8]) -> Samples {
        let components = bytes.len() / (columns * rows) as usize;
        Samples { columns, rows, components, bytes: bytes.to_vec(), alpha: None }
    }

    #[test]
    fn what_is_masked_is_white_in_its_colour_space() {
        let document = Document::new();
        let grey = Space::of(&document, &object::named("DeviceGray")).unwrap();
        let ink = Space::of(&document, &object::named("DeviceCMYK")).unwrap();
        let mask = samples(2, 1, &[255, 0]);
        assert_eq!(on_white(&samples(2, 1, &[10, 10]), &mask, &grey).unwrap().bytes, [10, 255]);
        let picture = samples(2, 1, &[9, 8, 7, 6, 9, 8, 7, 6]);
        assert_eq!(on_white(&picture, &mask, &ink).unwrap().bytes, [9, 8, 7, 6, 0, 0, 0, 0]);
        assert_eq!(mixed(0, 128, 255), 127);
    }

    #[test]
    fn a_mask_of_more_pixels_keeps_its_shape_and_a_palette_becomes_colours() {
        let document = Document::new();
        let table = Object::String(vec![1, 2, 3, 40, 50, 60], lopdf::StringFormat::Literal);
        let palette = vec![object::named("Indexed"), object::named("DeviceRGB"), 1.into(), table].into();
        let space = Space::of(&document, &palette).unwrap();
        let flat = on_white(&samples(1, 1, &[1]), &samples(3, 1, &[0, 255, 0]), &space).unwrap();
        assert_eq!((flat.columns, flat.components), (3, 3));
        assert_eq!(flat.bytes, [255, 255, 255, 40, 50, 60, 255, 255, 255]);
        let lab = Object::Array(vec![object::named("Lab"), Object::Null]);
        assert_eq!(Space::of(&document, &lab), None);
    }
}

//! A font without shapes: every code shows the same empty glyph and says which character it stands for.

use std::collections::BTreeMap;

use lopdf::{Document, Object, ObjectId, Stream, StringFormat, dictionary};

use crate::pdf::{
    fonts::{assemble, write_unicode_map},
    object,
};

/// What the font is called.
const NAME: &str = "BinderyInvisible";
/// Units of an em.
const UNITS: u16 = 1000;
/// How wide each character is, in units.
const WIDTH: u16 = 500;
/// How far it reaches above the line, in units; the size of the type is the height of the line.
const ASCENT: i16 = 750;
/// And how far below.
const DESCENT: i16 = -250;

/// How wide so many characters are, in ems.
#[expect(clippy::cast_precision_loss, reason = "a word has fewer than 2^24 characters")]
pub(super) fn widths(characters: usize) -> f32 {
    characters as f32 * f32::from(WIDTH) / f32::from(UNITS)
}

/// Adds the font for some characters and their codes; `None` when there are too many.
pub(super) fn add(document: &mut Document, codes: &BTreeMap<char, u16>) -> Option<ObjectId> {
    let file = file()?;
    let length = i64::try_from(file.len()).ok()?;
    let file = object::add(document, Stream::new(dictionary! { "Length1" => length }, file));
    let last = codes.values().max().copied()?;
    // No code 0, and the one glyph that there is for all others.
    let glyphs: Vec<u8> = (0..=last).flat_map(|code| u16::from(code != 0).to_be_bytes()).collect();
    let glyphs = object::add(document, Stream::new(dictionary! {}, glyphs));
    let entries: Vec<(u16, char)> = codes.iter().map(|(character, code)| (*code, *character)).collect();
    let map = object::add(document, Stream::new(dictionary! {}, write_unicode_map(&entries, true)));
    let descriptor = object::add(
        document,
        dictionary! {
            "Type" => "FontDescriptor", "FontName" => NAME, "Flags" => 4, "ItalicAngle" => 0, "StemV" => 80,
            "Ascent" => i64::from(ASCENT), "Descent" => i64::from(DESCENT), "CapHeight" => i64::from(ASCENT),
            "FontBBox" => vec![0.into(), i64::from(DESCENT).into(), i64::from(WIDTH).into(), i64::from(ASCENT).into()],
            "FontFile2" => file,
        },
    );
    let text = |text: &str| Object::String(text.as_bytes().to_vec(), StringFormat::Literal);
    let descendant = object::add(
        document,
        dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => NAME, "FontDescriptor" => descriptor,
            "CIDSystemInfo" => dictionary! {
                "Registry" => text("Adobe"), "Ordering" => text("Identity"), "Supplement" => 0
            },
            "CIDToGIDMap" => glyphs, "DW" => i64::from(WIDTH),
        },
    );
    let font = dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => NAME, "Encoding" => "Identity-H",
        "DescendantFonts" => vec![descendant.into()], "ToUnicode" => map,
    };
    Some(object::add(document, font))
}

/// The program of the font, in TrueType: two glyphs, both empty.
fn file() -> Option<Vec<u8>> {
    let words = |words: &[i16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let (units, width) = (i16::try_from(UNITS).ok()?, i16::try_from(WIDTH).ok()?);
    // Version 1.0, checksum to come, the number by which a font is known, the rounding of its lines.
    let mut head = [&[0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x5F, 0x0F, 0x3C, 0xF5][..], &words(&[3, units])].concat();
    // No dates.
    head.extend([0; 16]);
    // Its box, no style, smallest size, direction, short offsets, no other kind of outline.
    head.extend(words(&[0, DESCENT, width, ASCENT, 0, 8, 2, 0, 0]));
    let hhea = words(&[1, 0, ASCENT, DESCENT, 0, width, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    let hmtx = words(&[width, 0, width, 0]);
    // Version 1.0, two glyphs, and nothing in them.
    let maxp = words(&[1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let post = [&[0, 3, 0, 0][..], &[0; 28]].concat();
    assemble(&[
        // One empty table of codes: readers want one, and the document brings its own.
        (b"cmap", words(&[0, 1, 1, 0, 0, 12, 6, 10, 0, 0, 0])),
        // Not of length 0, which some readers take for missing.
        (b"glyf", vec![0; 4]),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", hmtx),
        (b"loca", words(&[0, 0, 0])),
        (b"maxp", maxp),
        (b"post", post),
    ])
}

#[cfg(test)]
mod tests {
    use ttf_parser::{Face, GlyphId};

    use super::*;

    #[test]
    fn the_font_is_one_and_its_glyph_is_empty() {
        let file = file().unwrap();
        let face = Face::parse(&file, 0).unwrap();
        assert_eq!((face.number_of_glyphs(), face.units_per_em()), (2, UNITS));
        assert_eq!(face.glyph_hor_advance(GlyphId(1)), Some(WIDTH));
        assert_eq!(face.glyph_bounding_box(GlyphId(1)), None);
        assert_eq!((face.ascender(), face.descender()), (ASCENT, DESCENT));
    }
}

//! Puts an installed font in the place of one that is not in the document.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use ttf_parser::{Face, GlyphId, RawFace, Tag};

use super::{
    FontFolder, base_name, choice, composite, described, encoding::Encoding, glyphs, simple, symbols, unicode_map,
};
use crate::pdf::{object, usage::FontUse, validate::Part};

/// A symbolic font, by the flags of its descriptor.
const SYMBOLIC: i64 = 4;

/// What took the place of a font.
#[derive(Debug)]
pub(super) struct Substituted {
    /// The family, for messages.
    pub(super) family: String,
    /// Whether it has the same widths by design.
    pub(super) is_compatible: bool,
    /// What it cannot show.
    pub(super) missing: Vec<char>,
}

/// Substitutes one font in place; `None` when nothing installed can stand in for it.
pub(super) fn substitute(
    document: &mut Document,
    id: ObjectId,
    part: Part,
    used: &FontUse,
    folder: &FontFolder,
) -> Option<Substituted> {
    let font = object::at(document, id)?.clone();
    let descriptor = described(document, &font).and_then(|held| object::dictionary(document, held, b"FontDescriptor"));
    let flags = descriptor.and_then(|held| object::integer(document, held, b"Flags")).unwrap_or(0);
    let choice = choice::choose(&base_name(document, &font), flags);
    let missing = match (object::name(document, &font, b"Subtype"), choice.symbolic) {
        (Some(b"Type0"), _) => return composite::substitute(document, id, used, &choice, folder),
        (_, Some(file)) => symbolic(document, id, &font, used, file, folder)?,
        (_, None) => simple::substitute(document, id, part, used, &choice, &tagged(choice.family), folder)?,
    };
    Some(Substituted { family: choice.family.to_owned(), is_compatible: choice.is_compatible, missing })
}

/// Symbol and Zapf Dingbats: the whole of URW's font, which has the same encoding and the same widths.
fn symbolic(
    document: &mut Document,
    id: ObjectId,
    font: &Dictionary,
    used: &FontUse,
    file: &str,
    folder: &FontFolder,
) -> Option<Vec<char>> {
    let bytes = folder.load(file)?;
    let raw = RawFace::parse(&bytes, 0).ok()?;
    let program = raw.table(Tag::from_bytes(b"CFF "))?;
    let face = Face::parse(&bytes, 0).ok()?;
    let table = ttf_parser::cff::Table::parse(program)?;
    let encoding = Encoding::read(document, font);
    let scale = 1000.0 / f32::from(face.units_per_em());
    let is_symbol = file.starts_with('S');
    // The program itself has another encoding than the font that it stands in for.
    let glyphs: BTreeMap<&str, GlyphId> = (0..table.number_of_glyphs())
        .rev()
        .filter_map(|glyph| Some((table.glyph_name(GlyphId(glyph))?, GlyphId(glyph))))
        .collect();
    let name_of = |code: u8| {
        let named = encoding.name(code).and_then(|name| std::str::from_utf8(name).ok());
        named.filter(|name| glyphs.contains_key(name)).or_else(|| symbols::name(is_symbol, code))
    };
    let glyph_of = |code: u8| glyphs.get(name_of(code)?).copied().filter(|glyph| glyph.0 != 0);
    let blank = glyphs.get("space").copied();
    let widths: Vec<Object> = (0..=255_u8)
        .map(|code| {
            let advance = glyph_of(code).or(blank).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or(0);
            Object::Real(f32::from(advance) * scale)
        })
        .collect();
    // A code without a glyph shows nothing, and has to say so by a glyph that shows nothing.
    let named = |code: u8| glyph_of(code).and_then(|_| name_of(code)).unwrap_or("space");
    let codes = used.codes.iter().filter_map(|code| u8::try_from(code.value).ok());
    let differences: Vec<Object> =
        codes.flat_map(|code| [Object::Integer(i64::from(code)), object::named(named(code))]).collect();
    let name = file.trim_end_matches(".otf");
    let mut dictionary = Dictionary::new();
    dictionary.set("Subtype", object::named("Type1C"));
    let program = object::add(document, Stream::new(dictionary, program.to_vec()));
    let bounds = face.global_bounding_box();
    let bounds = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max];
    let descriptor = object::add(
        document,
        dictionary! {
            "Type" => "FontDescriptor", "FontName" => name, "Flags" => SYMBOLIC,
            "FontBBox" => bounds.iter().map(|side| Object::Integer(i64::from(*side))).collect::<Vec<_>>(),
            "ItalicAngle" => 0, "Ascent" => i64::from(face.ascender()), "Descent" => i64::from(face.descender()),
            "CapHeight" => 700, "StemV" => 80, "FontFile3" => program,
        },
    );
    let mut replaced = dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => name, "FirstChar" => 0, "LastChar" => 255,
        "Widths" => widths, "FontDescriptor" => descriptor,
    };
    if !differences.is_empty() {
        replaced.set("Encoding", dictionary! { "Type" => "Encoding", "Differences" => differences });
    }
    let codes = used.codes.iter().filter_map(|code| u8::try_from(code.value).ok());
    let shown: Vec<(u8, &str)> = codes.filter_map(|code| Some((code, glyph_of(code).and(name_of(code))?))).collect();
    if let Some(map) = font.get(b"ToUnicode").ok().cloned().or_else(|| meanings(document, &shown)) {
        replaced.set("ToUnicode", map);
    }
    document.objects.insert(id, replaced.into());
    Some(Vec::new())
}

/// A map of what codes mean by the names of their glyphs, which readers of `ZapfDingbats` know by the name of the font alone.
fn meanings(document: &mut Document, shown: &[(u8, &str)]) -> Option<Object> {
    let meaning = |name: &str| glyphs::character(name.as_bytes()).or_else(|| symbols::dingbat(name));
    let meant: Vec<(u16, char)> =
        shown.iter().filter_map(|(code, name)| Some((u16::from(*code), meaning(name)?))).collect();
    let map = unicode_map::write(&meant, false);
    (!meant.is_empty()).then(|| object::add(document, Stream::new(Dictionary::new(), map)).into())
}

/// A built font is a subset, and the tag in front of its name says so.
pub(super) fn tagged(family: &str) -> String {
    format!("BNDERY+{}", family.replace(' ', ""))
}

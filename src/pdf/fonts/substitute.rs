//! Puts an installed font in the place of one that is not in the document.

use std::{collections::BTreeMap, sync::Arc};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use ttf_parser::{Face, RawFace, Tag};

use super::{
    FontFolder, base_name,
    build::{self, Built, Wish},
    choice::{self, Choice},
    described,
    encoding::Encoding,
    glyphs::Base,
    symbols, unicode_map,
};
use crate::pdf::{object, stream, usage::FontUse};

/// Most bytes of a map of characters that is read.
const MAP_BYTES_MAX: usize = 16 << 20;

/// A symbolic font, by the flags of its descriptor.
const SYMBOLIC: i64 = 4;

/// What took the place of a font.
#[derive(Debug)]
pub(super) struct Substituted {
    /// The family, for messages.
    pub(super) family: &'static str,
    /// Whether it has the same widths by design.
    pub(super) is_compatible: bool,
    /// What it cannot show.
    pub(super) missing: Vec<char>,
}

/// Substitutes one font in place; `None` when nothing installed can stand in for it.
pub(super) fn substitute(
    document: &mut Document,
    id: ObjectId,
    used: &FontUse,
    folder: &FontFolder,
) -> Option<Substituted> {
    let font = object::at(document, id)?.clone();
    let descriptor = described(document, &font).and_then(|held| object::dictionary(document, held, b"FontDescriptor"));
    let flags = descriptor.and_then(|held| object::integer(document, held, b"Flags")).unwrap_or(0);
    let choice = choice::choose(&base_name(document, &font), flags);
    let missing = match (object::name(document, &font, b"Subtype"), choice.symbolic) {
        (Some(b"Type0"), _) => composite(document, id, &font, used, &choice, folder)?,
        (_, Some(file)) => symbolic(document, id, &font, used, file, folder)?,
        (_, None) => simple(document, id, &font, used, &choice, folder)?,
    };
    Some(Substituted { family: choice.family, is_compatible: choice.is_compatible, missing })
}

fn load(choice: &Choice, folder: &FontFolder) -> Vec<Arc<Vec<u8>>> {
    choice.files.iter().filter_map(|file| folder.load(file)).collect()
}

/// Text in a Latin alphabet: a font is built that shows each used code.
fn simple(
    document: &mut Document,
    id: ObjectId,
    font: &Dictionary,
    used: &FontUse,
    choice: &Choice,
    folder: &FontFolder,
) -> Option<Vec<char>> {
    let encoding = Encoding::read(document, font);
    let is_truetype = object::name(document, font, b"Subtype") == Some(b"TrueType");
    let otherwise = if is_truetype { Base::WinAnsi } else { Base::Standard };
    let known = map_of(document, font);
    let first = object::integer(document, font, b"FirstChar").unwrap_or(0);
    let widths = object::array(document, font, b"Widths");
    let descriptor = object::dictionary(document, font, b"FontDescriptor");
    let spare = descriptor.and_then(|held| object::number(document, held.get(b"MissingWidth").ok()?));
    let wishes: Vec<Wish> = used
        .codes
        .iter()
        .map(|code| {
            let byte = u8::try_from(*code).unwrap_or(0);
            let at = usize::try_from(i64::from(*code) - first).ok();
            let width = widths
                .map(|widths| at.and_then(|at| object::number(document, widths.get(at)?)).or(spare).unwrap_or(0.0));
            let character = encoding.character(byte, otherwise).or_else(|| known.get(code).copied());
            Wish { code: *code, character, width: width.filter(|width| *width > 0.0 || spare.is_some()) }
        })
        .collect();
    let sources = load(choice, folder);
    let built = build::build(&sources.iter().map(|bytes| bytes.as_slice()).collect::<Vec<_>>(), &wishes)?;
    let name = tagged(choice.family);
    let descriptor = add_descriptor(document, &built, &name);
    let (low, high) = (*used.codes.first()?, *used.codes.last()?);
    let mut table = vec![Object::Integer(0); usize::from(high - low) + 1];
    for (wish, width) in wishes.iter().zip(&built.widths) {
        *table.get_mut(usize::from(wish.code - low))? = Object::Real(*width);
    }
    let map = add_map(document, &wishes, false);
    let replaced = dictionary! {
        "Type" => "Font",
        "Subtype" => "TrueType",
        "BaseFont" => name.as_str(),
        "FirstChar" => i64::from(low),
        "LastChar" => i64::from(high),
        "Widths" => table,
        "FontDescriptor" => descriptor,
        "ToUnicode" => map,
    };
    document.objects.insert(id, replaced.into());
    Some(built.missing)
}

/// Text in two-byte codes: it can be shown when the document says what the codes mean.
fn composite(
    document: &mut Document,
    id: ObjectId,
    font: &Dictionary,
    used: &FontUse,
    choice: &Choice,
    folder: &FontFolder,
) -> Option<Vec<char>> {
    let known = map_of(document, font);
    let encoding = object::name(document, font, b"Encoding")?;
    let is_unicode = encoding.windows(3).any(|part| part == b"UCS") || encoding.windows(5).any(|part| part == b"UTF16");
    if (known.is_empty() && !is_unicode) || encoding.ends_with(b"V") {
        return None;
    }
    let widths = described(document, font).map(|held| composite_widths(document, held)).unwrap_or_default();
    let wishes: Vec<Wish> = used
        .codes
        .iter()
        .map(|code| {
            let character =
                known.get(code).copied().or_else(|| is_unicode.then(|| char::from_u32(u32::from(*code))).flatten());
            // The widths go by CID, which equals the code in the identity encoding alone.
            let width = if is_unicode { None } else { Some(widths.get(code).copied().unwrap_or(1000.0)) };
            Wish { code: *code, character, width }
        })
        .collect();
    let sources = load(choice, folder);
    let built = build::build(&sources.iter().map(|bytes| bytes.as_slice()).collect::<Vec<_>>(), &wishes)?;
    if !built.missing.is_empty() {
        // Blank boxes instead of a script that no installed font has would be a loss that looks like success.
        return None;
    }
    let name = tagged(choice.family);
    let descriptor = add_descriptor(document, &built, &name);
    let mut glyph_of = vec![0_u8; 2 * (usize::from(*used.codes.last()?) + 1)];
    let mut table = Vec::new();
    for (index, (wish, width)) in wishes.iter().zip(&built.widths).enumerate() {
        let at = usize::from(wish.code) * 2;
        glyph_of.get_mut(at..at + 2)?.copy_from_slice(&u16::try_from(index + 1).ok()?.to_be_bytes());
        table.push(Object::Integer(i64::from(wish.code)));
        table.push(vec![Object::Real(*width)].into());
    }
    let glyph_of = object::add(document, Stream::new(Dictionary::new(), glyph_of));
    let system = dictionary! {
        "Registry" => Object::string_literal("Adobe"), "Ordering" => Object::string_literal("Identity"), "Supplement" => 0,
    };
    let descendant = object::add(
        document,
        dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => name.as_str(), "CIDSystemInfo" => system,
            "FontDescriptor" => descriptor, "DW" => 1000, "W" => table, "CIDToGIDMap" => glyph_of,
        },
    );
    let map = add_map(document, &wishes, true);
    let replaced = dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => name.as_str(), "Encoding" => "Identity-H",
        "DescendantFonts" => vec![descendant.into()], "ToUnicode" => map,
    };
    document.objects.insert(id, replaced.into());
    Some(built.missing)
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
    let name_of = |code: u8| {
        let named = encoding.name(code).and_then(|name| std::str::from_utf8(name).ok());
        named.filter(|name| table.glyph_index_by_name(name).is_some()).or_else(|| symbols::name(is_symbol, code))
    };
    let glyph_of = |code: u8| table.glyph_index_by_name(name_of(code)?).filter(|glyph| glyph.0 != 0);
    let blank = table.glyph_index_by_name("space");
    let widths: Vec<Object> = (0..=255_u8)
        .map(|code| {
            let advance = glyph_of(code).or(blank).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or(0);
            Object::Real(f32::from(advance) * scale)
        })
        .collect();
    // A code without a glyph shows nothing, and has to say so by a glyph that shows nothing.
    let named = |code: u8| glyph_of(code).and_then(|_| name_of(code)).unwrap_or("space");
    let codes = used.codes.iter().filter_map(|code| u8::try_from(*code).ok());
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
    if let Ok(map) = font.get(b"ToUnicode") {
        replaced.set("ToUnicode", map.clone());
    }
    document.objects.insert(id, replaced.into());
    Some(Vec::new())
}

/// The characters that the document gives for a font's codes.
fn map_of(document: &Document, font: &Dictionary) -> BTreeMap<u16, char> {
    match object::get(document, font, b"ToUnicode") {
        Some(Object::Stream(held)) => {
            stream::unpack_within(held, MAP_BYTES_MAX).map(|bytes| unicode_map::read(&bytes)).unwrap_or_default()
        }
        Some(_) | None => BTreeMap::new(),
    }
}

/// The widths of a composite font by CID: `c [w w …]` and `first last w`.
pub(super) fn composite_widths(document: &Document, descendant: &Dictionary) -> BTreeMap<u16, f32> {
    let mut found = BTreeMap::new();
    let mut items = object::array(document, descendant, b"W").unwrap_or_default().iter();
    while let (Some(first), Some(second)) = (items.next(), items.next()) {
        let Some(first) = object::resolve(document, first).as_i64().ok().and_then(|first| u16::try_from(first).ok())
        else {
            break;
        };
        let second = object::resolve(document, second);
        if let Ok(widths) = second.as_array() {
            found.extend((first..=u16::MAX).zip(widths.iter().filter_map(|width| object::number(document, width))));
        } else {
            let Some(last) = second.as_i64().ok().and_then(|last| u16::try_from(last).ok()) else { break };
            let Some(width) = items.next().and_then(|width| object::number(document, width)) else { break };
            found.extend((first..=last).map(|cid| (cid, width)));
        }
    }
    found
}

/// A built font is a subset, and the tag in front of its name says so.
fn tagged(family: &str) -> String {
    format!("BNDERY+{}", family.replace(' ', ""))
}

fn add_descriptor(document: &mut Document, built: &Built, name: &str) -> ObjectId {
    let mut dictionary = Dictionary::new();
    dictionary.set("Length1", i64::try_from(built.bytes.len()).unwrap_or(0));
    let program = object::add(document, Stream::new(dictionary, built.bytes.clone()));
    let metrics = built.metrics;
    object::add(
        document,
        dictionary! {
            "Type" => "FontDescriptor", "FontName" => name, "Flags" => SYMBOLIC,
            "FontBBox" => metrics.bounds.iter().map(|side| Object::Integer(*side)).collect::<Vec<_>>(),
            "ItalicAngle" => 0, "Ascent" => metrics.ascent, "Descent" => metrics.descent,
            "CapHeight" => metrics.cap_height, "StemV" => 80, "FontFile2" => program,
        },
    )
}

fn add_map(document: &mut Document, wishes: &[Wish], is_composite: bool) -> ObjectId {
    let entries: Vec<(u16, char)> = wishes.iter().filter_map(|wish| Some((wish.code, wish.character?))).collect();
    object::add(document, Stream::new(Dictionary::new(), unicode_map::write(&entries, is_composite)))
}

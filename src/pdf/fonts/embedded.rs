//! Fonts that are in the document: widths as in the program (6.2.11.5), encodings as PDF/A wants them (6.2.11.6).

use lopdf::{Dictionary, Document, Object, ObjectId};
use ttf_parser::{Face, GlyphId};

use super::{
    described,
    encoding::Encoding,
    glyphs::{self, Base},
    substitute::composite_widths,
};
use crate::pdf::{object, stream, usage::FontUse};

/// Most bytes of a font program that is looked into.
const PROGRAM_BYTES_MAX: usize = 64 << 20;

/// How far a width may be off, in thousandths of an em.
const WIDTH_SLACK: f32 = 1.0;

/// A symbolic font, and one with a Latin alphabet, by the flags of its descriptor.
const SYMBOLIC: i64 = 4;
const NONSYMBOLIC: i64 = 32;

/// A font program that can be asked for widths.
pub(super) enum Program {
    /// With tables.
    TrueType(Vec<u8>),
    /// Adobe's compact form, bare.
    Compact(Vec<u8>),
}

/// Mends one embedded font.
pub(super) fn mend(document: &mut Document, id: ObjectId, used: &FontUse) {
    let Some(font) = object::at(document, id).cloned() else { return };
    match object::name(document, &font, b"Subtype") {
        Some(b"TrueType") => {
            encoding(document, id, &font);
            let Some(font) = object::at(document, id).cloned() else { return };
            simple_widths(document, id, &font, used);
        }
        Some(b"Type1" | b"MMType1") => simple_widths(document, id, &font, used),
        Some(b"Type0") => wide_widths(document, &font, used),
        Some(_) | None => {}
    }
}

/// The program of an embedded font, but for Type 1 in its first form, which nothing here reads.
pub(super) fn program(document: &Document, holder: &Dictionary) -> Option<Program> {
    let descriptor = object::dictionary(document, holder, b"FontDescriptor")?;
    for key in [&b"FontFile2"[..], b"FontFile3"] {
        let Some(Object::Stream(held)) = object::get(document, descriptor, key) else { continue };
        let bytes = stream::unpack_within(held, PROGRAM_BYTES_MAX).ok()?;
        let is_compact = matches!(object::name(document, &held.dict, b"Subtype"), Some(b"Type1C" | b"CIDFontType0C"));
        return Some(if key == b"FontFile3" && is_compact {
            Program::Compact(bytes)
        } else {
            Program::TrueType(bytes)
        });
    }
    None
}

/// A symbolic TrueType font has no encoding; any other one has one of the two usual ones.
fn encoding(document: &mut Document, id: ObjectId, font: &Dictionary) {
    let Some(descriptor) = font.get(b"FontDescriptor").ok().and_then(|held| object::target(document, held)) else {
        return;
    };
    let flags =
        object::at(document, descriptor).and_then(|held| object::integer(document, held, b"Flags")).unwrap_or(SYMBOLIC);
    let read = Encoding::read(document, font);
    let is_symbolic = flags & SYMBOLIC != 0;
    if is_symbolic && flags & NONSYMBOLIC == 0 {
        if !font.has(b"Encoding") {
            return;
        }
        // Readers look codes up by the encoding when the program has a Unicode table, whatever the flag says.
        let has_unicode = match program(document, font) {
            Some(Program::TrueType(bytes)) => has_unicode_map(&bytes),
            Some(Program::Compact(_)) | None => false,
        };
        if !has_unicode {
            if let Some(font) = object::at_mut(document, id) {
                font.remove(b"Encoding");
            }
            return;
        }
    }
    let differs_badly = read.differences.iter().any(|(_, name)| !glyphs::is_listed(name));
    if !differs_badly && let Some(descriptor) = object::at_mut(document, descriptor) {
        let mended = flags & !SYMBOLIC | NONSYMBOLIC;
        if mended != flags {
            descriptor.set("Flags", mended);
        }
    }
    let base = match read.base {
        Some(Base::WinAnsi | Base::MacRoman) => return,
        Some(Base::Standard) | None => "WinAnsiEncoding",
    };
    // What the standard encoding has elsewhere becomes a difference, so that every code shows what it showed.
    let mut differences = Vec::new();
    for code in 0..=255_u8 {
        let name = read.name(code).map(<[u8]>::to_vec).or_else(|| {
            let standard = Base::Standard.character(code)?;
            (Base::WinAnsi.character(code) != Some(standard))
                .then(|| glyphs::name(standard).map(|name| name.as_bytes().to_vec()))?
        });
        if let Some(name) = name {
            differences.push(Object::Integer(i64::from(code)));
            differences.push(Object::Name(name));
        }
    }
    let mut mended = Dictionary::new();
    mended.set("Type", object::named("Encoding"));
    mended.set("BaseEncoding", object::named(base));
    if !differences.is_empty() {
        mended.set("Differences", differences);
    }
    if let Some(font) = object::at_mut(document, id) {
        font.set("Encoding", mended);
    }
}

fn has_unicode_map(bytes: &[u8]) -> bool {
    Face::parse(bytes, 0).is_ok_and(|face| {
        face.tables().cmap.is_some_and(|map| {
            map.subtables
                .into_iter()
                .any(|table| table.platform_id == ttf_parser::PlatformId::Windows && table.encoding_id == 1)
        })
    })
}

/// Brings `/Widths` in step with the program, for the codes that are shown and surely known.
fn simple_widths(document: &mut Document, id: ObjectId, font: &Dictionary, used: &FontUse) {
    let Some(program) = program(document, font) else { return };
    let encoding = Encoding::read(document, font);
    let first = object::integer(document, font, b"FirstChar").unwrap_or(0);
    let Some(widths) = object::array(document, font, b"Widths") else { return };
    let mut mended = widths.to_vec();
    let mut differs = false;
    for code in used.codes.iter().filter_map(|code| u8::try_from(*code).ok()) {
        let Some(slot) = usize::try_from(i64::from(code) - first).ok().and_then(|at| mended.get_mut(at)) else {
            continue;
        };
        let own = match &program {
            Program::TrueType(bytes) => truetype_width(bytes, &encoding, code),
            Program::Compact(bytes) => compact_width(bytes, &encoding, code),
        };
        let said = object::number(document, slot).unwrap_or(0.0);
        if let Some(own) = own
            && (own - said).abs() > WIDTH_SLACK
        {
            *slot = Object::Real(own);
            differs = true;
        }
    }
    if differs && let Some(font) = object::at_mut(document, id) {
        font.set("Widths", mended);
    }
}

fn truetype_width(bytes: &[u8], encoding: &Encoding, code: u8) -> Option<f32> {
    let face = Face::parse(bytes, 0).ok()?;
    let glyph = truetype_glyph(&face, encoding, code)?;
    Some(f32::from(face.glyph_hor_advance(glyph)?) * 1000.0 / f32::from(face.units_per_em()))
}

/// The glyph of a code, by the rules for TrueType fonts (ISO 32000-1, 9.6.6.4).
fn truetype_glyph(face: &Face<'_>, encoding: &Encoding, code: u8) -> Option<GlyphId> {
    let map = face.tables().cmap?;
    let find = |platform, kind| {
        map.subtables.into_iter().find(|table| table.platform_id == platform && table.encoding_id == kind)
    };
    let windows = ttf_parser::PlatformId::Windows;
    let mac = ttf_parser::PlatformId::Macintosh;
    let is_encoded = encoding.base.is_some() || !encoding.differences.is_empty();
    let found = if is_encoded {
        let character = encoding.character(code, Base::Standard)?;
        match (find(windows, 1), find(mac, 0)) {
            (Some(table), _) => table.glyph_index(u32::from(character)),
            (None, Some(table)) => table.glyph_index(u32::from(Base::MacRoman.code(character)?)),
            (None, None) => None,
        }
    } else {
        let by_symbol = find(windows, 0).and_then(|table| {
            [0xF000, 0, 0xF100, 0xF200].iter().find_map(|page| table.glyph_index(page + u32::from(code)))
        });
        by_symbol.or_else(|| find(mac, 0)?.glyph_index(u32::from(code)))
    };
    found.filter(|glyph| glyph.0 != 0)
}

fn compact_width(bytes: &[u8], encoding: &Encoding, code: u8) -> Option<f32> {
    let table = ttf_parser::cff::Table::parse(bytes)?;
    let glyph = match encoding.name(code) {
        Some(name) => table.glyph_index_by_name(std::str::from_utf8(name).ok()?)?,
        None if encoding.base.is_none() => table.glyph_index(code)?,
        None => table.glyph_index_by_name(glyphs::name(encoding.character(code, Base::Standard)?)?)?,
    };
    let scale = table.matrix().sx;
    (glyph.0 != 0).then_some(f32::from(table.glyph_width(glyph)?) * if scale > 0.0 { scale * 1000.0 } else { 1.0 })
}

/// Brings `/W` in step with the program, where codes are CIDs.
fn wide_widths(document: &mut Document, font: &Dictionary, used: &FontUse) {
    if !matches!(object::name(document, font, b"Encoding"), Some(b"Identity-H" | b"Identity-V")) {
        return;
    }
    let Some(descendant) =
        object::array(document, font, b"DescendantFonts").and_then(|all| object::target(document, all.first()?))
    else {
        return;
    };
    let Some(held) = described(document, font) else { return };
    let Some(program) = program(document, held) else { return };
    let map = match object::get(document, held, b"CIDToGIDMap") {
        Some(Object::Stream(map)) => stream::unpack_within(map, 1 << 18).ok(),
        Some(_) | None => None,
    };
    let otherwise = held.get(b"DW").ok().and_then(|width| object::number(document, width)).unwrap_or(1000.0);
    let mut widths = composite_widths(document, held);
    let mut differs = false;
    for cid in &used.codes {
        let own = match &program {
            Program::TrueType(bytes) => Face::parse(bytes, 0).ok().and_then(|face| {
                let glyph = match &map {
                    Some(map) => u16::from_be_bytes(map.get(usize::from(*cid) * 2..)?.get(..2)?.try_into().ok()?),
                    None => *cid,
                };
                Some(
                    f32::from(face.glyph_hor_advance(GlyphId(glyph)).filter(|_| glyph != 0)?) * 1000.0
                        / f32::from(face.units_per_em()),
                )
            }),
            Program::Compact(bytes) => cid_width(bytes, *cid),
        };
        let said = widths.get(cid).copied().unwrap_or(otherwise);
        if let Some(own) = own
            && (own - said).abs() > WIDTH_SLACK
        {
            widths.insert(*cid, own);
            differs = true;
        }
    }
    if differs && let Some(held) = object::at_mut(document, descendant) {
        let table: Vec<Object> = widths
            .into_iter()
            .flat_map(|(cid, width)| [Object::Integer(i64::from(cid)), vec![Object::Real(width)].into()])
            .collect();
        held.set("W", table);
    }
}

/// The width of a CID in a compact font. A font without CIDs takes them as glyph numbers.
fn cid_width(bytes: &[u8], cid: u16) -> Option<f32> {
    let table = ttf_parser::cff::Table::parse(bytes)?;
    let has_cids = (0..table.number_of_glyphs().min(3)).any(|glyph| table.glyph_cid(GlyphId(glyph)).is_some());
    if has_cids {
        // The width of a glyph depends on its private dictionary, which the parser does not tell for CID fonts.
        return None;
    }
    (cid != 0).then(|| table.glyph_width(GlyphId(cid)).map(f32::from)).flatten()
}

//! Text that shows the glyph for "no such glyph", which PDF/A-2 refuses (6.2.11.8).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};
use ttf_parser::{Face, GlyphId, PlatformId};

use super::{
    described,
    embedded::{Program, program},
    encoding::Encoding,
    glyphs::{self, Base},
};
use crate::pdf::{object, stream, usage::FontUse};

/// Whether any code that is shown has no glyph, as far as the program tells for sure.
pub(crate) fn shows_undefined(document: &Document, id: ObjectId, used: &FontUse) -> bool {
    let Some(font) = object::at(document, id) else { return false };
    match object::name(document, font, b"Subtype") {
        Some(b"TrueType" | b"Type1" | b"MMType1") => simple(document, font, used).unwrap_or(false),
        Some(b"Type0") => composite(document, font, used).unwrap_or(false),
        Some(_) | None => false,
    }
}

fn simple(document: &Document, font: &Dictionary, used: &FontUse) -> Option<bool> {
    let encoding = Encoding::read(document, font);
    let mut codes = used.codes.iter().filter_map(|code| u8::try_from(*code).ok());
    match program(document, font)? {
        Program::TrueType(bytes) => {
            let face = Face::parse(&bytes, 0).ok()?;
            Some(codes.any(|code| truetype_lacks(&face, &encoding, code).unwrap_or(false)))
        }
        Program::Compact(bytes) => {
            let table = ttf_parser::cff::Table::parse(&bytes)?;
            Some(codes.any(|code| {
                let by_name =
                    |name: &[u8]| std::str::from_utf8(name).ok().and_then(|name| table.glyph_index_by_name(name));
                let found = match (encoding.name(code), encoding.base) {
                    (Some(name), _) => by_name(name),
                    (None, None) => table.glyph_index(code),
                    (None, Some(base)) => {
                        base.character(code).and_then(glyphs::name).and_then(|name| by_name(name.as_bytes()))
                    }
                };
                found.is_none_or(|glyph| glyph.0 == 0)
            }))
        }
    }
}

/// Whether a font lacks a glyph for a code; `None` when its tables do not tell.
fn truetype_lacks(face: &Face<'_>, encoding: &Encoding, code: u8) -> Option<bool> {
    let map = face.tables().cmap?;
    let find = |platform, kind| {
        map.subtables.into_iter().find(|table| table.platform_id == platform && table.encoding_id == kind)
    };
    let is_there = |glyph: Option<GlyphId>| glyph.is_some_and(|glyph| glyph.0 != 0);
    let symbol = find(PlatformId::Windows, 0);
    let mac = find(PlatformId::Macintosh, 0);
    let by_symbol = || {
        symbol.is_some_and(|table| {
            [0xF000, 0, 0xF100, 0xF200].iter().any(|page| is_there(table.glyph_index(page + u32::from(code))))
        })
    };
    let by_mac = || mac.is_some_and(|table| is_there(table.glyph_index(u32::from(code))));
    let by_unicode = || {
        let character = encoding.character(code, Base::Standard);
        let name = encoding.name(code).and_then(|name| std::str::from_utf8(name).ok());
        let unicode = find(PlatformId::Windows, 1);
        let mapped =
            character.zip(unicode).is_some_and(|(character, table)| is_there(table.glyph_index(u32::from(character))));
        let mac_code = character.and_then(|character| Base::MacRoman.code(character));
        let by_roman = mac_code.zip(mac).is_some_and(|(code, table)| is_there(table.glyph_index(u32::from(code))));
        let known = name.or_else(|| character.and_then(glyphs::name));
        mapped || by_roman || known.is_some_and(|name| is_there(face.glyph_index_by_name(name)))
    };
    if symbol.is_none() && mac.is_none() && find(PlatformId::Windows, 1).is_none() {
        return None;
    }
    Some(!(by_symbol() || by_mac() || by_unicode()))
}

fn composite(document: &Document, font: &Dictionary, used: &FontUse) -> Option<bool> {
    if !matches!(object::name(document, font, b"Encoding"), Some(b"Identity-H" | b"Identity-V")) {
        return None;
    }
    let held = described(document, font)?;
    match program(document, held)? {
        Program::TrueType(bytes) => {
            let face = Face::parse(&bytes, 0).ok()?;
            face.tables().glyf?;
            let map = match object::get(document, held, b"CIDToGIDMap") {
                Some(Object::Stream(map)) => Some(stream::unpack_within(map, 1 << 18).ok()?),
                Some(_) | None => None,
            };
            let glyph = |cid: u16| match &map {
                Some(map) => {
                    let at = usize::from(cid) * 2;
                    map.get(at..at + 2)
                        .map_or(0, |pair| pair.iter().fold(0_u16, |glyph, byte| glyph << 8 | u16::from(*byte)))
                }
                None => cid,
            };
            Some(used.codes.iter().any(|cid| glyph(*cid) == 0 || glyph(*cid) >= face.number_of_glyphs()))
        }
        Program::Compact(bytes) => {
            let table = ttf_parser::cff::Table::parse(&bytes)?;
            let cids: BTreeSet<u16> =
                (0..table.number_of_glyphs()).filter_map(|glyph| table.glyph_cid(GlyphId(glyph))).collect();
            if cids.is_empty() {
                return Some(used.codes.iter().any(|cid| *cid == 0 || *cid >= table.number_of_glyphs()));
            }
            Some(used.codes.iter().any(|cid| *cid == 0 || !cids.contains(cid)))
        }
    }
}

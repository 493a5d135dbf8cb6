//! The lists of glyphs that descriptors of subsets have: PDF/A-1 wants them (6.3.5), later parts do without.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat};

use super::{
    described, place,
    program::{self, Compact, TrueType, Type1},
};
use crate::pdf::{object, stream, usage::Survey, validate::Part};

/// Most bytes of a font program that is looked into.
const PROGRAM_BYTES_MAX: usize = 64 << 20;

/// Most bytes of a list of CIDs: one bit for each.
const LIST_BYTES_MAX: usize = 1 << 13;

/// Most bytes of a map from CIDs to glyphs: two for each CID.
const MAP_BYTES_MAX: usize = 1 << 18;

/// The name of the glyph for "no such glyph".
const UNDEFINED: &[u8] = b".notdef";

/// Removes the lists of a descriptor: both may be left out, and are wrong more often than right.
pub(super) fn remove(dictionary: &mut Dictionary) {
    if dictionary.has_type(b"FontDescriptor") || dictionary.has(b"FontFile") || dictionary.has(b"FontFile3") {
        dictionary.remove(b"CIDSet");
        dictionary.remove(b"CharSet");
    }
}

/// Writes the lists of all subsets that are used, from their programs.
pub(super) fn write(document: &mut Document, part: Part, survey: &Survey) {
    if part != Part::One {
        return;
    }
    for id in survey.fonts.keys() {
        let Some(font) = object::at(document, *id) else { continue };
        let Some((descriptor, list)) = described(document, font).and_then(|held| list(document, held)) else {
            continue;
        };
        set(document, descriptor, list);
    }
}

/// A list of glyphs.
enum List {
    Names(Vec<u8>),
    Cids(Vec<u8>),
}

fn set(document: &mut Document, descriptor: ObjectId, list: List) {
    match list {
        List::Names(names) => {
            if let Some(descriptor) = object::at_mut(document, descriptor) {
                descriptor.set("CharSet", Object::String(names, StringFormat::Literal));
            }
        }
        List::Cids(bits) => {
            let known = object::at(document, descriptor).and_then(|held| object::get(document, held, b"CIDSet"));
            let is_right = known.is_some_and(|known| {
                let bytes = known.as_stream().ok().and_then(|held| stream::unpack_within(held, LIST_BYTES_MAX).ok());
                bytes.as_ref() == Some(&bits)
            });
            if !is_right {
                let set = object::add(document, Stream::new(Dictionary::new(), bits));
                if let Some(descriptor) = object::at_mut(document, descriptor) {
                    descriptor.set("CIDSet", set);
                }
            }
        }
    }
}

/// The list of a font and the number of its descriptor; `None` when it is no subset, or one that has no list.
fn list(document: &Document, held: &Dictionary) -> Option<(ObjectId, List)> {
    let name = object::name(document, held, b"BaseFont")?;
    let is_tagged = name.get(..6)?.iter().all(u8::is_ascii_uppercase) && name.get(6) == Some(&b'+');
    if !is_tagged {
        return None;
    }
    let descriptor = object::target(document, held.get(b"FontDescriptor").ok()?)?;
    let (file, key) = place::file(document, held)?;
    let bytes = stream::unpack_within(file, PROGRAM_BYTES_MAX).ok()?;
    let list = match (object::name(document, held, b"Subtype")?, key) {
        (b"Type1" | b"MMType1", b"FontFile") => List::Names(names(&Type1::read(&bytes)?.names())),
        (b"Type1" | b"MMType1", b"FontFile3") => List::Names(names(&Compact::read(&bytes)?.names())),
        (b"CIDFontType0", b"FontFile3") => {
            let bare = program::table(&bytes, b"CFF ").unwrap_or(&bytes);
            let program = Compact::read(bare)?;
            List::Cids(if program.has_cids() { bits(program.cids()) } else { bits(0..program.glyph_count()) })
        }
        (b"CIDFontType2", _) => List::Cids(truetype(document, held, &TrueType::read(&bytes)?)),
        _ => return None,
    };
    Some((descriptor, list))
}

/// The CIDs that have a glyph by the map of a font, or by being its number.
fn truetype(document: &Document, held: &Dictionary, program: &TrueType<'_>) -> Vec<u8> {
    let map = match object::get(document, held, b"CIDToGIDMap") {
        Some(Object::Stream(map)) => stream::unpack_within(map, MAP_BYTES_MAX).ok(),
        Some(_) | None => None,
    };
    let count = program.glyph_count();
    match map {
        Some(map) => {
            let glyphs = map.chunks_exact(2).map(|pair| pair.iter().fold(0, |all, byte| all << 8 | u16::from(*byte)));
            let cids = (0..).zip(glyphs).filter(|(cid, glyph)| *cid == 0 || (*glyph != 0 && *glyph < count));
            bits(cids.map(|(cid, _)| cid))
        }
        None => bits(0..u32::from(count)),
    }
}

/// A set of CIDs: a bit for each, the first one the highest of the first byte.
pub(super) fn bits(cids: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut bits = Vec::new();
    for cid in cids {
        let Some(at) = usize::try_from(cid / 8).ok().filter(|at| *at < LIST_BYTES_MAX) else { continue };
        if bits.len() <= at {
            bits.resize(at + 1, 0);
        }
        if let Some(byte) = bits.get_mut(at) {
            *byte |= 0x80_u8 >> (cid % 8);
        }
    }
    bits
}

/// A list of names, each written as a name.
fn names(names: &BTreeSet<Vec<u8>>) -> Vec<u8> {
    let mut list = Vec::new();
    for name in names.iter().filter(|name| name.as_slice() != UNDEFINED) {
        list.push(b'/');
        for byte in name {
            if byte.is_ascii_graphic() && !b"#/()<>[]{}%".contains(byte) {
                list.push(*byte);
            } else {
                list.extend(format!("#{byte:02X}").into_bytes());
            }
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_a_bit_for_each_cid_and_the_first_is_the_highest() {
        assert_eq!(bits([0, 1, 9].into_iter()), [0b1100_0000, 0b0100_0000]);
        assert!(bits(std::iter::once(u32::MAX)).is_empty());
    }

    #[test]
    fn names_are_listed_as_names_and_the_undefined_glyph_is_not() {
        let held = [&b".notdef"[..], b"A", b"b#1"].map(<[u8]>::to_vec).into_iter().collect();
        assert_eq!(names(&held), b"/A/b#231");
    }
}

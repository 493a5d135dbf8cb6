//! Fonts that are in the document: encodings as PDF/A wants them (part 1: 6.3.7; parts 2 and 3: 6.2.11.6).

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{
    encoding::Encoding,
    glyphs::{self, Base},
    place,
    program::TrueType,
};
use crate::pdf::{object, stream};

/// Most bytes of a font program that is looked into.
const PROGRAM_BYTES_MAX: usize = 64 << 20;

/// A symbolic font, and one with a Latin alphabet, by the flags of its descriptor.
const SYMBOLIC: i64 = 4;
const NONSYMBOLIC: i64 = 32;

/// A symbolic TrueType font has no encoding; any other one has one of the two usual ones.
pub(super) fn mend(document: &mut Document, id: ObjectId) {
    let Some(font) = object::at(document, id).cloned() else { return };
    if object::name(document, &font, b"Subtype") == Some(b"TrueType") {
        encoding(document, id, &font);
    }
}

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
        let has_unicode = has_unicode_map(document, font);
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

fn has_unicode_map(document: &Document, font: &Dictionary) -> bool {
    let bytes = place::file(document, font).and_then(|(file, _)| stream::unpack_within(file, PROGRAM_BYTES_MAX).ok());
    bytes.is_some_and(|bytes| TrueType::read(&bytes).is_some_and(|program| program.has_map(3, 1)))
}

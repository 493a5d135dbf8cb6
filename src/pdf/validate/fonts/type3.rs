//! The glyphs of Type 3 fonts, which are content streams (ISO 32000-1, 9.6.5).

use lopdf::{Object, Stream};

use super::{
    drawn::Used,
    examined::{Glyph, Kind, Meaning},
    maps::ToUnicode,
    simple::{self, Encoding, UNDEFINED, Widths},
};
use crate::pdf::{
    object, stream,
    validate::{Part, content::Reader, subject::Subject},
};

/// Most operations before the one that states the width of a glyph, which should be the first.
const OPERATIONS_MAX: usize = 16;

/// The glyphs that a Type 3 font shows.
pub(super) fn glyphs(subject: &Subject<'_>, used: &Used<'_>) -> Vec<Glyph> {
    let font = used.font.held;
    let document = subject.document;
    let encoding = Encoding::read(subject, font);
    let widths = Widths::read(subject, font);
    let to_unicode = ToUnicode::read(subject, font);
    let drawings = object::dictionary(document, font, b"CharProcs");
    let mut glyphs = Vec::new();
    for (code, shown) in &used.codes {
        let Ok(byte) = u8::try_from(code.value) else { continue };
        let name = encoding.name(byte);
        let drawing = drawings.zip(name).and_then(|(drawings, name)| object::get(document, drawings, name));
        let width = match drawing {
            Some(Object::Stream(held)) => width(held),
            Some(_) | None => None,
        };
        let meaning = match (to_unicode.as_ref().and_then(|map| map.text(code.value)), name) {
            (Some(text), _) => Meaning::Text(text),
            // Part 1 lets names count in Type 1 fonts only.
            (None, Some(name)) if subject.flavour.part() != Part::One => simple::named(subject, Kind::Type3, name),
            (None, _) => Meaning::Unknown,
        };
        glyphs.push(Glyph {
            code: *code,
            cid: None,
            name: None,
            shown: *shown,
            is_present: Some(drawing.is_some()),
            is_undefined: name == Some(UNDEFINED),
            widths: Some((width.unwrap_or(widths.missing()), widths.get(byte))),
            meaning,
        });
    }
    glyphs
}

/// The width that a drawing states.
fn width(held: &Stream) -> Option<f64> {
    let bytes = stream::unpack_within(held, stream::CONTENT_BYTES_MAX).ok()?;
    let mut reader = Reader::new(&bytes);
    for _ in 0..OPERATIONS_MAX {
        let operation = reader.next()?;
        if matches!(operation.operator, b"d0" | b"d1") {
            return operation.operands.first()?.as_float().ok().map(f64::from);
        }
    }
    None
}

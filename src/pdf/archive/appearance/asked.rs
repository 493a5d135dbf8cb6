//! Forms that ask readers to draw their fields (ISO 32000-1, 12.7.2: `NeedAppearances`).

use lopdf::{Dictionary, Document, Object};

use super::{
    Pens,
    text::{VALUE_BYTES_MAX, decoded, inherited},
};
use crate::pdf::{
    content::{Operand, Reader},
    object, stream,
};

/// Most bytes of an appearance that is compared with the value.
const LOOK_BYTES_MAX: usize = 1 << 20;

/// Whether the form asks readers to draw its fields, which it does no more after this.
pub(in crate::pdf::archive) fn take_request(document: &mut Document) -> bool {
    let form = object::catalog(document).and_then(|catalog| object::target(document, catalog.get(b"AcroForm").ok()?));
    let request = form.and_then(|id| object::at_mut(document, id)?.remove(b"NeedAppearances"));
    request.is_some_and(|request| object::resolve(document, &request).as_bool().unwrap_or(false))
}

/// Whether a field of text shows something else than its value.
pub(super) fn is_stale(
    document: &Document,
    held: &Dictionary,
    kind: Option<&[u8]>,
    look: &Object,
    pens: &mut Pens<'_>,
) -> bool {
    if !matches!(kind, Some(b"Tx" | b"Ch")) || !pens.spend(1) {
        return false;
    }
    let value = inherited(document, held, b"V").and_then(|value| decoded(document, value, VALUE_BYTES_MAX));
    let Some(value) = value else { return false };
    pens.spend(value.len());
    let Object::Stream(look) = object::resolve(document, look) else { return false };
    let Ok(content) = stream::unpack_content(document, look, LOOK_BYTES_MAX) else {
        pens.spend(LOOK_BYTES_MAX);
        return false;
    };
    pens.spend(content.bytes.len());
    let mut reader = Reader::new(&content.bytes);
    let (mut operands, mut shown) = (Vec::new(), Vec::new());
    while let Some(operator) = reader.next(&mut operands) {
        if matches!(operator, b"Tj" | b"TJ" | b"'" | b"\"") {
            for operand in &operands {
                if let Operand::Text(text) = operand {
                    shown.extend_from_slice(text);
                }
            }
        }
    }
    let (value, _, _) = encoding_rs::WINDOWS_1252.encode(&value);
    let printed = |byte: &&u8| byte.is_ascii_graphic() || **byte >= 0x80;
    shown.iter().filter(printed).ne(value.iter().filter(printed))
}

//! The glyphs of Type 3 fonts state a width each, which has to be that of the dictionary (ISO 32000-1, 9.6.5).

use std::collections::BTreeMap;

use lopdf::{Document, Object, ObjectId};

use super::encoding::Encoding;
use crate::pdf::{object, stream, validate::Measured};

/// Most words before the operator that states the width of a glyph.
const WORDS_MAX: usize = 8;

/// How far a width may be off.
const WIDTH_SLACK: f64 = 1.0;

/// Writes the widths that the dictionary of a Type 3 font states into its drawings, by which no text moves. A drawing that
/// is shown at two widths stays. Says whether any was changed.
pub(super) fn mend(document: &mut Document, id: ObjectId, measured: &[Measured]) -> bool {
    let Some(font) = object::at(document, id) else { return false };
    if object::name(document, font, b"Subtype") != Some(b"Type3") {
        return false;
    }
    let encoding = Encoding::read(document, font);
    let Some(drawings) = object::dictionary(document, font, b"CharProcs") else { return false };
    let mut is_changed = false;
    let mut stated: BTreeMap<ObjectId, Vec<(f64, f64)>> = BTreeMap::new();
    for glyph in measured {
        let name = u8::try_from(glyph.code.value).ok().and_then(|code| encoding.name(code));
        let drawing = name.and_then(|name| drawings.get(name).ok()).and_then(|held| object::target(document, held));
        if let (Some(drawing), Some(widths)) = (drawing, glyph.widths) {
            stated.entry(drawing).or_default().push(widths);
        }
    }
    for (drawing, widths) in stated {
        let Some((program, said)) = widths.first().copied() else { continue };
        let is_one = widths.iter().all(|(_, each)| (each - said).abs() <= WIDTH_SLACK);
        if !is_one || (program - said).abs() <= WIDTH_SLACK {
            continue;
        }
        let Some(Object::Stream(held)) = document.objects.get_mut(&drawing) else { continue };
        let Ok(bytes) = stream::unpack_within(held, stream::CONTENT_BYTES_MAX) else { continue };
        if let Some(bytes) = with_width(&bytes, said) {
            held.dict.remove(b"Filter");
            held.dict.remove(b"DecodeParms");
            held.set_content(bytes);
            is_changed = true;
        }
    }
    is_changed
}

/// A drawing with another width; `None` when it does not begin by stating one.
fn with_width(bytes: &[u8], width: f64) -> Option<Vec<u8>> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let words = bytes.get(start..)?.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let words: Vec<&[u8]> = words.take(WORDS_MAX).collect();
    let at = words.iter().position(|word| matches!(*word, b"d0" | b"d1"))?;
    let is_number = |word: &&[u8]| std::str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok());
    let count = if words.get(at) == Some(&&b"d0"[..]) { 2 } else { 6 };
    if at != count || !words.iter().take(count).all(is_number) {
        return None;
    }
    let rest = bytes.get(start + words.first()?.len()..)?;
    Some([format!("{width}").as_bytes(), rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_gets_another_width_and_keeps_the_rest() {
        assert_eq!(with_width(b" 500 0 d0\n1 0 m", 400.5).unwrap(), b"400.5 0 d0\n1 0 m");
        assert_eq!(with_width(b"500 0 0 0 9 9 d1 f", 4.0).unwrap(), b"4 0 0 0 9 9 d1 f");
        assert_eq!(with_width(b"q 500 0 d0", 4.0), None);
        assert_eq!(with_width(b"", 4.0), None);
    }
}

//! Content that is written as PDF/A does not take it is written anew, operation by operation; all others stay byte for byte
//! (6.1.6, 6.1.10, 6.1.13, 6.2.2, 6.2.6 and 6.2.8).
//!
//! This is for documents that the validator refused: looking at every operand of all content takes its time.

use lopdf::{
    Dictionary, Document, Object, Stream,
    content::{Content, Operation as Written},
};

use super::{
    Log,
    values::{REAL_MAX, STRING_BYTES_MAX},
};
use crate::{
    domain::{Event, EventCode},
    pdf::{
        Error,
        operations::{Fault, Operation, Reader},
        standard::{RENDERING_INTENTS, is_operator},
        stream, usage,
        validate::Part,
    },
};

/// Writes content anew where it has to be; tells what was changed, nothing when there was nothing to change.
///
/// # Errors
/// `Limit` for content of a hostile size.
pub(crate) fn rewrite(document: &mut Document, part: Part) -> Result<Vec<Event>, Error> {
    let mut log = Log::default();
    for id in usage::survey(document)?.streams {
        let Some(Object::Stream(held)) = document.objects.get(&id) else { continue };
        let Ok(content) = stream::unpack_content(document, held, stream::CONTENT_BYTES_MAX) else { continue };
        if let Some(written) = rewritten(&content.bytes, part, &mut log)
            && let Some(Object::Stream(held)) = document.objects.get_mut(&id)
        {
            stream::set_packed(held, stream::pack(&written));
        }
    }
    Ok(log.events)
}

/// A piece of content, written anew; `None` when it can stay.
fn rewritten(content: &[u8], part: Part, log: &mut Log) -> Option<Vec<u8>> {
    let mut reader = Reader::new(content);
    let mut written = Vec::new();
    let mut copied = 0;
    let mut start = 0;
    while let Some(operation) = reader.next() {
        if let Some(mended) = mended(operation, part, log) {
            written.extend_from_slice(content.get(copied..start)?);
            written.push(b'\n');
            written.extend(mended);
            written.push(b'\n');
            copied = reader.position();
        }
        start = reader.position();
    }
    if copied == 0 {
        return None;
    }
    written.extend_from_slice(content.get(copied..)?);
    Some(written)
}

/// What is written instead of an operation; `None` when it can stay.
fn mended(operation: Operation<'_>, part: Part, log: &mut Log) -> Option<Vec<u8>> {
    let Operation { operator, mut operands, data, faults } = operation;
    if operator == b"BI" {
        return image(operands.first()?.as_dict().ok()?, data, log);
    }
    if !is_operator(operator) {
        log.inform(EventCode::Generic, "Operators of content that the format does not have were taken out.");
        return Some(Vec::new());
    }
    let is_unknown_intent =
        |intent: &Object| intent.as_name().map_or(true, |intent| !RENDERING_INTENTS.contains(&intent));
    if operator == b"ri" && operands.last().is_none_or(is_unknown_intent) {
        log.inform(EventCode::VisualDifferences, "A rendering intent that the format does not have was replaced.");
        return encoded(vec![Written::new("ri", vec!["RelativeColorimetric".into()])]);
    }
    if faults.contains(&Fault::Unbalanced) {
        return None;
    }
    let mut is_changed = !faults.is_empty();
    for operand in &mut operands {
        is_changed |= within_limits(operand, part);
    }
    if !is_changed {
        return None;
    }
    log.inform(EventCode::Generic, "Numbers or strings of content were written anew within the limits of PDF/A.");
    let operator = String::from_utf8_lossy(operator).into_owned();
    match operands.as_slice() {
        // What is shown in two operations stands where it stood in one.
        [Object::String(text, format)] if operator == "Tj" => {
            let pieces = text.chunks(STRING_BYTES_MAX);
            encoded(pieces.map(|text| Written::new("Tj", vec![Object::String(text.to_vec(), *format)])).collect())
        }
        _ => encoded(vec![Written::new(&operator, operands)]),
    }
}

fn encoded(operations: Vec<Written>) -> Option<Vec<u8>> {
    Content { operations }.encode().ok()
}

/// Brings a number to the nearest that may be, and a string in an array into pieces; says whether it had to.
fn within_limits(operand: &mut Object, part: Part) -> bool {
    match operand {
        Object::Integer(value) => {
            let within = (*value).clamp(i64::from(i32::MIN), i64::from(i32::MAX));
            std::mem::replace(value, within) != within
        }
        Object::Real(value) if !value.is_finite() => {
            *operand = Object::Integer(if *value < 0.0 { i32::MIN.into() } else { i32::MAX.into() });
            true
        }
        // Integers may be larger than reals.
        Object::Real(value) if part == Part::One && value.abs() > REAL_MAX => {
            *operand = Object::Integer(rounded(*value));
            true
        }
        Object::String(text, _) => text.len() > STRING_BYTES_MAX,
        Object::Array(items) => {
            let mut is_changed = false;
            let mut within = Vec::with_capacity(items.len());
            for mut item in std::mem::take(items) {
                is_changed |= within_limits(&mut item, part);
                if let Object::String(text, format) = &item
                    && text.len() > STRING_BYTES_MAX
                {
                    within.extend(text.chunks(STRING_BYTES_MAX).map(|text| Object::String(text.to_vec(), *format)));
                } else {
                    within.push(item);
                }
            }
            *items = within;
            is_changed
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::Dictionary(_)
        | Object::Stream(_)
        | Object::Reference(_) => false,
    }
}

/// The nearest integer, within the range of those.
#[expect(clippy::cast_possible_truncation, reason = "it is within the range of integers of 32 bits")]
fn rounded(value: f32) -> i64 {
    f64::from(value).round().clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i64
}

/// An inline image without LZW and without being smoothed; `None` when it can stay, or cannot be unpacked.
fn image(entries: &Dictionary, data: &[u8], log: &mut Log) -> Option<Vec<u8>> {
    let entry = |short: &[u8], long: &[u8]| entries.get(short).or_else(|_| entries.get(long)).ok();
    let filters = entry(b"F", b"Filter")
        .map_or(&[][..], |held| held.as_array().map_or(std::slice::from_ref(held), Vec::as_slice));
    let is_lzw = filters.iter().any(|filter| matches!(filter.as_name(), Ok(b"LZW" | b"LZWDecode")));
    let is_smoothed = entry(b"I", b"Interpolate").is_some_and(|held| held.as_bool().unwrap_or(false));
    if !is_lzw && !is_smoothed {
        return None;
    }
    let mut entries = entries.clone();
    let mut data = data.to_vec();
    entries.remove(b"I");
    entries.remove(b"Interpolate");
    if is_lzw {
        let filters: Vec<Object> = filters.iter().map(full_name).collect::<Option<_>>()?;
        let mut packed = Dictionary::new();
        packed.set("Filter", filters);
        if let Ok(parameters) = entries.get(b"DP").or_else(|_| entries.get(b"DecodeParms")) {
            packed.set("DecodeParms", parameters.clone());
        }
        let unpacked = stream::unpack(&Stream::new(packed, data)).ok()?;
        for key in ["F", "Filter", "DP", "DecodeParms"] {
            entries.remove(key.as_bytes());
        }
        // In digits nothing can be taken for the end of the image.
        entries.set("F", vec![Object::from("AHx"), "Fl".into()]);
        data = stream::pack(&unpacked).iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
        data.push(b'>');
    }
    log.inform(EventCode::Generic, "Inline images were packed otherwise, without loss, or are no longer smoothed.");
    let operands = entries.into_iter().flat_map(|(key, value)| [Object::Name(key), value]).collect();
    let head = Content { operations: vec![Written::new("ID", operands)] }.encode().ok()?;
    Some([b"BI ", head.trim_ascii_end(), b"\n", &data, b"\nEI"].concat())
}

/// The name of a filter that can be undone here, which inline images may write in short (ISO 32000-1, table 94).
fn full_name(filter: &Object) -> Option<Object> {
    let name = match filter.as_name().ok()? {
        b"AHx" | b"ASCIIHexDecode" => "ASCIIHexDecode",
        b"A85" | b"ASCII85Decode" => "ASCII85Decode",
        b"LZW" | b"LZWDecode" => "LZWDecode",
        b"Fl" | b"FlateDecode" => "FlateDecode",
        b"RL" | b"RunLengthDecode" => "RunLengthDecode",
        _ => return None,
    };
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &[u8]) -> Option<String> {
        rewritten(content, Part::Two, &mut Log::default()).map(|written| {
            let words: Vec<String> =
                String::from_utf8(written).unwrap().split_whitespace().map(str::to_owned).collect();
            words.join(" ")
        })
    }

    #[test]
    fn what_is_written_as_it_may_be_stays() {
        assert_eq!(text(b"q 1 0 0 1 0 0 cm (a) Tj <41> Tj [(b) -120 <43>] TJ BI /W 1 /H 1 ID x EI Q"), None);
        assert_eq!(text(b""), None);
    }

    #[test]
    fn only_what_may_not_be_is_written_anew() {
        let cases: [(&[u8], &str); 7] = [
            (b"q 1 2 Nonsense 0 0 1 1 re f Q", "q 0 0 1 1 re f Q"),
            (b"BX /X ps EX", "BX EX"),
            (b"/Custom ri 0 g", "/RelativeColorimetric ri 0 g"),
            (b"0 g <414> Tj", "0 g <4140> Tj"),
            (b"<4x1> Tj 1 w", "<41> Tj 1 w"),
            (b"99999999999 0 m 0 0 l S", "2147483647 0 m 0 0 l S"),
            (b"1 w 0 0 1 1 re f 2", "1 w 0 0 1 1 re f 2"),
        ];
        for (content, expected) in cases {
            let written = text(content).unwrap_or_else(|| String::from_utf8(content.to_vec()).unwrap());
            assert_eq!(written.to_lowercase(), expected.to_lowercase());
        }
    }

    #[test]
    fn in_part_1_a_large_real_becomes_an_integer() {
        let written = rewritten(b"99999.6 0.5 m", Part::One, &mut Log::default()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap().trim(), "100000 0.5 m");
    }

    #[test]
    fn a_long_string_is_shown_in_pieces() {
        let long = "a".repeat(STRING_BYTES_MAX + 10);
        assert_eq!(text(format!("({long}) Tj").as_bytes()).unwrap().matches("Tj").count(), 2);
        assert!(text(format!("[({long}) 5] TJ").as_bytes()).unwrap().contains("a)(aaaaaaaaaa)"));
    }

    #[test]
    fn an_inline_image_loses_lzw_and_not_its_samples() {
        // "AB", by LZW: clear, A, B, end.
        let packed = [0x80, 0x10, 0x48, 0x50, 0x10];
        let content = [&b"BI /W 2 /H 1 /BPC 8 /CS /G /F /LZW /I true ID "[..], &packed, b" EI Q"].concat();
        let written = rewritten(&content, Part::Two, &mut Log::default()).unwrap();
        let mut reader = Reader::new(&written);
        let image = reader.next().unwrap();
        let entries = image.dictionary().unwrap();
        assert!(!entries.has(b"I") && entries.get(b"W").unwrap().as_i64().unwrap() == 2);
        let filters = dictionary(entries.get(b"F").unwrap());
        assert_eq!(stream::unpack(&Stream::new(filters, image.data.to_vec())).unwrap(), b"AB");
        assert_eq!(reader.next().unwrap().operator, b"Q");
    }

    fn dictionary(filters: &Object) -> Dictionary {
        let names: Vec<Object> = filters.as_array().unwrap().iter().map(|filter| full_name(filter).unwrap()).collect();
        lopdf::dictionary! { "Filter" => names }
    }
}

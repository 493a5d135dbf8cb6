//! Plain text: how to read its head, and what passes for text at all.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use crate::domain::Format;

use super::agreement;

/// How much of a text is looked at.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Of so many characters at most one may be a control character: old files hold form feeds and escape sequences.
const CHARACTERS_PER_CONTROL_MIN: usize = 50;

/// The head of a file as text, whatever it is; bytes that are no UTF-8 become replacement characters.
pub(super) fn head(bytes: &[u8]) -> Cow<'_, str> {
    let head = head_bytes(bytes);
    if let Some((encoding, mark_bytes)) = Encoding::for_bom(head) {
        let rest = head.get(mark_bytes..).unwrap_or_default();
        return encoding.decode_without_bom_handling(rest).0;
    }
    match wide(head) {
        Some(encoding) => encoding.decode_without_bom_handling(head).0,
        None => String::from_utf8_lossy(head),
    }
}

/// The kind of text that a file is, if it is any.
pub(super) fn format(bytes: &[u8], expected: Option<Format>) -> Option<Format> {
    let says_text = expected.filter(|expected| agreement::is_text(*expected));
    // A name that says text is believed with any content: there is always something to show.
    if says_text.is_some() || !is_text(head_bytes(bytes)) {
        return says_text;
    }
    match expected {
        // A page may be a piece of text without a single tag.
        Some(Format::Html) => Some(Format::Html),
        Some(_) | None => Some(Format::Text),
    }
}

fn head_bytes(bytes: &[u8]) -> &[u8] {
    bytes.get(..HEAD_BYTES_MAX).unwrap_or(bytes)
}

fn is_text(head: &[u8]) -> bool {
    if Encoding::for_bom(head).is_some() || wide(head).is_some() {
        return true;
    }
    // Legacy encodings use every byte from 0x80 up, so only the low controls speak against a text.
    let is_control = |byte: &&u8| matches!(byte, 0x00..=0x08 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    let controls = head.iter().filter(is_control).count();
    !head.contains(&0) && controls * CHARACTERS_PER_CONTROL_MIN <= head.len()
}

/// UTF-16 without a mark shows by the zero bytes of its Latin letters, on every second place.
pub(in crate::engines) fn wide(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.as_chunks::<2>().0;
    let high_zeros = pairs.iter().filter(|[first, second]| *first == 0 && *second != 0).count();
    let low_zeros = pairs.iter().filter(|[first, second]| *second == 0 && *first != 0).count();
    let is_most = |zeros: usize, others: usize| zeros > 4 && zeros * 10 > pairs.len() * 6 && others * 50 < pairs.len();
    if is_most(low_zeros, high_zeros) {
        Some(UTF_16LE)
    } else if is_most(high_zeros, low_zeros) {
        Some(UTF_16BE)
    } else {
        None
    }
}

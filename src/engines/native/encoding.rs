//! Bytes to text, in any encoding.

use encoding_rs::{BIG5, Encoding};

use crate::{
    domain::{Event, EventCode, limits},
    engines::{Error, detect},
};

/// A text, and what is known of it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Whether Han characters are the traditional ones, as far as the encoding says so.
    pub(super) is_traditional: bool,
}

/// Reads text by its mark, as UTF-8 or UTF-16, or by what its letters look like. Line ends become line feeds.
///
/// # Errors
/// `Limit` when it is too long.
pub(super) fn decode(bytes: &[u8], events: &mut Vec<Event>) -> Result<Decoded, Error> {
    if bytes.len() as u64 > limits::TEXT_BYTES_MAX {
        let max = limits::TEXT_BYTES_MAX >> 20;
        return Err(Error::Limit { which: format!("{} bytes of text, at most {max} MiB are allowed", bytes.len()) });
    }
    let (text, is_traditional) = read(bytes, events);
    // A return alone is how old Macintosh programs end a line.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace(['\r', '\u{85}'], "\n");
    Ok(Decoded { text, is_traditional })
}

fn read(bytes: &[u8], events: &mut Vec<Event>) -> (String, bool) {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return (encoding.decode(bytes).0.into_owned(), false);
    }
    if let Some(encoding) = detect::wide(bytes) {
        return (encoding.decode_without_bom_handling(bytes).0.into_owned(), false);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), false);
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Allow);
    let (text, _, had_errors) = encoding.decode(bytes);
    events.push(Event::info(EventCode::Generic, format!("The text was read in the encoding {}.", encoding.name())));
    if had_errors {
        let message =
            format!("Some bytes are no text in the encoding {}; they are shown as \u{fffd}.", encoding.name());
        events.push(Event::warning(EventCode::ContentRecovered, message));
    }
    (text.into_owned(), encoding == BIG5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> String {
        decode(bytes, &mut Vec::new()).unwrap().text
    }

    #[test]
    fn a_mark_at_the_start_decides_the_encoding() {
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("Grüße".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(text_of(&utf16), "Grüße");
    }

    #[test]
    fn wide_letters_without_a_mark_are_read_too() {
        let utf16: Vec<u8> = "A letter without a mark, grüß dich".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text_of(&utf16), "A letter without a mark, grüß dich");
    }

    #[test]
    fn text_that_is_not_utf8_is_read_by_its_letters() {
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode("Привет, это обычный русский текст в старой кодировке.");
        assert!(text_of(&bytes).contains("обычный русский текст"));
        let (bytes, _, _) = encoding_rs::IBM866.encode("Привет, это обычный русский текст в старой кодировке.");
        assert!(text_of(&bytes).contains("обычный русский текст"));
    }

    #[test]
    fn lines_end_in_one_way() {
        assert_eq!(text_of(b"a\r\nb\rc\nd"), "a\nb\nc\nd");
    }

    #[test]
    fn text_that_is_too_long_is_refused() {
        let long = vec![b'x'; usize::try_from(limits::TEXT_BYTES_MAX).unwrap() + 1];
        assert!(matches!(decode(&long, &mut Vec::new()), Err(Error::Limit { .. })));
    }
}

//! Text in the encoding that somebody says, or that it looks like.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// Reads text that says nothing of its encoding.
pub(super) fn guessed(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => guess(bytes).decode(bytes).0.into_owned(),
    }
}

/// Reads text in an encoding, unless it is plainly another one.
pub(super) fn decoded(bytes: &[u8], encoding: Option<&'static Encoding>) -> String {
    let Some(encoding) = encoding else { return guessed(bytes) };
    let (text, _, had_errors) = encoding.decode(bytes);
    if had_errors { guessed(bytes) } else { text.into_owned() }
}

/// The encoding of bytes that are no UTF-8.
pub(super) fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// The encoding of a Windows code page.
pub(super) fn of_code_page(code_page: i64) -> Option<&'static Encoding> {
    // ASCII is what programs say that know nothing better.
    const ASCII: u16 = 20_127;
    let code_page = u16::try_from(code_page).ok().filter(|code_page| *code_page != ASCII)?;
    codepage::to_encoding(code_page)
}

/// The encoding in which Windows has the language of a locale ([MS-LCID]). English says nothing: it is what systems are set to
/// that are used in any language.
pub(super) fn of_locale(locale: i64) -> Option<&'static Encoding> {
    const LANGUAGE: i64 = 0x3ff;
    let page = match (locale, locale & LANGUAGE) {
        (0x0404 | 0x0c04 | 0x1404, _) => 950,
        (0x0c1a | 0x1c1a, _) | (_, 0x02 | 0x19 | 0x22 | 0x23 | 0x2f) => 1251,
        (_, 0x04) => 936,
        (_, 0x05 | 0x0e | 0x15 | 0x18 | 0x1a | 0x1b | 0x1c | 0x24) => 1250,
        (_, 0x03 | 0x06 | 0x07 | 0x0a | 0x0b | 0x0c | 0x0f | 0x10 | 0x13 | 0x14 | 0x16 | 0x1d) => 1252,
        (_, 0x08) => 1253,
        (_, 0x1f) => 1254,
        (_, 0x0d) => 1255,
        (_, 0x01 | 0x20 | 0x29) => 1256,
        (_, 0x25..=0x27) => 1257,
        (_, 0x2a) => 1258,
        (_, 0x11) => 932,
        (_, 0x12) => 949,
        (_, 0x1e) => 874,
        _ => return None,
    };
    of_code_page(page)
}

/// The encoding of a name in a header field, unless that name says nothing.
pub(super) fn of_label(label: &str) -> Option<&'static Encoding> {
    let says_nothing =
        ["us-ascii", "ascii", "ansi_x3.4-1968"].iter().any(|name| label.trim().eq_ignore_ascii_case(name));
    if says_nothing { None } else { Encoding::for_label(label.trim().as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_what_it_is_said_to_be_is_read_by_its_letters() {
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode("обычный русский текст, написанный по-русски");
        assert!(decoded(&bytes, Some(encoding_rs::UTF_8)).contains("русский текст"));
        assert!(decoded(&bytes, None).contains("русский текст"));
        assert_eq!(decoded("Grüße".as_bytes(), None), "Grüße");
    }

    #[test]
    fn a_code_page_of_ascii_says_nothing() {
        assert_eq!(of_code_page(20_127), None);
        assert_eq!(of_code_page(936), Some(encoding_rs::GBK));
        assert_eq!(of_code_page(-1), None);
        assert_eq!((of_locale(0x0419), of_locale(0x0409)), (Some(encoding_rs::WINDOWS_1251), None));
        assert_eq!(of_label("US-ASCII"), None);
        assert_eq!(of_label("koi8-r"), Some(encoding_rs::KOI8_R));
    }
}

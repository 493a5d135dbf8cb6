//! File names in `Content-Disposition`, in both directions (RFC 6266, RFC 8187).

use axum::http::{HeaderMap, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What an extended value escapes: all but letters, digits and the signs that the standard allows.
const NOT_PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The file name of a part: `filename*` when it can be read, else `filename`; an empty one counts as none.
pub(super) fn file_name(headers: &HeaderMap, plain: Option<&str>) -> Option<String> {
    let raw =
        headers.get(header::CONTENT_DISPOSITION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let extended = raw.as_deref().and_then(|raw| {
        let parameters = raw.split(';').map(str::trim);
        let value = parameters
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("filename*"))?
            .1;
        extended_value(value.trim().trim_matches('"'))
    });
    extended.or_else(|| plain.map(str::to_owned)).filter(|name| !name.trim().is_empty())
}

/// Reads `charset'language'percent-encoded`; the charsets that the standard names are UTF-8 and ISO-8859-1.
fn extended_value(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    // The decoder lets a broken escape through as it stands; here it makes the whole value unreadable.
    let mut escapes = encoded.split('%').skip(1);
    if !escapes.all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|digit| digit.is_ascii_hexdigit())) {
        return None;
    }
    let bytes: Vec<u8> = percent_decode_str(encoded).collect();
    if charset.eq_ignore_ascii_case("utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}

/// The header that offers a file under a name of any letters: a plain one for old clients, the exact one for all others.
pub(super) fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|character| {
            if character.is_ascii_graphic() && !matches!(character, '"' | '\\') || character == ' ' {
                character
            } else {
                '_'
            }
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, NOT_PLAIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value.parse().unwrap())])
    }

    #[test]
    fn the_extended_name_wins_over_the_plain_one() {
        let headers = headers(
            "form-data; name=\"data\"; filename=\"Brief.docx\"; filename*=UTF-8''Brief%20f%C3%BCr%20M%C3%BCller.docx",
        );
        assert_eq!(file_name(&headers, Some("Brief.docx")).unwrap(), "Brief für Müller.docx");
    }

    #[test]
    fn a_broken_extended_name_leaves_the_plain_one() {
        for broken in ["%zz", "%ff", "100%", "%4"] {
            let headers = headers(&format!("form-data; name=\"data\"; filename=\"a.pdf\"; filename*=UTF-8''{broken}"));
            assert_eq!(file_name(&headers, Some("a.pdf")).unwrap(), "a.pdf", "{broken}");
        }
    }

    #[test]
    fn an_empty_name_is_none() {
        assert_eq!(file_name(&HeaderMap::new(), Some("")), None);
    }

    proptest! {
        #[test]
        fn a_name_offered_is_the_name_read(name in "[^\0-\x1f\x7f]{1,40}") {
            prop_assume!(!name.trim().is_empty());
            let value = attachment(&name);
            prop_assert_eq!(file_name(&headers(&value), None), Some(name));
        }
    }
}

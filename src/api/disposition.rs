//! File names in `Content-Disposition`, in both directions (RFC 6266, RFC 8187).

use axum::http::{HeaderMap, header};

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
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
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
    use std::fmt::Write as _;
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
    let mut header = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            header.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _: Result<(), std::fmt::Error> = write!(header, "%{byte:02X}");
        }
    }
    header
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
        let headers = headers("form-data; name=\"data\"; filename=\"a.pdf\"; filename*=UTF-8''%zz");
        assert_eq!(file_name(&headers, Some("a.pdf")).unwrap(), "a.pdf");
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

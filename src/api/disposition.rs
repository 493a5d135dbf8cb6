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

/// The name under which a host offers an answer.
pub(super) fn offered(headers: &HeaderMap) -> Option<String> {
    let raw = headers.get(header::CONTENT_DISPOSITION)?.as_bytes();
    // Names that are not escaped come in UTF-8 from some and in ISO-8859-1 from others.
    let text = std::str::from_utf8(raw).map_or_else(|_| raw.iter().copied().map(char::from).collect(), str::to_owned);
    file_name(headers, plain_value(&text).as_deref())
}

/// The value of `filename` in a header that may hold more: quoted, with escapes, or bare up to the next semicolon.
fn plain_value(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some((_, parameters)) = rest.split_once(';') {
        let (name, value) = parameters.split_once('=')?;
        // A parameter without a value, with a semicolon before the next one.
        if name.contains(';') {
            rest = parameters;
            continue;
        }
        let (value, after) = value_and_rest(value.trim_start());
        if name.trim().eq_ignore_ascii_case("filename") {
            return Some(value);
        }
        rest = after;
    }
    None
}

fn value_and_rest(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, _) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim().to_owned(), text.strip_prefix(value).unwrap_or_default());
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, quoted.split_at(at).1),
            // Windows paths are sent with single backslashes, so only a quote or a backslash is taken as escaped.
            '\\' => match characters.clone().next() {
                Some((_, escaped @ ('"' | '\\'))) => {
                    value.push(escaped);
                    characters.next();
                }
                _ => value.push(character),
            },
            other => value.push(other),
        }
    }
    (value, "")
}

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

    #[test]
    fn an_answer_is_named_in_all_the_ways_that_hosts_know() {
        for (value, name) in [
            ("attachment; filename=\"a b.pdf\"", Some("a b.pdf")),
            ("attachment; filename=a.pdf", Some("a.pdf")),
            ("attachment;filename=a.pdf;size=3", Some("a.pdf")),
            ("attachment; FileName = \"a.pdf\" ; size=3", Some("a.pdf")),
            ("attachment; filename=\"a; filename=b.pdf\"", Some("a; filename=b.pdf")),
            ("attachment; x=\"; filename=b.pdf\"; filename=c.pdf", Some("c.pdf")),
            ("attachment; bare; filename=c.pdf", Some("c.pdf")),
            (r#"attachment; filename="a \"b\" \\ c.pdf""#, Some(r#"a "b" \ c.pdf"#)),
            (r#"attachment; filename="C:\temp\a.pdf""#, Some(r"C:\temp\a.pdf")),
            ("attachment; filename=\"open", Some("open")),
            ("attachment; filename=\"a.pdf\"; filename*=UTF-8''%C3%BC.pdf", Some("ü.pdf")),
            ("attachment; filename*=iso-8859-1'de'%FC.pdf", Some("ü.pdf")),
            ("attachment; filename=\"a.pdf\"; filename*=UTF-8''%zz", Some("a.pdf")),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=", None),
            ("attachment", None),
            ("", None),
        ] {
            assert_eq!(offered(&headers(value)).as_deref(), name, "{value}");
        }
        assert_eq!(offered(&HeaderMap::new()), None);
        for bytes in ["attachment; filename=\"ü.pdf\"".as_bytes(), b"attachment; filename=\"\xfc.pdf\""] {
            let value = axum::http::HeaderValue::from_bytes(bytes).unwrap();
            let headers = HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value)]);
            assert_eq!(offered(&headers).as_deref(), Some("ü.pdf"));
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(bytes in proptest::collection::vec(32..=255_u8, 0..60)) {
            if let Ok(value) = axum::http::HeaderValue::from_bytes(&bytes) {
                offered(&HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value)]));
            }
        }

        #[test]
        fn a_name_offered_is_the_name_read(name in "[^\0-\x1f\x7f]{1,40}") {
            prop_assume!(!name.trim().is_empty());
            let value = attachment(&name);
            prop_assert_eq!(file_name(&headers(&value), None), Some(name));
        }
    }
}

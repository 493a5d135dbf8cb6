//! File names in `Content-Disposition`, in both directions (RFC 6266, RFC 7578, RFC 8187).
//!
//! In: what browsers, .NET, Java, Python, Go and shell scripts send, which differs more than the standards admit. Out: a plain
//! name for old clients, the exact one for all others.

use axum::http::{HeaderMap, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use encoding_rs::{Encoding, WINDOWS_1252};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

#[cfg(test)]
mod tests;

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

/// What a part of a form says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Disposition {
    /// Name of the field.
    pub(super) name: Option<String>,
    /// Name of the file: `filename*` when it can be read, else `filename`; an empty one counts as none.
    pub(super) file_name: Option<String>,
}

/// One parameter of a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    /// Its name in lower case.
    pub(super) name: String,
    /// Its value without quotes.
    pub(super) value: Vec<u8>,
    /// Whether it was quoted.
    quoted: bool,
}

impl Disposition {
    /// Reads the value of the header. Nothing in it is an error: what cannot be read is as if it were not there.
    pub(super) fn parse(header: &[u8]) -> Self {
        let parameters = parameters(header);
        let of = |name: &str| parameters.iter().find(|parameter| parameter.name == name);
        let is_name = |name: &String| !name.trim().is_empty();
        let extended = || extended_value(&text(&of("filename*")?.value)).filter(is_name);
        let continued = || continued_value(&parameters).filter(is_name);
        let plain = || of("filename").map(plain_value).filter(is_name);
        Self {
            name: of("name").map(|parameter| text(&parameter.value)),
            file_name: extended().or_else(continued).or_else(plain),
        }
    }
}

/// The name under which a host offers an answer.
pub(super) fn offered(headers: &HeaderMap) -> Option<String> {
    Disposition::parse(headers.get(header::CONTENT_DISPOSITION)?.as_bytes()).file_name
}

/// The parameters of a header like `type; name=value; name="value"`, in order.
pub(super) fn parameters(header: &[u8]) -> Vec<Parameter> {
    let mut found = Vec::new();
    let mut rest = header;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        if after.first() == Some(&b'=') {
            let (value, quoted, after) = value(rest.trim_ascii_start());
            found.push(Parameter { name: text(name.trim_ascii()).to_ascii_lowercase(), value, quoted });
            rest = after;
        }
    }
    found
}

/// Reads a value, and says whether it was quoted and what follows its semicolon.
fn value(from: &[u8]) -> (Vec<u8>, bool, &[u8]) {
    let Some(quoted) = from.strip_prefix(b"\"") else {
        let end = from.iter().position(|byte| *byte == b';').unwrap_or(from.len());
        let (value, after) = from.split_at(end);
        return (value.trim_ascii().to_vec(), false, after.get(1..).unwrap_or_default());
    };
    let mut value = Vec::new();
    let mut rest = quoted;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.first()) {
            // Only these two are escaped: old browsers send whole paths, and `C:\dir` has no escape in it.
            (b'\\', Some(b'"' | b'\\')) => {
                value.extend(after.first());
                rest = after.get(1..).unwrap_or_default();
            }
            // A quote that nothing but the next parameter follows is the end; some clients do not escape the others.
            (b'"', _) if matches!(after.trim_ascii_start().first(), None | Some(b';')) => {
                return (value, true, after.trim_ascii_start().get(1..).unwrap_or_default());
            }
            _ => value.push(*byte),
        }
    }
    (value, true, rest)
}

/// Text in UTF-8, or else in what old clients of the West send.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| WINDOWS_1252.decode(bytes).0.into_owned(), str::to_owned)
}

/// A plain file name: browsers escape three signs of it, mail libraries write encoded words.
fn plain_value(parameter: &Parameter) -> String {
    let name = text(&parameter.value);
    match encoded_words(&name) {
        Some(decoded) => decoded,
        None if parameter.quoted => name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"),
        None => name,
    }
}

/// Reads `charset'language'percent-encoded`.
fn extended_value(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    in_charset(charset, &unescape(encoded, b'%')?)
}

/// Reads a file name that is cut into `filename*0`, `filename*1*` and so on (RFC 2231, 3 and 4).
fn continued_value(parameters: &[Parameter]) -> Option<String> {
    let mut charset = None;
    let mut bytes = Vec::new();
    for number in 0.. {
        let (plain, extended) = (format!("filename*{number}"), format!("filename*{number}*"));
        let Some(piece) = parameters.iter().find(|piece| piece.name == plain || piece.name == extended) else { break };
        if piece.name == plain {
            bytes.extend_from_slice(&piece.value);
            continue;
        }
        let value = text(&piece.value);
        let mut parts = value.splitn(3, '\'');
        let encoded = if number == 0 {
            charset = parts.next().map(str::to_owned);
            parts.nth(1)?
        } else {
            &value
        };
        bytes.extend(unescape(encoded, b'%')?);
    }
    charset.map_or_else(|| Some(text(&bytes)), |charset| in_charset(&charset, &bytes))
}

/// Reads a text that is nothing but encoded words like `=?utf-8?B?w7w=?=` (RFC 2047).
fn encoded_words(text: &str) -> Option<String> {
    if !text.starts_with("=?") {
        return None;
    }
    text.split_ascii_whitespace().map(encoded_word).collect()
}

fn encoded_word(word: &str) -> Option<String> {
    let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = if encoding.eq_ignore_ascii_case("b") {
        BASE64_STANDARD.decode(text).ok()?
    } else if encoding.eq_ignore_ascii_case("q") {
        unescape(&text.replace('_', " "), b'=')?
    } else {
        return None;
    };
    in_charset(charset, &bytes)
}

/// Decodes `%xx` or `=xx`; a broken escape makes the whole text unreadable.
fn unescape(text: &str, sign: u8) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == sign {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let code = digit()? * 16 + digit()?;
            decoded.push(u8::try_from(code).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

fn in_charset(label: &str, bytes: &[u8]) -> Option<String> {
    let charset = Encoding::for_label(label.as_bytes())?;
    charset.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// The header that offers a file under a name of any letters.
pub(super) fn attachment(name: &str) -> String {
    format!("attachment; {}", file_name_parameters(name))
}

/// The parameters that say a file name of any letters: a plain one for old readers, the exact one for all others.
pub(crate) fn file_name_parameters(name: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_graphic() && !matches!(character, '"' | '\\') || character == ' ';
    let plain: String = name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    format!("filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, NOT_PLAIN))
}

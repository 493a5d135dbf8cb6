//! The bytes of a drawing to its text: unpacked, in whatever encoding, and without entities that grow.

use std::io::Read as _;

use encoding_rs::Encoding;
use flate2::read::GzDecoder;

use crate::{
    domain::limits,
    engines::{Error, detect},
};

/// Where the encoding stands, at the latest.
const DECLARATION_BYTES_MAX: usize = 200;

/// Reads a drawing.
///
/// # Errors
/// `Corrupt` when it cannot be unpacked or its entities are not harmless, `Limit` when it is too large.
pub(super) fn read(bytes: &[u8]) -> Result<String, Error> {
    let text = text(&unpacked(bytes)?);
    // Entities are how a small drawing becomes a large one; honest drawings of some programs use a few, expanded once.
    if text.split("<!ENTITY").skip(1).any(is_harmful) {
        return Err(Error::Corrupt { what: "it defines XML entities that refer to others or to files".to_owned() });
    }
    Ok(text)
}

/// A drawing may be under gzip.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let most = limits::DRAWING_BYTES_MAX;
    let mut plain = Vec::new();
    if bytes.starts_with(b"\x1f\x8b") {
        let read = GzDecoder::new(bytes).take(most + 1).read_to_end(&mut plain);
        if read.is_err() && plain.is_empty() {
            return Err(Error::Corrupt { what: "it cannot be unpacked".to_owned() });
        }
    } else {
        plain.extend_from_slice(bytes);
    }
    if plain.len() as u64 > most {
        return Err(Error::Limit { which: format!("a drawing of more than {} MiB", most >> 20) });
    }
    Ok(plain)
}

fn text(bytes: &[u8]) -> String {
    let declared = || {
        let head = bytes.get(..DECLARATION_BYTES_MAX).unwrap_or(bytes);
        let head = String::from_utf8_lossy(head).into_owned();
        let (_, rest) = head.split_once("encoding=")?;
        let label = rest.split(['"', '\'']).nth(1)?;
        // What can be read so far is not in an encoding of two bytes.
        Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
    };
    let encoding = Encoding::for_bom(bytes).map(|(encoding, _)| encoding).or_else(|| detect::wide(bytes));
    let encoding = encoding.or_else(declared).unwrap_or(encoding_rs::UTF_8);
    encoding.decode(bytes).0.into_owned()
}

/// Whether an entity leads to a file, or its value to an entity.
fn is_harmful(declaration: &str) -> bool {
    let declaration = declaration.split('>').next().unwrap_or_default();
    let name = declaration.split(['"', '\'']).next().unwrap_or_default();
    declaration.contains('&') || name.contains("SYSTEM") || name.contains("PUBLIC")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    const BOMB: &str =
        r#"<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"/>"#;

    #[test]
    fn entities_that_feed_on_each_other_are_refused_packed_or_not() {
        let wide: Vec<u8> = BOMB.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [BOMB.as_bytes(), &packed(BOMB.as_bytes()), &wide] {
            assert!(matches!(read(bytes), Err(Error::Corrupt { .. })));
        }
    }

    #[test]
    fn entities_of_files_are_refused_and_plain_ones_are_not() {
        let with =
            |value: &str| format!("<!DOCTYPE svg PUBLIC \"x\" \"y\" [<!ENTITY a {value}>]><svg>&a; SYSTEM</svg>");
        assert!(read(with("SYSTEM 'file:///etc/passwd'").as_bytes()).is_err());
        assert!(read(with("'http://www.w3.org/2000/svg'").as_bytes()).is_ok());
    }

    #[test]
    fn a_drawing_that_unpacks_without_end_is_refused() {
        let zeros = vec![b' '; usize::try_from(limits::DRAWING_BYTES_MAX).unwrap() + 1];
        assert!(matches!(read(&packed(&zeros)), Err(Error::Limit { .. })));
    }

    #[test]
    fn the_encoding_that_a_drawing_declares_is_believed() {
        let bytes = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><svg><text>gr\xfc\xdfe</text></svg>";
        assert!(read(bytes).unwrap().contains("grüße"));
    }
}

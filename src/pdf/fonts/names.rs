//! The names that the predefined encodings of simple fonts have for their codes (ISO 32000-1, annex D).

use std::{collections::BTreeMap, sync::LazyLock};

use lopdf::{Dictionary, Document, Object};
use read_fonts::ps::{encoding::PredefinedEncoding, string::Sid};

use super::glyphs::{self, Base};

/// The last of the standard strings of the Compact Font Format that names a Latin character.
const LATIN_LAST: u16 = 228;

/// A predefined encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Predefined {
    /// `StandardEncoding`
    Standard,
    /// `WinAnsiEncoding`
    WinAnsi,
    /// `MacRomanEncoding`
    MacRoman,
    /// `MacExpertEncoding`
    MacExpert,
}

impl Predefined {
    /// Reads the name that a font may have as its encoding. Adobe's standard encoding is none of them.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"WinAnsiEncoding" => Some(Self::WinAnsi),
            b"MacRomanEncoding" => Some(Self::MacRoman),
            b"MacExpertEncoding" => Some(Self::MacExpert),
            _ => None,
        }
    }

    /// The name of a code; `None` where it has none.
    pub(crate) fn name(self, code: u8) -> Option<&'static str> {
        match self {
            Self::Standard => Some(PredefinedEncoding::Standard.name(code)).filter(|name| *name != ".notdef"),
            Self::WinAnsi => latin(Base::WinAnsi.character(code)?),
            Self::MacRoman => latin(Base::MacRoman.character(code)?),
            Self::MacExpert => expert(code),
        }
    }
}

/// The name of a character of Adobe's Latin set.
fn latin(character: char) -> Option<&'static str> {
    static NAMES: LazyLock<BTreeMap<char, &'static str>> = LazyLock::new(|| {
        let mut found = BTreeMap::from([('€', "Euro")]);
        for id in 1..=LATIN_LAST {
            let name = Sid::new(id).resolve_standard().ok().and_then(|name| std::str::from_utf8(name).ok());
            if let Some((name, character)) = name.and_then(|name| Some((name, glyphs::character(name.as_bytes())?))) {
                found.entry(character).or_insert(name);
            }
        }
        found
    });
    // The same glyphs under the codes that some writers use for a fixed space and a soft hyphen.
    match character {
        '\u{A0}' => Some("space"),
        '\u{AD}' => Some("hyphen"),
        _ => NAMES.get(&character).copied(),
    }
}

/// The name of a code in the expert encoding, which the crate for objects knows as characters.
fn expert(code: u8) -> Option<&'static str> {
    static NAMES: LazyLock<BTreeMap<u8, &'static str>> = LazyLock::new(|| {
        let document = Document::new();
        let mut font = Dictionary::new();
        font.set("Type", Object::Name(b"Font".to_vec()));
        font.set("Encoding", Object::Name(b"MacExpertEncoding".to_vec()));
        let Ok(encoding) = font.get_font_encoding(&document) else { return BTreeMap::new() };
        let name = |code: u8| glyphs::name(encoding.bytes_to_string(&[code]).ok()?.chars().next()?);
        (0..=255).filter_map(|code| Some((code, name(code)?))).collect()
    });
    NAMES.get(&code).copied()
}

/// The code that the character set of the Macintosh has for a glyph name: the encoding of that name and the signs that
/// it leaves out (ISO 32000-1, 9.6.6.4).
pub(crate) fn macintosh(name: &[u8]) -> Option<u8> {
    match name {
        b"currency" | b"Euro" => return Some(0xDB),
        b"Omega" => return Some(0xBD),
        _ => {}
    }
    let character = glyphs::character(name)?;
    if character.is_ascii() {
        return u8::try_from(u32::from(character)).ok().filter(|code| *code >= 0x20);
    }
    let mut buffer = [0; 4];
    let (bytes, _, has_lost) = encoding_rs::MACINTOSH.encode(character.encode_utf8(&mut buffer));
    if has_lost { None } else { bytes.first().copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_has_adobes_names() {
        let cases = [
            (Predefined::Standard, 0x27, Some("quoteright")),
            (Predefined::Standard, 0x80, None),
            (Predefined::WinAnsi, 0x27, Some("quotesingle")),
            (Predefined::WinAnsi, 0x80, Some("Euro")),
            (Predefined::WinAnsi, 0x98, Some("tilde")),
            (Predefined::WinAnsi, 0xA0, Some("space")),
            (Predefined::WinAnsi, 0xB5, Some("mu")),
            (Predefined::WinAnsi, 0x08, None),
            (Predefined::MacRoman, 0x80, Some("Adieresis")),
            (Predefined::MacRoman, 0xAD, None),
            (Predefined::MacExpert, 0x30, Some("zerooldstyle")),
        ];
        for (encoding, code, name) in cases {
            assert_eq!(encoding.name(code), name, "{encoding:?} {code:#x}");
        }
        for code in 0x20..=0x7E {
            assert!(Predefined::WinAnsi.name(code).is_some() && Predefined::MacRoman.name(code).is_some());
        }
        for code in 0xA1..=0xFF {
            assert!(Predefined::WinAnsi.name(code).is_some(), "{code:#x}");
        }
    }

    #[test]
    fn the_macintosh_has_codes_for_more_names() {
        assert_eq!(macintosh(b"A"), Some(0x41));
        assert_eq!(macintosh(b"Adieresis"), Some(0x80));
        assert_eq!(macintosh(b"notequal"), Some(0xAD));
        assert_eq!(macintosh(b"afii10017"), None);
    }
}

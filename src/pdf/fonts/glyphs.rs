//! Names of glyphs and the encodings of simple fonts.

use std::{collections::BTreeMap, sync::LazyLock};

/// The Adobe Glyph List.
static NAMES: LazyLock<BTreeMap<&'static str, char>> = LazyLock::new(|| {
    let lines = include_str!("glyphlist.txt").lines().filter(|line| !line.starts_with('#'));
    let entry = |line: &'static str| {
        let (name, code) = line.split_once(';')?;
        // Few names stand for several characters, which begin with the one that matters.
        let first = code.split_whitespace().next()?;
        Some((name, char::from_u32(u32::from_str_radix(first, 16).ok()?)?))
    };
    lines.filter_map(entry).collect()
});

/// The upper half of Adobe's standard encoding, where it has glyphs, and the two quotes that differ from ASCII.
const STANDARD: [(u8, char); 57] = [
    (0x27, '’'),
    (0x60, '‘'),
    (0xA1, '¡'),
    (0xA2, '¢'),
    (0xA3, '£'),
    (0xA4, '⁄'),
    (0xA5, '¥'),
    (0xA6, 'ƒ'),
    (0xA7, '§'),
    (0xA8, '¤'),
    (0xA9, '\''),
    (0xAA, '“'),
    (0xAB, '«'),
    (0xAC, '‹'),
    (0xAD, '›'),
    (0xAE, 'ﬁ'),
    (0xAF, 'ﬂ'),
    (0xB1, '–'),
    (0xB2, '†'),
    (0xB3, '‡'),
    (0xB4, '·'),
    (0xB6, '¶'),
    (0xB7, '•'),
    (0xB8, '‚'),
    (0xB9, '„'),
    (0xBA, '”'),
    (0xBB, '»'),
    (0xBC, '…'),
    (0xBD, '‰'),
    (0xBF, '¿'),
    (0xC1, '`'),
    (0xC2, '´'),
    (0xC3, 'ˆ'),
    (0xC4, '˜'),
    (0xC5, '¯'),
    (0xC6, '˘'),
    (0xC7, '˙'),
    (0xC8, '¨'),
    (0xCA, '˚'),
    (0xCB, '¸'),
    (0xCD, '˝'),
    (0xCE, '˛'),
    (0xCF, 'ˇ'),
    (0xD0, '—'),
    (0xE1, 'Æ'),
    (0xE3, 'ª'),
    (0xE8, 'Ł'),
    (0xE9, 'Ø'),
    (0xEA, 'Œ'),
    (0xEB, 'º'),
    (0xF1, 'æ'),
    (0xF5, 'ı'),
    (0xF8, 'ł'),
    (0xF9, 'ø'),
    (0xFA, 'œ'),
    (0xFB, 'ß'),
    (0xAF, 'ﬂ'),
];

/// A predefined encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// `StandardEncoding`.
    Standard,
    /// `WinAnsiEncoding`.
    WinAnsi,
    /// `MacRomanEncoding`.
    MacRoman,
}

impl Base {
    /// Reads the name of an encoding.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"WinAnsiEncoding" => Some(Self::WinAnsi),
            b"MacRomanEncoding" => Some(Self::MacRoman),
            b"StandardEncoding" => Some(Self::Standard),
            _ => None,
        }
    }

    /// The character of a code.
    pub(super) fn character(self, code: u8) -> Option<char> {
        match self {
            Self::Standard => match STANDARD.iter().find(|(each, _)| *each == code) {
                Some((_, character)) => Some(*character),
                None => (0x20..0x7F).contains(&code).then(|| char::from(code)),
            },
            Self::WinAnsi => match code {
                0..0x20 => None,
                // The format gives these codes to the bullet and to the plain space and hyphen.
                0x7F | 0x81 | 0x8D | 0x8F | 0x90 | 0x9D => Some('•'),
                _ => single(encoding_rs::WINDOWS_1252, code),
            },
            Self::MacRoman => match code {
                0..0x20 | 0x7F => None,
                0xCA => Some(' '),
                0xDB => Some('¤'),
                _ => single(encoding_rs::MACINTOSH, code),
            },
        }
    }
}

fn single(encoding: &'static encoding_rs::Encoding, code: u8) -> Option<char> {
    encoding.decode_without_bom_handling_and_without_replacement(&[code])?.chars().next()
}

/// The character that a glyph name stands for: by the list, or by the forms `uniXXXX` and `uXXXX`.
pub(crate) fn character(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    if let Some(found) = NAMES.get(name) {
        return Some(*found);
    }
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    if stem.is_empty() {
        return None;
    }
    if let Some(found) = NAMES.get(stem) {
        return Some(*found);
    }
    let digits = stem
        .strip_prefix("uni")
        .and_then(|digits| digits.get(..4))
        .or_else(|| stem.strip_prefix('u').filter(|digits| (4..=6).contains(&digits.len())))?;
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

/// Whether the list has a name.
pub(crate) fn is_listed(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| NAMES.contains_key(name))
}

/// A name that the list has for a character.
pub(super) fn name(character: char) -> Option<&'static str> {
    static BY_CHARACTER: LazyLock<BTreeMap<char, &'static str>> = LazyLock::new(|| {
        let mut found: BTreeMap<char, &'static str> = BTreeMap::new();
        for (name, character) in NAMES.iter() {
            // Of several names the shortest is the usual one, but for the space, whose shortest is a code name.
            let held = found.entry(*character).or_insert(name);
            if name.len() < held.len() {
                *held = name;
            }
        }
        found.extend([
            (' ', "space"),
            ('-', "hyphen"),
            ('\u{B5}', "mu"),
            ('·', "periodcentered"),
            ('¯', "macron"),
            ('|', "bar"),
        ]);
        found
    });
    BY_CHARACTER.get(&character).copied()
}

//! The encodings that the standard fonts Symbol and `ZapfDingbats` have of their own (ISO 32000-1, D.5 and D.6).

use std::{collections::BTreeMap, sync::LazyLock};

/// A line for each code: the code and the name of its glyph.
const SYMBOL: &str = include_str!("symbol.txt");
const DINGBATS: &str = include_str!("dingbats.txt");

/// The names of the codes of a font.
type Names = BTreeMap<u8, &'static str>;

/// The name of a code of Symbol, or else of `ZapfDingbats`.
pub(super) fn name(is_symbol: bool, code: u8) -> Option<&'static str> {
    static NAMES: LazyLock<[Names; 2]> = LazyLock::new(|| [SYMBOL, DINGBATS].map(read));
    let [symbol, dingbats] = &*NAMES;
    if is_symbol { symbol } else { dingbats }.get(&code).copied()
}

fn read(list: &'static str) -> Names {
    let pairs = list.lines().filter_map(|line| line.split_once(' '));
    pairs.filter_map(|(code, name)| Some((code.parse().ok()?, name))).collect()
}

/// The character of a glyph of `ZapfDingbats`, by its name. The block U+2700 of Unicode follows the codes of that font; what was
/// elsewhere already stayed there.
pub(super) fn dingbat(name: &str) -> Option<char> {
    let mut pairs = DINGBATS.lines().filter_map(|line| line.split_once(' '));
    let code: u8 = pairs.find(|(_, listed)| *listed == name)?.0.parse().ok()?;
    let elsewhere = match code {
        0x20 => Some(' '),
        0x25 => Some('☎'),
        0x2A => Some('☛'),
        0x2B => Some('☞'),
        0x48 => Some('★'),
        0x6C => Some('●'),
        0x6E => Some('■'),
        0x73 => Some('▲'),
        0x74 => Some('▼'),
        0x75 => Some('◆'),
        0x77 => Some('◗'),
        0xA8 => Some('♣'),
        0xA9 => Some('♦'),
        0xAA => Some('♥'),
        0xAB => Some('♠'),
        0xD5 => Some('→'),
        0xD6 => Some('↔'),
        0xD7 => Some('↕'),
        _ => None,
    };
    let start = match code {
        0x21..=0x7E => 0x2701 - 0x21,
        0x80..=0x8D => 0x2768 - 0x80,
        0xA1..=0xA7 => 0x2761 - 0xA1,
        // Digits in circles.
        0xAC..=0xB5 => 0x2460 - 0xAC,
        0xB6..=0xFE => 0x2776 - 0xB6,
        _ => return elsewhere,
    };
    elsewhere.or_else(|| char::from_u32(start + u32::from(code)))
}

#[cfg(test)]
mod tests {
    use super::{dingbat, name};

    #[test]
    fn every_sign_of_the_second_font_has_a_character_of_its_own() {
        let characters: std::collections::BTreeSet<char> =
            (0..=255).filter_map(|code| name(false, code)).map(|name| dingbat(name).unwrap()).collect();
        assert_eq!(characters.len(), super::DINGBATS.lines().count());
        for (name, character) in [("a20", '✔'), ("a22", '✖'), ("a24", '✘'), ("a89", '❨'), ("a191", '➾'), ("a161", '→')]
        {
            assert_eq!(dingbat(name), Some(character), "{name}");
        }
        assert_eq!(dingbat("alpha"), None);
    }

    #[test]
    fn each_font_has_its_own_names_and_codes_without_one() {
        assert_eq!((name(true, b'a'), name(false, b'a')), (Some("alpha"), Some("a60")));
        assert_eq!((name(true, 0), name(false, 0x80)), (None, Some("a89")));
    }
}

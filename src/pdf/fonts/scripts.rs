//! Which installed fonts have the characters of a script. Noto has a family for each.

use super::choice::Choice;

/// A font of a file: the name of the file and which font of it.
pub(super) type Named = (String, u32);

/// The first and the last character of a block, and the part of the name of the Noto font that has them.
const BLOCKS: [(u32, u32, &str); 58] = [
    (0x0530, 0x058F, "Armenian"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x06FF, "Arabic"),
    (0x0700, 0x074F, "Syriac"),
    (0x0750, 0x077F, "Arabic"),
    (0x0780, 0x07BF, "Thaana"),
    (0x07C0, 0x07FF, "NKo"),
    (0x08A0, 0x08FF, "Arabic"),
    (0x0900, 0x097F, "Devanagari"),
    (0x0980, 0x09FF, "Bengali"),
    (0x0A00, 0x0A7F, "Gurmukhi"),
    (0x0A80, 0x0AFF, "Gujarati"),
    (0x0B00, 0x0B7F, "Oriya"),
    (0x0B80, 0x0BFF, "Tamil"),
    (0x0C00, 0x0C7F, "Telugu"),
    (0x0C80, 0x0CFF, "Kannada"),
    (0x0D00, 0x0D7F, "Malayalam"),
    (0x0D80, 0x0DFF, "Sinhala"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Lao"),
    (0x0F00, 0x0FFF, "Tibetan"),
    (0x1000, 0x109F, "Myanmar"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1200, 0x139F, "Ethiopic"),
    (0x13A0, 0x13FF, "Cherokee"),
    (0x1400, 0x167F, "CanadianAboriginal"),
    (0x1680, 0x169F, "Ogham"),
    (0x16A0, 0x16FF, "Runic"),
    (0x1700, 0x171F, "Tagalog"),
    (0x1780, 0x17FF, "Khmer"),
    (0x1800, 0x18AF, "Mongolian"),
    (0x1900, 0x194F, "Limbu"),
    (0x1950, 0x197F, "TaiLe"),
    (0x1980, 0x19DF, "NewTaiLue"),
    (0x19E0, 0x19FF, "Khmer"),
    (0x1A20, 0x1AAF, "TaiTham"),
    (0x1B00, 0x1B7F, "Balinese"),
    (0x1B80, 0x1BBF, "Sundanese"),
    (0x1C00, 0x1C4F, "Lepcha"),
    (0x1C50, 0x1C7F, "OlChiki"),
    (0x1C90, 0x1CBF, "Georgian"),
    (0x2190, 0x23FF, "Math"),
    (0x2400, 0x2BFF, "Symbols2"),
    (0x2C00, 0x2C5F, "Glagolitic"),
    (0x2C80, 0x2CFF, "Coptic"),
    (0x2D00, 0x2D2F, "Georgian"),
    (0x2D30, 0x2D7F, "Tifinagh"),
    (0x2D80, 0x2DDF, "Ethiopic"),
    (0xA000, 0xA4CF, "Yi"),
    (0xA500, 0xA63F, "Vai"),
    (0xA840, 0xA87F, "PhagsPa"),
    (0xA980, 0xA9DF, "Javanese"),
    (0xAA00, 0xAA5F, "Cham"),
    (0xAB00, 0xAB2F, "Ethiopic"),
    (0xABC0, 0xABFF, "MeeteiMayek"),
    (0xFB1D, 0xFB4F, "Hebrew"),
    (0xFB50, 0xFEFF, "Arabic"),
    (0x1_D400, 0x1_D7FF, "Math"),
];

/// The blocks of the scripts of East Asia.
const EAST_ASIAN: [(u32, u32); 9] = [
    (0x1100, 0x11FF),
    (0x2E80, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFE10, 0xFE1F),
    (0xFE30, 0xFE6F),
    (0xFF00, 0xFFEF),
    (0x2_0000, 0x3_FFFF),
];

/// A tradition of writing Chinese characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tradition {
    Japanese,
    Korean,
    Simplified,
    Traditional,
}

impl Tradition {
    /// The tradition of a character collection of Adobe's.
    pub(super) fn of(ordering: &[u8]) -> Option<Self> {
        match ordering {
            b"Japan1" | b"Japan2" => Some(Self::Japanese),
            b"Korea1" | b"KR" => Some(Self::Korean),
            b"GB1" => Some(Self::Simplified),
            b"CNS1" => Some(Self::Traditional),
            _ => None,
        }
    }

    /// The place in Noto's files, which have all four.
    const fn index(self) -> u32 {
        match self {
            Self::Japanese => 0,
            Self::Korean => 1,
            Self::Simplified => 2,
            Self::Traditional => 3,
        }
    }
}

/// Fonts to draw characters with, best first: of the chosen family, then of the scripts that the characters are of. In a
/// font of a tradition, its own come first, Latin letters included.
pub(super) fn fonts(choice: &Choice, tradition: Option<Tradition>, characters: &[char]) -> Vec<Named> {
    let mut fonts: Vec<Named> = choice.files.iter().map(|file| (file.clone(), 0)).collect();
    let mut add = |font: Named| {
        if !fonts.contains(&font) {
            fonts.push(font);
        }
    };
    for character in characters {
        let block = BLOCKS.iter().find(|(first, last, _)| (*first..=*last).contains(&u32::from(*character)));
        let Some((_, _, stem)) = block else { continue };
        for kind in if choice.is_serif { ["Serif", "Sans"] } else { ["Sans", "Serif"] } {
            for weight in if choice.is_bold { ["Bold", "Regular"] } else { ["Regular", "Bold"] } {
                add((format!("Noto{kind}{stem}-{weight}.ttf"), 0));
            }
        }
    }
    let is_east_asian =
        |character: &char| EAST_ASIAN.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(*character)));
    if tradition.is_none() && !characters.iter().any(is_east_asian) {
        return fonts;
    }
    let kinds = if choice.is_serif { ["Serif", "Sans"] } else { ["Sans", "Serif"] };
    let weights = if choice.is_bold { ["Bold", "Regular"] } else { ["Regular", "Bold"] };
    let index = tradition.unwrap_or_else(|| guess(characters)).index();
    let own = kinds.iter().flat_map(|kind| weights.iter().map(move |weight| format!("Noto{kind}CJK-{weight}.ttc")));
    let spare = ("DroidSansFallbackFull.ttf".to_owned(), 0);
    let own = own.map(|file| (file, index)).chain([spare]);
    if tradition.is_some() { own.chain(fonts).collect() } else { fonts.into_iter().chain(own).collect() }
}

/// The tradition of a text, by the signs that only one has.
fn guess(characters: &[char]) -> Tradition {
    let has = |first: char, last: char| characters.iter().any(|character| (first..=last).contains(character));
    if has('\u{3040}', '\u{30FF}') {
        Tradition::Japanese
    } else if has('\u{AC00}', '\u{D7FF}') {
        Tradition::Korean
    } else {
        Tradition::Simplified
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::fonts::choice::choose;

    #[test]
    fn a_font_of_a_tradition_draws_with_its_own_forms_and_weight() {
        let fonts = fonts(&choose("STSong-Bold", 0), Tradition::of(b"GB1"), &['A']);
        assert_eq!(fonts[0], ("NotoSerifCJK-Bold.ttc".to_owned(), 2));
        assert!(fonts.iter().any(|(file, _)| file.starts_with("Liberation")));
    }

    #[test]
    fn other_scripts_come_after_the_chosen_family() {
        let fonts = fonts(&choose("Arial", 0), None, &['A', 'ไ', '한']);
        assert_eq!(fonts[0].0, "LiberationSans-Regular.ttf");
        assert!(fonts.contains(&("NotoSansThai-Regular.ttf".to_owned(), 0)));
        assert!(fonts.contains(&("NotoSansCJK-Regular.ttc".to_owned(), 1)));
    }
}

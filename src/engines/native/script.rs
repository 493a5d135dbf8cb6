//! What the letters of a text say about how to set it.

/// Most letters that are looked at.
const LETTERS_MAX: usize = 10_000;

/// Whether most letters are Hebrew or Arabic.
pub(in crate::engines) fn reads_right_to_left(text: &str) -> bool {
    let (mut right_to_left, mut letters) = (0_usize, 0_usize);
    for character in text.chars().filter(|character| character.is_alphabetic()).take(LETTERS_MAX) {
        letters += 1;
        if matches!(u32::from(character), 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF) {
            right_to_left += 1;
        }
    }
    right_to_left * 2 > letters
}

/// Whose forms of Han characters a text wants, as the names of fonts have it: Unicode has one code for all of them.
pub(in crate::engines) fn han_forms(text: &str, is_traditional: bool) -> &'static str {
    let (mut kana, mut hangul) = (false, false);
    for character in text.chars().filter(|character| character.is_alphabetic()).take(LETTERS_MAX) {
        kana |= matches!(u32::from(character), 0x3041..=0x30FF | 0xFF66..=0xFF9D);
        hangul |= matches!(u32::from(character), 0x1100..=0x11FF | 0x3130..=0x318F | 0xAC00..=0xD7A3);
    }
    match (kana, hangul, is_traditional) {
        (true, _, _) => "JP",
        (_, true, _) => "KR",
        (_, _, true) => "TC",
        (_, _, false) => "SC",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_as_most_of_its_letters_do() {
        assert!(reads_right_to_left("שלום world, כתיבה מימין לשמאל"));
        assert!(!reads_right_to_left("One word of Hebrew: שלום"));
        assert!(!reads_right_to_left("123"));
    }

    #[test]
    fn han_characters_have_the_forms_of_the_letters_around_them() {
        assert_eq!(han_forms("漢字とかな", false), "JP");
        assert_eq!(han_forms("漢字 한글", false), "KR");
        assert_eq!(han_forms("漢字", true), "TC");
        assert_eq!(han_forms("汉字", false), "SC");
    }
}

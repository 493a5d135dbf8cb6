//! The encodings that the standard fonts Symbol and `ZapfDingbats` have of their own (ISO 32000-1, D.5 and D.6).

/// A line for each code: the code and the name of its glyph.
const SYMBOL: &str = include_str!("symbol.txt");
const DINGBATS: &str = include_str!("dingbats.txt");

/// The name of a code of Symbol, or else of `ZapfDingbats`.
pub(super) fn name(is_symbol: bool, code: u8) -> Option<&'static str> {
    let lines = if is_symbol { SYMBOL } else { DINGBATS }.lines();
    let mut pairs = lines.filter_map(|line| line.split_once(' '));
    pairs.find(|(listed, _)| listed.parse() == Ok(code)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn each_font_has_its_own_names_and_codes_without_one() {
        assert_eq!((name(true, b'a'), name(false, b'a')), (Some("alpha"), Some("a60")));
        assert_eq!((name(true, 0), name(false, 0x80)), (None, Some("a89")));
    }
}

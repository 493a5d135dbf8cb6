use super::{
    choice::choose,
    cmap::CMap,
    glyphs::{self, Base},
    unicode_map,
};

#[test]
fn well_known_fonts_are_replaced_by_ones_of_the_same_widths() {
    for (name, file) in [
        ("Helvetica-BoldOblique", "LiberationSans-BoldItalic.ttf"),
        ("ABCDEF+TimesNewRomanPS-BoldMT", "LiberationSerif-Bold.ttf"),
        ("CourierNew,Italic", "LiberationMono-Italic.ttf"),
        ("Calibri", "Carlito-Regular.ttf"),
    ] {
        let choice = choose(name, 0);
        assert_eq!(choice.files[0], file);
        assert!(choice.is_compatible);
    }
    assert_eq!(choose("Symbol", 0).symbolic, Some("StandardSymbolsPS.otf"));
    assert!(!choose("Garamond", 0).is_compatible);
}

#[test]
fn glyph_names_and_encodings_meet_in_unicode() {
    assert_eq!(glyphs::character(b"Adieresis"), Some('Ä'));
    assert_eq!(glyphs::character(b"uni20AC.alt"), Some('€'));
    assert_eq!(glyphs::character(b"g17"), None);
    assert_eq!(Base::Standard.character(0x27), Some('’'));
    assert_eq!(Base::WinAnsi.character(0x80), Some('€'));
    assert_eq!(Base::MacRoman.code('é'), Some(0x8E));
    assert_eq!(glyphs::name('A'), Some("A"));
}

#[test]
fn a_written_map_reads_back() {
    let entries = [(0x41, 'Ä'), (0x42, '𝄞')];
    let read = CMap::read(&unicode_map::write(&entries, true));
    for (code, character) in entries {
        let text = read.text(u32::from(code)).map(|text| String::from_utf16(&text).unwrap());
        assert_eq!(text, Some(character.to_string()));
    }
}

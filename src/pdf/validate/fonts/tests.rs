//! Each rule of this chapter, with a document that obeys it and documents that break it.

use lopdf::{Dictionary, Object, dictionary};

use super::testing::{
    DESCENDANT, DESCRIPTOR, FONT, attach, broken, collection, composite, document, edit, embed, latin, symbols, text,
    truetype, type1, type3,
};
use crate::pdf::validate::Flavour;

const AB: &str = "BT /F 1 Tf (AB) Tj ET";
const ONE_TWO: &str = "BT /F 1 Tf <00010002> Tj ET";

#[test]
fn good_fonts_break_nothing() {
    for flavour in Flavour::ALL {
        let mut named = type1(AB);
        edit(&mut named, DESCRIPTOR, |held| held.set("CharSet", text("/A/B")));
        let mut listed = composite(ONE_TWO);
        attach(&mut listed, DESCRIPTOR, "CIDSet", Dictionary::new(), &[0b0110_0000]);
        let map = b"2 beginbfchar <0001> <0041> <0002> <0042> endbfchar";
        attach(&mut listed, FONT, "ToUnicode", Dictionary::new(), map);
        let mut signs = symbols(AB, &[(3, 0, 0xF041)]);
        let map = b"1 beginbfrange <41> <42> <0041> endbfrange";
        attach(&mut signs, FONT, "ToUnicode", Dictionary::new(), map);
        let mut drawn = type3(AB);
        attach(&mut drawn, FONT, "ToUnicode", Dictionary::new(), map);
        for document in [latin(AB), named, listed, signs, drawn] {
            assert_eq!(broken(&document, flavour), [""; 0], "{flavour}");
        }
    }
}

#[test]
fn fonts_without_their_entries_are_refused() {
    let without = |key: &[u8]| {
        let mut document = latin(AB);
        edit(&mut document, FONT, |font| {
            font.remove(key);
        });
        broken(&document, Flavour::A2B)
    };
    assert_eq!(without(b"Type"), ["font-type"]);
    assert_eq!(without(b"BaseFont"), ["font-name"]);
    assert!(without(b"Subtype").contains(&"font-subtype"));
    assert!(without(b"FirstChar").contains(&"font-widths"));
    assert!(without(b"Widths").contains(&"font-widths"));
    let mut document = latin(AB);
    edit(&mut document, FONT, |font| font.set("LastChar", 67));
    assert_eq!(broken(&document, Flavour::A2B), ["font-widths"]);
}

#[test]
fn a_program_of_an_unknown_kind_is_refused() {
    let mut document = latin(AB);
    let held = dictionary! { "Subtype" => "OpenType" };
    edit(&mut document, DESCRIPTOR, |held| {
        held.remove(b"FontFile2");
    });
    attach(&mut document, DESCRIPTOR, "FontFile3", held, &truetype(&[(3, 1, 65)]));
    assert_eq!(broken(&document, Flavour::A2B), [""; 0]);
    assert!(broken(&document, Flavour::A1B).contains(&"font-file-type"));
}

#[test]
fn collections_of_font_and_map_agree() {
    let with = |registry: &str, supplement: i64, flavour: Flavour| {
        let mut document = composite(ONE_TWO);
        let held =
            dictionary! { "Type" => "CMap", "CMapName" => "Mine", "CIDSystemInfo" => collection("Adobe", "Japan1", 2) };
        let map = b"1 begincodespacerange <0000> <ffff> endcodespacerange 1 begincidrange <0000> <ffff> 0 endcidrange";
        attach(&mut document, FONT, "Encoding", held, map);
        edit(&mut document, DESCENDANT, |held| held.set("CIDSystemInfo", collection(registry, "Japan1", supplement)));
        broken(&document, flavour)
    };
    assert_eq!(with("Adobe", 2, Flavour::A2B), [""; 0]);
    assert_eq!(with("Adobe", 3, Flavour::A2B), ["character-collection"]);
    assert_eq!(with("adobe", 2, Flavour::A2B), ["character-collection"]);
    assert!(!with("Adobe", 3, Flavour::A1B).contains(&"character-collection"));
}

#[test]
fn a_composite_font_says_which_glyphs_its_cids_are() {
    let mut document = composite(ONE_TWO);
    edit(&mut document, DESCENDANT, |held| held.set("CIDToGIDMap", "Other"));
    assert_eq!(broken(&document, Flavour::A4), ["cid-to-glyph-map"]);
    attach(&mut document, DESCENDANT, "CIDToGIDMap", Dictionary::new(), &[0, 0, 0, 1, 0, 2]);
    assert_eq!(broken(&document, Flavour::A4), [""; 0]);
}

#[test]
fn maps_are_embedded_and_build_on_known_ones_only() {
    let mut document = composite(ONE_TWO);
    edit(&mut document, FONT, |font| font.set("Encoding", "Mine-H"));
    assert!(broken(&document, Flavour::A2B).contains(&"character-map-embedded"));
    edit(&mut document, FONT, |font| font.set("Encoding", "UniJIS-UCS2-H"));
    assert!(!broken(&document, Flavour::A2B).contains(&"character-map-embedded"));
    assert!(broken(&document, Flavour::A1B).contains(&"character-map-embedded"));

    let with = |map: &[u8], flavour| {
        let mut document = composite(ONE_TWO);
        attach(&mut document, FONT, "Encoding", dictionary! { "CMapName" => "Identity-H" }, map);
        broken(&document, flavour)
    };
    assert_eq!(with(b"/Identity-H usecmap", Flavour::A2B), [""; 0]);
    assert!(with(b"/Other usecmap", Flavour::A2B).contains(&"character-map-references"));
    assert!(with(b"/Other usecmap", Flavour::A1B).contains(&"character-map-embedded"));
    assert_eq!(with(b"/Identity-H usecmap /WMode 1 def", Flavour::A2B), ["character-map-direction"]);
}

#[test]
fn fonts_that_draw_are_embedded() {
    let font = || dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
    assert_eq!(broken(&document(font(), AB), Flavour::A1B), ["font-embedded"]);
    assert_eq!(broken(&document(font(), "BT /F 1 Tf 3 Tr (AB) Tj ET"), Flavour::A1B), [""; 0]);
    assert_eq!(broken(&document(font(), "BT /F 1 Tf ET"), Flavour::A1B), [""; 0]);
    let mut document = latin(AB);
    embed(&mut document, "FontFile2", b"no font", 32);
    assert!(broken(&document, Flavour::A2B).contains(&"font-embedded"));
    embed(&mut document, "FontFile", &truetype(&[(3, 1, 65)]), 32);
    assert!(broken(&document, Flavour::A2B).contains(&"font-embedded"));
}

#[test]
fn glyphs_that_are_drawn_are_in_the_program() {
    let wide = |mode: &str| {
        let mut document = composite(&format!("BT /F 1 Tf {mode} <0009> Tj ET"));
        edit(&mut document, DESCENDANT, |held| held.set("DW", 0));
        broken(&document, Flavour::A1B)
    };
    assert!(wide("0 Tr").contains(&"glyphs-embedded"));
    assert!(!wide("3 Tr").contains(&"glyphs-embedded"));
    for document in [latin("BT /F 1 Tf (C) Tj ET"), type1("BT /F 1 Tf (C) Tj ET"), type3("BT /F 1 Tf (C) Tj ET")] {
        assert!(broken(&document, Flavour::A2B).contains(&"glyphs-embedded"));
    }
}

#[test]
fn no_text_shows_the_undefined_glyph_even_when_it_is_not_drawn() {
    let hidden = "BT /F 1 Tf 3 Tr <0009> Tj ET";
    assert_eq!(broken(&composite(hidden), Flavour::A2B), ["no-undefined-glyph"]);
    assert!(!broken(&composite(hidden), Flavour::A1B).contains(&"no-undefined-glyph"));
    let mut document = latin(AB);
    let encoding =
        dictionary! { "Differences" => vec![66.into(), ".notdef".into()], "BaseEncoding" => "WinAnsiEncoding" };
    edit(&mut document, FONT, |font| font.set("Encoding", encoding));
    assert!(broken(&document, Flavour::A4).contains(&"no-undefined-glyph"));
}

#[test]
fn lists_of_glyphs_are_right() {
    let named = |list: Option<&str>, flavour| {
        let mut document = type1("BT /F 1 Tf (A) Tj ET");
        if let Some(list) = list {
            edit(&mut document, DESCRIPTOR, |held| held.set("CharSet", text(list)));
        }
        broken(&document, flavour)
    };
    assert_eq!(named(None, Flavour::A1B), ["charset-complete"]);
    assert_eq!(named(None, Flavour::A2B), [""; 0]);
    assert_eq!(named(Some("/A"), Flavour::A1B), [""; 0]);
    assert_eq!(named(Some("/B"), Flavour::A1B), ["charset-complete"]);
    assert_eq!(named(Some("/A"), Flavour::A2B), ["charset-complete"]);
    assert_eq!(named(Some("/A/B/C"), Flavour::A3B), ["charset-complete"]);
    assert_eq!(named(Some("/A/B/C"), Flavour::A4), [""; 0]);

    let listed = |list: Option<u8>, flavour| {
        let mut document = composite("BT /F 1 Tf <0001> Tj ET");
        if let Some(list) = list {
            attach(&mut document, DESCRIPTOR, "CIDSet", Dictionary::new(), &[list]);
        }
        broken(&document, flavour)
    };
    assert_eq!(listed(None, Flavour::A1B), ["cidset-complete"]);
    assert_eq!(listed(Some(0b0100_0000), Flavour::A1B), [""; 0]);
    assert_eq!(listed(Some(0b0010_0000), Flavour::A1B), ["cidset-complete"]);
    assert_eq!(listed(Some(0b0100_0000), Flavour::A2B), ["cidset-complete"]);
    assert_eq!(listed(Some(0b0111_0000), Flavour::A2B), ["cidset-complete"]);
}

#[test]
fn widths_are_those_of_the_program() {
    let cases = [(501, true), (502, false), (498, false)];
    for (width, is_right) in cases {
        let widths = || vec![Object::Integer(width), 600.into()];
        for mut document in [latin(AB), type1(AB), type3(AB)] {
            edit(&mut document, FONT, |font| font.set("Widths", widths()));
            assert_eq!(!broken(&document, Flavour::A2B).contains(&"glyph-widths"), is_right, "{width}");
        }
        let mut document = composite(ONE_TWO);
        edit(&mut document, DESCENDANT, |held| held.set("W", vec![1.into(), widths().into()]));
        assert_eq!(!broken(&document, Flavour::A2B).contains(&"glyph-widths"), is_right, "{width}");
        edit(&mut document, DESCENDANT, |held| {
            held.set("W", vec![1.into(), 1.into(), width.into(), 2.into(), 2.into(), 600.into()])
        });
        assert_eq!(!broken(&document, Flavour::A2B).contains(&"glyph-widths"), is_right, "{width}");
    }
}

#[test]
fn latin_truetype_fonts_have_a_usual_encoding() {
    let with = |encoding: Option<Object>, flavour| {
        let mut document = latin(AB);
        edit(&mut document, FONT, |font| match encoding {
            Some(encoding) => font.set("Encoding", encoding),
            None => {
                font.remove(b"Encoding");
            }
        });
        broken(&document, flavour).contains(&"latin-font-encoding")
    };
    let different = |base: &str, name: &str| {
        Some(Object::from(dictionary! { "BaseEncoding" => base, "Differences" => vec![65.into(), name.into()] }))
    };
    assert!(with(None, Flavour::A2B));
    assert!(with(Some("StandardEncoding".into()), Flavour::A2B));
    assert!(!with(Some("MacRomanEncoding".into()), Flavour::A1B));
    assert!(!with(different("WinAnsiEncoding", "A"), Flavour::A2B));
    assert!(with(different("WinAnsiEncoding", "A"), Flavour::A1B));
    assert!(with(different("WinAnsiEncoding", "uni0041"), Flavour::A2B));
    assert!(with(different("StandardEncoding", "A"), Flavour::A4));
}

#[test]
fn latin_truetype_programs_can_be_looked_up() {
    let with = |maps: &[(u16, u16, u16)], flavour| {
        let mut document = latin(AB);
        embed(&mut document, "FontFile2", &truetype(maps), 32);
        broken(&document, flavour).contains(&"latin-font-map")
    };
    assert!(with(&[(3, 0, 0xF041)], Flavour::A2B) && with(&[], Flavour::A2B));
    assert!(!with(&[(1, 0, 65)], Flavour::A2B) && !with(&[(1, 0, 65)], Flavour::A4));
    assert!(with(&[(0, 3, 65)], Flavour::A4));
}

#[test]
fn symbolic_truetype_fonts_have_no_encoding_and_one_map() {
    let mut document = symbols(AB, &[(3, 0, 0xF041)]);
    edit(&mut document, FONT, |font| font.set("Encoding", "WinAnsiEncoding"));
    assert_eq!(broken(&document, Flavour::A2B), ["symbol-font-encoding"]);
    let map = |maps: &[(u16, u16, u16)], flavour| broken(&symbols(AB, maps), flavour).contains(&"symbol-font-map");
    let both = [(1, 0, 65), (3, 0, 0xF041)];
    assert!(map(&both, Flavour::A1B) && !map(&both, Flavour::A2B) && !map(&both, Flavour::A4));
    let neither = [(1, 1, 65), (3, 1, 65)];
    assert!(map(&neither, Flavour::A2B) && map(&neither, Flavour::A4));
}

#[test]
fn text_is_known_in_unicode_at_the_levels_that_ask() {
    for (flavour, is_asked) in [(Flavour::A2B, false), (Flavour::A2U, true), (Flavour::A1A, true), (Flavour::A4, false)]
    {
        assert_eq!(broken(&composite(ONE_TWO), flavour).contains(&"text-in-unicode"), is_asked, "{flavour}");
    }
    let mut document = composite(ONE_TWO);
    edit(&mut document, DESCENDANT, |held| held.set("CIDSystemInfo", collection("Adobe", "Japan1", 2)));
    assert!(!broken(&document, Flavour::A2U).contains(&"text-in-unicode"));
}

#[test]
fn text_stands_for_characters() {
    for value in ["0000", "FEFF", "FFFE", "0041FEFF"] {
        let mut document = composite(ONE_TWO);
        let map = format!("2 beginbfchar <0001> <{value}> <0002> <0042> endbfchar");
        attach(&mut document, FONT, "ToUnicode", Dictionary::new(), map.as_bytes());
        assert_eq!(broken(&document, Flavour::A2U), ["text-values"], "{value}");
        assert_eq!(broken(&document, Flavour::A4F), ["text-values-always"], "{value}");
        assert_eq!(broken(&document, Flavour::A2B), [""; 0], "{value}");
    }
}

#[test]
fn private_characters_are_replaced_by_usual_ones() {
    let with = |content: &str, flavour| {
        let mut document = composite(content);
        let map = b"2 beginbfchar <0001> <E000> <0002> <DB80DC00> endbfchar";
        attach(&mut document, FONT, "ToUnicode", Dictionary::new(), map);
        broken(&document, flavour)
    };
    let replaced = |replacement: &str| format!("/Span <</ActualText ({replacement})>> BDC {ONE_TWO} EMC");
    assert_eq!(with(ONE_TWO, Flavour::A2A), ["private-use-replaced"]);
    assert_eq!(with(ONE_TWO, Flavour::A2U), [""; 0]);
    assert_eq!(with(&replaced("x"), Flavour::A3A), [""; 0]);
    assert_eq!(with(&replaced("x"), Flavour::A4), [""; 0]);
    assert_eq!(with(&replaced("\\376\\377\\340\\000"), Flavour::A4), ["replacement-not-private"]);
}

#[test]
fn private_characters_may_be_replaced_in_the_structure() {
    let content = format!("/Span <</MCID 0>> BDC {ONE_TWO} EMC");
    let mut document = composite(&content);
    let map = b"1 beginbfrange <0001> <0002> <E000> endbfrange";
    attach(&mut document, FONT, "ToUnicode", Dictionary::new(), map);
    assert_eq!(broken(&document, Flavour::A2A), ["private-use-replaced"]);
    let element = document.add_object(dictionary! { "S" => "Span", "ActualText" => text("x") });
    let parents = dictionary! { "Nums" => vec![0.into(), vec![element.into()].into()] };
    let root = dictionary! { "Type" => "StructTreeRoot", "ParentTree" => parents };
    document.catalog_mut().unwrap().set("StructTreeRoot", root);
    let page = document.get_pages()[&1];
    edit(&mut document, page, |page| page.set("StructParents", 0));
    assert_eq!(broken(&document, Flavour::A2A), [""; 0]);
}

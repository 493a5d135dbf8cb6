use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::{
    FontFolder, build,
    choice::choose,
    cmap::{self, CMap},
    compact::{self, Keys},
    described,
    glyphs::{self, Base},
    maps, place, program, unicode_map, widths,
};
use crate::{
    domain::{Event, EventCode},
    pdf::{
        archive::to_pdfa,
        gate, object, stream,
        validate::{Flavour, Level, Part},
    },
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
    assert_eq!(Base::MacRoman.character(0x8E), Some('é'));
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

/// A TrueType program with a triangle for each character.
pub(crate) fn truetype(units: u16, glyphs: &[(char, u16)]) -> Vec<u8> {
    let words = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let count = u16::try_from(glyphs.len() + 1).unwrap();
    let codes = (1..).zip(glyphs).map(|(glyph, (character, _))| (u16::try_from(u32::from(*character)).unwrap(), glyph));
    // One contour with the points (0, 0), (100, 0) and (0, 100), on the line all of them.
    let triangle = [words(&[1, 0, 0, 100, 100, 2, 0]), vec![1, 1, 1], words(&[0, 100, 65_436, 0, 0, 100]), vec![0; 3]];
    let triangle = triangle.concat();
    let size = u16::try_from(triangle.len()).unwrap() / 2;
    let mut head = vec![0; 54];
    head[..4].copy_from_slice(&[0, 1, 0, 0]);
    head[12..16].copy_from_slice(&[0x5F, 0x0F, 0x3C, 0xF5]);
    head[18..20].copy_from_slice(&units.to_be_bytes());
    let hhea = words(&[1, 0, 800, 65_336, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count]);
    let metrics = std::iter::once(0).chain(glyphs.iter().map(|(_, width)| *width)).flat_map(|width| [width, 0]);
    build::assemble(&[
        (b"cmap", build::map(1, codes.collect()).unwrap()),
        (b"glyf", triangle.repeat(glyphs.len())),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", words(&metrics.collect::<Vec<_>>())),
        (b"loca", words(&std::iter::once(0).chain((0..count).map(|index| index * size)).collect::<Vec<_>>())),
        (b"maxp", [words(&[1, 0, count]), vec![0; 26]].concat()),
        (b"post", [words(&[3, 0]), vec![0; 28]].concat()),
    ])
    .unwrap()
}

/// A compact program with a triangle for each CID, each of another size.
pub(crate) fn compact_program(count: u16) -> Vec<u8> {
    let glyph = |cid: u16| {
        let mut drawing = compact::Drawing::default();
        drawing.move_to((0.0, 0.0));
        drawing.line_to((f32::from(cid), 0.0));
        drawing.line_to((0.0, f32::from(cid)));
        compact::Glyph { cid, width: 500.0, drawing }
    };
    let glyphs: Vec<compact::Glyph> = (1..=count).map(glyph).collect();
    compact::write("Test", Keys::Cids("Identity", 0), &glyphs).unwrap()
}

/// A document with a page that shows text in a font.
fn document(font: Dictionary, text: &str) -> (Document, ObjectId) {
    let mut document = Document::with_version("1.7");
    let font = document.add_object(font);
    let content = format!("BT /F 9 Tf <{text}> Tj ET").into_bytes();
    let content = document.add_object(Stream::new(Dictionary::new(), content));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Contents" => content, "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
        "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
    });
    let root = document.add_object(dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()] });
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    (document, font)
}

/// A composite font without a program; its `W` is `[634 [400]]`.
fn composite(encoding: &str, ordering: &str) -> Dictionary {
    let system = dictionary! {
        "Registry" => Object::string_literal("Adobe"), "Ordering" => Object::string_literal(ordering), "Supplement" => 2,
    };
    let descendant = dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType0", "BaseFont" => "Somewhere", "CIDSystemInfo" => system,
        "W" => vec![634.into(), vec![400.into()].into()],
    };
    dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "Somewhere", "Encoding" => encoding,
        "DescendantFonts" => vec![descendant.into()],
    }
}

/// A simple font with a program in an entry.
fn simple(document: &mut Document, font: ObjectId, subtype: &str, key: &str, program: Stream) -> ObjectId {
    let program = document.add_object(program);
    let mut descriptor = dictionary! {
        "Type" => "FontDescriptor", "FontName" => "ABCDEF+Test", "Flags" => 32, "ItalicAngle" => 0, "StemV" => 80,
        "FontBBox" => vec![0.into(), 0.into(), 1000.into(), 1000.into()], "Ascent" => 800, "Descent" => -200,
    };
    descriptor.set(key, program);
    let descriptor = document.add_object(descriptor);
    let held = document.get_dictionary_mut(font).unwrap();
    *held = dictionary! {
        "Type" => "Font", "Subtype" => subtype, "BaseFont" => "ABCDEF+Test", "FirstChar" => 65, "LastChar" => 65,
        "Widths" => vec![123.into()], "FontDescriptor" => descriptor, "Encoding" => "WinAnsiEncoding",
    };
    descriptor
}

fn folder() -> FontFolder {
    let wide = truetype(1000, &[('日', 1000), ('、', 1000), ('「', 1000)]);
    let latin = truetype(2048, &[('A', 1400), (' ', 500)]);
    FontFolder::holding(&[
        ("NotoSansCJK-Regular.ttc", wide.clone()),
        ("LiberationSans-Regular.ttf", latin),
        ("DroidSansFallbackFull.ttf", wide),
    ])
}

/// The clauses on fonts that stand after archiving, which is done twice to see that nothing changes.
fn archived(document: &mut Document, part: Part) -> (Vec<&'static str>, Vec<Event>) {
    let events = to_pdfa(document, part, &folder()).unwrap();
    // The output intent is a new object each time.
    let rest = |document: &Document| {
        let mut objects = document.objects.clone();
        objects.retain(|_, object| !object::as_dictionary(object).is_some_and(|held| held.has(b"OutputIntents")));
        objects.retain(|_, object| !object::as_dictionary(object).is_some_and(|held| held.has_type(b"OutputIntent")));
        objects
    };
    let once = rest(document);
    to_pdfa(document, part, &folder()).unwrap();
    assert!(rest(document) == once);
    let flavour = Flavour::of(part, Level::B).unwrap();
    let chapter = if part == Part::One { "6.3." } else { "6.2.11." };
    let standing = gate::refusals(document, flavour).into_iter().filter(|clause| clause.starts_with(chapter));
    (standing.collect(), events)
}

fn held(document: &Document, font: ObjectId) -> Dictionary {
    described(document, object::at(document, font).unwrap()).unwrap().clone()
}

#[test]
fn a_composite_font_in_an_old_encoding_gets_a_program_and_keeps_codes_widths_and_map() {
    // A comma and a sign in the codes of Windows for Japan.
    let (mut document, font) = document(composite("90ms-RKSJ-H", "Japan1"), "814193FA");
    let (standing, events) = archived(&mut document, Part::Two);
    assert!(standing.is_empty(), "{standing:?}");
    assert!(events.iter().any(|event| event.code == EventCode::FontSubstituted));
    let font = object::at(&document, font).unwrap();
    assert_eq!(object::name(&document, font, b"Encoding"), Some(&b"90ms-RKSJ-H"[..]));
    let text = maps::to_unicode(&document, font).unwrap().text(0x93FA).unwrap();
    assert_eq!(String::from_utf16(&text).unwrap(), "日");
    let (program, _) = place::file(&document, described(&document, font).unwrap()).unwrap();
    let bytes = stream::unpack(program).unwrap();
    let program = program::Compact::read(&bytes).unwrap();
    // The comma has the width that the document states, the sign the usual one.
    let cid = cmap::CMap::predefined(b"90ms-RKSJ-H").unwrap().cid(cmap::Code { length: 2, value: 0x93FA }).unwrap();
    assert_eq!(program.width(program.of_cid(cid).unwrap()), Some(1000.0));
    assert_eq!(program.width(program.of_cid(634).unwrap()), Some(400.0));
    assert_eq!(program.glyph_count(), 3);
}

#[test]
fn part_one_has_the_map_in_the_document_and_writing_stays_vertical() {
    let (mut document, font) = document(composite("UniJIS-UCS2-V", "Japan1"), "65E53001");
    let (standing, _) = archived(&mut document, Part::One);
    assert!(standing.is_empty(), "{standing:?}");
    let font = object::at(&document, font).unwrap();
    let Some(Object::Stream(map)) = object::get(&document, font, b"Encoding") else { panic!("no map") };
    assert_eq!(object::integer(&document, &map.dict, b"WMode"), Some(1));
    let read = maps::read(&document, map).unwrap();
    assert_eq!(read.mode, Some(1));
    let known = cmap::CMap::predefined(b"UniJIS-UCS2-V").unwrap();
    let code = cmap::Code { length: 2, value: 0x65E5 };
    assert_eq!(read.cid(code), known.cid(code));
    assert!(described(&document, font).unwrap().has(b"W"));
}

#[test]
fn text_that_no_installed_font_has_stays_as_it_is() {
    let (mut document, font) = document(composite("UniJIS-UCS2-H", "Japan1"), "65E58A9E");
    let (standing, _) = archived(&mut document, Part::Two);
    assert_eq!(standing, ["6.2.11.4.1"]);
    assert!(place::file(&document, &held(&document, font)).is_none());
}

#[test]
fn a_simple_font_that_shows_code_0_gets_names() {
    let font = dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    };
    for part in [Part::One, Part::Two] {
        let (mut document, _) = document(font.clone(), "00412041");
        let (standing, _) = archived(&mut document, part);
        assert!(standing.is_empty(), "{standing:?}");
    }
}

#[test]
fn a_program_that_nobody_can_read_counts_for_none() {
    let (mut document, font) = document(Dictionary::new(), "41");
    simple(&mut document, font, "TrueType", "FontFile2", Stream::new(Dictionary::new(), b"junk".to_vec()));
    let (standing, events) = archived(&mut document, Part::Two);
    assert!(standing.is_empty(), "{standing:?}");
    assert!(events.iter().any(|event| event.code == EventCode::FontSubstituted));
}

#[test]
fn a_program_in_the_wrong_entry_moves_to_the_right_one() {
    let (mut document, font) = document(Dictionary::new(), "41");
    let program = Stream::new(dictionary! { "Subtype" => "Type1C" }, truetype(1000, &[('A', 700)]));
    simple(&mut document, font, "TrueType", "FontFile", program);
    let (standing, events) = archived(&mut document, Part::Two);
    assert!(standing.is_empty() && events.is_empty(), "{standing:?} {events:?}");
    let held = object::at(&document, font).unwrap();
    let descriptor = object::dictionary(&document, held, b"FontDescriptor").unwrap();
    assert!(descriptor.has(b"FontFile2") && !descriptor.has(b"FontFile"));
    // The text stays where it is: the program gets the width that the dictionary states.
    assert_eq!(object::number(&document, &object::array(&document, held, b"Widths").unwrap()[0]), Some(123.0));
    let (file, _) = place::file(&document, held).unwrap();
    let bytes = stream::unpack(file).unwrap();
    let program = program::TrueType::read(&bytes).unwrap();
    assert_eq!((program.width(1), program.mapped(3, 1, 65)), (Some(123.0), Some(1)));
    assert!(ttf_parser::Face::parse(&bytes, 0).unwrap().glyph_bounding_box(ttf_parser::GlyphId(1)).is_some());
}

#[test]
fn a_program_with_cids_gets_the_widths_that_are_stated_and_part_one_a_list_of_them() {
    let glyphs = [5, 300].map(|cid| compact::Glyph { cid, width: 250.0, drawing: compact::Drawing::default() });
    let program = compact::write("ABCDEF+Test", Keys::Cids("Identity", 0), &glyphs).unwrap();
    for part in [Part::One, Part::Two] {
        let (mut document, font) = document(composite("Identity-H", "Identity"), "0005012C");
        let program = document.add_object(Stream::new(dictionary! { "Subtype" => "CIDFontType0C" }, program.clone()));
        let descriptor = document.add_object(dictionary! {
            "Type" => "FontDescriptor", "FontName" => "ABCDEF+Test", "Flags" => 4, "FontFile3" => program,
        });
        let mut descendant = held(&document, font);
        descendant.set("FontDescriptor", descriptor);
        descendant.set("BaseFont", "ABCDEF+Test");
        document.get_dictionary_mut(font).unwrap().set("DescendantFonts", vec![descendant.into()]);
        let (standing, events) = archived(&mut document, part);
        assert!(standing.is_empty() && events.is_empty(), "{standing:?} {events:?}");
        let widths = widths::composite_widths(&document, &held(&document, font));
        assert_eq!((widths.get(&5), widths.get(&300)), (Some(&1000.0), Some(&1000.0)));
        let held = held(&document, font);
        let descriptor = object::dictionary(&document, &held, b"FontDescriptor").unwrap();
        let set = object::get(&document, descriptor, b"CIDSet").and_then(|set| set.as_stream().ok());
        assert_eq!(set.is_some(), part == Part::One);
        if let Some(set) = set {
            let bits = stream::unpack(set).unwrap();
            assert_eq!((bits[0], bits[300 / 8], bits.len()), (0b1000_0100, 0x80 >> (300 % 8), 38));
        }
    }
}

#[test]
fn a_map_of_another_collection_is_written_anew() {
    let (mut document, font) = document(composite("GBK-EUC-H", "Japan1"), "C8D5");
    let glyph = compact::Glyph { cid: 1, width: 1000.0, drawing: compact::Drawing::default() };
    let known = cmap::CMap::predefined(b"GBK-EUC-H").unwrap();
    let code = cmap::Code { length: 2, value: 0xC8D5 };
    let cid = u16::try_from(known.cid(code).unwrap()).unwrap();
    let program = compact::write("Test", Keys::Cids("Japan1", 0), &[compact::Glyph { cid, ..glyph }]).unwrap();
    let program = document.add_object(Stream::new(dictionary! { "Subtype" => "CIDFontType0C" }, program));
    let descriptor = document.add_object(dictionary! {
        "Type" => "FontDescriptor", "FontName" => "Test", "Flags" => 4, "FontFile3" => program,
    });
    let mut descendant = held(&document, font);
    descendant.set("FontDescriptor", descriptor);
    document.get_dictionary_mut(font).unwrap().set("DescendantFonts", vec![descendant.into()]);
    let (standing, events) = archived(&mut document, Part::Two);
    assert!(standing.is_empty() && events.is_empty(), "{standing:?} {events:?}");
    let map = maps::encoding(&document, object::at(&document, font).unwrap()).unwrap();
    assert_eq!(map.cid(code), Some(u32::from(cid)));
}

#[test]
fn a_code_that_shows_the_undefined_glyph_gets_one_that_looks_like_it() {
    let mut drawing = compact::Drawing::exact();
    drawing.move_to((0.0, 0.0));
    drawing.line_to((500.5, 0.0));
    let glyph = compact::Glyph { cid: 1, width: 123.0, drawing };
    let program = compact::write("Test", Keys::Names(&["A".to_owned()]), &[glyph]).unwrap();
    for (subtype, text) in [("Type1", "4142"), ("Type1", "0041")] {
        let (mut document, font) = document(Dictionary::new(), text);
        let program = Stream::new(dictionary! { "Subtype" => "Type1C" }, program.clone());
        simple(&mut document, font, subtype, "FontFile3", program);
        let (standing, events) = archived(&mut document, Part::Two);
        assert!(standing.is_empty() && events.is_empty(), "{standing:?} {events:?}");
        let (file, _) = place::file(&document, object::at(&document, font).unwrap()).unwrap();
        let bytes = stream::unpack(file).unwrap();
        let program = program::Compact::read(&bytes).unwrap();
        assert_eq!(program.named(b"A").and_then(|glyph| program.width(glyph)), Some(123.0));
        assert_eq!(program.glyph_count(), 3);
    }
}

#[test]
fn a_cid_without_a_glyph_gets_one() {
    let glyph = compact::Glyph { cid: 5, width: 1000.0, drawing: compact::Drawing::default() };
    let program = compact::write("Test", Keys::Cids("Identity", 0), &[glyph]).unwrap();
    let (mut document, font) = document(composite("Identity-H", "Identity"), "00050006");
    let program = document.add_object(Stream::new(dictionary! { "Subtype" => "CIDFontType0C" }, program));
    let descriptor = document.add_object(dictionary! {
        "Type" => "FontDescriptor", "FontName" => "Test", "Flags" => 4, "FontFile3" => program,
    });
    let mut descendant = held(&document, font);
    descendant.set("FontDescriptor", descriptor);
    document.get_dictionary_mut(font).unwrap().set("DescendantFonts", vec![descendant.into()]);
    let (standing, events) = archived(&mut document, Part::Two);
    assert!(standing.is_empty() && events.is_empty(), "{standing:?} {events:?}");
}

#[test]
fn an_odd_encoding_of_a_truetype_font_becomes_one_of_names() {
    for part in [Part::One, Part::Two] {
        let (mut document, font) = document(Dictionary::new(), "41");
        let program = Stream::new(Dictionary::new(), truetype(1000, &[('A', 123)]));
        simple(&mut document, font, "TrueType", "FontFile2", program);
        let names = dictionary! {
            "BaseEncoding" => "WinAnsiEncoding", "Differences" => vec![66.into(), "nothing".into()],
        };
        document.get_dictionary_mut(font).unwrap().set("Encoding", names);
        let (standing, events) = archived(&mut document, part);
        assert!(standing.is_empty() && events.is_empty(), "{standing:?} {events:?}");
        assert_eq!(object::name(&document, object::at(&document, font).unwrap(), b"Subtype"), Some(&b"Type1"[..]));
    }
}

#[test]
fn a_map_named_after_a_collection_is_the_identity() {
    let (mut document, font) = document(composite("Adobe-Japan1-2", "Japan1"), "0279");
    archived(&mut document, Part::Two);
    let font = object::at(&document, font).unwrap();
    assert_eq!(object::name(&document, font, b"Encoding"), Some(&b"Identity-H"[..]));
}

#[test]
fn what_a_standard_font_of_signs_means_stays_when_another_takes_its_place() {
    let installed = FontFolder::open(&["/usr/share/fonts".into()]);
    for (name, codes, meant) in [("ZapfDingbats", [0x38, 0x21], "✘✁"), ("Symbol", [0x61, 0x44], "α∆")] {
        let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => name };
        let (mut document, font) = document(font, &codes.map(|code| format!("{code:02X}")).concat());
        to_pdfa(&mut document, Part::Two, &installed).unwrap();
        let held = held(&document, font);
        let Some(Object::Stream(map)) = object::get(&document, &held, b"ToUnicode") else { panic!("{name}: no map") };
        let map = CMap::read(&map.content);
        let text = codes.map(|code| String::from_utf16(&map.text(code).unwrap_or_default()).unwrap());
        assert_eq!(text.concat(), meant, "{name}");
    }
}

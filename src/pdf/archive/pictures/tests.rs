use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use time::OffsetDateTime;

use crate::{
    domain::{EventCode, Rung, metadata::Metadata},
    pdf::{
        Shape,
        drawing::{self, Bounds, Size},
        fonts::FontFolder,
        gate::{Passed, Wanted, pass},
        object, pages, read, text,
        validate::{Part, validate},
        write,
    },
};

/// JPEG 2000 data of 8 by 8 pixels without loss: the left half red, the right half blue above and darker blue below.
const JPEG2000: &str = "ff4fff51002f000000000008000000080000000000000000000000080000000800000000000000000003070101070101070101ff52000c00\
    000001000004040001ff5c00044040ff640025000143726561746564206279204f70656e4a5045472076657273696f6e20322e352e34ff90\
    000a0000000000810001ff93df81c026890cfc81d900bed00c1c229d1c03020a7b4a3cd87e6c3f361f9b0fcd87e6c3f361f9b0fcd87e6c3f\
    361f9b0fcd87e6c3f361f9b0fcd87fdf8028115054a36fdf816811504276c2bc2e7a5d0d0c4401828ea4e800005f89dd90f5f829ad0478b1\
    18605a48be6d60c0b4a325170605a7ffd9";

fn jpeg2000() -> Vec<u8> {
    let digits: Vec<u8> = JPEG2000.chars().filter_map(|digit| digit.to_digit(16)?.try_into().ok()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A picture in JPEG 2000.
fn picture(document: &mut Document) -> Object {
    let picture = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => 8, "Height" => 8, "Filter" => "JPXDecode",
        "ColorSpace" => "DeviceRGB", "BitsPerComponent" => 8,
    };
    document.add_object(Stream::new(picture, jpeg2000())).into()
}

/// A black picture of two pixels, of which the mask shows so much.
fn masked(document: &mut Document, mask: [u8; 2]) -> Object {
    let plain = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => 2, "Height" => 1, "ColorSpace" => "DeviceGray",
        "BitsPerComponent" => 8,
    };
    let mask = document.add_object(Stream::new(plain.clone(), mask.to_vec()));
    let mut picture = plain;
    picture.set("SMask", mask);
    document.add_object(Stream::new(picture, vec![0, 0])).into()
}

/// A page of 100 by 100 with content, the picture `P`, and a font `F` whose letter `a` is a box.
fn document(content: &str, make: impl FnOnce(&mut Document) -> Object) -> Document {
    let mut document = Document::new();
    let picture = make(&mut document);
    let glyph = document.add_object(Stream::new(dictionary! {}, b"500 0 0 0 400 700 d1 0 0 400 700 re f".to_vec()));
    let map = "begincmap 1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <61> <0061> endbfchar endcmap";
    let map = document.add_object(Stream::new(dictionary! {}, map.as_bytes().to_vec()));
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type3", "FontBBox" => vec![0.into(), 0.into(), 400.into(), 700.into()],
        "FontMatrix" => vec![Object::Real(0.001), 0.into(), 0.into(), Object::Real(0.001), 0.into(), 0.into()],
        "CharProcs" => dictionary! { "a" => glyph }, "FirstChar" => 97, "LastChar" => 97, "Widths" => vec![500.into()],
        "Encoding" => dictionary! { "Type" => "Encoding", "Differences" => vec![97.into(), object::named("a")] },
        "ToUnicode" => map, "Resources" => Dictionary::new(),
    });
    let content = document.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
    let root = document.new_object_id();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => root, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
        "Resources" => dictionary! {
            "XObject" => dictionary! { "P" => picture }, "Font" => dictionary! { "F" => font },
        },
    });
    let kids: Vec<Object> = vec![page.into()];
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    document
}

/// The document as PDF/A-1, which holds.
fn archived(document: Document) -> Passed {
    let (fonts, metadata, now) = (FontFolder::open(&[]), Metadata::default(), OffsetDateTime::UNIX_EPOCH);
    let wanted = Wanted { part: Part::One, metadata: &metadata, now, fonts: &fonts, writer: None };
    let passed = pass(document, &wanted).unwrap();
    assert_eq!(validate(&passed.bytes, passed.flavour).failed, []);
    passed
}

/// How much the looks of two files differ: the largest difference of any pixel.
fn difference(one: &[u8], other: &[u8]) -> u8 {
    let look = |bytes: &[u8]| {
        drawing::apart(|| {
            let pdf = drawing::open(bytes)?;
            let page = drawing::page(&pdf, 0)?;
            let size = Size::of(page, Bounds { dots_per_inch: 144, pixels_max: 1 << 20, side_max: 1_000 })?;
            Ok(drawing::draw(page, &size)
                .data()
                .iter()
                .flat_map(|pixel| [pixel.r, pixel.g, pixel.b])
                .collect::<Vec<_>>())
        })
        .unwrap()
    };
    look(one).iter().zip(look(other)).map(|(one, other)| one.abs_diff(other)).max().unwrap()
}

fn bytes(document: &Document) -> Vec<u8> {
    write(&mut document.clone(), Shape::Packed).unwrap()
}

/// The picture that the page has, after archiving.
fn kept(passed: &Passed) -> Stream {
    let document = read(passed.bytes.clone(), &[]).unwrap().document;
    let page = object::at(&document, pages::list(&document)[0]).unwrap();
    let resources = object::dictionary(&document, page, b"Resources").unwrap();
    let pictures = object::dictionary(&document, resources, b"XObject").unwrap();
    object::get(&document, pictures, b"P").unwrap().as_stream().unwrap().clone()
}

fn codes(passed: &Passed) -> Vec<EventCode> {
    passed.events.iter().map(|event| event.code).collect()
}

const SHOWN: &str = "q 40 0 0 40 10 10 cm /P Do Q BT /F 20 Tf 20 70 Td (aaa) Tj ET";

#[test]
fn a_page_with_a_picture_in_jpeg_2000_stays_text_and_looks_the_same() {
    let document = document(SHOWN, picture);
    let passed = archived(document.clone());
    assert_eq!((passed.rung, codes(&passed)), (Rung::Archived, vec![EventCode::VisualDifferences]));
    assert_eq!(text::extract(&passed.bytes, 0).unwrap().lines[0].text(), "aaa");
    assert_eq!(kept(&passed).dict.get(b"Filter").unwrap().as_name().unwrap(), b"FlateDecode");
    assert!(difference(&bytes(&document), &passed.bytes) <= 1);
}

#[test]
fn a_picture_in_jpeg_2000_that_names_no_colour_space_has_that_of_its_data() {
    let make = |document: &mut Document| {
        let picture = picture(document);
        let held = object::at_mut(document, picture.as_reference().unwrap()).unwrap();
        held.remove(b"ColorSpace");
        held.remove(b"BitsPerComponent");
        picture
    };
    let document = document(SHOWN, make);
    let passed = archived(document.clone());
    assert_eq!(passed.rung, Rung::Archived);
    assert!(difference(&bytes(&document), &passed.bytes) <= 1);
}

#[test]
fn a_picture_with_a_soft_mask_on_white_paper_is_put_on_white() {
    let document = document(SHOWN, |document| masked(document, [255, 100]));
    let passed = archived(document.clone());
    assert_eq!((passed.rung, codes(&passed)), (Rung::Archived, vec![EventCode::TransparencyRemoved]));
    assert!(!kept(&passed).dict.has(b"SMask"));
    assert_eq!(text::extract(&passed.bytes, 0).unwrap().lines[0].text(), "aaa");
    assert!(difference(&bytes(&document), &passed.bytes) <= 2);
}

#[test]
fn white_below_a_picture_and_colour_beside_or_above_it_do_no_harm() {
    let content = format!("1 g 0 0 100 100 re f 1 0 0 rg 60 10 30 30 re f {SHOWN} 0 1 0 rg 15 15 10 10 re f");
    let document = document(&content, |document| masked(document, [0, 255]));
    let passed = archived(document.clone());
    assert_eq!(passed.rung, Rung::Archived);
    assert!(difference(&bytes(&document), &passed.bytes) <= 2);
}

#[test]
fn a_picture_that_lets_something_show_through_is_drawn_with_its_page() {
    for below in ["1 0 0 rg 20 20 5 5 re f", "0 20 m 100 20 l S", "BT /F 20 Tf 20 20 Td (a) Tj ET"] {
        let passed = archived(document(&format!("{below} {SHOWN}"), |document| masked(document, [255, 100])));
        assert_eq!(passed.rung, Rung::PagesRedrawn, "{below}");
        assert_eq!(codes(&passed)[0], EventCode::ContentRasterized, "{below}");
    }
}

#[test]
fn a_picture_drawn_twice_in_one_place_lets_itself_show_through() {
    let passed = archived(document(&format!("{SHOWN} {SHOWN}"), |document| masked(document, [255, 100])));
    assert_eq!(passed.rung, Rung::PagesRedrawn);
}

#[test]
fn a_soft_mask_that_hides_nothing_goes_whatever_is_below() {
    let document = document(&format!("1 0 0 rg 0 0 50 50 re f {SHOWN}"), |document| masked(document, [255, 255]));
    let passed = archived(document.clone());
    assert_eq!(passed.rung, Rung::Archived);
    assert_eq!(kept(&passed).dict.get(b"Width").unwrap().as_i64().unwrap(), 2);
    assert!(difference(&bytes(&document), &passed.bytes) <= 1);
}

#[test]
fn a_picture_that_no_page_shows_or_that_a_pattern_tiles_is_left_alone() {
    let unseen = archived(document("0 0 9 9 re f", |document| masked(document, [255, 100])));
    assert_eq!(unseen.rung, Rung::PagesRedrawn);
    let mut tiled = document("/Pattern cs /T scn 0 0 100 100 re f", |document| masked(document, [255, 100]));
    let page = pages::list(&tiled)[0];
    let resources = object::dictionary(&tiled, object::at(&tiled, page).unwrap(), b"Resources").unwrap().clone();
    let tile = dictionary! {
        "Type" => "Pattern", "PatternType" => 1, "PaintType" => 1, "TilingType" => 1, "XStep" => 5, "YStep" => 5,
        "BBox" => vec![0.into(), 0.into(), 9.into(), 9.into()], "Resources" => resources.clone(),
    };
    let tile = tiled.add_object(Stream::new(tile, b"9 0 0 9 0 0 cm /P Do".to_vec()));
    let mut resources = resources;
    resources.set("Pattern", dictionary! { "T" => tile });
    object::at_mut(&mut tiled, page).unwrap().set("Resources", resources);
    assert_eq!(archived(tiled).rung, Rung::PagesRedrawn);
}

#[test]
fn a_page_with_other_transparency_keeps_its_pictures_for_the_drawing() {
    let mut document = document(&format!("/G gs {SHOWN}"), picture);
    let page = pages::list(&document)[0];
    let state = dictionary! { "G" => dictionary! { "Type" => "ExtGState", "ca" => Object::Real(0.5) } };
    object::edit_entry(&mut document, page, b"Resources", |resources| resources.set("ExtGState", state));
    let passed = archived(document);
    assert_eq!((passed.rung, codes(&passed)), (Rung::PagesRedrawn, vec![EventCode::ContentRasterized]));
}

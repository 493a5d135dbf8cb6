use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use time::OffsetDateTime;

use super::{
    OptimiseSettings, Preset,
    drawn::{self, Size},
    optimise,
};
use crate::{
    domain::{Rung, metadata::Metadata},
    pdf::{
        Shape, drawing,
        fonts::{FontFolder, tests::truetype},
        gate, linearise, object, pages, read, text,
        validate::{Part, validate},
        write,
    },
};

/// A document with pages of some content with some resources.
fn document(contents: &[&str], resources: Dictionary) -> Document {
    let mut document = Document::new();
    let root = document.new_object_id();
    let mut kids: Vec<Object> = Vec::new();
    for content in contents {
        let content = document.add_object(Stream::new(Dictionary::new(), content.as_bytes().to_vec()));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => resources.clone(),
            "MediaBox" => vec![0.into(), 0.into(), 600.into(), 600.into()],
        });
        kids.push(page.into());
    }
    let count = i64::try_from(kids.len()).unwrap();
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    document
}

/// An image of a document that has nothing else.
fn with_image(content: &str, more: impl FnOnce(&mut Document, ObjectId) -> Dictionary) -> (Document, ObjectId) {
    let mut document = document(&[content], Dictionary::new());
    let image = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => 100, "Height" => 100, "BitsPerComponent" => 8,
        "ColorSpace" => "DeviceGray",
    };
    let image = document.add_object(Stream::new(image, vec![7; 10_000]));
    let resources = more(&mut document, image);
    let page = pages::list(&document)[0];
    object::at_mut(&mut document, page).unwrap().set("Resources", resources);
    (document, image)
}

fn form(matrix: [i64; 6], content: &str, resources: Option<Dictionary>) -> Stream {
    let matrix: Vec<Object> = matrix.into_iter().map(Object::Integer).collect();
    let bounds: Vec<Object> = vec![0.into(), 0.into(), 10.into(), 10.into()];
    let mut dictionary = dictionary! { "Type" => "XObject", "Subtype" => "Form", "Matrix" => matrix, "BBox" => bounds };
    if let Some(resources) = resources {
        dictionary.set("Resources", resources);
    }
    Stream::new(dictionary, content.as_bytes().to_vec())
}

fn x_objects(entries: &[(&str, ObjectId)]) -> Dictionary {
    let entries = entries.iter().map(|(name, id)| (*name, Object::Reference(*id)));
    dictionary! { "XObject" => Dictionary::from_iter(entries) }
}

#[test]
fn an_image_is_as_large_as_at_its_largest_place() {
    let content = "q 50 0 0 20 3 3 cm /I Do Q q 0 30 -40 0 0 0 cm /I Do Q";
    let (document, image) = with_image(content, |_, image| x_objects(&[("I", image)]));
    assert_eq!(drawn::read(&document).unwrap().images[&image], Size::Points(50.0, 40.0));
}

#[test]
fn sizes_are_followed_through_forms_patterns_and_masks() {
    let (document, image) = with_image("2 0 0 2 0 0 cm /F Do", |document, image| {
        let inner =
            document.add_object(form([3, 0, 0, 3, 0, 0], "4 0 0 4 0 0 cm /I Do", Some(x_objects(&[("I", image)]))));
        x_objects(&[("F", inner)])
    });
    assert_eq!(drawn::read(&document).unwrap().images[&image], Size::Points(24.0, 24.0));
    let (document, image) = with_image("9 0 0 9 0 0 cm /Pattern cs /P scn 0 0 9 9 re f", |document, image| {
        let mut pattern = form([5, 0, 0, 5, 0, 0], "4 0 0 4 0 0 cm /I Do", Some(x_objects(&[("I", image)])));
        pattern.dict.set("PatternType", 1);
        let pattern = document.add_object(pattern);
        dictionary! { "Pattern" => dictionary! { "P" => pattern } }
    });
    assert_eq!(drawn::read(&document).unwrap().images[&image], Size::Points(20.0, 20.0), "whatever is drawn there");
}

#[test]
fn a_form_that_draws_itself_larger_and_larger_ends_in_any_size() {
    let (document, image) = with_image("/F Do", |document, image| {
        let id = document.new_object_id();
        let resources = x_objects(&[("F", id), ("I", image)]);
        document
            .objects
            .insert(id, form([1, 0, 0, 1, 0, 0], "/I Do 1.01 0 0 1.01 0 0 cm /F Do", Some(resources)).into());
        x_objects(&[("F", id)])
    });
    assert_eq!(drawn::read(&document).unwrap().images[&image], Size::Unknown);
}

#[test]
fn resources_that_nothing_names_go_and_those_that_a_form_borrows_stay() {
    let (mut document, image) = with_image("q /I Do Q", |document, image| {
        let other = document.add_object(form([1, 0, 0, 1, 0, 0], "", None));
        let mut resources = x_objects(&[("I", image), ("Other", other)]);
        resources
            .set("ColorSpace", dictionary! { "DefaultRGB" => vec![object::named("DeviceRGB")], "Cs" => "DeviceRGB" });
        resources
    });
    let done = optimise(&mut document, &Preset::Repair.settings()).unwrap();
    assert_eq!(done.figures.resources_dropped, 2);
    let page = object::at(&document, pages::list(&document)[0]).unwrap();
    let resources = object::dictionary(&document, page, b"Resources").unwrap();
    let kept = |kind: &[u8]| object::dictionary(&document, resources, kind).unwrap().len();
    assert_eq!((kept(b"XObject"), kept(b"ColorSpace")), (1, 1));
    assert!(document.objects.contains_key(&image));

    let (mut document, _) = with_image("/F Do", |document, image| {
        let form = document.add_object(form([1, 0, 0, 1, 0, 0], "/I Do", None));
        x_objects(&[("F", form), ("I", image)])
    });
    assert_eq!(optimise(&mut document, &Preset::Repair.settings()).unwrap().figures.resources_dropped, 0);
}

#[test]
fn a_dictionary_that_pages_share_keeps_what_any_of_them_names() {
    let mut document = document(&["/A gs", "/B gs"], Dictionary::new());
    let states = document.add_object(dictionary! {
        "A" => dictionary! { "LW" => 1 }, "B" => dictionary! { "LW" => 2 }, "C" => dictionary! { "LW" => 3 },
    });
    for page in pages::list(&document) {
        object::at_mut(&mut document, page).unwrap().set("Resources", dictionary! { "ExtGState" => states });
    }
    assert_eq!(optimise(&mut document, &Preset::Repair.settings()).unwrap().figures.resources_dropped, 1);
    assert_eq!(object::at(&document, states).unwrap().len(), 2);
    // Fields may take any of it.
    let mut filled = document.clone();
    object::at_mut(&mut filled, states).unwrap().set("D", dictionary! { "LW" => 4 });
    let form = dictionary! { "DR" => dictionary! { "ExtGState" => states }, "Fields" => Vec::<Object>::new() };
    object::catalog_mut(&mut filled).unwrap().set("AcroForm", form);
    assert_eq!(optimise(&mut filled, &Preset::Repair.settings()).unwrap().figures.resources_dropped, 0);
}

#[test]
fn what_is_there_twice_becomes_one_and_pages_do_not() {
    let mut document = document(&["/A Do", "/A Do"], Dictionary::new());
    for page in pages::list(&document) {
        let mask = document.add_object(Stream::new(dictionary! { "Subtype" => "Image" }, vec![1; 99]));
        let image = Stream::new(dictionary! { "Subtype" => "Image", "SMask" => mask }, vec![5; 99]);
        let image = document.add_object(image);
        object::at_mut(&mut document, page).unwrap().set("Resources", x_objects(&[("A", image)]));
    }
    let done = optimise(&mut document, &Preset::Repair.settings()).unwrap();
    // The masks, then the images, and the content of the pages.
    assert_eq!(done.figures.objects_merged, 3);
    assert_eq!(pages::list(&document).len(), 2);
}

#[test]
fn private_data_and_dead_names_go() {
    let mut document = document(&["0 0 9 9 re f"], Dictionary::new());
    let page = pages::list(&document)[0];
    let thumb = document.add_object(Stream::new(dictionary! { "Width" => 1 }, vec![1]));
    let held = object::at_mut(&mut document, page).unwrap();
    held.set("Thumb", thumb);
    held.set("PieceInfo", dictionary! { "App" => dictionary! { "Private" => 1 } });
    let gone = Object::Reference((9_999, 0));
    let name = |name: &str| Object::string_literal(name);
    let leaf = document.add_object(dictionary! {
        "Names" => vec![
            name("a"), vec![gone, object::named("Fit")].into(), name("b"), vec![page.into(), object::named("Fit")].into(),
        ],
        "Limits" => vec![name("a"), name("b")],
    });
    object::catalog_mut(&mut document).unwrap().set("Names", dictionary! { "Dests" => leaf });
    let mut kept = document.clone();
    optimise(&mut kept, &Preset::Repair.settings()).unwrap();
    assert!(object::at(&kept, page).unwrap().has(b"PieceInfo"));
    optimise(&mut document, &Preset::Print.settings()).unwrap();
    let held = object::at(&document, page).unwrap();
    assert!(!held.has(b"Thumb") && !held.has(b"PieceInfo"));
    let leaf = object::at(&document, leaf).unwrap();
    assert_eq!(object::array(&document, leaf, b"Names").unwrap().len(), 2);
    assert_eq!(object::array(&document, leaf, b"Limits").unwrap(), [name("b"), name("b")]);
}

#[test]
fn streams_are_packed_whatever_they_were_in_and_metadata_stay_readable() {
    let mut document = document(&[&"0 0 9 9 re f ".repeat(50)], Dictionary::new());
    let packet = document.add_object(Stream::new(dictionary! { "Type" => "Metadata" }, vec![b' '; 2_000]));
    object::catalog_mut(&mut document).unwrap().set("Metadata", packet);
    let done = optimise(&mut document, &Preset::Repair.settings()).unwrap();
    assert_eq!(done.figures.streams_repacked, 1);
    let page = object::at(&document, pages::list(&document)[0]).unwrap();
    let content = document.objects[&pages::contents(&document, page)[0]].as_stream().unwrap();
    assert_eq!(content.dict.get(b"Filter").unwrap().as_name().unwrap(), b"FlateDecode");
    assert_eq!(content.decompressed_content().unwrap(), "0 0 9 9 re f ".repeat(50).as_bytes());
    assert_eq!(document.objects[&packet].as_stream().unwrap().content.len(), 2_000);
}

/// Most characters that the font of [`with_type`] has.
const LETTERS: std::ops::RangeInclusive<char> = 'A'..='z';

/// A page that says `BaD` in an embedded TrueType font with many more letters, simple or composite.
fn with_type(is_simple: bool) -> Document {
    let letters: Vec<(char, u16)> = LETTERS.zip(500..).collect();
    let program = truetype(1000, &letters);
    let mut document = document(&["BT /F 20 Tf 50 50 Td <426144> Tj ET"], Dictionary::new());
    let program = document.add_object(Stream::new(dictionary! {}, program));
    let descriptor = document.add_object(dictionary! {
        "Type" => "FontDescriptor", "FontName" => "Test", "Flags" => 32, "FontFile2" => program,
        "FontBBox" => vec![0.into(), 0.into(), 1000.into(), 1000.into()], "ItalicAngle" => 0, "Ascent" => 800,
        "Descent" => -200, "CapHeight" => 700, "StemV" => 80,
    });
    let widths: Vec<Object> = letters.iter().map(|(_, width)| Object::from(i64::from(*width))).collect();
    let font = if is_simple {
        dictionary! {
            "Type" => "Font", "Subtype" => "TrueType", "BaseFont" => "Test", "Encoding" => "WinAnsiEncoding",
            "FirstChar" => 65, "LastChar" => 122, "Widths" => widths, "FontDescriptor" => descriptor,
        }
    } else {
        let system = dictionary! {
            "Registry" => Object::string_literal("Adobe"), "Ordering" => Object::string_literal("Identity"), "Supplement" => 0,
        };
        let descendant = document.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => "Test", "CIDSystemInfo" => system,
            "W" => vec![1.into(), widths.into()], "FontDescriptor" => descriptor, "CIDToGIDMap" => "Identity",
        });
        let map = "begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange \
                   1 beginbfrange <0001> <003A> <0041> endbfrange endcmap";
        let map = document.add_object(Stream::new(dictionary! {}, map.as_bytes().to_vec()));
        let page = object::at(&document, pages::list(&document)[0]).unwrap();
        let content = pages::contents(&document, page)[0];
        let text = b"BT /F 20 Tf 50 50 Td <000200210004> Tj ET".to_vec();
        document.objects.insert(content, Stream::new(dictionary! {}, text).into());
        dictionary! {
            "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "Test", "Encoding" => "Identity-H",
            "DescendantFonts" => vec![descendant.into()], "ToUnicode" => map,
        }
    };
    let font = document.add_object(font);
    let page = pages::list(&document)[0];
    object::at_mut(&mut document, page)
        .unwrap()
        .set("Resources", dictionary! { "Font" => dictionary! { "F" => font } });
    document
}

/// What the first page says, and its pixels.
fn seen(document: &Document) -> (Vec<String>, Vec<u8>) {
    let bytes = write(&mut document.clone(), Shape::Packed).unwrap();
    let text = text::extract(&bytes, 0).unwrap().lines.iter().map(text::Line::text).collect();
    let pixels = drawing::apart(|| {
        let pdf = drawing::open(&bytes)?;
        let drawn = hayro::render(
            drawing::page(&pdf, 0)?,
            &hayro::RenderCache::new(),
            &hayro::hayro_interpret::InterpreterSettings::default(),
            &hayro::RenderSettings::default(),
        );
        Ok(drawn.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a]).collect())
    });
    (text, pixels.unwrap())
}

#[test]
fn a_font_keeps_the_glyphs_in_use_and_the_page_looks_and_reads_the_same() {
    for is_simple in [true, false] {
        let mut document = with_type(is_simple);
        let before = seen(&document);
        assert_eq!(before.0, ["BaD"], "{is_simple}");
        assert!(before.1.iter().any(|value| *value != before.1[0]), "something is drawn");
        let done = optimise(&mut document, &Preset::Email.settings()).unwrap();
        assert_eq!(done.figures.fonts_subset, 1, "{is_simple}");
        assert!(seen(&document) == before, "{is_simple}");
        let name =
            document.objects.values().find_map(|held| held.as_dict().ok()?.get(b"FontName").ok()?.as_name().ok());
        assert!(name.unwrap().ends_with(b"+Test"));
    }
}

#[test]
fn a_font_that_fields_are_filled_in_with_stays_whole() {
    let mut document = with_type(true);
    let font = document.objects.iter().find(|(_, held)| held.as_dict().is_ok_and(|held| held.has(b"Widths")));
    let font = *font.unwrap().0;
    let form =
        dictionary! { "DR" => dictionary! { "Font" => dictionary! { "F" => font } }, "Fields" => Vec::<Object>::new() };
    object::catalog_mut(&mut document).unwrap().set("AcroForm", form);
    assert_eq!(optimise(&mut document, &Preset::Email.settings()).unwrap().figures.fonts_subset, 0);
}

#[test]
fn what_is_optimised_passes_the_gate_as_every_part() {
    for part in [Part::One, Part::Two, Part::Three] {
        for is_simple in [true, false] {
            let mut document = with_type(is_simple);
            let settings = OptimiseSettings { part: Some(part), ..Preset::Web.settings() };
            optimise(&mut document, &settings).unwrap();
            let (fonts, metadata) = (FontFolder::open(&[]), Metadata::default());
            let wanted = gate::Wanted {
                part,
                metadata: &metadata,
                now: OffsetDateTime::UNIX_EPOCH,
                fonts: &fonts,
                writer: None,
            };
            let passed = gate::pass(document, &wanted).unwrap();
            assert_eq!(passed.rung, Rung::Archived, "{part:?} {is_simple}");
            let shape = if part == Part::One { Shape::Classic } else { Shape::Packed };
            let linear = linearise(&mut read(passed.bytes, &[]).unwrap().document, shape).unwrap();
            assert_eq!(validate(&linear, passed.flavour).failed, []);
        }
    }
}

#[test]
fn a_second_run_changes_nothing() {
    let settings = OptimiseSettings::default();
    let mut document = with_type(true);
    optimise(&mut document, &settings).unwrap();
    let once = write(&mut document, Shape::Packed).unwrap();
    let again = optimise(&mut document, &settings).unwrap();
    assert_eq!((again.figures.fonts_subset, again.figures.objects_merged, again.figures.streams_repacked), (0, 0, 0));
    assert_eq!(write(&mut document, Shape::Packed).unwrap().len(), once.len());
}

use std::collections::BTreeSet;

use hayro::{RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, vello_cpu::color::palette::css::WHITE};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use crate::{
    domain::EventCode,
    pdf::{Error, drawing, metadata, object, pages, redraw, text, validate},
};

fn write(mut document: Document) -> Result<Vec<u8>, Error> {
    crate::pdf::write(&mut document, crate::pdf::Shape::Packed)
}

/// What a page draws: an area of colour that is not symmetric, and text.
const CONTENT: &str = "0.9 0.2 0.1 rg 20 30 60 25 re f 0 0.4 0.9 rg 110 70 30 20 re f \
                       0 g BT /F 12 Tf 25 100 Td (Some words) Tj 0 -60 Td (on a page) Tj ET";

/// Pages of 180 by 100 units away from the origin, of which the crop box shows less, each with what is given.
fn document(entries: Vec<Dictionary>) -> Document {
    let mut document = Document::new();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    });
    let root = document.new_object_id();
    let kids: Vec<Object> = entries
        .into_iter()
        .map(|entries| {
            let content = document.add_object(Stream::new(dictionary! {}, CONTENT.as_bytes().to_vec()));
            let mut page = dictionary! {
                "Type" => "Page", "Parent" => root, "Contents" => content,
                "MediaBox" => vec![10.into(), 20.into(), 190.into(), 120.into()],
                "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
                "Group" => dictionary! { "S" => "Transparency", "CS" => "DeviceCMYK" },
                "AA" => dictionary! { "O" => dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("") } },
            };
            for (key, value) in entries {
                page.set(key, value);
            }
            document.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(kids.len()).unwrap();
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    document
}

fn turned(turn: i64) -> Dictionary {
    dictionary! { "Rotate" => turn, "CropBox" => vec![15.into(), 25.into(), 170.into(), 115.into()] }
}

fn redrawn(document: &mut Document, which: &[usize]) -> Vec<crate::domain::Event> {
    let bytes = write(document.clone()).unwrap();
    redraw::pages(document, &bytes, &which.iter().copied().collect(), "It is a test.").unwrap()
}

/// What a page looks like.
fn look(bytes: &[u8], number: usize) -> (u16, u16, Vec<[u8; 3]>) {
    let pdf = drawing::open(bytes).unwrap();
    let settings = RenderSettings { bg_color: WHITE, x_scale: 2.0, y_scale: 2.0, ..RenderSettings::default() };
    let page = drawing::page(&pdf, number).unwrap();
    let drawn = hayro::render(page, &RenderCache::new(), &InterpreterSettings::default(), &settings);
    (drawn.width(), drawn.height(), drawn.data().iter().map(|pixel| [pixel.r, pixel.g, pixel.b]).collect())
}

/// Which part of all pixels is clearly of another colour.
fn difference(one: &[[u8; 3]], other: &[[u8; 3]]) -> f64 {
    let differs = |(one, other): (&[u8; 3], &[u8; 3])| one.iter().zip(other).any(|(a, b)| a.abs_diff(*b) > 96);
    let count = one.iter().zip(other).filter(|(one, other)| differs((one, other))).count();
    f64::from(u32::try_from(count).unwrap()) / f64::from(u32::try_from(one.len()).unwrap())
}

fn words(bytes: &[u8], number: usize) -> Vec<String> {
    text::extract(bytes, number).unwrap().lines.iter().map(text::Line::text).collect()
}

#[test]
fn a_page_looks_the_same_and_says_the_same_however_it_is_turned_and_cut() {
    let mut document = document(vec![turned(0), turned(90), turned(180), turned(270), Dictionary::new()]);
    let before = write(document.clone()).unwrap();
    redrawn(&mut document, &[0, 1, 2, 3, 4]);
    let after = write(document).unwrap();
    for page in 0..5 {
        let (one, other) = (look(&before, page), look(&after, page));
        assert_eq!((one.0, one.1), (other.0, other.1), "{page}");
        let difference = difference(&one.2, &other.2);
        assert!(difference < 0.01, "{page}: {difference}");
        assert_eq!(words(&after, page), ["Some words", "on a page"]);
    }
}

#[test]
fn a_page_keeps_its_picture_its_text_and_nothing_else() {
    let mut document = document(vec![Dictionary::new(), Dictionary::new()]);
    let untouched = object::at(&document, pages::list(&document)[1]).unwrap().clone();
    let events = redrawn(&mut document, &[0]);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].code, EventCode::ContentRasterized);
    assert_eq!(events[0].message, "Page 1 was drawn anew as a picture: It is a test.");
    let listed = pages::list(&document);
    let page = object::at(&document, listed[0]).unwrap();
    let mut keys: Vec<String> = page.iter().map(|(key, _)| object::shown(key)).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["Contents", "MediaBox", "Parent", "Resources", "Rotate", "Type"]);
    assert_eq!(object::at(&document, listed[1]).unwrap(), &untouched);
}

#[test]
fn drawing_it_anew_twice_changes_neither_text_nor_looks() {
    let mut document = document(vec![turned(90)]);
    redrawn(&mut document, &[0]);
    let once = write(document.clone()).unwrap();
    redrawn(&mut document, &[0]);
    let twice = write(document).unwrap();
    assert_eq!(words(&once, 0), words(&twice, 0));
    assert!(difference(&look(&once, 0).2, &look(&twice, 0).2) < 0.002);
}

/// Adds an annotation to the first page.
fn annotate(document: &mut Document, annotation: Dictionary) -> ObjectId {
    let page = pages::list(document)[0];
    let id = document.add_object(annotation);
    let page = object::at_mut(document, page).unwrap();
    let mut all = page.get(b"Annots").and_then(Object::as_array).cloned().unwrap_or_default();
    all.push(id.into());
    page.set("Annots", all);
    id
}

fn square(document: &mut Document, colour: &str) -> ObjectId {
    let form = dictionary! {
        "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 10.into(), 10.into()],
    };
    document.add_object(Stream::new(form, format!("{colour} rg 0 0 10 10 re f").into_bytes()))
}

/// A colour in the middle of a square of ten units, by its lower left corner on the first page.
fn colour_at(bytes: &[u8], [x, y]: [u32; 2]) -> [u8; 3] {
    let (width, height, pixels) = look(bytes, 0);
    let (column, row) = (2 * (x + 5 - 10), u32::from(height) - 2 * (y + 5 - 20));
    pixels[usize::try_from(row * u32::from(width) + column).unwrap()]
}

#[test]
fn links_stay_and_what_other_annotations_show_is_in_the_picture() {
    let mut document = document(vec![Dictionary::new(), Dictionary::new()]);
    let (green, blue) = (square(&mut document, "0 1 0"), square(&mut document, "0 0 1"));
    let at = |x: i64| vec![x.into(), 105.into(), (x + 10).into(), 115.into()];
    let other = pages::list(&document)[1];
    annotate(
        &mut document,
        dictionary! {
            "Type" => "Annot", "Subtype" => "Link", "Rect" => at(20), "C" => vec![1.into(), 0.into(), 0.into()],
            "Border" => vec![0.into(), 0.into(), 5.into()], "Dest" => vec![other.into(), "Fit".into()],
        },
    );
    annotate(
        &mut document,
        dictionary! {
            "Type" => "Annot", "Subtype" => "Link", "Rect" => at(40),
            "A" => dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("") },
        },
    );
    let states = dictionary! { "On" => green, "Off" => blue };
    let widget = annotate(
        &mut document,
        dictionary! {
            "Type" => "Annot", "Subtype" => "Widget", "FT" => "Btn", "T" => Object::string_literal("a"), "Rect" => at(60),
            "AS" => "On", "AP" => dictionary! { "N" => states },
        },
    );
    annotate(
        &mut document,
        dictionary! {
            "Type" => "Annot", "Subtype" => "Square", "Rect" => at(80), "F" => 32, "AP" => dictionary! { "N" => blue },
        },
    );
    let form = document.add_object(dictionary! { "Fields" => vec![Object::Reference(widget)] });
    object::catalog_mut(&mut document).unwrap().set("AcroForm", form);
    redrawn(&mut document, &[0]);
    let page = object::at(&document, pages::list(&document)[0]).unwrap();
    let annotations = object::array(&document, page, b"Annots").unwrap();
    assert_eq!(annotations.len(), 1);
    let link = object::resolve(&document, &annotations[0]).as_dict().unwrap();
    assert_eq!(link.get(b"Dest").unwrap().as_array().unwrap()[0], other.into());
    assert!(!link.has(b"C") && !object::catalog(&document).unwrap().has(b"AcroForm"));
    let after = write(document).unwrap();
    let seen = [20, 60, 80].map(|x| colour_at(&after, [x, 105]));
    assert_eq!(seen, [[255, 0, 0], [0, 255, 0], [255, 255, 255]]);
}

#[test]
fn structure_goes_with_an_event() {
    let mut document = document(vec![dictionary! { "StructParents" => 0 }, dictionary! { "StructParents" => 1 }]);
    let structure = document.add_object(dictionary! { "Type" => "StructTreeRoot" });
    let catalog = object::catalog_mut(&mut document).unwrap();
    catalog.set("StructTreeRoot", structure);
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    let events = redrawn(&mut document, &[1]);
    assert_eq!(
        events.iter().map(|event| event.code).collect::<Vec<_>>(),
        [EventCode::ContentRasterized, EventCode::StructureRemoved]
    );
    let catalog = object::catalog(&document).unwrap();
    assert!(!catalog.has(b"StructTreeRoot") && !catalog.has(b"MarkInfo"));
    assert!(pages::list(&document).iter().all(|page| !object::at(&document, *page).unwrap().has(b"StructParents")));
}

#[test]
fn a_document_drawn_anew_breaks_no_rule_of_content_of_any_part() {
    let mut document = document(vec![turned(90), Dictionary::new()]);
    redrawn(&mut document, &[0, 1]);
    let (claim, now) = (validate::Flavour::A2B, time::OffsetDateTime::UNIX_EPOCH);
    metadata::write(&mut document, &crate::domain::metadata::Metadata::default(), Some(claim), now).unwrap();
    let bytes = write(document).unwrap();
    // What the file claims, and object streams, are of part 2.
    for (flavour, beside) in [("1b", &["6.1", "6.7"][..]), ("2b", &[]), ("2u", &["6.6.4"]), ("3b", &["6.6.4"])] {
        let mut failed = validate::validate(&bytes, flavour.parse().unwrap()).failed;
        failed.retain(|failure| !beside.iter().any(|clause| failure.clause.starts_with(clause)));
        assert_eq!(failed, [], "{flavour}");
    }
}

#[test]
fn a_page_of_a_hostile_size_is_drawn_within_the_limits() {
    let size = vec![0.into(), 0.into(), 1_000_000.into(), 400.into()];
    let mut document = document(vec![dictionary! { "MediaBox" => size }]);
    redrawn(&mut document, &[0]);
    let images = document.objects.values().filter_map(|object| object.as_stream().ok());
    let image =
        images.map(|stream| &stream.dict).find(|held| object::name(&document, held, b"Subtype") == Some(b"Image"));
    let side = |key: &[u8]| object::integer(&document, image.unwrap(), key).unwrap();
    assert!(side(b"Width") <= i64::from(crate::domain::limits::REDRAW_SIDE_MAX) && side(b"Height") > 0);
}

#[test]
fn a_page_that_is_not_there_is_refused_and_none_changes_nothing() {
    let mut document = document(vec![Dictionary::new()]);
    let (before, bytes) = (document.objects.clone(), write(document.clone()).unwrap());
    let error = redraw::pages(&mut document, &bytes, &BTreeSet::from([1]), "").unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert_eq!(redraw::pages(&mut document, &bytes, &BTreeSet::new(), "").unwrap(), []);
    assert_eq!(document.objects, before);
}

#[test]
fn pages_are_named_in_runs() {
    let which = BTreeSet::from([0, 1, 2, 4, 6, 7]);
    assert_eq!(redraw::message(&which, "So."), "Pages 1 to 3, 5 and 7 to 8 were drawn anew as pictures: So.");
}

#[test]
fn a_new_document_has_the_pages_the_outline_the_labels_and_the_links_of_the_old_one() {
    let mut document = document(vec![turned(90), Dictionary::new()]);
    let listed = pages::list(&document);
    annotate(
        &mut document,
        dictionary! {
            "Type" => "Annot", "Subtype" => "Link", "Rect" => vec![20.into(), 105.into(), 30.into(), 115.into()],
            "Dest" => Object::string_literal("there"),
        },
    );
    let names = dictionary! { "Names" => vec![
        Object::string_literal("there"),
        vec![listed[1].into(), "XYZ".into(), 1.into(), 2.into(), Object::Null].into(),
    ] };
    let (outline, outer, inner) = (document.new_object_id(), document.new_object_id(), document.new_object_id());
    document.objects.insert(outline, dictionary! { "First" => outer, "Last" => outer, "Count" => 2 }.into());
    // An outline that goes in circles ends where it began.
    document.objects.insert(outer, dictionary! {
        "Title" => Object::string_literal("outer"), "First" => inner, "Last" => inner, "Count" => 1, "Next" => outer,
        "Dest" => vec![listed[0].into(), "Fit".into()],
    }.into());
    document.objects.insert(inner, dictionary! {
        "Title" => Object::string_literal("inner"), "A" => dictionary! { "S" => "URI", "URI" => Object::string_literal("x:y") },
    }.into());
    let catalog = object::catalog_mut(&mut document).unwrap();
    catalog.set("Names", dictionary! { "Dests" => names });
    catalog.set("Outlines", outline);
    catalog.set("PageLabels", dictionary! { "Nums" => vec![0.into(), dictionary! { "S" => "r" }.into()] });
    let before = write(document).unwrap();
    let (fresh, events) = redraw::document(&before, "So.").unwrap();
    assert_eq!(events[0].message, "Pages 1 to 2 were drawn anew as pictures: So.");
    let new = pages::list(&fresh);
    let page = object::at(&fresh, new[0]).unwrap();
    let link = object::resolve(&fresh, &object::array(&fresh, page, b"Annots").unwrap()[0]).as_dict().unwrap();
    assert_eq!(link.get(b"Dest").unwrap().as_array().unwrap()[0], new[1].into());
    let catalog = object::catalog(&fresh).unwrap();
    assert_eq!(catalog.get(b"PageLabels").unwrap().as_dict().unwrap().len(), 1);
    let outline = object::dictionary(&fresh, catalog, b"Outlines").unwrap();
    let outer = object::dictionary(&fresh, outline, b"First").unwrap();
    let inner = object::dictionary(&fresh, outer, b"First").unwrap();
    assert_eq!(
        (object::integer(&fresh, outline, b"Count"), object::integer(&fresh, outer, b"Count")),
        (Some(2), Some(1))
    );
    assert_eq!(object::text(&fresh, inner, b"Title").unwrap(), "inner");
    assert!(!outer.has(b"Next") && inner.has(b"A"));
    let after = write(fresh).unwrap();
    for page in 0..2 {
        assert!(difference(&look(&before, page).2, &look(&after, page).2) < 0.01);
        assert_eq!(words(&after, page), words(&before, page));
    }
}

#[test]
fn a_widget_that_another_page_shows_as_well_stays_there() {
    let mut document = document(vec![Dictionary::new(), Dictionary::new()]);
    let appearance = square(&mut document, "0 1 0");
    let widget = annotate(
        &mut document,
        dictionary! {
            "Type" => "Annot", "Subtype" => "Widget", "FT" => "Tx", "T" => Object::string_literal("a"),
            "Rect" => vec![20.into(), 105.into(), 30.into(), 115.into()], "AP" => dictionary! { "N" => appearance },
        },
    );
    let other = pages::list(&document)[1];
    object::at_mut(&mut document, other).unwrap().set("Annots", vec![Object::Reference(widget)]);
    let form = document.add_object(dictionary! { "Fields" => vec![Object::Reference(widget)] });
    object::catalog_mut(&mut document).unwrap().set("AcroForm", form);
    redrawn(&mut document, &[0]);
    assert!(object::at(&document, widget).unwrap().has(b"AP"));
    let form = object::dictionary(&document, object::catalog(&document).unwrap(), b"AcroForm").unwrap();
    assert_eq!(object::array(&document, form, b"Fields").unwrap().len(), 1);
}

#[test]
fn forms_that_nest_deeper_than_anyone_goes_end_nothing() {
    let mut document = document(vec![Dictionary::new()]);
    let mut inner = square(&mut document, "0 1 0");
    for _ in 0..200 {
        let form = dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 200.into(), 200.into()],
            "Group" => dictionary! { "S" => "Transparency" },
            "Resources" => dictionary! { "XObject" => dictionary! { "X" => inner } },
        };
        inner = document.add_object(Stream::new(form, b"/X Do".to_vec()));
    }
    let page = pages::list(&document)[0];
    let page = object::at_mut(&mut document, page).unwrap();
    page.set("Resources", dictionary! { "XObject" => dictionary! { "X" => inner } });
    let content = document.add_object(Stream::new(dictionary! {}, b"/X Do".to_vec()));
    let page = pages::list(&document)[0];
    object::at_mut(&mut document, page).unwrap().set("Contents", content);
    assert_eq!(redrawn(&mut document, &[0]).len(), 1);
}

#[test]
fn characters_that_only_a_collection_knows_are_found_again() {
    let mut document = document(vec![Dictionary::new()]);
    let text = |text: &str| Object::string_literal(text);
    let descendant = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType0", "BaseFont" => "Ryumin-Light", "DW" => 1000,
        "CIDSystemInfo" => dictionary! { "Registry" => text("Adobe"), "Ordering" => text("Japan1"), "Supplement" => 2 },
        "FontDescriptor" => dictionary! { "Type" => "FontDescriptor", "FontName" => "Ryumin-Light", "Flags" => 4 },
    });
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "Ryumin-Light", "Encoding" => "Identity-V",
        "DescendantFonts" => vec![descendant.into()],
    });
    let content = b"BT /F 10 Tf 100 110 Td <034A034B034C> Tj ET".to_vec();
    let content = document.add_object(Stream::new(dictionary! {}, content));
    let page = pages::list(&document)[0];
    let page = object::at_mut(&mut document, page).unwrap();
    page.set("Resources", dictionary! { "Font" => dictionary! { "F" => font } });
    page.set("Contents", content);
    redrawn(&mut document, &[0]);
    let found = words(&write(document).unwrap(), 0);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].chars().count(), 3, "{found:?}");
}

#[test]
fn a_page_of_more_units_than_pdfa_takes_has_larger_ones_and_its_links_and_words_with_them() {
    let size = vec![Object::Integer(-100), 0.into(), 28_700.into(), 40.into()];
    let mut document = document(vec![dictionary! { "MediaBox" => size }]);
    annotate(
        &mut document,
        dictionary! {
            "Type" => "Annot", "Subtype" => "Link", "Rect" => vec![100.into(), 100.into(), 300.into(), 200.into()],
            "A" => dictionary! { "S" => "URI", "URI" => Object::string_literal("x:y") },
        },
    );
    redrawn(&mut document, &[0]);
    let page = object::at(&document, pages::list(&document)[0]).unwrap();
    assert_eq!(object::rectangle(&document, page, b"MediaBox").unwrap(), [0.0, 0.0, 14_400.0, 20.0]);
    assert_eq!(page.get(b"UserUnit").unwrap().as_float().unwrap(), 2.0);
    let link = object::array(&document, page, b"Annots").unwrap()[0].clone();
    let link = object::resolve(&document, &link).as_dict().unwrap();
    assert_eq!(object::rectangle(&document, link, b"Rect").unwrap(), [100.0, 50.0, 200.0, 100.0]);
    let found = text::extract(&write(document).unwrap(), 0).unwrap();
    let word = &found.lines[0].words[0];
    assert_eq!((word.text.as_str(), word.start, word.size), ("Some", [62.5, 50.0], 6.0));
}

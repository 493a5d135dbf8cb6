use hayro::{RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, vello_cpu::color::palette::css::WHITE};
use lopdf::{Dictionary, Document, Object, Stream, dictionary};

use crate::{
    domain::{Event, EventCode},
    pdf::{
        archive::{
            tests::{annotation, document, kept},
            to_pdfa,
        },
        drawing,
        fonts::FontFolder,
        gate, object, pages, text,
        validate::{Flavour, Part},
        write,
    },
};

/// A page of 100 by 100 points with annotations, archived, and what was told.
fn archived(part: Part, catalog: Dictionary, annotations: Vec<Dictionary>) -> (Document, Vec<Event>) {
    finish(document(b"", dictionary! {}, catalog, annotations), part)
}

fn finish(mut document: Document, part: Part) -> (Document, Vec<Event>) {
    let events = to_pdfa(&mut document, part, &FontFolder::open(&["/usr/share/fonts".into()])).unwrap();
    if part == Part::Two {
        assert_eq!(gate::refusals(&document, Flavour::A2B), [""; 0]);
    }
    (document, events)
}

/// A widget of a field in most of the page.
fn widget(kind: &str, value: Object, flags: i64) -> Dictionary {
    let mut held = annotation("Widget", 4);
    held.set("FT", kind);
    held.set("V", value);
    held.set("Ff", flags);
    held.set("DA", Object::string_literal("/Helv 0 Tf 0 g"));
    held.set("Rect", vec![5.into(), 60.into(), 95.into(), 95.into()]);
    held
}

/// What is read on the page, line by line.
fn words(document: &Document) -> Vec<String> {
    let bytes = write(&mut document.clone(), crate::pdf::Shape::Packed).unwrap();
    text::extract(&bytes, 0).unwrap().lines.iter().map(text::Line::text).collect()
}

/// The colour of the page at a point from its lower left corner.
fn colour_at(document: &Document, x: usize, y: usize) -> [u8; 3] {
    let bytes = write(&mut document.clone(), crate::pdf::Shape::Packed).unwrap();
    let pdf = drawing::open(&bytes).unwrap();
    let settings = RenderSettings { bg_color: WHITE, ..RenderSettings::default() };
    let page = drawing::page(&pdf, 0).unwrap();
    let drawn = hayro::render(page, &RenderCache::new(), &InterpreterSettings::default(), &settings);
    let pixel = drawn.data()[(99 - y) * usize::from(drawn.width()) + x];
    [pixel.r, pixel.g, pixel.b]
}

#[test]
fn a_field_shows_its_value_in_any_script() {
    for value in ["Łódź", "Ελλάδα", "Привет"] {
        let (document, events) = archived(Part::Two, dictionary! {}, vec![widget("Tx", lopdf::text_string(value), 0)]);
        assert_eq!(words(&document), [value]);
        assert_eq!(events.iter().map(|event| event.code).collect::<Vec<_>>(), [EventCode::VisualDifferences]);
    }
}

#[test]
fn a_long_value_takes_as_many_lines_as_it_needs() {
    let value = Object::string_literal("one two three four five six seven eight nine ten\rend");
    let (document, _) = archived(Part::Two, dictionary! {}, vec![widget("Tx", value, 1 << 12)]);
    let lines = words(&document);
    assert!(lines.len() > 2 && lines.last().unwrap() == "end", "{lines:?}");
    assert_eq!(lines.join(" "), "one two three four five six seven eight nine ten end");
}

#[test]
fn a_value_that_is_secret_is_not_shown() {
    let (document, _) =
        archived(Part::Two, dictionary! {}, vec![widget("Tx", Object::string_literal("secret"), 1 << 13)]);
    assert_eq!(words(&document), ["******"]);
}

#[test]
fn a_choice_shows_what_its_value_stands_for() {
    let pair = |value: &str, shown: &str| -> Object {
        vec![Object::string_literal(value), Object::string_literal(shown)].into()
    };
    let mut field = widget("Ch", Object::string_literal("fr"), 1 << 17);
    field.set("Opt", vec![pair("de", "Germany"), pair("fr", "France")]);
    assert_eq!(words(&archived(Part::Two, dictionary! {}, vec![field.clone()]).0), ["France"]);
    field.set("Ff", 0);
    assert_eq!(words(&archived(Part::Two, dictionary! {}, vec![field]).0), ["Germany", "France"]);
}

#[test]
fn a_box_that_is_checked_is_seen_to_be() {
    for value in ["Yes", "Off"] {
        let mut field = widget("Btn", Object::Name(value.into()), 0);
        field.set("MK", dictionary! { "BC" => vec![Object::Integer(0)] });
        let (document, _) = archived(Part::Two, dictionary! {}, vec![field]);
        let held = kept(&document)[0];
        assert_eq!(object::name(&document, held, b"AS"), Some(value.as_bytes()));
        let looks = object::dictionary(&document, held, b"AP").unwrap();
        let states = object::dictionary(&document, looks, b"N").unwrap();
        let drawn = |state: &[u8]| object::get(&document, states, state).unwrap().as_stream().unwrap().content.len();
        assert!(drawn(b"Yes") > drawn(b"Off") && drawn(b"Off") > 0);
    }
}

#[test]
fn a_form_that_asks_for_it_is_drawn_from_its_values() {
    let drawn = |shown: &str, is_asked: bool| {
        let mut field = widget("Tx", Object::string_literal("new"), 0);
        let form = dictionary! { "NeedAppearances" => is_asked, "Fields" => vec![] };
        let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
        let resources = dictionary! { "Font" => dictionary! { "F" => font } };
        let look = dictionary! {
            "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 90.into(), 35.into()], "Resources" => resources,
        };
        let content = format!("BT /F 10 Tf 5 5 Td ({shown}) Tj ET");
        let mut asking = document(b"", dictionary! {}, dictionary! { "AcroForm" => form }, Vec::new());
        let look = asking.add_object(Stream::new(look, content.into_bytes()));
        field.set("AP", dictionary! { "N" => look });
        let page = pages::list(&asking)[0];
        object::at_mut(&mut asking, page).unwrap().set("Annots", vec![Object::Dictionary(field)]);
        let (document, events) = finish(asking, Part::Two);
        let is_told = events.iter().any(|event| event.message.contains("drawn anew from their values"));
        (words(&document), is_told)
    };
    assert_eq!(drawn("old", true), (vec!["new".to_owned()], true));
    assert_eq!(drawn("old", false), (vec!["old".to_owned()], false));
    assert_eq!(drawn("n ew", true), (vec!["n ew".to_owned()], false));
}

#[test]
fn a_note_is_a_small_sign_however_large_its_rectangle_is() {
    let mut note = annotation("Text", 4);
    note.set("Rect", vec![0.into(), 0.into(), 100.into(), 100.into()]);
    note.set("C", vec![Object::Integer(1), 0.into(), 0.into()]);
    let (document, _) = archived(Part::Two, dictionary! {}, vec![note]);
    assert_eq!(colour_at(&document, 50, 50), [255; 3]);
    assert_ne!(colour_at(&document, 2, 97), [255; 3]);
}

#[test]
fn stamps_and_texts_of_annotations_can_be_read() {
    let mut stamp = annotation("Stamp", 4);
    stamp.set("Rect", vec![5.into(), 60.into(), 95.into(), 90.into()]);
    stamp.set("Name", "NotApproved");
    let mut text = annotation("FreeText", 4);
    text.set("Rect", vec![5.into(), 10.into(), 95.into(), 50.into()]);
    text.set("Contents", Object::string_literal("What is said"));
    text.set("DA", Object::string_literal("/Helv 9 Tf 1 0 0 rg"));
    let (document, events) = archived(Part::Two, dictionary! {}, vec![stamp, text.clone(), text]);
    let lines = words(&document);
    assert!(lines.iter().any(|line| line == "NOT APPROVED"), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("What is said")), "{lines:?}");
    assert_eq!(
        events.iter().filter(|event| event.code == EventCode::VisualDifferences).count(),
        2,
        "one for each type"
    );
}

#[test]
fn in_part_1_a_highlight_does_not_cover_what_it_is_to_show() {
    let mut marked = annotation("Highlight", 4);
    marked.set("Rect", vec![10.into(), 10.into(), 90.into(), 40.into()]);
    let corners = [10, 40, 90, 40, 10, 10, 90, 10].map(Object::Integer);
    marked.set("QuadPoints", corners.to_vec());
    for (part, is_filled) in [(Part::One, false), (Part::Two, true)] {
        let (document, _) = archived(part, dictionary! {}, vec![marked.clone()]);
        assert_eq!(colour_at(&document, 50, 25) != [255; 3], is_filled);
        assert_ne!(colour_at(&document, 10, 25), [255; 3]);
    }
}

#[test]
fn every_type_that_readers_draw_is_drawn() {
    let number =
        |numbers: &[i64]| -> Object { numbers.iter().map(|each| Object::Integer(*each)).collect::<Vec<_>>().into() };
    let kinds: [(&str, &str, Object); 9] = [
        ("Square", "IC", number(&[1, 0, 0])),
        ("Circle", "IC", number(&[1, 0, 0])),
        ("Line", "L", number(&[10, 10, 90, 90])),
        ("PolyLine", "Vertices", number(&[10, 10, 90, 90])),
        ("Polygon", "Vertices", number(&[10, 10, 90, 90, 10, 90])),
        ("Ink", "InkList", vec![number(&[10, 10, 90, 90])].into()),
        ("Underline", "QuadPoints", number(&[10, 90, 90, 90, 10, 10, 90, 10])),
        ("Squiggly", "QuadPoints", number(&[10, 90, 90, 90, 10, 10, 90, 10])),
        ("Caret", "C", number(&[0, 0, 1])),
    ];
    for (kind, key, value) in kinds {
        let mut held = annotation(kind, 4);
        held.set("Rect", vec![0.into(), 0.into(), 100.into(), 100.into()]);
        held.set(key, value);
        let (document, _) = archived(Part::Two, dictionary! {}, vec![held]);
        let is_seen = (0..100)
            .any(|place| colour_at(&document, place, place) != [255; 3] || colour_at(&document, 50, place) != [255; 3]);
        assert!(is_seen, "{kind}");
    }
}

#[test]
fn what_annotations_share_is_drawn_within_a_limit() {
    let mut document = document(b"", dictionary! {}, dictionary! {}, Vec::new());
    let corners: Vec<Object> = (0..4096).flat_map(|_| [0, 9, 4000, 9, 0, 0, 4000, 0]).map(Object::Integer).collect();
    let corners = document.add_object(corners);
    let mut line = annotation("Squiggly", 4);
    line.set("QuadPoints", corners);
    let lines: Vec<Object> = (0..2000).map(|_| document.add_object(line.clone()).into()).collect();
    let page = pages::list(&document)[0];
    object::at_mut(&mut document, page).unwrap().set("Annots", lines);
    let events = to_pdfa(&mut document, Part::Two, &FontFolder::open(&[])).unwrap();
    assert!(events.iter().any(|event| event.code == EventCode::ContentClipped), "{events:?}");
}

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::{super::PartOf, *};
use crate::{
    domain::{EventCode, Severity},
    pdf::{
        gate::conforming,
        page::{View, contents},
        read, stream,
        validate::{Flavour, validate},
    },
};

fn values() -> Values {
    let part = |title: &str, pages| PartOf { title: title.to_owned(), pages };
    Values {
        job_name: "Job".into(),
        date: "2026-03-31".into(),
        title: "Whole".into(),
        documents: vec![part("One", 1..2), part("Two", 2..4)],
        custom: [("Case".to_owned(), "A/7".to_owned())].into(),
        skipped: BTreeSet::new(),
    }
}

#[test]
fn a_stamp_is_upright_at_its_place_however_the_page_is_turned() {
    let stamps = [text("Words", json!({ "right": 30, "top": 40 }))];
    let (mut document, events) = stamped(&[0, 90, 180, 270], &stamps, &Values::default());
    assert_eq!(events, []);
    for (page, id) in pages::list(&document).into_iter().enumerate() {
        let view = View::of(&document, id);
        let word = words(&mut document, page).remove(0);
        // Liberation Sans reaches 0.905 em above its line.
        let [width, height] = view.size;
        let end = view.matrix.apply([width - 30.0, height - 40.0 - 9.05]);
        assert_eq!((word.text.as_str(), word.size.round()), ("Words", 10.0));
        let (way, along) = ([0, 1].map(|axis| word.end[axis] - word.start[axis]), view.matrix.direct([1.0, 0.0]));
        for axis in 0..2 {
            assert!((word.end[axis] - end[axis]).abs() < 0.1, "{page}: {:?} is not {end:?}", word.end);
            assert!((way[axis] / way[0].hypot(way[1]) - along[axis]).abs() < 0.01, "{page}: {way:?}");
        }
    }
}

#[test]
fn placeholders_stand_for_the_values_of_each_page() {
    let shown = "[Page]/[pages] [document.title] [DOCUMENT.page]/[document.pages] [job.name] [date] [custom:case] [[x]";
    let stamps = [text(shown, json!({ "left": 5, "bottom": 5 }))];
    let (mut document, _) = stamped(&[0; 4], &stamps, &values());
    assert_eq!(said(&mut document, 0), "1/4 Whole 1/4 Job 2026-03-31 A/7 [x]");
    assert_eq!(said(&mut document, 1), "2/4 One 1/1 Job 2026-03-31 A/7 [x]");
    assert_eq!(said(&mut document, 3), "4/4 Two 2/2 Job 2026-03-31 A/7 [x]");
}

#[test]
fn a_stamp_is_on_its_pages_alone() {
    let on = |pages: &str, skipped: BTreeSet<usize>| {
        let mut stamp = text("Words", json!({}));
        stamp.pages = pages.parse().unwrap();
        let (document, _) = stamped(&[0; 5], &[stamp], &Values { skipped, ..Values::default() });
        (0..5).filter(|page| !forms(&document, *page).is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(on("all", BTreeSet::from([1])), [0, 2, 3, 4]);
    assert_eq!(on("first", BTreeSet::from([0])), [1]);
    assert_eq!(on("last", BTreeSet::new()), [4]);
    assert_eq!(on("odd", BTreeSet::new()), [0, 2, 4]);
    assert_eq!(on("even", BTreeSet::new()), [1, 3]);
    assert_eq!(on("2-3,5-,9", BTreeSet::from([2])), [1, 4]);
}

#[test]
fn pages_share_what_is_the_same_on_them_and_nothing_else() {
    let stamps = [text("Same", json!({ "left": 5 })), text("[page]", json!({ "right": 5 }))];
    let (document, _) = stamped(&[0, 90], &stamps, &Values::default());
    let (one, other) = (forms(&document, 0), forms(&document, 1));
    assert_eq!((one.len(), one[0] == other[0], one[1] == other[1]), (2, true, false));
}

#[test]
fn what_a_page_draws_stays_as_it_was_and_its_state_is_put_back() {
    let (document, _) = stamped(&[0], &[text("Words", json!({}))], &Values::default());
    let streams: Vec<String> = contents(&document, pages::list(&document)[0])
        .iter()
        .map(|held| String::from_utf8(object::resolve(&document, held).as_stream().unwrap().content.clone()).unwrap())
        .collect();
    let [start, own, end] = streams.as_slice() else { panic!("{streams:?}") };
    assert_eq!((start.as_str(), end.starts_with("Q\nq\n")), ("q\n", true));
    assert_eq!(own, "/Artifact BMC 100 100 50 50 re f EMC 3 0 0 3 7 7 cm");
}

/// One of each kind that can be transparent, in a page and on it.
fn all_sorts() -> Vec<StampSettings> {
    let mut faded = text("Entwurf № [page]", json!({}));
    (faded.opacity, faded.rotation) = (0.3, 30.0);
    let mut annotation = text("Annotation שלום", json!({ "top": 50 }));
    annotation.placement = super::super::Placement::Annotation;
    let code = json!({ "content": { "type": "barcode", "kind": "qr", "text": "[page]" }, "position": { "left": 30 } });
    vec![faded, annotation, settings(code), images::logo(json!({ "right": 30 }))]
}

#[test]
fn a_stamped_document_is_pdfa_of_every_part_and_level() {
    for (part, is_tagged, flavour) in [
        (Part::One, false, Flavour::A1B),
        (Part::One, true, Flavour::A1A),
        (Part::Two, false, Flavour::A2U),
        (Part::Two, true, Flavour::A2A),
        (Part::Three, true, Flavour::A3A),
    ] {
        let mut document = document(&[0, 90], is_tagged);
        stamp(&mut document, &all_sorts(), &Values::default(), &fonts(), Some(part)).unwrap();
        let passed = passed(document, part);
        assert_eq!((passed.flavour, &passed.events), (flavour, &Vec::new()));
        assert_eq!(conforming(&passed.bytes, &[part]), Some(flavour));
    }
}

#[test]
fn a_document_that_is_pdfa_still_is_once_it_is_stamped() {
    for (part, is_tagged, shape) in
        [(Part::One, true, Shape::Classic), (Part::Two, true, Shape::Packed), (Part::Three, false, Shape::Packed)]
    {
        let before = passed(document(&[0, 270], is_tagged), part);
        let mut document = read(before.bytes, &[]).unwrap().document;
        stamp(&mut document, &all_sorts(), &Values::default(), &fonts(), Some(part)).unwrap();
        let bytes = write(&mut document, shape).unwrap();
        assert_eq!(validate(&bytes, before.flavour).failed, [], "{}", before.flavour);
    }
}

#[test]
fn colours_blend_in_a_space_where_there_is_no_output_intent() {
    let group = |part| {
        let mut document = document(&[0], false);
        stamp(&mut document, &all_sorts(), &Values::default(), &fonts(), part).unwrap();
        object::at(&document, pages::list(&document)[0]).unwrap().has(b"Group")
    };
    assert_eq!([None, Some(Part::Two), Some(Part::One)].map(group), [false, true, false]);
}

#[test]
fn stamps_of_a_tagged_document_are_artifacts() {
    let artifacts = |is_tagged| {
        let mut document = document(&[0], is_tagged);
        stamp(&mut document, &[text("Words", json!({}))], &Values::default(), &fonts(), None).unwrap();
        let own = contents(&document, pages::list(&document)[0]);
        let last = object::resolve(&document, own.last().unwrap()).as_stream().unwrap();
        String::from_utf8(stream::unpack(last).unwrap()).unwrap().contains("/Artifact <</Type /Pagination>> BDC")
    };
    assert_eq!([true, false].map(artifacts), [true, false]);
}

#[test]
fn an_annotation_is_where_the_stamp_would_be_drawn_and_says_what_it_shows() {
    let mut movable = text("Words", json!({ "left": 10, "bottom": 10 }));
    movable.placement = super::super::Placement::Annotation;
    let (document, _) = stamped(&[90], &[movable], &Values::default());
    let page = object::at(&document, pages::list(&document)[0]).unwrap();
    let held = object::array(&document, page, b"Annots").unwrap();
    let held = object::as_dictionary(object::resolve(&document, &held[0])).unwrap();
    assert_eq!(object::text(&document, held, b"Contents").as_deref(), Some("Words"));
    assert_eq!(object::integer(&document, held, b"F"), Some(4));
    // Ink may reach over by half an em. The page is turned: its lower left corner is seen at x = 380, y = 20.
    let [left, bottom, right, top] = object::rectangle(&document, held, b"Rect").unwrap();
    assert_eq!([bottom, right], [20.0 + 10.0 - 5.0, 380.0 - 10.0 + 5.0]);
    assert!(top - bottom > right - left, "it runs upwards");
    assert!(forms(&document, 0).is_empty());
}

#[test]
fn scripts_are_shaped_and_say_what_they_are() {
    for (shown, family) in [
        ("لا إله سلام", "NotoSansArabic"),
        ("क्षेत्र हिन्दी", "NotoSansDevanagari"),
        ("ไทยภาษา", "NotoSansThai"),
        ("日本語 한국어", "NotoSansCJK"),
        ("שלום", "NotoSansHebrew"),
    ] {
        let stamps = [text(shown, json!({}))];
        let (mut document, events) = stamped(&[0], &stamps, &Values::default());
        assert_eq!((events, said(&mut document, 0)), (Vec::new(), shown.to_owned()));
        let names = document.objects.values().filter_map(object::as_dictionary).filter(|held| held.has_type(b"Font"));
        let mut names = names.filter_map(|held| object::name(&document, held, b"BaseFont").map(object::shown));
        assert!(names.all(|name| name.contains(family)), "{shown}");
    }
}

#[test]
fn letters_join_in_scripts_that_join_them() {
    // Each of the four forms of one letter, and none of them twice.
    let (document, _) = stamped(&[0], &[text("ععع ع", json!({}))], &Values::default());
    let fonts = document.objects.values().filter_map(object::as_dictionary);
    let widths = fonts.filter_map(|held| object::array(&document, held, b"W")).map(|held| held[1].as_array().unwrap());
    // And a space.
    assert_eq!(widths.map(Vec::len).collect::<Vec<_>>(), [5]);
}

#[test]
fn a_character_that_no_font_has_is_told_and_leaves_no_box() {
    let stamps = [text("a\u{E123}b", json!({}))];
    let (mut document, events) = stamped(&[0, 0], &stamps, &Values::default());
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.code, event.severity), (EventCode::VisualDifferences, Severity::Warning));
    assert!(event.message.contains('\u{E123}') && event.message.contains("stamp 1"));
    assert_eq!(said(&mut document, 1), "ab");
}

#[test]
fn without_any_font_nothing_is_drawn_and_that_is_told() {
    let mut document = document(&[0], false);
    let stamps = [text("ab", json!({}))];
    let events = stamp(&mut document, &stamps, &Values::default(), &FontFolder::open(&[]), None).unwrap();
    let codes: Vec<EventCode> = events.iter().map(|event| event.code).collect();
    assert_eq!(codes, [EventCode::FontSubstituted, EventCode::VisualDifferences]);
    assert!(forms(&document, 0).is_empty());
}

#[test]
fn a_family_is_found_by_name_or_another_stands_in() {
    let with = |family: &str| {
        let mut stamp = text("Words", json!({}));
        let super::super::Content::Text(held) = &mut stamp.content else { panic!() };
        (held.font, held.bold) = (family.to_owned(), true);
        let (document, events) = stamped(&[0], &[stamp], &Values::default());
        let fonts = document.objects.values().filter_map(object::as_dictionary);
        let mut names = fonts.filter_map(|held| object::name(&document, held, b"FontName").map(object::shown));
        let name = names.next().unwrap();
        (name.split_once('+').unwrap().1.to_owned(), events.into_iter().map(|event| event.severity).collect::<Vec<_>>())
    };
    assert_eq!(with("DejaVu Sans"), ("DejaVuSans-Bold".into(), vec![]));
    assert_eq!(with("Arial"), ("LiberationSans-Bold".into(), vec![Severity::Info]));
    assert_eq!(with("Nonesuch"), ("LiberationSans-Bold".into(), vec![Severity::Warning]));
}

#[test]
fn a_stamp_that_reaches_over_the_edge_is_told_once() {
    let stamps = [text(&"Words ".repeat(100), json!({ "left": 5 }))];
    let (_, events) = stamped(&[0, 0], &stamps, &Values::default());
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.code, event.message.contains("page 1")), (EventCode::ContentClipped, true));
}

#[test]
fn pdfa_1_shows_faded_colours_as_on_white_paper_and_tells() {
    let mut faded = text("Words", json!({}));
    faded.opacity = 0.2;
    let mut document = document(&[0], false);
    let events = stamp(&mut document, &[faded], &Values::default(), &fonts(), Some(Part::One)).unwrap();
    assert_eq!(events.iter().map(|event| event.code).collect::<Vec<_>>(), [EventCode::TransparencyRemoved]);
    let form = object::resolve(&document, &forms(&document, 0)[0]).as_stream().unwrap().clone();
    assert!(String::from_utf8(form.content).unwrap().contains("0.8 0.8 0.8 sc"));
    assert!(!object::dictionary(&document, &form.dict, b"Resources").unwrap().has(b"ExtGState"));
}

#[test]
fn text_that_is_empty_on_a_page_draws_nothing() {
    let (document, events) = stamped(&[0], &[text("[job.name]", json!({}))], &Values::default());
    assert!(events.is_empty() && forms(&document, 0).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_set(shown in "\\PC{0,40}") {
        let stamps = [text(&shown.replace('[', "[["), json!({}))];
        stamped(&[0], &stamps, &Values::default());
    }
}

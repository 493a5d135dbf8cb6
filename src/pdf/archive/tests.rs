use lopdf::{Dictionary, Document, Object, Stream, dictionary};

use super::to_pdfa;
use crate::{
    domain::{Event, EventCode},
    pdf::{
        Shape,
        fonts::FontFolder,
        gate, object, pages, stream,
        validate::{Flavour, Part},
        write,
    },
};

/// What archiving told, and what the validator says of what it left.
struct Archived {
    events: Vec<Event>,
    shortfalls: Vec<&'static str>,
}

/// A page with content and resources, entries of the catalog, and annotations.
pub(super) fn document(
    content: &[u8],
    resources: Dictionary,
    catalog: Dictionary,
    annotations: Vec<Dictionary>,
) -> Document {
    let mut document = Document::new();
    let content = document.add_object(Stream::new(Dictionary::new(), content.to_vec()));
    let annotations: Vec<Object> = annotations.into_iter().map(Object::Dictionary).collect();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Contents" => content, "Resources" => resources, "Annots" => annotations,
        "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
    });
    let root = document.add_object(dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()] });
    let mut all = dictionary! { "Type" => "Catalog", "Pages" => root };
    for (key, value) in catalog {
        all.set(key, value);
    }
    let catalog = document.add_object(all);
    document.trailer.set("Root", catalog);
    document
}

fn archive(document: &mut Document) -> Archived {
    let events = to_pdfa(document, Part::Two, &FontFolder::open(&[])).unwrap();
    Archived { events, shortfalls: gate::refusals(document, Flavour::A2B) }
}

fn codes(archived: &Archived) -> Vec<EventCode> {
    archived.events.iter().map(|event| event.code).collect()
}

pub(super) fn annotation(kind: &str, flags: i64) -> Dictionary {
    dictionary! { "Type" => "Annot", "Subtype" => kind, "F" => flags, "Rect" => vec![1.into(), 1.into(), 9.into(), 9.into()] }
}

pub(super) fn kept(document: &Document) -> Vec<&Dictionary> {
    let page = object::at(document, pages::list(document)[0]).unwrap();
    let all = object::array(document, page, b"Annots").unwrap_or_default();
    all.iter().filter_map(|each| object::as_dictionary(object::resolve(document, each))).collect()
}

#[test]
fn a_javascript_action_is_removed_and_reported() {
    let action = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
    let mut document = document(b"", dictionary! {}, dictionary! { "OpenAction" => action }, Vec::new());
    let archived = archive(&mut document);
    assert_eq!(codes(&archived), [EventCode::ActionRemoved]);
    assert!(!object::catalog(&document).unwrap().has(b"OpenAction"));
    assert!(archived.shortfalls.is_empty(), "{:?}", archived.shortfalls);
}

#[test]
fn a_forbidden_follow_up_goes_and_the_link_stays() {
    let mut link = annotation("Link", 4);
    let next = dictionary! { "S" => "Launch" };
    link.set("A", dictionary! { "S" => "URI", "URI" => Object::string_literal("https://example.com"), "Next" => next });
    let mut document = document(b"", dictionary! {}, dictionary! {}, vec![link]);
    assert_eq!(codes(&archive(&mut document)), [EventCode::ActionRemoved]);
    let links = kept(&document);
    let action = object::dictionary(&document, links[0], b"A").unwrap();
    assert!(action.has(b"URI") && !action.has(b"Next"));
}

#[test]
fn multimedia_and_hidden_annotations_go_and_others_get_a_look() {
    let all = vec![annotation("Movie", 4), annotation("Text", 2), annotation("Square", 0)];
    let mut document = document(b"", dictionary! {}, dictionary! {}, all);
    let archived = archive(&mut document);
    assert_eq!(
        codes(&archived),
        [EventCode::MultimediaRemoved, EventCode::AnnotationRemoved, EventCode::VisualDifferences]
    );
    let squares = kept(&document);
    assert_eq!(squares.len(), 1);
    assert_eq!(object::integer(&document, squares[0], b"F"), Some(4));
    assert!(object::dictionary(&document, squares[0], b"AP").unwrap().has(b"N"));
    assert!(archived.shortfalls.is_empty(), "{:?}", archived.shortfalls);
}

#[test]
fn a_button_gets_a_dictionary_of_states() {
    let mut button = annotation("Widget", 4);
    button.set("FT", "Btn");
    let mut document = document(b"", dictionary! {}, dictionary! {}, vec![button]);
    assert!(archive(&mut document).shortfalls.is_empty());
    let look = object::dictionary(&document, kept(&document)[0], b"AP").unwrap();
    assert!(matches!(object::get(&document, look, b"N"), Some(Object::Dictionary(_))));
}

#[test]
fn a_signature_value_is_dropped_and_reported() {
    let field = dictionary! { "FT" => "Sig", "V" => dictionary! { "Type" => "Sig" } };
    let form = dictionary! { "Fields" => vec![field.into()], "SigFlags" => 3 };
    let mut document = document(b"", dictionary! {}, dictionary! { "AcroForm" => form }, Vec::new());
    assert_eq!(codes(&archive(&mut document)), [EventCode::SignatureRemoved]);
}

#[test]
fn an_embedded_file_is_removed_and_named() {
    let file = dictionary! { "Type" => "Filespec", "UF" => Object::string_literal("data.xml"), "EF" => dictionary! { "F" => 1 } };
    let tree = dictionary! { "Names" => vec![Object::string_literal("k"), file.into()] };
    let mut document =
        document(b"", dictionary! {}, dictionary! { "Names" => dictionary! { "EmbeddedFiles" => tree } }, Vec::new());
    let archived = archive(&mut document);
    assert_eq!(codes(&archived), [EventCode::EmbeddedFileRemoved]);
    assert!(archived.events[0].message.contains("data.xml"));
}

/// A document with a file in its tree of embedded files.
fn with_file() -> Document {
    let mut document = document(b"", dictionary! {}, dictionary! {}, Vec::new());
    let file = document.add_object(Stream::new(dictionary! {}, b"<invoice/>".to_vec()));
    let specification = dictionary! { "Type" => "Filespec", "F" => Object::string_literal("data.xml"), "EF" => dictionary! { "F" => file } };
    let tree = dictionary! { "Names" => vec![Object::string_literal("k"), specification.into()] };
    object::catalog_mut(&mut document).unwrap().set("Names", dictionary! { "EmbeddedFiles" => tree });
    document
}

#[test]
fn a_file_stays_in_part_three_with_its_type_and_its_relationship_to_the_document() {
    let mut document = with_file();
    assert_eq!(to_pdfa(&mut document, Part::Three, &FontFolder::open(&[])).unwrap(), []);
    let files = object::array(&document, object::catalog(&document).unwrap(), b"AF").unwrap();
    let file = object::as_dictionary(object::resolve(&document, &files[0])).unwrap();
    assert_eq!(object::name(&document, file, b"AFRelationship"), Some(&b"Unspecified"[..]));
    assert_eq!(object::text(&document, file, b"UF").as_deref(), Some("data.xml"));
    let embedded = object::dictionary(&document, object::dictionary(&document, file, b"EF").unwrap(), b"F").unwrap();
    assert_eq!(object::name(&document, embedded, b"Subtype"), Some(&b"application/octet-stream"[..]));
    assert_eq!(gate::refusals(&document, Flavour::A3B), [""; 0]);
    assert_eq!(to_pdfa(&mut document, Part::Three, &FontFolder::open(&[])).unwrap(), []);
}

#[test]
fn the_file_of_an_annotation_stays_with_it_in_part_three_and_is_named_once_where_it_goes() {
    for (part, expected) in [(Part::Three, None), (Part::Two, Some(EventCode::EmbeddedFileRemoved))] {
        let mut pin = annotation("FileAttachment", 4);
        let mut pinned = document(b"", dictionary! {}, dictionary! {}, Vec::new());
        let file = pinned.add_object(Stream::new(dictionary! {}, b"text".to_vec()));
        pin.set("FS", dictionary! { "Type" => "Filespec", "UF" => Object::string_literal("pinned.txt"), "EF" => dictionary! { "F" => file } });
        let page = crate::pdf::pages::list(&pinned)[0];
        object::at_mut(&mut pinned, page).unwrap().set("Annots", vec![pin.into()]);
        let events = to_pdfa(&mut pinned, part, &FontFolder::open(&[])).unwrap();
        let told = events.iter().map(|event| event.code).find(|code| *code == EventCode::EmbeddedFileRemoved);
        assert_eq!(told, expected);
        assert_eq!(kept(&pinned).len(), usize::from(expected.is_none()));
        if part == Part::Three {
            assert_eq!(gate::refusals(&pinned, Flavour::A3B), [""; 0]);
            assert_eq!(to_pdfa(&mut pinned, part, &FontFolder::open(&[])).unwrap(), []);
        }
    }
}

#[test]
fn a_file_that_is_no_archive_goes_in_parts_one_and_two() {
    for part in [Part::One, Part::Two] {
        let mut document = with_file();
        let events = to_pdfa(&mut document, part, &FontFolder::open(&[])).unwrap();
        assert_eq!(events.iter().map(|event| event.code).collect::<Vec<_>>(), [EventCode::EmbeddedFileRemoved]);
        assert!(object::catalog(&document).unwrap().get(b"AF").is_err());
    }
}

#[test]
fn part_one_has_no_layers_no_groups_and_no_later_actions() {
    let layers = dictionary! { "OCProperties" => dictionary! { "D" => dictionary! {} } };
    let mut link = annotation("Link", 4);
    link.set("A", dictionary! { "S" => "GoToE", "D" => Object::string_literal("d") });
    let mut document = document(b"", dictionary! {}, layers, vec![link, annotation("Polygon", 4)]);
    let page = pages::list(&document)[0];
    object::at_mut(&mut document, page).unwrap().set("Group", dictionary! { "S" => "Transparency" });
    let events = to_pdfa(&mut document, Part::One, &FontFolder::open(&[])).unwrap();
    let codes: Vec<EventCode> = events.iter().map(|event| event.code).collect();
    assert_eq!(codes, [EventCode::ActionRemoved, EventCode::AnnotationRemoved, EventCode::LayersRemoved]);
    assert!(!object::at(&document, page).unwrap().has(b"Group"));
    assert!(!object::catalog(&document).unwrap().has(b"OCProperties"));
}

#[test]
fn pages_with_transparency_hidden_layers_or_jpeg_2000_are_beyond_part_one() {
    let state = |state: Dictionary| dictionary! { "ExtGState" => dictionary! { "G" => state } };
    let plain = document(
        b"",
        state(dictionary! { "Type" => "ExtGState", "CA" => 1, "BM" => "Normal" }),
        dictionary! {},
        Vec::new(),
    );
    assert!(super::pages_beyond_pdf14(&plain).is_empty());
    for entry in [dictionary! { "ca" => Object::Real(0.5) }, dictionary! { "BM" => "Multiply" }] {
        assert_eq!(super::pages_beyond_pdf14(&document(b"", state(entry), dictionary! {}, Vec::new())).len(), 1);
    }
}

#[test]
fn cmyk_gets_a_profile_only_where_it_is_used() {
    let mut plain = document(b"1 0 0 rg 0 0 9 9 re f", dictionary! {}, dictionary! {}, Vec::new());
    let mut print = document(b"1 0 0 0 k 0 0 9 9 re f", dictionary! {}, dictionary! {}, Vec::new());
    assert_eq!(archive(&mut plain).events, []);
    let archived = archive(&mut print);
    assert_eq!(codes(&archived), [EventCode::Colorants]);
    assert!(archived.shortfalls.is_empty(), "{:?}", archived.shortfalls);
    let page = object::at(&print, pages::list(&print)[0]).unwrap();
    let resources = object::dictionary(&print, page, b"Resources").unwrap();
    assert!(object::dictionary(&print, resources, b"ColorSpace").unwrap().has(b"DefaultCMYK"));
}

#[test]
fn profiles_of_version_4_become_ones_of_version_2_for_part_one() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let mut document = document(b"/C cs 1 0 0 sc 0 0 9 9 re f", dictionary! {}, dictionary! {}, Vec::new());
    let profile = document.add_object(Stream::new(dictionary! { "N" => 3 }, profile));
    let spaces = dictionary! { "C" => vec![object::named("ICCBased"), profile.into()] };
    let page = pages::list(&document)[0];
    object::at_mut(&mut document, page).unwrap().set("Resources", dictionary! { "ColorSpace" => spaces });
    let intent = dictionary! { "S" => "GTS_PDFA1", "DestOutputProfile" => profile };
    object::catalog_mut(&mut document).unwrap().set("OutputIntents", vec![intent.into()]);
    // Refused besides, and of no interest here: it is looked at in the packed shape, which part 1 does not know (6.1.4).
    assert_eq!(gate::refusals(&document.clone(), Flavour::A1B), ["6.1.4", "6.2.2", "6.2.3.2"]);
    let events = to_pdfa(&mut document, Part::One, &FontFolder::open(&[])).unwrap();
    assert_eq!((events, gate::refusals(&document, Flavour::A1B)), (Vec::new(), vec!["6.1.4"]));
}

#[test]
fn a_missing_font_that_nothing_replaces_is_a_shortfall() {
    let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
    let resources = dictionary! { "Font" => dictionary! { "F" => font } };
    let mut document = document(b"BT /F 9 Tf (hello) Tj ET", resources, dictionary! {}, Vec::new());
    let archived = archive(&mut document);
    assert_eq!(archived.shortfalls.len(), 1);
    assert_eq!(archived.shortfalls[0], "6.2.11.4.1");
}

#[test]
fn a_form_that_draws_itself_ends() {
    let mut document = document(b"/X Do", dictionary! {}, dictionary! {}, Vec::new());
    let id = document.new_object_id();
    let resources = dictionary! { "XObject" => dictionary! { "X" => id } };
    let form = dictionary! { "Type" => "XObject", "Subtype" => "Form", "Resources" => resources.clone() };
    document.objects.insert(id, Stream::new(form, b"/X Do /X Do".to_vec()).into());
    let page = pages::list(&document)[0];
    object::at_mut(&mut document, page).unwrap().set("Resources", resources);
    assert!(archive(&mut document).shortfalls.is_empty());
}

#[test]
fn a_second_run_changes_nothing() {
    let mut document = document(b"1 0 0 0 k", dictionary! {}, dictionary! {}, vec![annotation("Square", 0)]);
    archive(&mut document);
    let before = write(&mut document.clone(), Shape::Packed).unwrap();
    let again = archive(&mut document);
    assert_eq!(again.events, []);
    // Objects that were made anew have other numbers, so the bytes may differ; the objects without their numbers may not.
    let objects = |bytes: Vec<u8>| {
        let document = crate::pdf::read(bytes, &[]).unwrap().document;
        let mut texts: Vec<String> = document
            .objects
            .values()
            .map(|object| {
                let text = format!("{object:?}");
                let parts: Vec<&str> = text
                    .split(" 0 R")
                    .map(|part| part.trim_end_matches(|digit: char| digit.is_ascii_digit()))
                    .collect();
                let content = object.as_stream().map(|stream| stream.content.clone()).unwrap_or_default();
                format!("{} {content:?}", parts.join(" R"))
            })
            .collect();
        texts.sort();
        texts
    };
    assert_eq!(objects(before), objects(write(&mut document, Shape::Packed).unwrap()));
}

#[test]
fn of_damaged_content_stays_what_can_be_read_and_the_page_is_named() {
    let drawn = b"q 0 0 1 1 re f Q\n".repeat(300);
    let packed = stream::pack(&drawn);
    let half = packed.get(..packed.len() / 2).unwrap().to_vec();
    let digits: String = half.iter().map(|byte| format!("{byte:02x}")).collect();
    let cases = [
        ("FlateDecode", half, true),
        ("ASCIIHexDecode FlateDecode", digits.into_bytes(), true),
        ("FlateDecode", b"no such data".to_vec(), false),
        ("JBIG2Decode", packed, false),
    ];
    for (filter, bytes, is_readable) in cases {
        let mut document = document(b"", dictionary! {}, dictionary! {}, Vec::new());
        let filters: Vec<Object> = filter.split(' ').map(object::named).collect();
        let content = document.add_object(Stream::new(dictionary! { "Filter" => filters }, bytes));
        let page = pages::list(&document)[0];
        object::at_mut(&mut document, page).unwrap().set("Contents", content);
        let archived = archive(&mut document);
        assert_eq!(codes(&archived), [EventCode::CorruptionRepaired], "{filter}");
        assert!(archived.events[0].message.contains("page 1"), "{filter}");
        assert!(archived.shortfalls.is_empty(), "{filter}: {:?}", archived.shortfalls);
        let kept = document.objects[&content].as_stream().unwrap().decompressed_content().unwrap();
        assert_eq!(!kept.is_empty(), is_readable, "{filter}");
        assert!(drawn.starts_with(&kept), "{filter}");
        assert!(archive(&mut document).events.is_empty(), "{filter}");
    }
}

#[test]
fn a_transfer_function_goes_and_is_told_unless_it_changes_nothing() {
    let function = dictionary! { "FunctionType" => 2, "N" => 2, "Domain" => vec![0.into(), 1.into()] };
    for (held, is_told) in [(Object::Dictionary(function), true), ("Identity".into(), false)] {
        let states = dictionary! { "G" => dictionary! { "Type" => "ExtGState", "TR" => held } };
        let mut document = document(b"/G gs", dictionary! { "ExtGState" => states }, dictionary! {}, Vec::new());
        let archived = archive(&mut document);
        assert_eq!(codes(&archived).contains(&EventCode::VisualDifferences), is_told);
        assert!(archived.shortfalls.is_empty(), "{:?}", archived.shortfalls);
    }
}

#[test]
fn in_part_1_pop_ups_have_flags_and_fields_a_look_however_small() {
    let mut field = annotation("Widget", 4);
    field.set("FT", "Sig");
    field.set("Rect", vec![0.into(), 0.into(), 0.into(), 0.into()]);
    let mut popup = annotation("Popup", 0);
    popup.remove(b"F");
    let mut document = document(b"", dictionary! {}, dictionary! {}, vec![field, popup]);
    to_pdfa(&mut document, Part::One, &FontFolder::open(&[])).unwrap();
    let held = kept(&document);
    assert!(held[0].has(b"AP"));
    assert_eq!(object::integer(&document, held[1], b"F"), Some(4));
}

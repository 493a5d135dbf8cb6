//! Documents for the tests, and what is drawn on pages.

mod codes;
mod drawn;
mod images;
mod settings;

use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{StampSettings, Values, stamp};
use crate::{
    domain::{Event, metadata::Metadata},
    pdf::{
        Shape,
        fonts::FontFolder,
        gate::{Passed, Wanted, pass},
        object, pages,
        text::{Word, extract},
        validate::Part,
        write,
    },
};

/// The fonts that the product is installed with.
fn fonts() -> FontFolder {
    FontFolder::open(&["/usr/share/fonts".into()])
}

/// Pages of 400 x 600 units with a margin of 20 cut off, turned by so many degrees each. Each draws a square, and leaves
/// its graphics state scaled.
fn document(turns: &[i64], is_tagged: bool) -> Document {
    let mut document = Document::new();
    let root = document.new_object_id();
    let content = b"/Artifact BMC 100 100 50 50 re f EMC 3 0 0 3 7 7 cm".to_vec();
    let content = document.add_object(Stream::new(Dictionary::new(), content));
    let boxed = |near: i64, wide: i64, high: i64| vec![near.into(), near.into(), wide.into(), high.into()];
    let page = |turn: &i64| {
        dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content, "Rotate" => *turn,
            "Resources" => dictionary! {}, "MediaBox" => boxed(0, 400, 600), "CropBox" => boxed(20, 380, 580),
        }
    };
    let kids: Vec<Object> = turns.iter().map(|turn| document.add_object(page(turn)).into()).collect();
    let count = i64::try_from(kids.len()).unwrap();
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => root };
    if is_tagged {
        let structure = document.add_object(dictionary! { "Type" => "StructTreeRoot" });
        catalog.set("StructTreeRoot", structure);
        catalog.set("MarkInfo", dictionary! { "Marked" => true });
        catalog.set("Lang", Object::string_literal("en"));
    }
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    document
}

fn settings(value: Value) -> StampSettings {
    serde_json::from_value(value).unwrap()
}

/// A stamp with a text at a place.
fn text(text: &str, position: Value) -> StampSettings {
    settings(json!({ "content": { "type": "text", "text": text }, "position": position }))
}

/// Stamps a document of plain pages.
fn stamped(turns: &[i64], stamps: &[StampSettings], values: &Values) -> (Document, Vec<Event>) {
    let mut document = document(turns, false);
    let events = stamp(&mut document, stamps, values, &fonts(), None).unwrap();
    (document, events)
}

fn passed(document: Document, part: Part) -> Passed {
    let (fonts, metadata, now) = (fonts(), Metadata::default(), OffsetDateTime::UNIX_EPOCH);
    pass(document, &Wanted { part, metadata: &metadata, now, fonts: &fonts, writer: None }).unwrap()
}

fn words(document: &mut Document, page: usize) -> Vec<Word> {
    let bytes = write(document, Shape::Packed).unwrap();
    extract(&bytes, page).unwrap().lines.into_iter().flat_map(|line| line.words).collect()
}

/// The text of a page, words with spaces between them.
fn said(document: &mut Document, page: usize) -> String {
    let bytes = write(document, Shape::Packed).unwrap();
    let lines = extract(&bytes, page).unwrap().lines;
    lines.iter().map(|line| line.text()).collect::<Vec<_>>().join(" ")
}

/// The forms of stamps that a page draws.
fn forms(document: &Document, page: usize) -> Vec<Object> {
    let held = object::at(document, pages::list(document)[page]).unwrap();
    let resources = object::dictionary(document, held, b"Resources").unwrap();
    let forms = object::dictionary(document, resources, b"XObject");
    forms.into_iter().flatten().map(|(_, form)| form.clone()).collect()
}

use lopdf::{Document, Object, dictionary};
use time::macros::datetime;

use super::{Category, Schema, schemas, write, write_schemas};
use crate::pdf::validate::Flavour;
use crate::{
    domain::metadata::{Metadata, Property},
    pdf::object,
};

fn document() -> Document {
    let mut document = Document::new();
    let catalog = document.add_object(dictionary! { "Type" => "Catalog" });
    document.trailer.set("Root", catalog);
    let info = document.add_object(dictionary! {
        "Title" => Object::string_literal("Old & <title>"),
        "CreationDate" => Object::string_literal("D:20200102030405+01'00'"),
    });
    document.trailer.set("Info", info);
    document
}

fn packet(document: &Document) -> String {
    let catalog = object::catalog(document).unwrap();
    let stream = object::get(document, catalog, b"Metadata").unwrap().as_stream().unwrap();
    String::from_utf8(stream.content.clone()).unwrap()
}

#[test]
fn xmp_and_info_say_the_same() {
    let mut document = document();
    let wanted = Metadata::default().with(Property::Author, "Ödön <x>");
    write(&mut document, &wanted, Some(Flavour::A2B), datetime!(2026-01-02 3:04:05 UTC)).unwrap();
    let packet = packet(&document);
    assert!(packet.contains("Old &amp; &lt;title&gt;") && packet.contains("Ödön &lt;x&gt;"), "{packet}");
    assert!(packet.contains("<pdfaid:part>2</pdfaid:part>"));
    assert!(packet.contains("2020-01-02T03:04:05+01:00"));
    let info = object::dictionary(&document, &document.trailer, b"Info").unwrap();
    assert_eq!(object::text(&document, info, b"Author").as_deref(), Some("Ödön <x>"));
    assert_eq!(object::text(&document, info, b"CreationDate").as_deref(), Some("D:20200102030405+01'00'"));
}

#[test]
fn an_old_claim_goes_when_none_is_made() {
    let mut document = document();
    write(&mut document, &Metadata::default(), Some(Flavour::A2B), datetime!(2026-01-02 3:04:05 UTC)).unwrap();
    write(&mut document, &Metadata::default(), None, datetime!(2026-01-02 3:04:05 UTC)).unwrap();
    let packet = packet(&document);
    assert!(!packet.contains("pdfaid:part"));
    assert!(packet.contains("Old &amp; &lt;title&gt;"));
}

#[test]
fn values_of_the_old_packet_survive_without_info() {
    let mut document = document();
    write(&mut document, &Metadata::default(), None, datetime!(2026-01-02 3:04:05 UTC)).unwrap();
    document.trailer.remove(b"Info");
    write(&mut document, &Metadata::default(), None, datetime!(2026-01-02 3:04:05 UTC)).unwrap();
    let info = object::dictionary(&document, &document.trailer, b"Info").unwrap();
    assert_eq!(object::text(&document, info, b"Title").as_deref(), Some("Old & <title>"));
}

#[test]
fn every_property_is_kept_when_metadata_are_written_again_and_breaks_no_rule_of_any_part() {
    let value = |property| if property == Property::Marked { "False" } else { "A & <b>, c" };
    let wanted: Metadata = Property::ALL.into_iter().map(|property| (property, value(property).to_owned())).collect();
    let now = datetime!(2026-01-02 3:04:05 UTC);
    for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A3B, Flavour::A4] {
        let mut document = document();
        write(&mut document, &wanted, None, now).unwrap();
        write(&mut document, &Metadata::default(), Some(flavour), now).unwrap();
        assert_eq!(super::said(&document), wanted);
        let broken = crate::pdf::gate::refusals(&document, flavour);
        let (metadata, other) = if flavour == Flavour::A1B { ("6.7", "6.7.1") } else { ("6.6", "6.6.1") };
        let of_metadata = |clause: &&&str| clause.starts_with(metadata) && !clause.starts_with(other);
        assert_eq!(broken.iter().filter(of_metadata).collect::<Vec<_>>(), Vec::<&&str>::new(), "{flavour}");
    }
}

#[test]
fn a_truth_value_of_an_old_packet_that_is_none_is_left_out() {
    let mut document = document();
    let now = datetime!(2026-01-02 3:04:05 UTC);
    write(&mut document, &Metadata::default().with(Property::Marked, "perhaps"), None, now).unwrap();
    assert_eq!(super::said(&document).get(Property::Marked), None);
}

/// A schema of its own that says one thing.
fn own(namespace: &str, prefix: &str, name: &str, value: &str) -> Schema {
    let mut schema = Schema::new("Own <schema>", namespace, prefix).unwrap();
    schema.say(name, "what it & is", Category::External, value).unwrap();
    schema
}

#[test]
fn own_schemas_are_written_and_kept_when_metadata_are_written_again() {
    let now = datetime!(2026-01-02 3:04:05 UTC);
    let mut document = document();
    // Two schemas may have the same prefix.
    let wanted = [own("urn:one#", "own", "note", "Fäden & <Leim>"), own("urn:two/", "own", "Number", "17")];
    write_schemas(&mut document, &wanted, now).unwrap();
    assert_eq!(schemas(&document), wanted);
    write(&mut document, &Metadata::default(), Some(Flavour::A3B), now).unwrap();
    assert_eq!(schemas(&document), wanted);
    let packet = packet(&document);
    assert!(packet.contains("Old &amp; &lt;title&gt;") && packet.contains("<pdfaid:part>3</pdfaid:part>"), "{packet}");
    write_schemas(&mut document, &[], now).unwrap();
    assert!(schemas(&document).is_empty());
    assert!(!self::packet(&document).contains("pdfaExtension"));
}

#[test]
fn added_schemas_stand_beside_those_that_are_there_and_win_over_what_they_say() {
    let now = datetime!(2026-01-02 3:04:05 UTC);
    let mut document = document();
    let old = [own("urn:one#", "own", "note", "old"), own("urn:two/", "other", "Number", "17")];
    write_schemas(&mut document, &old, now).unwrap();
    let added = [own("urn:one#", "mine", "note", "new"), own("urn:three#", "third", "a", "b")];
    super::add_schemas(&mut document, &added, now).unwrap();
    let said: Vec<_> = schemas(&document)
        .iter()
        .map(|schema| (schema.namespace().to_owned(), schema.value("note").map(str::to_owned)))
        .collect();
    let none = |namespace: &str| (namespace.to_owned(), None);
    assert_eq!(said, [("urn:one#".to_owned(), Some("new".to_owned())), none("urn:two/"), none("urn:three#")]);
}

#[test]
fn own_schemas_are_described_as_the_validator_wants_it() {
    let mut document = document();
    let now = datetime!(2026-01-02 3:04:05 UTC);
    let wanted = [own("urn:one#", "own", "note", "x"), own("urn:two/", "other", "Number", "17")];
    write_schemas(&mut document, &wanted, now).unwrap();
    let broken = crate::pdf::gate::refusals(&document, Flavour::A2B);
    // The document has no pages and fonts, but all of its metadata (6.6) are right.
    assert!(broken.iter().all(|clause| !clause.starts_with("6.6")), "{broken:?}");
}

#[test]
fn a_schema_goes_with_the_file_that_it_names() {
    let mut document = document();
    let now = datetime!(2026-01-02 3:04:05 UTC);
    let wanted = [own("urn:one#", "own", "DocumentFileName", "a.xml"), own("urn:two/", "other", "note", "stays")];
    write_schemas(&mut document, &wanted, now).unwrap();
    assert_eq!(schemas(&document), wanted.get(1..).unwrap());
}

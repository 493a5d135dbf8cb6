use lopdf::{Document, Object, dictionary};
use time::macros::datetime;

use super::write;
use crate::pdf::validate::Flavour;
use crate::{domain::metadata::Metadata, pdf::object};

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
    let wanted = Metadata { author: Some("Ödön <x>".into()), ..Metadata::default() };
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

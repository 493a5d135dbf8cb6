//! Invoices in a PDF, through the gate and out again.

use lopdf::{Document, dictionary};
use time::{OffsetDateTime, macros::datetime};

use super::*;
use crate::{
    domain::metadata::Metadata,
    pdf::{
        attach::{self, Attachment, Relationship},
        fonts::FontFolder,
        gate::{self, Wanted},
        metadata,
        validate::{Part, validate},
    },
};

const NOW: OffsetDateTime = datetime!(2026-01-02 3:04:05 UTC);

/// A document of one empty page with files.
fn document(files: &[(&str, &[u8], Relationship)]) -> Document {
    let mut document = Document::new();
    let size = vec![0.into(), 0.into(), 100.into(), 100.into()];
    let page = document.add_object(dictionary! { "Type" => "Page", "MediaBox" => size });
    let root = document.add_object(dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()] });
    document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set("Parent", root);
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    for (name, bytes, relationship) in files {
        let (name, relationship, media_type) = (*name, *relationship, "application/octet-stream");
        let file =
            Attachment { name, media_type, bytes, relationship, modified: NOW, created: None, description: None };
        attach::attach(&mut document, &file).unwrap();
    }
    document
}

/// The document as it comes out of the gate, which it passes as PDF/A-3.
fn archived(document: Document, part: Part) -> Document {
    let (metadata, fonts) = (Metadata::default(), FontFolder::open(&[]));
    let wanted = Wanted { part, metadata: &metadata, now: NOW, fonts: &fonts, writer: None };
    let passed = gate::pass(document, &wanted).unwrap();
    assert!(validate(&passed.bytes, passed.flavour).is_compliant());
    crate::pdf::read(passed.bytes, &[]).unwrap().document
}

/// Declares the only invoice of a document.
fn declared(document: &mut Document, country: Country) -> Option<Declared> {
    let found = find(document, 1 << 20).unwrap();
    let [(file, _, invoice)] = found.as_slice() else { panic!("{found:?}") };
    declare(document, file, invoice, country, NOW).unwrap()
}

#[test]
fn every_standard_has_its_name_relationship_and_schema() {
    const FX: &str = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#";
    const ZF: &str = "urn:zugferd:pdfa:CrossIndustryDocument:invoice:2p0#";
    let (data, alternative) = (Relationship::Data, Relationship::Alternative);
    for (guideline, name, relationship, namespace, version, level) in [
        ("urn:factur-x.eu:1p0:minimum", "factur-x.xml", data, FX, "1.0", "MINIMUM"),
        ("urn:factur-x.eu:1p0:basicwl", "factur-x.xml", data, FX, "1.0", "BASIC WL"),
        (
            "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic",
            "factur-x.xml",
            alternative,
            FX,
            "1.0",
            "BASIC",
        ),
        ("urn:cen.eu:en16931:2017", "factur-x.xml", alternative, FX, "1.0", "EN 16931"),
        (
            "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
            "factur-x.xml",
            alternative,
            FX,
            "1.0",
            "EXTENDED",
        ),
        (
            "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
            "xrechnung.xml",
            alternative,
            FX,
            "3.0",
            "XRECHNUNG",
        ),
        ("urn:zugferd.de:2p0:minimum", "zugferd-invoice.xml", data, ZF, "2p0", "MINIMUM"),
    ] {
        let xml = cii(guideline);
        let mut document = document(&[("some.bin", xml.as_bytes(), Relationship::Unspecified)]);
        let declared = declared(&mut document, Country::Germany).unwrap();
        assert_eq!((declared.name, declared.relationship), (name, relationship), "{guideline}");
        let document = archived(document, Part::Three);
        let found = find(&document, 1 << 20).unwrap();
        let [(file, bytes, _)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(bytes, xml.as_bytes());
        assert_eq!((file.name.as_str(), file.relationship), (name, Some(relationship)));
        assert_eq!(file.media_type.as_deref(), Some("text/xml"));
        let schemas = metadata::schemas(&document);
        let [schema] = schemas.as_slice() else { panic!("{schemas:?}") };
        assert_eq!(schema.namespace(), namespace);
        for (property, wanted) in
            [("DocumentFileName", name), ("DocumentType", "INVOICE"), ("Version", version), ("ConformanceLevel", level)]
        {
            assert_eq!(schema.value(property), Some(wanted), "{guideline}");
        }
    }
}

#[test]
fn an_invoice_in_ubl_is_found_and_left_as_it_is() {
    let mut document = document(&[("a.xml", UBL.as_bytes(), Relationship::Supplement)]);
    assert_eq!(declared(&mut document, Country::Germany), None);
    let file = attach::list(&document).unwrap().remove(0);
    assert_eq!((file.name.as_str(), file.relationship), ("a.xml", Some(Relationship::Supplement)));
    assert!(metadata::schemas(&document).is_empty());
}

#[test]
fn a_source_stays_one_in_france_alone() {
    for (country, wanted) in [(Country::France, Relationship::Source), (Country::Germany, Relationship::Alternative)] {
        let mut document = document(&[("a.xml", CII.as_bytes(), Relationship::Source)]);
        assert_eq!(declared(&mut document, country).unwrap().relationship, wanted);
    }
}

#[test]
fn another_file_of_the_name_makes_room() {
    let (other, invoice) = (("Factur-X.xml", &b"<other/>"[..], Relationship::Data), CII.as_bytes());
    let mut document = document(&[other, ("a.xml", invoice, Relationship::Data)]);
    declared(&mut document, Country::Germany).unwrap();
    let extracted = files(&archived(document, Part::Three), 1 << 20).unwrap().files;
    let found: Vec<(&str, &[u8])> =
        extracted.iter().map(|(file, bytes)| (file.name.as_str(), bytes.as_slice())).collect();
    assert_eq!(found, [("factur-x (2).xml", &b"<other/>"[..]), ("factur-x.xml", invoice)]);
}

#[test]
fn declaring_again_changes_nothing_and_another_standard_takes_the_place() {
    let mut document = document(&[("a.xml", CII.as_bytes(), Relationship::Data)]);
    let first = declared(&mut document, Country::Germany);
    let (entries, schemas) = (attach::list(&document).unwrap(), metadata::schemas(&document));
    assert_eq!(declared(&mut document, Country::Germany), first);
    assert_eq!((attach::list(&document).unwrap(), metadata::schemas(&document)), (entries, schemas));
    let (file, _, mut invoice) = find(&document, 1 << 20).unwrap().remove(0);
    invoice.standard = Standard::Zugferd2;
    declare(&mut document, &file, &invoice, Country::Germany, NOW).unwrap();
    let schemas = metadata::schemas(&document);
    assert_eq!(schemas.len(), 1);
    assert_eq!(schemas[0].value("DocumentFileName"), Some("zugferd-invoice.xml"));
}

#[test]
fn the_declaration_goes_where_the_file_goes() {
    let mut document = document(&[("a.xml", CII.as_bytes(), Relationship::Data)]);
    declared(&mut document, Country::Germany).unwrap();
    let document = archived(document, Part::Two);
    assert!(attach::list(&document).unwrap().is_empty());
    assert!(metadata::schemas(&document).is_empty());
}

#[test]
fn xml_is_found_by_what_it_is() {
    let files_in = [
        ("a.bin", &b"<a><b/></a>"[..]),
        ("b.xml", b"not XML"),
        ("c.txt", b"\xEF\xBB\xBF<?xml version=\"1.0\"?><broken>"),
        ("d.pdf", b"%PDF-1.7"),
        ("e", b"<!DOCTYPE a><a/>"),
    ];
    let all: Vec<(&str, &[u8], Relationship)> =
        files_in.iter().map(|(name, bytes)| (*name, *bytes, Relationship::Data)).collect();
    let extracted = files(&document(&all), 1 << 20).unwrap().files;
    let names: Vec<&str> = extracted.iter().map(|(file, _)| file.name.as_str()).collect();
    assert_eq!(names, ["a.bin", "c.txt", "e"]);
}

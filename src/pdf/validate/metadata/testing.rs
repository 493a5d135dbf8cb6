//! Documents for the tests of this chapter: nothing but a catalog with metadata.

use lopdf::{Document, Stream, dictionary};

use super::RULES;
use crate::pdf::validate::{Flavour, subject::Subject};

/// A packet that holds a description, the element of which may be written as `d`.
pub(super) fn packet(description: &str) -> String {
    let description = description.replace("<d ", "<rdf:Description rdf:about=\"\" ");
    format!(
        "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
        <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">{description}</rdf:RDF></x:xmpmeta>\
        <?xpacket end=\"w\"?>"
    )
}

/// A description that holds properties, with the usual prefixes declared.
pub(super) fn description(properties: &str) -> String {
    let prefixes = [
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("xmp", "http://ns.adobe.com/xap/1.0/"),
        ("pdf", "http://ns.adobe.com/pdf/1.3/"),
        ("xmpMM", "http://ns.adobe.com/xap/1.0/mm/"),
        ("xmpRights", "http://ns.adobe.com/xap/1.0/rights/"),
        ("stRef", "http://ns.adobe.com/xap/1.0/sType/ResourceRef#"),
        ("exif", "http://ns.adobe.com/exif/1.0/"),
        ("pdfaExtension", "http://www.aiim.org/pdfa/ns/extension/"),
        ("pdfaSchema", "http://www.aiim.org/pdfa/ns/schema#"),
        ("pdfaProperty", "http://www.aiim.org/pdfa/ns/property#"),
        ("pdfaType", "http://www.aiim.org/pdfa/ns/type#"),
        ("pdfaField", "http://www.aiim.org/pdfa/ns/field#"),
        ("own", "urn:own/"),
        ("part", "urn:part/"),
    ];
    let prefixes: String = prefixes.iter().map(|(prefix, uri)| format!(" xmlns:{prefix}=\"{uri}\"")).collect();
    format!("<rdf:Description rdf:about=\"\"{prefixes}>{properties}</rdf:Description>")
}

/// A metadata stream.
pub(super) fn stream(packet: &[u8]) -> Stream {
    Stream::new(dictionary! { "Type" => "Metadata", "Subtype" => "XML" }, packet.to_vec())
}

/// A document with a packet.
pub(super) fn document(packet: &str) -> Document {
    let mut document = Document::with_version("1.7");
    let metadata = document.add_object(stream(packet.as_bytes()));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Metadata" => metadata });
    document.trailer.set("Root", catalog);
    document
}

/// Whether a document with a packet breaks a rule.
pub(super) fn breaks(rule: &str, flavour: Flavour, packet: &str) -> bool {
    breaks_in(rule, flavour, &document(packet))
}

/// Whether a document breaks a rule.
pub(super) fn breaks_in(rule: &str, flavour: Flavour, document: &Document) -> bool {
    let subject = Subject::new(b"", 0, document, flavour);
    let rule = RULES.iter().find(|other| other.name == rule).expect("the rule is in the list");
    rule.run(&subject).is_some()
}

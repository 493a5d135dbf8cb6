//! The XMP packet: a description of predefined properties, then the schemas of their own, described as PDF/A wants it, each
//! in a description of its own, so that two of them may have the same prefix.

use quick_xml::{
    Writer,
    events::{BytesEnd, BytesStart, BytesText, Event},
};
use time::OffsetDateTime;

use super::{
    PRODUCER,
    description::Description,
    schema::{Category, Schema},
};
use crate::{
    domain::metadata::Property,
    pdf::validate::{Flavour, Level, Part},
};

/// The byte order mark and the id are fixed by the XMP specification.
const HEAD: &str = "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n";

const NAMESPACES: [(&str, &str); 6] = [
    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ("xmlns:xmp", "http://ns.adobe.com/xap/1.0/"),
    ("xmlns:xmpRights", "http://ns.adobe.com/xap/1.0/rights/"),
    ("xmlns:pdf", "http://ns.adobe.com/pdf/1.3/"),
    ("xmlns:pdfaid", "http://www.aiim.org/pdfa/ns/id/"),
    ("rdf:about", ""),
];

/// The namespaces in which other schemas are described (ISO 19005-2, 6.6.2.3.3).
const EXTENSION_NAMESPACES: [(&str, &str); 4] = [
    ("xmlns:pdfaExtension", "http://www.aiim.org/pdfa/ns/extension/"),
    ("xmlns:pdfaSchema", "http://www.aiim.org/pdfa/ns/schema#"),
    ("xmlns:pdfaProperty", "http://www.aiim.org/pdfa/ns/property#"),
    ("rdf:about", ""),
];

/// How a property holds its value.
#[derive(Clone, Copy)]
enum Shape {
    /// Text.
    Plain,
    /// Text by language.
    Languages,
    /// A list in order.
    Sequence,
    /// A list without order.
    Bag,
}

/// How XMP holds the value of a property (XMP specification, part 1, 8; ISO 16684-1).
const fn shape(property: Property) -> Shape {
    match property {
        Property::Title | Property::Subject | Property::Rights | Property::UsageTerms => Shape::Languages,
        Property::Author => Shape::Sequence,
        Property::Contributor | Property::Type | Property::XmpIdentifier | Property::Owner => Shape::Bag,
        Property::Keywords
        | Property::Coverage
        | Property::Identifier
        | Property::Source
        | Property::BaseUrl
        | Property::CreatorTool
        | Property::Nickname
        | Property::Certificate
        | Property::Marked
        | Property::WebStatement => Shape::Plain,
    }
}

/// Builds the packet.
pub(super) fn build(description: &Description, schemas: &[Schema], claim: Option<Flavour>) -> Vec<u8> {
    let mut packet = HEAD.as_bytes().to_vec();
    let mut writer = Writer::new(&mut packet);
    open(&mut writer, BytesStart::new("x:xmpmeta").with_attributes([("xmlns:x", "adobe:ns:meta/")]));
    let rdf = ("xmlns:rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#");
    open(&mut writer, BytesStart::new("rdf:RDF").with_attributes([rdf]));
    open(&mut writer, BytesStart::new("rdf:Description").with_attributes(NAMESPACES));
    if let Some(claim) = claim {
        for (name, value) in identification(claim) {
            property(&mut writer, name, Shape::Plain, value);
        }
    }
    for (said, value) in description.said.iter() {
        property(&mut writer, said.name(), shape(said), value);
    }
    property(&mut writer, "pdf:Producer", Shape::Plain, PRODUCER);
    if let Some(created) = description.created {
        property(&mut writer, "xmp:CreateDate", Shape::Plain, &date(created));
    }
    property(&mut writer, "xmp:ModifyDate", Shape::Plain, &date(description.modified));
    property(&mut writer, "xmp:MetadataDate", Shape::Plain, &date(description.modified));
    close(&mut writer, "rdf:Description");
    if !schemas.is_empty() {
        describe(&mut writer, schemas);
        schemas.iter().for_each(|schema| say(&mut writer, schema));
    }
    close(&mut writer, "rdf:RDF");
    close(&mut writer, "x:xmpmeta");
    packet.extend_from_slice(b"\n<?xpacket end=\"w\"?>");
    packet
}

/// Describes schemas and their properties, in the order of fields that the standard has.
fn describe(writer: &mut Writer<&mut Vec<u8>>, schemas: &[Schema]) {
    let resource = || BytesStart::new("rdf:li").with_attributes([("rdf:parseType", "Resource")]);
    open(writer, BytesStart::new("rdf:Description").with_attributes(EXTENSION_NAMESPACES));
    open(writer, BytesStart::new("pdfaExtension:schemas"));
    open(writer, BytesStart::new("rdf:Bag"));
    for schema in schemas {
        open(writer, resource());
        property(writer, "pdfaSchema:schema", Shape::Plain, &schema.name);
        property(writer, "pdfaSchema:namespaceURI", Shape::Plain, &schema.namespace);
        property(writer, "pdfaSchema:prefix", Shape::Plain, &schema.prefix);
        open(writer, BytesStart::new("pdfaSchema:property"));
        open(writer, BytesStart::new("rdf:Seq"));
        for said in &schema.properties {
            let category = match said.category {
                Category::Internal => "internal",
                Category::External => "external",
            };
            open(writer, resource());
            property(writer, "pdfaProperty:name", Shape::Plain, &said.name);
            property(writer, "pdfaProperty:valueType", Shape::Plain, "Text");
            property(writer, "pdfaProperty:category", Shape::Plain, category);
            property(writer, "pdfaProperty:description", Shape::Plain, &said.description);
            close(writer, "rdf:li");
        }
        for name in ["rdf:Seq", "pdfaSchema:property", "rdf:li"] {
            close(writer, name);
        }
    }
    for name in ["rdf:Bag", "pdfaExtension:schemas", "rdf:Description"] {
        close(writer, name);
    }
}

/// Says what is said in a schema.
fn say(writer: &mut Writer<&mut Vec<u8>>, schema: &Schema) {
    let prefix = format!("xmlns:{}", schema.prefix);
    let attributes = [(prefix.as_str(), schema.namespace.as_str()), ("rdf:about", "")];
    open(writer, BytesStart::new("rdf:Description").with_attributes(attributes));
    for said in &schema.properties {
        property(writer, &format!("{}:{}", schema.prefix, said.name), Shape::Plain, &said.value);
    }
    close(writer, "rdf:Description");
}

/// What identifies a file as PDF/A (ISO 19005-2, 6.6.4; ISO 19005-4, 6.7.3).
fn identification(claim: Flavour) -> Vec<(&'static str, &'static str)> {
    let part = match claim.part() {
        Part::One => "1",
        Part::Two => "2",
        Part::Three => "3",
        Part::Four => "4",
    };
    let level = match claim.level() {
        Level::A => Some("A"),
        Level::U => Some("U"),
        Level::B => Some("B"),
        Level::E => Some("E"),
        Level::F => Some("F"),
        Level::Plain => None,
    };
    let mut said = vec![("pdfaid:part", part)];
    said.extend(level.map(|level| ("pdfaid:conformance", level)));
    if claim.part() == Part::Four {
        said.push(("pdfaid:rev", "2020"));
    }
    said
}

fn property(writer: &mut Writer<&mut Vec<u8>>, name: &str, shape: Shape, value: &str) {
    let (list, item) = match shape {
        Shape::Plain => (None, BytesStart::new("rdf:li")),
        Shape::Languages => (Some("rdf:Alt"), BytesStart::new("rdf:li").with_attributes([("xml:lang", "x-default")])),
        Shape::Sequence => (Some("rdf:Seq"), BytesStart::new("rdf:li")),
        Shape::Bag => (Some("rdf:Bag"), BytesStart::new("rdf:li")),
    };
    open(writer, BytesStart::new(name));
    if let Some(list) = list {
        open(writer, BytesStart::new(list));
        open(writer, item);
        text(writer, value);
        close(writer, "rdf:li");
        close(writer, list);
    } else {
        text(writer, value);
    }
    close(writer, name);
}

fn open(writer: &mut Writer<&mut Vec<u8>>, element: BytesStart<'_>) {
    put(writer, Event::Start(element));
}

fn close(writer: &mut Writer<&mut Vec<u8>>, name: &str) {
    put(writer, Event::End(BytesEnd::new(name)));
}

fn text(writer: &mut Writer<&mut Vec<u8>>, value: &str) {
    put(writer, Event::Text(BytesText::new(value)));
}

fn put(writer: &mut Writer<&mut Vec<u8>>, event: Event<'_>) {
    let written = writer.write_event(event);
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}

/// A date as ISO 8601, to the second, as `Info` holds it.
fn date(moment: OffsetDateTime) -> String {
    let minutes = moment.offset().whole_minutes();
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        minutes / 60,
        minutes % 60
    )
}

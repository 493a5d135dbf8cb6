//! Properties (parts 2 and 3: 6.6.2.3.1; part 1: 6.7.9): each is defined somewhere, and has a value of the type that is
//! defined for it. First the schemas that its own packet describes are asked, then, in parts 2 and 3, those that the
//! packet of the catalog does, then the ones that XMP predefines.

use super::{
    packet::Packet,
    schemas::{self, Edition, namespace},
    types::Types,
    xmp::Node,
};
use crate::pdf::validate::{rule::Findings, subject::Subject};

/// Every property belongs to a schema that XMP predefines or the file describes (6.6.2.3.1 of part 2).
pub(super) fn defined(subject: &Subject<'_>, findings: &mut Findings) {
    each(subject, |packet, property, definition| {
        if definition.is_none() {
            let place = packet.id;
            findings.add(place, || {
                format!("The property {} of {} is defined nowhere.", property.written(), property.namespace)
            });
        }
    });
}

/// Every property has a value of the type that its schema defines (6.6.2.3.1 of part 2).
pub(super) fn typed(subject: &Subject<'_>, findings: &mut Findings) {
    each(subject, |packet, property, definition| {
        let (Some((types, value_type)), Ok(xmp)) = (definition, &packet.xmp) else { return };
        findings.add_if(!types.fits(&xmp.model, property, value_type), packet.id, || {
            format!("The value of the property {} is not of the type {value_type}.", property.written())
        });
    });
}

/// Visits every property with its definition. The descriptions of schemas themselves have rules of their own.
fn each(subject: &Subject<'_>, mut visit: impl FnMut(&Packet, &Node, Option<(&Types, &str)>)) {
    let edition = Edition::of(subject.flavour.part());
    let predefined = Types::new(edition, None);
    let main = subject.packets().main();
    for packet in subject.packets().all() {
        let Ok(xmp) = &packet.xmp else { continue };
        for property in xmp.model.properties() {
            if property.is(namespace::EXTENSION, "schemas") {
                continue;
            }
            let (uri, name) = (&*property.namespace, property.name.as_str());
            let definition = packet
                .schemas
                .find(uri, name)
                .or_else(|| main.and_then(|main| main.schemas.find(uri, name)))
                .or_else(|| schemas::property(edition, uri, name).map(|value_type| (&predefined, value_type)));
            visit(packet, property, definition);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::pdf::validate::{
        Flavour,
        metadata::testing::{breaks, description, packet},
    };

    #[test]
    fn a_property_of_no_schema_is_refused() {
        let known = packet(r#"<d xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="a"/>"#);
        let unknown = packet(r#"<d xmlns:dc="http://purl.org/dc/elements/1.1/" dc:sauce="a"/>"#);
        let later = packet(r#"<d xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Label="a"/>"#);
        assert!(!breaks("xmp-property-defined", Flavour::A2B, &known));
        assert!(breaks("xmp-property-defined", Flavour::A2B, &unknown));
        assert!(breaks("xmp-property-defined", Flavour::A1B, &later), "it came with the edition of 2005");
        assert!(!breaks("xmp-property-defined", Flavour::A2B, &later));
        assert!(!breaks("xmp-property-defined", Flavour::A4, &unknown), "part 4 does not ask");
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let cases = [
            ("dc:title", "<rdf:Alt><rdf:li xml:lang=\"x-default\">a</rdf:li></rdf:Alt>", true),
            ("dc:title", "<rdf:Alt><rdf:li>a</rdf:li></rdf:Alt>", false),
            ("dc:title", "a", false),
            ("dc:creator", "<rdf:Seq><rdf:li>a</rdf:li></rdf:Seq>", true),
            ("dc:creator", "<rdf:Bag><rdf:li>a</rdf:li></rdf:Bag>", false),
            ("dc:format", "application/pdf", true),
            ("dc:format", "pdf", false),
            ("xmp:CreateDate", "2026-01-31T10:00:00+01:00", true),
            ("xmp:CreateDate", "31.1.2026", false),
            ("xmp:Rating", "3.5", true),
            ("xmp:Rating", "good", false),
            ("xmpMM:DerivedFrom", "<rdf:Description stRef:versionID=\"1\"/>", true),
            ("xmpMM:DerivedFrom", "<rdf:Description stRef:color=\"1\"/>", false),
            ("xmpMM:SaveID", "+12", true),
            ("xmpMM:SaveID", "1.2", false),
            ("exif:GPSLatitude", "48,8.123N", true),
            ("exif:GPSLatitude", "48 N", false),
            ("xmpRights:Marked", "True", true),
            ("xmpRights:Marked", "true", false),
        ];
        for (name, value, fits) in cases {
            let text = packet(&description(&format!("<{name}>{value}</{name}>")));
            assert_eq!(breaks("xmp-property-type", Flavour::A2B, &text), !fits, "{name} {value}");
        }
    }
}

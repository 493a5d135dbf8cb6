//! What is XMP and what is not.

use super::{Form, List, Xmp};
use crate::pdf::validate::metadata::testing::{description, packet};

const DC: &str = "http://purl.org/dc/elements/1.1/";

fn read(properties: &str) -> Result<Xmp, String> {
    Xmp::read(&packet(&description(properties)))
}

#[test]
fn every_way_to_write_a_property_is_read() {
    let text = |xmp: &str| read(xmp).unwrap().model.property(DC, "source").unwrap().text().map(str::to_owned);
    assert_eq!(text("<dc:source>a &amp; b&#x21;</dc:source>").as_deref(), Some("a & b!"));
    assert_eq!(text("<dc:source xml:lang=\"en\"> a </dc:source>").as_deref(), Some(" a "));
    assert_eq!(text("<dc:source/>").as_deref(), Some(""));
    assert_eq!(text("<dc:source rdf:resource=\"urn:a\"/>").as_deref(), Some("urn:a"));
    assert_eq!(text("<dc:source rdf:value=\"a\" own:note=\"b\"/>").as_deref(), Some("a"));
    assert_eq!(text("<dc:source rdf:datatype=\"urn:text\">a</dc:source>").as_deref(), Some("a"));
    let qualified = "<dc:source rdf:parseType=\"Resource\"><rdf:value>a</rdf:value><own:note>b</own:note></dc:source>";
    assert_eq!(text(qualified).as_deref(), Some("a"));
    let described = "<dc:source><rdf:Description rdf:value=\"a\" own:note=\"b\"/></dc:source>";
    assert_eq!(text(described).as_deref(), Some("a"));
    assert_eq!(text("<dc:source own:a=\"1\" own:b=\"2\"/>"), None, "a structure");
    assert_eq!(text("<dc:source><own:Thing own:a=\"1\"/></dc:source>"), None, "a structure with a type");
    let attribute = Xmp::read(&packet(&format!("<d xmlns:dc=\"{DC}\" dc:source=\"a\"/>"))).unwrap();
    assert_eq!(attribute.model.property(DC, "source").unwrap().text(), Some("a"));
}

#[test]
fn lists_keep_their_kind_and_order() {
    let xmp = read("<dc:creator><rdf:Seq><rdf:li>a</rdf:li><rdf:li xml:lang=\"de\">b</rdf:li></rdf:Seq></dc:creator>")
        .unwrap();
    let list = xmp.model.property(DC, "creator").unwrap();
    assert!(matches!(list.form, Form::List(List::Seq, _)));
    let items: Vec<_> = xmp.model.held(list).map(|item| (item.text(), item.language.as_deref())).collect();
    assert_eq!(items, [(Some("a"), None), (Some("b"), Some("de"))]);
}

#[test]
fn what_is_no_xmp_is_refused() {
    let bodies = [
        "<dc:source>a</dc:source><dc:source>b</dc:source>",
        "<dc:source rdf:parseType=\"Literal\">a</dc:source>",
        "<dc:source rdf:parseType=\"Resource\" own:a=\"b\"/>",
        "<dc:source rdf:resource=\"urn:a\">a</dc:source>",
        "<dc:source rdf:resource=\"urn:a\" rdf:value=\"b\"/>",
        "<dc:source><rdf:Bag/><rdf:Bag/></dc:source>",
        "<dc:source>a<rdf:Bag/></dc:source>",
        "<dc:source><rdf:li>a</rdf:li></dc:source>",
        "<rdf:li>a</rdf:li>",
        "<rdf:value>a</rdf:value>",
        "<rdf:Description/>",
        "<dc:source><![CDATA[a]]></dc:source>",
        "text",
        "<source>a</source>",
        "<dc:source rdf:bagID=\"a\"/>",
        "<none:source>a</none:source>",
        "<dc:source>a & b</dc:source>",
        "<dc:source>&entity;</dc:source>",
        "<dc:source>\u{FFFE}</dc:source>",
        "<dc:source>&#xFFFF;</dc:source>",
        "<dc:source>]]></dc:source>",
        "<dc:source xml:lang=\"a\" xml:lang=\"b\">a</dc:source>",
        "<dc:source own:a=\"<\"/>",
        "<dc:source>a</dc:sauce>",
    ];
    for body in bodies {
        assert!(read(body).is_err(), "{body}");
    }
    let whole = packet(&description(""));
    for other in
        [String::new(), "text".to_owned(), format!("{whole}<more/>"), format!(" <?xml version=\"1.0\"?>{whole}")]
    {
        assert!(Xmp::read(&other).is_err(), "{other}");
    }
    let two = packet("<rdf:Description rdf:about=\"urn:a\"/><rdf:Description rdf:about=\"urn:b\"/>");
    assert!(Xmp::read(&two).is_err(), "about two things");
}

#[test]
fn control_characters_are_read_as_spaces() {
    let padded = format!("{}\0\0", packet(&description("<dc:source>a\u{1}b</dc:source>")));
    assert_eq!(Xmp::read(&padded).unwrap().model.property(DC, "source").unwrap().text(), Some("a b"));
}

#[test]
fn an_entity_of_a_document_type_is_not_followed() {
    let text = packet(&description("<dc:source>&bomb;</dc:source>"));
    let text = format!("<!DOCTYPE x [<!ENTITY bomb SYSTEM \"file:///etc/passwd\">]>{text}");
    assert!(Xmp::read(&text).is_err());
}

#[test]
fn nesting_without_end_is_refused_at_once() {
    let deep = format!("{}{}", "<own:a><rdf:Bag><rdf:li>".repeat(9999), "</rdf:li></rdf:Bag></own:a>".repeat(9999));
    assert!(read(&deep).is_err());
}

#[test]
fn the_header_is_what_stands_before_the_properties() {
    let xmp = Xmp::read(&packet("")).unwrap();
    assert_eq!(xmp.header.as_deref(), Some(" begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\""));
    assert_eq!(xmp.model.size(), 0);
    assert!(Xmp::read("<x/>").unwrap().header.is_none());
}

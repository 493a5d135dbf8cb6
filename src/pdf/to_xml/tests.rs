use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, Object, Stream, dictionary, text_string};
use quick_xml::{Reader, events::Event};

use super::{NAMESPACE, Written, write_xml};
use crate::pdf::{Error, OutputError, object, pages};

/// The schema of what is written.
const SCHEMA: &str = include_str!("../../../docs/document.xsd");

/// A page with a heading, a paragraph over two lines, and a picture that is described, all of them marked.
const CONTENT: &str = "/H1 <</MCID 0>> BDC BT /F 20 Tf 50 150 Td (Title) Tj ET EMC \
    /P <</MCID 1>> BDC BT /F 10 Tf 50 120 Td (Some < words) Tj 0 -12 Td (go on) Tj ET EMC \
    /Figure <</MCID 2>> BDC 50 50 20 20 re f EMC";

fn document(entries: Dictionary) -> Document {
    let mut document = Document::new();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    });
    let content = document.add_object(Stream::new(dictionary! {}, CONTENT.as_bytes().to_vec()));
    let root = document.new_object_id();
    let mut page = dictionary! {
        "Type" => "Page", "Parent" => root, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), 400.into(), 200.into()],
        "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
    };
    page.extend(&entries);
    let page = document.add_object(page);
    let kids: Vec<Object> = vec![page.into()];
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => kids }.into());
    let catalog = dictionary! { "Type" => "Catalog", "Pages" => root, "Lang" => Object::string_literal("en") };
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    let info = document.add_object(dictionary! { "Title" => text_string("A & B\u{1}") });
    document.trailer.set("Info", info);
    document
}

/// Adds a structure tree with these kids of its only section.
fn tag(document: &mut Document, kids: impl FnOnce(&mut Document) -> Vec<Object>) {
    let page = pages::list(document)[0];
    let kids = kids(document);
    let section = document.add_object(dictionary! { "Type" => "StructElem", "S" => "Sect", "Pg" => page, "K" => kids });
    let root = dictionary! {
        "Type" => "StructTreeRoot", "K" => section, "RoleMap" => dictionary! { "Big" => "Bigger", "Bigger" => "H1" },
    };
    let root = document.add_object(root);
    object::catalog_mut(document).unwrap().set("StructTreeRoot", root);
}

fn written(document: &mut Document) -> (Written, String) {
    let bytes = crate::pdf::write(document, crate::pdf::Shape::Packed).unwrap();
    let mut out = Vec::new();
    let written = write_xml(document, &bytes, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    hold(&text);
    (written, text)
}

/// The elements that the schema has, each with its attributes.
fn schema() -> BTreeMap<String, BTreeSet<String>> {
    let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut elements: Vec<(String, String)> = Vec::new();
    // Names of the elements, types and groups that are open.
    let mut open: Vec<(String, String)> = Vec::new();
    let mut reader = Reader::from_str(SCHEMA);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let value = |key: &str| {
                    let found = start.attributes().flatten().find(|each| each.key.as_ref() == key);
                    found.map(|each| each.value.to_string())
                };
                let kind = start.name().as_ref().to_owned();
                let name = value("name").or_else(|| value("ref")).unwrap_or_default();
                match kind.as_str() {
                    "xs:element" => {
                        let of = value("type").unwrap_or_else(|| format!("={name}"));
                        elements.push((name.clone(), of));
                    }
                    "xs:attribute" | "xs:attributeGroup" => {
                        let holder = open.iter().rev().find(|(_, name)| !name.is_empty());
                        if let Some((kind, holder)) = holder {
                            let holder = if kind == "xs:element" { format!("={holder}") } else { holder.clone() };
                            types.entry(holder).or_default().insert(name.clone());
                        }
                    }
                    _ => {}
                }
                open.push((kind, name));
            }
            Event::End(_) => drop(open.pop()),
            Event::Eof => break,
            Event::Empty(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
    let area = types["Area"].clone();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, of) in elements {
        let mut attributes = types.get(&of).cloned().unwrap_or_default();
        if attributes.remove("Area") {
            attributes.extend(area.clone());
        }
        found.entry(name).or_default().extend(attributes);
    }
    found
}

/// Holds what was written against XML and the names of the schema.
fn hold(text: &str) {
    let known = schema();
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                depth += 1;
                let attributes = known.get(start.name().as_ref()).unwrap_or_else(|| panic!("{start:?}"));
                for attribute in start.attributes().map(Result::unwrap) {
                    let name = attribute.key.as_ref();
                    assert!(attributes.contains(name) || name == "xmlns" && attribute.value == NAMESPACE, "{start:?}");
                }
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            Event::Empty(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
    assert_eq!(depth, 0);
}

fn element(kind: &str, entries: Dictionary) -> Object {
    let mut element = dictionary! { "Type" => "StructElem", "S" => kind };
    element.extend(&entries);
    element.into()
}

#[test]
fn words_come_with_their_places_from_the_top_left() {
    let (told, text) = written(&mut document(dictionary! {}));
    assert_eq!((told.pages, told.events), (1, Vec::new()));
    assert!(text.contains(r#"<page number="1" width="400" height="200">"#), "{text}");
    // The line is at 150 of 200 from below: 50 from above, less 0.8 of an em.
    assert!(text.contains(r#"<word x="50" y="34" width="37.78" height="20" size="20""#), "{text}");
    assert!(text.contains(">&lt;</word>") && text.contains("<info name=\"Title\">A &amp; B</info>"), "{text}");
    assert!(text.contains(r#"tagged="false" lang="en""#) && !text.contains("<structure"));
    // The paragraph is one block of two lines; the heading is of another size.
    assert_eq!((text.matches("<block").count(), text.matches("<line").count()), (2, 3), "{text}");
}

#[test]
fn places_are_those_of_the_page_as_it_is_shown() {
    let (_, text) = written(&mut document(dictionary! { "Rotate" => 90, "UserUnit" => 2 }));
    assert!(text.contains(r#"<page number="1" width="400" height="800">"#), "{text}");
    // What went to the right goes down, and everything is twice as large.
    assert!(text.contains(r#"<word x="292" y="100" width="40" height="75.56" size="40""#), "{text}");
    assert!(text.contains(r#"angle="90""#));
}

#[test]
fn the_structure_has_the_text_of_its_marks_by_its_own_order() {
    let mut document = document(dictionary! {});
    tag(&mut document, |_| {
        let lang = Object::string_literal("de");
        vec![
            element("P", dictionary! { "K" => 1, "Lang" => lang }),
            element("Big", dictionary! { "K" => vec![0.into()] }),
            element("Figure", dictionary! { "K" => 2, "Alt" => text_string("A <box>") }),
            element("Own", dictionary! { "ActualText" => text_string("instead"), "K" => 0 }),
            element("TD", dictionary! { "A" => dictionary! { "O" => "Table", "ColSpan" => 2, "RowSpan" => 1 } }),
        ]
    });
    let (_, text) = written(&mut document);
    for part in [
        r#"<section page="1">"#,
        r#"<p lang="de">Some &lt; words go on </p>"#,
        r#"<h1 role="Big">Title </h1>"#,
        r#"<figure alt="A &lt;box&gt;"></figure>"#,
        r#"<element role="Own">instead</element>"#,
        r#"<cell columns="2"></cell>"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.find("<p ").unwrap() < text.find("<h1").unwrap());
}

#[test]
fn a_structure_that_goes_in_a_circle_or_without_end_ends() {
    let mut circle = document(dictionary! {});
    tag(&mut circle, |document| {
        let one = document.new_object_id();
        document.objects.insert(one, element("P", dictionary! { "K" => vec![one.into(), 0.into()] }));
        vec![one.into(), one.into()]
    });
    let (told, text) = written(&mut circle);
    assert_eq!((text.matches("<p>").count(), told.events.len()), (1, 0), "{text}");
    let mut deep = document(dictionary! {});
    tag(&mut deep, |document| {
        let mut inner = element("P", dictionary! { "K" => 0 });
        for _ in 0..500 {
            let id = document.add_object(inner);
            inner = element("Div", dictionary! { "K" => id });
        }
        vec![document.add_object(inner).into()]
    });
    let (told, text) = written(&mut deep);
    assert!(text.contains("Title ") && told.events.len() == 1, "{text}");
}

#[test]
fn the_outline_is_nested_and_leads_to_pages_and_attachments_are_listed() {
    let mut document = document(dictionary! {});
    let page = pages::list(&document)[0];
    let ids = [(); 4].map(|()| document.new_object_id());
    let [root, one, two, below] = ids;
    let title = |title: &str| text_string(title);
    document.objects.insert(root, dictionary! { "First" => one, "Last" => two }.into());
    let item =
        dictionary! { "Title" => title("One"), "Next" => two, "First" => below, "Dest" => Object::string_literal("d") };
    document.objects.insert(one, item.into());
    // It goes round in a circle.
    document.objects.insert(below, dictionary! { "Title" => title("Below"), "Next" => one }.into());
    let action = dictionary! { "S" => "GoTo", "D" => vec![page.into(), object::named("Fit")] };
    document.objects.insert(two, dictionary! { "Title" => title("Two"), "A" => action }.into());
    let file = document.add_object(Stream::new(dictionary! { "Subtype" => "text/xml" }, b"<a/>".to_vec()));
    let file = dictionary! {
        "Type" => "Filespec", "UF" => title("ä.xml"), "EF" => dictionary! { "F" => file }, "AFRelationship" => "Data",
    };
    let dests =
        dictionary! { "Names" => vec![Object::string_literal("d"), vec![page.into(), object::named("Fit")].into()] };
    let files = dictionary! { "Names" => vec![text_string("k"), file.into()] };
    let catalog = object::catalog_mut(&mut document).unwrap();
    catalog.set("Outlines", root);
    catalog.set("Names", dictionary! { "Dests" => dests, "EmbeddedFiles" => files });
    let (_, text) = written(&mut document);
    let flat: String = text.lines().collect();
    let outline = r#"<outline><item title="One" page="1"><item title="Below"></item></item><item title="Two" page="1"></item></outline>"#;
    assert!(flat.contains(outline), "{flat}");
    assert!(flat.contains(r#"<attachment name="ä.xml" type="text/xml" relationship="Data"/>"#), "{flat}");
}

#[test]
fn what_is_no_pdf_is_corrupt() {
    let failed = write_xml(&document(dictionary! {}), b"no PDF", &mut Vec::new());
    assert!(matches!(failed, Err(OutputError::Document(Error::Corrupt { .. }))));
}

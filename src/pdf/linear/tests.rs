use lopdf::{Dictionary, Document, Linearization, Object, Stream, dictionary};

use super::linearise;
use crate::pdf::{Shape, object, page_count, pages, read, text};

/// Pages that say their number in one font, with outlines, names that lead to pages, and a state that two pages share.
fn book(count: usize) -> Document {
    let mut document = Document::new();
    let root = document.new_object_id();
    let font = dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    };
    let font = document.add_object(font);
    let state = document.add_object(dictionary! { "Type" => "ExtGState", "LW" => 2 });
    let mut kids: Vec<Object> = Vec::new();
    for number in 0..count {
        let more = if number % 3 == 1 { "/G gs" } else { "" };
        let content = format!("{more} BT /F 12 Tf 20 50 Td (Page {number}) Tj ET {}", "0 0 m ".repeat(number));
        let content = document.add_object(Stream::new(Dictionary::new(), content.into_bytes()));
        let mut resources = dictionary! { "Font" => dictionary! { "F" => font } };
        if number % 3 == 1 {
            resources.set("ExtGState", dictionary! { "G" => state });
        }
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => resources,
            "MediaBox" => vec![0.into(), 0.into(), 200.into(), 100.into()],
        });
        kids.push(page.into());
    }
    let first = kids.first().cloned().unwrap_or(Object::Null);
    let pages = dictionary! { "Type" => "Pages", "Count" => i64::try_from(count).unwrap(), "Kids" => kids };
    document.objects.insert(root, pages.into());
    let outlines = document.new_object_id();
    let item = document.add_object(dictionary! {
        "Title" => Object::string_literal("One"), "Parent" => outlines, "Dest" => vec![first, object::named("Fit")],
    });
    document.objects.insert(outlines, dictionary! { "First" => item, "Last" => item, "Count" => 1 }.into());
    let tree = document.add_object(dictionary! { "Names" => Vec::<Object>::new() });
    let names = dictionary! { "Dests" => tree };
    let catalog = dictionary! { "Type" => "Catalog", "Pages" => root, "Outlines" => outlines, "Names" => names };
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    document
}

fn said(bytes: &[u8], page: usize) -> String {
    text::extract(bytes, page).unwrap().lines.iter().map(text::Line::text).collect()
}

#[test]
fn a_linearised_file_reads_back_as_the_same_document() {
    for shape in [Shape::Packed, Shape::Classic] {
        for count in [1, 2, 40] {
            let bytes = linearise(&mut book(count), shape).unwrap();
            let document = read(bytes.clone(), &[]).unwrap().document;
            assert_eq!(document.xref_recovery, None, "no table had to be rebuilt");
            assert_eq!(page_count(&document), count);
            for page in 0..count {
                assert_eq!(said(&bytes, page), format!("Page {page}"), "{shape:?}");
            }
            assert!(object::catalog(&document).unwrap().has(b"Outlines"));
        }
    }
}

#[test]
fn the_parameters_say_where_everything_is() {
    for shape in [Shape::Packed, Shape::Classic] {
        let bytes = linearise(&mut book(7), shape).unwrap();
        let document = Document::load_mem(&bytes).unwrap();
        let found =
            document.objects.iter().find_map(|(id, held)| Linearization::from_dictionary(*id, held.as_dict().ok()?));
        let found = found.unwrap();
        let at = |place: u64| &bytes[usize::try_from(place).unwrap()..];
        assert_eq!((found.file_length, found.page_count), (u64::try_from(bytes.len()).unwrap(), 7));
        let first = pages::list(&document)[0];
        assert_eq!(found.first_page_object, first.0);
        assert!(at(found.hint_streams[0].0).starts_with(format!("{} 0 obj", hints_of(&document)).as_bytes()));
        let (hints_at, length) = found.hint_streams[0];
        assert!(bytes[..usize::try_from(hints_at + length).unwrap()].ends_with(b"endobj\n"));
        assert!(at(hints_at + length).starts_with(format!("{} 0 obj", first.0).as_bytes()), "the first page follows");
        assert!(bytes[..usize::try_from(found.first_page_end).unwrap()].ends_with(b"endobj\n"));
        if shape == Shape::Classic {
            assert!(at(found.main_xref_offset).starts_with(b"\n0000000000 65535 f"));
        }
    }
}

/// The number of the object with the hints.
fn hints_of(document: &Document) -> u32 {
    let hints = document.objects.iter().find(|(_, held)| held.as_stream().is_ok_and(|held| held.dict.has(b"S")));
    hints.unwrap().0.0
}

#[test]
fn a_document_without_pages_is_refused() {
    let mut document = book(0);
    assert!(linearise(&mut document, Shape::Packed).is_err());
}

use lopdf::{Document, Object, Stream, dictionary};

use super::read;
use crate::pdf::{
    Error, Shape, page_count, stream,
    usage::survey,
    validate::{Flavour, validate},
    write,
};

fn bytes(pages: usize) -> Vec<u8> {
    let mut document = Document::new();
    let root = document.new_object_id();
    let kids: Vec<Object> = (0..pages)
        .map(|_| document.add_object(dictionary! { "Type" => "Page", "Parent" => root }).into())
        .chain([root.into()])
        .collect();
    document.objects.insert(root, dictionary! {
        "Type" => "Pages", "Count" => 1, "Kids" => kids, "MediaBox" => vec![0.into(), 0.into(), 50.into(), 50.into()],
    }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn junk_before_the_header_is_cut() {
    let junk = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), bytes(2)].concat();
    assert_eq!(page_count(&read(junk, &[]).unwrap().document), 2);
}

/// How many pages are read, and what is told, of a file with two pages whose table has one object a byte too far.
fn misplaced(objects: [&str; 5], number: usize) -> (usize, Vec<String>) {
    let mut text = "%PDF-1.4\n".to_owned();
    let mut table = "xref\n0 6\n0000000000 65535 f \n".to_owned();
    for (index, object) in (1..).zip(objects) {
        let offset = text.len() + usize::from(index == number);
        table += &format!("{offset:010} 00000 n \n");
        text += &format!("{index} 0 {object}\nendobj\n");
    }
    let start = text.len();
    text += &format!("{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    let opened = read(text.into_bytes(), &[]).unwrap();
    (page_count(&opened.document), opened.events.into_iter().map(|event| event.message).collect())
}

const OBJECTS: [&str; 5] = [
    "obj\n<< /Type /Catalog /Pages 2 0 R >>",
    "obj\n<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
    "obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    "obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    "obj\n<< /Nothing /Needs >>",
];

#[test]
fn an_object_that_is_not_where_the_table_has_it_is_looked_for() {
    let (pages, told) = misplaced(OBJECTS, 4);
    assert_eq!(pages, 2);
    assert!(told.len() == 1 && told[0].contains("rebuilt by searching"), "{told:?}");
}

#[test]
fn an_object_that_is_nowhere_is_told() {
    let mut objects = OBJECTS;
    objects[3] = "gone";
    let (pages, told) = misplaced(objects, 4);
    assert_eq!(pages, 1);
    assert!(told.len() == 1 && told[0].contains("1 object cannot be read"), "{told:?}");
}

#[test]
fn an_object_that_nothing_needs_may_be_anywhere() {
    assert_eq!(misplaced(OBJECTS, 5), (2, Vec::new()));
}

#[test]
fn a_page_tree_that_holds_itself_ends() {
    assert_eq!(page_count(&read(bytes(3), &[]).unwrap().document), 3);
}

#[test]
fn a_document_without_pages_is_damaged() {
    assert!(matches!(read(bytes(0), &[]), Err(Error::Corrupt { .. })));
    assert!(matches!(read(b"not a pdf".to_vec(), &[]), Err(Error::Corrupt { .. })));
}

#[test]
fn a_lost_table_of_objects_is_rebuilt_and_reported() {
    let mut broken = bytes(1);
    let at = broken.windows(9).rposition(|window| window == b"startxref").unwrap();
    broken.truncate(at);
    let opened = read(broken, &[]);
    assert!(opened.is_err() || !opened.unwrap().events.is_empty());
}

#[test]
fn what_is_written_can_be_read_and_is_the_same_each_time() {
    let first = write(&mut read(bytes(2), &[]).unwrap().document, Shape::Packed).unwrap();
    let second = write(&mut read(first.clone(), &[]).unwrap().document, Shape::Packed).unwrap();
    assert!(first.starts_with(b"%PDF-1.7\n%"));
    assert_eq!(first, second);
}

#[test]
fn a_dynamic_form_keeps_the_page_that_every_reader_shows_and_the_loss_is_told() {
    let mut document = read(bytes(1), &[]).unwrap().document;
    let catalog = crate::pdf::object::catalog_mut(&mut document).unwrap();
    catalog.set("NeedsRendering", true);
    catalog.set("AcroForm", dictionary! { "XFA" => Object::string_literal("<xdp/>") });
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let opened = read(bytes, &[]).unwrap();
    assert_eq!(page_count(&opened.document), 1);
    assert!(opened.events.iter().any(|event| event.message.contains("dynamic XFA form")));
}

/// A document whose page, with an array of some numbers, hangs in the tree so many times.
fn repeated(numbers: usize, times: usize) -> Vec<u8> {
    let mut document = Document::new();
    let root = document.new_object_id();
    let page = dictionary! { "Type" => "Page", "Parent" => root, "Held" => vec![Object::Integer(0); numbers] };
    let page = document.add_object(page);
    let kids = vec![Object::Reference(page); times];
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_page_that_hangs_in_the_tree_again_and_again_is_copied_within_a_limit() {
    assert_eq!(page_count(&read(repeated(10, 20), &[]).unwrap().document), 20);
    assert!(matches!(read(repeated(3000, 3000), &[]), Err(Error::Limit { .. })));
}

#[test]
fn pages_that_share_a_list_of_annotations_have_a_limit() {
    let mut document = read(bytes(1), &[]).unwrap().document;
    let annotation = document.add_object(dictionary! { "Subtype" => "Link" });
    let list = document.add_object(vec![Object::Reference(annotation); 4000]);
    let root = crate::pdf::object::catalog(&document).unwrap().get(b"Pages").unwrap().as_reference().unwrap();
    let page = dictionary! { "Type" => "Page", "Parent" => root, "Annots" => list };
    let kids: Vec<Object> = (0..4000).map(|_| document.add_object(page.clone()).into()).collect();
    crate::pdf::object::at_mut(&mut document, root).unwrap().set("Kids", kids);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    assert!(matches!(read(bytes, &[]), Err(Error::Limit { .. })));
}

#[test]
fn objects_that_unpack_to_far_more_than_the_file_has_are_not_read() {
    let mut document = read(bytes(1), &[]).unwrap().document;
    let packed = stream::pack(&[&b"10 0 ["[..], &b"0 ".repeat(4 << 20), b"]"].concat());
    let held = dictionary! { "Type" => "Object", "N" => 1, "First" => 5, "Filter" => "FlateDecode" };
    document.add_object(Stream::new(held, packed));
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    // The library writes no such streams of others.
    let at = bytes.windows(7).position(|window| window == b"/Object").unwrap();
    bytes[at..at + 7].copy_from_slice(b"/ObjStm");
    assert!(matches!(read(bytes.clone(), &[]), Err(Error::Limit { .. })));
    assert_eq!(validate(&bytes, Flavour::A2B).failed.first().map(|failure| failure.rule), Some("readable"));
}

#[test]
fn pages_that_share_a_list_of_content_are_read_within_a_limit() {
    let mut document = read(bytes(1), &[]).unwrap().document;
    let content = document.add_object(Stream::new(dictionary! {}, b"q Q".to_vec()));
    let list = document.add_object(vec![Object::Reference(content); 2000]);
    let root = crate::pdf::object::catalog(&document).unwrap().get(b"Pages").unwrap().as_reference().unwrap();
    let page = dictionary! { "Type" => "Page", "Parent" => root, "Contents" => list };
    let kids: Vec<Object> = (0..2000).map(|_| document.add_object(page.clone()).into()).collect();
    crate::pdf::object::at_mut(&mut document, root).unwrap().set("Kids", kids);
    assert!(matches!(survey(&document), Err(Error::Limit { .. })));
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    assert!(validate(&bytes, Flavour::A2B).failed.iter().any(|failure| failure.rule == "content-readable"));
}

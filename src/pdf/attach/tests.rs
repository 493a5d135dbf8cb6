use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use time::macros::datetime;

use super::*;
use crate::{
    domain::{EventCode, limits, metadata::Metadata},
    pdf::{
        Error, Shape,
        fonts::FontFolder,
        gate::{self, Wanted},
        object,
        validate::{Part, validate},
        write,
    },
};

/// A document of one empty page, with entries of the catalog.
fn document(entries: Dictionary) -> Document {
    let mut document = Document::new();
    let size = vec![0.into(), 0.into(), 100.into(), 100.into()];
    let page = document.add_object(dictionary! { "Type" => "Page", "MediaBox" => size });
    let root = document.add_object(dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()] });
    document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set("Parent", root);
    let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => root };
    catalog.extend(&entries);
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    document
}

fn file<'a>(name: &'a str, bytes: &'a [u8]) -> Attachment<'a> {
    Attachment {
        name,
        media_type: "text/plain",
        bytes,
        relationship: Relationship::Supplement,
        modified: datetime!(2026-01-02 3:04:05 +1),
        created: Some(datetime!(2025-12-31 23:59:59 UTC)),
        description: Some("Übersicht €"),
    }
}

/// A specification with an embedded stream.
fn specification(document: &mut Document, name: &str, stream: Stream) -> Dictionary {
    let held = document.add_object(stream);
    dictionary! { "Type" => "Filespec", "F" => Object::string_literal(name), "EF" => dictionary! { "F" => held } }
}

fn plain(bytes: &[u8]) -> Stream {
    Stream::new(Dictionary::new(), bytes.to_vec())
}

fn names(document: &Document) -> Vec<String> {
    list(document).unwrap().into_iter().map(|file| file.name).collect()
}

/// The document after it was written and read.
fn again(mut document: Document) -> Document {
    crate::pdf::read(write(&mut document, Shape::Packed).unwrap(), &[]).unwrap().document
}

/// The document through the gate.
fn archived(document: Document, part: Part) -> Vec<u8> {
    let (metadata, fonts) = (Metadata::default(), FontFolder::open(&[]));
    let now = datetime!(2026-01-02 3:04:05 UTC);
    gate::pass(document, &Wanted { part, metadata: &metadata, now, fonts: &fonts, writer: None }).unwrap().bytes
}

#[test]
fn what_goes_in_comes_out_byte_for_byte_with_all_that_is_said_of_it() {
    let mut document = document(dictionary! {});
    let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    attach(&mut document, &file("dir/Größe.bin", &bytes)).unwrap();
    let extracted = extract(&again(document), 1 << 20).unwrap();
    let [(found, taken)] = extracted.files.as_slice() else { panic!("{extracted:?}") };
    assert_eq!(taken, &bytes);
    assert_eq!(found.name, "Größe.bin");
    assert_eq!(found.description.as_deref(), Some("Übersicht €"));
    assert_eq!(found.media_type.as_deref(), Some("text/plain"));
    assert_eq!(found.relationship, Some(Relationship::Supplement));
    assert_eq!(found.modified, Some(datetime!(2026-01-02 3:04:05 +1)));
    assert_eq!(found.created, Some(datetime!(2025-12-31 23:59:59 UTC)));
    assert_eq!((found.said_bytes, found.place), (Some(10_000), Place::Document));
}

#[test]
fn the_check_sum_is_that_of_the_file() {
    let mut document = document(dictionary! {});
    attach(&mut document, &file("a.txt", b"The quick brown fox jumps over the lazy dog")).unwrap();
    let held = object::at(&document, list(&document).unwrap()[0].stream).unwrap();
    let params = object::dictionary(&document, held, b"Params").unwrap();
    let sum: String =
        params.get(b"CheckSum").unwrap().as_str().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sum, "9e107d9d372bb6826bd81d3542a419d6");
}

#[test]
fn attached_files_are_pdfa_3_of_any_name_and_type() {
    let mut document = document(dictionary! {});
    let mut odd = file("üñí (1)/\\ä.xml", b"<a/>");
    odd.media_type = "application/xml; charset=utf-8";
    attach_all(&mut document, &[file("a.txt", b"one"), odd, file("", b"")]).unwrap();
    let bytes = archived(document, Part::Three);
    let report = validate(&bytes, "3b".parse().unwrap());
    assert!(report.is_compliant(), "{:?}", report.failed);
    let document = crate::pdf::read(bytes, &[]).unwrap().document;
    assert_eq!(names(&document), ["a.txt", "unnamed", "ä.xml"]);
    assert_eq!(list(&document).unwrap()[2].media_type.as_deref(), Some("application/octet-stream"));
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let mut document = document(dictionary! {});
    let given: Vec<String> =
        ["a.txt", "A.txt", "a.txt"].into_iter().map(|name| attach(&mut document, &file(name, b"x")).unwrap()).collect();
    assert_eq!(given, ["a.txt", "A (2).txt", "a (3).txt"]);
    assert_eq!(list(&document).unwrap().len(), 3);
}

#[test]
fn the_tree_is_sorted_and_no_node_is_large() {
    let mut document = document(dictionary! {});
    let all: Vec<String> = (0..5_000).rev().map(|index| format!("{index:05}.txt")).collect();
    let files: Vec<Attachment<'_>> = all.iter().map(|name| file(name, b"x")).collect();
    attach_all(&mut document, &files).unwrap();
    let document = again(document);
    let mut keys = Vec::new();
    object::see_dictionaries(&document, |_, held| {
        if let (Some(names), Some(limits)) =
            (object::array(&document, held, b"Names"), object::array(&document, held, b"Limits"))
        {
            assert!(names.len() <= 128 && names.first() == limits.first());
            assert_eq!(names.iter().rev().nth(1), limits.last());
            keys.extend(names.iter().step_by(2).map(|key| key.as_str().unwrap().to_vec()));
        }
        assert!(object::array(&document, held, b"Kids").is_none_or(|kids| kids.len() <= 64));
    });
    keys.sort();
    let mut wanted: Vec<Vec<u8>> = all.iter().map(|name| name.as_bytes().to_vec()).collect();
    wanted.sort();
    assert_eq!(keys, wanted);
    let sorted = tree::entries(&document).windows(2).all(|pair| {
        pair.first().and_then(|one| one.key.as_str().ok()) < pair.last().and_then(|other| other.key.as_str().ok())
    });
    assert!(sorted);
}

#[test]
fn as_many_files_of_one_name_as_there_may_be_get_different_ones() {
    let mut document = document(dictionary! {});
    let many = vec![file("a.txt", b""); limits::CONTAINER_ENTRIES_MAX];
    let given = attach_all(&mut document, &many).unwrap();
    assert_eq!(given.last().map(String::as_str), Some("a (10000).txt"));
    assert_eq!(list(&document).unwrap().len(), limits::CONTAINER_ENTRIES_MAX);
}

#[test]
fn there_are_only_so_many_files() {
    let mut document = document(dictionary! {});
    let many = vec![file("a", b""); limits::CONTAINER_ENTRIES_MAX + 1];
    assert!(matches!(attach_all(&mut document, &many), Err(Error::Limit { .. })));
    assert!(list(&document).unwrap().is_empty());
}

#[test]
fn files_are_found_in_nested_and_damaged_trees_once_each() {
    let mut document = document(dictionary! {});
    let one = specification(&mut document, "one.txt", plain(b"1"));
    let one = document.add_object(one);
    let two = specification(&mut document, "two.txt", plain(b"2"));
    let root = document.new_object_id();
    // A leaf with an odd number of items and one that is nothing, and a node that contains the root.
    let leaf =
        dictionary! { "Names" => vec![Object::string_literal("k"), one.into(), Object::Null, two.into(), 7.into()] };
    let middle = document.add_object(dictionary! { "Kids" => vec![root.into(), leaf.into()] });
    document.objects.insert(root, dictionary! { "Kids" => vec![middle.into(), middle.into()] }.into());
    let catalog = document.catalog_mut().unwrap();
    catalog.set("Names", dictionary! { "EmbeddedFiles" => root });
    catalog.set("AF", vec![one.into(), one.into()]);
    assert_eq!(names(&document), ["one.txt", "two.txt"]);
    let mut document = again(document);
    attach(&mut document, &file("one.txt", b"3")).unwrap();
    assert_eq!(names(&document), ["two.txt", "one.txt", "one (2).txt"]);
}

#[test]
fn files_of_annotations_and_of_other_parts_are_found() {
    let mut document = document(dictionary! {});
    let pinned = specification(&mut document, "pinned.txt", plain(b"p"));
    let sound = specification(&mut document, "sound.mp3", plain(b"s"));
    let annotations: Vec<Object> = vec![
        dictionary! { "Type" => "Annot", "Subtype" => "FileAttachment", "FS" => pinned }.into(),
        dictionary! { "Type" => "Annot", "Subtype" => "Screen", "A" => dictionary! { "R" => dictionary! { "D" => sound } } }
            .into(),
    ];
    let page = crate::pdf::pages::list(&document)[0];
    object::at_mut(&mut document, page).unwrap().set("Annots", annotations);
    let found: Vec<(String, Place)> =
        list(&document).unwrap().into_iter().map(|file| (file.name, file.place)).collect();
    assert_eq!(found, [("pinned.txt".to_owned(), Place::Page(1)), ("sound.mp3".to_owned(), Place::Part)]);
}

#[test]
fn a_file_that_unpacks_without_end_is_an_error() {
    let mut document = document(dictionary! {});
    attach(&mut document, &file("zeros", &vec![0; 4 << 20])).unwrap();
    let document = again(document);
    assert!(matches!(extract(&document, 1 << 20), Err(Error::Limit { .. })));
    assert_eq!(extract(&document, 4 << 20).unwrap().files.len(), 1);
}

#[test]
fn files_count_together_and_packed_or_not() {
    let mut document = document(dictionary! {});
    attach_all(&mut document, &[file("a", &[1; 600]), file("b", &[2; 600])]).unwrap();
    for document in [document.clone(), again(document)] {
        assert!(matches!(extract(&document, 1_199), Err(Error::Limit { .. })));
        assert_eq!(extract(&document, 1_200).unwrap().files.len(), 2);
    }
}

#[test]
fn a_file_that_does_not_unpack_is_told_and_the_others_are_given() {
    let mut document = document(dictionary! {});
    attach(&mut document, &file("good.txt", b"good")).unwrap();
    let broken = Stream::new(dictionary! { "Filter" => "NoSuchFilter" }, b"????".to_vec());
    let broken = specification(&mut document, "broken.txt", broken);
    let broken = document.add_object(broken);
    document.catalog_mut().unwrap().set("Extra", broken);
    let extracted = extract(&document, 1 << 20).unwrap();
    assert_eq!(extracted.files.len(), 1);
    assert_eq!(extracted.events.len(), 1);
    assert_eq!(extracted.events[0].code, EventCode::PartialExtraction);
    assert!(extracted.events[0].message.contains("broken.txt"), "{}", extracted.events[0].message);
}

#[test]
fn a_detached_file_is_gone_from_everywhere() {
    let mut document = document(dictionary! {});
    attach_all(&mut document, &[file("stays.txt", b"1"), file("goes.txt", b"2")]).unwrap();
    let goes = list(&document).unwrap().into_iter().find(|file| file.name == "goes.txt").unwrap();
    let both = tree::entries(&document).into_iter().find(|entry| entry.key.as_str().unwrap() == b"goes.txt").unwrap();
    let page = crate::pdf::pages::list(&document)[0];
    let pin = dictionary! { "Type" => "Annot", "Subtype" => "FileAttachment", "FS" => both.file.clone() };
    let element = document.add_object(dictionary! { "Type" => "StructElem", "AF" => both.file });
    object::at_mut(&mut document, page).unwrap().set("Annots", vec![Object::Dictionary(pin)]);
    document.catalog_mut().unwrap().set("Extra", element);
    detach(&mut document, std::slice::from_ref(&goes)).unwrap();
    assert_eq!(names(&document), ["stays.txt"]);
    assert!(!document.objects.contains_key(&goes.stream));
    assert!(object::array(&document, object::at(&document, page).unwrap(), b"Annots").unwrap().is_empty());
    assert!(!object::at(&document, element).unwrap().has(b"AF"));
    let stays = list(&document).unwrap().remove(0);
    detach(&mut document, &[stays]).unwrap();
    assert!(list(&document).unwrap().is_empty());
    assert!(!object::catalog(&document).unwrap().has(b"AF"));
}

#[test]
fn a_portfolio_of_pdfa_3_stays_one_and_of_pdfa_2_does_not() {
    let mut document = document(dictionary! {});
    assert!(matches!(collection(&mut document), Err(Error::Corrupt { .. })));
    attach_all(&mut document, &[file("b.txt", b"1"), file("a.txt", b"2")]).unwrap();
    collection(&mut document).unwrap();
    let catalog = object::catalog(&document).unwrap();
    let held = object::dictionary(&document, catalog, b"Collection").unwrap();
    let schema = object::dictionary(&document, held, b"Schema").unwrap();
    for (key, shown) in [("Name", "F"), ("Description", "Desc"), ("Size", "Size"), ("Modified", "ModDate")] {
        let field = object::dictionary(&document, schema, key.as_bytes()).unwrap();
        assert_eq!(object::name(&document, field, b"Subtype"), Some(shown.as_bytes()));
    }
    for (part, flavour, is_kept) in [(Part::Three, "3b", true), (Part::Two, "2b", false)] {
        let bytes = archived(document.clone(), part);
        assert!(validate(&bytes, flavour.parse().unwrap()).is_compliant());
        let archived = crate::pdf::read(bytes, &[]).unwrap().document;
        assert_eq!(object::catalog(&archived).unwrap().has(b"Collection"), is_kept, "{flavour}");
    }
}

#[test]
fn a_portfolio_that_a_program_draws_becomes_a_table() {
    let navigator = dictionary! { "Type" => "Navigator" };
    let held = dictionary! { "Type" => "Collection", "View" => "C", "Navigator" => navigator };
    let mut document = document(dictionary! { "Collection" => held });
    attach(&mut document, &file("a.txt", b"1")).unwrap();
    simplify(&mut document);
    let catalog = object::catalog(&document).unwrap();
    let held = object::dictionary(&document, catalog, b"Collection").unwrap();
    assert!(!held.has(b"Navigator"));
    assert_eq!(object::name(&document, held, b"View"), Some(&b"D"[..]));
}

use lopdf::{Document, Object, ObjectId, dictionary, text_string};

use super::{Entry, insert_first, read};
use crate::pdf::{
    merge::{Outline, Source, merge},
    object,
};

/// A document of two pages, one of them turned, and an item for each title and its level. All items lead to the second
/// page by name, and are open.
fn document(titles: &[(&str, usize)]) -> Document {
    let mut document = Document::new();
    let root = document.new_object_id();
    let page = |turn: i64| {
        dictionary! {
            "Type" => "Page", "Parent" => root, "Rotate" => turn,
            "MediaBox" => vec![0.into(), 0.into(), 100.into(), 200.into()],
        }
    };
    let kids = [90, 0].map(|turn| Object::Reference(document.add_object(page(turn)))).to_vec();
    let place = vec![kids[1].clone(), "XYZ".into(), 0.into(), 150.into(), 0.into()];
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => 2, "Kids" => kids }.into());
    let items: Vec<ObjectId> = titles.iter().map(|_| document.new_object_id()).collect();
    let outline = document.new_object_id();
    for (index, (title, level)) in titles.iter().enumerate() {
        let mut item = dictionary! { "Title" => text_string(title), "Dest" => text_string("here"), "Count" => 1 };
        let behind = || titles.iter().zip(&items).skip(index + 1).take_while(|((_, other), _)| other >= level);
        if let Some((_, next)) = behind().find(|((_, other), _)| other == level) {
            item.set("Next", *next);
        }
        if let Some((_, first)) = behind().next().filter(|((_, other), _)| *other > *level) {
            item.set("First", *first);
        }
        document.objects.insert(items[index], item.into());
    }
    let first = items.first().copied().map_or(Object::Null, Object::Reference);
    document.objects.insert(outline, dictionary! { "Type" => "Outlines", "First" => first }.into());
    let catalog = document.add_object(dictionary! {
        "Type" => "Catalog", "Pages" => root, "Outlines" => outline,
        "Names" => dictionary! { "Dests" => dictionary! { "Names" => vec![text_string("here"), place.into()] } },
    });
    document.trailer.set("Root", catalog);
    document
}

fn titles(document: &Document) -> Vec<(String, usize, Option<usize>)> {
    read(document).into_iter().map(|entry| (entry.title, entry.level, entry.page)).collect()
}

fn told(title: &str, level: usize, page: usize) -> (String, usize, Option<usize>) {
    (title.to_owned(), level, Some(page))
}

fn root_count(document: &Document) -> Option<i64> {
    let outline = object::dictionary(document, object::catalog(document)?, b"Outlines")?;
    object::integer(document, outline, b"Count")
}

#[test]
fn an_outline_is_read_in_order_with_the_pages_behind_names() {
    let document = document(&[("ä", 0), ("b", 1), ("c", 2), ("d", 0)]);
    let expected = [told("ä", 0, 1), told("b", 1, 1), told("c", 2, 1), told("d", 0, 1)];
    assert_eq!(titles(&document), expected);
    let first = read(&document).remove(0);
    assert_eq!(first, Entry { title: "ä".into(), level: 0, page: Some(1), top: Some(150.0), is_open: true });
}

#[test]
fn an_item_that_leads_nowhere_has_no_page() {
    let mut document = document(&[("a", 0), ("b", 0)]);
    let ids: Vec<ObjectId> = super::items(&document).into_iter().map(|(id, _)| id).collect();
    object::at_mut(&mut document, ids[0]).unwrap().set("Dest", text_string("elsewhere"));
    let address = dictionary! { "S" => "URI", "URI" => Object::string_literal("https://example.org/") };
    let second = object::at_mut(&mut document, ids[1]).unwrap();
    second.remove(b"Dest");
    second.set("A", address);
    assert_eq!(titles(&document), [("a".to_owned(), 0, None), ("b".to_owned(), 0, None)]);
}

#[test]
fn an_outline_that_runs_in_circles_is_read_once() {
    let mut document = document(&[("a", 0), ("b", 1), ("c", 0)]);
    let ids: Vec<ObjectId> = super::items(&document).into_iter().map(|(id, _)| id).collect();
    object::at_mut(&mut document, ids[1]).unwrap().set("First", ids[0]);
    object::at_mut(&mut document, ids[2]).unwrap().set("Next", ids[0]);
    assert_eq!(titles(&document).len(), 3);
    insert_first(&mut document, "front", 0).unwrap();
    assert_eq!(titles(&document).len(), 4);
}

#[test]
fn an_item_is_put_before_all_others_and_counted() {
    let mut bare = document(&[]);
    insert_first(&mut bare, "Contents", 1).unwrap();
    assert_eq!((titles(&bare), root_count(&bare)), (vec![told("Contents", 0, 1)], Some(1)));
    let mut document = document(&[("a", 0), ("b", 1), ("c", 0)]);
    insert_first(&mut document, "Contents", 0).unwrap();
    assert_eq!(titles(&document)[0], told("Contents", 0, 0));
    assert_eq!((titles(&document).len(), root_count(&document)), (4, Some(4)));
    // The page is turned by a quarter: its upper left corner is its lower left one.
    assert_eq!(read(&document)[0].top, Some(0.0));
    assert!(insert_first(&mut document, "none", 2).is_err());
}

fn merged(outlines: [Outline; 2]) -> Document {
    let parts = outlines.map(|outline| Source { document: document(&[("a", 0), ("b", 1)]), outline });
    merge(Vec::from(parts)).unwrap().document
}

#[test]
fn a_part_gets_an_item_of_its_own_with_its_outline_below() {
    let document = merged([Outline::Under("One".into()), Outline::Under("Two".into())]);
    let expected =
        [told("One", 0, 0), told("a", 1, 1), told("b", 2, 1), told("Two", 0, 2), told("a", 1, 3), told("b", 2, 3)];
    assert_eq!(titles(&document), expected);
    // Closed: only the two titles show.
    assert_eq!(root_count(&document), Some(2));
    assert!(!read(&document)[0].is_open && read(&document)[1].is_open);
}

#[test]
fn the_outline_of_a_part_may_go_or_stay() {
    let document = merged([Outline::Only("One".into()), Outline::Kept]);
    assert_eq!(titles(&document), [told("One", 0, 0), told("a", 0, 3), told("b", 1, 3)]);
    assert_eq!(root_count(&document), Some(3));
    assert_eq!(titles(&merged([Outline::Dropped, Outline::Only("Two".into())])), [told("Two", 0, 2)]);
    assert_eq!(root_count(&merged([Outline::Dropped, Outline::Dropped])), None);
}

#[test]
fn one_part_alone_gets_its_item_as_well() {
    let alone = |outline| merge(vec![Source { document: document(&[("a", 0)]), outline }]).unwrap().document;
    assert_eq!(titles(&alone(Outline::Under("One".into()))), [told("One", 0, 0), told("a", 1, 1)]);
    assert_eq!(titles(&alone(Outline::Dropped)), []);
    assert_eq!(titles(&alone(Outline::Kept)), [told("a", 0, 1)]);
}

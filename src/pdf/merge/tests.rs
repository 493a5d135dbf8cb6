use lopdf::{Document, Object, Stream, dictionary};

use super::merge;
use crate::pdf::{object, page_count, pages};

fn part(destination: &str, is_tagged: bool) -> Document {
    let mut document = Document::new();
    let content = document.add_object(Stream::new(lopdf::Dictionary::new(), b"q Q".to_vec()));
    let resources = document.add_object(dictionary! {});
    let link = document.add_object(dictionary! {
        "Type" => "Annot", "Subtype" => "Link", "Rect" => vec![0.into(), 0.into(), 9.into(), 9.into()],
        "Dest" => Object::string_literal(destination),
    });
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Contents" => content, "StructParents" => 0, "Annots" => vec![link.into()],
    });
    let root = document.add_object(dictionary! {
        "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()], "Resources" => resources,
        "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
    });
    let item = document.add_object(
        dictionary! { "Title" => Object::string_literal(destination), "Dest" => Object::string_literal(destination) },
    );
    let outline = document.add_object(dictionary! { "First" => item, "Last" => item, "Count" => 1 });
    let field = document.add_object(dictionary! { "FT" => "Tx", "T" => Object::string_literal("name") });
    let mut catalog = dictionary! {
        "Type" => "Catalog", "Pages" => root, "Outlines" => outline,
        "AcroForm" => dictionary! { "Fields" => vec![field.into()] },
        "Names" => dictionary! { "Dests" => dictionary! {
            "Names" => vec![Object::string_literal(destination), vec![page.into(), "Fit".into()].into()],
        } },
    };
    if is_tagged {
        let element = document.add_object(dictionary! { "S" => "P", "K" => 0 });
        catalog.set(
            "StructTreeRoot",
            dictionary! {
                "K" => vec![element.into()],
                "ParentTree" => dictionary! { "Nums" => vec![0.into(), vec![element.into()].into()] },
            },
        );
    }
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    document
}

#[test]
fn pages_keep_their_order_and_what_they_inherited() {
    let merged = merge(vec![part("a", false), part("b", false)]).unwrap();
    assert_eq!(page_count(&merged.document), 2);
    for page in pages::list(&merged.document) {
        let page = object::at(&merged.document, page).unwrap();
        assert!(page.has(b"MediaBox") && page.has(b"Resources"));
    }
}

#[test]
fn a_destination_that_occurs_twice_is_renamed_with_its_links() {
    let merged = merge(vec![part("here", false), part("here", false)]).unwrap().document;
    let second = object::at(&merged, pages::list(&merged)[1]).unwrap();
    let link = object::as_dictionary(object::resolve(&merged, &object::array(&merged, second, b"Annots").unwrap()[0]))
        .unwrap();
    assert_eq!(object::text(&merged, link, b"Dest").as_deref(), Some("here.2"));
    let catalog = object::catalog(&merged).unwrap();
    let names = object::dictionary(&merged, catalog, b"Names").unwrap();
    let tree = object::dictionary(&merged, names, b"Dests").unwrap();
    assert_eq!(object::array(&merged, tree, b"Names").unwrap().len(), 4);
}

#[test]
fn outlines_are_chained_and_fields_stay_apart() {
    let merged = merge(vec![part("a", false), part("b", false)]).unwrap().document;
    let catalog = object::catalog(&merged).unwrap();
    let outline = object::dictionary(&merged, catalog, b"Outlines").unwrap();
    assert_eq!(object::integer(&merged, outline, b"Count"), Some(2));
    let first = object::dictionary(&merged, outline, b"First").unwrap();
    assert_eq!(
        object::text(&merged, object::dictionary(&merged, first, b"Next").unwrap(), b"Title").as_deref(),
        Some("b")
    );
    let form = object::dictionary(&merged, catalog, b"AcroForm").unwrap();
    let fields = object::array(&merged, form, b"Fields").unwrap();
    let second = object::as_dictionary(object::resolve(&merged, &fields[1])).unwrap();
    assert_eq!(object::text(&merged, second, b"T").as_deref(), Some("name_2"));
}

#[test]
fn structure_is_joined_with_new_keys() {
    let merged = merge(vec![part("a", true), part("b", true)]).unwrap();
    assert!(merged.events.is_empty());
    let document = merged.document;
    let second = object::at(&document, pages::list(&document)[1]).unwrap();
    assert_eq!(object::integer(&document, second, b"StructParents"), Some(1));
    let root = object::dictionary(&document, object::catalog(&document).unwrap(), b"StructTreeRoot").unwrap();
    assert_eq!(object::array(&document, root, b"K").unwrap().len(), 2);
}

#[test]
fn structure_goes_when_a_part_has_none() {
    let merged = merge(vec![part("a", true), part("b", false)]).unwrap();
    assert_eq!(merged.events.len(), 1);
    assert!(!object::catalog(&merged.document).unwrap().has(b"StructTreeRoot"));
}

#[test]
fn nothing_to_merge_is_an_error() {
    assert!(merge::<Document>(Vec::new()).is_err());
}

//! Links from a place on a page to another page of the same document, as a table of contents has them.
//!
//! In a tagged document each link gets an element of the structure, behind all others, so that it can be reached without a
//! pointing device: the text that it lies over has its own element already, which stays as it is.

use lopdf::{Document, Object, ObjectId, dictionary, text_string};

use super::{Error, archive::rules::flag, merge::tree, object, outline, page, pages};

/// A link.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The page that it is on, counted from 0.
    pub page: usize,
    /// Left, bottom, right and top of where it is, in the units of the page.
    pub bounds: [f32; 4],
    /// The page that it leads to, counted from 0.
    pub target: usize,
    /// How high on that page, in its units; `None` for its upper edge.
    pub top: Option<f32>,
    /// What it leads to, in words for those who do not see it.
    pub description: String,
}

/// Adds links to pages, with nothing to be seen of them. They are valid in every part of PDF/A.
///
/// # Errors
/// `Corrupt` when there is no such page; the document is as it was then.
pub fn add(document: &mut Document, links: &[Link]) -> Result<(), Error> {
    let listed = pages::list(document);
    let find = |number: usize| {
        listed.get(number).copied().ok_or_else(|| Error::corrupt(format!("there is no page {}", number + 1)))
    };
    let places: Vec<(ObjectId, ObjectId)> =
        links.iter().map(|link| Ok((find(link.page)?, find(link.target)?))).collect::<Result<_, Error>>()?;
    let mut added: Vec<(ObjectId, ObjectId)> = Vec::with_capacity(links.len());
    for (link, (on, to)) in links.iter().zip(places) {
        let mut place = outline::top_of(document, to);
        if let (Some(top), Some(slot)) = (link.top, place.get_mut(3)) {
            *slot = top.into();
        }
        let annotation = dictionary! {
            "Type" => "Annot", "Subtype" => "Link", "Rect" => link.bounds.map(Object::Real).to_vec(), "P" => on,
            "F" => flag::PRINT, "Border" => vec![0.into(), 0.into(), 0.into()], "Dest" => place,
            "Contents" => text_string(&link.description),
        };
        added.push((on, object::add(document, annotation)));
    }
    // All of a page at once: a table of contents has hundreds.
    for links in added.chunk_by(|(one, _), (other, _)| one == other) {
        if let Some((page, _)) = links.first() {
            page::annotate(document, *page, links.iter().map(|(_, link)| *link));
        }
    }
    add_to_structure(document, &added);
    Ok(())
}

/// Gives links on pages their elements; does nothing in a document without structure.
fn add_to_structure(document: &mut Document, links: &[(ObjectId, ObjectId)]) -> Option<()> {
    let held = object::catalog(document)?.get(b"StructTreeRoot").ok()?.clone();
    let root = if let Some(id) = object::target(document, &held) {
        id
    } else {
        let id = object::add(document, object::as_dictionary(&held)?.clone());
        object::catalog_mut(document)?.set("StructTreeRoot", id);
        id
    };
    let held = object::at(document, root)?;
    let mut kids = match held.get(b"K").map(|kids| (kids, object::resolve(document, kids))) {
        Ok((_, Object::Array(kids))) => kids.clone(),
        Ok((kid, Object::Dictionary(_))) => vec![kid.clone()],
        Ok(_) | Err(_) => Vec::new(),
    };
    let parents = object::dictionary(document, held, b"ParentTree").map(|tree| tree::pairs(document, tree, b"Nums"));
    let mut parents: Vec<(i64, Object)> =
        parents.into_iter().flatten().filter_map(|(key, value)| Some((key.as_i64().ok()?, value))).collect();
    parents.sort_by_key(|(key, _)| *key);
    let highest = parents.last().map_or(0, |(key, _)| key.saturating_add(1));
    let stated = object::integer(document, held, b"ParentTreeNextKey").unwrap_or(0);
    let mut key = highest.max(stated.min(i64::from(i32::MAX)));
    for (page, link) in links {
        let reference = dictionary! { "Type" => "OBJR", "Obj" => *link, "Pg" => *page };
        let element = dictionary! {
            "Type" => "StructElem", "S" => "Link", "P" => root, "Pg" => *page, "K" => vec![reference.into()],
        };
        let element = object::add(document, element);
        object::at_mut(document, *link)?.set("StructParent", key);
        kids.push(element.into());
        parents.push((key, element.into()));
        key = key.saturating_add(1);
    }
    let numbers: Vec<Object> = parents.into_iter().flat_map(|(key, value)| [Object::Integer(key), value]).collect();
    let tree = object::add(document, dictionary! { "Nums" => numbers });
    let held = object::at_mut(document, root)?;
    held.set("K", kids);
    held.set("ParentTree", tree);
    held.set("ParentTreeNextKey", key);
    Some(())
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Stream};
    use time::OffsetDateTime;

    use super::*;
    use crate::{
        domain::metadata::Metadata,
        pdf::{
            fonts::FontFolder,
            gate::{Wanted, pass},
            read,
            validate::{Flavour, Part, validate},
        },
    };

    /// A document of two pages with an artifact each, tagged or not.
    fn document(is_tagged: bool) -> Document {
        let mut document = Document::new();
        let root = document.new_object_id();
        let kids: Vec<Object> = (0..2)
            .map(|_| {
                let content = b"/Artifact BMC 10 10 50 50 re f EMC".to_vec();
                let content = document.add_object(Stream::new(Dictionary::new(), content));
                let page = dictionary! {
                    "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => dictionary! {},
                    "MediaBox" => vec![0.into(), 0.into(), 100.into(), 200.into()],
                };
                document.add_object(page).into()
            })
            .collect();
        document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => 2, "Kids" => kids }.into());
        let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => root };
        if is_tagged {
            catalog.set("StructTreeRoot", dictionary! { "Type" => "StructTreeRoot" });
            catalog.set("MarkInfo", dictionary! { "Marked" => true });
            catalog.set("Lang", Object::string_literal("en"));
        }
        let catalog = document.add_object(catalog);
        document.trailer.set("Root", catalog);
        document
    }

    fn link(page: usize, target: usize, top: Option<f32>) -> Link {
        Link { page, bounds: [10.0, 20.0, 90.0, 30.0], target, top, description: "Second page".into() }
    }

    fn annotations(document: &Document, page: usize) -> Vec<Dictionary> {
        let page = object::at(document, pages::list(document)[page]).unwrap();
        let held = object::array(document, page, b"Annots").unwrap_or_default();
        held.iter().map(|held| object::as_dictionary(object::resolve(document, held)).unwrap().clone()).collect()
    }

    #[test]
    fn links_are_pdfa_of_every_part_and_level() {
        for (part, is_tagged, flavour) in [
            (Part::One, false, Flavour::A1B),
            (Part::One, true, Flavour::A1A),
            (Part::Two, false, Flavour::A2U),
            (Part::Two, true, Flavour::A2A),
            (Part::Three, true, Flavour::A3A),
        ] {
            let (fonts, metadata, now) = (FontFolder::open(&[]), Metadata::default(), OffsetDateTime::UNIX_EPOCH);
            let wanted = Wanted { part, metadata: &metadata, now, fonts: &fonts, writer: None };
            let mut document = document(is_tagged);
            add(&mut document, &[link(0, 1, Some(150.0)), link(0, 1, None), link(1, 0, None)]).unwrap();
            let passed = pass(document, &wanted).unwrap();
            assert_eq!((passed.flavour, validate(&passed.bytes, flavour).failed), (flavour, Vec::new()));
            let written = read(passed.bytes, &[]).unwrap().document;
            assert_eq!((annotations(&written, 0).len(), annotations(&written, 1).len()), (2, 1));
        }
    }

    #[test]
    fn a_link_leads_to_its_height_or_the_upper_edge() {
        let mut document = document(false);
        add(&mut document, &[link(0, 1, Some(150.0)), link(0, 1, None)]).unwrap();
        let heights = annotations(&document, 0).into_iter().map(|link| {
            let place = object::array(&document, &link, b"Dest").unwrap().to_vec();
            assert_eq!(place[0].as_reference().unwrap(), pages::list(&document)[1]);
            place[3].as_float().unwrap()
        });
        assert_eq!(heights.collect::<Vec<_>>(), [150.0, 200.0]);
    }

    #[test]
    fn each_link_of_a_tagged_document_has_an_element_with_a_key_of_its_own() {
        let mut document = document(true);
        add(&mut document, &[link(0, 1, None)]).unwrap();
        add(&mut document, &[link(1, 0, None)]).unwrap();
        let keys = [0, 1].map(|page| object::integer(&document, &annotations(&document, page)[0], b"StructParent"));
        assert_eq!(keys, [Some(0), Some(1)]);
        let root = object::dictionary(&document, object::catalog(&document).unwrap(), b"StructTreeRoot").unwrap();
        assert_eq!(object::array(&document, root, b"K").unwrap().len(), 2);
        let tree = object::dictionary(&document, root, b"ParentTree").unwrap();
        assert_eq!(tree::pairs(&document, tree, b"Nums").len(), 2);
    }

    #[test]
    fn a_link_to_no_page_changes_nothing() {
        let mut document = document(true);
        let count = document.objects.len();
        assert!(add(&mut document, &[link(0, 1, None), link(0, 2, None)]).is_err());
        assert_eq!(document.objects.len(), count);
    }
}

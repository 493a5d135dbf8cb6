//! Pages of ours before the pages of others: a title page, a table of contents.
//!
//! The links of such pages name places by addresses of ours until the documents that they lead to are there; so whoever sets
//! the pages can set links as any others, with their elements of the structure, and need not know where they come to lie.

use std::ops::Range;

use lopdf::{Document, Object, text_string};

use super::{Error, archive::rules::annotations_of, object, outline, pages};

/// A place that a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The page, counted from 0.
    pub page: usize,
    /// What is there, in words for those who do not see the link.
    pub description: String,
}

/// Makes the links of some pages that are addressed `scheme` and a number lead to the place with that number, and says how
/// many there were. A number without a place leads nowhere any more.
///
/// # Errors
/// `Corrupt` when there is no such page; the document is as it was then.
pub fn resolve_links(
    document: &mut Document,
    on: Range<usize>,
    scheme: &str,
    places: &[Place],
) -> Result<usize, Error> {
    let listed = pages::list(document);
    let find = |place: &Place| {
        let page = listed.get(place.page).copied();
        page.ok_or_else(|| Error::corrupt(format!("there is no page {}", place.page + 1)))
    };
    let targets: Vec<_> = places.iter().map(find).collect::<Result<_, _>>()?;
    let mut count = 0;
    for page in listed.get(on).unwrap_or_default() {
        for link in annotations_of(document, *page) {
            let Some(number) = number_of(document, link, scheme) else { continue };
            let target = targets.get(number).map(|target| outline::top_of(document, *target));
            let Some(held) = object::at_mut(document, link) else { continue };
            held.remove(b"A");
            if let (Some(target), Some(place)) = (target, places.get(number)) {
                held.set("Dest", target);
                held.set("Contents", text_string(&place.description));
                count += 1;
            }
        }
    }
    Ok(count)
}

/// The number in the address of a link, when it is one of ours.
fn number_of(document: &Document, link: lopdf::ObjectId, scheme: &str) -> Option<usize> {
    let action = object::dictionary(document, object::at(document, link)?, b"A")?;
    let address = object::text(document, action, b"URI")?;
    address.strip_prefix(scheme)?.parse().ok()
}

/// Gives pages of ours, which say nothing of their language, that of the first of some documents that names one.
pub fn adopt_language<'a>(front: &mut Document, documents: impl IntoIterator<Item = &'a Document>) {
    let language = documents.into_iter().find_map(|document| {
        let catalog = object::catalog(document)?;
        object::text(document, catalog, b"Lang").filter(|language| !language.trim().is_empty())
    });
    if let (Some(language), Some(catalog)) = (language, object::catalog_mut(front)) {
        catalog.set("Lang", text_string(&language));
    }
}

/// Makes a document count its pages 1, 2, 3, as its table of contents does, and open with its outline beside it, if it
/// has one.
pub fn count_as_one(document: &mut Document) {
    let Some(catalog) = object::catalog_mut(document) else { return };
    // What the documents call their pages would be shown instead of these numbers.
    catalog.remove(b"PageLabels");
    if catalog.has(b"Outlines") {
        catalog.set("PageMode", Object::Name(b"UseOutlines".to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, dictionary};

    use super::*;

    /// Two pages; on the first one a link with an address.
    fn document(address: &str) -> Document {
        let mut document = Document::new();
        let root = document.new_object_id();
        let link = document.add_object(dictionary! {
            "Type" => "Annot", "Subtype" => "Link", "Rect" => vec![0.into(), 0.into(), 9.into(), 9.into()],
            "A" => dictionary! { "S" => "URI", "URI" => Object::string_literal(address) },
        });
        let mut page = |annotations: Vec<Object>| -> Object {
            let page = dictionary! {
                "Type" => "Page", "Parent" => root, "Annots" => annotations,
                "MediaBox" => vec![0.into(), 0.into(), 100.into(), 200.into()],
            };
            document.add_object(page).into()
        };
        let kids = vec![page(vec![link.into()]), page(Vec::new())];
        document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => 2, "Kids" => kids }.into());
        let catalog = dictionary! { "Type" => "Catalog", "Pages" => root, "PageLabels" => dictionary! {} };
        let catalog = document.add_object(catalog);
        document.trailer.set("Root", catalog);
        document
    }

    fn link(document: &Document) -> Dictionary {
        let page = pages::list(document)[0];
        object::at(document, annotations_of(document, page)[0]).unwrap().clone()
    }

    fn resolve(document: &mut Document, on: Range<usize>, page: usize) -> Result<usize, Error> {
        resolve_links(document, on, "ours:", &[Place { page, description: "Second".to_owned() }])
    }

    #[test]
    fn a_link_of_ours_leads_to_its_place_and_says_what_is_there() {
        let mut document = document("ours:0");
        assert_eq!(resolve(&mut document, 0..1, 1), Ok(1));
        let link = link(&document);
        assert!(!link.has(b"A"));
        assert_eq!(object::text(&document, &link, b"Contents").as_deref(), Some("Second"));
        let place = object::array(&document, &link, b"Dest").unwrap();
        assert_eq!(place[0].as_reference().unwrap(), pages::list(&document)[1]);
    }

    #[test]
    fn other_links_and_those_on_other_pages_stay_as_they_are() {
        for (address, on) in [("https://example.com/0", 0..1), ("ours:x", 0..1), ("ours:0", 1..2), ("ours:0", 5..9)] {
            let mut document = document(address);
            assert_eq!(resolve(&mut document, on, 1), Ok(0), "{address}");
            assert!(link(&document).has(b"A"), "{address}");
        }
    }

    #[test]
    fn a_place_that_there_is_not_changes_nothing_and_a_number_without_one_leads_nowhere() {
        let mut document = document("ours:0");
        assert!(resolve(&mut document, 0..1, 2).is_err());
        assert!(link(&document).has(b"A"));
        let mut document = self::document("ours:7");
        assert_eq!(resolve(&mut document, 0..1, 1), Ok(0));
        assert!(!link(&document).has(b"A") && !link(&document).has(b"Dest"));
    }

    #[test]
    fn pages_are_counted_as_one_and_speak_as_the_first_document_that_names_a_language() {
        let mut front = document("");
        let mut german = document("");
        object::catalog_mut(&mut german).unwrap().set("Lang", text_string("de-CH"));
        adopt_language(&mut front, [&document(""), &german]);
        assert_eq!(object::text(&front, object::catalog(&front).unwrap(), b"Lang").as_deref(), Some("de-CH"));
        count_as_one(&mut front);
        assert!(!object::catalog(&front).unwrap().has(b"PageLabels"));
        assert!(!object::catalog(&front).unwrap().has(b"PageMode"));
    }
}

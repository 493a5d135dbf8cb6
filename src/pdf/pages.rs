//! The page tree, made flat: every page holds what it used to inherit.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use super::{Error, object};
use crate::domain::limits;

/// What a page may inherit from the nodes above it.
const INHERITED: [&[u8]; 4] = [b"Resources", b"MediaBox", b"CropBox", b"Rotate"];

/// Most values that are copied when pages take over what they inherit, or hang in the tree twice; a small file can ask for
/// any number of copies of whatever it holds.
const COPIED_MAX: usize = 1 << 21;

/// A string or name of so many bytes counts as one value more.
const COPIED_BYTES: usize = 64;

/// Most annotations of all pages. They belong to one page each, but pages can share a list.
const ANNOTATIONS_MAX: usize = 1 << 20;

/// Deepest page tree that is walked.
const DEPTH_MAX: usize = 512;

/// The pages in order. The tree must have been made flat.
pub(crate) fn list(document: &Document) -> Vec<ObjectId> {
    object::catalog(document)
        .and_then(|catalog| object::dictionary(document, catalog, b"Pages"))
        .and_then(|root| object::array(document, root, b"Kids"))
        .map(|kids| kids.iter().filter_map(|kid| kid.as_reference().ok()).collect())
        .unwrap_or_default()
}

/// Takes out of the root of the tree what pages could inherit and, as the tree is flat, hold themselves.
pub(crate) fn drop_inherited(document: &mut Document) {
    let root = object::catalog(document).and_then(|catalog| object::target(document, catalog.get(b"Pages").ok()?));
    if let Some(root) = root.and_then(|root| object::at_mut(document, root)) {
        INHERITED.iter().for_each(|key| drop(root.remove(key)));
    }
}

/// The streams that the content of a page is put together from.
pub(crate) fn contents(document: &Document, page: &Dictionary) -> Vec<ObjectId> {
    match page.get(b"Contents").map(|contents| (contents, object::resolve(document, contents))) {
        Ok((_, Object::Array(parts))) => parts.iter().filter_map(|part| object::target(document, part)).collect(),
        Ok((reference, Object::Stream(_))) => object::target(document, reference).into_iter().collect(),
        Ok(_) | Err(_) => Vec::new(),
    }
}

/// Makes the page tree one level deep and hands inherited entries down.
///
/// # Errors
/// `Corrupt` when there is no page at all, `Limit` when there are too many, or too much on them.
pub(crate) fn flatten(document: &mut Document) -> Result<(), Error> {
    let found = collect(document)?;
    if found.is_empty() {
        return Err(Error::corrupt("it has no pages"));
    }
    if is_flat(document, &found) {
        return Ok(());
    }
    let root = object::add(document, Object::Null);
    let mut kids = Vec::with_capacity(found.len());
    let mut seen = BTreeSet::new();
    for (id, mut page) in found {
        page.set("Type", object::named("Page"));
        page.set("Parent", root);
        page.remove(b"Kids");
        if !page.has(b"MediaBox") {
            // Every page needs a size; Letter is what readers assume for a page without one.
            page.set("MediaBox", vec![0.into(), 0.into(), 612.into(), 792.into()]);
        }
        // A page that hangs in the tree twice becomes two pages, since a page has only one parent and one place.
        let id = if seen.insert(id) { id } else { object::add(document, Object::Null) };
        document.objects.insert(id, Object::Dictionary(page));
        kids.push(Object::Reference(id));
    }
    let count = i64::try_from(kids.len()).unwrap_or(i64::MAX);
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let catalog = object::catalog_mut(document).ok_or_else(|| Error::corrupt("it has no catalog"))?;
    catalog.set("Pages", root);
    Ok(())
}

/// Whether flattening would change nothing.
fn is_flat(document: &Document, found: &[(ObjectId, Dictionary)]) -> bool {
    let listed = list(document);
    let root = object::catalog(document).and_then(|catalog| catalog.get(b"Pages").ok()?.as_reference().ok());
    listed.len() == found.len()
        && listed.iter().collect::<BTreeSet<_>>().len() == listed.len()
        && found.iter().zip(&listed).all(|((id, page), listed)| {
            id == listed
                && page.has(b"MediaBox")
                && page.has_type(b"Page")
                && page.get(b"Parent").and_then(Object::as_reference).ok() == root
                && object::at(document, *id).is_some_and(|held| held.len() == page.len())
        })
}

/// Walks the tree; every page comes with what it inherits.
fn collect(document: &Document) -> Result<Vec<(ObjectId, Dictionary)>, Error> {
    let catalog = object::catalog(document).ok_or_else(|| Error::corrupt("it has no catalog"))?;
    let mut found = Vec::new();
    let mut nodes = BTreeSet::new();
    let mut budget = Budget { copied: COPIED_MAX, annotations: ANNOTATIONS_MAX };
    let mut open: Vec<(ObjectId, Dictionary, usize)> = Vec::new();
    if let Some(root) = catalog.get(b"Pages").ok().and_then(|root| object::target(document, root)) {
        open.push((root, Dictionary::new(), 0));
    }
    while let Some((id, inherited, depth)) = open.pop() {
        let Some(node) = document.objects.get(&id).and_then(|node| node.as_dict().ok()) else { continue };
        let mut handed = inherited;
        for key in INHERITED {
            if object::get(document, node, key).is_some()
                && let Ok(value) = node.get(key)
            {
                handed.set(key, value.clone());
            }
        }
        if let Some(kids) = object::array(document, node, b"Kids").filter(|_| !node.has_type(b"Page")) {
            if !nodes.insert(id) || depth > DEPTH_MAX {
                continue;
            }
            budget.copy(&handed, kids.len())?;
            let kids = kids.iter().rev().filter_map(|kid| object::target(document, kid));
            open.extend(kids.map(|kid| (kid, handed.clone(), depth + 1)));
        } else if !node.has_type(b"Pages") && !node.has_type(b"Catalog") {
            if !nodes.insert(id) {
                budget.copy(node, 1)?;
            }
            budget.annotate(object::array(document, node, b"Annots").map_or(0, <[Object]>::len))?;
            let mut page = node.clone();
            for (key, value) in handed {
                page.set(key, value);
            }
            found.push((id, page));
            if found.len() > limits::PAGES_MAX {
                return Err(Error::limit(format!("more than {} pages", limits::PAGES_MAX)));
            }
        }
    }
    Ok(found)
}

/// What the pages may still ask for.
struct Budget {
    copied: usize,
    annotations: usize,
}

impl Budget {
    /// Takes copies of what a dictionary holds directly.
    fn copy(&mut self, held: &Dictionary, times: usize) -> Result<(), Error> {
        let mut count = 0_usize;
        let mut open: Vec<&Object> = held.iter().map(|(_, value)| value).collect();
        while let Some(value) = open.pop() {
            count += 1;
            if let Object::Array(items) = value {
                open.extend(items);
            } else if let Some(held) = object::as_dictionary(value) {
                open.extend(held.iter().map(|(_, value)| value));
            } else if let Object::String(bytes, _) | Object::Name(bytes) = value {
                count += bytes.len() / COPIED_BYTES;
            }
            if count > self.copied {
                break;
            }
        }
        let left = self.copied.checked_sub(count.saturating_mul(times));
        self.copied = left.ok_or_else(|| Error::limit(format!("its pages repeat more than {COPIED_MAX} values")))?;
        Ok(())
    }

    /// Takes the annotations of a page.
    fn annotate(&mut self, count: usize) -> Result<(), Error> {
        let left = self.annotations.checked_sub(count);
        self.annotations = left.ok_or_else(|| Error::limit(format!("more than {ANNOTATIONS_MAX} annotations")))?;
        Ok(())
    }
}

/// Gives a document whose page tree is lost a new one out of the pages that lie around.
pub(crate) fn gather(document: &mut Document) -> bool {
    let loose = document.objects.iter().filter(|(_, object)| object.as_dict().is_ok_and(|held| held.has_type(b"Page")));
    let kids: Vec<Object> = loose.map(|(id, _)| Object::Reference(*id)).collect();
    if kids.is_empty() {
        return false;
    }
    let root = object::add(document, dictionary! { "Type" => "Pages", "Kids" => kids });
    if let Some(catalog) = object::catalog_mut(document) {
        catalog.set("Pages", root);
    } else {
        let catalog = object::add(document, dictionary! { "Type" => "Catalog", "Pages" => root });
        document.trailer.set("Root", catalog);
    }
    true
}

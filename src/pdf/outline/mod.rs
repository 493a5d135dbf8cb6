//! The outline of a document, which readers show as bookmarks: read, and added to.
//!
//! Invariants: an item is met once, whatever its links say; items that are there keep their objects, so that what they
//! lead to (places, names, actions, elements of the structure) stays as it is.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary, text_string};

use super::{Error, destinations::Destinations, object, page::View, pages};
use crate::domain::limits;

/// Most items that are looked at. An encyclopedia has 20,000.
const ITEMS_MAX: usize = 100_000;

/// An item of an outline.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it says.
    pub title: String,
    /// How many items it is in.
    pub level: usize,
    /// The page that it leads to, counted from 0; `None` when it leads nowhere, or out of the document.
    pub page: Option<usize>,
    /// How high on the page, in the units of the page; `None` for the page as a whole.
    pub top: Option<f32>,
    /// Whether what is in it shows.
    pub is_open: bool,
}

/// The outline of a document that [`super::read()`] returned, in the order of reading; at most 100,000 items.
pub fn read(document: &Document) -> Vec<Entry> {
    let listed = pages::list(document);
    let destinations = Destinations::new(document, &listed);
    let numbers: HashMap<ObjectId, usize> = listed.into_iter().zip(0..).collect();
    let entry = |(id, level)| {
        let held = object::at(document, id)?;
        let place = match destinations.leading(held) {
            Some(("Dest", Object::Array(place))) => place,
            Some(_) | None => Vec::new(),
        };
        let page = place.first().and_then(|page| numbers.get(&page.as_reference().ok()?).copied());
        Some(Entry {
            title: object::text(document, held, b"Title").unwrap_or_default(),
            level,
            page,
            top: page.and_then(|_| top(&place)),
            is_open: is_open(document, held),
        })
    };
    items(document).into_iter().filter_map(entry).collect()
}

/// How high on its page a destination is (ISO 32000-1, table 151).
fn top(place: &[Object]) -> Option<f32> {
    let at = match place.get(1)?.as_name().ok()? {
        b"XYZ" => 3,
        b"FitH" | b"FitBH" => 2,
        b"FitR" => 5,
        _ => return None,
    };
    place.get(at)?.as_float().ok()
}

/// Puts an item that leads to a page, which is counted from 0, before all others.
///
/// # Errors
/// `Corrupt` when there is no such page, or no catalog.
pub fn insert_first(document: &mut Document, title: &str, page: usize) -> Result<(), Error> {
    let target = pages::list(document).get(page).copied();
    let target = target.ok_or_else(|| Error::corrupt(format!("there is no page {}", page + 1)))?;
    let seen = visible(document, &items(document));
    let mut top = top_items(document);
    top.insert(0, item(document, title, target));
    let root = hang(document, &top, seen.saturating_add(1));
    object::catalog_mut(document).ok_or_else(|| Error::corrupt("it has no catalog"))?.set("Outlines", root);
    Ok(())
}

/// Adds an item that leads to a page, and hangs nowhere yet.
pub(crate) fn item(document: &mut Document, title: &str, page: ObjectId) -> ObjectId {
    let title: String = title.chars().take(limits::NAME_CHARS_MAX).collect();
    let place = top_of(document, page);
    object::add(document, dictionary! { "Title" => text_string(&title), "Dest" => place })
}

/// The destination that shows a page from its upper left corner on, as large as it was shown before.
pub(crate) fn top_of(document: &Document, page: ObjectId) -> Vec<Object> {
    let [left, top] = View::of(document, page).upper_left();
    vec![page.into(), object::named("XYZ"), left.into(), top.into(), Object::Null]
}

/// Hangs items of the first level under a new root, of which so many show at first.
pub(crate) fn hang(document: &mut Document, items: &[ObjectId], seen: i64) -> ObjectId {
    let root = object::add(document, dictionary! { "Type" => "Outlines", "Count" => seen });
    chain(document, root, items);
    root
}

/// Puts items into another, or under a root, one after the other.
pub(crate) fn chain(document: &mut Document, parent: ObjectId, items: &[ObjectId]) {
    for (index, id) in items.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| items.get(before)).copied();
        let after = items.get(index + 1).copied();
        let Some(item) = object::at_mut(document, *id) else { continue };
        item.set("Parent", parent);
        for (key, neighbour) in [("Prev", before), ("Next", after)] {
            match neighbour {
                Some(neighbour) => item.set(key, neighbour),
                None => drop(item.remove(key.as_bytes())),
            }
        }
    }
    if let (Some(first), Some(last), Some(held)) = (items.first(), items.last(), object::at_mut(document, parent)) {
        held.set("First", *first);
        held.set("Last", *last);
    }
}

/// The items of the outline in the order of reading, and how many items each is in.
pub(crate) fn items(document: &Document) -> Vec<(ObjectId, usize)> {
    object::catalog(document).map(|catalog| items_of(document, catalog)).unwrap_or_default()
}

/// The same for a catalog that is not that of the document.
pub(crate) fn items_of(document: &Document, catalog: &Dictionary) -> Vec<(ObjectId, usize)> {
    let next = |held: &Dictionary, key: &[u8]| object::target(document, held.get(key).ok()?);
    let root = object::dictionary(document, catalog, b"Outlines");
    let mut open: Vec<(ObjectId, usize)> =
        root.and_then(|root| next(root, b"First")).map(|id| (id, 0)).into_iter().collect();
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some((id, depth)) = open.pop() {
        let Some(held) = object::at(document, id).filter(|_| found.len() < ITEMS_MAX && seen.insert(id)) else {
            continue;
        };
        found.push((id, depth));
        // The one beside it comes after all that is in it.
        open.extend(next(held, b"Next").map(|id| (id, depth)));
        open.extend(next(held, b"First").map(|id| (id, depth + 1)));
    }
    found
}

/// Whether what is in an item shows.
pub(crate) fn is_open(document: &Document, item: &Dictionary) -> bool {
    object::integer(document, item, b"Count").is_some_and(|count| count > 0)
}

/// How many of some items show, since all that they are in are open.
pub(crate) fn visible(document: &Document, items: &[(ObjectId, usize)]) -> i64 {
    let (mut count, mut closed) = (0_i64, usize::MAX);
    for (id, depth) in items {
        if *depth <= closed {
            count = count.saturating_add(1);
            closed =
                if object::at(document, *id).is_some_and(|held| is_open(document, held)) { usize::MAX } else { *depth };
        }
    }
    count
}

/// Those of some items that are in no other.
pub(crate) fn first_level(items: &[(ObjectId, usize)]) -> Vec<ObjectId> {
    items.iter().filter(|(_, depth)| *depth == 0).map(|(id, _)| *id).collect()
}

fn top_items(document: &Document) -> Vec<ObjectId> {
    first_level(&items(document))
}

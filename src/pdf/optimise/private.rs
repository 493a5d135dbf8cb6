//! Drops what no viewer shows: data of applications, thumbnails, names that lead nowhere.

use std::collections::BTreeSet;

use lopdf::{Document, Object, ObjectId};

use crate::pdf::{object, pages};

/// Most nodes of a tree of names that are looked at.
const NODES_MAX: usize = 1 << 16;

/// Drops it.
pub(super) fn drop(document: &mut Document) {
    object::each_dictionary(document, |dictionary, _| {
        dictionary.remove(b"PieceInfo");
    });
    for page in pages::list(document) {
        if let Some(page) = object::at_mut(document, page) {
            page.remove(b"Thumb");
        }
    }
    dead_destinations(document);
}

/// Takes names out that stand for no page.
fn dead_destinations(document: &mut Document) {
    let Some(catalog) = object::catalog(document) else { return };
    if let Some(id) = catalog.get(b"Dests").ok().and_then(|held| object::target(document, held)) {
        let dead: Vec<Vec<u8>> = object::at(document, id)
            .into_iter()
            .flatten()
            .filter(|(_, destination)| is_dead(document, destination))
            .map(|(name, _)| name.clone())
            .collect();
        if let Some(held) = object::at_mut(document, id) {
            dead.iter().for_each(|name| std::mem::drop(held.remove(name)));
        }
    }
    for leaf in leaves(document) {
        let Some(held) = object::at(document, leaf) else { continue };
        let names = object::array(document, held, b"Names").unwrap_or_default();
        let alive: Vec<Object> = names
            .chunks_exact(2)
            .filter(|pair| pair.last().is_some_and(|destination| !is_dead(document, destination)))
            .flatten()
            .cloned()
            .collect();
        // A leaf has at least one name, and says its first and its last one.
        let ends = (alive.first().cloned(), alive.iter().rev().nth(1).cloned());
        let (true, (Some(first), Some(last))) = (alive.len() < names.len(), ends) else { continue };
        if let Some(held) = object::at_mut(document, leaf) {
            held.set("Names", alive);
            if held.has(b"Limits") {
                held.set("Limits", vec![first, last]);
            }
        }
    }
}

/// Whether a destination leads to no page.
fn is_dead(document: &Document, destination: &Object) -> bool {
    let stated = object::resolve(document, destination);
    let place = match stated.as_dict() {
        Ok(held) => object::get(document, held, b"D"),
        Err(_) => Some(stated),
    };
    match place {
        Some(Object::Array(parts)) => match parts.first() {
            Some(page @ Object::Reference(_)) => object::target(document, page).is_none(),
            Some(page) => page.is_null(),
            None => true,
        },
        Some(place) => place.is_null(),
        None => true,
    }
}

/// The leaves of the tree of named destinations that are objects of their own.
fn leaves(document: &Document) -> Vec<ObjectId> {
    let names = object::catalog(document).and_then(|catalog| object::dictionary(document, catalog, b"Names"));
    let root = names.and_then(|names| object::target(document, names.get(b"Dests").ok()?));
    let (mut open, mut seen, mut found) = (Vec::from_iter(root), BTreeSet::new(), Vec::new());
    while let Some(node) = open.pop() {
        if seen.len() >= NODES_MAX || !seen.insert(node) {
            continue;
        }
        let Some(held) = object::at(document, node) else { continue };
        if held.has(b"Names") {
            found.push(node);
        }
        let kids = object::array(document, held, b"Kids").unwrap_or_default();
        open.extend(kids.iter().filter_map(|kid| object::target(document, kid)));
    }
    found
}

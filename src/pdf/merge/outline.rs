//! Outlines one after the other.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::Part;
use crate::pdf::object;

/// Chains the top entries of every part under one root.
pub(super) fn join(document: &mut Document, parts: &[Part], catalog: &mut Dictionary) {
    let mut items = Vec::new();
    let mut open_count = 0_i64;
    for part in parts {
        let Some(root) = object::dictionary(document, &part.catalog, b"Outlines") else { continue };
        let top = top_items(document, root);
        let count = object::integer(document, root, b"Count").unwrap_or(0).max(i64::try_from(top.len()).unwrap_or(0));
        open_count = open_count.saturating_add(count);
        items.extend(top);
    }
    let (Some(first), Some(last)) = (items.first().copied(), items.last().copied()) else { return };
    let mut root = Dictionary::new();
    root.set("Type", object::named("Outlines"));
    root.set("First", first);
    root.set("Last", last);
    root.set("Count", open_count);
    let root = object::add(document, root);
    for (index, id) in items.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| items.get(before)).copied();
        let after = items.get(index + 1).copied();
        let Some(item) = object::at_mut(document, *id) else { continue };
        item.set("Parent", root);
        for (key, neighbour) in [("Prev", before), ("Next", after)] {
            match neighbour {
                Some(neighbour) => item.set(key, neighbour),
                None => drop(item.remove(key.as_bytes())),
            }
        }
    }
    catalog.set("Outlines", root);
}

fn top_items(document: &Document, root: &Dictionary) -> Vec<ObjectId> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = root.get(b"First").ok().and_then(|item: &Object| object::target(document, item));
    while let Some(id) = next {
        let Some(item) = object::at(document, id).filter(|_| seen.insert(id)) else { break };
        found.push(id);
        next = item.get(b"Next").ok().and_then(|item| object::target(document, item));
    }
    found
}

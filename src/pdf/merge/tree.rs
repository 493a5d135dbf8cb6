//! Name trees and number trees, flattened.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object};

use crate::pdf::object;

/// Most nodes of a tree that are walked.
const NODES_MAX: usize = 1_000_000;

/// The pairs of a tree in order: under `Names` for a name tree, under `Nums` for a number tree.
pub(crate) fn pairs(document: &Document, root: &Dictionary, key: &[u8]) -> Vec<(Object, Object)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        let items = object::array(document, node, key).unwrap_or_default();
        for pair in items.chunks_exact(2) {
            if let [name, value] = pair {
                found.push((object::resolve(document, name).clone(), value.clone()));
            }
        }
        for kid in object::array(document, node, b"Kids").unwrap_or_default().iter().rev() {
            let is_fresh = object::target(document, kid).is_none_or(|id| seen.insert(id));
            if is_fresh && seen.len() < NODES_MAX && open.len() < NODES_MAX {
                open.extend(object::as_dictionary(object::resolve(document, kid)));
            }
        }
    }
    found
}

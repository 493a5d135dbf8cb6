//! The marked content that the structure has other text for (`ActualText`; ISO 32000-1, 14.9.4).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object};

use crate::pdf::{object, validate::subject::Subject};

/// Most marks that are looked up.
const MARKS_MAX: usize = 1 << 20;

/// How far up the structure a text that replaces is looked for.
const DEPTH_MAX: usize = 64;

/// The marks that are replaced: the key of their content stream in the tree, and their number there.
#[derive(Debug, Default)]
pub(super) struct Replacements(BTreeSet<(i64, i64)>);

impl Replacements {
    /// Reads them from the tree of parents.
    pub(super) fn read(subject: &Subject<'_>) -> Self {
        let document = subject.document;
        let root = subject.catalog().and_then(|catalog| object::dictionary(document, catalog, b"StructTreeRoot"));
        let mut open: Vec<&Dictionary> =
            root.and_then(|root| object::dictionary(document, root, b"ParentTree")).into_iter().collect();
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut left = MARKS_MAX;
        while let Some(node) = open.pop() {
            if !seen.insert(std::ptr::from_ref(node).addr()) {
                continue;
            }
            let kids = object::array(document, node, b"Kids").unwrap_or_default();
            open.extend(kids.iter().filter_map(|kid| object::as_dictionary(object::resolve(document, kid))));
            for pair in object::array(document, node, b"Nums").unwrap_or_default().chunks_exact(2) {
                let [key, elements] = pair else { continue };
                let (Ok(key), Object::Array(elements)) = (key.as_i64(), object::resolve(document, elements)) else {
                    continue;
                };
                for (mark, element) in (0..).zip(elements.iter().take(left)) {
                    if is_replaced(document, element) {
                        found.insert((key, mark));
                    }
                }
                left = left.saturating_sub(elements.len());
            }
        }
        Self(found)
    }

    /// Whether a mark is replaced.
    pub(super) fn has(&self, parents: i64, mark: i64) -> bool {
        self.0.contains(&(parents, mark))
    }
}

/// Whether an element or one above it has a text that replaces.
fn is_replaced(document: &Document, element: &Object) -> bool {
    let mut element = object::as_dictionary(object::resolve(document, element));
    for _ in 0..DEPTH_MAX {
        let Some(held) = element else { return false };
        if matches!(object::get(document, held, b"ActualText"), Some(Object::String(..))) {
            return true;
        }
        element = object::dictionary(document, held, b"P");
    }
    false
}

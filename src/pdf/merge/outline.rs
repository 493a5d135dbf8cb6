//! Outlines one after the other, or each under an item of its own.

use lopdf::{Dictionary, Document};

use super::Part;
use crate::pdf::{object, outline};

/// What becomes of the outline of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Outline {
    /// Its items stand beside those of the other parts.
    #[default]
    Kept,
    /// They stand under an item with this title that leads to the first page of the part.
    Under(String),
    /// There is only that item.
    Only(String),
    /// There is nothing.
    Dropped,
}

/// Chains what stands for every part under one root.
pub(super) fn join(document: &mut Document, parts: &[Part], catalog: &mut Dictionary) {
    let mut top = Vec::new();
    let mut seen = 0_i64;
    for part in parts {
        let own = match part.outline {
            Outline::Kept | Outline::Under(_) => outline::items_of(document, &part.catalog),
            Outline::Only(_) | Outline::Dropped => Vec::new(),
        };
        let first_level = outline::first_level(&own);
        let visible = outline::visible(document, &own);
        match (&part.outline, part.pages.first()) {
            (Outline::Under(title) | Outline::Only(title), Some(page)) => {
                let parent = outline::item(document, title, *page);
                outline::chain(document, parent, &first_level);
                if let Some(parent) = object::at_mut(document, parent).filter(|_| visible > 0) {
                    // Closed: of many documents, the titles are what one looks for.
                    parent.set("Count", -visible);
                }
                top.push(parent);
                seen = seen.saturating_add(1);
            }
            (Outline::Kept | Outline::Dropped | Outline::Under(_) | Outline::Only(_), _) => {
                top.extend(first_level);
                seen = seen.saturating_add(visible);
            }
        }
    }
    if !top.is_empty() {
        let root = outline::hang(document, &top, seen);
        catalog.set("Outlines", root);
    }
}

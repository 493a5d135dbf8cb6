//! Page labels, each part's behind the pages before it.

use lopdf::{Dictionary, Document, Object, dictionary};

use super::{Part, tree};
use crate::pdf::object;

/// Joins the labels, when any part has some; a part without counts 1, 2, 3.
pub(super) fn join(document: &Document, parts: &[Part], catalog: &mut Dictionary) {
    if parts.iter().all(|part| object::dictionary(document, &part.catalog, b"PageLabels").is_none()) {
        return;
    }
    let mut items: Vec<Object> = Vec::new();
    let mut before = 0_i64;
    for part in parts {
        let own = object::dictionary(document, &part.catalog, b"PageLabels");
        let pairs = own.map(|root| tree::pairs(document, root, b"Nums")).unwrap_or_default();
        let count = i64::try_from(part.pages.len()).unwrap_or(0);
        let mut own: Vec<(i64, Object)> = pairs
            .into_iter()
            .filter_map(|(page, label)| Some((page.as_i64().ok()?, label)))
            .filter(|(page, _)| (0..count).contains(page))
            .collect();
        own.sort_by_key(|(page, _)| *page);
        if own.first().is_none_or(|(page, _)| *page != 0) {
            own.insert(0, (0, dictionary! { "S" => "D" }.into()));
        }
        for (page, label) in own {
            items.push(Object::Integer(before + page));
            items.push(label);
        }
        before += count;
    }
    catalog.set("PageLabels", dictionary! { "Nums" => items });
}

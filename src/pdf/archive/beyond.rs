//! What PDF/A-1 cannot say: transparency, hidden layers, JPEG 2000. Pages with it have to be drawn anew.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::annotations;
use crate::pdf::{object, pages, stream};

/// Blend modes that change nothing (ISO 19005-1, 6.4).
const PLAIN_BLENDS: [&[u8]; 2] = [b"Normal", b"Compatible"];

/// The pages, from 0, that show what PDF/A-1 forbids and no change of objects can keep.
pub(crate) fn pages_beyond_pdf14(document: &Document) -> BTreeSet<usize> {
    let hidden = hidden_layers(document);
    let is_beyond = |page: &ObjectId| shows_beyond(document, *page, &hidden);
    let listed = pages::list(document);
    listed.iter().enumerate().filter(|(_, page)| is_beyond(page)).map(|(number, _)| number).collect()
}

/// The layers that are not shown when the document is opened.
fn hidden_layers(document: &Document) -> BTreeSet<ObjectId> {
    let catalog = object::catalog(document);
    let Some(properties) = catalog.and_then(|catalog| object::dictionary(document, catalog, b"OCProperties")) else {
        return BTreeSet::new();
    };
    let all = |holder: &Dictionary, key: &[u8]| -> BTreeSet<ObjectId> {
        let groups = object::array(document, holder, key).unwrap_or_default();
        groups.iter().filter_map(|group| object::target(document, group)).collect()
    };
    let Some(default) = object::dictionary(document, properties, b"D") else { return BTreeSet::new() };
    if object::name(document, default, b"BaseState") == Some(b"OFF") {
        return &all(properties, b"OCGs") - &all(default, b"ON");
    }
    all(default, b"OFF")
}

/// Walks what a page and its annotations draw with, each object once.
fn shows_beyond(document: &Document, page: ObjectId, hidden: &BTreeSet<ObjectId>) -> bool {
    let Some(held) = object::at(document, page) else { return false };
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Object> = held.get(b"Resources").ok().into_iter().collect();
    let looks = annotations::of_page(document, page).into_iter().filter_map(|id| object::at(document, id));
    open.extend(looks.filter_map(|annotation| annotation.get(b"AP").ok()));
    while let Some(object) = open.pop() {
        if let Object::Reference(id) = object {
            if hidden.contains(id) {
                return true;
            }
            if !seen.insert(*id) {
                continue;
            }
        }
        let resolved = object::resolve(document, object);
        if let Object::Stream(held) = resolved
            && is_beyond_stream(document, held)
        {
            return true;
        }
        if let Object::Array(items) = resolved {
            open.extend(items);
        } else if let Some(held) = object::as_dictionary(resolved) {
            if is_transparent_state(document, held) {
                return true;
            }
            // Upwards leads to other pages.
            let below = held.iter().filter(|(key, _)| !matches!(key.as_slice(), b"Parent" | b"P" | b"Pg"));
            open.extend(below.map(|(_, value)| value));
        }
    }
    false
}

/// Whether a stream is an image with a soft mask or in JPEG 2000.
fn is_beyond_stream(document: &Document, held: &lopdf::Stream) -> bool {
    let has_mask = matches!(object::get(document, &held.dict, b"SMask"), Some(Object::Stream(_)));
    has_mask || stream::filters(document, held).iter().any(|filter| filter == b"JPXDecode")
}

/// Whether a graphics state lets something show through.
fn is_transparent_state(document: &Document, held: &Dictionary) -> bool {
    let is_state = super::graphics::is_state(held);
    let opacity = |key: &[u8]| object::get(document, held, key).and_then(|value| value.as_float().ok());
    let fades = [&b"CA"[..], b"ca"].into_iter().any(|key| opacity(key).is_some_and(|opacity| opacity < 1.0));
    let masks = matches!(object::get(document, held, b"SMask"), Some(Object::Dictionary(_)));
    let blends = object::name(document, held, b"BM").is_some_and(|blend| !PLAIN_BLENDS.contains(&blend));
    is_state && (fades || masks || blends)
}

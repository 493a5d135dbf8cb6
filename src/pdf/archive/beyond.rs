//! What PDF/A-1 cannot say: transparency, hidden layers, JPEG 2000. Pages with it have to be drawn anew, unless it is
//! only in pictures that [`super::pictures`] can store in another way.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::annotations;
use crate::pdf::{object, pages, stream};

/// Blend modes that change nothing (ISO 19005-1, 6.4).
const PLAIN_BLENDS: [&[u8]; 2] = [b"Normal", b"Compatible"];

/// The pages, from 0, that show what PDF/A-1 forbids and no change of objects can keep.
pub(crate) fn pages_beyond_pdf14(document: &Document) -> BTreeSet<usize> {
    obstacles(document).into_keys().collect()
}

/// What a page shows that PDF/A-1 forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacles {
    /// Nothing but these pictures, with a soft mask or in JPEG 2000.
    Pictures(BTreeSet<ObjectId>),
    /// Other things, too.
    Others,
}

/// The obstacles of the pages, from 0, that have any.
pub(super) fn obstacles(document: &Document) -> BTreeMap<usize, Obstacles> {
    let hidden = hidden_layers(document);
    let listed = pages::list(document);
    let of_page = |(number, page): (usize, &ObjectId)| Some((number, obstacles_of(document, *page, &hidden)?));
    listed.iter().enumerate().filter_map(of_page).collect()
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
fn obstacles_of(document: &Document, page: ObjectId, hidden: &BTreeSet<ObjectId>) -> Option<Obstacles> {
    let held = object::at(document, page)?;
    let mut pictures = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Object> = held.get(b"Resources").ok().into_iter().collect();
    let looks = annotations::of_page(document, page).into_iter().filter_map(|id| object::at(document, id));
    open.extend(looks.filter_map(|annotation| annotation.get(b"AP").ok()));
    while let Some(object) = open.pop() {
        if let Object::Reference(id) = object {
            if hidden.contains(id) {
                return Some(Obstacles::Others);
            }
            if !seen.insert(*id) {
                continue;
            }
        }
        let resolved = object::resolve(document, object);
        let mut is_picture = false;
        if let Object::Stream(held) = resolved
            && is_beyond_stream(document, held)
        {
            let id = object::target(document, object);
            let Some(id) = id.filter(|_| object::name(document, &held.dict, b"Subtype") == Some(b"Image")) else {
                return Some(Obstacles::Others);
            };
            pictures.insert(id);
            is_picture = true;
        }
        if let Object::Array(items) = resolved {
            open.extend(items);
        } else if let Some(held) = object::as_dictionary(resolved) {
            if is_transparent_state(document, held) {
                return Some(Obstacles::Others);
            }
            // The mask of a picture goes where the picture goes.
            let is_below =
                |key: &[u8], value| key != b"Parent" && !(is_picture && key == b"SMask") && !leads_up(document, value);
            open.extend(held.iter().filter(|(key, value)| is_below(key, value)).map(|(_, value)| value));
        }
    }
    (!pictures.is_empty()).then_some(Obstacles::Pictures(pictures))
}

/// Whether a value leads up to what a page belongs to, and from there to other pages. Names do not tell: `P` is a page to
/// an annotation, and anything at all among resources.
fn leads_up(document: &Document, value: &Object) -> bool {
    let Object::Dictionary(held) = object::resolve(document, value) else { return false };
    [&b"Page"[..], b"Pages", b"Annot", b"StructElem", b"StructTreeRoot"].into_iter().any(|kind| held.has_type(kind))
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

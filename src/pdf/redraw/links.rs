//! What stays of annotations and forms once a page is a picture: links, and files that are pinned to it.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use crate::pdf::{
    archive::{
        forget,
        rules::{annotations_of, blank, flag},
    },
    attach,
    destinations::plain_action,
    object, pages,
};

/// What of a link is kept.
const OF_LINK: [&[u8]; 5] = [b"Rect", b"QuadPoints", b"Contents", b"NM", b"H"];
/// What of a pin is kept.
const OF_PIN: [&[u8]; 5] = [b"Rect", b"FS", b"Contents", b"NM", b"Name"];
/// Deepest form whose empty fields are taken away.
const FIELD_DEPTH_MAX: usize = 32;

/// Keeps the links and the files of a page, and gives the annotations that went.
pub(super) fn keep(document: &mut Document, page: ObjectId) -> (Vec<ObjectId>, BTreeSet<ObjectId>) {
    let (mut kept, mut removed) = (Vec::new(), BTreeSet::new());
    for id in annotations_of(document, page) {
        let held = object::at(document, id);
        if let Some(mut plain) = held.and_then(|held| plain(document, held)).or_else(|| pin(document, id)) {
            plain.set("P", page);
            document.objects.insert(id, plain.into());
            kept.push(id);
        } else {
            removed.insert(id);
        }
    }
    (kept, removed)
}

/// A link without all that is in the picture; `None` when the annotation is none, or leads nowhere.
pub(super) fn plain(document: &Document, held: &Dictionary) -> Option<Dictionary> {
    let flags = object::integer(document, held, b"F").unwrap_or(0);
    let is_link = object::name(document, held, b"Subtype") == Some(b"Link");
    if !is_link || flags & (flag::HIDDEN | flag::NO_VIEW) != 0 {
        return None;
    }
    object::rectangle(document, held, b"Rect")?;
    let mut link = Dictionary::new();
    link.set("Type", object::named("Annot"));
    link.set("Subtype", object::named("Link"));
    for key in OF_LINK {
        if let Some(value) = object::get(document, held, key) {
            link.set(key, value.clone());
        }
    }
    link.set("F", flag::PRINT);
    link.set("Border", vec![0.into(), 0.into(), 0.into()]);
    if let Some(destination) = object::get(document, held, b"Dest") {
        link.set("Dest", destination.clone());
        return Some(link);
    }
    link.set("A", plain_action(document, object::dictionary(document, held, b"A")?)?);
    Some(link)
}

/// An annotation that holds a file, without its look, which is in the picture; `None` when it is none. Whether the file may stay is for
/// [`crate::pdf::archive`] to say.
fn pin(document: &mut Document, id: ObjectId) -> Option<Dictionary> {
    let held = object::at(document, id)?;
    attach::file_of(document, object::dictionary(document, held, b"FS")?)?;
    if object::name(document, held, b"Subtype") != Some(b"FileAttachment") {
        return None;
    }
    let [left, bottom, right, top] = object::rectangle(document, held, b"Rect")?;
    let mut pin = Dictionary::new();
    pin.set("Type", object::named("Annot"));
    pin.set("Subtype", object::named("FileAttachment"));
    for key in OF_PIN {
        if let Ok(value) = held.get(key) {
            pin.set(key, value.clone());
        }
    }
    pin.set("F", flag::PRINT);
    let look = blank(document, [(right - left).abs(), (top - bottom).abs()]);
    pin.set("AP", dictionary! { "N" => look });
    Some(pin)
}

/// Takes annotations out of forms and whatever else refers to them.
pub(super) fn remove(document: &mut Document, mut removed: BTreeSet<ObjectId>) {
    for _ in 0..FIELD_DEPTH_MAX {
        if removed.is_empty() {
            break;
        }
        forget(document, &removed);
        removed = fields(document).into_iter().filter(|field| is_bare(document, *field)).collect();
    }
    let has_fields = pages::list(document).into_iter().flat_map(|page| annotations_of(document, page)).any(|id| {
        object::at(document, id).and_then(|held| object::name(document, held, b"Subtype")) == Some(b"Widget")
    });
    let form = object::catalog(document).and_then(|catalog| object::target(document, catalog.get(b"AcroForm").ok()?));
    if !has_fields && let Some(catalog) = object::catalog_mut(document) {
        catalog.remove(b"AcroForm");
    } else if let Some(form) = form.and_then(|form| object::at_mut(document, form)) {
        // The order of calculations names fields that may be gone, and nothing calculates in an archive.
        form.remove(b"CO");
    }
}

/// Whether a field has lost all that showed it.
fn is_bare(document: &Document, field: ObjectId) -> bool {
    object::at(document, field).is_some_and(|held| {
        object::array(document, held, b"Kids").is_some_and(<[Object]>::is_empty) && !held.has(b"Rect")
    })
}

/// The fields of the form.
fn fields(document: &Document) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&[Object]> = object::catalog(document)
        .and_then(|catalog| object::dictionary(document, catalog, b"AcroForm"))
        .and_then(|form| object::array(document, form, b"Fields"))
        .into_iter()
        .collect();
    while let Some(kids) = open.pop() {
        for id in kids.iter().filter_map(|kid| object::target(document, kid)) {
            if found.insert(id) {
                open.extend(object::at(document, id).and_then(|held| object::array(document, held, b"Kids")));
            }
        }
    }
    found
}

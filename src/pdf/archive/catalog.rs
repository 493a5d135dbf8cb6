//! What the catalog may not hold: scripts, forms by XFA, permissions, requirements; and values of signatures.

use lopdf::{Document, Object, ObjectId};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{attach, object, pages, validate::Part},
};

/// Cleans the catalog, the form and the pages' own entries.
pub(super) fn clean(document: &mut Document, part: Part, log: &mut Log) {
    names(document, log);
    form(document, log);
    signatures(document, log);
    let Some(catalog) = object::catalog_mut(document) else { return };
    for key in ["NeedsRendering", "Perms", "Requirements", "DSS", "Version"] {
        catalog.remove(key.as_bytes());
    }
    match part {
        Part::One => drop(catalog.remove(b"Collection")),
        // A portfolio stays one where its files stay.
        Part::Two | Part::Three | Part::Four => attach::simplify(document),
    }
    for page in pages::list(document) {
        if let Some(page) = object::at_mut(document, page) {
            page.remove(b"PresSteps");
            page.remove(b"OutputIntents");
        }
    }
    let catalog_id = document.trailer.get(b"Root").and_then(Object::as_reference).ok();
    let is_part = |(id, object): &(&ObjectId, &Object)| {
        Some(**id) != catalog_id && object::as_dictionary(object).is_some_and(|held| held.has(b"Metadata"))
    };
    let parts: Vec<ObjectId> = document.objects.iter().filter(is_part).map(|(id, _)| *id).collect();
    for id in parts {
        object::edit(document, id, |object, document| {
            let Some(dictionary) = object::as_dictionary_mut(object) else { return };
            let is_packet =
                object::dictionary(document, dictionary, b"Metadata").is_some_and(|held| held.has_type(b"Metadata"));
            if is_packet {
                // Metadata of parts would have to keep every rule of the metadata of the document, schemas included.
                dictionary.remove(b"Metadata");
            }
        });
    }
}

fn names(document: &mut Document, log: &mut Log) {
    let Some(id) = object::catalog(document).and_then(|catalog| object::target(document, catalog.get(b"Names").ok()?))
    else {
        return;
    };
    let Some(names) = object::at_mut(document, id) else { return };
    if names.remove(b"JavaScript").is_some() {
        log.warn(EventCode::ActionRemoved, "A script of the document was removed.");
    }
    for key in ["AlternatePresentations", "Renditions"] {
        names.remove(key.as_bytes());
    }
    if names.is_empty()
        && let Some(catalog) = object::catalog_mut(document)
    {
        catalog.remove(b"Names");
    }
}

fn form(document: &mut Document, log: &mut Log) {
    let Some(id) =
        object::catalog(document).and_then(|catalog| object::target(document, catalog.get(b"AcroForm").ok()?))
    else {
        return;
    };
    let Some(form) = object::at_mut(document, id) else { return };
    form.remove(b"SigFlags");
    if form.remove(b"XFA").is_some() {
        log.warn(EventCode::VisualDifferences, "The XFA form was removed; the form fields of the pages remain.");
    }
}

/// Drops the values of signatures, which would be wrong for what is changed.
fn signatures(document: &mut Document, log: &mut Log) {
    object::each_dictionary_where(
        document,
        |held| held.has(b"FT"),
        |dictionary, document| {
            let is_signature = object::name(document, dictionary, b"FT") == Some(b"Sig");
            if is_signature && dictionary.remove(b"V").is_some() {
                log.warn(
                    EventCode::SignatureRemoved,
                    "A digital signature was removed, since the document was changed.",
                );
            }
        },
    );
}

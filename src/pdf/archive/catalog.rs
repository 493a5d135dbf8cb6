//! What the catalog may not hold: scripts, embedded files, forms by XFA, permissions, requirements.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{object, pages},
};

/// Most nodes of a name tree that are walked.
const TREE_NODES_MAX: usize = 100_000;

/// Cleans the catalog, the form and the pages' own entries.
pub(super) fn clean(document: &mut Document, log: &mut Log) {
    names(document, log);
    form(document, log);
    embedded(document, log);
    let Some(catalog) = object::catalog_mut(document) else { return };
    for key in ["NeedsRendering", "Perms", "Requirements", "Collection", "DSS", "Version"] {
        catalog.remove(key.as_bytes());
    }
    for page in pages::list(document) {
        if let Some(page) = object::at_mut(document, page) {
            page.remove(b"PresSteps");
            page.remove(b"OutputIntents");
        }
    }
    let catalog_id = document.trailer.get(b"Root").and_then(Object::as_reference).ok();
    for id in object::ids(document) {
        if Some(id) == catalog_id {
            continue;
        }
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
    let files = object::at(document, id)
        .and_then(|names| object::dictionary(document, names, b"EmbeddedFiles"))
        .map(|tree| tree_names(document, tree))
        .unwrap_or_default();
    for name in files {
        log.warn(EventCode::EmbeddedFileRemoved, format!("The embedded file \"{name}\" was removed."));
    }
    let Some(names) = object::at_mut(document, id) else { return };
    if names.remove(b"JavaScript").is_some() {
        log.warn(EventCode::ActionRemoved, "A script of the document was removed.");
    }
    for key in ["EmbeddedFiles", "AlternatePresentations", "Renditions"] {
        names.remove(key.as_bytes());
    }
    if names.is_empty()
        && let Some(catalog) = object::catalog_mut(document)
    {
        catalog.remove(b"Names");
    }
}

/// The names of the files in a name tree: what the file specification says, else the key.
fn tree_names(document: &Document, root: &Dictionary) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<ObjectId> = BTreeSet::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        for pair in object::array(document, node, b"Names").unwrap_or_default().chunks(2) {
            let key = pair.first().and_then(|key| lopdf::decode_text_string(object::resolve(document, key)).ok());
            let file = pair.get(1).and_then(|file| object::as_dictionary(object::resolve(document, file)));
            let name = file
                .and_then(|file| object::text(document, file, b"UF").or_else(|| object::text(document, file, b"F")));
            found.extend(name.or(key));
        }
        for kid in object::array(document, node, b"Kids").unwrap_or_default() {
            let fresh = object::target(document, kid).is_some_and(|id| seen.insert(id));
            if fresh && seen.len() < TREE_NODES_MAX {
                open.extend(object::as_dictionary(object::resolve(document, kid)));
            }
        }
    }
    found
}

fn form(document: &mut Document, log: &mut Log) {
    let Some(id) =
        object::catalog(document).and_then(|catalog| object::target(document, catalog.get(b"AcroForm").ok()?))
    else {
        return;
    };
    let Some(form) = object::at_mut(document, id) else { return };
    form.remove(b"NeedAppearances");
    form.remove(b"SigFlags");
    if form.remove(b"XFA").is_some() {
        log.warn(EventCode::VisualDifferences, "The XFA form was removed; the form fields of the pages remain.");
    }
}

/// Removes what is embedded outside the tree of names, and drops signatures' values.
fn embedded(document: &mut Document, log: &mut Log) {
    object::each_dictionary(document, |dictionary, document| {
        let is_file =
            object::dictionary(document, dictionary, b"EF").is_some_and(|held| held.has(b"F") || held.has(b"UF"));
        if is_file {
            if let Some(name) =
                object::text(document, dictionary, b"UF").or_else(|| object::text(document, dictionary, b"F"))
            {
                log.warn(EventCode::EmbeddedFileRemoved, format!("The embedded file \"{name}\" was removed."));
            }
            dictionary.remove(b"EF");
            dictionary.remove(b"RF");
        }
        let has_associated = match object::get(document, dictionary, b"AF") {
            Some(Object::Array(files)) => files.iter().any(|file| is_file_specification(document, file)),
            Some(single) => is_file_specification(document, single),
            None => false,
        };
        if has_associated {
            dictionary.remove(b"AF");
        }
        let is_signature = object::name(document, dictionary, b"FT") == Some(b"Sig");
        if is_signature && dictionary.remove(b"V").is_some() {
            log.warn(EventCode::SignatureRemoved, "A digital signature was removed, since the document was changed.");
        }
    });
}

fn is_file_specification(document: &Document, object: &Object) -> bool {
    object::as_dictionary(object::resolve(document, object))
        .is_some_and(|held| held.has(b"EF") || held.has(b"AFRelationship") || held.has_type(b"Filespec"))
}

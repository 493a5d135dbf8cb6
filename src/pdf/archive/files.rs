//! Embedded files: none in PDF/A-1 (ISO 19005-1, 6.1.11), only PDF/A in PDF/A-2 (ISO 19005-2, 6.8), any in PDF/A-3, each with
//! its type and what it is to the document (ISO 19005-3, 6.8).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{gate, object, stream, validate::Part},
};

/// Most nodes of a name tree that are walked.
const TREE_NODES_MAX: usize = 100_000;

/// The type of a file that does not say one.
const ANY_TYPE: &[u8] = b"application/octet-stream";

/// Keeps the embedded files that the part takes, and drops the others.
pub(super) fn mend(document: &mut Document, part: Part, log: &mut Log) {
    let kept = kept(document, part);
    let listed = listed(document);
    let mut dropped = BTreeSet::new();
    object::each_dictionary(document, |dictionary, document| {
        if dictionary.has(b"EF") && !holds_kept(document, dictionary, &kept) {
            if has_file(document, dictionary) {
                dropped.insert(name_of(document, dictionary).unwrap_or_else(|| "unnamed".to_owned()));
            }
            dictionary.remove(b"EF");
            dictionary.remove(b"RF");
        } else if dictionary.has(b"EF") {
            specify(dictionary, document, part);
        }
        if kept.is_empty() && associates(document, dictionary) {
            dictionary.remove(b"AF");
        }
    });
    for name in dropped {
        let message = format!("The embedded file \"{name}\" was removed.");
        log.warn(EventCode::EmbeddedFileRemoved, message);
    }
    for id in &kept {
        if let Some(held) = object::at_mut(document, *id) {
            held.set("Type", object::named("EmbeddedFile"));
            if held.get(b"Subtype").and_then(Object::as_name).map_or(true, |kind| !kind.contains(&b'/')) {
                held.set("Subtype", Object::Name(ANY_TYPE.to_vec()));
            }
        }
    }
    list(document, &listed, &kept, part);
}

/// The streams of the files that may stay.
fn kept(document: &Document, part: Part) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    object::see_dictionaries(document, |_, dictionary| found.extend(file_of(document, dictionary)));
    match part {
        Part::One => found.clear(),
        Part::Two => found.retain(|id| is_archive(document, *id)),
        Part::Three | Part::Four => {}
    }
    found
}

/// Whether an embedded file is PDF/A-1 or PDF/A-2 itself.
fn is_archive(document: &Document, id: ObjectId) -> bool {
    let Some(Object::Stream(held)) = document.objects.get(&id) else { return false };
    stream::unpack(held)
        .is_ok_and(|bytes| bytes.starts_with(b"%PDF-") && gate::conforming(&bytes, &[Part::One, Part::Two]).is_some())
}

/// The stream of the file that a specification embeds.
fn file_of(document: &Document, specification: &Dictionary) -> Option<ObjectId> {
    let files = object::dictionary(document, specification, b"EF")?;
    [&b"F"[..], b"UF"].iter().find_map(|key| object::target(document, files.get(key).ok()?))
}

/// Whether a specification says that it embeds a file, there or not.
fn has_file(document: &Document, specification: &Dictionary) -> bool {
    object::dictionary(document, specification, b"EF").is_some_and(|files| files.has(b"F") || files.has(b"UF"))
}

fn holds_kept(document: &Document, specification: &Dictionary, kept: &BTreeSet<ObjectId>) -> bool {
    file_of(document, specification).is_some_and(|id| kept.contains(&id))
}

fn name_of(document: &Document, specification: &Dictionary) -> Option<String> {
    object::text(document, specification, b"UF").or_else(|| object::text(document, specification, b"F"))
}

/// Makes a specification say what the part asks for: both names, and in PDF/A-3 the relationship.
fn specify(specification: &mut Dictionary, document: &Document, part: Part) {
    specification.set("Type", object::named("Filespec"));
    for (key, other) in [("F", "UF"), ("UF", "F")] {
        if !specification.has(key.as_bytes()) {
            let name = specification.get(other.as_bytes()).cloned().unwrap_or_else(|_| Object::string_literal("file"));
            specification.set(key, name);
        }
    }
    if let (Some(id), Some(files)) =
        (file_of(document, specification), object::dictionary(document, specification, b"EF").cloned())
    {
        let mut files = files;
        for key in ["F", "UF"] {
            if !files.has(key.as_bytes()) {
                files.set(key, id);
            }
        }
        specification.set("EF", files);
    }
    if part != Part::Two && object::name(document, specification, b"AFRelationship").is_none() {
        specification.set("AFRelationship", object::named("Unspecified"));
    }
}

/// Whether what a dictionary has under `AF` is files, and not an entry of another meaning.
fn associates(document: &Document, dictionary: &Dictionary) -> bool {
    match object::get(document, dictionary, b"AF") {
        Some(Object::Array(files)) => files.iter().any(|file| is_specification(document, file)),
        Some(single) => is_specification(document, single),
        None => false,
    }
}

fn is_specification(document: &Document, object: &Object) -> bool {
    object::as_dictionary(object::resolve(document, object))
        .is_some_and(|held| held.has(b"EF") || held.has(b"AFRelationship") || held.has_type(b"Filespec"))
}

/// The entries of the tree of embedded files: keys and specifications.
fn listed(document: &Document) -> Vec<(Object, Object)> {
    let names = object::catalog(document).and_then(|catalog| object::dictionary(document, catalog, b"Names"));
    let Some(root) = names.and_then(|names| object::dictionary(document, names, b"EmbeddedFiles")) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut seen: BTreeSet<ObjectId> = BTreeSet::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        for pair in object::array(document, node, b"Names").unwrap_or_default().chunks(2) {
            if let [key, value] = pair {
                found.push((object::resolve(document, key).clone(), value.clone()));
            }
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

/// Writes the tree of embedded files anew with those that stay, and ties each to the document where nothing else does.
fn list(document: &mut Document, listed: &[(Object, Object)], kept: &BTreeSet<ObjectId>, part: Part) {
    let stays = |document: &Document, file: &Object| {
        object::as_dictionary(object::resolve(document, file)).is_some_and(|held| holds_kept(document, held, kept))
    };
    let mut files: Vec<(Vec<u8>, ObjectId, Object)> = Vec::new();
    for (key, file) in listed {
        if !stays(document, file) {
            continue;
        }
        let id = object::target(document, file).unwrap_or_else(|| {
            // A specification in the tree itself was copied before it was mended.
            let mut held = object::as_dictionary(file).cloned().unwrap_or_default();
            specify(&mut held, document, part);
            object::add(document, held)
        });
        files.push((key.as_str().unwrap_or_default().to_vec(), id, key.clone()));
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));
    let tree: Vec<Object> = files.iter().flat_map(|(_, id, key)| [key.clone(), (*id).into()]).collect();
    let Some(names) =
        object::catalog(document).and_then(|catalog| object::target(document, catalog.get(b"Names").ok()?))
    else {
        return;
    };
    if let Some(names) = object::at_mut(document, names) {
        if tree.is_empty() {
            names.remove(b"EmbeddedFiles");
        } else {
            names.set("EmbeddedFiles", dictionary! { "Names" => tree });
        }
    }
    if part != Part::Two {
        associate(document, files.into_iter().map(|(_, id, _)| id).collect());
    }
}

/// Adds files to those of the document that are not associated with anything (ISO 19005-3, 6.8).
fn associate(document: &mut Document, files: Vec<ObjectId>) {
    let mut tied = BTreeSet::new();
    object::see_dictionaries(document, |_, dictionary| {
        for file in object::array(document, dictionary, b"AF").unwrap_or_default() {
            tied.extend(object::target(document, file));
        }
    });
    let loose: Vec<Object> = files.into_iter().filter(|id| !tied.contains(id)).map(Object::Reference).collect();
    if loose.is_empty() {
        return;
    }
    let mut all = object::catalog(document)
        .and_then(|catalog| object::array(document, catalog, b"AF"))
        .map(<[Object]>::to_vec)
        .unwrap_or_default();
    all.extend(loose);
    if let Some(catalog) = object::catalog_mut(document) {
        catalog.set("AF", all);
    }
}

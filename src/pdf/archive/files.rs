//! Embedded files: none in PDF/A-1 (ISO 19005-1, 6.1.11), only PDF/A in PDF/A-2 (ISO 19005-2, 6.8), any in PDF/A-3, each with
//! its type and what it is to the document (ISO 19005-3, 6.8).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{
        Error,
        attach::{
            self, ANY_TYPE, file_of,
            tree::{self, Entry},
        },
        gate, object, stream,
        validate::Part,
    },
};

/// Keeps the embedded files that the part takes, and drops the others.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub(super) fn mend(document: &mut Document, part: Part, log: &mut Log) -> Result<(), Error> {
    let kept = kept(document, part);
    let listed = tree::entries(document);
    let mut dropped = BTreeSet::new();
    let matters = |dictionary: &Dictionary| object::has_any(dictionary, &[b"EF", b"AF"]);
    object::each_dictionary_where(document, matters, |dictionary, document| {
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
        log.warn(EventCode::EmbeddedFileRemoved, removed(&name));
    }
    for id in &kept {
        if let Some(held) = object::at_mut(document, *id) {
            held.set("Type", object::named("EmbeddedFile"));
            if held.get(b"Subtype").and_then(Object::as_name).map_or(true, |kind| !kind.contains(&b'/')) {
                held.set("Subtype", object::named(ANY_TYPE));
            }
        }
    }
    list(document, listed, &kept, part)
}

/// Says that a file is gone.
pub(crate) fn removed(name: &str) -> String {
    format!("The embedded file \"{name}\" was removed.")
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

/// Writes the tree of embedded files anew with those that stay, and ties each to the document where nothing else does.
fn list(document: &mut Document, listed: Vec<Entry>, kept: &BTreeSet<ObjectId>, part: Part) -> Result<(), Error> {
    let mut entries = Vec::new();
    let mut files = Vec::new();
    for Entry { key, file } in listed {
        let Some(held) = object::as_dictionary(object::resolve(document, &file)) else { continue };
        if !holds_kept(document, held, kept) {
            continue;
        }
        let id = match object::target(document, &file) {
            Some(id) => id,
            None => {
                // A specification in the tree itself was copied before it was mended.
                let mut held = held.clone();
                specify(&mut held, document, part);
                object::add(document, held)
            }
        };
        files.push(id);
        entries.push(Entry { key, file: id.into() });
    }
    tree::write(document, entries)?;
    if part == Part::Two {
        return Ok(());
    }
    let known: BTreeSet<ObjectId> = files.iter().copied().collect();
    files.extend(pinned(document, kept).difference(&known));
    associate(document, files)
}

/// The specifications of annotations that show a file, which the tree need not list.
fn pinned(document: &Document, kept: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    object::see_dictionaries(document, |_, held| {
        if object::name(document, held, b"Subtype") == Some(b"FileAttachment") {
            found.extend(held.get(b"FS").ok().and_then(|file| object::target(document, file)));
        }
    });
    found.retain(|id| object::at(document, *id).is_some_and(|held| holds_kept(document, held, kept)));
    found
}

/// Adds files to those of the document that are not associated with anything (ISO 19005-3, 6.8).
fn associate(document: &mut Document, mut files: Vec<ObjectId>) -> Result<(), Error> {
    let mut tied = BTreeSet::new();
    object::see_dictionaries(document, |_, dictionary| {
        for file in object::array(document, dictionary, b"AF").unwrap_or_default() {
            tied.extend(object::target(document, file));
        }
    });
    files.retain(|id| !tied.contains(id));
    attach::associate(document, &files)
}

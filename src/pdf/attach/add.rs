//! Puts files in.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary, text_string};
use md5::{Digest as _, Md5};

use super::{
    Attachment, Embedded, Relationship, find,
    names::{self, Taken},
    tree::{self, Entry},
};
use crate::{
    domain::limits,
    pdf::{Error, metadata, object},
};

/// The media type of a file that does not say one.
pub const ANY_TYPE: &str = "application/octet-stream";

/// Puts a file in. Gives the name that it has there: a name that is taken gets a number.
///
/// # Errors
/// `Corrupt` when the document has no catalog, `Limit` when it has too many files already.
pub fn attach(document: &mut Document, file: &Attachment<'_>) -> Result<String, Error> {
    Ok(attach_all(document, std::slice::from_ref(file))?.pop().unwrap_or_default())
}

/// Puts files in, which takes less time than one after the other. Gives the names that they have there.
///
/// # Errors
/// As [`attach`].
pub fn attach_all(document: &mut Document, files: &[Attachment<'_>]) -> Result<Vec<String>, Error> {
    let mut entries = tree::entries(document);
    if entries.len() + files.len() > limits::CONTAINER_ENTRIES_MAX {
        return Err(Error::limit(format!("more than {} files in it", limits::CONTAINER_ENTRIES_MAX)));
    }
    let mut taken = taken(document, &entries);
    let (mut given, mut added) = (Vec::new(), Vec::new());
    for file in files {
        let name = taken.take_free(&names::label(file.name));
        let stream = object::add(document, stream(file));
        let specification = object::add(document, specification(file, &name, stream));
        entries.push(Entry { key: text_string(&name), file: specification.into() });
        added.push(specification);
        given.push(name);
    }
    tree::write(document, entries)?;
    associate(document, &added)?;
    Ok(given)
}

/// The names in the tree, and their keys, which are names as well.
fn taken(document: &Document, entries: &[Entry]) -> Taken {
    let mut taken = Taken::default();
    for entry in entries {
        if let Ok(key) = lopdf::decode_text_string(&entry.key) {
            taken.take(&key);
        }
        let file = object::as_dictionary(object::resolve(document, &entry.file));
        if let Some(name) = file.and_then(|file| find::name_of(document, file)) {
            taken.take(&name);
        }
    }
    taken
}

/// The stream of an embedded file. Writing the document packs it.
fn stream(file: &Attachment<'_>) -> Stream {
    let size = i64::try_from(file.bytes.len()).unwrap_or(i64::MAX);
    let checksum = Object::String(Md5::digest(file.bytes).to_vec(), StringFormat::Hexadecimal);
    let mut params = dictionary! { "Size" => size, "CheckSum" => checksum };
    params.set("ModDate", metadata::date(file.modified));
    if let Some(created) = file.created {
        params.set("CreationDate", metadata::date(created));
    }
    let media_type = Some(file.media_type).filter(|kind| is_media_type(kind)).unwrap_or(ANY_TYPE);
    let mut held = dictionary! { "Type" => "EmbeddedFile" };
    held.set("Subtype", object::named(media_type));
    held.set("Params", params);
    Stream::new(held, file.bytes.to_vec())
}

/// The file specification. `F` and `UF` say the same: readers from before PDF 1.7 know the first alone.
fn specification(file: &Attachment<'_>, name: &str, stream: ObjectId) -> Dictionary {
    let mut held = dictionary! {
        "Type" => "Filespec", "F" => text_string(name), "UF" => text_string(name),
        "EF" => dictionary! { "F" => stream, "UF" => stream },
    };
    held.set("AFRelationship", object::named(file.relationship.as_str()));
    if let Some(description) = file.description {
        held.set("Desc", text_string(description));
    }
    held
}

/// Whether it is a type and a subtype of the characters that ISO 19005-3, 6.8 takes; parameters are not written here.
fn is_media_type(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+.".contains(&byte))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_part(kind) && is_part(subtype))
}

/// Ties files to the document by AF of the catalog, those that are not tied to it yet.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub(crate) fn associate(document: &mut Document, files: &[ObjectId]) -> Result<(), Error> {
    let no_catalog = || Error::corrupt("it has no catalog");
    let catalog = object::catalog(document).ok_or_else(no_catalog)?;
    let mut all = match object::get(document, catalog, b"AF") {
        Some(Object::Array(files)) => files.clone(),
        Some(_) => catalog.get(b"AF").cloned().into_iter().collect(),
        None => Vec::new(),
    };
    let tied: BTreeSet<ObjectId> = all.iter().filter_map(|file| object::target(document, file)).collect();
    all.extend(files.iter().filter(|file| !tied.contains(file)).map(|file| Object::Reference(*file)));
    if !all.is_empty() {
        object::catalog_mut(document).ok_or_else(no_catalog)?.set("AF", all);
    }
    Ok(())
}

/// Gives a file of the document another name, media type and relationship, and ties it to the document. Another file of
/// that name gets a number.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub(crate) fn rename(
    document: &mut Document,
    file: &Embedded,
    name: &str,
    media_type: &str,
    relationship: Relationship,
) -> Result<(), Error> {
    let mut entries = tree::entries(document);
    let leads = |document: &Document, entry: &Entry| {
        object::as_dictionary(object::resolve(document, &entry.file))
            .is_some_and(|held| find::file_of(document, held) == Some(file.stream))
    };
    let (own, mut others): (Vec<Entry>, Vec<Entry>) = entries.drain(..).partition(|entry| leads(document, entry));
    let mut taken = taken(document, &others);
    if !taken.take(name) {
        for entry in &mut others {
            let held = object::as_dictionary(object::resolve(document, &entry.file)).cloned().unwrap_or_default();
            let said = find::name_of(document, &held).unwrap_or_default();
            let key = lopdf::decode_text_string(&entry.key).unwrap_or_default();
            if [said, key].iter().any(|other| other.to_lowercase() == name.to_lowercase()) {
                let free = taken.take_free(name);
                entry.file = set_name(document, &entry.file, held, &free);
                entry.key = text_string(&free);
            }
        }
    }
    // A file that hangs on a page alone has no entry yet.
    let own = own.into_iter().next().map(|entry| entry.file);
    let own = own.or_else(|| find::specification_of(document, file.stream)).unwrap_or_else(|| {
        let held =
            dictionary! { "Type" => "Filespec", "EF" => dictionary! { "F" => file.stream, "UF" => file.stream } };
        object::add(document, held).into()
    });
    let held = object::as_dictionary(object::resolve(document, &own)).cloned().unwrap_or_default();
    let own = set_name(document, &own, held, name);
    if let Some(id) = object::target(document, &own)
        && let Some(held) = object::at_mut(document, id)
    {
        held.set("AFRelationship", object::named(relationship.as_str()));
        associate(document, &[id])?;
    }
    if let Some(held) = object::at_mut(document, file.stream) {
        held.set("Type", object::named("EmbeddedFile"));
        held.set("Subtype", object::named(media_type));
    }
    others.push(Entry { key: text_string(name), file: own });
    tree::write(document, others)
}

/// Writes a name into a file specification, which becomes an object of its own.
fn set_name(document: &mut Document, file: &Object, mut held: Dictionary, name: &str) -> Object {
    held.set("F", text_string(name));
    held.set("UF", text_string(name));
    let Some(id) = object::target(document, file) else { return object::add(document, held).into() };
    if let Some(slot) = object::at_mut(document, id) {
        *slot = held;
    }
    id.into()
}

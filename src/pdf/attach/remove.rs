//! Takes files away.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{Embedded, find::file_of, portfolio::simplify, tree};
use crate::pdf::{Error, object};

/// Takes files away from everything that they hang on; an annotation that is nothing but a file goes as well, and a document
/// without files is no portfolio any more.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub fn detach(document: &mut Document, files: &[Embedded]) -> Result<(), Error> {
    let streams: BTreeSet<ObjectId> = files.iter().map(|file| file.stream).collect();
    let mut entries = tree::entries(document);
    entries.retain(|entry| !leads_to(document, &entry.file, &streams));
    tree::write(document, entries)?;
    object::each_object(document, |held, document| {
        if let Object::Array(items) = held {
            items.retain(|item| !leads_to(document, item, &streams));
        } else if let Some(held) = object::as_dictionary_mut(held)
            && held.get(b"AF").is_ok_and(|file| leads_to(document, file, &streams))
        {
            held.remove(b"AF");
        }
    });
    // What still refers to a specification, as an element of structure, refers to one without a file.
    object::each_dictionary(document, |held, document| {
        if file_of(document, held).is_some_and(|stream| streams.contains(&stream)) {
            held.remove(b"EF");
            held.remove(b"RF");
        }
        if held.get(b"AF").is_ok_and(|files| matches!(files, Object::Array(files) if files.is_empty())) {
            held.remove(b"AF");
        }
    });
    simplify(document);
    document.prune_objects();
    Ok(())
}

/// Whether an object is a specification of one of the files, or an annotation for it.
fn leads_to(document: &Document, object: &Object, streams: &BTreeSet<ObjectId>) -> bool {
    let Some(held) = object::as_dictionary(object::resolve(document, object)) else { return false };
    let is_annotation = |held: &Dictionary| object::name(document, held, b"Subtype") == Some(b"FileAttachment");
    let annotated = object::dictionary(document, held, b"FS").filter(|_| is_annotation(held));
    file_of(document, annotated.unwrap_or(held)).is_some_and(|stream| streams.contains(&stream))
}

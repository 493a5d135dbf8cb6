//! Takes a file away.

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{Embedded, find::file_of, tree};
use crate::pdf::{Error, object};

/// Takes a file away from everything that it hangs on; an annotation that is nothing but the file goes as well.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub fn detach(document: &mut Document, file: &Embedded) -> Result<(), Error> {
    let stream = file.stream;
    let mut entries = tree::entries(document);
    entries.retain(|entry| !leads_to(document, &entry.file, stream));
    tree::write(document, entries)?;
    object::each_object(document, |held, document| {
        if let Object::Array(items) = held {
            items.retain(|item| !leads_to(document, item, stream));
        } else if let Some(held) = object::as_dictionary_mut(held)
            && held.get(b"AF").is_ok_and(|file| leads_to(document, file, stream))
        {
            held.remove(b"AF");
        }
    });
    // What still refers to a specification, as an element of structure, refers to one without a file.
    object::each_dictionary(document, |held, document| {
        if file_of(document, held) == Some(stream) {
            held.remove(b"EF");
            held.remove(b"RF");
        }
        if held.get(b"AF").is_ok_and(|files| matches!(files, Object::Array(files) if files.is_empty())) {
            held.remove(b"AF");
        }
    });
    document.prune_objects();
    Ok(())
}

/// Whether an object is a specification of the file, or an annotation for it.
fn leads_to(document: &Document, object: &Object, stream: ObjectId) -> bool {
    let Some(held) = object::as_dictionary(object::resolve(document, object)) else { return false };
    let is_annotation = |held: &Dictionary| object::name(document, held, b"Subtype") == Some(b"FileAttachment");
    let annotated = object::dictionary(document, held, b"FS").filter(|_| is_annotation(held));
    file_of(document, annotated.unwrap_or(held)) == Some(stream)
}

//! Objects that a document needs and that are not where its table has them.

use std::collections::HashSet;

use lopdf::{
    Document, ObjectId,
    xref::{XrefEntry, XrefRecovery},
};

use crate::pdf::object;

/// A document that was loaded, and how many objects that it needs are damaged.
pub(super) struct Loaded {
    pub(super) document: Document,
    pub(super) lost: usize,
}

/// Loads a document. When objects that it needs are not where the table has them, they are looked for in the whole file, as
/// readers do; `load` is told whether to.
pub(super) fn load<E>(load: impl Fn(bool) -> Result<Document, E>) -> Result<Loaded, E> {
    let document = load(false)?;
    let lost = lost(&document);
    if lost.is_empty() {
        return Ok(Loaded { document, lost: 0 });
    }
    if document.xref_recovery != Some(XrefRecovery::Reconstructed)
        && let Ok(searched) = load(true)
    {
        let still = lost.iter().filter(|id| !searched.objects.contains_key(id)).count();
        if still < lost.len() && searched.page_iter().count() >= document.page_iter().count() {
            return Ok(Loaded { document: searched, lost: still });
        }
    }
    Ok(Loaded { document, lost: lost.len() })
}

/// The objects that the document refers to and that its table has, but that could not be read.
fn lost(document: &Document) -> HashSet<ObjectId> {
    // Without its password an encrypted document has no objects.
    if document.trailer.has(b"Encrypt") {
        return HashSet::new();
    }
    let mut read = document.objects.keys().map(|(number, _)| *number).peekable();
    let mut unread = HashSet::new();
    for (number, entry) in &document.reference_table.entries {
        while read.next_if(|read| read < number).is_some() {}
        let is_in_use = match entry {
            // Some writers give objects that they left out the place 0, where the file begins.
            XrefEntry::Normal { offset, .. } => *offset > 0,
            XrefEntry::Compressed { .. } => true,
            XrefEntry::Free | XrefEntry::UnusableFree => false,
        };
        if is_in_use && read.peek() != Some(number) {
            unread.insert(*number);
        }
    }
    if unread.is_empty() {
        return HashSet::new();
    }
    object::referenced(document).into_iter().filter(|(number, _)| unread.contains(number)).collect()
}

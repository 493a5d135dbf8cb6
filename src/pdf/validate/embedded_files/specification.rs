//! Finds the file specifications that have an embedded file.

use lopdf::{Dictionary, ObjectId};

use crate::pdf::{object, validate::subject::Subject};

/// A file specification with an embedded file (ISO 32000-1, 7.11.3).
pub(super) struct Specification<'a> {
    /// The number of the object that it is, or is in.
    pub(super) id: ObjectId,
    /// Whether it is within another object.
    pub(super) is_direct: bool,
    /// Its dictionary.
    pub(super) held: &'a Dictionary,
}

/// All file specifications that have an embedded file, also those that nothing leads to: the file still holds them.
pub(super) fn all<'a>(subject: &Subject<'a>) -> Vec<Specification<'a>> {
    let mut found = Vec::new();
    for (id, object) in &subject.document.objects {
        let mut open = vec![(object, false)];
        while let Some((value, is_direct)) = open.pop() {
            if let lopdf::Object::Array(items) = value {
                open.extend(items.iter().map(|item| (item, true)));
            } else if let Some(held) = object::as_dictionary(value) {
                if object::get(subject.document, held, b"EF").is_some() {
                    found.push(Specification { id: *id, is_direct, held });
                }
                open.extend(held.iter().map(|(_, value)| (value, true)));
            }
        }
    }
    found
}

//! Finds the file specifications that have an embedded file.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use crate::pdf::{object, validate::subject::Subject};

/// A file specification with an embedded file (ISO 32000-1, 7.11.3).
pub(in crate::pdf::validate) struct Specification<'a> {
    /// The number of the object that it is, or is in.
    pub(super) id: ObjectId,
    /// Whether it is within another object.
    pub(super) is_direct: bool,
    /// Its dictionary.
    pub(super) held: &'a Dictionary,
}

impl Specification<'_> {
    /// The name of its file, for messages.
    pub(super) fn shown(&self) -> String {
        let name = self.held.get(b"UF").or_else(|_| self.held.get(b"F")).ok();
        let name = name.and_then(|name| lopdf::decode_text_string(name).ok());
        name.map_or_else(|| format!("in object {}", self.id.0), |name| format!("\"{name}\""))
    }

    /// The streams of its file: one for each platform, most often the same.
    pub(super) fn streams<'a>(&self, subject: &Subject<'a>) -> BTreeMap<ObjectId, &'a Stream> {
        let files = object::dictionary(subject.document, self.held, b"EF");
        let ids = files.into_iter().flatten().filter_map(|(_, value)| object::target(subject.document, value));
        let held = ids.filter_map(|id| Some((id, subject.document.objects.get(&id)?.as_stream().ok()?)));
        held.collect()
    }
}

/// All file specifications that have an embedded file, also those that nothing leads to: the file still holds them.
pub(in crate::pdf::validate) fn specifications(document: &Document) -> Vec<Specification<'_>> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    for (id, object) in &document.objects {
        open.push((object, false));
        while let Some((value, is_direct)) = open.pop() {
            if let Object::Array(items) = value {
                open.extend(items.iter().map(|item| (item, true)));
            } else if let Some(held) = object::as_dictionary(value) {
                if object::get(document, held, b"EF").is_some() {
                    found.push(Specification { id: *id, is_direct, held });
                }
                open.extend(held.iter().map(|(_, value)| (value, true)));
            }
        }
    }
    found
}

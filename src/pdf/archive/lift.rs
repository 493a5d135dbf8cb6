//! Makes objects that later steps change in place indirect, so that a number is enough to find them.

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::pdf::object;

/// Keys whose dictionary becomes an object of its own.
const LIFTED: [&[u8]; 6] = [b"Resources", b"FontDescriptor", b"AP", b"AcroForm", b"Names", b"FS"];

/// Keys whose entries (or elements), when dictionaries, become objects of their own.
const LIFTED_ENTRIES: [&[u8]; 4] = [b"Font", b"Annots", b"DescendantFonts", b"ExtGState"];

/// Lifts everything that needs it. Objects that are lifted are visited in turn.
pub(super) fn lift(document: &mut Document) {
    let mut pending = object::holding(document, |object| object::as_dictionary(object).is_some_and(has_any_to_lift));
    while let Some(id) = pending.pop() {
        let mut lifted: Vec<(ObjectId, Object)> = Vec::new();
        let mut next = document.max_id;
        object::edit(document, id, |object, _| {
            let mut open = vec![object];
            while let Some(object) = open.pop() {
                if let Object::Array(items) = object {
                    open.extend(items.iter_mut());
                } else if let Some(dictionary) = object::as_dictionary_mut(object) {
                    lift_entries(dictionary, &mut next, &mut lifted);
                    open.extend(dictionary.iter_mut().map(|(_, value)| value));
                }
            }
        });
        document.max_id = next;
        pending.extend(lifted.iter().map(|(id, _)| *id));
        document.objects.extend(lifted);
    }
}

fn has_any_to_lift(dictionary: &Dictionary) -> bool {
    let is_direct = |value: &Object| matches!(value, Object::Dictionary(_));
    dictionary.iter().any(|(key, value)| {
        if LIFTED.contains(&key.as_slice()) {
            return is_direct(value);
        }
        LIFTED_ENTRIES.contains(&key.as_slice())
            && (value.as_dict().is_ok_and(|entries| entries.iter().any(|(_, entry)| is_direct(entry)))
                || value.as_array().is_ok_and(|items| items.iter().any(is_direct)))
    })
}

fn lift_entries(dictionary: &mut Dictionary, next: &mut u32, lifted: &mut Vec<(ObjectId, Object)>) {
    for (key, value) in dictionary.iter_mut() {
        if LIFTED.contains(&key.as_slice()) {
            replace(value, next, lifted);
        } else if LIFTED_ENTRIES.contains(&key.as_slice()) {
            match value {
                Object::Dictionary(entries) => entries.iter_mut().for_each(|(_, entry)| replace(entry, next, lifted)),
                Object::Array(items) => items.iter_mut().for_each(|item| replace(item, next, lifted)),
                Object::Null
                | Object::Boolean(_)
                | Object::Integer(_)
                | Object::Real(_)
                | Object::Name(_)
                | Object::String(..)
                | Object::Stream(_)
                | Object::Reference(_) => {}
            }
        }
    }
}

fn replace(value: &mut Object, next: &mut u32, lifted: &mut Vec<(ObjectId, Object)>) {
    if matches!(value, Object::Dictionary(_)) {
        *next += 1;
        let id = (*next, 0);
        lifted.push((id, std::mem::replace(value, Object::Reference(id))));
    }
}

//! Objects that say the same become one: images, fonts, profiles, colour spaces, content.
//!
//! Only kinds whose place in the document says nothing: pages, annotations, fields and structure are told apart by being
//! different objects, so they never become one.

use std::collections::{BTreeMap, HashMap};

use lopdf::{Dictionary, Document, Object, ObjectId, Writer};
use twox_hash::XxHash3_128;

use crate::pdf::object;

/// How often it is looked anew: a font is the same as another once its descriptor, its program and its maps are.
const ROUNDS_MAX: usize = 4;

/// Types of dictionaries that may become one.
const TYPES: [&[u8]; 4] = [b"Encoding", b"ExtGState", b"Font", b"FontDescriptor"];

/// Types of streams that may not.
const DISTINCT: [&[u8]; 3] = [b"EmbeddedFile", b"Metadata", b"ObjStm"];

/// Families of colour spaces.
const FAMILIES: [&[u8]; 7] = [b"CalGray", b"CalRGB", b"DeviceN", b"ICCBased", b"Indexed", b"Lab", b"Separation"];

/// Merges them, and says how many went.
pub(super) fn merge(document: &mut Document) -> usize {
    let mut merged = 0;
    for _ in 0..ROUNDS_MAX {
        let same = same(document);
        if same.is_empty() {
            break;
        }
        merged += same.len();
        let redirect = |object: &mut Object| {
            if let Object::Reference(id) = object
                && let Some(first) = same.get(id)
            {
                *id = *first;
            }
        };
        object::each_object(document, |object, _| redirect(object));
        document.trailer.iter_mut().for_each(|(_, value)| redirect(value));
        for id in same.keys() {
            document.objects.remove(id);
        }
    }
    merged
}

/// Objects that are the same as an earlier one, with that.
fn same(document: &Document) -> BTreeMap<ObjectId, ObjectId> {
    let mut known: HashMap<u128, ObjectId> = HashMap::new();
    let mut found = BTreeMap::new();
    for (id, object) in document.objects.iter().filter(|(_, object)| may_merge(object)) {
        let Some(digest) = digest(object) else { continue };
        let first = *known.entry(digest).or_insert(*id);
        // Whoever makes a file may make digests agree.
        if first != *id && document.objects.get(&first).is_some_and(|first| is_same(first, object)) {
            found.insert(*id, first);
        }
    }
    found
}

fn may_merge(object: &Object) -> bool {
    match object {
        Object::Stream(held) => {
            let dictionary = &held.dict;
            let is_distinct = DISTINCT.iter().any(|kind| dictionary.has_type(kind));
            // One without resources takes those of whoever draws it.
            let is_form = dictionary.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Form");
            !is_distinct && (!is_form || dictionary.has(b"Resources"))
        }
        Object::Dictionary(held) => TYPES.iter().any(|kind| held.has_type(kind)),
        Object::Array(parts) => {
            parts.first().and_then(|family| family.as_name().ok()).is_some_and(|family| FAMILIES.contains(&family))
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Reference(_) => false,
    }
}

fn digest(object: &Object) -> Option<u128> {
    let mut digest = XxHash3_128::new();
    let mut bytes = Vec::new();
    if let Object::Stream(held) = object {
        let dictionary = without_length(&held.dict);
        Writer::write_object(&mut bytes, &Object::Dictionary(dictionary)).ok()?;
        digest.write(&held.content);
    } else {
        Writer::write_object(&mut bytes, object).ok()?;
    }
    digest.write(&bytes);
    Some(digest.finish_128())
}

fn is_same(one: &Object, other: &Object) -> bool {
    match (one, other) {
        (Object::Stream(one), Object::Stream(other)) => {
            one.content == other.content && without_length(&one.dict) == without_length(&other.dict)
        }
        (one, other) => one == other,
    }
}

/// The length may be an object of its own, and is that of the content anyway.
fn without_length(dictionary: &Dictionary) -> Dictionary {
    let mut dictionary = dictionary.clone();
    dictionary.remove(b"Length");
    dictionary
}

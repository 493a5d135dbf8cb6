//! Named destinations and other name trees: joined, names that occur twice renamed with what uses them.

use std::collections::{BTreeMap, HashMap};

use lopdf::{Dictionary, Document, Object, ObjectId, StringFormat};

use super::{Part, tree};
use crate::pdf::object;

/// The trees that are joined. Scripts of several documents would run in each other's way and are left to the first.
const TREES: [&[u8]; 3] = [b"Dests", b"EmbeddedFiles", b"AP"];

/// Old names by new ones, of one part.
type Renamed = HashMap<Vec<u8>, Vec<u8>>;

/// Joins the name trees and the older dictionary of destinations.
pub(super) fn join(document: &mut Document, parts: &[Part], catalog: &mut Dictionary) {
    let mut joint = Dictionary::new();
    for kind in TREES {
        let mut all: BTreeMap<Vec<u8>, Object> = BTreeMap::new();
        for (index, part) in parts.iter().enumerate() {
            let found = object::dictionary(document, &part.catalog, b"Names")
                .and_then(|names| object::dictionary(document, names, kind))
                .map(|root| tree::pairs(document, root, b"Names"))
                .unwrap_or_default();
            let named = found.into_iter().filter_map(|(name, value)| Some((name.as_str().ok()?.to_vec(), value)));
            let renamed = add(&mut all, named, index);
            if kind == b"Dests" {
                rename(document, &part.ids(document), &renamed, false);
            }
        }
        if !all.is_empty() {
            let items: Vec<Object> = all
                .into_iter()
                .flat_map(|(name, value)| [Object::String(name, StringFormat::Literal), value])
                .collect();
            let mut root = Dictionary::new();
            root.set("Names", items);
            let root = object::add(document, root);
            joint.set(kind, root);
        }
    }
    if !joint.is_empty() {
        catalog.set("Names", joint);
    }
    older(document, parts, catalog);
}

/// Destinations by name object, as of PDF 1.1.
fn older(document: &mut Document, parts: &[Part], catalog: &mut Dictionary) {
    let mut all = BTreeMap::new();
    for (index, part) in parts.iter().enumerate() {
        let Some(held) = object::dictionary(document, &part.catalog, b"Dests").cloned() else { continue };
        let renamed = add(&mut all, held, index);
        rename(document, &part.ids(document), &renamed, true);
    }
    if !all.is_empty() {
        let mut joint = Dictionary::new();
        for (name, value) in all {
            joint.set(name, value);
        }
        let joint = object::add(document, joint);
        catalog.set("Dests", joint);
    }
}

/// Adds names to those that are there; one that is taken gets the part's ordinal behind it.
fn add(
    all: &mut BTreeMap<Vec<u8>, Object>,
    named: impl IntoIterator<Item = (Vec<u8>, Object)>,
    index: usize,
) -> Renamed {
    let mut renamed = Renamed::new();
    for (name, value) in named {
        let mut free = name.clone();
        let mut ordinal = index + 1;
        while all.contains_key(&free) {
            free = name.clone();
            free.extend_from_slice(format!(".{ordinal}").as_bytes());
            ordinal += 1;
        }
        if free != name {
            renamed.insert(name, free.clone());
        }
        all.insert(free, value);
    }
    renamed
}

/// Changes the destinations of links, outlines and actions to the new names.
fn rename(document: &mut Document, ids: &[ObjectId], renamed: &Renamed, by_name_object: bool) {
    if renamed.is_empty() {
        return;
    }
    let new_name = |value: &Object| match value {
        Object::Name(name) if by_name_object => renamed.get(name).map(|name| Object::Name(name.clone())),
        Object::String(name, format) if !by_name_object => {
            renamed.get(name).map(|name| Object::String(name.clone(), *format))
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Array(_)
        | Object::Dictionary(_)
        | Object::Stream(_)
        | Object::Reference(_) => None,
    };
    object::each_dictionary_of(document, ids, |dictionary, document| {
        let is_jump = object::name(document, dictionary, b"S") == Some(b"GoTo");
        for key in [&b"Dest"[..], b"D"] {
            if key == b"D" && !is_jump {
                continue;
            }
            if let Some(value) = object::get(document, dictionary, key).and_then(new_name) {
                dictionary.set(key, value);
            }
        }
    });
}

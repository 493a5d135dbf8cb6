//! Layers of all parts under one configuration, that of the first part that has layers.

use lopdf::{Dictionary, Document, Object};

use super::Part;
use crate::pdf::object;

/// Lists of a configuration that can be put one behind the other.
const LISTS: [&[u8]; 5] = [b"ON", b"OFF", b"Order", b"Locked", b"RBGroups"];

/// Joins the optional content of all parts.
pub(super) fn join(document: &Document, parts: &[Part], catalog: &mut Dictionary) {
    let all: Vec<&Dictionary> =
        parts.iter().filter_map(|part| object::dictionary(document, &part.catalog, b"OCProperties")).collect();
    let Some(first) = all.first() else { return };
    let mut groups: Vec<Object> = Vec::new();
    let mut default = object::dictionary(document, first, b"D").cloned().unwrap_or_default();
    for key in LISTS {
        default.remove(key);
    }
    let mut lists: Vec<Vec<Object>> = vec![Vec::new(); LISTS.len()];
    for properties in all {
        groups.extend(object::array(document, properties, b"OCGs").unwrap_or_default().iter().cloned());
        let Some(own) = object::dictionary(document, properties, b"D") else { continue };
        for (key, list) in LISTS.iter().zip(&mut lists) {
            list.extend(object::array(document, own, key).unwrap_or_default().iter().cloned());
        }
    }
    for (key, list) in LISTS.iter().zip(lists) {
        if !list.is_empty() {
            default.set(*key, list);
        }
    }
    let mut joint = Dictionary::new();
    joint.set("OCGs", groups);
    joint.set("D", default);
    catalog.set("OCProperties", joint);
}

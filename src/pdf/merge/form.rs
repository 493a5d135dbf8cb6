//! Forms: all fields under one form, names that occur twice renamed, so that two fields do not become one.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, text_string};

use super::Part;
use crate::pdf::object;

/// Joins the forms of all parts.
pub(super) fn join(document: &mut Document, parts: &[Part], catalog: &mut Dictionary) {
    let mut joint: Option<Dictionary> = None;
    let mut fields = Vec::new();
    let mut order = Vec::new();
    let mut names = BTreeSet::new();
    let mut resources = Dictionary::new();
    for (index, part) in parts.iter().enumerate() {
        let Some(form) = object::dictionary(document, &part.catalog, b"AcroForm").cloned() else { continue };
        let own: Vec<Object> = object::array(document, &form, b"Fields").unwrap_or_default().to_vec();
        for field in &own {
            rename(document, field, index, &mut names);
        }
        fields.extend(own);
        order.extend(object::array(document, &form, b"CO").unwrap_or_default().iter().cloned());
        if let Some(own) = object::dictionary(document, &form, b"DR") {
            add_resources(document, &mut resources, own);
        }
        joint.get_or_insert(form);
    }
    let Some(mut form) = joint else { return };
    form.remove(b"XFA");
    form.set("Fields", fields);
    form.remove(b"CO");
    if !order.is_empty() {
        form.set("CO", order);
    }
    if !resources.is_empty() {
        form.set("DR", resources);
    }
    let form = object::add(document, form);
    catalog.set("AcroForm", form);
}

fn rename(document: &mut Document, field: &Object, index: usize, names: &mut BTreeSet<String>) {
    let Some(id) = object::target(document, field) else { return };
    let Some(name) = object::at(document, id).and_then(|field| object::text(document, field, b"T")) else { return };
    let mut free = name.clone();
    let mut ordinal = index + 1;
    while !names.insert(free.clone()) {
        free = format!("{name}_{ordinal}");
        ordinal += 1;
    }
    if free != name
        && let Some(field) = object::at_mut(document, id)
    {
        field.set("T", text_string(&free));
    }
}

/// Adds default resources, category by category; the first of a name stays.
fn add_resources(document: &Document, joint: &mut Dictionary, own: &Dictionary) {
    for (kind, entries) in own {
        let Some(entries) = object::as_dictionary(object::resolve(document, entries)) else { continue };
        if !joint.get(kind).is_ok_and(|held| held.as_dict().is_ok()) {
            joint.set(kind.clone(), Dictionary::new());
        }
        if let Ok(Object::Dictionary(held)) = joint.get_mut(kind) {
            for (name, value) in entries {
                if !held.has(name) {
                    held.set(name.clone(), value.clone());
                }
            }
        }
    }
}

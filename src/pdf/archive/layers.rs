//! Optional content: every configuration has a name of its own and lists all layers or none (ISO 19005-2, 6.9); PDF/A-1 has
//! no layers at all (ISO 19005-1, 6.1.13).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId, text_string};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{object, validate::Part},
};

/// Mends the configurations.
pub(super) fn mend(document: &mut Document, part: Part, log: &mut Log) {
    if part == Part::One {
        return remove(document, log);
    }
    let Some(mut properties) =
        object::catalog(document).and_then(|catalog| object::dictionary(document, catalog, b"OCProperties")).cloned()
    else {
        return;
    };
    let groups: BTreeSet<ObjectId> = object::array(document, &properties, b"OCGs")
        .unwrap_or_default()
        .iter()
        .filter_map(|group| object::target(document, group))
        .collect();
    let mut names = BTreeSet::new();
    let mut default = object::dictionary(document, &properties, b"D").cloned().unwrap_or_default();
    mend_one(document, &mut default, &groups, &mut names);
    properties.set("D", default);
    if let Some(others) = object::array(document, &properties, b"Configs") {
        let others: Vec<Object> = others
            .iter()
            .filter_map(|other| object::as_dictionary(object::resolve(document, other)).cloned())
            .map(|mut other| {
                mend_one(document, &mut other, &groups, &mut names);
                Object::Dictionary(other)
            })
            .collect();
        properties.set("Configs", others);
    }
    if let Some(catalog) = object::catalog_mut(document) {
        catalog.set("OCProperties", properties);
    }
}

/// Takes the layers away. Pages with hidden ones were drawn anew before, so that what is left is what was shown.
fn remove(document: &mut Document, log: &mut Log) {
    let Some(catalog) = object::catalog_mut(document) else { return };
    if catalog.remove(b"OCProperties").is_none() {
        return;
    }
    object::each_dictionary_where(document, |held| held.has(b"OC"), |held, _| drop(held.remove(b"OC")));
    log.warn(EventCode::LayersRemoved, "The layers were removed; what they showed stays.");
}

fn mend_one(
    document: &Document,
    configuration: &mut Dictionary,
    groups: &BTreeSet<ObjectId>,
    names: &mut BTreeSet<String>,
) {
    configuration.remove(b"AS");
    let name = object::text(document, configuration, b"Name").filter(|name| !name.is_empty() && !names.contains(name));
    let name = name.unwrap_or_else(|| format!("Configuration {}", names.len() + 1));
    configuration.set("Name", text_string(&name));
    names.insert(name);
    if let Ok(order) = configuration.get(b"Order") {
        let listed = listed(document, order);
        if !groups.is_subset(&listed) {
            configuration.remove(b"Order");
        }
    }
}

fn listed(document: &Document, order: &Object) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![order];
    while let Some(object) = open.pop() {
        if let Ok(id) = object.as_reference() {
            found.insert(id);
            if !seen.insert(id) {
                continue;
            }
        }
        if let Object::Array(items) = object::resolve(document, object) {
            open.extend(items);
        }
    }
    found
}

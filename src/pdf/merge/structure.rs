//! The logical structure: joined when every part has one, since a half-tagged document tells readers to skip the rest.

use lopdf::{Dictionary, Document, Object, dictionary};

use super::{Part, tree};
use crate::{
    domain::{Event, EventCode},
    pdf::object,
};

/// Joins the structure trees, or drops them and says so.
pub(super) fn join(document: &mut Document, parts: &[Part], catalog: &mut Dictionary) -> Option<Event> {
    let roots: Vec<Option<Dictionary>> =
        parts.iter().map(|part| object::dictionary(document, &part.catalog, b"StructTreeRoot").cloned()).collect();
    if roots.iter().any(Option::is_none) {
        return drop_all(document, parts, roots.iter().any(Option::is_some));
    }
    let joint = object::add(document, Object::Null);
    let mut kids: Vec<Object> = Vec::new();
    let mut numbers: Vec<Object> = Vec::new();
    let mut roles = Dictionary::new();
    let mut classes = Dictionary::new();
    let mut next_key = 0_i64;
    for (part, root) in parts.iter().zip(roots.into_iter().flatten()) {
        match root.get(b"K").map(|kids| (kids, object::resolve(document, kids))) {
            Ok((_, Object::Array(own))) => kids.extend(own.iter().cloned()),
            Ok((own, Object::Dictionary(_))) => kids.push(own.clone()),
            Ok(_) | Err(_) => {}
        }
        let own = object::dictionary(document, &root, b"ParentTree").map(|tree| tree::pairs(document, tree, b"Nums"));
        let mut own: Vec<(i64, Object)> =
            own.unwrap_or_default().into_iter().filter_map(|(key, value)| Some((key.as_i64().ok()?, value))).collect();
        own.sort_by_key(|(key, _)| *key);
        let highest = own.last().map_or(0, |(key, _)| key.saturating_add(1));
        numbers.extend(own.into_iter().flat_map(|(key, value)| [Object::Integer(key.saturating_add(next_key)), value]));
        shift(document, part, next_key);
        let stated = object::integer(document, &root, b"ParentTreeNextKey").unwrap_or(0);
        next_key = next_key.saturating_add(highest.max(stated.min(i64::from(i32::MAX))));
        for (key, joint) in [(&b"RoleMap"[..], &mut roles), (b"ClassMap", &mut classes)] {
            for (name, value) in object::dictionary(document, &root, key).into_iter().flatten() {
                if !joint.has(name) {
                    joint.set(name.clone(), value.clone());
                }
            }
        }
    }
    for kid in &kids {
        if let Some(id) = object::target(document, kid)
            && let Some(element) = object::at_mut(document, id)
        {
            element.set("P", joint);
        }
    }
    let numbers = object::add(document, dictionary! { "Nums" => numbers });
    let mut root = dictionary! {
        "Type" => "StructTreeRoot", "K" => kids, "ParentTree" => numbers, "ParentTreeNextKey" => next_key,
    };
    for (key, held) in [("RoleMap", roles), ("ClassMap", classes)] {
        if !held.is_empty() {
            root.set(key, held);
        }
    }
    document.objects.insert(joint, root.into());
    catalog.set("StructTreeRoot", joint);
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    None
}

/// Moves the keys into the parent tree behind those of the parts before.
fn shift(document: &mut Document, part: &Part, by: i64) {
    if by == 0 {
        return;
    }
    let ids = part.ids(document);
    object::each_dictionary_of(document, &ids, |dictionary, _| {
        for key in [&b"StructParents"[..], b"StructParent"] {
            if let Ok(Object::Integer(number)) = dictionary.get_mut(key) {
                *number = number.saturating_add(by);
            }
        }
    });
}

fn drop_all(document: &mut Document, parts: &[Part], any: bool) -> Option<Event> {
    if !any {
        return None;
    }
    for part in parts {
        let ids = part.ids(document);
        object::each_dictionary_of(document, &ids, |dictionary, _| {
            if matches!(dictionary.get(b"StructParents"), Ok(Object::Integer(_))) {
                dictionary.remove(b"StructParents");
            }
            if matches!(dictionary.get(b"StructParent"), Ok(Object::Integer(_))) {
                dictionary.remove(b"StructParent");
            }
        });
    }
    let message = "The logical structure was removed, since not every part of the document has one.";
    Some(Event::info(EventCode::StructureRemoved, message))
}

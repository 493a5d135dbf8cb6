//! Finds the actions of a document.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Object};

use crate::pdf::{
    object,
    validate::{Place, annotations, forms, subject::Subject},
};

/// The actions that something in the document performs, each once, with those that follow them: when it is opened, for
/// events of the document, of pages, annotations and fields, of bookmarks, and scripts that the document names.
pub(super) fn all<'a>(subject: &Subject<'a>) -> Vec<(Place, &'a Dictionary)> {
    let document = subject.document;
    let mut open = starts(subject);
    open.reverse();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some((above, action)) = open.pop() {
        let target = object::target(document, action);
        if target.is_some_and(|id| !seen.insert(id)) {
            continue;
        }
        let place = target.map_or(above, |id| Place { object: Some(id.0), page: above.page });
        let action = object::resolve(document, action);
        if let Object::Array(actions) = action {
            // Several actions that follow.
            open.extend(actions.iter().rev().map(|action| (place, action)));
        } else if let Object::Dictionary(action) = action {
            found.push((place, action));
            open.extend(action.get(b"Next").ok().map(|next| (place, next)));
        }
    }
    found
}

/// The actions that nothing else leads to.
fn starts<'a>(subject: &Subject<'a>) -> Vec<(Place, &'a Object)> {
    let document = subject.document;
    let Some(catalog) = subject.catalog() else { return Vec::new() };
    let mut found = Vec::new();
    let open = object::get(document, catalog, b"OpenAction").filter(|action| action.as_dict().is_ok());
    found.extend(open.and(catalog.get(b"OpenAction").ok()).map(|action| (Place::default(), action)));
    let mut add_events = |place: Place, holder: &'a Dictionary| {
        for (_, action) in object::dictionary(document, holder, b"AA").into_iter().flatten() {
            found.push((place, action));
        }
    };
    add_events(Place::default(), catalog);
    for page in subject.pages() {
        add_events(Place { object: Some(page.id.0), page: Some(page.number) }, page.held);
    }
    let annotations: Vec<_> = annotations::all(subject).collect();
    let fields: Vec<_> = forms::fields(subject).into_iter().map(|field| (field.place, field.held)).collect();
    for (place, held) in annotations.iter().chain(&fields) {
        add_events(*place, held);
    }
    for (place, held) in annotations.into_iter().chain(fields).chain(bookmarks(subject, catalog)) {
        found.extend(held.get(b"A").ok().map(|action| (place, action)));
    }
    found.extend(scripts(subject, catalog));
    found
}

/// The items of the outline.
fn bookmarks<'a>(subject: &Subject<'a>, catalog: &'a Dictionary) -> Vec<(Place, &'a Dictionary)> {
    let document = subject.document;
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let outline = object::dictionary(document, catalog, b"Outlines");
    let mut open: Vec<&Object> = outline.and_then(|outline| outline.get(b"First").ok()).into_iter().collect();
    while let Some(item) = open.pop() {
        let target = object::target(document, item);
        if target.is_some_and(|id| !seen.insert(id)) {
            continue;
        }
        let Some(held) = object::as_dictionary(object::resolve(document, item)) else { continue };
        found.push((target.map(Place::from).unwrap_or_default(), held));
        open.extend([&b"Next"[..], b"First"].into_iter().filter_map(|key| held.get(key).ok()));
    }
    found
}

/// The scripts that run when the document is opened: the leaves of a name tree.
fn scripts<'a>(subject: &Subject<'a>, catalog: &'a Dictionary) -> Vec<(Place, &'a Object)> {
    let document = subject.document;
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let names = object::dictionary(document, catalog, b"Names");
    let mut open: Vec<&Object> = names.and_then(|names| names.get(b"JavaScript").ok()).into_iter().collect();
    while let Some(node) = open.pop() {
        if object::target(document, node).is_some_and(|id| !seen.insert(id)) {
            continue;
        }
        let Some(held) = object::as_dictionary(object::resolve(document, node)) else { continue };
        let leaves = object::array(document, held, b"Names").unwrap_or_default();
        found.extend(leaves.iter().skip(1).step_by(2).map(|action| (Place::default(), action)));
        open.extend(object::array(document, held, b"Kids").unwrap_or_default());
    }
    found
}

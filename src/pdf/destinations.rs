//! Where links and outlines lead, as places on the pages of the same or of another document.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{archive::rules::is_allowed, merge::tree, object, pages, validate::Part};

/// What a link may do; each works without anything else of the document but its pages.
const ACTIONS: [&[u8]; 4] = [b"GoTo", b"GoToR", b"Named", b"URI"];
/// What of an action is kept.
const OF_ACTION: [&[u8]; 8] = [b"Type", b"S", b"D", b"F", b"N", b"URI", b"IsMap", b"NewWindow"];
/// How a page can be shown at a destination.
const VIEWS: [&[u8]; 8] = [b"XYZ", b"Fit", b"FitH", b"FitV", b"FitR", b"FitB", b"FitBH", b"FitBV"];
/// Most numbers of a view.
const NUMBERS_MAX: usize = 4;

/// The destinations of a document.
pub(crate) struct Destinations<'a> {
    source: &'a Document,
    /// Pages of the other document by those of this one.
    pages: HashMap<ObjectId, ObjectId>,
    in_order: Vec<ObjectId>,
    named: HashMap<Vec<u8>, Object>,
}

impl<'a> Destinations<'a> {
    /// Of a document whose pages are those of another, in the same order; `others` may be its own.
    pub(crate) fn new(source: &'a Document, others: &[ObjectId]) -> Self {
        let mut named = HashMap::new();
        if let Some(catalog) = object::catalog(source) {
            if let Some(held) = object::dictionary(source, catalog, b"Dests") {
                named.extend(held.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            let names = object::dictionary(source, catalog, b"Names")
                .and_then(|names| object::dictionary(source, names, b"Dests"))
                .map(|root| tree::pairs(source, root, b"Names"))
                .unwrap_or_default();
            named.extend(names.into_iter().filter_map(|(name, value)| Some((name.as_str().ok()?.to_vec(), value))));
        }
        let pages = pages::list(source).into_iter().zip(others.iter().copied()).collect();
        Self { source, pages, in_order: others.to_vec(), named }
    }

    /// A destination in the other document; `None` when it is not sound.
    fn translate(&self, destination: &Object) -> Option<Object> {
        let destination = object::resolve(self.source, destination);
        let named = if let Object::Name(name) | Object::String(name, _) = destination {
            object::resolve(self.source, self.named.get(name)?)
        } else {
            destination
        };
        let explicit = match object::as_dictionary(named) {
            Some(held) => object::get(self.source, held, b"D")?,
            None => named,
        };
        let [page, view, numbers @ ..] = explicit.as_array().ok()?.as_slice() else { return None };
        let page = if let Object::Reference(id) = page {
            *self.pages.get(id)?
        } else {
            *self.in_order.get(usize::try_from(page.as_i64().ok()?).ok()?)?
        };
        let view = object::resolve(self.source, view).as_name().ok().filter(|view| VIEWS.contains(view))?;
        let mut translated = vec![Object::Reference(page), Object::Name(view.to_vec())];
        for number in numbers.iter().take(NUMBERS_MAX) {
            translated.push(object::number(self.source, number).map_or(Object::Null, Object::Real));
        }
        Some(translated.into())
    }

    /// The entry that says where a link or an item of an outline leads, under its key: a destination on a page, or an action
    /// with an address.
    pub(crate) fn leading(&self, held: &Dictionary) -> Option<(&'static str, Object)> {
        if let Some(destination) = object::get(self.source, held, b"Dest") {
            return Some(("Dest", self.translate(destination)?));
        }
        let action = plain_action(self.source, object::dictionary(self.source, held, b"A")?)?;
        if object::name(self.source, &action, b"S") == Some(b"GoTo") {
            return Some(("Dest", self.translate(action.get(b"D").ok()?)?));
        }
        // What is left has to stand by itself.
        let address = object::get(self.source, &action, b"URI")?.as_str().ok()?;
        let mut simple = Dictionary::new();
        simple.set("S", object::named("URI"));
        simple.set("URI", Object::string_literal(address));
        Some(("A", simple.into()))
    }

    /// Copies where something leads to what stands for it in the other document. Says whether it leads anywhere.
    pub(crate) fn copy(&self, held: &Dictionary, to: &mut Dictionary) -> bool {
        for key in [&b"Dest"[..], b"A"] {
            to.remove(key);
        }
        let leading = self.leading(held);
        let leads = leading.is_some();
        if let Some((key, value)) = leading {
            to.set(key, value);
        }
        leads
    }
}

/// An action without what follows it; `None` when it is not one that a link may have.
pub(crate) fn plain_action(document: &Document, held: &Dictionary) -> Option<Dictionary> {
    if !object::name(document, held, b"S").is_some_and(|kind| ACTIONS.contains(&kind))
        || !is_allowed(document, Part::Two, held)
    {
        return None;
    }
    let mut action = Dictionary::new();
    for key in OF_ACTION {
        if let Some(value) = object::get(document, held, key) {
            action.set(key, value.clone());
        }
    }
    Some(action)
}

//! Joins documents into one: their pages in order, and what hangs on the catalog brought together.
//!
//! Objects are moved, not copied: every part keeps its own and gets numbers behind those of the part before it.

mod form;
mod labels;
mod layers;
mod names;
mod outline;
mod structure;
#[cfg(test)]
mod tests;
pub(crate) mod tree;

pub use outline::Outline;

use std::ops::RangeInclusive;

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use super::{Error, object, pages};
use crate::domain::{Event, limits};

/// One document out of several.
#[derive(Debug)]
pub struct Merged {
    /// The document.
    pub document: Document,
    /// What did not survive.
    pub events: Vec<Event>,
}

/// A document that becomes a part of another.
#[derive(Debug)]
pub struct Source {
    /// The document.
    pub document: Document,
    /// What becomes of its outline.
    pub outline: Outline,
}

impl From<Document> for Source {
    fn from(document: Document) -> Self {
        Self { document, outline: Outline::Kept }
    }
}

/// What is left of a part once its objects have moved.
struct Part {
    catalog: Dictionary,
    outline: Outline,
    pages: Vec<ObjectId>,
    numbers: RangeInclusive<u32>,
}

impl Part {
    /// The numbers of its objects in the joint document.
    fn ids(&self, document: &Document) -> Vec<ObjectId> {
        let (first, last) = (*self.numbers.start(), *self.numbers.end());
        document.objects.range((first, 0)..=(last, u16::MAX)).map(|(id, _)| *id).collect()
    }
}

/// Joins documents in the given order, and their outlines as each [`Source`] says; a [`Document`] is one whose outline is
/// kept. One part alone is returned unchanged but for its outline.
///
/// # Errors
/// `Corrupt` when there is no part or a part has no pages, `Limit` when there are too many pages.
pub fn merge<S: Into<Source>>(parts: Vec<S>) -> Result<Merged, Error> {
    let mut parts: Vec<Source> = parts.into_iter().map(Into::into).collect();
    if parts.len() == 1
        && let Some(part) = parts.pop()
    {
        return Ok(Merged { document: alone(part)?, events: Vec::new() });
    }
    let mut document = Document::new();
    let mut moved = Vec::with_capacity(parts.len());
    for part in parts {
        moved.push(take(&mut document, part)?);
    }
    let count: usize = moved.iter().map(|part| part.pages.len()).sum();
    if count > limits::PAGES_MAX {
        return Err(Error::limit(format!("more than {} pages", limits::PAGES_MAX)));
    }
    let first = moved.first().ok_or_else(|| Error::corrupt("there is nothing to merge"))?;
    let mut catalog = Dictionary::new();
    catalog.set("Type", object::named("Catalog"));
    for key in ["ViewerPreferences", "PageLayout", "PageMode", "Lang", "Metadata"] {
        if let Ok(value) = first.catalog.get(key.as_bytes()) {
            catalog.set(key, value.clone());
        }
    }
    if let Some(intents) = moved.iter().find_map(|part| part.catalog.get(b"OutputIntents").ok()) {
        catalog.set("OutputIntents", intents.clone());
    }
    names::join(&mut document, &moved, &mut catalog);
    outline::join(&mut document, &moved, &mut catalog);
    form::join(&mut document, &moved, &mut catalog);
    layers::join(&document, &moved, &mut catalog);
    labels::join(&document, &moved, &mut catalog);
    let events = structure::join(&mut document, &moved, &mut catalog).into_iter().collect();
    hang_pages(&mut document, &moved, &mut catalog);
    let catalog = object::add(&mut document, catalog);
    document.trailer.set("Root", catalog);
    document.prune_objects();
    Ok(Merged { document, events })
}

/// A part alone, with the outline that it is to have.
fn alone(part: Source) -> Result<Document, Error> {
    let Source { mut document, outline } = part;
    if outline == Outline::Kept {
        return Ok(document);
    }
    pages::flatten(&mut document)?;
    let mut catalog = object::catalog(&document).cloned().ok_or_else(|| Error::corrupt("it has no catalog"))?;
    let pages = pages::list(&document);
    let part = Part { catalog: catalog.clone(), outline, pages, numbers: 1..=document.max_id };
    catalog.remove(b"Outlines");
    outline::join(&mut document, &[part], &mut catalog);
    if let Some(held) = object::catalog_mut(&mut document) {
        *held = catalog;
    }
    document.prune_objects();
    Ok(document)
}

/// Moves the objects of a part behind those that are there.
fn take(document: &mut Document, part: Source) -> Result<Part, Error> {
    let Source { document: mut part, outline } = part;
    pages::flatten(&mut part)?;
    let start = document.max_id + 1;
    object::renumber(&mut part, start);
    let pages = pages::list(&part);
    let catalog = object::catalog(&part).cloned().ok_or_else(|| Error::corrupt("it has no catalog"))?;
    if !document.trailer.has(b"Info")
        && let Ok(info) = part.trailer.get(b"Info")
    {
        document.trailer.set("Info", info.clone());
    }
    document.max_id = part.max_id.max(document.max_id);
    document.objects.append(&mut part.objects);
    Ok(Part { catalog, outline, pages, numbers: start..=part.max_id })
}

fn hang_pages(document: &mut Document, parts: &[Part], catalog: &mut Dictionary) {
    let all: Vec<ObjectId> = parts.iter().flat_map(|part| part.pages.iter().copied()).collect();
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let kids: Vec<Object> = all.iter().copied().map(Object::Reference).collect();
    let root = object::add(document, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids });
    for page in all {
        if let Some(page) = object::at_mut(document, page) {
            page.set("Parent", root);
        }
    }
    catalog.set("Pages", root);
}

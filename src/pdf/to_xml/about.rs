//! What a document says of itself: metadata, outline, and what is attached to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::sink::Sink;
use crate::{
    domain::limits,
    pdf::{merge::tree, metadata, object},
};

/// How deep the outline is told; items below are told on this level.
const DEPTH_MAX: usize = 64;

/// Writes all of it; `pages` has the numbers of the pages, from 1.
pub(super) fn write<W: Write>(
    sink: &mut Sink<'_, W>,
    document: &Document,
    pages: &BTreeMap<ObjectId, usize>,
) -> io::Result<()> {
    write_metadata(sink, document)?;
    write_outline(sink, document, pages)?;
    write_attachments(sink, document)
}

fn write_metadata<W: Write>(sink: &mut Sink<'_, W>, document: &Document) -> io::Result<()> {
    sink.line()?;
    sink.open("metadata", &[])?;
    for (key, value) in object::dictionary(document, &document.trailer, b"Info").into_iter().flatten() {
        let value = object::resolve(document, value);
        let value = value.as_name().map(object::shown).or_else(|_| lopdf::decode_text_string(value)).ok();
        if let Some(value) = value {
            sink.line()?;
            sink.leaf("info", &[("name", Some(&object::shown(key)))], &value)?;
        }
    }
    for (name, value) in metadata::properties(document) {
        sink.line()?;
        sink.leaf("xmp", &[("name", Some(&name))], &value)?;
    }
    sink.close()
}

/// Writes the items of the outline. Readers show them in the order of `First` and `Next`.
fn write_outline<W: Write>(
    sink: &mut Sink<'_, W>,
    document: &Document,
    pages: &BTreeMap<ObjectId, usize>,
) -> io::Result<()> {
    let catalog = object::catalog(document);
    let Some(root) = catalog.and_then(|catalog| object::dictionary(document, catalog, b"Outlines")) else {
        return Ok(());
    };
    let places = Places { document, pages, named: named(document) };
    let mut seen = BTreeSet::new();
    // What comes next, and how deep it is.
    let mut open: Vec<(&Object, usize)> = root.get(b"First").ok().map(|first| (first, 0)).into_iter().collect();
    let mut depth = 0;
    sink.line()?;
    sink.open("outline", &[])?;
    while let Some((item, level)) = open.pop() {
        let Some(id) = object::target(document, item) else { continue };
        let Some(held) = object::at(document, id) else { continue };
        if seen.len() >= limits::XML_ITEMS_MAX || !seen.insert(id) {
            continue;
        }
        while depth > level {
            sink.close()?;
            depth -= 1;
        }
        let page = places.page(held).map(|page| page.to_string());
        let title = object::text(document, held, b"Title").unwrap_or_default();
        sink.line()?;
        sink.open("item", &[("title", Some(&title)), ("page", page.as_deref())])?;
        depth = level + 1;
        open.extend(held.get(b"Next").ok().map(|next| (next, level)));
        let below = if level + 1 < DEPTH_MAX { level + 1 } else { level };
        open.extend(held.get(b"First").ok().map(|first| (first, below)));
    }
    for _ in 0..=depth {
        sink.close()?;
    }
    Ok(())
}

/// The named destinations, of both kinds.
fn named(document: &Document) -> BTreeMap<Vec<u8>, Object> {
    let Some(catalog) = object::catalog(document) else { return BTreeMap::new() };
    let older = object::dictionary(document, catalog, b"Dests").into_iter().flatten();
    let mut named: BTreeMap<Vec<u8>, Object> = older.map(|(name, place)| (name.clone(), place.clone())).collect();
    let newer = object::dictionary(document, catalog, b"Names")
        .and_then(|names| object::dictionary(document, names, b"Dests"))
        .map(|root| tree::pairs(document, root, b"Names"))
        .unwrap_or_default();
    named.extend(newer.into_iter().filter_map(|(name, place)| Some((name.as_str().ok()?.to_vec(), place))));
    named
}

/// Where items lead.
struct Places<'a> {
    document: &'a Document,
    pages: &'a BTreeMap<ObjectId, usize>,
    named: BTreeMap<Vec<u8>, Object>,
}

impl Places<'_> {
    /// The number of the page that an item leads to.
    fn page(&self, item: &Dictionary) -> Option<usize> {
        let action = || {
            let action = object::dictionary(self.document, item, b"A")?;
            (object::name(self.document, action, b"S")? == b"GoTo").then_some(())?;
            object::get(self.document, action, b"D")
        };
        let mut place = object::get(self.document, item, b"Dest").or_else(action)?;
        if let Object::Name(name) | Object::String(name, _) = place {
            place = object::resolve(self.document, self.named.get(name)?);
        }
        if let Object::Dictionary(held) = place {
            place = object::get(self.document, held, b"D")?;
        }
        let page = place.as_array().ok()?.first()?;
        self.pages.get(&object::target(self.document, page)?).copied()
    }
}

/// Writes the files that the document embeds, wherever they hang.
fn write_attachments<W: Write>(sink: &mut Sink<'_, W>, document: &Document) -> io::Result<()> {
    let mut files: Vec<Dictionary> = Vec::new();
    object::see_dictionaries(document, |_, held| {
        if files.len() < limits::XML_ITEMS_MAX && object::dictionary(document, held, b"EF").is_some() {
            files.push(held.clone());
        }
    });
    if files.is_empty() {
        return Ok(());
    }
    sink.line()?;
    sink.open("attachments", &[])?;
    for file in &files {
        let text = |key: &[u8]| object::text(document, file, key);
        let name = text(b"UF").or_else(|| text(b"F"));
        let relationship = object::name(document, file, b"AFRelationship").map(object::shown);
        let embedded = object::dictionary(document, file, b"EF").and_then(|files| {
            object::dictionary(document, files, b"F").or_else(|| object::dictionary(document, files, b"UF"))
        });
        let kind = embedded.and_then(|embedded| object::name(document, embedded, b"Subtype")).map(object::shown);
        let bytes = embedded
            .and_then(|embedded| object::dictionary(document, embedded, b"Params"))
            .and_then(|parameters| object::integer(document, parameters, b"Size"))
            .filter(|bytes| *bytes >= 0)
            .map(|bytes| bytes.to_string());
        sink.line()?;
        sink.empty(
            "attachment",
            &[
                ("name", name.as_deref()),
                ("type", kind.as_deref()),
                ("bytes", bytes.as_deref()),
                ("relationship", relationship.as_deref()),
                ("description", text(b"Desc").as_deref()),
            ],
        )?;
    }
    sink.close()
}

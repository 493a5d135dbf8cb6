//! A new document out of pages that are all drawn anew.

use std::{borrow::Cow, collections::BTreeSet};

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary, text_string};

use super::{
    drawable::{self, Medium},
    links, message, outline, page,
    picture::Spaces,
};
use crate::{
    domain::{Event, EventCode, limits},
    pdf::{
        Error, archive::rules::annotations_of, destinations::Destinations, drawing, merge::tree, object, pages, read,
        text_layer,
    },
};

/// The styles of page labels.
const LABELS: [&[u8]; 5] = [b"D", b"R", b"r", b"A", b"a"];

/// Draws all pages of a file anew, into a new document. Of all else it keeps page labels, the outline, and links that
/// lead to a page or an address, where the file still says them. `reason` is the sentence that says why.
///
/// # Errors
/// `Corrupt` when the file cannot be drawn, `Limit` when it has too many pages or its text too many different characters.
pub fn document(bytes: &[u8], reason: &str) -> Result<(Document, Vec<Event>), Error> {
    let count = drawing::apart(|| Ok(drawing::open(bytes)?.pages().len()))?;
    if count == 0 {
        return Err(Error::corrupt("it has no pages"));
    }
    if count > limits::PAGES_MAX {
        return Err(Error::limit(format!("more than {} pages", limits::PAGES_MAX)));
    }
    // What it says beside its pages counts when its pages are the same to both who read it.
    let source = read(bytes.to_vec(), &[]).ok().map(|opened| opened.document);
    let source = source.filter(|source| pages::list(source).len() == count);
    let originals = source.as_ref().map(pages::list).unwrap_or_default();
    let file = source
        .as_ref()
        .and_then(|source| drawable::file(source, bytes, originals.iter().copied(), Medium::Screen).ok());
    let file = file.unwrap_or(Cow::Borrowed(bytes));
    let mut document = Document::new();
    let root = object::add(&mut document, Object::Null);
    let ids: Vec<ObjectId> = (0..count).map(|_| object::add(&mut document, Object::Null)).collect();
    let destinations = source.as_ref().map(|source| Destinations::new(source, &ids));
    let pdf = drawing::apart(|| drawing::open(&file))?;
    let (mut layers, mut spaces) = (Vec::with_capacity(count), Spaces::default());
    for (number, id) in ids.iter().enumerate() {
        let drawn = drawing::apart(|| page::draw(drawing::page(&pdf, number)?))?;
        document.objects.insert(*id, drawn.bare_page(root).into());
        let links = match (&source, &destinations, originals.get(number)) {
            (Some(source), Some(destinations), Some(original)) => {
                copy_links(&mut document, *id, source, *original, destinations)
            }
            _ => Vec::new(),
        };
        layers.push((*id, page::put(&mut document, *id, drawn, links, &mut spaces)));
    }
    text_layer::lay(&mut document, &layers)?;
    let kids: Vec<Object> = ids.iter().copied().map(Object::Reference).collect();
    let tree = dictionary! { "Type" => "Pages", "Count" => i64::try_from(count).unwrap_or(i64::MAX), "Kids" => kids };
    document.objects.insert(root, tree.into());
    let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => root };
    if let (Some(source), Some(destinations)) = (&source, &destinations) {
        if let Some(outline) = outline::copy(&mut document, source, destinations) {
            catalog.set("Outlines", outline);
        }
        if let Some(labels) = labels(source, count) {
            catalog.set("PageLabels", labels);
        }
    }
    let catalog = object::add(&mut document, catalog);
    document.trailer.set("Root", catalog);
    let all: BTreeSet<usize> = (0..count).collect();
    Ok((document, vec![Event::warning(EventCode::ContentRasterized, message(&all, reason))]))
}

/// Copies the links of a page that lead somewhere.
fn copy_links(
    document: &mut Document,
    page: ObjectId,
    source: &Document,
    original: ObjectId,
    destinations: &Destinations<'_>,
) -> Vec<ObjectId> {
    let mut copied = Vec::new();
    for id in annotations_of(source, original) {
        let Some(held) = object::at(source, id) else { continue };
        let Some(plain) = links::plain(source, held) else { continue };
        let mut link = Dictionary::new();
        for key in ["Type", "Subtype", "F", "Border"] {
            if let Ok(value) = plain.get(key.as_bytes()) {
                link.set(key, value.clone());
            }
        }
        let Some(rectangle) = object::rectangle(source, held, b"Rect") else { continue };
        link.set("Rect", rectangle.map(Object::Real).to_vec());
        link.set("P", page);
        if destinations.copy(held, &mut link) {
            copied.push(object::add(document, link));
        }
    }
    copied
}

/// The page labels that are sound.
fn labels(source: &Document, count: usize) -> Option<Dictionary> {
    let root = object::dictionary(source, object::catalog(source)?, b"PageLabels")?;
    let pairs = tree::pairs(source, root, b"Nums").into_iter().filter_map(|(first, label)| {
        let first = first.as_i64().ok().filter(|first| usize::try_from(*first).is_ok_and(|first| first < count))?;
        let held = object::as_dictionary(object::resolve(source, &label))?;
        let mut label = Dictionary::new();
        if let Some(style) = object::name(source, held, b"S").filter(|style| LABELS.contains(style)) {
            label.set("S", Object::Name(style.to_vec()));
        }
        if let Some(prefix) = object::text(source, held, b"P") {
            label.set("P", text_string(&prefix));
        }
        if let Some(start) =
            object::integer(source, held, b"St").filter(|start| (1..=i64::from(i32::MAX)).contains(start))
        {
            label.set("St", start);
        }
        Some((first, label))
    });
    let labels: std::collections::BTreeMap<i64, Dictionary> = pairs.collect();
    // The first page has to have one.
    labels.contains_key(&0).then(|| {
        let items: Vec<Object> =
            labels.into_iter().flat_map(|(first, label)| [Object::Integer(first), label.into()]).collect();
        dictionary! { "Nums" => items }
    })
}

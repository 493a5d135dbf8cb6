//! The outline of a document, built anew: titles, their order, and where they lead.

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary, text_string};

use crate::pdf::{destinations::Destinations, object, outline};

/// An item, in the order of the outline.
struct Item {
    /// How many items it is in.
    depth: usize,
    is_open: bool,
    held: Dictionary,
}

/// Builds the outline of `source` in another document; `None` when it has none.
pub(super) fn copy(document: &mut Document, source: &Document, destinations: &Destinations<'_>) -> Option<ObjectId> {
    let items = items(source, destinations);
    if items.is_empty() {
        return None;
    }
    let root = object::add(document, Object::Null);
    let ids: Vec<ObjectId> = items.iter().map(|_| object::add(document, Object::Null)).collect();
    // The item that each is in, and what hangs below the root and each item.
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(items.len());
    let mut above: Vec<usize> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        above.truncate(item.depth);
        parents.push(above.last().copied());
        above.push(index);
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); items.len() + 1];
    // Below each, how many can be seen once it is open.
    let mut seen = vec![0_i64; items.len() + 1];
    let place = |parent: Option<usize>| parent.map_or(0, |parent| parent + 1);
    for (index, parent) in parents.iter().enumerate() {
        children.get_mut(place(*parent))?.push(index);
    }
    for (index, parent) in parents.iter().enumerate().rev() {
        let inner = if items.get(index)?.is_open { *seen.get(index + 1)? } else { 0 };
        *seen.get_mut(place(*parent))? += 1 + inner;
    }
    let ends = |of: &[usize]| Some((*ids.get(*of.first()?)?, *ids.get(*of.last()?)?));
    for (index, item) in items.iter().enumerate() {
        let mut held = item.held.clone();
        let parent = *parents.get(index)?;
        held.set("Parent", parent.and_then(|parent| ids.get(parent)).copied().unwrap_or(root));
        let beside = children.get(place(parent))?;
        let at = beside.binary_search(&index).ok()?;
        for (key, neighbour) in [("Prev", at.checked_sub(1)), ("Next", Some(at + 1))] {
            if let Some(id) = neighbour.and_then(|at| ids.get(*beside.get(at)?)) {
                held.set(key, *id);
            }
        }
        if let Some((first, last)) = ends(children.get(index + 1)?) {
            held.set("First", first);
            held.set("Last", last);
            let count = *seen.get(index + 1)?;
            held.set("Count", if item.is_open { count } else { -count });
        }
        document.objects.insert(*ids.get(index)?, held.into());
    }
    let (first, last) = ends(children.first()?)?;
    let held = dictionary! { "Type" => "Outlines", "First" => first, "Last" => last, "Count" => *seen.first()? };
    document.objects.insert(root, held.into());
    Some(root)
}

/// The items of an outline, each once.
fn items(source: &Document, destinations: &Destinations<'_>) -> Vec<Item> {
    let item = |(id, depth)| {
        let held = object::at(source, id)?;
        let mut item = Dictionary::new();
        item.set("Title", text_string(&object::text(source, held, b"Title").unwrap_or_default()));
        destinations.copy(held, &mut item);
        Some(Item { depth, is_open: outline::is_open(source, held), held: item })
    };
    outline::items(source).into_iter().filter_map(item).collect()
}

//! The last rung before giving up: pages are drawn anew, as pictures with their text behind them.
//!
//! ```text
//! file ─► [drawable]: annotations as readers show them ─► hayro ─┬► pixels ─► [picture]: a small image
//!                                                                └► [`super::text`] ─► [`super::text_layer`]
//! ```
//!
//! Such a page looks the same, can be searched and copied from, and breaks no rule of any part of PDF/A: it holds one
//! image with a profile of its own, text that nobody sees, and [links] with files that were pinned to it. What else it had is in the
//! picture, or gone.
//!
//! [`pages`] does it to some pages and leaves the others alone. [`document()`] makes a new document out of all of them,
//! for files whose objects cannot be trusted.

pub(crate) mod drawable;
mod fit;
mod fresh;
mod links;
mod outline;
mod page;
mod picture;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use lopdf::{Document, ObjectId};

use super::{Error, archive::rules::annotations_of, drawing, object, pages as tree, text_layer};
use crate::domain::{Event, EventCode};

use drawable::Medium;
pub use fresh::document;

/// Dots per inch of a page that is drawn anew: text stays crisp in print, and a page takes a quarter of a second.
pub const DOTS_PER_INCH: u32 = 200;
/// Most runs of pages that an event names.
const RUNS_MAX: usize = 20;

/// Draws pages anew, which are counted from 0. `bytes` is the document as a file, and `reason` the sentence
/// that says why.
///
/// # Errors
/// `Corrupt` when the file cannot be drawn or has other pages than the document, `Limit` when its text has too many
/// different characters.
pub fn pages(
    document: &mut Document,
    bytes: &[u8],
    which: &BTreeSet<usize>,
    reason: &str,
) -> Result<Vec<Event>, Error> {
    if which.is_empty() {
        return Ok(Vec::new());
    }
    let listed = tree::list(document);
    let missing = |number: usize| Error::corrupt(format!("there is no page {}", number + 1));
    let chosen: Vec<(usize, ObjectId)> = which
        .iter()
        .map(|number| listed.get(*number).map(|id| (*number, *id)).ok_or_else(|| missing(*number)))
        .collect::<Result<_, _>>()?;
    let ids: BTreeSet<ObjectId> = chosen.iter().map(|(_, id)| *id).collect();
    let file = drawable::file(document, bytes, ids.iter().copied(), Medium::Screen)?;
    let pdf = drawing::apart(|| drawing::open(&file))?;
    if drawing::apart(|| Ok(pdf.pages().len()))? != listed.len() {
        return Err(Error::corrupt("its pages are counted differently where they are drawn"));
    }
    let (mut layers, mut removed) = (Vec::new(), BTreeSet::new());
    let mut spaces = picture::Spaces::default();
    for (number, id) in chosen {
        let drawn = drawing::apart(|| page::draw(drawing::page(&pdf, number)?))?;
        let (links, gone) = links::keep(document, id);
        removed.extend(gone);
        layers.push((id, page::put(document, id, drawn, links, &mut spaces)));
    }
    text_layer::lay(document, &layers)?;
    // What a page that is left alone shows, too, stays.
    for page in listed.iter().filter(|page| !ids.contains(page)) {
        for id in annotations_of(document, *page) {
            removed.remove(&id);
        }
    }
    links::remove(document, removed);
    let mut events = vec![Event::warning(EventCode::ContentRasterized, message(which, reason))];
    events.extend(remove_structure(document));
    document.prune_objects();
    Ok(events)
}

/// Takes the structure of the whole document away: what it says of these pages is no longer there to point at.
fn remove_structure(document: &mut Document) -> Option<Event> {
    let catalog = object::catalog_mut(document)?;
    catalog.remove(b"MarkInfo");
    catalog.remove(b"StructTreeRoot")?;
    object::each_dictionary(document, |dictionary, _| {
        dictionary.remove(b"StructParents");
        dictionary.remove(b"StructParent");
    });
    let message = "The logical structure was removed, since pages that are pictures have none.";
    Some(Event::warning(EventCode::StructureRemoved, message))
}

/// Names pages in runs.
fn message(which: &BTreeSet<usize>, reason: &str) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for page in which.iter().map(|number| number + 1) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == page => *last = page,
            Some(_) | None => runs.push((page, page)),
        }
    }
    let unnamed: usize = runs.iter().skip(RUNS_MAX).map(|(first, last)| last - first + 1).sum();
    let named = runs.iter().take(RUNS_MAX);
    let mut names: Vec<String> = named
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") })
        .collect();
    if unnamed > 0 {
        names.push(format!("{unnamed} more"));
    }
    let last = names.pop().unwrap_or_default();
    let names = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
    if which.len() == 1 {
        format!("Page {names} was drawn anew as a picture: {reason}")
    } else {
        format!("Pages {names} were drawn anew as pictures: {reason}")
    }
}

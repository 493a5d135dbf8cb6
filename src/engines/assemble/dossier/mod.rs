//! All documents become a dossier: a title page, a table of contents, then the documents.
//!
//! ```text
//! documents ─► titles ─┬► contents, set until its own pages are counted right ─┐
//!                      └► bookmarks ───────────────────────────────────────────┴► merged ─► links ─► stamps
//! ```
//!
//! Invariants: pages are counted from the first one of the dossier, in the table of contents as on stamps; what the table of
//! contents says is where the link beside it leads.

mod look;
mod order;
#[cfg(test)]
mod tests;
mod titles;

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::{Bench, merge::open_parsed};
use crate::{
    domain::{Event, EventCode, limits},
    engines::{
        Error,
        native::dossier::{self as pages, Entry},
    },
    pdf::{
        self, Document, front,
        merge::{Outline, Source},
        outline,
        stamp::{self, PartOf, Values},
    },
};
use titles::Titles;

pub use look::{Alignment, Bookmarks, Paper, TableOfContents, TitlePage, Typeface};
pub use order::{DocumentTitles, Dossier};

/// How often a table of contents is set at most. It grows when its numbers get longer, which happens once or twice.
const SETTINGS_MAX: usize = 6;

/// A document on its way into the dossier.
struct Chapter {
    document: Document,
    titles: Titles,
    /// The pages before it, without those of the dossier.
    before: usize,
    pages: usize,
}

/// Makes the dossier of all documents.
pub(super) fn dossier(bench: &mut Bench<'_>, order: &Dossier) -> Result<(), Error> {
    let chapters = chapters(bench, order)?;
    let mut sources = Vec::with_capacity(chapters.len() + 2);
    let title_page = match &order.title_page {
        Some(look) => Some(set(pages::title_page(look, order.paper, &bench.tools.faces)?, &chapters, bench)?),
        None => None,
    };
    let title_pages = title_page.as_ref().map_or(0, pdf::page_count);
    let contents = contents(bench, order, &chapters, title_pages)?;
    let first = title_pages + contents.as_ref().map_or(0, pdf::page_count);
    for front in title_page.into_iter().chain(contents) {
        sources.push(Source { document: front, outline: Outline::Dropped });
    }
    let values = values(order, &chapters, title_pages..first, bench.assemble.now);
    let places: Vec<_> = chapters
        .iter()
        .map(|chapter| front::Place { page: first + chapter.before, description: chapter.titles.contents.clone() })
        .collect();
    let has_structure = |chapter: &Chapter| chapter.document.catalog().is_ok_and(|held| held.has(b"StructTreeRoot"));
    let any_structure = chapters.iter().any(has_structure);
    for chapter in chapters {
        sources.push(Source { document: chapter.document, outline: bookmark(order, chapter.titles) });
    }
    let merged = pdf::merge::merge(sources)?;
    // The pages of ours have a structure, and nobody misses it who gave documents that have none.
    let is_told = |event: &Event| any_structure || event.code != EventCode::StructureRemoved;
    bench.events.extend(merged.events.into_iter().filter(is_told));
    let mut document = merged.document;
    front::resolve_links(&mut document, title_pages..first, pages::SCHEME, &places)?;
    if first > title_pages && !order.bookmarks.contents_title.trim().is_empty() {
        outline::insert_first(&mut document, &order.bookmarks.contents_title, title_pages)?;
    }
    front::count_as_one(&mut document);
    let stamped = stamp::stamp(&mut document, &order.stamps, &values, &bench.tools.folder, order.target.part())?;
    bench.events.extend(stamped);
    bench.put_document(document);
    Ok(())
}

/// Reads the documents.
fn chapters(bench: &Bench<'_>, order: &Dossier) -> Result<Vec<Chapter>, Error> {
    let nothing = DocumentTitles::default();
    let (mut chapters, mut before) = (Vec::with_capacity(bench.assemble.inputs.len()), 0);
    for (index, input) in bench.assemble.inputs.iter().enumerate() {
        let document = open_parsed(bench.assemble, input)?;
        let said = order.documents.get(index).unwrap_or(&nothing);
        let titles = Titles::of(said, &document, &input.file_name);
        let pages = pdf::page_count(&document);
        chapters.push(Chapter { document, titles, before, pages });
        before += pages;
        if before > limits::PAGES_MAX {
            return Err(Error::Limit {
                which: format!("more than {before} pages, at most {} are allowed", limits::PAGES_MAX),
            });
        }
    }
    Ok(chapters)
}

/// Opens pages that were set.
fn set((bytes, events): (Vec<u8>, Vec<Event>), chapters: &[Chapter], bench: &mut Bench<'_>) -> Result<Document, Error> {
    let mut document = pdf::read(bytes, &[])?.document;
    front::adopt_language(&mut document, chapters.iter().map(|chapter| &chapter.document));
    bench.events.extend(events);
    Ok(document)
}

/// Sets the table of contents until the pages that it takes are those that its numbers count with.
fn contents(
    bench: &mut Bench<'_>,
    order: &Dossier,
    chapters: &[Chapter],
    title_pages: usize,
) -> Result<Option<Document>, Error> {
    let Some(look) = &order.contents else { return Ok(None) };
    let mut own_pages = 1;
    for _ in 0..SETTINGS_MAX {
        let entries: Vec<Entry> = chapters
            .iter()
            .map(|chapter| Entry {
                title: chapter.titles.contents.clone(),
                page: title_pages + own_pages + chapter.before + 1,
            })
            .collect();
        let made = pages::contents(look, &entries, order.paper, &bench.tools.faces)?;
        let taken = pdf::page_count(&pdf::read(made.0.clone(), &[])?.document);
        if taken == own_pages {
            return set(made, chapters, bench).map(Some);
        }
        own_pages = taken;
    }
    Err(Error::Internal { doing: "count the pages of the table of contents".to_owned(), source: None })
}

/// What stands for a document in the outline.
fn bookmark(order: &Dossier, titles: Titles) -> Outline {
    let has_bookmark = titles.has_bookmark.unwrap_or(order.bookmarks.parent_bookmarks);
    match (has_bookmark, order.bookmarks.keep_existing) {
        (true, true) => Outline::Under(titles.outline),
        (true, false) => Outline::Only(titles.outline),
        (false, true) => Outline::Kept,
        (false, false) => Outline::Dropped,
    }
}

/// What the placeholders of stamps stand for.
fn values(order: &Dossier, chapters: &[Chapter], contents: std::ops::Range<usize>, now: i64) -> Values {
    let mut skipped: BTreeSet<usize> = (0..contents.start).collect();
    if !order.stamp_contents {
        skipped.extend(contents.clone());
    }
    let part = |chapter: &Chapter| {
        let first = contents.end + chapter.before;
        PartOf { title: chapter.titles.stamp.clone(), pages: first..first + chapter.pages }
    };
    let date = OffsetDateTime::from_unix_timestamp(now).map_or_else(|_| String::new(), |now| now.date().to_string());
    Values {
        job_name: order.job_name.clone(),
        date,
        title: order.title.clone(),
        documents: chapters.iter().map(part).collect(),
        custom: order.custom.clone(),
        skipped,
    }
}

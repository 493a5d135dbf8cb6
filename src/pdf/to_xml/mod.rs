//! What a PDF says, as one XML document: metadata, outline, attachments, the text of its pages with places, and its
//! logical structure. `docs/document.xsd` describes it.
//!
//! ```text
//! objects ─► [about]: metadata, outline, attachments ─────────────────┐
//! pages ─► [`super::text`]: lines of words ─► [layout]: blocks ───────┼─► [sink]: XML 1.0, as it comes
//!              └─► [structure]: text by mark ─► the tree with its text ┘
//! ```
//!
//! Invariants:
//! 1. What is written is valid by the schema, whatever the document holds: no name of an element comes from it, and
//!    characters that XML does not have are left out.
//! 2. One page is held at a time, and of the others the text that the logical structure points at.
//!
//! Limits: text is told by the numbers of marked content of the page. Content inside a form that counts for itself is
//! taken for that of its page.

mod about;
mod layout;
mod sink;
mod structure;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, io::Write};

use lopdf::{Document, ObjectId};

use super::{
    Error, OutputError, drawing, object, pages,
    redraw::drawable::{self, Medium},
};
use crate::domain::{Event, EventCode};
use layout::PageLayout;
use sink::Sink;
use structure::Marked;

/// The namespace of the elements.
pub const NAMESPACE: &str = "urn:bindery:document:1";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How many pages it has.
    pub pages: usize,
    /// What a client may miss in it.
    pub events: Vec<Event>,
}

/// Writes a document as XML. `bytes` is the document as a file without encryption, with the same numbers of objects.
///
/// # Errors
/// `Corrupt` when a page cannot be interpreted, and what `out` fails with.
pub fn write_xml(document: &Document, bytes: &[u8], out: &mut impl Write) -> Result<Written, OutputError> {
    let listed = pages::list(document);
    let file = drawable::file(document, bytes, listed.iter().copied(), Medium::Screen)?;
    let pdf = drawing::apart(|| drawing::open(&file))?;
    if drawing::apart(|| Ok(pdf.pages().len()))? != listed.len() {
        return Err(Error::corrupt("its pages are counted differently where they are read").into());
    }
    let numbers: BTreeMap<ObjectId, usize> = listed.iter().copied().zip(1..).collect();
    let catalog = object::catalog(document).ok_or_else(|| Error::corrupt("it has no catalog"))?;
    let is_tagged = object::dictionary(document, catalog, b"StructTreeRoot").is_some();
    let mut sink = Sink::new(out).map_err(OutputError::Output)?;
    let mut marked = Marked::default();
    let language = object::text(document, catalog, b"Lang");
    sink.open(
        "document",
        &[
            ("xmlns", Some(NAMESPACE)),
            ("pages", Some(&listed.len().to_string())),
            ("tagged", Some(if is_tagged { "true" } else { "false" })),
            ("lang", language.as_deref()),
        ],
    )
    .and_then(|()| about::write(&mut sink, document, &numbers))
    .and_then(|()| sink.open("pages", &[]))
    .map_err(OutputError::Output)?;
    for number in 0..listed.len() {
        let page = drawing::apart(|| Ok(PageLayout::of(drawing::page(&pdf, number)?)))?;
        page.write(&mut sink, number + 1).map_err(OutputError::Output)?;
        if is_tagged {
            marked.add(number + 1, &page.text);
        }
    }
    sink.close().map_err(OutputError::Output)?;
    let is_whole = structure::write(&mut sink, document, &numbers, &marked).map_err(OutputError::Output)?;
    sink.finish().map_err(OutputError::Output)?;
    let message = "The logical structure is too large to be written as a whole.";
    let event = Event::warning(EventCode::PartialExtraction, message);
    Ok(Written { pages: listed.len(), events: (!is_whole).then_some(event).into_iter().collect() })
}

//! Stamps: text, images and bar codes on pages.
//!
//! ```text
//! [StampSettings] ─► for each page: text with its values ([placeholders]) ─► [figure]: what is drawn, upright
//!                      ─► [place]: where on the page as it is seen ─► in its content, or an annotation on it
//! ```
//!
//! What a page draws stays as it was, byte for byte: a stamp comes behind it, out of reach of the graphics state that it
//! leaves. In a tagged document a stamp is an artifact.
//!
//! What is added is valid in PDF/A of the part that is named, but for two things that [`super::gate`] sees to: a page that
//! saves its graphics state 28 times, as deep as PDF/A takes it, is then one too deep; and colours blend in the output
//! intent, which the gate adds.
//!
//! # Why
//! Transparency in PDF/A-1 (2026): drawn as on white paper with an event, not refused, since one profile may serve several
//! workflows, and a job should not fail for the looks of its stamp.

mod barcode;
mod figure;
mod picture;
mod place;
mod placeholders;
mod settings;
#[cfg(test)]
mod tests;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary, text_string};

use super::{
    archive::rules::flag,
    fonts::{FontFolder, Style, Typeface},
    object, page,
    page::Matrix,
    pages,
    profiles::{self, Device},
    validate::Part,
};
use crate::domain::Event;
use figure::Figure;
use work::Work;

pub use settings::{
    BarcodeKind, BarcodeSettings, Colour, Content, ImageSettings, Pages, Placement, Position, StampSettings,
    TextSettings,
};

/// Most stamps of one profile.
const STAMPS_MAX: usize = 100;
/// Most characters of the description of an annotation.
const DESCRIPTION_CHARS_MAX: usize = 1_000;

/// Why stamps cannot be put on a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A setting makes no sense.
    #[error("the stamp {stamp}: {what}")]
    Settings {
        /// Its name, or its ordinal.
        stamp: String,
        /// What is wrong.
        what: String,
    },
    /// A placeholder does not exist, or has no value.
    #[error("the stamp {stamp}: there is nothing to put in for [{name}]")]
    Placeholder {
        /// Its name, or its ordinal.
        stamp: String,
        /// The placeholder, without its brackets.
        name: String,
    },
    /// A text cannot be such a bar code.
    #[error("the stamp {stamp}: the text cannot be a bar code of the kind {kind:?}: {why}")]
    Barcode {
        /// Its name, or its ordinal.
        stamp: String,
        /// The kind of bar code.
        kind: BarcodeKind,
        /// The reason.
        why: String,
    },
    /// The document cannot be worked on.
    #[error(transparent)]
    Document(#[from] super::Error),
}

/// What placeholders stand for, and which pages are not stamped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// `[job.name]`.
    pub job_name: String,
    /// `[date]`, as it is to be shown; usually as in `2026-03-31`.
    pub date: String,
    /// `[document.title]` on pages that are of no part.
    pub title: String,
    /// The documents that the document was put together from. On pages of none of them, the document itself counts.
    pub documents: Vec<PartOf>,
    /// `[custom:NAME]`, by name; case does not matter.
    pub custom: BTreeMap<String, String>,
    /// Pages that no stamp is put on, counted from 0, as a title page.
    pub skipped: BTreeSet<usize>,
}

/// A document that became a part of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartOf {
    /// `[document.title]`.
    pub title: String,
    /// Its pages, counted from 0, from which `[document.page]` and `[document.pages]` follow.
    pub pages: Range<usize>,
}

impl Values {
    /// A text that stands on no page, with its placeholders filled in; `None` where an option that it names has no value.
    pub fn fill(&self, text: &str) -> Option<String> {
        placeholders::fill(&placeholders::parse(text, "").ok()?, self, 0, 0, "").ok()
    }
}

/// Looks for placeholders in a text that stands on no page which can stand for nothing there.
///
/// # Errors
/// Why not, in words.
pub fn check_text(text: &str) -> Result<(), String> {
    let pieces = placeholders::parse(text, "").map_err(|error| match error {
        Error::Placeholder { name, .. } => format!("there is nothing to put in for [{name}]"),
        Error::Settings { what, .. } => what,
        other @ (Error::Barcode { .. } | Error::Document(_)) => other.to_string(),
    })?;
    let of_page = pieces.iter().any(placeholders::Piece::is_of_page);
    if of_page { Err("the text stands on no page, so pages cannot be named in it".to_owned()) } else { Ok(()) }
}

/// Puts stamps on the pages of a document that [`super::read()`] returned, in their order. `part` is the part of PDF/A that
/// it is, or is to become.
///
/// Running it again stamps again. Text that is empty once its values are in it draws nothing.
///
/// # Errors
/// What [`StampSettings::check`] says, `Placeholder` for one without a value, `Barcode` for a text that cannot be one, and
/// `Document` for one that is damaged.
pub fn stamp(
    document: &mut Document,
    stamps: &[StampSettings],
    values: &Values,
    fonts: &FontFolder,
    part: Option<Part>,
) -> Result<Vec<Event>, Error> {
    if let Some(surplus) = stamps.get(STAMPS_MAX) {
        let what = format!("there are more than {STAMPS_MAX} stamps");
        return Err(Error::Settings { stamp: surplus.shown_name(STAMPS_MAX), what });
    }
    let listed = pages::list(document);
    let space = profiles::add_space(document, Device::Rgb);
    let mut press = Press { fonts, part, space, typefaces: BTreeMap::new(), events: Vec::new() };
    let mut on_pages: BTreeMap<ObjectId, Vec<(ObjectId, Matrix)>> = BTreeMap::new();
    let mut annotations: BTreeMap<ObjectId, Vec<ObjectId>> = BTreeMap::new();
    let mut blended = BTreeSet::new();
    for (index, settings) in stamps.iter().enumerate() {
        settings.check(index)?;
        let mut work = Work::begin(document, &mut press, settings, settings.shown_name(index))?;
        for number in settings.pages.of(listed.len(), &values.skipped) {
            let Some(id) = listed.get(number) else { continue };
            let text = work.fill(values, number, listed.len())?;
            let Some((figure, matrix)) = work.figure(document, &mut press, text.as_deref(), (number, *id))? else {
                continue;
            };
            match settings.placement {
                Placement::Page => {
                    let form = work.form(document, text, &figure, Matrix::IDENTITY, &press);
                    on_pages.entry(*id).or_default().push((form, matrix));
                }
                Placement::Annotation => {
                    let form = work.form(document, text, &figure, matrix.fixed(), &press);
                    let added = object::add(document, annotation(&figure, matrix, form, *id));
                    annotations.entry(*id).or_default().push(added);
                }
            }
            if work.is_transparent() {
                blended.insert(*id);
            }
        }
        work.end(&mut press);
    }
    press.write_fonts(document)?;
    let is_tagged = is_tagged(document);
    for (page, forms) in on_pages {
        place::draw(document, page, &forms, is_tagged)?;
    }
    for (page, added) in annotations {
        page::annotate(document, page, added);
    }
    if part.is_some() {
        set_blending_spaces(document, &blended, space);
    }
    Ok(press.events)
}

/// What all stamps of a document share.
struct Press<'a> {
    fonts: &'a FontFolder,
    part: Option<Part>,
    space: ObjectId,
    /// The fonts in the making, and the numbers that they will have.
    typefaces: BTreeMap<Style, (ObjectId, Typeface)>,
    events: Vec<Event>,
}

impl Press<'_> {
    fn tell(&mut self, event: Event) {
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    fn write_fonts(&self, document: &mut Document) -> Result<(), super::Error> {
        for (id, typeface) in self.typefaces.values().filter(|(_, typeface)| typeface.is_used()) {
            let written = typeface.write(document, *id, self.part);
            written.ok_or_else(|| super::Error::limit("the different characters of one font of stamps"))?;
        }
        Ok(())
    }
}

/// The annotation that shows a form: printed, with nothing of PDF/A against it (ISO 19005-2, 6.3).
fn annotation(figure: &Figure, matrix: Matrix, form: ObjectId, page: ObjectId) -> Dictionary {
    let (shift, size) = figure.ink_box();
    let description: String = figure.description.chars().take(DESCRIPTION_CHARS_MAX).collect();
    dictionary! {
        "Type" => "Annot", "Subtype" => "Stamp", "Rect" => shift.then(matrix).bounds(size).map(Object::Real).to_vec(),
        "P" => page, "F" => flag::PRINT, "Contents" => text_string(&description),
        "AP" => dictionary! { "N" => form },
    }
}

/// Whether readers may take what is not tagged for a mistake.
fn is_tagged(document: &Document) -> bool {
    object::catalog(document).is_some_and(|catalog| {
        let marks = object::dictionary(document, catalog, b"MarkInfo");
        let is_marked = marks.and_then(|marks| object::get(document, marks, b"Marked"));
        catalog.has(b"StructTreeRoot") || matches!(is_marked, Some(Object::Boolean(true)))
    })
}

/// Says in which space colours blend, on pages of which nothing says it (ISO 19005-2, 6.2.10).
fn set_blending_spaces(document: &mut Document, pages: &BTreeSet<ObjectId>, space: ObjectId) {
    if object::catalog(document).is_some_and(|catalog| catalog.has(b"OutputIntents")) {
        return;
    }
    for id in pages {
        if let Some(page) = object::at_mut(document, *id).filter(|page| !page.has(b"Group")) {
            page.set("Group", dictionary! { "S" => "Transparency", "CS" => space });
        }
    }
}

/// A part of a colour as it looks on white paper when so much of it covers the paper.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 255, since the share is from 0 to 1"
)]
fn on_white(part: u8, share: f32) -> u8 {
    (255.0 - f32::from(u8::MAX - part) * share).round() as u8
}

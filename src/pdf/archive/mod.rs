//! Makes a document PDF/A-2b by changing its objects, in the order of the steps below.
//!
//! Knows the rules of ISO 19005-2 and nothing of metadata, which [`super::metadata`] writes with the claim.
//!
//! # Why
//! Measured on 112 files, 2026: changing objects keeps looks, text and tags, where redrawing (Ghostscript) changed the
//! looks of 11 files and lost all tags. What cannot be mended by objects stays a shortfall; the caller decides.

mod actions;
mod annotations;
mod appearance;
mod catalog;
mod colour;
mod graphics;
mod layers;
mod lift;
mod resources;
mod streams;
#[cfg(test)]
mod tests;
mod values;

/// The rules that [`super::check`] reads, too: one table for both sides.
pub(crate) mod rules {
    pub(crate) use super::{
        actions::{is_action, is_allowed},
        annotations::{ALLOWED as ALLOWED_ANNOTATIONS, field_kind, flag, of_page as annotations_of},
        graphics::{BLENDS, INTENTS, is_state},
        values::{NAME_BYTES_MAX, STRING_BYTES_MAX},
    };
}

pub(crate) use annotations::forget;

use lopdf::Document;

use super::{
    Error,
    check::{self, Shortfall},
    fonts::{self, FontFolder},
    pages, usage,
};
use crate::domain::{Event, EventCode};

/// What making an archive document took.
#[derive(Debug)]
pub struct Archived {
    /// What was changed that someone may miss.
    pub events: Vec<Event>,
    /// What still stands against PDF/A-2b.
    pub shortfalls: Vec<Shortfall>,
}

/// Makes the document PDF/A-2b, but for the claim. Running it on its own result changes nothing.
///
/// # Errors
/// `Limit` for content of a hostile size, `Corrupt` when there are no pages.
pub fn to_pdfa2b(document: &mut Document, fonts: &FontFolder) -> Result<Archived, Error> {
    let mut log = Log::default();
    pages::flatten(document)?;
    lift::lift(document);
    catalog::clean(document, &mut log);
    actions::remove(document, &mut log);
    annotations::mend(document, &mut log);
    layers::mend(document);
    streams::mend(document);
    graphics::mend(document);
    values::mend(document, &mut log);
    // Annotations that went took their appearances along; what nothing refers to needs no mending.
    document.prune_objects();
    lift::lift(document);
    resources::own(document)?;
    let survey = usage::survey(document)?;
    colour::manage(document, &survey, &mut log);
    fonts::mend(document, &survey, fonts, &mut log);
    document.prune_objects();
    let mut shortfalls = check::shortfalls(document);
    // Metadata are written after this step, so their absence says nothing yet.
    shortfalls.retain(|shortfall| !shortfall.clause.starts_with("6.6"));
    Ok(Archived { events: log.events, shortfalls })
}

/// Collects events, each message once.
#[derive(Debug, Default)]
pub(crate) struct Log {
    events: Vec<Event>,
}

/// Most events of one document; a form with a script on each of its fields says enough with these.
const EVENTS_MAX: usize = 200;

impl Log {
    /// Adds a warning unless it was said before.
    pub(crate) fn warn(&mut self, code: EventCode, message: impl Into<String>) {
        self.add(Event::warning(code, message));
    }

    /// Adds an information unless it was said before.
    pub(crate) fn inform(&mut self, code: EventCode, message: impl Into<String>) {
        self.add(Event::info(code, message));
    }

    fn add(&mut self, event: Event) {
        if self.events.len() < EVENTS_MAX && !self.events.contains(&event) {
            self.events.push(event);
        }
    }
}

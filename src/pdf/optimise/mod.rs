//! Makes a document smaller, for screens, printers and mail, without changing what it says.
//!
//! ```text
//! what nobody uses goes ─► images ─► fonts ─► what is there twice becomes one ─► streams are packed anew
//! ```
//!
//! Works on a document before the [gate](super::gate), and leaves nothing that the gate would refuse: [`OptimiseSettings`]
//! carry the part of PDF/A that is wanted. Linearising is for whoever writes the file: [`super::linearise`].
//!
//! Invariants:
//! 1. The text of every page, and what is drawn but for images, are the same before and after.
//! 2. An image, a font or a stream that would not become smaller stays as it is, byte for byte.
//! 3. Colours are never converted.
//! 4. A second run finds nothing to do that pays.

mod drawn;
mod duplicates;
mod fonts;
mod images;
mod matrix;
mod private;
mod resources;
mod settings;
mod streams;
#[cfg(test)]
mod tests;

use lopdf::Document;

use super::{Error, usage};
use crate::domain::{Event, EventCode};
pub use settings::{BadSetting, BitonalSettings, ImageSettings, OptimiseSettings, Preset};

/// What came of optimising.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optimised {
    /// What was changed that someone may miss.
    pub events: Vec<Event>,
    /// How much was done.
    pub figures: Figures,
}

/// How much was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Images that the document has, masks included.
    pub images: usize,
    /// Images that were packed anew.
    pub images_repacked: usize,
    /// Those of them that were brought to a lower resolution.
    pub images_resampled: usize,
    /// Bytes that images became smaller by.
    pub image_bytes_saved: usize,
    /// Font programs that lost glyphs that no text shows.
    pub fonts_subset: usize,
    /// Bytes that they became smaller by.
    pub font_bytes_saved: usize,
    /// Objects that became one with another that is the same.
    pub objects_merged: usize,
    /// Resources that no content names.
    pub resources_dropped: usize,
    /// Other streams that were packed anew.
    pub streams_repacked: usize,
    /// Bytes that they became smaller by.
    pub stream_bytes_saved: usize,
}

/// Makes a document smaller. Any settings do; [`OptimiseSettings::check`] finds those that make no sense.
///
/// # Errors
/// `Limit` for content of a hostile size.
pub fn optimise(document: &mut Document, settings: &OptimiseSettings) -> Result<Optimised, Error> {
    let mut figures = Figures::default();
    if settings.drop_private_data {
        private::drop(document);
    }
    let drawn = drawn::read(document)?;
    if settings.drop_unused_resources {
        figures.resources_dropped = resources::drop_unused(document, &drawn);
    }
    document.prune_objects();
    images::shrink(document, settings, &drawn.images, &mut figures);
    if settings.subset_fonts {
        let survey = usage::survey(document)?;
        fonts::subset(document, &survey, &mut figures);
    }
    if settings.merge_duplicates {
        figures.objects_merged = duplicates::merge(document);
    }
    if settings.pack_streams {
        streams::pack(document, &mut figures);
    }
    document.prune_objects();
    Ok(Optimised { events: events(&figures), figures })
}

/// What was lost is told, though it was asked for.
fn events(figures: &Figures) -> Vec<Event> {
    let count = figures.images_resampled;
    if count == 0 {
        return Vec::new();
    }
    let what = if count == 1 { "1 image was".to_owned() } else { format!("{count} images were") };
    let message = format!("{what} brought to a lower resolution, as the profile asks for.");
    vec![Event::info(EventCode::VisualDifferences, message)]
}

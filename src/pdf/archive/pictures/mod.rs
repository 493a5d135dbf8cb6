//! Pictures that PDF/A-1 does not take, stored in a way that it takes, so that their pages need not become pictures.
//!
//! | picture | becomes |
//! | --- | --- |
//! | in JPEG 2000 | the same samples in the same colour space, packed otherwise |
//! | with a soft mask that hides nothing | the same picture without it |
//! | with a soft mask, over white paper wherever it is drawn | the picture as it looks on white paper |
//! | with any other soft mask | is left to [`crate::pdf::redraw`] |
//!
//! A page counts only as a whole: one picture that cannot be helped leaves all of the page as it is.

mod blend;
mod ground;
mod samples;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use hayro::hayro_syntax::Pdf;
use lopdf::{Document, Object, ObjectId};

use super::beyond::{self, Obstacles};
use crate::{
    domain::{Event, EventCode},
    pdf::{drawing, object, stream},
};
use samples::Samples;
use store::Stored;

/// Stores the pictures of pages whose only obstacles they are in another way. `bytes` is the document as a file, with the
/// same numbers of objects.
pub(crate) fn flatten(document: &mut Document, bytes: &[u8]) -> Vec<Event> {
    let pages: BTreeMap<usize, BTreeSet<ObjectId>> = beyond::obstacles(document)
        .into_iter()
        .filter_map(|(number, obstacles)| match obstacles {
            Obstacles::Pictures(pictures) => Some((number, pictures)),
            Obstacles::Others => None,
        })
        .collect();
    if pages.is_empty() {
        return Vec::new();
    }
    // What hayro does not read is left to be drawn, which says what is wrong.
    let Ok(pdf) = drawing::apart(|| drawing::open(bytes)) else { return Vec::new() };
    let helpless = helpless(document, &pdf, &pages);
    let can_be_helped = |pictures: &&BTreeSet<ObjectId>| pictures.is_disjoint(&helpless);
    let chosen: BTreeSet<ObjectId> = pages.values().filter(can_be_helped).flatten().copied().collect();
    let mut told = Told::default();
    for id in chosen {
        let shared = &*document;
        // A picture that does not decode leaves its pages to be drawn.
        let Ok(Some(stored)) = drawing::apart(|| Ok(Stored::of(shared, &pdf, id))) else { continue };
        told.count(document, id);
        stored.put(document, id);
    }
    told.events()
}

/// The pictures that can only be drawn with their page: their soft mask lets something show through.
fn helpless(document: &Document, pdf: &Pdf, pages: &BTreeMap<usize, BTreeSet<ObjectId>>) -> BTreeSet<ObjectId> {
    let masked: BTreeSet<ObjectId> =
        pages.values().flatten().copied().filter(|id| has_soft_mask(document, *id)).collect();
    let hides = |id: &ObjectId| {
        let mask = drawing::apart(|| Ok(Samples::of_mask(document, pdf, *id)));
        !mask.is_ok_and(|mask| mask.is_some_and(|mask| mask.is_opaque()))
    };
    let mut helpless: BTreeSet<ObjectId> = masked.into_iter().filter(hides).collect();
    if helpless.is_empty() {
        return helpless;
    }
    let mut drawn = ground::Drawn::default();
    for (number, pictures) in pages {
        if pictures.is_disjoint(&helpless) {
            continue;
        }
        let looked = drawing::apart(|| Ok(ground::look(drawing::page(pdf, *number)?)));
        // Nothing is known of a page that cannot be interpreted.
        drawn.add(looked.unwrap_or_else(|_| ground::Drawn::nowhere(pictures)));
    }
    helpless.retain(|id| !drawn.is_on_white(*id));
    helpless
}

/// Whether a picture has a soft mask, of its own or in its JPEG 2000 data.
fn has_soft_mask(document: &Document, id: ObjectId) -> bool {
    object::at(document, id).is_some_and(|held| {
        matches!(object::get(document, held, b"SMask"), Some(Object::Stream(_)))
            || object::integer(document, held, b"SMaskInData").unwrap_or(0) != 0
    })
}

/// Whether a picture is in JPEG 2000.
fn is_jpeg2000(document: &Document, id: ObjectId) -> bool {
    let Some(Object::Stream(held)) = document.objects.get(&id) else { return false };
    stream::filters(document, held).iter().any(|filter| filter == b"JPXDecode")
}

/// What a client is told.
#[derive(Default)]
struct Told {
    jpeg2000: usize,
    masks: usize,
}

impl Told {
    fn count(&mut self, document: &Document, id: ObjectId) {
        self.jpeg2000 += usize::from(is_jpeg2000(document, id));
        self.masks += usize::from(has_soft_mask(document, id));
    }

    fn events(&self) -> Vec<Event> {
        let pictures = |count: usize| match count {
            0 => None,
            1 => Some("1 picture".to_owned()),
            _ => Some(format!("{count} pictures")),
        };
        let stored = pictures(self.jpeg2000).map(|pictures| {
            let message =
                format!("The data of {pictures} in JPEG 2000, which PDF/A-1 does not have, were packed otherwise.");
            Event::info(EventCode::VisualDifferences, message)
        });
        let blended = pictures(self.masks).map(|pictures| {
            let message = format!("{pictures} with transparency, which PDF/A-1 does not have, were put on white.");
            Event::info(EventCode::TransparencyRemoved, message)
        });
        stored.into_iter().chain(blended).collect()
    }
}

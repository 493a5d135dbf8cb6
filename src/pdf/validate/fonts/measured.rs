//! What the gate will find of the glyphs that fonts show, for those who mend fonts before it.

use std::collections::BTreeMap;

use lopdf::{Document, ObjectId};

use super::{drawn::Used, examined};
use crate::pdf::{
    fonts::cmap::Code,
    object,
    usage::Survey,
    validate::{Flavour, Level, Part, content::Font, subject::Subject},
};

/// A glyph that is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Its code.
    pub(crate) code: Code,
    /// Its CID in a composite font.
    pub(crate) cid: Option<u32>,
    /// Whether it is the glyph for "no such glyph".
    pub(crate) is_undefined: bool,
    /// Whether the program has it; `None` when there is no program to ask.
    pub(crate) is_present: Option<bool>,
    /// Its widths in the program and in the dictionary, in thousandths; `None` when there is no program to ask.
    pub(crate) widths: Option<(f64, f64)>,
}

/// Measures the glyphs that each font of a document shows.
pub(crate) fn measure(document: &Document, part: Part, survey: &Survey) -> BTreeMap<ObjectId, Vec<Measured>> {
    let level = if part == Part::Four { Level::Plain } else { Level::B };
    let Some(flavour) = Flavour::of(part, level) else { return BTreeMap::new() };
    let subject = Subject::new(&[], 0, document, flavour);
    let mut ids = Vec::new();
    let mut fonts = Vec::new();
    for (id, used) in &survey.fonts {
        let Some(held) = object::at(document, *id).filter(|_| !used.codes.is_empty()) else { continue };
        ids.push(*id);
        fonts.push(Used::known(&subject, Font { id: Some(*id), held }, used.is_visible, used.codes.iter().copied()));
    }
    let examined = examined::examine_all(&subject, &fonts);
    let measured = examined.into_iter().map(|font| {
        let glyphs = font.glyphs.into_iter();
        let measured = glyphs.map(|glyph| Measured {
            code: glyph.code,
            cid: glyph.cid,
            is_undefined: glyph.is_undefined,
            is_present: glyph.is_present,
            widths: glyph.widths,
        });
        measured.collect()
    });
    ids.into_iter().zip(measured).collect()
}

//! Text that was recognised on a page, laid behind it: readers find and copy it, and nobody sees it.
//!
//! ```text
//! Recognised: words with their places in the picture of a page ─► [place] ─┐
//! [Span]s: words with their places on the page ────────────────────────────┴► a content stream before those of the page
//!             their characters ───────────────────────────────► [font] ─► one font without shapes for the document
//! ```
//!
//! What the page draws stays as it was, byte for byte: its content comes after the layer, which leaves no trace in the
//! state of the graphics.

mod font;
mod place;
mod straighten;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt::Write as _};

use lopdf::{Document, Object, ObjectId, Stream, dictionary};
use serde::{Deserialize, Serialize};
use unicode_bidi::{BidiClass, bidi_class};

use self::place::Placement;
pub use self::straighten::{Straighten, straighten};
use super::{
    Error, object,
    page::{self, NUMBER_MAX},
    pages,
};

/// What was recognised in the picture of a page, as it is shown: turned and cut as the page says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recognised {
    /// Columns of the picture.
    pub width: u32,
    /// Its rows.
    pub height: u32,
    /// Lines of text, in the order of reading.
    pub lines: Vec<Line>,
}

/// A line of text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its words, in the order of reading.
    pub words: Vec<Word>,
}

/// A word. Places are in pixels from the upper left corner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Its text, characters in the order of reading.
    pub text: String,
    /// How sure the engine is, from 0 to 100.
    pub confidence: f32,
    /// Left, top, right and bottom.
    pub bounds: [i32; 4],
    /// Where the line that it stands on begins and ends: x, y, x, y. From left to right for whoever reads the line, also
    /// in a script that is read from right to left.
    pub baseline: [i32; 4],
}

/// Most different characters of one document: a code has two bytes, and the first is for none.
const CHARACTERS_MAX: usize = 65_534;
/// Smallest size of type that two decimals can say.
const SIZE_MIN: f32 = 0.005;
/// What the font is called in the resources of a page, before a number.
const FONT_NAME: &str = "BinderyText";

/// A word on a page, in the units of the page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    /// Its characters as they stand beside each other, from the start on.
    pub(crate) shown: String,
    /// Where it starts on the line that it stands on.
    pub(crate) start: [f32; 2],
    /// Which way and how far from there it ends.
    pub(crate) along: [f32; 2],
    /// The size of the type.
    pub(crate) size: f32,
    /// Whether a space comes behind, so that nobody has to guess where a word ends.
    pub(crate) space_follows: bool,
}

/// Lays text behind pages, which are counted from 0.
///
/// # Errors
/// `Corrupt` when there is no such page, `Limit` when there are more characters than a font can hold.
pub fn add(document: &mut Document, recognised: &[(usize, Recognised)]) -> Result<(), Error> {
    let listed = pages::list(document);
    let mut layers = Vec::with_capacity(recognised.len());
    for (number, found) in recognised {
        let page = *listed.get(*number).ok_or_else(|| Error::corrupt(format!("there is no page {}", number + 1)))?;
        let placement = Placement::of(document, page, found.width, found.height);
        layers.push((page, found.lines.iter().flat_map(|line| placement.spans(line)).collect()));
    }
    lay(document, &layers)
}

/// Lays words behind pages.
///
/// # Errors
/// `Corrupt` when a page is none, `Limit` when there are more characters than a font can hold.
pub(crate) fn lay(document: &mut Document, layers: &[(ObjectId, Vec<Span>)]) -> Result<(), Error> {
    let codes = codes(layers)?;
    if codes.is_empty() {
        return Ok(());
    }
    let font = font::add(document, &codes).ok_or_else(|| Error::limit("characters of a text layer"))?;
    for (id, spans) in layers {
        if spans.is_empty() {
            continue;
        }
        let name = page::name_resource(document, *id, "Font", FONT_NAME, font)?;
        put_before(document, *id, content(spans, &name, &codes).into_bytes());
    }
    Ok(())
}

/// A code for each character that is used, and for the space between words.
fn codes(layers: &[(ObjectId, Vec<Span>)]) -> Result<BTreeMap<char, u16>, Error> {
    let spans = layers.iter().flat_map(|(_, spans)| spans);
    let mut codes: BTreeMap<char, u16> = spans.flat_map(|span| span.shown.chars()).map(|each| (each, 0)).collect();
    if codes.is_empty() {
        return Ok(codes);
    }
    codes.insert(' ', 0);
    if codes.len() > CHARACTERS_MAX {
        return Err(Error::limit(format!("more than {CHARACTERS_MAX} different characters on its pages")));
    }
    for (code, slot) in (1..).zip(codes.values_mut()) {
        *slot = code;
    }
    Ok(codes)
}

/// Writes words, each as wide as it is.
fn content(spans: &[Span], font: &str, codes: &BTreeMap<char, u16>) -> String {
    let mut content = "q\nBT\n3 Tr\n".to_owned();
    // Writing to a string has no way to fail.
    let mut put = |arguments: std::fmt::Arguments<'_>| content.write_fmt(arguments).unwrap_or_default();
    let mut size = 0.0;
    for span in spans {
        let length = span.along[0].hypot(span.along[1]);
        let letters = span.shown.chars().count();
        if letters == 0 || length <= 0.0 || span.size <= 0.0 || !span.is_within_reach() {
            continue;
        }
        if span.size.total_cmp(&size).is_ne() {
            size = span.size;
            put(format_args!("/{font} {size:.2} Tf\n"));
        }
        let [cosine, sine] = span.along.map(|part| part / length);
        let [left, bottom] = span.start;
        let stretch = (100.0 * length / (font::widths(letters) * size)).min(NUMBER_MAX);
        put(format_args!("{stretch:.2} Tz\n"));
        put(format_args!("{cosine:.5} {sine:.5} {:.5} {cosine:.5} {left:.2} {bottom:.2} Tm\n<", -sine));
        for letter in span.shown.chars().chain(span.space_follows.then_some(' ')) {
            put(format_args!("{:04X}", codes.get(&letter).copied().unwrap_or_default()));
        }
        put(format_args!("> Tj\n"));
    }
    content.push_str("ET\nQ\n");
    content
}

impl Span {
    /// Whether all its numbers may stand in a file: they are finite, and PDF/A-1 sets them a bound.
    fn is_within_reach(&self) -> bool {
        self.start.iter().chain(&self.along).chain([&self.size]).all(|number| number.abs() <= NUMBER_MAX)
            && self.size >= SIZE_MIN
    }
}

/// Whether a word is read from right to left.
fn is_right_to_left(text: &str) -> bool {
    text.chars()
        .map(bidi_class)
        .find(|class| matches!(class, BidiClass::L | BidiClass::R | BidiClass::AL))
        .is_some_and(|class| class != BidiClass::L)
}

/// Puts content before that of a page.
fn put_before(document: &mut Document, page: ObjectId, content: Vec<u8>) {
    let layer = object::add(document, Stream::new(dictionary! {}, content));
    let mut contents = vec![Object::Reference(layer)];
    contents.extend(page::contents(document, page));
    if let Some(held) = object::at_mut(document, page) {
        held.set("Contents", contents);
    }
}

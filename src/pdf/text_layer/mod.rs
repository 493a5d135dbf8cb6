//! Text that was recognised on a page, laid behind it: readers find and copy it, and nobody sees it.
//!
//! ```text
//! Recognised: words with their places in the picture of a page ─► [place] ─► a content stream before those of the page
//!             their characters ───────────────────────────────► [font] ─► one font without shapes for the document
//! ```
//!
//! What the page draws stays as it was, byte for byte: its content comes after the layer, which leaves no trace in the
//! state of the graphics.

mod font;
mod place;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use lopdf::{Document, Object, ObjectId, Stream, dictionary};
use serde::{Deserialize, Serialize};
use unicode_bidi::{BidiClass, bidi_class};

use self::place::Placement;
use super::{Error, object, pages};

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
/// What the font is called in the resources of a page, before a number.
const FONT_NAME: &str = "BinderyText";

/// Lays text behind pages, which are counted from 0.
///
/// # Errors
/// `Corrupt` when there is no such page, `Limit` when there are more characters than a font can hold.
pub fn add(document: &mut Document, recognised: &[(usize, Recognised)]) -> Result<(), Error> {
    let listed = pages::list(document);
    let codes = codes(recognised)?;
    if codes.is_empty() {
        return Ok(());
    }
    let font = font::add(document, &codes).ok_or_else(|| Error::limit("characters of a text layer"))?;
    for (number, found) in recognised {
        let page = *listed.get(*number).ok_or_else(|| Error::corrupt(format!("there is no page {}", number + 1)))?;
        let placement = Placement::of(document, page, found.width, found.height);
        let name = name_font(document, page, font)
            .ok_or_else(|| Error::corrupt(format!("page {} cannot be given a font", number + 1)))?;
        let mut content = "q\nBT\n3 Tr\n".to_owned();
        for line in &found.lines {
            placement.write_line(line, &name, &codes, &mut content);
        }
        content.push_str("ET\nQ\n");
        put_before(document, page, content.into_bytes());
    }
    Ok(())
}

/// A code for each character that is used, and for the space between words.
fn codes(recognised: &[(usize, Recognised)]) -> Result<BTreeMap<char, u16>, Error> {
    let words = recognised.iter().flat_map(|(_, found)| &found.lines).flat_map(|line| &line.words);
    let mut codes: BTreeMap<char, u16> = words.flat_map(|word| word.text.chars()).map(|each| (each, 0)).collect();
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

/// Whether a word is read from right to left.
fn is_right_to_left(text: &str) -> bool {
    text.chars()
        .map(bidi_class)
        .find(|class| matches!(class, BidiClass::L | BidiClass::R | BidiClass::AL))
        .is_some_and(|class| class != BidiClass::L)
}

/// Gives a page the font under a name that it does not use yet. What it may share with other pages is left as it is.
fn name_font(document: &mut Document, page: ObjectId, font: ObjectId) -> Option<String> {
    let held = object::at(document, page)?;
    let mut resources = object::dictionary(document, held, b"Resources").cloned().unwrap_or_default();
    let mut fonts = object::dictionary(document, &resources, b"Font").cloned().unwrap_or_default();
    let name = (1..).map(|number: u32| format!("{FONT_NAME}{number}")).find(|name| !fonts.has(name.as_bytes()))?;
    fonts.set(name.as_bytes(), font);
    resources.set("Font", fonts);
    object::at_mut(document, page)?.set("Resources", resources);
    Some(name)
}

/// Puts content before that of a page.
fn put_before(document: &mut Document, page: ObjectId, content: Vec<u8>) {
    let layer = object::add(document, Stream::new(dictionary! {}, content));
    let mut contents = vec![Object::Reference(layer)];
    if let Some(held) = object::at(document, page)
        && let Ok(own) = held.get(b"Contents")
    {
        match object::resolve(document, own).as_array() {
            Ok(own) => contents.extend(own.iter().cloned()),
            // One stream, which is always an object of its own.
            Err(_) => contents.push(own.clone()),
        }
    }
    if let Some(held) = object::at_mut(document, page) {
        held.set("Contents", contents);
    }
}

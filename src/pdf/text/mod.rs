//! The text of a page: what it draws, in lines of words with their places.
//!
//! ```text
//! content of a page ─► [collect]: glyphs in the order of drawing ─► [group]: lines of words ─► [direction]: in the order
//!                                                                                              of reading
//! ```
//!
//! Lines come in the order in which the page draws them, which for ordinary documents is the order of reading; nothing
//! guesses at columns or tables. What the appearances of annotations say comes last.
//!
//! Limits: text that is drawn only to clip is not seen, nor is what an `ActualText` says in its place.

mod collect;
pub(crate) mod collection;
mod direction;
mod group;
mod scans;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use hayro::hayro_syntax::page::Page;

use super::{Error, drawing};

pub use scans::scans;

/// The text of one page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageText {
    /// Its lines, in the order of drawing.
    pub lines: Vec<Line>,
}

/// Words that stand beside each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// The words, in the order of reading.
    pub words: Vec<Word>,
}

/// A word. Places are in the units of the page, before it is turned: x to the right, y up.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Its characters in the order of reading.
    pub text: String,
    /// Its characters as they stand beside each other from `start` to `end`: other than `text` in scripts that are read
    /// from right to left.
    pub shown: String,
    /// Where it begins on the line that it stands on.
    pub start: [f32; 2],
    /// Where it ends.
    pub end: [f32; 2],
    /// The size of its type: how high an em is.
    pub size: f32,
    /// Whether there is a gap between it and the next word. A word that goes on in other type has none.
    pub space_follows: bool,
    /// Whether it is drawn so that nobody sees it, as recognised text behind a scan is.
    pub is_invisible: bool,
    /// The name of its font, where the font file says it.
    pub font: Option<Arc<str>>,
    /// The number of the marked content that it is in, by which the logical structure points at it.
    pub mark: Option<i32>,
}

impl PageText {
    /// Whether the page has any text.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl Line {
    /// The words with the gaps between them.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for word in &self.words {
            text.push_str(&word.text);
            if word.space_follows {
                text.push(' ');
            }
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// Reads the text of a page, which is counted from 0, out of a file.
///
/// # Errors
/// `Corrupt` when the file cannot be read or interpreted, or has no such page.
pub fn extract(bytes: &[u8], page: usize) -> Result<PageText, Error> {
    drawing::apart(|| {
        let pdf = drawing::open(bytes)?;
        Ok(of_page(drawing::page(&pdf, page)?))
    })
}

/// Reads the text of a page. Interprets what the page says, so it is called inside [`drawing::apart`].
pub(crate) fn of_page(page: &Page<'_>) -> PageText {
    PageText { lines: group::lines(collect::glyphs(page)) }
}

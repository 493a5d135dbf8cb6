//! The pages that a dossier has before its documents, set as a book sets them: a title page, a table of contents.
//!
//! 1. No word of a document or of its titles is ever read as code: it reaches the templates as data.
//! 2. An entry is a link to [`SCHEME`] and its number; [`front`](crate::pdf::front) makes it lead to a page.
//! 3. What is drawn behind them is no part of their structure.
//! 4. Nothing is cut off: a title that is long is set on several lines, and a word that is long is broken.

#[cfg(test)]
mod tests;

use serde_json::json;

use super::{
    markdown, script,
    typesetting::{Faces, Fonts, Sheet},
};
use crate::{
    domain::{ErrorCode, Event, limits},
    engines::{
        Error,
        assemble::dossier::{Alignment, Paper, TableOfContents, TitlePage, Typeface},
    },
    pdf::{self, FileData},
};

/// What the links of entries begin with; the number of the entry follows, counted from 0.
pub(in crate::engines) const SCHEME: &str = "dossier:";

/// Characters of a word after which it may be broken, and at its signs before that.
const WORD_CHARS_MAX: usize = 24;

/// Words with so many characters are broken at signs: names of files.
const PARTED_CHARS_MIN: usize = 20;

/// An entry of a table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engines) struct Entry {
    /// The title of the document.
    pub(in crate::engines) title: String,
    /// The page on which it begins, counted from 1.
    pub(in crate::engines) page: usize,
}

/// Sets a title page.
///
/// # Errors
/// `Corrupt` when it cannot be set, `Refused` for a background that cannot be drawn.
pub(in crate::engines) fn title_page(
    look: &TitlePage,
    paper: Paper,
    faces: &Faces,
) -> Result<(Vec<u8>, Vec<Event>), Error> {
    let mut fonts = Fonts::of(faces);
    let (title, subtitle) = (shown(&look.title, &mut fonts), shown(&look.subtitle, &mut fonts));
    let mut events = Vec::new();
    fonts.tell(&mut events);
    let both = format!("{title}\n{subtitle}");
    let data = json!({
        "paper": paper.name(),
        "sans": look.typeface == Typeface::Sans,
        "han": script::han_forms(&both, false),
        "align": match look.alignment {
            Alignment::Left => "left",
            Alignment::Center => "center",
            Alignment::Right => "right",
        },
        "title": line(&title),
        "titleSize": look.title_size,
        "subtitle": line(&subtitle),
        "subtitleSize": look.subtitle_size,
        "background": look.background.is_some(),
    });
    let pdf = set(include_str!("title.typ"), data, look.background.as_ref(), fonts)?;
    Ok((pdf, events))
}

/// Sets a table of contents.
///
/// # Errors
/// `Corrupt` when it cannot be set, `Refused` for a background that cannot be drawn.
pub(in crate::engines) fn contents(
    look: &TableOfContents,
    entries: &[Entry],
    paper: Paper,
    faces: &Faces,
) -> Result<(Vec<u8>, Vec<Event>), Error> {
    let mut fonts = Fonts::of(faces);
    let heading = shown(&look.title, &mut fonts);
    let titles: Vec<String> = entries.iter().map(|entry| shown(&entry.title, &mut fonts)).collect();
    let mut events = Vec::new();
    fonts.tell(&mut events);
    let letters = format!("{heading}\n{}", titles.join("\n"));
    let data = json!({
        "paper": paper.name(),
        "sans": look.typeface == Typeface::Sans,
        "han": script::han_forms(&letters, false),
        "rtl": script::reads_right_to_left(&letters),
        "heading": heading,
        "size": look.size,
        "numbers": look.page_numbers,
        "leaders": look.dot_leaders,
        "digits": entries.last().map_or(1, |entry| entry.page.to_string().len()),
        "scheme": SCHEME,
        "entries": titles.iter().zip(entries).map(|(title, entry)| json!({
            "title": title, "rtl": script::reads_right_to_left(title), "page": entry.page,
        })).collect::<Vec<_>>(),
        "background": look.background.is_some(),
    });
    let pdf = set(include_str!("contents.typ"), data, look.background.as_ref(), fonts)?;
    Ok((pdf, events))
}

/// Sets a template, with a PDF for what it draws behind its pages.
fn set(
    template: &'static str,
    data: serde_json::Value,
    background: Option<&FileData>,
    fonts: Fonts,
) -> Result<Vec<u8>, Error> {
    let files = background.map(readable).transpose()?;
    let set = Sheet { template, data, files: files.into_iter().collect() }.to_pdf(fonts);
    set.map_err(|error| {
        if let Error::Corrupt { what } = &error
            && background.is_some()
        {
            unusable(what)
        } else {
            error
        }
    })
}

/// A background as Typst reads it: whole, without encryption, and of a version that it takes.
fn readable(FileData(bytes): &FileData) -> Result<Vec<u8>, Error> {
    let read = pdf::read(bytes.clone(), &[]);
    let written = read.and_then(|mut opened| pdf::write(&mut opened.document, pdf::Shape::Packed));
    written.map_err(|error| unusable(&error.to_string()))
}

/// The profile is to blame, and no document.
fn unusable(why: &str) -> Error {
    let what = format!("the PDF behind the title page or the table of contents cannot be used: {why}");
    Error::Refused { code: ErrorCode::Configuration, what }
}

/// A line with the direction in which it reads.
fn line(text: &str) -> serde_json::Value {
    json!({ "text": text, "rtl": script::reads_right_to_left(text) })
}

/// A title as fonts can show it: on one line, with places to break in words that have none.
fn shown(title: &str, fonts: &mut Fonts) -> String {
    let words = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words.chars().take(limits::NAME_CHARS_MAX).collect();
    let whole = fonts.shown(&cut);
    let parted: Vec<String> = whole.split(' ').map(parted).collect();
    parted.join(" ")
}

/// Puts places to break into a word that is long: behind signs, as in names of files, and where there are none.
fn parted(word: &str) -> String {
    if word.chars().count() < PARTED_CHARS_MIN {
        return word.to_owned();
    }
    let pieces = word.split_inclusive(['_', '.', '/', '\\', ',', ';', ':', '=', '&', '+']);
    pieces.map(|piece| markdown::breakable(piece, WORD_CHARS_MAX, &mut 0)).collect::<Vec<_>>().join("\u{200b}")
}

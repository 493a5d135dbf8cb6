//! Markdown, set as a book sets it: `CommonMark` with tables, footnotes, task lists and definition lists.
//!
//! ```text
//! text ─► pulldown-cmark ─► [reader] ─► [tree], as JSON ─► `markdown.typ` ─► PDF with an outline
//! ```
//!
//! 1. No word of the document is ever read as code: it reaches the template as strings of a tree.
//! 2. Nothing is loaded. A picture is shown by its description, HTML as it is written.
//! 3. Links lead to the web, to mail, or to a heading; what else they name becomes text.

mod losses;
mod open;
mod reader;
mod survey;
mod tree;

#[cfg(test)]
mod tests;

use pulldown_cmark::{Options, Parser};
use serde_json::{Value, json};

use super::{
    encoding, script,
    typesetting::{Faces, Fonts, Sheet},
};
use crate::{domain::Event, engines::Error};

use reader::Reader;
use survey::Survey;

pub(super) use reader::breakable;

/// Turns Markdown in any encoding into a PDF.
///
/// # Errors
/// `Limit` when it is too long, `Corrupt` when it cannot be set.
pub fn to_pdf(bytes: &[u8], faces: &Faces) -> Result<(Vec<u8>, Vec<Event>), Error> {
    let mut events = Vec::new();
    let decoded = encoding::decode(bytes, &mut events)?;
    let mut fonts = Fonts::of(faces);
    let mut data = read(&decoded.text, &mut fonts, &mut events)?;
    if let Value::Object(data) = &mut data {
        data.insert("rtl".to_owned(), json!(script::reads_right_to_left(&decoded.text)));
        data.insert("han".to_owned(), json!(script::han_forms(&decoded.text, decoded.is_traditional)));
    }
    Ok((Sheet { template: include_str!("markdown.typ"), data, files: Vec::new() }.to_pdf(fonts)?, events))
}

/// What a text says, as data.
fn read(text: &str, fonts: &mut Fonts, events: &mut Vec<Event>) -> Result<Value, Error> {
    let mut reader = Reader::new(Survey::of(parser(text)), fonts);
    for piece in parser(text) {
        reader.take(piece);
    }
    let (document, losses) = reader.finish();
    losses.tell(events);
    fonts.tell(events);
    serde_json::to_value(document).map_err(|_| Error::Internal { doing: "write down a text".to_owned(), source: None })
}

fn parser(text: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_GFM
        | Options::ENABLE_DEFINITION_LIST;
    Parser::new_ext(text, options)
}

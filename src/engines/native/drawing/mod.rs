//! SVG drawings, plain or packed, one page each.
//!
//! ```text
//! bytes ─► [source] text ─► [clean] drawing without the outside ─► usvg and krilla, by Typst ─► PDF
//! ```
//!
//! 1. Nothing is read from outside, and nothing runs: what leads there is left out, and the client is told each kind.
//! 2. The rest is drawn, with stand-ins for fonts and characters that are missing.

mod clean;
mod source;

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::typesetting::{Faces, Fonts, Sheet};
use crate::{domain::Event, engines::Error};

/// Turns an SVG drawing into a PDF of one page.
///
/// # Errors
/// `Corrupt` when it is no drawing, `Limit` when it is too large.
pub fn to_pdf(bytes: &[u8], faces: &Faces) -> Result<(Vec<u8>, Vec<Event>), Error> {
    let mut events = Vec::new();
    let mut fonts = Fonts::of(faces);
    let drawing = clean::clean(&source::read(bytes)?, &mut fonts, &mut events)?;
    fonts.tell(&mut events);
    let sheet = Sheet { template: include_str!("drawing.typ"), data: Value::Null, files: vec![drawing.into_bytes()] };
    Ok((sheet.to_pdf(fonts)?, events))
}

//! Typst, kept in one place: sets sheets of ours in type, as tagged PDF.
//!
//! ```text
//! template (ours) + data and files (the document's) ─► [`Sheet::to_pdf`] ─► PDF
//! ```
//!
//! 1. A template is code of ours. What a document says goes in as data, which no template evaluates: it is read by `json`
//!    and `read` and becomes text and nothing else.
//! 2. A sheet sees its data, its files, [`base.typ`](BASE) and the fonts of the machine, and nothing else.
//! 3. What no font can show is found before anything is set, by [`Fonts`].

mod fonts;
mod world;

use typst::{diag::SourceDiagnostic, foundations::Smart};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::engines::Error;

pub use fonts::{Faces, Fonts, Ruler};
use world::Desk;

/// Version of the engine.
pub const VERSION: &str = "0.15";

/// What templates share: faces and colours. They say `#import "/base.typ": *`.
const BASE: &str = include_str!("base.typ");

/// Something to be set.
#[derive(Debug)]
pub struct Sheet {
    /// A template of ours.
    pub template: &'static str,
    /// What it reads by `json("/data.json")`.
    pub data: serde_json::Value,
    /// What it reads by `read("/file/0")` and so on.
    pub files: Vec<Vec<u8>>,
}

impl Sheet {
    /// Sets it. Headings become the outline.
    ///
    /// # Errors
    /// `Corrupt` when Typst refuses it.
    pub fn to_pdf(self, fonts: Fonts) -> Result<Vec<u8>, Error> {
        let desk = Desk::new(self, fonts)?;
        let document = typst::compile::<PagedDocument>(&desk).output.map_err(|problems| refused(&problems))?;
        // Typst could write PDF/A itself, but only with a date, which an engine does not know; the archiver does it as well.
        let options = PdfOptions { creator: Smart::Custom(None), tagged: true, ..PdfOptions::default() };
        typst_pdf::pdf(&document, &options).map_err(|problems| refused(&problems))
    }
}

fn refused(problems: &[SourceDiagnostic]) -> Error {
    let told: Vec<&str> = problems.iter().take(3).map(|problem| problem.message.as_str()).collect();
    Error::Corrupt { what: format!("it cannot be set: {}", told.join("; ")) }
}

fn internal(doing: &str) -> Error {
    Error::Internal { doing: doing.to_owned(), source: None }
}

//! What our own engines have at hand, and how a process gets it ready before it makes copies of itself.

use std::path::PathBuf;

use time::OffsetDateTime;

use super::{drawing, images, markdown, table, text, typesetting::Faces};
use crate::{
    domain::{Format, metadata::Metadata},
    engines::{Error, settings::Images},
    pdf::{self, fonts::FontFolder, gate::Wanted, validate::Part},
};

/// A little of what documents are made of, so that templates, fonts and the way to PDF/A have been used once.
const TEXT: &str = "A line of text.\n";
const MARKDOWN: &str = "# Title\n\nText, *stressed*, **strong**, `code` and [a link](https://example.com/).\n\n- one\n- two\n\n\
    1. one\n\n> said\n\n```\ncode\n```\n\n| A | B |\n|---|---|\n| 1 | 2 |\n";
const TABLE: &str = "Name,Count,Price\nA thing,2,10.00\nAnother,3,20.00\n";
const DRAWING: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"90\"><rect width=\"9\" height=\"9\"/>\
    <text x=\"9\" y=\"30\">text</text></svg>";
/// One grey pixel.
const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\x80\x80\x80\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Fonts, for setting documents in type and for those that a PDF lacks.
#[derive(Debug)]
pub struct Tools {
    /// Those by which documents are set.
    pub faces: Faces,
    /// Those that are put into PDFs.
    pub folder: FontFolder,
}

impl Tools {
    /// The fonts below some folders. Touches no file yet.
    pub fn new(folders: &[PathBuf]) -> Self {
        Self { faces: Faces::new(folders), folder: FontFolder::open(folders) }
    }

    /// How many small documents of ours there are.
    pub const OWN: usize = 5;

    /// Converts one of them, by its number from 0.
    ///
    /// # Errors
    /// When it cannot be converted: then no other document could.
    pub fn convert_own(&self, number: usize) -> Result<(), Error> {
        let set = match number {
            0 => text::to_pdf(TEXT.as_bytes(), &self.faces)?.0,
            1 => markdown::to_pdf(MARKDOWN.as_bytes(), &self.faces)?.0,
            2 => table::to_pdf(TABLE.as_bytes(), &self.faces)?.0,
            3 => drawing::to_pdf(DRAWING.as_bytes(), &self.faces)?.0,
            _ => return self.pass(images::to_pdf(PICTURE, Format::Gif, Images::default())?.pdf),
        };
        self.archive(set)
    }

    /// Makes PDF/A of what an engine made of a document of ours.
    ///
    /// # Errors
    /// As there.
    pub fn archive(&self, made: Vec<u8>) -> Result<(), Error> {
        self.pass(pdf::read(made, &[])?.document)
    }

    fn pass(&self, document: pdf::Document) -> Result<(), Error> {
        let wanted = Wanted {
            part: Part::Two,
            metadata: &Metadata::default(),
            now: OffsetDateTime::UNIX_EPOCH,
            fonts: &self.folder,
            writer: None,
        };
        pdf::gate::pass(document, &wanted)?;
        Ok(())
    }
}

/// From then on, this process and its copies share no work among threads: a copy has but one.
///
/// # Errors
/// When it has shared some already.
pub fn do_without_threads() -> Result<(), Error> {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    alone.map_err(|error| Error::Internal {
        doing: "do without threads".to_owned(),
        source: Some(std::io::Error::other(error)),
    })
}

//! The steps of a job, and the files that come of them.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Metadata, Target};
use crate::{
    engines::{
        assemble::dossier::Dossier,
        signing::{Sign, TimeStamps},
    },
    pdf::{metadata::SchemaSettings, optimise::OptimiseSettings, stamp::StampSettings, tiff::TiffSettings},
};

/// One document of a job, converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// File that holds it.
    pub file: PathBuf,
    /// Name that the client gave; a label.
    pub file_name: String,
    /// What was recognised on its pages.
    pub words: Vec<Words>,
}

/// The words of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The page, from 0.
    pub page: usize,
    /// File that holds them, as [`Recognised`](crate::pdf::text_layer::Recognised) in JSON.
    pub file: PathBuf,
}

/// What is done on the way from converted documents to the files of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// All documents become one.
    Merge,
    /// The one document becomes smaller.
    Optimise {
        /// How.
        settings: OptimiseSettings,
        /// What it is to be in the end, which decides what it may contain.
        target: Target,
    },
    /// Stamps are put on its pages.
    Stamp {
        /// Which, in their order.
        stamps: Vec<StampSettings>,
        /// What it is to be in the end.
        target: Target,
        /// What texts may name.
        names: Names,
    },
    /// Its metadata say what no schema of XMP knows.
    Describe {
        /// By which schemas.
        schemas: Vec<SchemaSettings>,
        /// What texts may name.
        names: Names,
    },
    /// Some documents become one, and the others are put into it.
    Collect(Collected),
    /// The document is brought to its target and becomes a file.
    Finish {
        /// What it is to be.
        target: Target,
        /// What it is to say of itself.
        metadata: Metadata,
        /// Whether its first page is to show before all of it has arrived.
        linearise: bool,
    },
    /// The pages of the one document become a file of pictures.
    Tiff(TiffSettings),
    /// Some of the pages of the documents become a piece of such a file.
    Draw {
        /// How they are drawn.
        settings: TiffSettings,
        /// Which, in their order.
        spans: Vec<Span>,
    },
    /// The pieces, in the place of documents, become a file of pictures.
    Join(TiffSettings),
    /// The XML files in the documents become files of the job.
    ExtractXml,
    /// Each document becomes XML that says its text, structure and metadata.
    ToXml,
    /// Each document becomes a file as it came.
    Take,
    /// Each file is signed, behind its bytes.
    Sign(Box<Sign>),
    /// Each signature that waits for a time stamp gets it. A host has no network: what stands before this step is done by one
    /// host, then the worker asks the server, and another host goes on with the files that the first one made.
    TimeStamp(TimeStamps),
    /// Some documents become one, the others are put into it, and the invoice among them is declared.
    Invoice(Invoice),
    /// All documents become one, behind a title page and a table of contents.
    Dossier(Box<Dossier>),
}

/// Pages of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The place of the document.
    pub place: usize,
    /// The first of them, from 0.
    pub first: usize,
    /// The last of them, or any number behind the last page.
    pub last: usize,
}

/// What the texts of a profile may name of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// `[job.name]`; the first document when there is none.
    pub job: Option<String>,
    /// `[custom:NAME]`, by name.
    pub custom: BTreeMap<String, String>,
}

/// A document with others in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// The documents that are shown, by their places; a cover takes their place where there are none.
    pub shown: Vec<usize>,
    /// The documents that are put into it.
    pub attached: Vec<Attached>,
    /// Whether readers show a list of them.
    pub portfolio: bool,
    /// What the document, and those in it that were converted, are to be.
    pub target: Target,
}

/// An invoice with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// The documents that are shown, by their places.
    pub shown: Vec<usize>,
    /// The documents that are put into it.
    pub attached: Vec<Attached>,
    /// Whether the usage in France decides what the XML is to the document, instead of that in Germany.
    pub french: bool,
}

/// A document that is put into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Its place.
    pub place: usize,
    /// The name that it has there; its own when nothing is said.
    pub name: Option<String>,
    /// Its type as the client declared it.
    pub media_type: Option<String>,
    /// What it is to the document.
    pub relationship: String,
    /// When it was changed last, in seconds since 1970; now when nothing is said.
    pub modified: Option<i64>,
    /// What it is, for people.
    pub description: Option<String>,
}

/// A file of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// What kind of file it is.
    pub kind: FileKind,
    /// Its own name, where it has one; else it is named after the job.
    pub name: Option<String>,
    /// Its pages, where it has any.
    pub pages: Option<usize>,
    /// Conformance that it claims.
    pub conformance: Option<String>,
    /// How far it had to go for that.
    pub rung: Option<String>,
}

/// What kind of file a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// PDF.
    Pdf,
    /// TIFF.
    Tiff,
    /// XML.
    Xml,
    /// A piece of a TIFF, which is no result.
    Pages,
}

impl FileKind {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Tiff => "image/tiff",
            Self::Xml => "application/xml",
            Self::Pages => "application/octet-stream",
        }
    }

    /// The extension of its name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Tiff => "tif",
            Self::Xml => "xml",
            Self::Pages => "pages",
        }
    }

    /// Bytes one of which such a file begins with; none when it may begin with any.
    pub const fn magic(self) -> &'static [&'static [u8]] {
        match self {
            Self::Pdf => &[b"%PDF-"],
            Self::Tiff => &[b"II*\0", b"MM\0*"],
            Self::Pages => &[b"bindery pages"],
            // In whatever encoding it came.
            Self::Xml => &[],
        }
    }
}

//! Says whether a file is PDF/A: one rule, one function, one clause of ISO 19005.
//!
//! ```text
//! bytes ─► [`Subject`]: objects, pages, what is drawn ([`content`], read once for all rules)
//!            └─► the rules of the flavour, chapter by chapter ─► [`Report`]
//! ```
//!
//! | folder | chapter of ISO 19005-2 | of -1 | of -4 |
//! | --- | --- | --- | --- |
//! | [`file_structure`] | 6.1 | 6.1 | 6.1 |
//! | [`graphics`] | 6.2.2 to 6.2.10 | 6.2, 6.4 | 6.2.2 to 6.2.9 |
//! | [`fonts`] | 6.2.11 | 6.3 | 6.2.10 |
//! | [`annotations`] | 6.3 | 6.5 | 6.3 |
//! | [`forms`] | 6.4 | 6.9 | 6.4 |
//! | [`actions`] | 6.5 | 6.6 | 6.6 |
//! | [`metadata`] | 6.6 | 6.7 | 6.7 |
//! | [`logical_structure`] | 6.7 | 6.8 | |
//! | [`embedded_files`] | 6.8 | 6.1.11 | 6.9 |
//! | [`optional_content`] | 6.9 | 6.1.13 | 6.10 |
//! | [`presentation`] | 6.10, 6.11 | | 6.11, 6.12 |
//!
//! Knows nothing of what makes or mends documents. A new rule is a function, an entry of its folder's list, and a row of
//! the ledger in `docs/pdfa.md`, which a test holds against these lists.
//!
//! Invariants: nothing recurses on what a document says; nothing is unpacked without a limit; a file that cannot be read
//! has a verdict, too.

mod actions;
mod annotations;
mod content;
mod embedded_files;
mod file_structure;
mod flavour;
mod fonts;
mod forms;
mod graphics;
mod logical_structure;
mod metadata;
mod optional_content;
mod presentation;
mod report;
mod rule;
mod subject;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use lopdf::{Document, LoadOptions};

pub(crate) use fonts::{Measured, measure};
pub(crate) use metadata::described_texts;

pub use flavour::{Flavour, Level, Part, UnknownFlavour};
pub use report::{Failure, Place, Report};

use super::stream;
use rule::{Rule, Scope};
use subject::Subject;

/// How far into a file its header is looked for; the limit of ISO 32000-1, annex H.
const HEADER_BYTES_MAX: usize = 1024;

/// The rules, in the order of the chapters.
fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        file_structure::RULES,
        graphics::RULES,
        fonts::RULES,
        annotations::RULES,
        forms::RULES,
        actions::RULES,
        metadata::RULES,
        logical_structure::RULES,
        embedded_files::RULES,
        optional_content::RULES,
        presentation::RULES,
    ]
    .into_iter()
    .flatten()
}

/// A file that was opened to be checked, once for all that is asked of it.
#[derive(Debug)]
pub struct File<'a> {
    bytes: &'a [u8],
    junk: usize,
    document: Result<Document, lopdf::Error>,
}

impl<'a> File<'a> {
    /// Opens a file. One that is no PDF gets a verdict as well: it breaks the first clause.
    pub fn open(bytes: &'a [u8]) -> Self {
        let (junk, bytes) = from_header(bytes);
        Self { bytes, junk, document: load(bytes) }
    }

    /// The flavour that it claims in its metadata; `None` when it claims none that there is.
    pub fn claimed(&self) -> Option<Flavour> {
        metadata::claim(self.document.as_ref().ok()?)
    }

    /// Checks it against a flavour.
    pub fn validate(&self, flavour: Flavour) -> Report {
        self.validate_within(flavour, embedded_files::Budget::default())
    }

    /// Checks it, and the files in it as far as the budget goes.
    fn validate_within(&self, flavour: Flavour, budget: embedded_files::Budget) -> Report {
        let failed = match &self.document {
            Ok(document) => {
                let subject = Subject::new(self.bytes, self.junk, document, flavour).within(budget);
                rules().filter_map(|rule| rule.run(&subject)).collect()
            }
            Err(error) => vec![unreadable(error)],
        };
        Report { flavour, failed }
    }
}

/// Checks a file against a flavour.
pub fn validate(bytes: &[u8], flavour: Flavour) -> Report {
    File::open(bytes).validate(flavour)
}

/// The flavour that a file claims.
pub fn claimed(bytes: &[u8]) -> Option<Flavour> {
    File::open(bytes).claimed()
}

/// Whether a file is linearised, and nothing was put behind it since.
pub fn is_linearized(bytes: &[u8]) -> bool {
    file_structure::is_linearized(bytes, 0)
}

/// A rule, as lists of them tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// Its name, as in [`Failure::rule`].
    pub name: &'static str,
    /// The clauses that state it in ISO 19005-1, -2, -3 and -4; none where the part does not have it.
    pub clauses: [Option<&'static str>; 4],
    /// The levels for which it holds.
    pub levels: &'static str,
    /// What the maker of a file that breaks it can do.
    pub remedy: &'static str,
}

/// Every rule, in the order of the chapters.
pub fn requirements() -> Vec<Requirement> {
    let tell = |rule: &Rule| Requirement {
        name: rule.name,
        clauses: [rule.clauses.one, rule.clauses.two, rule.clauses.three, rule.clauses.four],
        levels: rule.scope.as_str(),
        remedy: rule.remedy,
    };
    rules().map(tell).collect()
}

/// Where the header is, and the bytes from there on; all of them when there is none.
fn from_header(bytes: &[u8]) -> (usize, &[u8]) {
    let head = bytes.get(..bytes.len().min(HEADER_BYTES_MAX + 5)).unwrap_or_default();
    let junk = head.windows(5).position(|window| window == b"%PDF-").unwrap_or(0);
    (junk, bytes.get(junk..).unwrap_or_default())
}

/// Opens a file as it is, for looking at.
pub(crate) fn load(bytes: &[u8]) -> Result<Document, lopdf::Error> {
    let options =
        LoadOptions { max_decompressed_size: Some(stream::objects_max(bytes.len())), ..LoadOptions::default() };
    Document::load_mem_with_options(bytes, options)
}

fn unreadable(error: &lopdf::Error) -> Failure {
    let (clause, message, remedy) = if matches!(error, lopdf::Error::InvalidPassword) {
        let message = "The file is encrypted and does not open without its password.".to_owned();
        ("6.1.3", message, "Save it without encryption.")
    } else {
        let remedy = "Have its maker write it anew, or convert it, which repairs what can be repaired.";
        ("6.1.1", format!("The file cannot be read as a PDF: {error}."), remedy)
    };
    Failure {
        clause,
        rule: "readable",
        count: 1,
        message,
        remedy,
        places: Vec::new(),
        pages: BTreeSet::new(),
        scope: Scope::Every,
    }
}

//! Files in a PDF: put in, listed, taken out, and shown as a portfolio (ISO 32000-1, 7.11; ISO 19005-3, 6.8).
//!
//! ```text
//! [`attach`] ─► a file specification ─► the tree of embedded files, and AF of the catalog
//! [`list`], [`extract`] ◄─ the tree, AF of anything, annotations, and what else has an embedded file
//! ```
//!
//! Knows nothing of what the files are; invoices are found by [`super::invoice`].
//!
//! Invariants:
//! 1. What [`attach`] leaves is PDF/A-3 as far as files are concerned: both names, a media type, a relationship, and a
//!    place in AF.
//! 2. No two files in the tree have the same name, in capitals or not: they may end up in one folder.
//! 3. A name that is read is a label without folders, never a path.
//! 4. [`extract`] gives all files or an error of a limit; a file that does not unpack is told as an event.

mod add;
mod find;
mod names;
mod portfolio;
mod remove;
#[cfg(test)]
mod tests;
pub(crate) mod tree;

pub use add::{attach, attach_all};
pub use find::{Extracted, extract, list, read};
pub use portfolio::{collection, is_portfolio};
pub use remove::detach;

pub use add::ANY_TYPE;
pub(crate) use add::{associate, rename};
pub(crate) use find::file_of;
pub(crate) use portfolio::simplify;

use lopdf::ObjectId;
use time::OffsetDateTime;

use crate::domain::words::words;

words! {
    /// What a file is to the document that it is in (ISO 19005-3, 6.8 and annex E; ISO 32000-2, table 43).
    pub enum Relationship {
        /// What the document was made from.
        Source = "Source",
        /// Data that the document shows, as of a table.
        Data = "Data",
        /// The same in another form, as the XML of an invoice.
        Alternative = "Alternative",
        /// More than the document shows.
        Supplement = "Supplement",
        /// An encrypted document that this one is only the cover of; of ISO 32000-2.
        EncryptedPayload = "EncryptedPayload",
        /// The values of the form of the document; of ISO 32000-2.
        FormData = "FormData",
        /// A schema; of ISO 32000-2.
        Schema = "Schema",
        /// Not known, or nothing of these.
        Unspecified = "Unspecified",
    }
}

/// A file to be put in.
#[derive(Debug, Clone, Copy)]
pub struct Attachment<'a> {
    /// Its name; folders before it are left out.
    pub name: &'a str,
    /// Its media type; `application/octet-stream` is written for what is none.
    pub media_type: &'a str,
    /// The file.
    pub bytes: &'a [u8],
    /// What it is to the document.
    pub relationship: Relationship,
    /// When it was changed last. ISO 19005-3, 6.8 wants a date here.
    pub modified: OffsetDateTime,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    /// What it is, for people.
    pub description: Option<&'a str>,
}

/// Where a file hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The document: the tree of embedded files, or AF of the catalog.
    Document,
    /// An annotation of a page, which is counted from 1.
    Page(usize),
    /// Another part of the document.
    Part,
}

/// A file that is in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// Its name without folders, as far as the document says one.
    pub name: String,
    /// What it is, for people.
    pub description: Option<String>,
    /// Its media type as the document has it.
    pub media_type: Option<String>,
    /// What it is to the document; `None` when that is not said, or in a word that is not known.
    pub relationship: Option<Relationship>,
    /// When it was changed last.
    pub modified: Option<OffsetDateTime>,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    /// Its bytes as the document counts them, which need not be true.
    pub said_bytes: Option<u64>,
    /// Where it hangs; the document itself before all others.
    pub place: Place,
    /// The stream that it is in.
    pub(crate) stream: ObjectId,
}

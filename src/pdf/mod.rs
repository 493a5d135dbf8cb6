//! Floor 3: what is done to a PDF, as pure phases over one document in memory.
//!
//! [`read()`] opens, decrypts and mends; [`archive`] makes it PDF/A; [`merge`] joins several; [`metadata`] says what it is;
//! [`attach`] puts files in and takes them out, and [`invoice`] knows which of them are invoices; [`text`] takes out what
//! its pages say, and [`text_layer`] lays text behind them; [`redraw`] makes pictures of pages; [`stamp`] puts text, images and
//! bar codes on them; [`outline`] and [`front`] lead from one to the other; [`optimise`] makes it smaller; [`tiff`] and
//! [`to_xml`] make something else of it; [`write()`] gives bytes, and [`linearise()`] gives them in the order in which a viewer
//! wants them; [`validate`] says of bytes whether they are PDF/A; [`gate`] puts these together, so that nothing goes out with a
//! claim that is not true; and [`sign`] signs what is done, changing none of its bytes.
//!
//! Knows no engine, clock, environment, database or process. It touches the file system in one place: [`fonts`] reads
//! the folders that it is handed.
//!
//! Invariants:
//! 1. A document that [`read()`] returned has no encryption and a flat page tree whose pages inherit nothing.
//! 2. Nothing recurses on what a document says: walks have an explicit stack and a set of what they have seen.
//! 3. Nothing is unpacked without a limit.
//! 4. Phases change objects, never the pictures or the text: no text is drawn anew, and images are decoded for PDF/A-1 alone,
//!    which does not take them as they are. [`redraw`] does more, as a last resort; [`optimise`] packs images anew, because it
//!    was asked to; and [`stamp`] draws over them.
//! 5. What a phase takes away it reports as an event; what it could not mend, [`validate`] finds.
//! 6. Every phase may run twice; the second run changes nothing. Those that add what they are asked for ([`text_layer`],
//!    [`stamp`], [`outline`]) add it again.

pub use lopdf::Document;

pub mod archive;
pub mod attach;
pub mod fonts;
pub mod front;
pub mod gate;
pub mod invoice;
pub mod merge;
pub mod metadata;
pub mod optimise;
pub mod outline;
pub mod redraw;
pub mod sign;
pub mod stamp;
pub mod text;
pub mod text_layer;
pub mod tiff;
pub mod to_xml;
pub mod validate;

mod content;
mod destinations;
mod drawing;
mod error;
mod file_data;
mod filters;
mod left_open;
mod lexer;
mod linear;
mod object;
mod operations;
mod page;
mod pages;
mod profiles;
mod read;
mod samples;
mod standard;
mod stream;
mod usage;
mod write;
mod xml;

pub use error::{Error, OutputError};
pub use file_data::FileData;
pub use linear::linearise;
pub use read::{Opened, read};
pub use write::{Shape, write};

/// The number of pages.
pub fn page_count(document: &Document) -> usize {
    pages::list(document).len()
}

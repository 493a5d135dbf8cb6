//! Engines that are code of ours: pictures, and what Typst sets in type: text,
//! Markdown, tables, drawings.
//!
//! ```text
//! [text] | [markdown] | [table] | [drawing] | [dossier] ─► [typesetting] ─► PDF        [images] ─► PDF
//! ```

pub mod dossier;
pub mod drawing;
pub mod images;
pub mod markdown;
pub mod table;
pub mod text;
pub mod typesetting;

mod encoding;
pub(in crate::engines) mod script;
mod tools;

pub use tools::{Tools, do_without_threads};

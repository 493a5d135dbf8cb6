//! Engines that are code of ours: pictures, and what Typst sets in type: text, Markdown, drawings.
//!
//! ```text
//! [text] | [markdown] | [drawing] ─► [typesetting] ─► PDF        [images] ─► PDF
//! ```

pub mod drawing;
pub mod images;
pub mod markdown;
pub mod text;
pub mod typesetting;

mod encoding;
mod script;

//! Fonts: all that shows text is in the file, complete, and says the same in dictionary and program (part 1: 6.3; parts 2
//! and 3: 6.2.11; part 4: 6.2.10).
//!
//! ```text
//! content ─► [`drawn`]: fonts, and the codes that they show, split by [`maps`]
//!   └─► [`examined`]: each program read once ─► its glyphs ([`simple`], [`composite`], [`type3`])
//!         └─► the rules: [`dictionaries`], [`composites`], [`embedding`], [`metrics`], [`encodings`], [`unicode`]
//! ```
//!
//! Only fonts that show text count, in content that is drawn.

mod composite;
mod composites;
mod dictionaries;
mod drawn;
mod embedding;
mod encodings;
mod examined;
mod lists;
mod maps;
mod measured;
mod metrics;
mod replaced;
mod simple;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod type3;
mod unicode;

pub(super) use drawn::Drawn;
pub(crate) use measured::{Measured, measure};

use super::rule::Rule;

/// The rules of this chapter, in the order of its sub-clauses.
pub(super) const RULES: &[Rule] = &[
    dictionaries::TYPE,
    dictionaries::SUBTYPE,
    dictionaries::NAME,
    dictionaries::WIDTHS,
    dictionaries::FILE_TYPE,
    composites::COLLECTION,
    composites::GLYPH_MAP,
    composites::EMBEDDED_MAP,
    composites::DIRECTION,
    composites::REFERENCES,
    embedding::EMBEDDED,
    embedding::COMPLETE,
    embedding::NAMES,
    embedding::CIDS,
    metrics::WIDTHS,
    encodings::LATIN_MAP,
    encodings::LATIN_ENCODING,
    encodings::SYMBOL_ENCODING,
    encodings::SYMBOL_MAP,
    unicode::KNOWN,
    unicode::VALUES,
    unicode::VALUES_ALWAYS,
    unicode::PRIVATE,
    unicode::REPLACEMENT,
    embedding::UNDEFINED_GLYPH,
];

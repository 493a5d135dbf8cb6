//! The structure of the file (chapter 6.1 of all parts, without embedded files and optional content of part 1).
//!
//! Parsers mend much of what this chapter forbids, so it reads the bytes itself: [`written`] follows the
//! cross-reference sections and reads every object once, [`drawn`] hears of every operand of content, and both gather
//! [`flaws`], which the rules tell.

mod cross_references;
mod drawn;
mod flaws;
mod header;
mod limits;
mod names;
mod objects;
mod permissions;
mod streams;
#[cfg(test)]
pub(super) mod testing;
mod trailer;
mod written;

pub(super) use drawn::Drawn;
pub(super) use written::{Written, is_linearized};

use flaws::Flaw;

use super::{
    rule::{Findings, Rule},
    subject::Subject,
};

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[
    header::HEADER,
    header::BINARY_COMMENT,
    trailer::FILE_IDENTIFIER,
    trailer::SAME_IDENTIFIER,
    trailer::ENCRYPTION,
    trailer::END_OF_FILE,
    trailer::INFORMATION,
    cross_references::READABLE,
    cross_references::KEYWORD,
    cross_references::SUBSECTION,
    cross_references::STREAMS,
    objects::MISPLACED,
    objects::HEXADECIMAL,
    objects::SPACING,
    streams::LENGTH,
    streams::KEYWORDS,
    streams::EXTERNAL,
    streams::LZW,
    streams::FILTERS,
    streams::INLINE_LZW,
    streams::INLINE_FILTERS,
    streams::ARTWORK,
    names::UTF8,
    permissions::PERMISSIONS,
    permissions::DIGESTS,
    permissions::VERSION,
    limits::INTEGER,
    limits::REAL_ONE,
    limits::REAL,
    limits::REAL_TINY,
    limits::STRING_ONE,
    limits::STRING,
    limits::NAME,
    limits::ARRAY,
    limits::DICTIONARY,
    limits::OBJECTS,
    limits::NESTING,
    limits::COLOURANTS,
    limits::CIDS,
    limits::PAGE_SIZE,
];

/// Tells the flaws of a kind, in objects as well as in content.
fn tell(subject: &Subject<'_>, flaw: Flaw, findings: &mut Findings) {
    subject.written().flaws.tell(flaw, findings);
    subject.facts().file_structure.flaws.tell(flaw, findings);
}

//! TODO

use lopdf::Document;

use super::{Flavour, rule::Rule};

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[];

/// The flavour that the metadata claim.
pub(super) fn claim(_document: &Document) -> Option<Flavour> {
    None
}

//! TODO
use super::rule::Rule;

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[];

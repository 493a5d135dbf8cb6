//! TODO

mod drawn;

pub(super) use drawn::Drawn;

use super::rule::Rule;

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[];

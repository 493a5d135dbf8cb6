//! Logical structure, for level A (ISO 19005-1, 6.8; -2 and -3, 6.7): the document is tagged, its structure is of types
//! that every reader knows, and languages are named as the standards do.
//!
//! What a human has to judge is not enforced: that structure follows the meaning, that everything is tagged, that
//! figures are described.

mod drawn;
mod language;
mod tree;
mod types;

pub(super) use drawn::Drawn;

use super::rule::{Clauses, Rule, Scope};

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "marked",
        clauses: Clauses::to_three("6.8.2.2", "6.7.2.2"),
        scope: Scope::Accessible,
        remedy: "Have the document tagged by its maker, or choose level B or U.",
        check: tree::is_marked,
    },
    Rule {
        name: "structure-tree",
        clauses: Clauses::to_three("6.8.3.3", "6.7.3.3"),
        scope: Scope::Accessible,
        remedy: "Have the document tagged by its maker, or choose level B or U.",
        check: tree::is_present,
    },
    Rule {
        name: "structure-type-mapped",
        clauses: Clauses::to_three("6.8.3.4", "6.7.3.4"),
        scope: Scope::Accessible,
        remedy: "Map the type to a standard one in the role map (RoleMap) of the structure tree.",
        check: types::are_mapped,
    },
    Rule {
        name: "structure-type-circular",
        clauses: Clauses::to_three("6.8.3.4", "6.7.3.4"),
        scope: Scope::Accessible,
        remedy: "Let the role map lead from each type to a standard one.",
        check: types::go_in_no_circle,
    },
    Rule {
        name: "structure-type-remapped",
        clauses: Clauses::two_and_three("6.7.3.4"),
        scope: Scope::Accessible,
        remedy: "Remove the standard type from the role map.",
        check: types::stay_standard,
    },
    Rule {
        name: "language",
        clauses: Clauses::to_three("6.8.4", "6.7.4"),
        scope: Scope::Accessible,
        remedy: "Name the language by its code, such as en or de-CH.",
        check: language::are_tags,
    },
];

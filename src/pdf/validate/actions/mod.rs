//! Actions (ISO 19005-1, 6.6; -2 and -3, 6.5; -4, 6.6): a document leads somewhere else, but starts nothing, plays
//! nothing and changes nothing. What form fields shall not do is of `forms`.

mod found;
mod triggers;
mod types;

use super::rule::{Clauses, Rule, Scope};

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "action-type",
        clauses: Clauses::all("6.6.1", "6.5.1", "6.6.1"),
        scope: Scope::Every,
        remedy: "Remove the action.",
        check: types::are_permitted,
    },
    Rule {
        name: "named-action",
        clauses: Clauses::all("6.6.1", "6.5.1", "6.6.1"),
        scope: Scope::Every,
        remedy: "Remove the action, or let it go to the next, previous, first or last page.",
        check: types::are_of_permitted_names,
    },
    Rule {
        name: "catalog-additional-actions",
        clauses: Clauses::to_three("6.6.2", "6.5.2"),
        scope: Scope::Every,
        remedy: "Remove the additional actions (AA) of the catalog.",
        check: triggers::catalog_has_none,
    },
    Rule {
        name: "page-additional-actions",
        clauses: Clauses::two_and_three("6.5.2"),
        scope: Scope::Every,
        remedy: "Remove the additional actions (AA) of the page.",
        check: triggers::pages_have_none,
    },
    Rule {
        name: "additional-actions-event",
        clauses: Clauses { one: None, two: None, three: None, four: Some("6.6.3") },
        scope: Scope::Every,
        remedy: "Remove the actions for events other than those of the pointer and the focus.",
        check: triggers::are_of_pointer_and_focus,
    },
];

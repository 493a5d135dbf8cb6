//! Annotations (ISO 19005-1, 6.5; -2 and -3, 6.3; -4, 6.3): which there may be, what their dictionaries say, and that
//! they look the same everywhere because they bring their appearance.
//!
//! Only annotations of pages count: no reader shows others. What widgets do as form fields is of `forms`.

mod appearances;
mod dictionaries;
mod lists;
#[cfg(test)]
pub(in crate::pdf::validate) mod testing;
mod types;

use std::collections::BTreeSet;

use lopdf::Dictionary;

pub(super) use lists::{Annotation, Lists};

use super::{
    Part, Place,
    rule::{Clauses, Rule, Scope},
    subject::Subject,
};
use crate::pdf::object;

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "annotation-type",
        clauses: Clauses::all("6.5.2", "6.3.1", "6.3.1"),
        scope: Scope::Every,
        remedy: "Remove the annotation, or put what it shows into the page.",
        check: types::is_permitted,
    },
    Rule {
        name: "annotation-flags-present",
        clauses: Clauses::all("6.5.3", "6.3.2", "6.3.2"),
        scope: Scope::Every,
        remedy: "Give the annotation an F entry with the Print flag, so that it is printed as it is shown.",
        check: dictionaries::has_flags,
    },
    Rule {
        name: "annotation-flags",
        clauses: Clauses::all("6.5.3", "6.3.2", "6.3.2"),
        scope: Scope::Every,
        remedy: "Set the Print flag of the annotation and clear those that hide it.",
        check: dictionaries::has_right_flags,
    },
    Rule {
        name: "annotation-opacity",
        clauses: Clauses::only(Part::One, "6.5.3"),
        scope: Scope::Every,
        remedy: "Make the annotation opaque.",
        check: dictionaries::is_opaque,
    },
    Rule {
        name: "annotation-colour",
        clauses: Clauses::only(Part::One, "6.5.3"),
        scope: Scope::Every,
        remedy: "Remove the colour of the annotation, or give the file an RGB output intent.",
        check: dictionaries::has_defined_colours,
    },
    Rule {
        name: "annotation-appearance",
        clauses: Clauses::from_two("6.3.3", "6.3.3"),
        scope: Scope::Every,
        remedy: "Have the maker of the file draw the annotation's appearance.",
        check: appearances::is_present,
    },
    Rule {
        name: "annotation-appearance-normal-only",
        clauses: Clauses::all("6.5.3", "6.3.3", "6.3.3"),
        scope: Scope::Every,
        remedy: "Remove the appearances for the pressed button and the pointer above; keep the normal one.",
        check: appearances::is_normal_only,
    },
    Rule {
        name: "annotation-appearance-kind",
        clauses: Clauses::all("6.5.3", "6.3.3", "6.3.3"),
        scope: Scope::Every,
        remedy: "Give a button an appearance for each of its states, and any other annotation one appearance.",
        check: appearances::is_of_right_kind,
    },
];

/// The annotations of all pages, each list of annotations once, whatever pages share it.
pub(super) fn all<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = (Place, &'a Dictionary)> + use<'s, 'a> {
    let mut seen = BTreeSet::new();
    subject.pages().iter().flat_map(move |page| {
        let list = page.held.get(b"Annots").ok().and_then(|list| object::target(subject.document, list));
        let is_new = list.is_none_or(|list| seen.insert(list));
        let found = if is_new { subject.annotations(page) } else { &[] };
        let number = page.number;
        found.iter().map(move |one| (Place { object: Some(one.id.0), page: Some(number) }, one.held))
    })
}

/// The type of an annotation, for messages.
fn named(subject: &Subject<'_>, annotation: &Dictionary) -> String {
    object::name(subject.document, annotation, b"Subtype").map_or_else(
        || "annotation without a type".to_owned(),
        |name| format!("annotation of type {}", object::shown(name)),
    )
}

/// Whether an annotation is of one of some types.
fn is_one_of(subject: &Subject<'_>, annotation: &Dictionary, types: &[&[u8]]) -> bool {
    object::name(subject.document, annotation, b"Subtype").is_some_and(|name| types.contains(&name))
}

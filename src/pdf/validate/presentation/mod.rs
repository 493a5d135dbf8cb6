//! Alternate presentations and document requirements (parts 2 and 3, 6.10 and 6.11; part 4, 6.11 and 6.12).

use super::{
    Place,
    rule::{Clauses, Findings, Rule, Scope},
    subject::Subject,
};
use crate::pdf::object;

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[ALTERNATES, STEPS, REQUIREMENTS];

/// The document has one presentation.
const ALTERNATES: Rule = Rule {
    name: "no-alternate-presentations",
    clauses: Clauses::from_two("6.10", "6.11"),
    scope: Scope::Every,
    remedy: "Take the key AlternatePresentations out of the name dictionary.",
    check: alternates,
};

/// A page has one presentation.
const STEPS: Rule = Rule {
    name: "no-presentation-steps",
    clauses: Clauses::from_two("6.10", "6.11"),
    scope: Scope::Every,
    remedy: "Take the key PresSteps out of the pages.",
    check: steps,
};

/// The document asks for nothing.
const REQUIREMENTS: Rule = Rule {
    name: "no-requirements",
    clauses: Clauses::from_two("6.11", "6.12"),
    scope: Scope::Every,
    remedy: "Take the key Requirements out of the catalog.",
    check: requirements,
};

/// The name dictionary does not have the key `AlternatePresentations` (parts 2 and 3, 6.10; part 4, 6.11).
fn alternates(subject: &Subject<'_>, findings: &mut Findings) {
    let names = subject.catalog().and_then(|catalog| object::dictionary(subject.document, catalog, b"Names"));
    if names.is_some_and(|names| names.has(b"AlternatePresentations")) {
        findings.add_document("The name dictionary has the key AlternatePresentations.");
    }
}

/// No page has the key `PresSteps` (parts 2 and 3, 6.10; part 4, 6.11).
fn steps(subject: &Subject<'_>, findings: &mut Findings) {
    for page in subject.pages() {
        let place = Place { object: Some(page.id.0), page: Some(page.number) };
        findings.add_if(page.held.has(b"PresSteps"), place, || "A page has the key PresSteps.".to_owned());
    }
}

/// The catalog does not have the key Requirements (parts 2 and 3, 6.11; part 4, 6.12).
fn requirements(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.catalog().is_some_and(|catalog| object::get(subject.document, catalog, b"Requirements").is_some()) {
        findings.add_document("The catalog has the key Requirements.");
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, dictionary};

    use super::super::file_structure::testing::{breaks, file, with_catalog};
    use super::*;
    use crate::pdf::validate::Flavour;

    #[test]
    fn a_document_has_one_presentation_and_asks_for_nothing() {
        let cases = [
            (&ALTERNATES, with_catalog("Names", dictionary! { "AlternatePresentations" => Dictionary::new() })),
            (&REQUIREMENTS, with_catalog("Requirements", Vec::<lopdf::Object>::new())),
            (&STEPS, {
                file(|document| {
                    let page = document.page_iter().next().unwrap();
                    document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set("PresSteps", Dictionary::new());
                })
            }),
        ];
        for (rule, bytes) in cases {
            for flavour in [Flavour::A2B, Flavour::A3B, Flavour::A4] {
                assert!(breaks(rule, &bytes, flavour), "{} {flavour}", rule.name);
                assert!(!breaks(rule, &file(|_| {}), flavour), "{} {flavour}", rule.name);
            }
            assert!(!breaks(rule, &bytes, Flavour::A1B), "part 1 does not have the rule");
        }
    }
}

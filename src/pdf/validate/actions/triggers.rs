//! For which events there may be actions.

use lopdf::Dictionary;

use crate::pdf::{
    object,
    validate::{Place, annotations, rule::Findings, subject::Subject},
};

/// The events of part 4: the pointer enters, leaves, presses or releases, the focus comes or goes.
const EVENTS: &[&[u8]] = &[b"E", b"X", b"D", b"U", b"Fo", b"Bl"];

/// The catalog has no actions for events (ISO 19005-1, 6.6.2; -2 and -3, 6.5.2).
pub(super) fn catalog_has_none(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.catalog().is_some_and(|catalog| catalog.has(b"AA")) {
        findings.add_document("The catalog has additional actions.");
    }
}

/// A page has no actions for events (ISO 19005-2 and -3, 6.5.2).
pub(super) fn pages_have_none(subject: &Subject<'_>, findings: &mut Findings) {
    for page in subject.pages() {
        let place = Place { object: Some(page.id.0), page: Some(page.number) };
        findings.add_if(page.held.has(b"AA"), place, || format!("Page {} has additional actions.", page.number));
    }
}

/// The catalog, pages, and annotations other than widgets have actions for events of the pointer and the focus only
/// (ISO 19005-4, 6.6.3).
pub(super) fn are_of_pointer_and_focus(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    let mut look = |place: Place, what: &str, holder: &Dictionary| {
        let Some(actions) = object::dictionary(document, holder, b"AA") else { return };
        if let Some((event, _)) = actions.iter().find(|(event, _)| !EVENTS.contains(&event.as_slice())) {
            findings.add(place, || format!("{what} has an action for the event {}.", object::shown(event)));
        }
    };
    if let Some(catalog) = subject.catalog() {
        look(Place::default(), "The catalog", catalog);
    }
    for page in subject.pages() {
        look(Place { object: Some(page.id.0), page: Some(page.number) }, "A page", page.held);
    }
    for (place, annotation) in annotations::all(subject) {
        if object::name(document, annotation, b"Subtype") != Some(b"Widget") {
            look(place, "An annotation", annotation);
        }
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Document, dictionary};

    use super::super::RULES;
    use crate::pdf::validate::{Flavour, annotations::testing};

    fn events(key: &str) -> Dictionary {
        dictionary! { "AA" => dictionary! { key => dictionary! { "S" => "GoTo" } } }
    }

    fn annotated(subtype: &str, key: &str) -> Document {
        let mut annotation = events(key);
        annotation.set("Subtype", subtype);
        testing::annotated(annotation)
    }

    #[test]
    fn catalog_and_pages_have_no_actions_for_events_before_part_4() {
        let catalog = testing::document(events("E"), dictionary! {});
        let page = testing::document(dictionary! {}, events("E"));
        let broken = |document, flavour| testing::broken(document, flavour, RULES);
        assert_eq!(broken(&catalog, Flavour::A1B), ["catalog-additional-actions"]);
        assert_eq!(broken(&catalog, Flavour::A2B), ["catalog-additional-actions"]);
        assert!(broken(&catalog, Flavour::A4).is_empty());
        assert!(broken(&page, Flavour::A1B).is_empty());
        assert_eq!(broken(&page, Flavour::A2B), ["page-additional-actions"]);
        assert!(broken(&page, Flavour::A4).is_empty());
        assert!(broken(&annotated("Text", "PO"), Flavour::A2B).is_empty());
    }

    #[test]
    fn in_part_4_events_are_those_of_pointer_and_focus() {
        let cases = [
            (testing::document(events("WC"), dictionary! {}), false),
            (testing::document(dictionary! {}, events("O")), false),
            (annotated("Text", "PO"), false),
            (annotated("Text", "Fo"), true),
            (annotated("Widget", "PO"), true),
        ];
        for (document, is_right) in cases {
            assert_eq!(!testing::breaks(&document, Flavour::A4, RULES, "additional-actions-event"), is_right);
        }
    }
}

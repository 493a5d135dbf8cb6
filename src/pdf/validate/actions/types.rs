//! What actions may do.

use super::found;
use crate::pdf::{
    object,
    validate::{Level, Part, rule::Findings, subject::Subject},
};

/// What all parts allow: to go to another place, in this document or elsewhere, and to send a form.
const OF_ALL: &[&[u8]] = &[b"GoTo", b"GoToR", b"Thread", b"URI", b"Named", b"SubmitForm"];

/// What part 4 allows more: scripts, and going to an embedded file or a part of the document.
const OF_FOUR: &[&[u8]] = &[b"GoToE", b"GoToDp", b"JavaScript", b"RichMediaExecute"];

/// What its level E allows more.
const OF_ENGINEERING: &[&[u8]] = &[b"SetOCGState", b"GoTo3DView"];

/// The named actions that are allowed.
const NAMES: &[&[u8]] = &[b"NextPage", b"PrevPage", b"FirstPage", b"LastPage"];

/// Actions lead somewhere else, and do nothing to the document, the reader or the machine
/// (ISO 19005-1, 6.6.1 with corrigendum 2; -2 and -3, 6.5.1; -4, 6.6.1 and annex B). Types that the part's version of
/// PDF does not define are not allowed either, and an action has a type.
pub(super) fn are_permitted(subject: &Subject<'_>, findings: &mut Findings) {
    let others: &[&[&[u8]]] = match (subject.flavour.part(), subject.flavour.level()) {
        (Part::One, _) => &[],
        (Part::Two | Part::Three, _) => &[&[b"GoToE"]],
        (Part::Four, Level::E) => &[OF_FOUR, OF_ENGINEERING],
        (Part::Four, Level::A | Level::B | Level::U | Level::Plain | Level::F) => &[OF_FOUR],
    };
    for (place, action) in found::all(subject) {
        let kind = object::name(subject.document, action, b"S");
        let is_permitted =
            kind.is_some_and(|kind| OF_ALL.contains(&kind) || others.iter().any(|others| others.contains(&kind)));
        findings.add_if(!is_permitted, place, || match kind {
            Some(kind) => format!("An action of type {} is not allowed in {}.", object::shown(kind), subject.flavour),
            None => "An action has no type.".to_owned(),
        });
    }
}

/// A named action goes to the next, the previous, the first or the last page
/// (ISO 19005-1, 6.6.1; -2 and -3, 6.5.1; -4, 6.6.1).
pub(super) fn are_of_permitted_names(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, action) in found::all(subject) {
        if object::name(subject.document, action, b"S") != Some(b"Named") {
            continue;
        }
        let name = object::name(subject.document, action, b"N");
        findings.add_if(!name.is_some_and(|name| NAMES.contains(&name)), place, || match name {
            Some(name) => format!("The named action {} is not allowed.", object::shown(name)),
            None => "A named action has no name.".to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Document, Object, dictionary};

    use super::super::RULES;
    use crate::pdf::validate::{Flavour, annotations::testing};

    fn broken(document: &Document, flavour: Flavour) -> Vec<&'static str> {
        let found = testing::broken(document, flavour, RULES);
        found.into_iter().filter(|name| matches!(*name, "action-type" | "named-action")).collect()
    }

    fn opening(action: Dictionary) -> Document {
        testing::document(dictionary! { "OpenAction" => action }, dictionary! {})
    }

    #[test]
    fn types_are_those_of_the_part_and_level() {
        let flavours = [Flavour::A1B, Flavour::A2B, Flavour::A3B, Flavour::A4, Flavour::A4E, Flavour::A4F];
        let cases: [(&str, [bool; 6]); 10] = [
            ("GoTo", [true; 6]),
            ("SubmitForm", [true; 6]),
            ("GoToE", [false, true, true, true, true, true]),
            ("JavaScript", [false, false, false, true, true, true]),
            ("GoToDp", [false, false, false, true, true, true]),
            ("SetOCGState", [false, false, false, false, true, false]),
            ("GoTo3DView", [false, false, false, false, true, false]),
            ("Launch", [false; 6]),
            ("Hide", [false; 6]),
            ("Mine", [false; 6]),
        ];
        for (kind, expected) in cases {
            let document = opening(dictionary! { "S" => kind });
            assert_eq!(flavours.map(|flavour| broken(&document, flavour).is_empty()), expected, "{kind}");
        }
        assert_eq!(broken(&opening(dictionary! {}), Flavour::A4), ["action-type"]);
    }

    #[test]
    fn an_opening_destination_is_no_action() {
        let document =
            testing::document(dictionary! { "OpenAction" => vec![Object::Null, "Fit".into()] }, dictionary! {});
        assert!(broken(&document, Flavour::A1B).is_empty());
    }

    #[test]
    fn named_actions_go_to_pages() {
        for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A4] {
            let named = |name: &str| broken(&opening(dictionary! { "S" => "Named", "N" => name }), flavour);
            assert!(named("LastPage").is_empty());
            assert_eq!(named("Print"), ["named-action"]);
            assert_eq!(broken(&opening(dictionary! { "S" => "Named" }), flavour), ["named-action"]);
        }
    }

    #[test]
    fn actions_are_found_wherever_they_start() {
        let launch = || dictionary! { "S" => "Launch" };
        let script = dictionary! { "Names" => vec![Object::string_literal("a"), launch().into()] };
        let tree = dictionary! { "Kids" => vec![script.into()] };
        let item = dictionary! { "A" => launch() };
        let outlines = dictionary! { "Outlines" => dictionary! { "First" => dictionary! { "Next" => item } } };
        let field = dictionary! { "AA" => dictionary! { "K" => launch() } };
        let annotation = |entries: Dictionary| testing::annotated(entries);
        let documents = [
            opening(
                dictionary! { "S" => "GoTo", "Next" => vec![dictionary! { "S" => "GoTo", "Next" => launch() }.into()] },
            ),
            testing::document(dictionary! { "AA" => dictionary! { "WC" => launch() } }, dictionary! {}),
            testing::document(dictionary! {}, dictionary! { "AA" => dictionary! { "O" => launch() } }),
            testing::document(outlines, dictionary! {}),
            testing::document(
                dictionary! { "AcroForm" => dictionary! { "Fields" => vec![field.into()] } },
                dictionary! {},
            ),
            testing::document(dictionary! { "Names" => dictionary! { "JavaScript" => tree } }, dictionary! {}),
            annotation(dictionary! { "A" => launch() }),
            annotation(dictionary! { "AA" => dictionary! { "E" => launch() } }),
        ];
        for (index, document) in documents.iter().enumerate() {
            assert_eq!(broken(document, Flavour::A2B), ["action-type"], "{index}");
        }
    }

    #[test]
    fn a_chain_of_actions_that_goes_in_circles_ends() {
        let mut document = testing::document(dictionary! {}, dictionary! {});
        let id = document.new_object_id();
        document.set_object(id, dictionary! { "S" => "GoTo", "Next" => id });
        document.catalog_mut().unwrap().set("OpenAction", id);
        assert!(broken(&document, Flavour::A1B).is_empty());
    }
}

//! That an annotation brings its appearance, and one alone.

use lopdf::{Dictionary, Object};

use super::{all, is_one_of, named};
use crate::pdf::{
    object,
    validate::{Part, forms, rule::Findings, subject::Subject},
};

/// An annotation has an appearance, unless it covers nothing or is a link or a pop-up; in part 4, a projection needs
/// none either (ISO 19005-2 and -3, 6.3.3; -4, 6.3.3).
pub(super) fn is_present(subject: &Subject<'_>, findings: &mut Findings) {
    let exempt: &[&[u8]] = match subject.flavour.part() {
        Part::Four => &[b"Popup", b"Link", b"Projection"],
        Part::One | Part::Two | Part::Three => &[b"Popup", b"Link"],
    };
    for (place, annotation) in all(subject) {
        let is_missing = appearances(subject, annotation).is_none()
            && !is_one_of(subject, annotation, exempt)
            && !covers_nothing(subject, annotation);
        findings.add_if(is_missing, place, || format!("An {} has no appearance.", named(subject, annotation)));
    }
}

/// An annotation that has appearances has the normal one and no others (ISO 19005-1, 6.5.3; -2 and -3, 6.3.3;
/// -4, 6.3.3).
pub(super) fn is_normal_only(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, annotation) in all(subject) {
        let Some(appearances) = appearances(subject, annotation) else { continue };
        if let Some((key, _)) = appearances.iter().find(|(key, _)| *key != b"N") {
            findings.add(place, || {
                format!("The appearances of an {} have the entry {}.", named(subject, annotation), object::shown(key))
            });
        } else {
            findings.add_if(appearances.is_empty(), place, || {
                format!("An {} has an empty dictionary of appearances.", named(subject, annotation))
            });
        }
    }
}

/// The appearance of a button is a dictionary of streams by state, that of anything else a stream
/// (ISO 19005-1, 6.5.3 with corrigendum 2; -2 and -3, 6.3.3; -4, 6.3.3).
pub(super) fn is_of_right_kind(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, annotation) in all(subject) {
        let Some(appearances) = appearances(subject, annotation) else { continue };
        if appearances.len() != 1 || !appearances.has(b"N") {
            continue;
        }
        let normal = object::get(subject.document, appearances, b"N");
        let is_button = is_one_of(subject, annotation, &[b"Widget"])
            && forms::inherited(subject, annotation, b"FT").and_then(|kind| kind.as_name().ok()) == Some(b"Btn");
        if is_button {
            findings.add_if(!has_states(subject, normal), place, || {
                "The appearance of a button is not a dictionary of appearances by state.".to_owned()
            });
        } else {
            findings.add_if(!matches!(normal, Some(Object::Stream(_))), place, || {
                format!("The appearance of an {} is not a stream.", named(subject, annotation))
            });
        }
    }
}

/// The dictionary of appearances; what is no dictionary is none.
fn appearances<'a>(subject: &Subject<'a>, annotation: &'a Dictionary) -> Option<&'a Dictionary> {
    object::get(subject.document, annotation, b"AP")?.as_dict().ok()
}

fn covers_nothing(subject: &Subject<'_>, annotation: &Dictionary) -> bool {
    object::rectangle(subject.document, annotation, b"Rect")
        .is_some_and(|[left, bottom, right, top]| right == left && top == bottom)
}

/// Whether an appearance is a dictionary with a stream for at least one state.
fn has_states(subject: &Subject<'_>, appearance: Option<&Object>) -> bool {
    let Some(Object::Dictionary(states)) = appearance else { return false };
    states.iter().any(|(_, state)| matches!(object::resolve(subject.document, state), Object::Stream(_)))
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Document, Object, Stream, dictionary};

    use super::super::{RULES, testing};
    use crate::pdf::validate::Flavour;

    /// The rules on appearances that an annotation breaks; `N` of its appearances is made in the document.
    fn broken(
        annotation: Dictionary,
        flavour: Flavour,
        make: fn(&mut Document) -> Option<Object>,
    ) -> Vec<&'static str> {
        let mut document = testing::document(dictionary! {}, dictionary! {});
        let mut annotation = annotation;
        if let Some(appearances) = make(&mut document) {
            annotation.set("AP", appearances);
        }
        let annotations = document.add_object(vec![Object::Dictionary(annotation)]);
        let page = document.page_iter().next().unwrap();
        document.get_dictionary_mut(page).unwrap().set("Annots", annotations);
        let found = testing::broken(&document, flavour, RULES);
        found.into_iter().filter(|name| name.starts_with("annotation-appearance")).collect()
    }

    fn stream(document: &mut Document) -> Object {
        document.add_object(Stream::new(dictionary! { "Subtype" => "Form" }, Vec::new())).into()
    }

    fn normal(document: &mut Document) -> Option<Object> {
        Some(dictionary! { "N" => stream(document) }.into())
    }

    fn states(document: &mut Document) -> Option<Object> {
        Some(dictionary! { "N" => dictionary! { "On" => stream(document) } }.into())
    }

    #[test]
    fn an_annotation_has_an_appearance_unless_it_covers_nothing_or_is_exempt() {
        let none = |_: &mut Document| None;
        let annotation = |subtype: &str, right: i64, top: i64| {
            dictionary! { "Subtype" => subtype, "Rect" => vec![0.into(), 0.into(), right.into(), top.into()] }
        };
        let missing = &["annotation-appearance"][..];
        let cases = [
            (annotation("Text", 9, 9), Flavour::A2B, missing),
            (annotation("Text", 9, 9), Flavour::A1B, &[][..]),
            (annotation("Text", 0, 9), Flavour::A2B, missing),
            (annotation("Text", 0, 0), Flavour::A2B, &[]),
            (annotation("Link", 9, 9), Flavour::A3B, &[]),
            (annotation("Popup", 9, 9), Flavour::A4, &[]),
            (annotation("Projection", 9, 9), Flavour::A4, &[]),
            (dictionary! { "Subtype" => "Stamp" }, Flavour::A4, missing),
        ];
        for (annotation, flavour, expected) in cases {
            assert_eq!(broken(annotation.clone(), flavour, none), expected, "{annotation:?} {flavour}");
        }
    }

    #[test]
    fn appearances_are_the_normal_one_alone() {
        let more =
            |document: &mut Document| Some(dictionary! { "N" => stream(document), "R" => stream(document) }.into());
        let empty = |_: &mut Document| Some(Dictionary::new().into());
        for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A4] {
            let annotation = || dictionary! { "Subtype" => "Text" };
            assert_eq!(broken(annotation(), flavour, more), ["annotation-appearance-normal-only"]);
            assert_eq!(broken(annotation(), flavour, empty), ["annotation-appearance-normal-only"]);
            assert!(broken(annotation(), flavour, normal).is_empty());
        }
    }

    #[test]
    fn a_button_has_an_appearance_by_state_and_nothing_else_has() {
        let wrong = &["annotation-appearance-kind"][..];
        let dead = |_: &mut Document| Some(dictionary! { "N" => dictionary! { "On" => 1 } }.into());
        let button = || dictionary! { "Subtype" => "Widget", "FT" => "Btn" };
        let inherits = || dictionary! { "Subtype" => "Widget", "Parent" => dictionary! { "FT" => "Btn" } };
        for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A4] {
            assert_eq!(broken(button(), flavour, normal), wrong);
            assert_eq!(broken(button(), flavour, dead), wrong);
            assert!(broken(button(), flavour, states).is_empty());
            assert!(broken(inherits(), flavour, states).is_empty());
            assert_eq!(broken(dictionary! { "Subtype" => "Text" }, flavour, states), wrong);
            assert!(broken(dictionary! { "Subtype" => "Widget", "FT" => "Tx" }, flavour, normal).is_empty());
        }
    }
}

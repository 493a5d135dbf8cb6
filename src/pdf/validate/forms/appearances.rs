//! That a form looks like what it holds, without a reader that draws it.

use lopdf::Object;

use super::fields::form;
use crate::pdf::{
    object,
    validate::{annotations, rule::Findings, subject::Subject},
};

/// A form does not leave it to readers to draw its fields (ISO 19005-1, 6.9; -2 and -3, 6.4.1; -4, 6.4.1). A value that
/// is no boolean is not trusted.
pub(super) fn are_not_left_to_readers(subject: &Subject<'_>, findings: &mut Findings) {
    let flag = form(subject).and_then(|form| object::get(subject.document, form, b"NeedAppearances"));
    if flag.is_some_and(|flag| !matches!(flag, Object::Boolean(false))) {
        findings.add_document("The form asks readers to draw its fields (NeedAppearances).");
    }
}

/// A field has an appearance (ISO 19005-1, 6.9).
pub(super) fn are_present(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, annotation) in annotations::all(subject) {
        let is_bare = object::name(subject.document, annotation, b"Subtype") == Some(b"Widget")
            && !matches!(object::get(subject.document, annotation, b"AP"), Some(Object::Dictionary(_)));
        findings.add_if(is_bare, place, || "A form field has no appearance.".to_owned());
    }
}

/// A form has no XFA form beside it (ISO 19005-2 and -3, 6.4.2; -4, 6.4.2).
pub(super) fn are_not_of_xfa(subject: &Subject<'_>, findings: &mut Findings) {
    if form(subject).is_some_and(|form| form.has(b"XFA")) {
        findings.add_document("The form has an XFA form (XFA).");
    }
}

/// A document is not made of an XFA form by readers (ISO 19005-2 and -3, 6.4.2; -4, 6.4.2). The flag
/// with the value false asks for nothing and is let pass, though the clause forbids the key.
pub(super) fn need_no_rendering(subject: &Subject<'_>, findings: &mut Findings) {
    let flag = subject.catalog().and_then(|catalog| object::get(subject.document, catalog, b"NeedsRendering"));
    if flag.is_some_and(|flag| !matches!(flag, Object::Boolean(false))) {
        findings.add_document("The catalog asks readers to draw the pages (NeedsRendering).");
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Object, dictionary};

    use super::super::RULES;
    use crate::pdf::validate::{Flavour, annotations::testing};

    #[test]
    fn a_form_that_readers_shall_draw_is_refused() {
        let form = |key: &str, value: Object| {
            testing::document(dictionary! { "AcroForm" => dictionary! { key => value } }, dictionary! {})
        };
        for (flavour, xfa) in [(Flavour::A1B, &[][..]), (Flavour::A2B, &["form-xfa"]), (Flavour::A4, &["form-xfa"])] {
            let broken = |document| testing::broken(&document, flavour, RULES);
            assert_eq!(broken(form("NeedAppearances", true.into())), ["form-need-appearances"]);
            assert_eq!(broken(form("NeedAppearances", 1.into())), ["form-need-appearances"]);
            assert!(broken(form("NeedAppearances", false.into())).is_empty());
            assert_eq!(broken(form("XFA", Object::Array(Vec::new()))), xfa);
        }
    }

    #[test]
    fn a_document_that_readers_shall_draw_is_refused_from_part_2_on() {
        let catalog = |value: bool| testing::document(dictionary! { "NeedsRendering" => value }, dictionary! {});
        for flavour in [Flavour::A2B, Flavour::A4] {
            assert_eq!(testing::broken(&catalog(true), flavour, RULES), ["needs-rendering"]);
            assert!(testing::broken(&catalog(false), flavour, RULES).is_empty());
        }
        assert!(testing::broken(&catalog(true), Flavour::A1B, RULES).is_empty());
    }

    #[test]
    fn a_field_without_appearance_is_refused_in_part_1() {
        let document = testing::annotated(dictionary! { "Subtype" => "Widget" });
        assert_eq!(testing::broken(&document, Flavour::A1B, RULES), ["field-appearance"]);
        assert!(testing::broken(&document, Flavour::A2B, RULES).is_empty());
        let document = testing::annotated(dictionary! { "Subtype" => "Widget", "AP" => dictionary! {} });
        assert!(testing::broken(&document, Flavour::A1B, RULES).is_empty());
    }
}

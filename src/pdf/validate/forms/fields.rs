//! The tree of fields, and what fields shall not do.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Object};

use crate::pdf::{
    object,
    validate::{Part, Place, annotations, rule::Findings, subject::Subject},
};

/// How far up a field looks for what it inherits.
const ANCESTORS_MAX: usize = 64;

/// A node of the tree of fields.
#[derive(Debug, Clone, Copy)]
pub(in crate::pdf::validate) struct Field<'a> {
    /// Where it is.
    pub(in crate::pdf::validate) place: Place,
    /// Its dictionary.
    pub(in crate::pdf::validate) held: &'a Dictionary,
}

/// The interactive form.
pub(super) fn form<'a>(subject: &Subject<'a>) -> Option<&'a Dictionary> {
    object::dictionary(subject.document, subject.catalog()?, b"AcroForm")
}

/// The fields of the form, each once; kids without a name are widgets of their field and not fields themselves.
pub(in crate::pdf::validate) fn all<'a>(subject: &Subject<'a>) -> Vec<Field<'a>> {
    let document = subject.document;
    let Some(form) = form(subject) else { return Vec::new() };
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let roots = object::array(document, form, b"Fields").unwrap_or_default();
    let mut open: Vec<(Place, &Object, bool)> = roots.iter().rev().map(|root| (Place::default(), root, true)).collect();
    while let Some((above, node, is_root)) = open.pop() {
        let target = object::target(document, node);
        if target.is_some_and(|id| !seen.insert(id)) {
            continue;
        }
        let Some(held) = object::as_dictionary(object::resolve(document, node)) else { continue };
        if !is_root && !held.has(b"T") {
            continue;
        }
        let place = target.map_or(above, Place::from);
        found.push(Field { place, held });
        let kids = object::array(document, held, b"Kids").unwrap_or_default();
        open.extend(kids.iter().rev().map(|kid| (place, kid, false)));
    }
    found
}

/// An entry of a field or widget, its own or that of a field above it.
pub(in crate::pdf::validate) fn inherited<'a>(
    subject: &Subject<'a>,
    field: &'a Dictionary,
    key: &[u8],
) -> Option<&'a Object> {
    let document = subject.document;
    let mut held = Some(field);
    for _ in 0..ANCESTORS_MAX {
        let field = held?;
        if let Some(value) = object::get(document, field, key) {
            return Some(value);
        }
        held = object::dictionary(document, field, b"Parent");
    }
    None
}

/// A field and its widgets perform no action when they are clicked (ISO 19005-1, 6.6.1; -2 and -3, 6.4.1; -4, 6.4.1).
pub(super) fn has_no_action(subject: &Subject<'_>, findings: &mut Findings) {
    for_each(subject, |place, held, is_widget| {
        if (is_widget || subject.flavour.part() != Part::Four) && object::get(subject.document, held, b"A").is_some() {
            findings.add(place, || format!("{} has an action.", named(subject, held)));
        }
    });
}

/// A field and its widgets have no actions for events (ISO 19005-1, 6.6.2; -2 and -3, 6.4.1).
pub(super) fn has_no_additional_actions(subject: &Subject<'_>, findings: &mut Findings) {
    for_each(subject, |place, held, _| {
        if held.has(b"AA") {
            findings.add(place, || format!("{} has additional actions.", named(subject, held)));
        }
    });
}

/// Visits the widgets of all pages, then the fields that are not among them; tells which are widgets.
fn for_each<'a>(subject: &Subject<'a>, mut visit: impl FnMut(Place, &'a Dictionary, bool)) {
    let mut seen = BTreeSet::new();
    for (place, held) in annotations::all(subject) {
        if object::name(subject.document, held, b"Subtype") == Some(b"Widget") {
            seen.extend(place.object);
            visit(place, held, true);
        }
    }
    for Field { place, held } in all(subject) {
        if place.object.is_none_or(|object| !seen.contains(&object)) {
            visit(place, held, object::name(subject.document, held, b"Subtype") == Some(b"Widget"));
        }
    }
}

/// A field, for messages.
fn named<'a>(subject: &Subject<'a>, field: &'a Dictionary) -> String {
    let name = inherited(subject, field, b"T").and_then(|name| lopdf::decode_text_string(name).ok());
    name.map_or_else(|| "A form field".to_owned(), |name| format!("The form field \"{name}\""))
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Object, dictionary};

    use super::super::RULES;
    use crate::pdf::validate::{Flavour, annotations::testing};

    fn broken(key: &str, has_widget: bool, flavour: Flavour) -> Vec<&'static str> {
        let action = dictionary! { "S" => "URI", "URI" => Object::string_literal("https://example.org") };
        let mut field = dictionary! { "T" => Object::string_literal("name"), "FT" => "Tx", "AP" => dictionary! {} };
        if has_widget {
            field.set("Subtype", "Widget");
        }
        field.set(key, action);
        let form = |kid: Dictionary| {
            let root = dictionary! { "T" => Object::string_literal("root"), "Kids" => vec![kid.into()] };
            dictionary! { "AcroForm" => dictionary! { "Fields" => vec![root.into()] } }
        };
        let document =
            if has_widget { testing::annotated(field) } else { testing::document(form(field), dictionary! {}) };
        testing::broken(&document, flavour, RULES)
    }

    #[test]
    fn fields_and_widgets_do_nothing() {
        for has_widget in [true, false] {
            for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A3B] {
                assert_eq!(broken("A", has_widget, flavour), ["field-action"], "{has_widget} {flavour}");
                assert_eq!(broken("AA", has_widget, flavour), ["field-additional-actions"], "{has_widget} {flavour}");
                assert!(broken("X", has_widget, flavour).is_empty(), "{has_widget} {flavour}");
            }
        }
    }

    #[test]
    fn in_part_4_only_the_action_of_a_widget_is_refused() {
        assert_eq!(broken("A", true, Flavour::A4), ["field-action"]);
        assert!(broken("A", false, Flavour::A4).is_empty());
        assert!(broken("AA", true, Flavour::A4).is_empty());
    }

    #[test]
    fn a_tree_of_fields_that_goes_in_circles_ends() {
        let mut document = testing::document(dictionary! {}, dictionary! {});
        let id = document.new_object_id();
        document.set_object(
            id,
            dictionary! { "T" => Object::string_literal("a"), "Kids" => vec![id.into()], "Parent" => id },
        );
        document.catalog_mut().unwrap().set("AcroForm", dictionary! { "Fields" => vec![id.into()] });
        assert!(testing::broken(&document, Flavour::A2B, RULES).is_empty());
    }
}

//! The tree of structure elements.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Object};

use crate::pdf::{
    object,
    validate::{Place, rule::Findings, subject::Subject},
};

/// The document says that it is tagged (ISO 19005-1, 6.8.2.2; -2 and -3, 6.7.2.2).
pub(super) fn is_marked(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    let info = subject.catalog().and_then(|catalog| object::dictionary(document, catalog, b"MarkInfo"));
    match info.map(|info| object::get(document, info, b"Marked")) {
        None => findings.add_document("The catalog has no MarkInfo dictionary."),
        Some(Some(Object::Boolean(true))) => {}
        Some(_) => findings.add_document("The MarkInfo dictionary does not say that the document is tagged (Marked)."),
    }
}

/// The document has a tree of structure elements (ISO 19005-1, 6.8.3.3; -2 and -3, 6.7.3.3).
pub(super) fn is_present(subject: &Subject<'_>, findings: &mut Findings) {
    if root(subject).is_none() {
        findings.add_document("The catalog has no structure tree (StructTreeRoot).");
    }
}

/// The root of the tree.
pub(super) fn root<'a>(subject: &Subject<'a>) -> Option<&'a Dictionary> {
    object::dictionary(subject.document, subject.catalog()?, b"StructTreeRoot")
}

/// The structure elements, each once, in no order that matters.
pub(super) fn elements<'a>(subject: &Subject<'a>) -> Vec<(Place, &'a Dictionary)> {
    let document = subject.document;
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(Place, &Object, bool)> = Vec::new();
    open.extend(root(subject).and_then(|root| root.get(b"K").ok()).map(|kids| (Place::default(), kids, true)));
    while let Some((above, node, is_top)) = open.pop() {
        let target = object::target(document, node);
        if target.is_some_and(|id| !seen.insert(id)) {
            continue;
        }
        let place = target.map_or(above, Place::from);
        let node = object::resolve(document, node);
        if let Object::Array(kids) = node {
            open.extend(kids.iter().map(|kid| (place, kid, is_top)));
        } else if let Object::Dictionary(held) = node
            && (is_top || is_element(subject, held))
        {
            found.push((place, held));
            open.extend(held.get(b"K").ok().map(|kids| (place, kids, false)));
        }
    }
    found
}

/// Whether a kid is an element, not a reference to content or to an object.
fn is_element(subject: &Subject<'_>, held: &Dictionary) -> bool {
    object::name(subject.document, held, b"Type").is_none_or(|kind| kind == b"StructElem")
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Object, dictionary};

    use super::super::RULES;
    use crate::pdf::validate::{Flavour, annotations::testing};

    fn broken(catalog: Dictionary, flavour: Flavour) -> Vec<&'static str> {
        testing::broken(&testing::document(catalog, dictionary! {}), flavour, RULES)
    }

    #[test]
    fn a_document_of_level_a_is_tagged() {
        let catalog = |mark: Object| dictionary! { "MarkInfo" => mark, "StructTreeRoot" => dictionary! {} };
        for flavour in [Flavour::A1A, Flavour::A2A, Flavour::A3A] {
            assert!(broken(catalog(dictionary! { "Marked" => true }.into()), flavour).is_empty());
            assert_eq!(broken(catalog(dictionary! { "Marked" => false }.into()), flavour), ["marked"]);
            assert_eq!(broken(catalog(dictionary! {}.into()), flavour), ["marked"]);
            assert_eq!(broken(dictionary! {}, flavour), ["marked", "structure-tree"]);
        }
    }

    #[test]
    fn a_document_of_another_level_need_not_be() {
        for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A2U, Flavour::A4] {
            assert!(broken(dictionary! {}, flavour).is_empty());
        }
    }
}

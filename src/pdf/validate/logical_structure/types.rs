//! The types of structure elements, and what the role map makes of them (ISO 32000-1, 14.7.3 and 14.8.4).

use std::collections::{BTreeMap, BTreeSet};

use lopdf::Dictionary;

use super::tree;
use crate::pdf::{
    object,
    validate::{Part, rule::Findings, subject::Subject},
};

/// How far the role map is followed from one type.
const STEPS_MAX: usize = 64;

/// The standard types of PDF 1.4.
const OF_ALL: &[&[u8]] = &[
    b"Art",
    b"BibEntry",
    b"BlockQuote",
    b"Caption",
    b"Code",
    b"Div",
    b"Document",
    b"Figure",
    b"Form",
    b"Formula",
    b"H",
    b"H1",
    b"H2",
    b"H3",
    b"H4",
    b"H5",
    b"H6",
    b"Index",
    b"L",
    b"LBody",
    b"LI",
    b"Lbl",
    b"Link",
    b"NonStruct",
    b"Note",
    b"P",
    b"Part",
    b"Private",
    b"Quote",
    b"Reference",
    b"Sect",
    b"Span",
    b"TD",
    b"TH",
    b"TOC",
    b"TOCI",
    b"TR",
    b"Table",
];

/// What came with PDF 1.5.
const FROM_TWO: &[&[u8]] =
    &[b"Annot", b"RB", b"RP", b"RT", b"Ruby", b"TBody", b"TFoot", b"THead", b"WP", b"WT", b"Warichu"];

/// What a type means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// That of a standard type.
    Standard,
    /// None: the role map does not lead to a standard type.
    Unmapped,
    /// None: the role map goes in a circle.
    Circular,
    /// None any more: a standard type that the role map sends away.
    Remapped,
}

/// A type that is not standard is mapped to one that is, be it by others; an element has a type
/// (ISO 19005-1, 6.8.3.4; -2 and -3, 6.7.3.4).
pub(super) fn are_mapped(subject: &Subject<'_>, findings: &mut Findings) {
    find(subject, findings, Meaning::Unmapped, |kind| {
        format!("The structure type {kind} is neither a standard one nor mapped to one.")
    });
}

/// The role map goes in no circle (ISO 19005-1, 6.8.3.4; -2 and -3, 6.7.3.4).
pub(super) fn go_in_no_circle(subject: &Subject<'_>, findings: &mut Findings) {
    find(subject, findings, Meaning::Circular, |kind| format!("The role map goes in a circle from {kind}."));
}

/// A standard type is not mapped to one that is not (ISO 19005-2 and -3, 6.7.3.4).
pub(super) fn stay_standard(subject: &Subject<'_>, findings: &mut Findings) {
    find(subject, findings, Meaning::Remapped, |kind| {
        format!("The standard structure type {kind} is mapped to one that is not standard.")
    });
}

fn find(subject: &Subject<'_>, findings: &mut Findings, wanted: Meaning, message: impl Fn(&str) -> String) {
    let roles = tree::root(subject).and_then(|root| object::dictionary(subject.document, root, b"RoleMap"));
    let mut known: BTreeMap<&[u8], Meaning> = BTreeMap::new();
    for (place, element) in tree::elements(subject) {
        let kind = object::name(subject.document, element, b"S");
        let meaning =
            kind.map_or(Meaning::Unmapped, |kind| *known.entry(kind).or_insert_with(|| meaning(subject, roles, kind)));
        findings.add_if(meaning == wanted, place, || match kind {
            Some(kind) => message(&object::shown(kind)),
            None => "A structure element has no type.".to_owned(),
        });
    }
}

fn is_standard(part: Part, kind: &[u8]) -> bool {
    OF_ALL.contains(&kind) || (part != Part::One && FROM_TWO.contains(&kind))
}

/// What the role map makes of a type. In part 1 a standard type means itself; later, the role map comes first.
fn meaning(subject: &Subject<'_>, roles: Option<&Dictionary>, kind: &[u8]) -> Meaning {
    let part = subject.flavour.part();
    let is_own = is_standard(part, kind);
    let role = |kind: &[u8]| roles.and_then(|roles| object::name(subject.document, roles, kind));
    let Some(mut next) = role(kind).filter(|next| *next != kind && !(is_own && part == Part::One)) else {
        let is_circle = !is_own && role(kind).is_some();
        return if is_own {
            Meaning::Standard
        } else if is_circle {
            Meaning::Circular
        } else {
            Meaning::Unmapped
        };
    };
    let mut seen = BTreeSet::from([kind]);
    for _ in 0..STEPS_MAX {
        if is_standard(part, next) && !seen.contains(next) {
            return Meaning::Standard;
        }
        if !seen.insert(next) {
            return Meaning::Circular;
        }
        match role(next) {
            Some(role) => next = role,
            None => break,
        }
    }
    if is_own { Meaning::Remapped } else { Meaning::Unmapped }
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Document, Object, dictionary};

    use super::super::RULES;
    use crate::pdf::validate::{Flavour, annotations::testing};

    fn tagged(element: Dictionary, roles: Dictionary) -> Document {
        let content = dictionary! { "Type" => "MCR", "MCID" => 0 };
        let top = dictionary! { "S" => "Document", "K" => vec![0.into(), content.into(), element.into()] };
        let root = dictionary! { "K" => vec![top.into()], "RoleMap" => roles };
        let catalog = dictionary! { "StructTreeRoot" => root, "MarkInfo" => dictionary! { "Marked" => true } };
        testing::document(catalog, dictionary! {})
    }

    #[test]
    fn types_are_standard_or_mapped_to_standard_ones() {
        let unmapped = &["structure-type-mapped"][..];
        let circular = &["structure-type-circular"][..];
        let remapped = &["structure-type-remapped"][..];
        let cases = [
            ("P", dictionary! {}, &[][..], &[][..]),
            ("Mine", dictionary! {}, unmapped, unmapped),
            ("Mine", dictionary! { "Mine" => "Yours" }, unmapped, unmapped),
            ("Mine", dictionary! { "Mine" => "Yours", "Yours" => "P" }, &[], &[]),
            ("Mine", dictionary! { "Mine" => "Mine" }, circular, circular),
            ("Mine", dictionary! { "Mine" => "Yours", "Yours" => "Mine" }, circular, circular),
            ("THead", dictionary! {}, unmapped, &[]),
            ("THead", dictionary! { "THead" => "Div" }, &[], &[]),
            ("P", dictionary! { "P" => "P" }, &[], &[]),
            ("P", dictionary! { "P" => "Div" }, &[], &[]),
            ("P", dictionary! { "P" => "Mine" }, &[], remapped),
            ("P", dictionary! { "P" => "Mine", "Mine" => "P" }, &[], circular),
            ("P", dictionary! { "P" => "Mine", "Mine" => "Span" }, &[], &[]),
        ];
        for (kind, roles, one, two) in cases {
            let document = tagged(dictionary! { "S" => kind }, roles.clone());
            assert_eq!(testing::broken(&document, Flavour::A1A, RULES), one, "1a {kind} {roles:?}");
            assert_eq!(testing::broken(&document, Flavour::A2A, RULES), two, "2a {kind} {roles:?}");
            assert_eq!(testing::broken(&document, Flavour::A3A, RULES), two, "3a {kind} {roles:?}");
            assert!(testing::broken(&document, Flavour::A2U, RULES).is_empty());
        }
    }

    #[test]
    fn an_element_has_a_type() {
        let document = tagged(dictionary! { "Type" => "StructElem" }, dictionary! {});
        assert_eq!(testing::broken(&document, Flavour::A2A, RULES), ["structure-type-mapped"]);
    }

    #[test]
    fn a_tree_that_goes_in_circles_ends() {
        let mut document = tagged(dictionary! { "S" => "P" }, dictionary! {});
        let id = document.new_object_id();
        document.set_object(id, dictionary! { "S" => "Mine", "K" => vec![id.into()] });
        let root = dictionary! { "K" => vec![Object::Reference(id)] };
        document.catalog_mut().unwrap().set("StructTreeRoot", root);
        assert_eq!(testing::broken(&document, Flavour::A1A, RULES), ["structure-type-mapped"]);
    }
}

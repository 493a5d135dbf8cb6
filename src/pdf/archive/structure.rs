//! Structure types that came after the PDF of a part: the role map says which earlier one each is closest to, as level `a`
//! wants it (ISO 19005-1, 6.8.3.4; -2 and -3, 6.7.3.4). Types of nobody's standard stay: what they mean is not known here.

use std::collections::BTreeSet;

use lopdf::Document;

use crate::pdf::{object, validate::Part};

/// Types of PDF 1.5 (ISO 32000-1, 14.8.4), each with one of PDF 1.4.
const AFTER_ONE: &[(&[u8], &str)] = &[
    (b"Annot", "Span"),
    (b"RB", "Span"),
    (b"RP", "Span"),
    (b"RT", "Span"),
    (b"Ruby", "Span"),
    (b"TBody", "NonStruct"),
    (b"TFoot", "NonStruct"),
    (b"THead", "NonStruct"),
    (b"WP", "Span"),
    (b"WT", "Span"),
    (b"Warichu", "Span"),
];

/// Types of PDF 2.0 (ISO 32000-2, 14.8.4), each with one of PDF 1.4.
const AFTER_THREE: &[(&[u8], &str)] = &[
    (b"Aside", "Div"),
    (b"DocumentFragment", "Sect"),
    (b"Em", "Span"),
    (b"FENote", "Note"),
    (b"Strong", "Span"),
    (b"Sub", "Span"),
    (b"Title", "P"),
];

/// Completes the role map with the types in use that the part does not know and that nothing maps yet.
pub(super) fn mend(document: &mut Document, part: Part) {
    let later: Vec<_> = match part {
        Part::One => AFTER_ONE.iter().chain(AFTER_THREE).copied().collect(),
        Part::Two | Part::Three => AFTER_THREE.to_vec(),
        Part::Four => return,
    };
    let root = object::catalog(document).and_then(|catalog| catalog.get(b"StructTreeRoot").ok());
    let Some(root) = root.and_then(|root| object::target(document, root)) else { return };
    let mut used = BTreeSet::new();
    object::see_dictionaries(document, |_, held| {
        // An action has a type under the same key, but no parent.
        let kind = held.get(b"S").ok().and_then(|kind| kind.as_name().ok()).filter(|_| held.has(b"P"));
        used.extend(kind.and_then(|kind| later.iter().find(|(name, _)| *name == kind)));
    });
    if used.is_empty() {
        return;
    }
    object::edit_entry(document, root, b"RoleMap", |roles| {
        for (name, role) in used {
            if !roles.has(name) {
                roles.set(name, object::named(role));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use lopdf::{Object, dictionary};

    use super::*;

    fn roles(kinds: &[&str], part: Part) -> Vec<(String, String)> {
        let mut document = Document::new();
        let root = document.add_object(dictionary! { "RoleMap" => dictionary! { "Sub" => "Quote" } });
        for kind in kinds {
            document.add_object(dictionary! { "S" => *kind, "P" => root });
        }
        document.add_object(dictionary! { "S" => "THead" });
        let catalog = document.add_object(dictionary! { "StructTreeRoot" => root });
        document.trailer.set("Root", catalog);
        mend(&mut document, part);
        let roles = object::dictionary(&document, object::at(&document, root).unwrap(), b"RoleMap").unwrap();
        let text = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
        roles.iter().map(|(name, role)| (text(name), text(role.as_name().unwrap()))).collect()
    }

    #[test]
    fn later_types_in_use_get_the_closest_earlier_one_and_a_mapping_that_is_there_stays() {
        let kinds = ["P", "TBody", "Em", "Sub", "Mine"];
        let pair = |name: &str, role: &str| (name.to_owned(), role.to_owned());
        let [own, body, em] = [pair("Sub", "Quote"), pair("TBody", "NonStruct"), pair("Em", "Span")];
        let mut one = roles(&kinds, Part::One);
        one.sort();
        assert_eq!(one, [em.clone(), own.clone(), body]);
        assert_eq!(roles(&kinds, Part::Three), [own.clone(), em]);
        assert_eq!(roles(&kinds, Part::Four), [own]);
    }

    #[test]
    fn a_document_without_structure_gets_none() {
        let mut document = Document::new();
        let catalog = document.add_object(dictionary! { "Type" => "Catalog" });
        document.trailer.set("Root", catalog);
        document.add_object(dictionary! { "S" => "TBody", "P" => Object::Null });
        mend(&mut document, Part::One);
        assert!(!object::catalog(&document).unwrap().has(b"StructTreeRoot"));
    }
}

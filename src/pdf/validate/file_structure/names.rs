//! Names that people read (parts 2 and 3, 6.1.8; part 4, 6.1.7).

use lopdf::{Object, ObjectId};

use crate::pdf::{
    object,
    validate::{
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

/// Names that people read are UTF-8.
pub(super) const UTF8: Rule = Rule {
    name: "names-in-utf-8",
    clauses: Clauses::from_two("6.1.8", "6.1.7"),
    scope: Scope::Every,
    remedy: "Write names of fonts, colourants and structure types in UTF-8.",
    check: utf8,
};

/// Names of fonts, of colourants and of structure types are valid UTF-8 once their escapes are undone (parts 2 and 3,
/// 6.1.8; part 4, 6.1.7).
fn utf8(subject: &Subject<'_>, findings: &mut Findings) {
    subject.each_value(|id, value| {
        if let Object::Array(items) = value {
            colourants(subject, id, items, findings);
        } else {
            keys(subject, id, value, findings);
        }
    });
}

/// The names in a Separation or `DeviceN` colour space.
fn colourants(subject: &Subject<'_>, id: ObjectId, items: &[Object], findings: &mut Findings) {
    match items {
        [Object::Name(kind), second, ..] if kind == b"Separation" => {
            check(id, "colourant", object::resolve(subject.document, second), findings);
        }
        [Object::Name(kind), second, ..] if kind == b"DeviceN" => {
            for name in object::resolve(subject.document, second).as_array().into_iter().flatten() {
                check(id, "colourant", object::resolve(subject.document, name), findings);
            }
        }
        _ => {}
    }
}

/// The names in a font, a structure element or a map of structure types.
fn keys(subject: &Subject<'_>, id: ObjectId, value: &Object, findings: &mut Findings) {
    let document = subject.document;
    let Some(held) = object::as_dictionary(value) else { return };
    let mut look = |what: &'static str, key: &[u8]| {
        if let Some(name) = object::get(document, held, key) {
            check(id, what, name, findings);
        }
    };
    match object::name(document, held, b"Type") {
        Some(b"Font") => look("font", b"BaseFont"),
        Some(b"FontDescriptor") => look("font", b"FontName"),
        Some(b"StructElem") => look("structure type", b"S"),
        // The type of a structure element is optional, its parent is not.
        None if held.has(b"S") && held.has(b"P") && (held.has(b"K") || held.has(b"Pg")) => look("structure type", b"S"),
        Some(b"StructTreeRoot") => {
            for (key, name) in object::dictionary(document, held, b"RoleMap").into_iter().flatten() {
                check(id, "structure type", &Object::Name(key.clone()), findings);
                check(id, "structure type", object::resolve(document, name), findings);
            }
        }
        Some(_) | None => {}
    }
}

fn check(id: ObjectId, what: &str, name: &Object, findings: &mut Findings) {
    if let Object::Name(name) = name {
        findings.add_if(std::str::from_utf8(name).is_err(), id, || {
            format!("The name \"{}\" of a {what} is not valid UTF-8.", object::shown(name))
        });
    }
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::super::testing::{breaks, with_catalog};
    use super::*;
    use crate::pdf::validate::Flavour;

    #[test]
    fn names_that_people_read_are_utf_8() {
        let holders: [fn(Object) -> Object; 6] = [
            |name| dictionary! { "Type" => "Font", "BaseFont" => name }.into(),
            |name| vec!["Separation".into(), name, "DeviceGray".into(), Object::Null].into(),
            |name| vec!["DeviceN".into(), vec![name].into(), "DeviceGray".into(), Object::Null].into(),
            |name| dictionary! { "Type" => "StructElem", "S" => name }.into(),
            |name| dictionary! { "Type" => "StructTreeRoot", "RoleMap" => dictionary! { "A" => name } }.into(),
            |name| dictionary! { "Type" => "FontDescriptor", "FontName" => name }.into(),
        ];
        for holder in holders {
            for (name, is_broken) in [(&b"Gr\xc3\xbcn"[..], false), (b"Gr\xfcn", true)] {
                let bytes = with_catalog("Extra", holder(Object::Name(name.to_vec())));
                for flavour in [Flavour::A2B, Flavour::A4] {
                    assert_eq!(breaks(&UTF8, &bytes, flavour), is_broken, "{:?}", holder(Object::Null));
                }
                assert!(!breaks(&UTF8, &bytes, Flavour::A1B), "part 1 does not have the rule");
            }
        }
    }
}

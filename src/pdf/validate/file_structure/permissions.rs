//! Permissions and the catalog's version (parts 2 and 3, 6.1.12; part 4, 6.1.11 and 6.1.12).

use lopdf::Object;

use crate::pdf::{
    object,
    validate::{
        Part, Place,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

/// Only signatures give permissions.
pub(super) const PERMISSIONS: Rule = Rule {
    name: "permissions",
    clauses: Clauses::from_two("6.1.12", "6.1.11"),
    scope: Scope::Every,
    remedy: "Take all keys but UR3 and DocMDP out of the permissions dictionary.",
    check: permissions,
};

/// A certifying signature has no digests of objects.
pub(super) const DIGESTS: Rule = Rule {
    name: "signature-digests",
    clauses: Clauses::two_and_three("6.1.12"),
    scope: Scope::Every,
    remedy: "Sign it anew with a program that writes no object digests.",
    check: digests,
};

/// The catalog's version is one of PDF 2.
pub(super) const VERSION: Rule = Rule {
    name: "catalog-version",
    clauses: Clauses::only(Part::Four, "6.1.12"),
    scope: Scope::Every,
    remedy: "Take the key Version out of the catalog, or write 2.0.",
    check: version,
};

/// The permissions dictionary of the catalog has no keys but UR3 and `DocMDP` (parts 2 and 3, 6.1.12; part 4, 6.1.11).
fn permissions(subject: &Subject<'_>, findings: &mut Findings) {
    let held = subject.catalog().and_then(|catalog| object::dictionary(subject.document, catalog, b"Perms"));
    for (key, _) in held.into_iter().flatten() {
        findings.add_if(!matches!(key.as_slice(), b"UR3" | b"DocMDP"), Place::default(), || {
            format!("The permissions dictionary has the key {}.", object::shown(key))
        });
    }
}

/// Where the permissions have `DocMDP`, the references of signatures do not have `DigestLocation`, `DigestMethod` or
/// `DigestValue` (parts 2 and 3, 6.1.12).
fn digests(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    let held = subject.catalog().and_then(|catalog| object::dictionary(document, catalog, b"Perms"));
    if held.is_none_or(|held| object::get(document, held, b"DocMDP").is_none()) {
        return;
    }
    subject.each_dictionary(|id, held| {
        let references = match object::get(document, held, b"Reference") {
            Some(Object::Array(references)) if held.has(b"Contents") || held.has(b"ByteRange") => references,
            Some(_) | None => return,
        };
        for reference in references.iter().filter_map(|held| object::as_dictionary(object::resolve(document, held))) {
            for key in [&b"DigestLocation"[..], b"DigestMethod", b"DigestValue"] {
                findings.add_if(reference.has(key), id, || {
                    format!("A reference of a signature has the key {}.", object::shown(key))
                });
            }
        }
    });
}

/// The key Version of the catalog, if it is there, is 2, a period and one digit (part 4, 6.1.12).
fn version(subject: &Subject<'_>, findings: &mut Findings) {
    let version = subject.catalog().and_then(|catalog| object::get(subject.document, catalog, b"Version"));
    let is_right =
        version.is_none_or(|version| matches!(version.as_name(), Ok([b'2', b'.', minor]) if minor.is_ascii_digit()));
    findings.add_if(!is_right, Place::default(), || {
        let shown = version.and_then(|version| version.as_name().ok()).map_or("no name".to_owned(), object::shown);
        format!("The key Version of the catalog is {shown}, not 2.n.")
    });
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::super::testing::{breaks, file, with_catalog};
    use super::*;
    use crate::pdf::validate::Flavour;

    #[test]
    fn permissions_are_of_two_kinds() {
        for (key, is_broken) in [("UR3", false), ("DocMDP", false), ("UR", true)] {
            let bytes = with_catalog("Perms", dictionary! { key => Object::Boolean(true) });
            assert_eq!(breaks(&PERMISSIONS, &bytes, Flavour::A2B), is_broken, "{key}");
            assert_eq!(breaks(&PERMISSIONS, &bytes, Flavour::A4), is_broken, "{key}");
        }
    }

    #[test]
    fn a_certified_file_has_no_digests_of_objects() {
        for (permission, key, is_broken) in
            [("DocMDP", "DigestMethod", true), ("DocMDP", "Data", false), ("UR3", "DigestMethod", false)]
        {
            let bytes = file(|document| {
                let reference = dictionary! { "Type" => "SigRef", key => "MD5" };
                let signature = dictionary! {
                    "Type" => "Sig", "Contents" => Object::string_literal("x"), "Reference" => vec![reference.into()],
                };
                let id = document.add_object(signature);
                document.catalog_mut().unwrap().set("Perms", dictionary! { permission => id });
            });
            assert_eq!(breaks(&DIGESTS, &bytes, Flavour::A2B), is_broken, "{permission} {key}");
        }
    }

    #[test]
    fn the_version_of_the_catalog_is_2() {
        for (version, is_broken) in [("2.0", false), ("2.7", false), ("1.7", true), ("2", true), ("2.00", true)] {
            assert_eq!(breaks(&VERSION, &with_catalog("Version", version), Flavour::A4), is_broken, "{version}");
        }
        assert!(!breaks(&VERSION, &file(|_| {}), Flavour::A4));
    }
}

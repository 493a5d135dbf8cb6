//! Embedded files (part 1, 6.1.11; parts 2 and 3, 6.8; part 4, 6.9 and annex A).

mod conforming;
mod specification;

pub(super) use conforming::Budget;
pub(super) use specification::{Specification, specifications};

use std::collections::BTreeSet;

use lopdf::{Object, ObjectId};

use super::{
    Part,
    rule::{Clauses, Findings, Rule, Scope},
    subject::Subject,
};
use crate::pdf::object;
use conforming::conforming;

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[NO_FILE, NO_FILES, NAMES, CONFORMING, MIME_TYPE, RELATIONSHIP, ASSOCIATED, FILES];

/// The clauses of what parts 3 and 4 alone have.
const FROM_THREE: Clauses = Clauses { one: None, two: None, three: Some("6.8"), four: Some("6.9") };

/// Part 1 has no file specifications with files.
const NO_FILE: Rule = Rule {
    name: "no-embedded-file",
    clauses: Clauses::only(Part::One, "6.1.11"),
    scope: Scope::Every,
    remedy: "Take the embedded files out, or make the file PDF/A-3.",
    check: no_file,
};

/// Part 1 has no names of embedded files.
const NO_FILES: Rule = Rule {
    name: "no-embedded-file-names",
    clauses: Clauses::only(Part::One, "6.1.11"),
    scope: Scope::Every,
    remedy: "Take the key EmbeddedFiles out of the name dictionary.",
    check: no_files,
};

/// An embedded file has its two names.
const NAMES: Rule = Rule {
    name: "embedded-file-names",
    clauses: Clauses::from_two("6.8", "6.9"),
    scope: Scope::Every,
    remedy: "Write the name of the file as F and as UF into its file specification.",
    check: names,
};

/// An embedded file of part 2, or of part 4 without a level, conforms itself.
const CONFORMING: Rule = Rule {
    name: "embedded-file-conforms",
    clauses: Clauses { one: None, two: Some("6.8"), three: None, four: Some("6.9") },
    scope: Scope::ButAnnexes,
    remedy: "Embed PDF/A-1 and PDF/A-2 files only (in PDF/A-4 also PDF/A-4), or make the file PDF/A-3 or PDF/A-4f.",
    check: conforming,
};

/// An embedded file tells its type.
const MIME_TYPE: Rule = Rule {
    name: "embedded-file-type",
    clauses: FROM_THREE,
    scope: Scope::Every,
    remedy: "Write the MIME type of the file as Subtype, or application/octet-stream when it is not known.",
    check: mime_type,
};

/// An embedded file tells what it is to the document.
const RELATIONSHIP: Rule = Rule {
    name: "embedded-file-relationship",
    clauses: FROM_THREE,
    scope: Scope::Every,
    remedy: "Write AFRelationship into the file specification, Unspecified when nothing else fits.",
    check: relationship,
};

/// An embedded file belongs to the document or to a part of it.
const ASSOCIATED: Rule = Rule {
    name: "embedded-file-associated",
    clauses: Clauses::only(Part::Three, "6.8"),
    scope: Scope::Every,
    remedy: "List the file specification under the key AF of the catalog, or of the part it belongs to.",
    check: associated,
};

/// Part 4f has files.
const FILES: Rule = Rule {
    name: "has-embedded-files",
    clauses: Clauses::only(Part::Four, "6.9"),
    scope: Scope::Files,
    remedy: "Embed a file, or make the file PDF/A-4 without a suffix.",
    check: files,
};

/// A file specification does not have the key EF (part 1, 6.1.11).
fn no_file(subject: &Subject<'_>, findings: &mut Findings) {
    for found in subject.specifications() {
        findings.add(found.id, || format!("The file specification {} has an embedded file.", found.shown()));
    }
}

/// The name dictionary does not have the key `EmbeddedFiles` (part 1, 6.1.11).
fn no_files(subject: &Subject<'_>, findings: &mut Findings) {
    if has_names(subject) {
        findings.add_document("The name dictionary has the key EmbeddedFiles.");
    }
}

/// The name dictionary has the key `EmbeddedFiles` (part 4, annex A, for level F).
fn files(subject: &Subject<'_>, findings: &mut Findings) {
    if !has_names(subject) {
        findings.add_document("The name dictionary does not have the key EmbeddedFiles.");
    }
}

/// The file specification of an embedded file has the keys F and UF (parts 2 and 3, 6.8; part 4, 6.9).
fn names(subject: &Subject<'_>, findings: &mut Findings) {
    for found in subject.specifications() {
        for key in [&b"F"[..], b"UF"] {
            let is_there = object::get(subject.document, found.held, key).is_some();
            findings.add_if(!is_there, found.id, || {
                format!("The file specification {} does not have the key {}.", found.shown(), object::shown(key))
            });
        }
    }
}

/// The file specification of an embedded file has the key `AFRelationship` (part 3, 6.8; part 4, 6.9).
fn relationship(subject: &Subject<'_>, findings: &mut Findings) {
    for found in subject.specifications() {
        let is_there = object::get(subject.document, found.held, b"AFRelationship").is_some();
        findings.add_if(!is_there, found.id, || {
            format!("The file specification {} does not have the key AFRelationship.", found.shown())
        });
    }
}

/// An embedded file is listed under the key AF of the catalog, a page, or another part of the document (part 3, 6.8).
fn associated(subject: &Subject<'_>, findings: &mut Findings) {
    let mut listed: BTreeSet<ObjectId> = BTreeSet::new();
    subject.each_dictionary(|_, held| {
        // Marked content lists its files under MCAF.
        for list in [&b"AF"[..], b"MCAF"].into_iter().filter_map(|key| held.get(key).ok()) {
            if let Object::Array(items) = object::resolve(subject.document, list) {
                listed.extend(items.iter().filter_map(|item| item.as_reference().ok()));
            }
            listed.extend(list.as_reference());
        }
    });
    for found in subject.specifications() {
        findings.add_if(!found.is_direct && !listed.contains(&found.id), found.id, || {
            format!("The embedded file {} is not associated with any part of the document (AF).", found.shown())
        });
    }
}

/// The stream of an embedded file has a MIME type as its Subtype (part 3, 6.8; part 4, 6.9).
fn mime_type(subject: &Subject<'_>, findings: &mut Findings) {
    for found in subject.specifications() {
        for (id, stream) in found.streams(subject) {
            let kind = object::name(subject.document, &stream.dict, b"Subtype");
            findings.add_if(!kind.is_some_and(is_mime_type), id, || {
                let kind = kind.map_or("none".to_owned(), object::shown);
                format!("The MIME type of the embedded file {} is {kind}.", found.shown())
            });
        }
    }
}

fn has_names(subject: &Subject<'_>) -> bool {
    let names = subject.catalog().and_then(|catalog| object::dictionary(subject.document, catalog, b"Names"));
    names.is_some_and(|names| names.has(b"EmbeddedFiles"))
}

/// Whether a name is a type and a subtype, made of the characters that these have.
fn is_mime_type(name: &[u8]) -> bool {
    let is_part = |part: &[u8]| {
        !part.is_empty() && part.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_+.".contains(byte))
    };
    let mut parts = name.split(|byte| *byte == b'/');
    let (kind, subtype, more) = (parts.next(), parts.next(), parts.next());
    kind.is_some_and(is_part) && subtype.is_some_and(is_part) && more.is_none()
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Stream, dictionary};

    use super::super::{
        Flavour,
        file_structure::testing::{breaks, file},
    };
    use super::*;

    /// A file with an embedded file whose specification and stream the test changes.
    fn with_file(change: impl Fn(&mut Dictionary, &mut Dictionary), is_listed: bool) -> Vec<u8> {
        file(|document| {
            let mut held = dictionary! { "Type" => "EmbeddedFile", "Subtype" => "text/plain" };
            let mut specification = dictionary! {
                "Type" => "Filespec", "F" => Object::string_literal("a.txt"), "UF" => Object::string_literal("a.txt"),
                "AFRelationship" => "Data",
            };
            change(&mut specification, &mut held);
            let held = document.add_object(Stream::new(held, b"text".to_vec()));
            specification.set("EF", dictionary! { "F" => held, "UF" => held });
            let id = document.add_object(specification);
            let names = dictionary! { "Names" => vec![Object::string_literal("a.txt"), id.into()] };
            let catalog = document.catalog_mut().unwrap();
            catalog.set("Names", dictionary! { "EmbeddedFiles" => names });
            if is_listed {
                catalog.set("AF", vec![id.into()]);
            }
        })
    }

    #[test]
    fn part_1_has_no_files_and_part_4f_has_some() {
        let with = with_file(|_, _| {}, true);
        let without = file(|_| {});
        for rule in [&NO_FILE, &NO_FILES] {
            assert!(breaks(rule, &with, Flavour::A1B));
            assert!(!breaks(rule, &without, Flavour::A1B));
        }
        assert!(!breaks(&FILES, &with, Flavour::A4F));
        assert!(breaks(&FILES, &without, Flavour::A4F));
    }

    #[test]
    fn a_specification_has_its_names_and_its_relationship() {
        for (key, rule, flavour) in [
            ("F", &NAMES, Flavour::A2B),
            ("UF", &NAMES, Flavour::A3B),
            ("UF", &NAMES, Flavour::A4),
            ("AFRelationship", &RELATIONSHIP, Flavour::A3B),
            ("AFRelationship", &RELATIONSHIP, Flavour::A4F),
        ] {
            let bytes = with_file(|specification, _| drop(specification.remove(key.as_bytes())), true);
            assert!(breaks(rule, &bytes, flavour), "{key} {flavour}");
            assert!(!breaks(rule, &with_file(|_, _| {}, true), flavour), "{key} {flavour}");
        }
    }

    #[test]
    fn a_file_tells_its_mime_type() {
        for (kind, is_broken) in [
            ("text/plain", false),
            ("image/svg+xml", false),
            ("text", true),
            ("text/", true),
            ("a/b/c", true),
            ("a b/c", true),
        ] {
            let bytes = with_file(|_, held| held.set("Subtype", kind), true);
            assert_eq!(breaks(&MIME_TYPE, &bytes, Flavour::A3B), is_broken, "{kind}");
            assert_eq!(breaks(&MIME_TYPE, &bytes, Flavour::A4), is_broken, "{kind}");
        }
    }

    #[test]
    fn a_file_of_part_3_is_associated() {
        assert!(!breaks(&ASSOCIATED, &with_file(|_, _| {}, true), Flavour::A3B));
        assert!(breaks(&ASSOCIATED, &with_file(|_, _| {}, false), Flavour::A3B));
    }

    #[test]
    fn a_file_of_part_2_conforms_itself() {
        let bytes = with_file(|_, _| {}, true);
        assert!(breaks(&CONFORMING, &bytes, Flavour::A2B));
        assert!(breaks(&CONFORMING, &bytes, Flavour::A4));
        assert!(!breaks(&CONFORMING, &bytes, Flavour::A4F), "level F takes any file");
        assert!(!breaks(&CONFORMING, &bytes, Flavour::A4E), "so does level E");
        assert!(!breaks(&CONFORMING, &bytes, Flavour::A3B), "part 3 takes any file");
        assert!(!breaks(&CONFORMING, &file(|_| {}), Flavour::A2B));
    }

    #[test]
    fn files_within_files_are_looked_at_to_a_depth() {
        let mut inner = file(|_| {});
        for _ in 0..8 {
            let held = inner.clone();
            inner = file(|document| {
                let held = document.add_object(Stream::new(Dictionary::new(), held));
                let specification = dictionary! { "Type" => "Filespec", "EF" => dictionary! { "F" => held } };
                document.catalog_mut().unwrap().set("Extra", specification);
            });
        }
        assert!(breaks(&CONFORMING, &inner, Flavour::A2B));
    }
}

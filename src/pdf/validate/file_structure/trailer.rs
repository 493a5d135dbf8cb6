//! The file trailer (6.1.3 of all parts).

use crate::pdf::{
    object,
    validate::{
        Part, Place,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

use super::written::Section;

/// The file has an identifier.
pub(super) const FILE_IDENTIFIER: Rule = Rule {
    name: "file-identifier",
    clauses: Clauses::all("6.1.3", "6.1.3", "6.1.3"),
    scope: Scope::Every,
    remedy: "Write the key ID with two strings into the trailer.",
    check: file_identifier,
};

/// A linearized file has the same identifier in both trailers.
pub(super) const SAME_IDENTIFIER: Rule = Rule {
    name: "linearized-identifier",
    clauses: Clauses::only(Part::One, "6.1.3"),
    scope: Scope::Every,
    remedy: "Write the same ID into both trailers.",
    check: same_identifier,
};

/// The file is not encrypted.
pub(super) const ENCRYPTION: Rule = Rule {
    name: "no-encryption",
    clauses: Clauses::all("6.1.3", "6.1.3", "6.1.3"),
    scope: Scope::Every,
    remedy: "Save it without encryption.",
    check: encryption,
};

/// Nothing follows the end of the file.
pub(super) const END_OF_FILE: Rule = Rule {
    name: "end-of-file",
    clauses: Clauses::all("6.1.3", "6.1.3", "6.1.3"),
    scope: Scope::Every,
    remedy: "End the file with %%EOF and at most one end of line.",
    check: end_of_file,
};

/// Part 4 has a document information dictionary for one purpose only.
pub(super) const INFORMATION: Rule = Rule {
    name: "information-dictionary",
    clauses: Clauses::only(Part::Four, "6.1.3"),
    scope: Scope::Every,
    remedy: "Take the key Info out of the trailer, or keep only ModDate in it where the catalog has PieceInfo.",
    check: information,
};

/// The trailer has the key ID, an array of strings that are not empty: that of the last trailer, in a linearized file
/// that of the first page (6.1.3 of all parts).
fn file_identifier(subject: &Subject<'_>, findings: &mut Findings) {
    let written = subject.written();
    let section = if written.is_linearized { written.first() } else { written.last() };
    if identifier(subject, section).is_none_or(|id| id.is_empty()) {
        findings.add_document("The trailer has no identifier of the file (ID), or an empty one.");
    }
}

/// In a linearized file the identifiers of the first page's trailer and of the last one are the same where both are
/// there (part 1, corrigendum 2, 6.1.3).
fn same_identifier(subject: &Subject<'_>, findings: &mut Findings) {
    let written = subject.written();
    if !written.is_linearized {
        return;
    }
    let (first, last) = (identifier(subject, written.first()), identifier(subject, written.last()));
    if last.is_some() && first != last {
        findings.add_document("The file is linearized and its two trailers have different identifiers (ID).");
    }
}

/// No trailer has the key Encrypt (6.1.3 of all parts).
fn encryption(subject: &Subject<'_>, findings: &mut Findings) {
    let is_encrypted = |section: &Section| section.trailer.get(b"Encrypt").is_ok_and(|value| !value.is_null());
    if subject.document.was_encrypted() || subject.written().sections.iter().any(is_encrypted) {
        findings.add_document("The trailer has the key Encrypt.");
    }
}

/// The file ends with the marker and at most one end of line (6.1.3 of all parts; ISO 32000-1, 7.5.5).
fn end_of_file(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(at) = memchr::memmem::rfind(subject.bytes, b"%%EOF") else {
        findings.add_document("The file does not end with %%EOF.");
        return;
    };
    let rest = subject.bytes.get(at + 5..).unwrap_or_default();
    findings.add_if(!matches!(rest, b"" | b"\n" | b"\r" | b"\r\n"), Place::default(), || {
        format!("{} bytes follow the end of the file.", rest.len())
    });
}

/// The trailer has the key Info only where the catalog has `PieceInfo`, and the dictionary has nothing but `ModDate`
/// (part 4, 6.1.3).
fn information(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(trailer) = subject.written().newest().map(|newest| &newest.trailer) else { return };
    let Some(held) = object::get(subject.document, trailer, b"Info") else { return };
    if subject.catalog().is_none_or(|catalog| !catalog.has(b"PieceInfo")) {
        findings.add_document("The trailer has the key Info, but the catalog has no PieceInfo.");
    }
    let Some(held) = object::as_dictionary(held) else { return };
    let other = held.iter().map(|(key, _)| key).find(|key| *key != b"ModDate");
    let place = trailer.get(b"Info").ok().and_then(|value| object::target(subject.document, value));
    let place = place.map_or_else(Place::default, Place::from);
    findings.add_if(other.is_some() || held.is_empty(), place, || {
        let other = other.map_or("no ModDate".to_owned(), |key| format!("the key {}", object::shown(key)));
        format!("The document information dictionary has {other}, it may have ModDate only.")
    });
}

/// The strings of a trailer's identifier in one; `None` when it has none.
fn identifier(subject: &Subject<'_>, section: Option<&Section>) -> Option<Vec<u8>> {
    let parts = object::array(subject.document, &section?.trailer, b"ID")?;
    let texts = parts.iter().filter_map(|part| object::resolve(subject.document, part).as_str().ok());
    Some(texts.collect::<Vec<&[u8]>>().concat())
}

#[cfg(test)]
mod tests {
    use lopdf::Object;

    use super::super::testing::{breaks, file};
    use super::*;
    use crate::pdf::validate::Flavour;

    #[test]
    fn a_trailer_has_an_identifier() {
        let empty = || Object::string_literal("");
        let cases: [(Option<Object>, bool); 4] = [
            (Some(vec![Object::string_literal("a"), Object::string_literal("b")].into()), false),
            (Some(vec![empty(), empty()].into()), true),
            (Some(Object::string_literal("ab")), true),
            (None, true),
        ];
        for (id, is_broken) in cases {
            let bytes = file(|document| match &id {
                Some(id) => document.trailer.set("ID", id.clone()),
                None => drop(document.trailer.remove(b"ID")),
            });
            assert_eq!(breaks(&FILE_IDENTIFIER, &bytes, Flavour::A2B), is_broken, "{id:?}");
            assert!(!breaks(&SAME_IDENTIFIER, &bytes, Flavour::A1B), "the file is not linearized");
        }
    }

    #[test]
    fn both_trailers_of_a_linearized_file_have_the_same_identifier() {
        let linearized = |other: &str| {
            let mut bytes =
                b"%PDF-1.4\n1 0 obj\n<</Linearized 1/L 0000>>\nendobj\n2 0 obj\n<</Type/Catalog>>\nendobj\n".to_vec();
            let main = bytes.len() + 200;
            let first = bytes.len();
            let rows = "0000000009 00000 n \n0000000050 00000 n \n";
            let trailer = format!("<</Size 3/Root 2 0 R/ID[(a)(a)]/Prev {main}>>");
            bytes.extend(format!("xref\n1 2\n{rows}trailer\n{trailer}\n").bytes());
            bytes.resize(main, b' ');
            bytes.extend(
                format!(
                    "xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/ID[{other}]>>\nstartxref\n{first}\n%%EOF\n"
                )
                .bytes(),
            );
            let length = format!("{:04}", bytes.len());
            let at = memchr::memmem::find(&bytes, b"0000>>").unwrap();
            bytes[at..at + 4].copy_from_slice(length.as_bytes());
            bytes
        };
        assert!(!breaks(&SAME_IDENTIFIER, &linearized("(a)(a)"), Flavour::A1B));
        assert!(breaks(&SAME_IDENTIFIER, &linearized("(b)(b)"), Flavour::A1B));
    }

    #[test]
    fn a_trailer_without_encrypt_obeys() {
        assert!(!breaks(&ENCRYPTION, &file(|_| {}), Flavour::A2B));
        let bytes = file(|_| {});
        let at = memchr::memmem::rfind(&bytes, b"trailer\n<<").unwrap() + 10;
        let encrypted = [&bytes[..at], b"/Encrypt<</Filter/Other/V 1>>", &bytes[at..]].concat();
        assert!(breaks(&ENCRYPTION, &encrypted, Flavour::A2B));
    }

    #[test]
    fn at_most_one_end_of_line_follows_the_end() {
        let bytes = file(|_| {});
        let end = memchr::memmem::rfind(&bytes, b"%%EOF").unwrap() + 5;
        for (rest, is_broken) in [("", false), ("\r\n", false), ("\n\n", true), (" ", true), ("\nx", true)] {
            let bytes = [&bytes[..end], rest.as_bytes()].concat();
            assert_eq!(breaks(&END_OF_FILE, &bytes, Flavour::A1B), is_broken, "{rest:?}");
        }
    }

    #[test]
    fn information_of_part_4_has_a_date_of_change_only_and_a_reason() {
        let with = |key: &'static str, has_piece: bool| {
            file(move |document| {
                let held = lopdf::dictionary! { key => Object::string_literal("D:2020") };
                let id = document.add_object(held);
                document.trailer.set("Info", id);
                if has_piece {
                    document.catalog_mut().unwrap().set("PieceInfo", lopdf::Dictionary::new());
                }
            })
        };
        for (key, has_piece, is_broken) in [("ModDate", true, false), ("ModDate", false, true), ("Title", true, true)] {
            assert_eq!(breaks(&INFORMATION, &with(key, has_piece), Flavour::A4), is_broken, "{key} {has_piece}");
        }
    }
}

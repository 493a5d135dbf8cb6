//! Indirect objects and strings (part 1, 6.1.6 and 6.1.8; parts 2 and 3, 6.1.6 and 6.1.9; part 4, 6.1.5 and 6.1.8).

use std::collections::BTreeSet;

use super::{Written, flaws::Flaw};
use crate::pdf::validate::{
    rule::{Clauses, Findings, Rule, Scope},
    subject::Subject,
};

/// The words and numbers around an object are spaced in one way.
pub(super) const SPACING: Rule = Rule {
    name: "object-spacing",
    clauses: Clauses::all("6.1.8", "6.1.9", "6.1.8"),
    scope: Scope::Every,
    remedy: "Write \"12 0 obj\" and \"endobj\" each on a line of its own, with single spaces.",
    check: spacing,
};

/// Objects are where the table says.
pub(super) const MISPLACED: Rule = Rule {
    name: "object-at-its-offset",
    clauses: Clauses::all("6.1.4", "6.1.4", "6.1.4"),
    scope: Scope::Every,
    remedy: "Save it anew with a program that rebuilds the cross-reference table.",
    check: misplaced,
};

/// Hexadecimal strings are whole.
pub(super) const HEXADECIMAL: Rule = Rule {
    name: "hexadecimal-string",
    clauses: Clauses::all("6.1.6", "6.1.6", "6.1.5"),
    scope: Scope::Every,
    remedy: "Write hexadecimal strings with an even number of digits and nothing else but white space.",
    check: hexadecimal,
};

/// Object number, generation and `obj` are parted by single white-space characters, the number and `endobj` stand at
/// the beginning of a line, and `obj` and `endobj` at the end of one (part 1, 6.1.8; parts 2 and 3, 6.1.9; part 4,
/// 6.1.8).
fn spacing(subject: &Subject<'_>, findings: &mut Findings) {
    subject.written().flaws.tell(Flaw::ObjectSpacing, findings);
}

/// An object begins at the byte that the cross-reference table has for it, or is in the object stream (6.1.4 of all parts;
/// ISO 32000-1, 7.5.4 and 7.5.8). An entry whose object nothing needs does no harm, readers take it for null.
fn misplaced(subject: &Subject<'_>, findings: &mut Findings) {
    let Written { misplaced, lost, flaws, .. } = subject.written();
    flaws.tell(Flaw::Overlap, findings);
    if misplaced.is_empty() && lost.is_empty() {
        return;
    }
    let mut needed = BTreeSet::new();
    subject.each_value(|_, value| needed.extend(value.as_reference().map(|(number, _)| number)));
    for (number, offset) in misplaced.iter().filter(|(number, _)| needed.contains(number)) {
        findings.add((*number, 0), || {
            format!("Object {number} does not begin at byte {offset}, where the cross-reference table has it.")
        });
    }
    for (number, stream) in lost.iter().filter(|(number, _)| needed.contains(number)) {
        findings.add((*number, 0), || {
            format!("Object {number} cannot be read from the object stream {stream}, where the cross-reference table has it.")
        });
    }
}

/// A hexadecimal string has an even number of characters, all of them digits, where white space does not count; in
/// objects and trailers as well as in content (parts 1 to 3, 6.1.6; part 4, 6.1.5).
fn hexadecimal(subject: &Subject<'_>, findings: &mut Findings) {
    for flaw in [Flaw::OddDigits, Flaw::OtherDigits] {
        super::tell(subject, flaw, findings);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{breaks, drawing, file, replaced, rewritten, with_catalog};
    use super::*;
    use crate::pdf::validate::Flavour;

    #[test]
    fn words_and_numbers_around_an_object_have_one_place() {
        let bytes = file(|_| {});
        assert!(!breaks(&SPACING, &rewritten(&bytes, "1 0 obj\n", "1 0 obj\n"), Flavour::A2B));
        for (from, to) in [
            ("1 0 obj\n", "1  0 obj\n"),
            ("1 0 obj\n", "1 0  obj\n"),
            ("1 0 obj\n", "1 0 obj "),
            ("\nendobj\n", " endobj\n"),
            ("\nendobj\n", "\nendobj \n"),
            ("\nendobj\n2 0 obj", "\nendobj\n 2 0 obj"),
        ] {
            let bytes = rewritten(&bytes, from, to);
            for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A4] {
                assert!(breaks(&SPACING, &bytes, flavour), "{from:?} {to:?} {flavour}");
            }
        }
    }

    /// A file whose catalog, page tree and page are in an object stream.
    fn packed(page: &str) -> Vec<u8> {
        let (catalog, pages) = ("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>");
        let head = format!("1 0 2 {} 3 {} ", catalog.len(), catalog.len() + pages.len());
        let inner = format!("{head}{catalog}{pages}{page}");
        let mut text = "%PDF-1.5\n".to_owned();
        let stream = u8::try_from(text.len()).unwrap();
        text += &format!("4 0 obj\n<</Type/ObjStm/N 3/First {}/Length {}>>\nstream\n", head.len(), inner.len());
        text += &format!("{inner}\nendstream\nendobj\n");
        let table = text.len();
        text += "5 0 obj\n<</Type/XRef/W[1 1 1]/Index[1 4]/Size 6/Root 1 0 R/Length 12>>\nstream\n";
        let mut bytes = text.into_bytes();
        bytes.extend([2, 4, 0, 2, 4, 1, 2, 4, 2, 1, stream, 0]);
        bytes.extend(format!("\nendstream\nendobj\nstartxref\n{table}\n%%EOF").bytes());
        bytes
    }

    #[test]
    fn an_object_that_is_needed_can_be_read_from_its_stream() {
        assert!(!breaks(&MISPLACED, &packed("<</Type/Page/Parent 2 0 R>>"), Flavour::A2B));
        assert!(breaks(&MISPLACED, &packed("<</Type/Page/Parent"), Flavour::A2B));
    }

    #[test]
    fn an_object_begins_where_the_table_has_it() {
        let bytes = file(|_| {});
        assert!(!breaks(&MISPLACED, &bytes, Flavour::A2B));
        let with = |extra: lopdf::Object| {
            let bytes = with_catalog("Extra", extra);
            let table = memchr::memmem::rfind(&bytes, b"\nxref\n").unwrap();
            let tail = String::from_utf8(bytes[table..].to_vec()).unwrap();
            let rows = tail.replace("trailer", "77 1\n0000000003 00000 n \ntrailer");
            [&bytes[..table], rows.as_bytes()].concat()
        };
        assert!(breaks(&MISPLACED, &with(lopdf::Object::Reference((77, 0))), Flavour::A2B));
        assert!(!breaks(&MISPLACED, &with(lopdf::Object::Null), Flavour::A2B), "nothing needs it");
    }

    #[test]
    fn a_hexadecimal_string_is_whole_in_objects_and_in_content() {
        for (text, is_broken) in
            [("<4142>", false), ("<41 4 2>", false), ("<414>", true), ("<4x>", true), ("<>", false)]
        {
            let held = with_catalog("Extra", lopdf::Object::Integer(77_777));
            let held = replaced(&held, "77777", text);
            let drawn = drawing(&format!("BT {text} Tj ET"));
            let trailer = replaced(&file(|_| {}), "/Size", &format!("/Extra{text}/Size"));
            for bytes in [rewritten(&held, "1 0 obj", "1 0 obj"), drawn, trailer] {
                for flavour in [Flavour::A1B, Flavour::A3B, Flavour::A4] {
                    assert_eq!(breaks(&HEXADECIMAL, &bytes, flavour), is_broken, "{text}");
                }
            }
        }
    }
}

//! The cross-reference table (6.1.4 of all parts).

use super::written::{Form, Section};
use crate::pdf::validate::{
    Part, Place,
    rule::{Clauses, Findings, Rule, Scope},
    subject::Subject,
};

/// The sections can be followed.
pub(super) const READABLE: Rule = Rule {
    name: "cross-references-readable",
    clauses: Clauses::all("6.1.4", "6.1.4", "6.1.4"),
    scope: Scope::Every,
    remedy: "Save it anew with a program that rebuilds the cross-reference table.",
    check: readable,
};

/// The word that begins a table stands alone on its line.
pub(super) const KEYWORD: Rule = Rule {
    name: "cross-reference-keyword",
    clauses: Clauses::all("6.1.4", "6.1.4", "6.1.4"),
    scope: Scope::Every,
    remedy: "Write one end of line, and nothing else, between xref and the numbers after it.",
    check: keyword,
};

/// The numbers that begin a part of a table are parted by one space.
pub(super) const SUBSECTION: Rule = Rule {
    name: "cross-reference-subsection",
    clauses: Clauses::only(Part::One, "6.1.4"),
    scope: Scope::Every,
    remedy: "Write one space between the two numbers that begin a part of the cross-reference table.",
    check: subsection,
};

/// Part 1 has no cross-reference streams.
pub(super) const STREAMS: Rule = Rule {
    name: "no-cross-reference-streams",
    clauses: Clauses::only(Part::One, "6.1.4"),
    scope: Scope::Every,
    remedy: "Save it with a cross-reference table and without object streams, as PDF 1.4 does.",
    check: streams,
};

/// From the end of the file on every cross-reference section is where the one before says (6.1.4 of all parts;
/// ISO 32000-1, 7.5.4, 7.5.5 and 7.5.8).
fn readable(subject: &Subject<'_>, findings: &mut Findings) {
    if let Some(broken) = &subject.written().broken {
        findings.add_document(&format!("The cross-reference sections cannot be followed: {broken}."));
    }
}

/// The word `xref` and the first numbers are parted by a single end of line (6.1.4 of all parts).
fn keyword(subject: &Subject<'_>, findings: &mut Findings) {
    for section in &subject.written().sections {
        let is_wrong = matches!(section.form, Form::Table { has_line_end: false, .. });
        findings.add_if(is_wrong, Place::default(), || {
            format!("The word \"xref\" at byte {} is not followed by a single end of line.", section.offset)
        });
    }
}

/// The number of the first object of a part and the count of its objects are parted by a single space (part 1, 6.1.4).
fn subsection(subject: &Subject<'_>, findings: &mut Findings) {
    for section in &subject.written().sections {
        let is_wrong = matches!(section.form, Form::Table { has_single_spaces: false, .. });
        findings.add_if(is_wrong, Place::default(), || {
            format!("The table at byte {} has a part whose two numbers are not parted by one space.", section.offset)
        });
    }
}

/// PDF 1.4, on which part 1 is based, knows tables only (part 1, 6.1.4).
fn streams(subject: &Subject<'_>, findings: &mut Findings) {
    let is_stream = |section: &&Section| !matches!(section.form, Form::Table { .. });
    for section in subject.written().sections.iter().filter(is_stream) {
        findings.add(Place::default(), || format!("There is a cross-reference stream at byte {}.", section.offset));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{breaks, file, replaced};
    use super::*;
    use crate::pdf::validate::Flavour;

    #[test]
    fn a_table_begins_with_its_word_on_a_line_of_its_own() {
        let bytes = file(|_| {});
        assert!(!breaks(&KEYWORD, &bytes, Flavour::A2B));
        for head in ["xref \n0", "xref\n\n0", "xref 0"] {
            assert!(breaks(&KEYWORD, &replaced(&bytes, "\nxref\n0", &format!("\n{head}")), Flavour::A2B), "{head}");
        }
    }

    #[test]
    fn the_numbers_of_a_part_have_one_space_between_them() {
        let bytes = file(|_| {});
        assert!(!breaks(&SUBSECTION, &bytes, Flavour::A1B));
        for head in ["0  ", "0\n"] {
            let bytes = replaced(&bytes, "\nxref\n0 ", &format!("\nxref\n{head}"));
            assert!(breaks(&SUBSECTION, &bytes, Flavour::A1B), "{head:?}");
            assert!(!breaks(&SUBSECTION, &bytes, Flavour::A2B), "only part 1 has the rule");
        }
    }

    #[test]
    fn part_1_has_tables_only() {
        let mut document = lopdf::Document::load_mem(&file(|_| {})).unwrap();
        let mut modern = Vec::new();
        document.save_modern(&mut modern).unwrap();
        assert!(breaks(&STREAMS, &modern, Flavour::A1B));
        assert!(!breaks(&STREAMS, &modern, Flavour::A2B));
        assert!(!breaks(&READABLE, &modern, Flavour::A2B));
        assert!(!breaks(&STREAMS, &file(|_| {}), Flavour::A1B));
    }

    #[test]
    fn sections_are_followed_to_the_oldest() {
        let bytes = file(|_| {});
        assert!(!breaks(&READABLE, &bytes, Flavour::A2B));
        assert!(breaks(&READABLE, &replaced(&bytes, "/Size", "/Prev 12/Size"), Flavour::A2B));
    }
}

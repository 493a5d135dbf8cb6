//! Which types of annotations there may be.

use super::{all, is_one_of, named};
use crate::pdf::validate::{Flavour, Level, Part, rule::Findings, subject::Subject};

/// What all parts allow: the types of PDF 1.4 that neither play something nor carry a file.
const OF_ALL: &[&[u8]] = &[
    b"Text",
    b"Link",
    b"FreeText",
    b"Line",
    b"Square",
    b"Circle",
    b"Highlight",
    b"Underline",
    b"Squiggly",
    b"StrikeOut",
    b"Stamp",
    b"Ink",
    b"Popup",
    b"Widget",
    b"PrinterMark",
    b"TrapNet",
];

/// What came with PDF 1.5 to 1.7.
const FROM_TWO: &[&[u8]] = &[b"Polygon", b"PolyLine", b"Caret", b"Watermark", b"Redact"];

/// The types that a flavour allows beyond those of [`OF_ALL`] and [`FROM_TWO`].
const fn others(flavour: Flavour) -> &'static [&'static [u8]] {
    match (flavour.part(), flavour.level()) {
        (Part::One, _) => &[],
        (Part::Two | Part::Three, _) => &[b"FileAttachment"],
        (Part::Four, Level::E) => &[b"Projection", b"3D", b"RichMedia"],
        (Part::Four, Level::F) => &[b"Projection", b"FileAttachment"],
        (Part::Four, Level::A | Level::B | Level::U | Level::Plain) => &[b"Projection"],
    }
}

/// An annotation is of a type that the part's version of PDF defines, and not of one that plays sound, films or scenes;
/// those are for level E of part 4, and attached files not for part 1 and only for level F of part 4
/// (ISO 19005-1, 6.5.2; -2 and -3, 6.3.1; -4, 6.3.1 and annexes A and B).
pub(super) fn is_permitted(subject: &Subject<'_>, findings: &mut Findings) {
    let others = others(subject.flavour);
    for (place, annotation) in all(subject) {
        let is_permitted = is_one_of(subject, annotation, OF_ALL)
            || (subject.flavour.part() != Part::One && is_one_of(subject, annotation, FROM_TWO))
            || is_one_of(subject, annotation, others);
        findings.add_if(!is_permitted, place, || {
            format!("An {} is not allowed in {}.", named(subject, annotation), subject.flavour)
        });
    }
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::super::{
        RULES,
        testing::{annotated, breaks},
    };
    use crate::pdf::validate::Flavour;

    #[test]
    fn types_are_those_of_the_part_and_level() {
        let a = [Flavour::A1B, Flavour::A2B, Flavour::A3B, Flavour::A4, Flavour::A4E, Flavour::A4F];
        let allowed: [(&str, [bool; 6]); 9] = [
            ("Link", [true; 6]),
            ("Caret", [false, true, true, true, true, true]),
            ("FileAttachment", [false, true, true, false, false, true]),
            ("Projection", [false, false, false, true, true, true]),
            ("3D", [false, false, false, false, true, false]),
            ("RichMedia", [false, false, false, false, true, false]),
            ("Movie", [false; 6]),
            ("Screen", [false; 6]),
            ("Mine", [false; 6]),
        ];
        for (subtype, expected) in allowed {
            let document = annotated(dictionary! { "Subtype" => subtype });
            let found = a.map(|flavour| !breaks(&document, flavour, RULES, "annotation-type"));
            assert_eq!(found, expected, "{subtype}");
        }
    }

    #[test]
    fn an_annotation_without_a_type_is_refused() {
        assert!(breaks(&annotated(dictionary! {}), Flavour::A2B, RULES, "annotation-type"));
    }
}

//! Metrics: dictionary and program agree on how wide a glyph is (part 1: 6.3.6; parts 2 and 3: 6.2.11.5; part 4: 6.2.10.5).

use crate::pdf::validate::{
    rule::{Clauses, Findings, Rule, Scope},
    subject::Subject,
};

/// Widths agree.
pub(super) const WIDTHS: Rule = Rule {
    name: "glyph-widths",
    clauses: Clauses::all("6.3.6", "6.2.11.5", "6.2.10.5"),
    scope: Scope::Every,
    remedy: "Write the widths of the font program into the font dictionary.",
    check: widths,
};

/// By how many thousandths widths may differ.
const DIFFERENCE_MAX: f64 = 1.0;

/// What is lost in reckoning.
const ROUNDING: f64 = 1e-3;

/// Part 1, 6.3.6; parts 2 and 3, 6.2.11.5; part 4, 6.2.10.5: the width of each glyph that is drawn is the same in the font
/// dictionary and in the program, up to a thousandth of the em.
fn widths(subject: &Subject<'_>, findings: &mut Findings) {
    for font in subject.facts().fonts.examined(subject) {
        for glyph in font.glyphs.iter().filter(|glyph| glyph.shown.is_visible) {
            let Some((program, dictionary)) = glyph.widths else { continue };
            let differs = (program - dictionary).abs() > DIFFERENCE_MAX + ROUNDING;
            findings.add_if(differs, font.place, || {
                format!(
                    "Code {:#X} of the font \"{}\" is {program:.1} wide in the program and {dictionary:.1} in the dictionary.",
                    glyph.code.value,
                    font.name(subject)
                )
            });
        }
    }
}

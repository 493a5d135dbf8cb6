//! What shown text stands for (parts 2 and 3: 6.2.11.7; part 1: 6.3.8; part 4: 6.2.10.7 and 6.2.10.8).

use lopdf::Object;

use super::examined::Meaning;
use crate::pdf::{
    object,
    validate::{
        Part,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

/// What text stands for is known.
pub(super) const KNOWN: Rule = Rule {
    name: "text-in-unicode",
    clauses: Clauses::to_three("6.3.8", "6.2.11.7.2"),
    scope: Scope::Unicode,
    remedy: "Let the font have a ToUnicode map with all codes that are shown.",
    check: known,
};

/// Maps to Unicode have characters.
pub(super) const VALUES: Rule = Rule {
    name: "text-values",
    clauses: Clauses::two_and_three("6.2.11.7.2"),
    scope: Scope::Unicode,
    remedy: "Give every code in the ToUnicode map of the font a real character.",
    check: values,
};

/// The same, at every level of part 4.
pub(super) const VALUES_ALWAYS: Rule = Rule {
    name: "text-values-always",
    clauses: Clauses::only(Part::Four, "6.2.10.7"),
    scope: Scope::Every,
    remedy: "Give every code in the ToUnicode map of the font a real character.",
    check: values,
};

/// Characters for private use are explained.
pub(super) const PRIVATE: Rule = Rule {
    name: "private-use-replaced",
    clauses: Clauses::two_and_three("6.2.11.7.3"),
    scope: Scope::Accessible,
    remedy: "Mark the text with an ActualText of usual characters.",
    check: private,
};

/// What explains is not itself in need of it.
pub(super) const REPLACEMENT: Rule = Rule {
    name: "replacement-not-private",
    clauses: Clauses::only(Part::Four, "6.2.10.8"),
    scope: Scope::Every,
    remedy: "Write the ActualText in usual characters.",
    check: replacement,
};

/// The values that no character has.
const NO_CHARACTERS: [u16; 3] = [0, 0xFEFF, 0xFFFE];

/// Part 1, level A, 6.3.8; parts 2 and 3, levels U and A, 6.2.11.7.2: it can be told for each code that is shown which
/// text it stands for, by the map of the font to Unicode or as ISO 32000-1, 9.10.2, says.
fn known(subject: &Subject<'_>, findings: &mut Findings) {
    for font in subject.facts().fonts.examined(subject) {
        for glyph in font.glyphs.iter().filter(|glyph| glyph.meaning == Meaning::Unknown) {
            findings.add(font.place, || {
                format!(
                    "Nothing tells which character code {:#X} of the font \"{}\" stands for.",
                    glyph.code.value,
                    font.name(subject)
                )
            });
        }
    }
}

/// Parts 2 and 3, levels U and A, 6.2.11.7.2; part 4, 6.2.10.7: the values in a map to Unicode are not 0, U+FEFF or
/// U+FFFE.
fn values(subject: &Subject<'_>, findings: &mut Findings) {
    for font in subject.facts().fonts.examined(subject) {
        for glyph in &font.glyphs {
            let Meaning::Text(text) = &glyph.meaning else { continue };
            if let Some(unit) = text.iter().find(|unit| NO_CHARACTERS.contains(unit)) {
                findings.add(font.place, || {
                    format!(
                        "The font \"{}\" maps code {:#X} to U+{unit:04X}, which is no character.",
                        font.name(subject),
                        glyph.code.value
                    )
                });
            }
        }
    }
}

/// Parts 2 and 3, level A, 6.2.11.7.3: what is mapped to characters for private use has an `ActualText`.
fn private(subject: &Subject<'_>, findings: &mut Findings) {
    for font in subject.facts().fonts.examined(subject) {
        for glyph in font.glyphs.iter().filter(|glyph| glyph.shown.is_unreplaced) {
            let Meaning::Text(text) = &glyph.meaning else { continue };
            if char::decode_utf16(text.iter().copied()).flatten().any(is_private) {
                findings.add(font.place, || {
                    format!(
                        "Code {:#X} of the font \"{}\" stands for a character of private use and is shown without an \
                         ActualText.",
                        glyph.code.value,
                        font.name(subject)
                    )
                });
            }
        }
    }
}

/// Part 4, 6.2.10.8: an `ActualText` has no characters for private use, in the structure or in content.
fn replacement(subject: &Subject<'_>, findings: &mut Findings) {
    let message = || "An ActualText has characters of private use.".to_owned();
    subject.each_dictionary(|id, held| {
        let Some(Object::String(..)) = object::get(subject.document, held, b"ActualText") else { return };
        let text = object::text(subject.document, held, b"ActualText").unwrap_or_default();
        findings.add_if(text.chars().any(is_private), id, message);
    });
    if let Some(place) = subject.facts().fonts.private_replacement {
        findings.add(place, message);
    }
}

/// Whether a character is set aside for private use.
pub(super) fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Whether a name is one of those of the standard font of signs: `a1` to `a206`.
pub(super) fn is_dingbat(name: &[u8]) -> bool {
    let number = name.strip_prefix(b"a").and_then(|digits| std::str::from_utf8(digits).ok());
    number.and_then(|digits| digits.parse::<u8>().ok()).is_some_and(|number| (1..=206).contains(&number))
}

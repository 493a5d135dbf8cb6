//! Embedding: programs are in the document, with all glyphs, and lists of glyphs are right (part 1: 6.3.4 and 6.3.5; parts
//! 2 and 3: 6.2.11.4 and 6.2.11.8; part 4: 6.2.10.4 and 6.2.10.9).

use lopdf::Object;

use super::{
    examined::{self, Embedding, Kind},
    lists::Listing,
};
use crate::pdf::validate::{
    Part,
    rule::{Clauses, Findings, Rule, Scope},
    subject::Subject,
};

/// Fonts are in the document.
pub(super) const EMBEDDED: Rule = Rule {
    name: "font-embedded",
    clauses: Clauses::all("6.3.4", "6.2.11.4.1", "6.2.10.4.1"),
    scope: Scope::Every,
    remedy: "Embed the font, or have the file converted, which embeds one in its place.",
    check: embedded,
};

/// Fonts have the glyphs that are shown.
pub(super) const COMPLETE: Rule = Rule {
    name: "glyphs-embedded",
    clauses: Clauses::all("6.3.5", "6.2.11.4.1", "6.2.10.4.1"),
    scope: Scope::Every,
    remedy: "Embed the font with all glyphs that are shown.",
    check: complete,
};

/// The list of glyph names is right.
pub(super) const NAMES: Rule = Rule {
    name: "charset-complete",
    clauses: Clauses::to_three("6.3.5", "6.2.11.4.2"),
    scope: Scope::Every,
    remedy: "Leave CharSet out (part 1: write it anew), or list exactly the glyphs of the program.",
    check: names,
};

/// The list of CIDs is right.
pub(super) const CIDS: Rule = Rule {
    name: "cidset-complete",
    clauses: Clauses::to_three("6.3.5", "6.2.11.4.2"),
    scope: Scope::Every,
    remedy: "Leave CIDSet out (part 1: write it anew), or list exactly the CIDs of the program.",
    check: cids,
};

/// No text shows that a glyph is missing.
pub(super) const UNDEFINED_GLYPH: Rule = Rule {
    name: "no-undefined-glyph",
    clauses: Clauses::from_two("6.2.11.8", "6.2.10.9"),
    scope: Scope::Every,
    remedy: "Remove the characters that the font does not have, or use a font that has them.",
    check: undefined,
};

/// Part 1, 6.3.4; parts 2 and 3, 6.2.11.4.1; part 4, 6.2.10.4.1: the program of each font that draws text is in the
/// document, in the entry for its kind, and can be read. The fonts that every reader has are no exception.
fn embedded(subject: &Subject<'_>, findings: &mut Findings) {
    for font in subject.facts().fonts.examined(subject) {
        if !font.is_visible || font.embedding == Embedding::Read || font.kind == Kind::Type3 {
            continue;
        }
        findings.add(font.place, || match font.embedding {
            Embedding::Broken => format!("The program of the font \"{}\" cannot be read.", font.name(subject)),
            Embedding::Missing | Embedding::Read => format!("The font \"{}\" is not embedded.", font.name(subject)),
        });
    }
}

/// Part 1, 6.3.5; parts 2 and 3, 6.2.11.4.1; part 4, 6.2.10.4.1: the program has every glyph that is drawn.
fn complete(subject: &Subject<'_>, findings: &mut Findings) {
    for font in subject.facts().fonts.examined(subject) {
        let missing = font.glyphs.iter().filter(|glyph| glyph.shown.is_visible && glyph.is_present == Some(false));
        for glyph in missing {
            findings.add(font.place, || {
                format!("The font \"{}\" has no glyph for code {:#X}.", font.name(subject), glyph.code.value)
            });
        }
    }
    if subject.facts().fonts.has_too_many_codes {
        findings.add_document("The document shows more different glyphs than are looked at.");
    }
}

/// Part 1, 6.3.5: a Type 1 subset has a `CharSet` with the names of all glyphs that are shown. Parts 2 and 3, 6.2.11.4.2:
/// where there is one, it lists the names of all glyphs of the program and no others.
fn names(subject: &Subject<'_>, findings: &mut Findings) {
    lists(subject, findings, Kind::Type1, "CharSet");
}

/// Part 1, 6.3.5: a CIDFont subset has a `CIDSet` with all CIDs that are shown. Parts 2 and 3, 6.2.11.4.2: where there is
/// one, it lists all CIDs of the program and no others.
fn cids(subject: &Subject<'_>, findings: &mut Findings) {
    lists(subject, findings, Kind::Composite, "CIDSet");
}

/// Holds the lists of glyphs of all subsets of a kind of fonts against their programs. Part 1 asks for a list whether the
/// font is embedded or not.
fn lists(subject: &Subject<'_>, findings: &mut Findings, kind: Kind, list: &str) {
    for font in subject.facts().fonts.examined(subject).iter().filter(|font| font.kind == kind) {
        if !font.described.is_some_and(|held| examined::is_subset(subject, held)) {
            continue;
        }
        let is_there = matches!(font.described(subject, list.as_bytes()), Some(Object::String(..) | Object::Stream(_)));
        let Listing { missing, extra } = &font.content.listing;
        let how = if !is_there && subject.flavour.part() == Part::One {
            "is missing".to_owned()
        } else if let Some(glyph) = missing {
            format!("leaves out {glyph}")
        } else if let Some(glyph) = extra {
            format!("lists {glyph}, which the program does not have")
        } else {
            continue;
        };
        findings.add(font.place, || format!("The {list} of the subset \"{}\" {how}.", font.name(subject)));
    }
}

/// Parts 2 and 3, 6.2.11.8; part 4, 6.2.10.9: no text, drawn or not, shows the glyph for "no such glyph".
fn undefined(subject: &Subject<'_>, findings: &mut Findings) {
    for font in subject.facts().fonts.examined(subject) {
        for glyph in font.glyphs.iter().filter(|glyph| glyph.is_undefined) {
            findings.add(font.place, || {
                format!("Code {:#X} of the font \"{}\" is the undefined glyph.", glyph.code.value, font.name(subject))
            });
        }
    }
}

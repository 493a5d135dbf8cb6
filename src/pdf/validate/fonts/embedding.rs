//! Embedding: programs are in the document, with all glyphs, and lists of glyphs are right (part 1: 6.3.4 and 6.3.5; parts
//! 2 and 3: 6.2.11.4 and 6.2.11.8; part 4: 6.2.10.4 and 6.2.10.9).

use std::collections::BTreeSet;

use lopdf::Object;

use super::{
    examined::{Embedding, Examined, Kind},
    simple::UNDEFINED,
};
use crate::pdf::{
    lexer::{Lexer, Token},
    object, stream,
    validate::{
        Part,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
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

/// Most bytes of a list of CIDs: one bit for each.
const LIST_BYTES_MAX: usize = 1 << 13;

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
}

/// Part 1, 6.3.5: a Type 1 subset has a `CharSet` with the names of all glyphs that are shown. Parts 2 and 3, 6.2.11.4.2:
/// where there is one, it lists the names of all glyphs of the program and no others.
fn names(subject: &Subject<'_>, findings: &mut Findings) {
    let is_first = subject.flavour.part() == Part::One;
    for font in subsets(subject, Kind::Type1) {
        let listed = match font.described(subject, b"CharSet") {
            Some(Object::String(text, _)) => listed(text),
            Some(_) | None if is_first => {
                findings.add(font.place, || format!("The subset \"{}\" has no CharSet.", font.name(subject)));
                continue;
            }
            Some(_) | None => continue,
        };
        let Some(held) = &font.content.names else { continue };
        let shown = font.glyphs.iter().filter_map(|glyph| glyph.name.as_ref());
        let missing = if is_first {
            shown.filter(|name| *name != UNDEFINED && held.contains(*name)).find(|name| !listed.contains(*name))
        } else {
            held.difference(&listed).find(|name| *name != UNDEFINED)
        };
        let extra = if is_first { None } else { listed.difference(held).next() };
        if let Some(name) = missing {
            findings.add(font.place, || {
                format!("The CharSet of \"{}\" leaves out the glyph {}.", font.name(subject), object::shown(name))
            });
        } else if let Some(name) = extra {
            findings.add(font.place, || {
                format!(
                    "The CharSet of \"{}\" lists the glyph {}, which the program does not have.",
                    font.name(subject),
                    object::shown(name)
                )
            });
        }
    }
}

/// The names in a `CharSet`.
fn listed(text: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut lexer = Lexer::at(text, 0);
    let mut names = BTreeSet::new();
    while let Some(token) = lexer.token() {
        if let Token::Name(name) = token
            && name != UNDEFINED
        {
            names.insert(name);
        }
    }
    names
}

/// Part 1, 6.3.5: a CIDFont subset has a `CIDSet` with all CIDs that are shown. Parts 2 and 3, 6.2.11.4.2: where there is
/// one, it lists all CIDs of the program and no others.
fn cids(subject: &Subject<'_>, findings: &mut Findings) {
    let is_first = subject.flavour.part() == Part::One;
    for font in subsets(subject, Kind::Composite) {
        let listed = match font.described(subject, b"CIDSet") {
            Some(Object::Stream(held)) => stream::unpack_within(held, LIST_BYTES_MAX * 4).map(|bytes| bits(&bytes)),
            Some(_) | None if is_first => {
                findings.add(font.place, || format!("The subset \"{}\" has no CIDSet.", font.name(subject)));
                continue;
            }
            Some(_) | None => continue,
        };
        let listed = listed.unwrap_or_default();
        let Some(held) = &font.content.cids else { continue };
        let missing = if is_first {
            let shown = font.glyphs.iter().filter_map(|glyph| glyph.cid);
            shown.filter(|cid| held.possible.contains(cid)).find(|cid| !listed.contains(cid))
        } else {
            held.sure.difference(&listed).next().copied()
        };
        let extra = if is_first { None } else { listed.difference(&held.possible).next().copied() };
        if let Some(cid) = missing {
            findings.add(font.place, || format!("The CIDSet of \"{}\" leaves out CID {cid}.", font.name(subject)));
        } else if let Some(cid) = extra {
            findings.add(font.place, || {
                format!("The CIDSet of \"{}\" lists CID {cid}, which the program does not have.", font.name(subject))
            });
        }
    }
}

/// The CIDs of a list, without the one of the undefined glyph.
fn bits(bytes: &[u8]) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for (first, byte) in (0..).step_by(8).zip(bytes.iter().take(LIST_BYTES_MAX)) {
        found.extend((first..first + 8).zip((0..8).rev()).filter(|(_, bit)| byte >> bit & 1 == 1).map(|(cid, _)| cid));
    }
    found.remove(&0);
    found
}

/// The fonts of a kind that are subsets. Part 1 asks for their lists whether they are embedded or not.
fn subsets<'s, 'a>(subject: &'s Subject<'a>, kind: Kind) -> impl Iterator<Item = &'s Examined<'a>> {
    let is_first = subject.flavour.part() == Part::One;
    let fonts = subject.facts().fonts.examined(subject).iter();
    fonts.filter(move |font| {
        font.kind == kind && (is_first || font.embedding == Embedding::Read) && font.is_subset(subject)
    })
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

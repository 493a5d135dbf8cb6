//! The lists that font descriptors have of the glyphs of a subset: `CharSet` by names, `CIDSet` by CIDs.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Object};

use super::{
    examined::{self, Glyph},
    simple::UNDEFINED,
};
use crate::pdf::{
    lexer::{Lexer, Token},
    object, stream,
    validate::{Part, subject::Subject},
};

/// Most bytes of a list of CIDs: one bit for each.
const LIST_BYTES_MAX: usize = 1 << 13;

/// How a list differs from what it lists. A font without a list has none that differs.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// A glyph that it leaves out.
    pub(super) missing: Option<String>,
    /// A glyph that there is not.
    pub(super) extra: Option<String>,
}

/// Holds the `CharSet` of a font against the names of its program. Part 1 wants to see only what is shown.
pub(super) fn names(subject: &Subject<'_>, font: &Dictionary, glyphs: &[Glyph], held: &BTreeSet<Vec<u8>>) -> Listing {
    let descriptor = examined::descriptor(subject, font).filter(|_| examined::is_subset(subject, font));
    let listed = match descriptor.and_then(|descriptor| object::get(subject.document, descriptor, b"CharSet")) {
        Some(Object::String(text, _)) => listed(text),
        Some(_) | None => return Listing::default(),
    };
    let shown = |name: &Vec<u8>| object::shown(name);
    if subject.flavour.part() == Part::One {
        let mut names = glyphs.iter().filter_map(|glyph| glyph.name.as_ref());
        let missing = names.find(|name| *name != UNDEFINED && held.contains(*name) && !listed.contains(*name));
        return Listing { missing: missing.map(shown), extra: None };
    }
    Listing {
        missing: held.difference(&listed).find(|name| *name != UNDEFINED).map(shown),
        extra: listed.difference(held).next().map(shown),
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

/// The CIDs of a program.
#[derive(Debug, Default)]
pub(super) struct Cids {
    /// Those that surely have a glyph.
    pub(super) sure: BTreeSet<u32>,
    /// Those that may be said to have one.
    pub(super) possible: BTreeSet<u32>,
}

/// Holds the `CIDSet` of a font against the CIDs of its program. Part 1 wants to see only what is shown.
pub(super) fn cids(subject: &Subject<'_>, font: &Dictionary, glyphs: &[Glyph], held: impl FnOnce() -> Cids) -> Listing {
    let descriptor = examined::descriptor(subject, font).filter(|_| examined::is_subset(subject, font));
    let listed = match descriptor.and_then(|descriptor| object::get(subject.document, descriptor, b"CIDSet")) {
        Some(Object::Stream(held)) => bits(&stream::unpack_within(held, LIST_BYTES_MAX * 8).unwrap_or_default()),
        Some(_) | None => return Listing::default(),
    };
    let held = held();
    let shown = |cid: u32| format!("CID {cid}");
    if subject.flavour.part() == Part::One {
        let mut cids = glyphs.iter().filter_map(|glyph| glyph.cid);
        let missing = cids.find(|cid| held.possible.contains(cid) && !listed.contains(cid));
        return Listing { missing: missing.map(shown), extra: None };
    }
    Listing {
        missing: held.sure.difference(&listed).next().copied().map(shown),
        extra: listed.difference(&held.possible).next().copied().map(shown),
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

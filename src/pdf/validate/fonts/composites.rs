//! Composite fonts: character collections and character maps (part 1: 6.3.3; parts 2 and 3: 6.2.11.3; part 4: 6.2.10.3).

use lopdf::{Dictionary, Object, Stream};

use super::{
    examined::{Embedding, Examined, Kind},
    maps,
};
use crate::pdf::{
    fonts::cmap,
    object,
    validate::{
        Part,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

/// A CIDFont and the map of its codes are of the same character collection.
pub(super) const COLLECTION: Rule = Rule {
    name: "character-collection",
    clauses: Clauses::all("6.3.3.1", "6.2.11.3.1", "6.2.10.3.1"),
    scope: Scope::Every,
    remedy: "Use a map for the character collection of the font, or Identity-H.",
    check: collection,
};

/// A CIDFont says which glyphs its CIDs are.
pub(super) const GLYPH_MAP: Rule = Rule {
    name: "cid-to-glyph-map",
    clauses: Clauses::all("6.3.3.2", "6.2.11.3.2", "6.2.10.3.2"),
    scope: Scope::Every,
    remedy: "Give the CIDFont a CIDToGIDMap: a stream, or the name Identity.",
    check: glyph_map,
};

/// Maps are in the document.
pub(super) const EMBEDDED_MAP: Rule = Rule {
    name: "character-map-embedded",
    clauses: Clauses::all("6.3.3.3", "6.2.11.3.3", "6.2.10.3.3"),
    scope: Scope::Every,
    remedy: "Embed the character map.",
    check: embedded_map,
};

/// A map has one direction of writing.
pub(super) const DIRECTION: Rule = Rule {
    name: "character-map-direction",
    clauses: Clauses::all("6.3.3.3", "6.2.11.3.3", "6.2.10.3.3"),
    scope: Scope::Every,
    remedy: "Let the WMode of the stream dictionary be the one in the character map.",
    check: direction,
};

/// Maps build on what every reader has.
pub(super) const REFERENCES: Rule = Rule {
    name: "character-map-references",
    clauses: Clauses::from_two("6.2.11.3.3", "6.2.10.3.3"),
    scope: Scope::Every,
    remedy: "Write out the map that the character map builds on.",
    check: references,
};

/// The composite fonts.
fn composites<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = &'s Examined<'a>> {
    subject.facts().fonts.examined(subject).iter().filter(|font| font.kind == Kind::Composite)
}

/// Part 1, 6.3.3.1; parts 2 and 3, 6.2.11.3.1; part 4, 6.2.10.3.1: the CIDFont and the map of a composite font have the
/// same registry and ordering, unless the map is `Identity-H` or `Identity-V`; from part 2 on, the supplement of the
/// CIDFont is not above that of the map.
fn collection(subject: &Subject<'_>, findings: &mut Findings) {
    for font in composites(subject) {
        let encoding = object::get(subject.document, font.font, b"Encoding");
        let (map, name) = match encoding {
            Some(Object::Name(name)) => (predefined_collection(name), name.clone()),
            Some(Object::Stream(held)) => {
                let name = object::name(subject.document, &held.dict, b"CMapName").unwrap_or_default();
                (stated_collection(subject, &held.dict), name.to_vec())
            }
            Some(_) | None => (None, Vec::new()),
        };
        if matches!(name.as_slice(), b"Identity-H" | b"Identity-V") {
            continue;
        }
        let held = font.described.and_then(|held| stated_collection(subject, held));
        let agree = held.as_ref().zip(map.as_ref()).is_some_and(|(held, map)| {
            let is_known = held.supplement.is_some() && map.supplement.is_some();
            let is_covered = subject.flavour.part() == Part::One || is_known && held.supplement <= map.supplement;
            held.registry == map.registry && held.ordering == map.ordering && is_covered
        });
        findings.add_if(!agree, font.place, || {
            let shown = |found: Option<Collection>| found.map_or_else(|| "of none".to_owned(), |found| found.shown());
            format!(
                "The CIDFont of \"{}\" is {} but its character map is {}.",
                font.name(subject),
                shown(held),
                shown(map)
            )
        });
    }
}

/// A character collection.
struct Collection {
    registry: Vec<u8>,
    ordering: Vec<u8>,
    supplement: Option<i64>,
}

impl Collection {
    fn shown(&self) -> String {
        let supplement = self.supplement.map_or_else(|| "?".to_owned(), |supplement| supplement.to_string());
        format!("of {}-{}-{supplement}", object::shown(&self.registry), object::shown(&self.ordering))
    }
}

/// The collection that a CIDFont or a map states; a map may have a list of them.
fn stated_collection(subject: &Subject<'_>, holder: &Dictionary) -> Option<Collection> {
    let document = subject.document;
    let info = match object::get(document, holder, b"CIDSystemInfo")? {
        Object::Array(items) => object::resolve(document, items.first()?),
        info => info,
    };
    let info = object::as_dictionary(info)?;
    let text = |key: &[u8]| object::get(document, info, key)?.as_str().ok().map(<[u8]>::to_vec);
    Some(Collection {
        registry: text(b"Registry")?,
        ordering: text(b"Ordering")?,
        supplement: object::integer(document, info, b"Supplement"),
    })
}

/// The collection of a map that every reader has.
fn predefined_collection(name: &[u8]) -> Option<Collection> {
    let (ordering, supplement) = cmap::collection(name)?;
    Some(Collection {
        registry: b"Adobe".to_vec(),
        ordering: ordering.as_bytes().to_vec(),
        supplement: Some(i64::from(supplement)),
    })
}

/// Part 1, 6.3.3.2; parts 2 and 3, 6.2.11.3.2; part 4, 6.2.10.3.2: a CIDFont of Type 2 has a `CIDToGIDMap` that is
/// a stream or the name `Identity`; from part 2 on, while it is not embedded, it needs none.
fn glyph_map(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    let is_first = subject.flavour.part() == Part::One;
    for font in composites(subject).filter(|font| is_first || font.embedding == Embedding::Read) {
        let Some(held) = font.described else { continue };
        if object::name(document, held, b"Subtype") != Some(b"CIDFontType2") {
            continue;
        }
        let is_there = match object::get(document, held, b"CIDToGIDMap") {
            Some(Object::Stream(_)) => true,
            Some(Object::Name(name)) => name == b"Identity",
            Some(_) | None => false,
        };
        findings.add_if(!is_there, font.place, || {
            format!("The CIDFont of \"{}\" does not say which glyphs its CIDs are.", font.name(subject))
        });
    }
}

/// Part 1, 6.3.3.3; parts 2 and 3, 6.2.11.3.3; part 4, 6.2.10.3.3: a map that not every reader has is embedded. Part 1
/// takes only the two identities as known, also for what a map builds on.
fn embedded_map(subject: &Subject<'_>, findings: &mut Findings) {
    let is_first = subject.flavour.part() == Part::One;
    let is_known = |name: &[u8]| {
        if is_first { matches!(name, b"Identity-H" | b"Identity-V") } else { cmap::is_predefined(name) }
    };
    for font in composites(subject) {
        let missing = match object::get(subject.document, font.font, b"Encoding") {
            Some(Object::Name(name)) if is_known(name) => continue,
            Some(Object::Name(name)) => object::shown(name),
            Some(Object::Stream(held)) => {
                match used(subject, held).into_iter().find(|name| is_first && !is_known(name)) {
                    Some(name) => object::shown(&name),
                    None => continue,
                }
            }
            Some(_) | None => "without a name".to_owned(),
        };
        findings.add(font.place, || {
            format!("The character map {missing} of the font \"{}\" is not embedded.", font.name(subject))
        });
    }
}

/// Part 1, 6.3.3.3; parts 2 and 3, 6.2.11.3.3; part 4, 6.2.10.3.3: the `WMode` of the dictionary of an embedded map is
/// the one in the map.
fn direction(subject: &Subject<'_>, findings: &mut Findings) {
    for font in composites(subject) {
        let Some(Object::Stream(held)) = object::get(subject.document, font.font, b"Encoding") else { continue };
        let Some(map) = maps::read(subject, held) else { continue };
        let stated = object::integer(subject.document, &held.dict, b"WMode").unwrap_or(0);
        let own = map.mode.unwrap_or(0);
        findings.add_if(stated != own, font.place, || {
            format!(
                "The character map of the font \"{}\" has the WMode {own}, and {stated} in its dictionary.",
                font.name(subject)
            )
        });
    }
}

/// Parts 2 and 3, 6.2.11.3.3; part 4, 6.2.10.3.3: a map builds on no other one but those that every reader has.
fn references(subject: &Subject<'_>, findings: &mut Findings) {
    for font in composites(subject) {
        let Some(Object::Stream(held)) = object::get(subject.document, font.font, b"Encoding") else { continue };
        for name in used(subject, held).into_iter().filter(|name| !cmap::is_predefined(name)) {
            findings.add(font.place, || {
                format!(
                    "The character map of the font \"{}\" builds on the map \"{}\", which not every reader has.",
                    font.name(subject),
                    object::shown(&name)
                )
            });
        }
    }
}

/// The names of the maps that a map builds on, by its dictionary and in its text.
fn used(subject: &Subject<'_>, held: &Stream) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    match object::get(subject.document, &held.dict, b"UseCMap") {
        Some(Object::Name(name)) => names.push(name.clone()),
        Some(Object::Stream(base)) => {
            names.push(object::name(subject.document, &base.dict, b"CMapName").unwrap_or_default().to_vec());
        }
        Some(_) | None => {}
    }
    names.extend(maps::read(subject, held).and_then(|map| map.uses));
    names.dedup();
    names
}

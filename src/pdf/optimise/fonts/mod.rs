//! Embedded fonts keep the glyphs in use alone.
//!
//! Glyphs keep their numbers, names and codes; those that no text shows become empty. So neither encodings nor widths nor
//! maps change, and what viewers look up by other ways than the usual one is still there.
//!
//! A font stays whole when not all of its uses are known: fields may be filled in with it, or something that no page shows
//! refers to it. Type 1 programs in their first form and OpenType ones stay as they are.
//!
//! # Why
//! The crate `subsetter` gives glyphs new numbers and drops names and codes, which fonts with an encoding live by.

mod compact;
mod truetype;

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, Object, ObjectId};
use twox_hash::XxHash3_128;

use super::Figures;
use crate::pdf::{
    fonts::{
        cmap::Code,
        described, glyphs, maps,
        names::{self, Predefined},
        program::{Compact, TrueType},
        simple_names,
    },
    object, stream,
    usage::Survey,
};

/// Most bytes of a font program that is looked into.
const PROGRAM_BYTES_MAX: usize = 64 << 20;

/// Most bytes of a map from CIDs to glyphs: two for each CID.
const MAP_BYTES_MAX: usize = 1 << 18;

/// Most codes of a font that may all be known.
const CODES_MAX: usize = 1 << 16;

/// Hundredths of its bytes that a program has to become smaller by.
const GAIN_MIN: usize = 5;

/// What is known of the uses of one program.
#[derive(Debug, Default)]
struct Needs {
    /// The dictionaries with its descriptor, and the fonts that they belong to.
    users: BTreeMap<ObjectId, ObjectId>,
    /// Whether a font looks glyphs up by code or name.
    is_simple: bool,
}

/// Takes unused glyphs out of all fonts; `survey` says what text shows.
pub(super) fn subset(document: &mut Document, survey: &Survey, figures: &mut Figures) {
    let blocked = form_fonts(document);
    let uses = uses(document);
    let mut programs: BTreeMap<ObjectId, Needs> = BTreeMap::new();
    for (id, used) in &survey.fonts {
        let Some((holder, program)) = places(document, *id) else { continue };
        if blocked.contains(id) || used.codes.len() >= CODES_MAX {
            continue;
        }
        let needs = programs.entry(program).or_default();
        needs.users.insert(*id, holder);
        let is_simple = object::at(document, *id).is_some_and(|font| !font.has(b"DescendantFonts"));
        needs.is_simple |= is_simple;
    }
    for (id, needs) in programs {
        let holders: BTreeSet<ObjectId> = needs.users.values().copied().collect();
        if uses.get(&id).is_none_or(|count| *count != holders.len()) {
            continue;
        }
        // A font that cannot be made smaller stays as it is.
        let _done = reduce(document, id, &needs, survey, figures);
    }
}

/// Fonts that fields may be filled in with.
fn form_fonts(document: &Document) -> BTreeSet<ObjectId> {
    let form = object::catalog(document).and_then(|catalog| object::dictionary(document, catalog, b"AcroForm"));
    let resources = form.and_then(|form| object::dictionary(document, form, b"DR"));
    let fonts = resources.and_then(|resources| object::dictionary(document, resources, b"Font"));
    fonts.into_iter().flatten().filter_map(|(_, font)| object::target(document, font)).collect()
}

/// How many dictionaries refer to each program by a descriptor.
fn uses(document: &mut Document) -> BTreeMap<ObjectId, usize> {
    let mut found = BTreeMap::new();
    object::each_dictionary(document, |dictionary, document| {
        if let Some(program) = program(document, dictionary) {
            *found.entry(program).or_default() += 1;
        }
    });
    found
}

/// The number of the program that a dictionary with a descriptor has.
fn program(document: &Document, held: &Dictionary) -> Option<ObjectId> {
    let descriptor = object::dictionary(document, held, b"FontDescriptor")?;
    let entries = [&b"FontFile"[..], b"FontFile2", b"FontFile3"];
    entries.into_iter().find_map(|key| object::target(document, descriptor.get(key).ok()?))
}

/// The numbers of the object that has the descriptor of a font, and of its program.
fn places(document: &Document, font: ObjectId) -> Option<(ObjectId, ObjectId)> {
    let held = object::at(document, font)?;
    let holder = match object::array(document, held, b"DescendantFonts") {
        Some(descendants) => object::target(document, descendants.first()?).unwrap_or(font),
        None => font,
    };
    Some((holder, program(document, described(document, held)?)?))
}

/// Writes one program anew.
fn reduce(document: &mut Document, id: ObjectId, needs: &Needs, survey: &Survey, figures: &mut Figures) -> Option<()> {
    let Object::Stream(held) = document.objects.get(&id)? else { return None };
    let before = held.content.len();
    let bytes = stream::unpack_within(held, PROGRAM_BYTES_MAX).ok()?;
    let mut glyphs = BTreeSet::from([0]);
    let (reduced, is_truetype) = if bytes.get(..4) == Some(&[0, 1, 0, 0]) || bytes.get(..4) == Some(b"true") {
        let program = TrueType::read(&bytes)?;
        for font in needs.users.keys() {
            glyphs.extend(of_truetype(document, *font, survey, &program)?);
        }
        (truetype::subset(&bytes, &glyphs, needs.is_simple)?, true)
    } else {
        let program = Compact::read(&bytes).filter(|_| bytes.first() == Some(&1))?;
        for font in needs.users.keys() {
            glyphs.extend(of_compact(document, *font, survey, &program)?);
        }
        (compact::subset(&bytes, &program, &glyphs)?, false)
    };
    let packed = stream::pack_best(&reduced);
    if packed.len() * 100 > before * (100 - GAIN_MIN) {
        return None;
    }
    let Object::Stream(held) = document.objects.get_mut(&id)? else { return None };
    stream::set_packed(held, packed);
    if is_truetype {
        held.dict.set("Length1", i64::try_from(reduced.len()).ok()?);
    }
    figures.fonts_subset += 1;
    figures.font_bytes_saved += before.saturating_sub(held.content.len());
    let tag = tag(&glyphs);
    for (font, holder) in &needs.users {
        rename(document, *font, *holder, &tag);
    }
    Some(())
}

/// The codes that a font shows.
fn codes<'s>(survey: &'s Survey, font: ObjectId) -> impl Iterator<Item = Code> + 's {
    survey.fonts.get(&font).into_iter().flat_map(|used| used.codes.iter().copied())
}

/// Every glyph of a TrueType program that a viewer may take for the codes of a font: they do not all look in the same place.
fn of_truetype(document: &Document, id: ObjectId, survey: &Survey, program: &TrueType<'_>) -> Option<BTreeSet<u32>> {
    let font = object::at(document, id)?;
    if font.has(b"DescendantFonts") {
        let held = described(document, font)?;
        let map = match object::get(document, held, b"CIDToGIDMap") {
            Some(Object::Stream(map)) => Some(stream::unpack_within(map, MAP_BYTES_MAX).ok()?),
            Some(Object::Name(name)) if name != b"Identity" => return None,
            Some(_) | None => None,
        };
        let glyph = |cid: u32| {
            let Some(map) = &map else { return Some(cid) };
            let at = usize::try_from(cid).ok()?.checked_mul(2)?;
            Some(map.get(at..at.checked_add(2)?)?.iter().fold(0, |glyph, byte| glyph << 8 | u32::from(*byte)))
        };
        return Some(cids(document, font, survey, id)?.filter_map(glyph).collect());
    }
    let names = simple_names(document, font);
    let mut found = BTreeSet::new();
    for code in codes(survey, id).filter_map(|code| u8::try_from(code.value).ok()) {
        let standard = Predefined::Standard.name(code).map(str::as_bytes);
        for name in [names(code).as_deref(), standard].into_iter().flatten() {
            let unicode = glyphs::character(name).and_then(|character| program.mapped(3, 1, u32::from(character)));
            let roman = names::macintosh(name).and_then(|code| program.mapped(1, 0, u32::from(code)));
            let own = std::str::from_utf8(name).ok().and_then(|name| program.named(name));
            found.extend([unicode, roman, own].into_iter().flatten());
        }
        let code = u32::from(code);
        let direct = [program.symbol(code), program.mapped(1, 0, code), program.mapped(3, 1, code)];
        found.extend(direct.into_iter().flatten());
    }
    Some(found.into_iter().map(u32::from).collect())
}

/// Every glyph of a compact program that a viewer may take for the codes of a font.
fn of_compact(document: &Document, id: ObjectId, survey: &Survey, program: &Compact<'_>) -> Option<BTreeSet<u32>> {
    let font = object::at(document, id)?;
    if font.has(b"DescendantFonts") {
        return Some(cids(document, font, survey, id)?.filter_map(|cid| program.of_cid(cid)).collect());
    }
    let names = simple_names(document, font);
    let mut found = BTreeSet::new();
    for code in codes(survey, id).filter_map(|code| u8::try_from(code.value).ok()) {
        let standard = Predefined::Standard.name(code).map(str::as_bytes);
        let stated = names(code);
        found.extend([stated.as_deref(), standard].into_iter().flatten().filter_map(|name| program.named(name)));
        found.extend(program.encoded(code));
        if program.has_cids() {
            // Some writers put such a program into a font with an encoding; viewers take codes for glyphs then.
            found.insert(u32::from(code));
        }
    }
    Some(found)
}

/// The CIDs of the codes that a composite font shows.
fn cids<'s>(
    document: &Document,
    font: &Dictionary,
    survey: &'s Survey,
    id: ObjectId,
) -> Option<impl Iterator<Item = u32> + use<'s>> {
    let map = maps::encoding(document, font)?;
    Some(codes(survey, id).filter_map(move |code| map.cid(code)))
}

/// Six letters for a subset, the same for the same glyphs (ISO 32000-1, 9.6.4).
fn tag(glyphs: &BTreeSet<u32>) -> String {
    let mut digest = XxHash3_128::new();
    glyphs.iter().for_each(|glyph| digest.write(&glyph.to_be_bytes()));
    let digest = digest.finish_128().to_be_bytes();
    digest.iter().take(6).map(|byte| char::from(b'A' + byte % 26)).chain(['+']).collect()
}

/// Marks a font as a subset wherever its name stands, unless it is marked.
fn rename(document: &mut Document, font: ObjectId, holder: ObjectId, tag: &str) {
    let descriptor =
        object::at(document, font).and_then(|font| described(document, font)?.get(b"FontDescriptor").ok()).cloned();
    let descriptor = descriptor.and_then(|descriptor| object::target(document, &descriptor));
    let places = [(Some(font), "BaseFont"), (Some(holder), "BaseFont"), (descriptor, "FontName")];
    for (id, key) in places {
        let Some(held) = id.and_then(|id| object::at_mut(document, id)) else { continue };
        let Ok(name) = held.get(key.as_bytes()).and_then(Object::as_name) else { continue };
        let is_tagged =
            name.get(..6).is_some_and(|tag| tag.iter().all(u8::is_ascii_uppercase)) && name.get(6) == Some(&b'+');
        if !is_tagged {
            let name = [tag.as_bytes(), name].concat();
            held.set(key, Object::Name(name));
        }
    }
}

//! Brings the widths of font dictionaries in step with the programs (part 1: 6.3.6; parts 2 and 3: 6.2.11.5).

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::described;
use crate::pdf::{object, validate::Measured};

/// How far a width may be off, in thousandths of an em.
const WIDTH_SLACK: f64 = 1.0;

/// Most entries of widths that are read.
const WIDTHS_MAX: usize = 1 << 17;

/// Mends the widths of a font.
pub(super) fn mend(document: &mut Document, id: ObjectId, glyphs: &[Measured]) {
    let Some(font) = object::at(document, id) else { return };
    match object::name(document, font, b"Subtype") {
        Some(b"Type0") => composite(document, id, glyphs),
        Some(b"Type1" | b"MMType1" | b"TrueType" | b"Type3") => simple(document, id, glyphs),
        Some(_) | None => {}
    }
}

/// The width of a glyph in its program, where the dictionary has another.
fn differing(glyph: &Measured) -> Option<f32> {
    let (program, said) = glyph.widths?;
    ((program - said).abs() > WIDTH_SLACK).then(|| narrowed(program))
}

#[expect(clippy::cast_possible_truncation, reason = "a width has few digits, and the file keeps five of them")]
fn narrowed(width: f64) -> f32 {
    width as f32
}

fn simple(document: &mut Document, id: ObjectId, glyphs: &[Measured]) {
    let Some(font) = object::at(document, id) else { return };
    let stated = |key: &[u8]| object::integer(document, font, key);
    let held = object::array(document, font, b"Widths");
    let (first, last) = (stated(b"FirstChar"), stated(b"LastChar"));
    let is_whole = first.zip(last).zip(held).is_some_and(|((first, last), held)| {
        i64::try_from(held.len()).is_ok_and(|count| last.checked_sub(first) == count.checked_sub(1))
    });
    let differs: BTreeMap<u8, f32> =
        glyphs.iter().filter_map(|glyph| Some((u8::try_from(glyph.code.value).ok()?, differing(glyph)?))).collect();
    // A font that every reader has comes without widths when it is not embedded.
    let is_embedded = glyphs.iter().any(|glyph| glyph.widths.is_some());
    if differs.is_empty() && (is_whole || !is_embedded) {
        return;
    }
    let mut widths: BTreeMap<u8, Object> = BTreeMap::new();
    let codes = first.unwrap_or(0)..=last.unwrap_or(255);
    for (code, width) in codes.zip(held.unwrap_or_default()) {
        widths.extend(u8::try_from(code).ok().map(|code| (code, width.clone())));
    }
    widths.extend(differs.into_iter().map(|(code, width)| (code, Object::Real(width))));
    let (Some((low, _)), Some((high, _))) = (widths.first_key_value(), widths.last_key_value()) else { return };
    let (low, high) = (*low, *high);
    let spare = object::dictionary(document, font, b"FontDescriptor")
        .and_then(|held| object::get(document, held, b"MissingWidth").cloned())
        .unwrap_or(Object::Integer(0));
    let table: Vec<Object> =
        (low..=high).map(|code| widths.get(&code).cloned().unwrap_or_else(|| spare.clone())).collect();
    if let Some(font) = object::at_mut(document, id) {
        font.set("FirstChar", i64::from(low));
        font.set("LastChar", i64::from(high));
        font.set("Widths", table);
    }
}

fn composite(document: &mut Document, id: ObjectId, glyphs: &[Measured]) {
    let differs: BTreeMap<u32, f32> = glyphs.iter().filter_map(|glyph| Some((glyph.cid?, differing(glyph)?))).collect();
    if differs.is_empty() {
        return;
    }
    let Some(font) = object::at(document, id) else { return };
    let descendant =
        object::array(document, font, b"DescendantFonts").and_then(|all| object::target(document, all.first()?));
    let (Some(descendant), Some(held)) = (descendant, described(document, font)) else { return };
    let mut widths = composite_widths(document, held);
    widths.extend(differs);
    if let Some(held) = object::at_mut(document, descendant) {
        held.set("W", table(&widths));
    }
}

/// The widths of a composite font by CID: `c [w w …]` and `first last w`. The first statement counts.
pub(super) fn composite_widths(document: &Document, descendant: &Dictionary) -> BTreeMap<u32, f32> {
    let mut found = BTreeMap::new();
    let mut items = object::array(document, descendant, b"W").unwrap_or_default().iter();
    let cid = |item| object::resolve(document, item).as_i64().ok().and_then(|cid| u32::try_from(cid).ok());
    while let (Some(first), Some(second)) = (items.next(), items.next()) {
        let Some(first) = cid(first) else { continue };
        if let Object::Array(list) = object::resolve(document, second) {
            for (cid, width) in (first..).zip(list) {
                if found.len() < WIDTHS_MAX {
                    found.entry(cid).or_insert_with(|| object::number(document, width).unwrap_or(0.0));
                }
            }
        } else if let (Some(last), Some(width)) = (cid(second), items.next()) {
            let width = object::number(document, width).unwrap_or(0.0);
            for cid in (first..=last).take(WIDTHS_MAX.saturating_sub(found.len())) {
                found.entry(cid).or_insert(width);
            }
        }
    }
    found
}

/// Writes widths by CID, those of neighbours together.
pub(super) fn table(widths: &BTreeMap<u32, f32>) -> Vec<Object> {
    let mut runs: Vec<(u32, Vec<Object>)> = Vec::new();
    for (cid, width) in widths {
        let next = runs.last().and_then(|(first, run)| first.checked_add(u32::try_from(run.len()).ok()?));
        match runs.last_mut().filter(|_| next == Some(*cid)) {
            Some((_, run)) => run.push(Object::Real(*width)),
            None => runs.push((*cid, vec![Object::Real(*width)])),
        }
    }
    runs.into_iter().flat_map(|(first, run)| [Object::Integer(i64::from(first)), run.into()]).collect()
}

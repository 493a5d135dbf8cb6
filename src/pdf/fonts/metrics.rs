//! Writes the widths that a dictionary states into a TrueType program, which keeps all else.
//!
//! # Why
//! Readers move on by the widths of the dictionary. Changing the program instead keeps every letter where it was.

use std::collections::BTreeMap;

use super::{build, program};

/// The tables of a program, in the order of their names.
pub(crate) fn tables(bytes: &[u8]) -> Option<Vec<([u8; 4], Vec<u8>)>> {
    let count = usize::from(word(bytes, 4)?);
    let records = bytes.get(12..)?.chunks_exact(16).take(count);
    let tags = records.filter_map(|record| <[u8; 4]>::try_from(record.get(..4)?).ok());
    let mut tables: Vec<_> = tags.filter_map(|tag| Some((tag, program::table(bytes, &tag)?.to_vec()))).collect();
    tables.sort_unstable();
    tables.dedup_by_key(|(tag, _)| *tag);
    Some(tables)
}

/// The program with other widths, in thousandths, for some of its glyphs; `None` when it does not allow for that.
pub(super) fn with_widths(bytes: &[u8], widths: &BTreeMap<u16, f64>) -> Option<Vec<u8>> {
    if bytes.get(..4)? == b"ttcf" {
        return None;
    }
    let mut tables = tables(bytes)?;
    let get = |tag: &[u8; 4]| tables.iter().find(|(each, _)| each == tag).map(|(_, table)| table.clone());
    let (head, mut hhea, hmtx) = (get(b"head")?, get(b"hhea")?, get(b"hmtx")?);
    let units = f64::from(word(&head, 18)?);
    let glyphs = word(&get(b"maxp")?, 4)?;
    let long = word(&hhea, 34)?.min(glyphs);
    let mut advance = 0;
    let mut metrics = Vec::new();
    // All glyphs get a width of their own, and keep their bearings.
    for glyph in 0..glyphs {
        let at = usize::from(glyph.min(long)) * 4 + usize::from(glyph.saturating_sub(long)) * 2;
        if glyph < long {
            advance = word(&hmtx, at).unwrap_or(advance);
        }
        let bearing = word(&hmtx, if glyph < long { at + 2 } else { at }).unwrap_or(0);
        let stated = match widths.get(&glyph) {
            Some(width) => rounded(width * units / 1000.0),
            None => advance,
        };
        metrics.extend(stated.to_be_bytes());
        metrics.extend(bearing.to_be_bytes());
    }
    hhea.get_mut(34..36)?.copy_from_slice(&glyphs.to_be_bytes());
    let mut head = head;
    head.get_mut(8..12)?.fill(0);
    for (tag, table) in &mut tables {
        match &*tag {
            b"hmtx" => table.clone_from(&metrics),
            b"hhea" => table.clone_from(&hhea),
            b"head" => table.clone_from(&head),
            _ => {}
        }
    }
    let tables: Vec<(&[u8; 4], Vec<u8>)> = tables.iter().map(|(tag, table)| (tag, table.clone())).collect();
    build::assemble(&tables)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u16 just before")]
fn rounded(width: f64) -> u16 {
    width.round().clamp(0.0, 65_535.0) as u16
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

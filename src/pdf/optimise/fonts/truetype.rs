//! Empties the glyphs of a TrueType program that nobody shows.

use std::collections::BTreeSet;

use crate::pdf::fonts::{assemble, tables};

/// Tables that drawing by numbers of glyphs needs, and the one that says what the licence allows.
const KEPT: [&[u8; 4]; 10] = [b"OS/2", b"cvt ", b"fpgm", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"prep"];

/// Tables that looking glyphs up by code or name needs besides.
const KEPT_FOR_CODES: [&[u8; 4]; 2] = [b"cmap", b"post"];

/// Flags of a part of a composite glyph (OpenType, `glyf`).
const WORDS: u16 = 0x0001;
const ONE_SCALE: u16 = 0x0008;
const MORE: u16 = 0x0020;
const TWO_SCALES: u16 = 0x0040;
const MATRIX: u16 = 0x0080;

/// The program with the glyphs of these numbers and their parts; `None` when its tables make no sense.
pub(super) fn subset(bytes: &[u8], glyphs: &BTreeSet<u32>, is_simple: bool) -> Option<Vec<u8>> {
    let mut tables = tables(bytes)?;
    tables.retain(|(tag, _)| KEPT.contains(&tag) || is_simple && KEPT_FOR_CODES.contains(&tag));
    let get = |tag: &[u8; 4]| tables.iter().find(|(each, _)| each == tag).map(|(_, table)| table.as_slice());
    let (head, maxp, hhea) = (get(b"head")?, get(b"maxp")?, get(b"hhea")?);
    let outlines = Outlines { glyf: get(b"glyf")?, loca: get(b"loca")?, is_long: word(head, 50)? != 0 };
    let count = u32::from(word(maxp, 4)?);
    let kept = outlines.closure(glyphs, count);
    let mut glyf = Vec::new();
    let mut loca = vec![0; 4];
    for glyph in 0..count {
        if kept.contains(&glyph) {
            glyf.extend_from_slice(outlines.get(glyph)?);
            glyf.resize(glyf.len().next_multiple_of(4), 0);
        }
        loca.extend(u32::try_from(glyf.len()).ok()?.to_be_bytes());
    }
    let mut hmtx = get(b"hmtx")?.to_vec();
    clear_metrics(&mut hmtx, word(hhea, 34)?, count, &kept);
    for (tag, table) in &mut tables {
        match &*tag {
            b"glyf" => table.clone_from(&glyf),
            b"loca" => table.clone_from(&loca),
            b"hmtx" => table.clone_from(&hmtx),
            b"head" => {
                // Places are long ones from now on; the checksum is made with the file.
                table.get_mut(8..12)?.fill(0);
                table.get_mut(50..52)?.copy_from_slice(&[0, 1]);
            }
            _ => {}
        }
    }
    let tables: Vec<(&[u8; 4], Vec<u8>)> = tables.iter().map(|(tag, table)| (tag, table.clone())).collect();
    assemble(&tables)
}

/// Metrics that nobody asks for become zeros, which pack to nothing. The last long one counts for all after it.
fn clear_metrics(hmtx: &mut [u8], long: u16, count: u32, kept: &BTreeSet<u32>) {
    let long = u32::from(long);
    for glyph in (0..count).filter(|glyph| !kept.contains(glyph) && glyph + 1 != long) {
        let (at, length) = if glyph < long { (glyph * 4, 4) } else { (long * 4 + (glyph - long) * 2, 2) };
        let Ok(at) = usize::try_from(at) else { return };
        if let Some(metric) = hmtx.get_mut(at..at + length) {
            metric.fill(0);
        }
    }
}

/// The outlines of a program.
struct Outlines<'b> {
    glyf: &'b [u8],
    loca: &'b [u8],
    is_long: bool,
}

impl<'b> Outlines<'b> {
    /// The outline of a glyph, which may be empty; `None` when it is not there.
    fn get(&self, glyph: u32) -> Option<&'b [u8]> {
        let glyph = usize::try_from(glyph).ok()?;
        let place = |index: usize| {
            if self.is_long {
                let bytes = self.loca.get(index * 4..index * 4 + 4)?;
                usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
            } else {
                Some(usize::from(word(self.loca, index * 2)?) * 2)
            }
        };
        let (from, to) = (place(glyph)?, place(glyph + 1)?);
        // Some files end before their last outline does.
        self.glyf.get(from.min(self.glyf.len())..to.min(self.glyf.len()))
    }

    /// The glyphs with those that they are put together from.
    fn closure(&self, glyphs: &BTreeSet<u32>, count: u32) -> BTreeSet<u32> {
        let mut kept = BTreeSet::new();
        let mut open: Vec<u32> = glyphs.iter().copied().filter(|glyph| *glyph < count).collect();
        while let Some(glyph) = open.pop() {
            if kept.insert(glyph) {
                open.extend(self.parts(glyph).filter(|part| *part < count));
            }
        }
        kept
    }

    /// The glyphs that one is put together from.
    fn parts(&self, glyph: u32) -> impl Iterator<Item = u32> {
        let outline = self.get(glyph).unwrap_or_default();
        let is_composite = word(outline, 0).is_some_and(|contours| contours & 0x8000 != 0);
        // Its number of contours and its box come first.
        let mut next = is_composite.then_some(10);
        std::iter::from_fn(move || {
            let at = next.take()?;
            let (flags, part) = (word(outline, at)?, word(outline, at + 2)?);
            let numbers = if flags & WORDS != 0 { 4 } else { 2 };
            let scale = match flags {
                _ if flags & MATRIX != 0 => 8,
                _ if flags & TWO_SCALES != 0 => 4,
                _ if flags & ONE_SCALE != 0 => 2,
                _ => 0,
            };
            next = (flags & MORE != 0).then_some(at + 4 + numbers + scale);
            Some(u32::from(part))
        })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

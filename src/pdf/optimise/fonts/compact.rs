//! Empties the glyphs of a program in the Compact Font Format that nobody shows.
//!
//! The list of drawings is written anew in its place, and what it no longer needs becomes zeros, which pack to nothing: so
//! all else stays where the dictionaries of the program say it is.

use std::collections::BTreeSet;

use read_fonts::{ps::cs::CommandSink, types::Fixed};

use crate::pdf::fonts::{names::Predefined, program::Compact};

/// The operator of the top dictionary that says where the drawings are (Adobe Technical Note 5176, table 9).
const DRAWINGS: u8 = 17;

/// The operator that ends a drawing, and an empty drawing with it.
const END: u8 = 14;

/// The program with the glyphs of these numbers; `None` when it makes no sense, or would draw anything else than before.
pub(super) fn subset(bytes: &[u8], program: &Compact<'_>, glyphs: &BTreeSet<u32>) -> Option<Vec<u8>> {
    let at = drawings_at(bytes)?;
    let index = Index::read(bytes, at)?;
    let mut kept = glyphs.clone();
    for glyph in glyphs {
        kept.extend(parts(index.get(bytes, *glyph)?).into_iter().flatten().filter_map(|name| program.named(name)));
    }
    let mut data = Vec::new();
    let mut offsets = vec![1_usize];
    for glyph in 0..index.count {
        match kept.contains(&glyph) {
            true => data.extend_from_slice(index.get(bytes, glyph)?),
            false => data.push(END),
        }
        offsets.push(data.len() + 1);
    }
    if data.len() > index.data.len() {
        return None;
    }
    let mut reduced = bytes.to_vec();
    let size = usize::from(index.offset_bytes);
    for (place, offset) in reduced.get_mut(at + 3..index.data.start)?.chunks_exact_mut(size).zip(offsets) {
        place.copy_from_slice(offset.to_be_bytes().last_chunk::<8>()?.get(8 - size..)?);
    }
    let region = reduced.get_mut(index.data.clone())?;
    region.fill(0);
    region.get_mut(..data.len())?.copy_from_slice(&data);
    draws_the_same(program, &reduced, glyphs).then_some(reduced)
}

/// Whether both programs draw these glyphs in the same way.
fn draws_the_same(program: &Compact<'_>, reduced: &[u8], glyphs: &BTreeSet<u32>) -> bool {
    let Some(reduced) = Compact::read(reduced) else { return false };
    glyphs.iter().all(|glyph| {
        let (mut before, mut after) = (Steps::default(), Steps::default());
        program.draw(*glyph, &mut before) == reduced.draw(*glyph, &mut after)
            && before == after
            && program.width(*glyph) == reduced.width(*glyph)
    })
}

/// Takes down what is drawn.
#[derive(Debug, Default, PartialEq)]
struct Steps(Vec<[Fixed; 6]>);

impl CommandSink for Steps {
    fn move_to(&mut self, x: Fixed, y: Fixed) {
        self.0.push([Fixed::ONE, Fixed::ONE, Fixed::ONE, Fixed::ONE, x, y]);
    }

    fn line_to(&mut self, x: Fixed, y: Fixed) {
        self.0.push([Fixed::ZERO, Fixed::ZERO, Fixed::ZERO, Fixed::ZERO, x, y]);
    }

    fn curve_to(&mut self, x1: Fixed, y1: Fixed, x2: Fixed, y2: Fixed, x: Fixed, y: Fixed) {
        self.0.push([x1, y1, x2, y2, x, y]);
    }

    fn close(&mut self) {}
}

/// The names of the two glyphs that an accented one is put together from, where its drawing says so (Adobe Technical Note
/// 5177, appendix C).
fn parts(drawing: &[u8]) -> [Option<&'static [u8]>; 2] {
    let mut numbers: Vec<i32> = Vec::new();
    let mut at = 0;
    while let Some(byte) = drawing.get(at).copied() {
        let value = i32::from(byte);
        let next = |offset: usize| drawing.get(at + offset).copied().map_or(0, i32::from);
        let (number, length) = match byte {
            28 => (Some(next(1) << 8 | next(2)), 3),
            32..=246 => (Some(value - 139), 1),
            247..=250 => (Some((value - 247) * 256 + next(1) + 108), 2),
            251..=254 => (Some(-(value - 251) * 256 - next(1) - 108), 2),
            255 => (Some(next(1) << 8 | next(2)), 5),
            END => break,
            _ => (None, 1),
        };
        match number {
            Some(number) => numbers.push(number),
            None => numbers.clear(),
        }
        at += length;
    }
    let name = |code: &i32| Predefined::Standard.name(u8::try_from(*code).ok()?).map(str::as_bytes);
    match numbers.as_slice() {
        [.., _, _, base, accent] if drawing.get(at) == Some(&END) => [name(base), name(accent)],
        _ => [None, None],
    }
}

/// Where the drawings are.
fn drawings_at(bytes: &[u8]) -> Option<usize> {
    let names = Index::read(bytes, usize::from(*bytes.get(2)?))?;
    let tops = Index::read(bytes, names.data.end)?;
    let top = tops.get(bytes, 0)?;
    let mut number = None;
    let mut at = 0;
    while let Some(byte) = top.get(at).copied() {
        let part = |count: usize| top.get(at + 1..at + 1 + count);
        let (value, length): (Option<i64>, usize) = match byte {
            DRAWINGS => return number.and_then(|number| usize::try_from(number).ok()),
            28 => (Some(i64::from(i16::from_be_bytes(part(2)?.try_into().ok()?))), 3),
            29 => (Some(i64::from(i32::from_be_bytes(part(4)?.try_into().ok()?))), 5),
            30 => (None, 2 + part(top.len() - at - 1)?.iter().position(|byte| byte & 0xF == 0xF || byte >> 4 == 0xF)?),
            32..=246 => (Some(i64::from(byte) - 139), 1),
            247..=250 => (Some((i64::from(byte) - 247) * 256 + i64::from(*part(1)?.first()?) + 108), 2),
            251..=254 => (Some(-(i64::from(byte) - 251) * 256 - i64::from(*part(1)?.first()?) - 108), 2),
            12 => (None, 2),
            _ => (None, 1),
        };
        number = value;
        at += length;
    }
    None
}

/// A list of pieces of data.
struct Index {
    count: u32,
    offset_bytes: u8,
    /// Where the offsets begin.
    offsets_at: usize,
    data: std::ops::Range<usize>,
}

impl Index {
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let count = u32::from(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
        if count == 0 {
            return Some(Self { count, offset_bytes: 0, offsets_at: at + 2, data: at + 2..at + 2 });
        }
        let offset_bytes = *bytes.get(at + 2)?;
        if !(1..=4).contains(&offset_bytes) {
            return None;
        }
        let offsets = usize::from(offset_bytes) * (usize::try_from(count).ok()? + 1);
        let start = at + 3 + offsets;
        let mut index = Self { count, offset_bytes, offsets_at: at + 3, data: start..start };
        index.data.end = start.checked_add(index.offset(bytes, count)?)?;
        bytes.get(index.data.clone())?;
        Some(index)
    }

    /// Where a piece begins in the data.
    fn offset(&self, bytes: &[u8], number: u32) -> Option<usize> {
        let size = usize::from(self.offset_bytes);
        let at = self.offsets_at + usize::try_from(number).ok()? * size;
        bytes.get(at..at + size)?.iter().fold(0_usize, |offset, byte| offset << 8 | usize::from(*byte)).checked_sub(1)
    }

    fn get<'b>(&self, bytes: &'b [u8], number: u32) -> Option<&'b [u8]> {
        if number >= self.count {
            return None;
        }
        let (from, to) = (self.offset(bytes, number)?, self.offset(bytes, number + 1)?);
        bytes.get(self.data.clone())?.get(from..to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::{fonts::tests::compact_program, stream};

    #[test]
    fn glyphs_in_use_stay_as_they_are_and_the_others_become_empty() {
        let bytes = compact_program(400);
        let program = Compact::read(&bytes).unwrap();
        let kept = BTreeSet::from([0, 3, 377]);
        let reduced = subset(&bytes, &program, &kept).unwrap();
        assert!(stream::pack_best(&reduced).len() < stream::pack_best(&bytes).len());
        let after = Compact::read(&reduced).unwrap();
        assert_eq!((after.glyph_count(), after.of_cid(377)), (401, program.of_cid(377)));
        let drawn = |program: &Compact<'_>, glyph| {
            let mut steps = Steps::default();
            program.draw(glyph, &mut steps).map(|()| steps)
        };
        assert_eq!(drawn(&after, 377), drawn(&program, 377));
        assert!(drawn(&program, 377).is_some_and(|steps| steps.0.len() == 3));
        assert_eq!(drawn(&after, 5), Some(Steps::default()));
    }

    #[test]
    fn the_parts_of_an_accented_glyph_are_known_by_their_codes() {
        // Across 10, up 0, the base A and the grave accent.
        let drawing = [149, 139, 204, 247, 85, END];
        assert_eq!(parts(&drawing), [Some(&b"A"[..]), Some(&b"grave"[..])]);
        assert_eq!(parts(&[149, 139, 21, END]), [None, None]);
    }

    #[test]
    fn a_program_that_is_cut_is_left_alone() {
        let bytes = compact_program(40);
        let program = Compact::read(&bytes).unwrap();
        for length in 0..bytes.len() {
            let reduced = subset(&bytes[..length], &program, &BTreeSet::from([0, 1]));
            assert!(reduced.is_none_or(|reduced| reduced.len() == length));
        }
    }
}

//! Writes a font program in the Compact Font Format whose glyphs have CIDs.
//!
//! # Why
//! As in [`super::build`]: the font is made for the page, so that every glyph is as wide as the page wants it and may come
//! from any installed font, whatever its format. Hints are left out.

use read_fonts::ps::string::Sid;

/// How many strings every program has.
const STANDARD_STRINGS: u16 = 391;

/// The numbers of the first two strings that a program has of its own.
const OWN_STRINGS: [i32; 2] = [391, 392];

/// Operators of dictionaries (Adobe Technical Note 5176, tables 9, 10 and 23). Those of two bytes begin with 12.
const CHARSET: &[u8] = &[15];
const DRAWINGS: &[u8] = &[17];
const PRIVATE: &[u8] = &[18];
const COLLECTION: &[u8] = &[12, 30];
const CID_COUNT: &[u8] = &[12, 34];
const PARTS_AT: &[u8] = &[12, 36];
const PART_OF: &[u8] = &[12, 37];

/// The dictionary of a part: widths count from 0, and a glyph without one has 0.
const PRIVATE_ENTRIES: [u8; 4] = [139, 20, 139, 21];
const PRIVATE_LENGTH: i32 = 4;

/// Operators of drawings.
const MOVE: u8 = 21;
const LINE: u8 = 5;
const CURVE: u8 = 8;
const END: u8 = 14;

/// How the glyphs of a program are told apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keys<'a> {
    /// By CIDs of a collection of Adobe's: its ordering and its supplement.
    Cids(&'a str, i32),
    /// By these names; the CID of a glyph is its place among them, counted from 1.
    Names(&'a [String]),
}

/// A glyph.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glyph {
    /// Its CID; not 0.
    pub(super) cid: u16,
    /// Its width in thousandths of an em.
    pub(super) width: f32,
    /// What it draws.
    pub(super) drawing: Drawing,
}

/// What a glyph draws, in thousandths of an em.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Drawing {
    steps: Vec<u8>,
    /// Where it is, in parts of a thousandth.
    at: (i32, i32),
    is_exact: bool,
}

impl Drawing {
    /// One that is not rounded to whole thousandths.
    pub(super) fn exact() -> Self {
        Self { is_exact: true, ..Self::default() }
    }

    /// Whether there is nothing to be seen.
    pub(super) fn is_blank(&self) -> bool {
        self.steps.is_empty()
    }

    /// Begins a contour.
    pub(super) fn move_to(&mut self, to: (f32, f32)) {
        self.step(&[to], MOVE);
    }

    /// A line.
    pub(super) fn line_to(&mut self, to: (f32, f32)) {
        self.step(&[to], LINE);
    }

    /// A curve with two points that pull it.
    pub(super) fn curve_to(&mut self, first: (f32, f32), second: (f32, f32), to: (f32, f32)) {
        self.step(&[first, second, to], CURVE);
    }

    /// Points are rounded before the way between them is, so that nothing drifts.
    fn step(&mut self, points: &[(f32, f32)], operator: u8) {
        for (x, y) in points {
            let (x, y) = (self.rounded(*x), self.rounded(*y));
            push_parts(&mut self.steps, x - self.at.0);
            push_parts(&mut self.steps, y - self.at.1);
            self.at = (x, y);
        }
        self.steps.push(operator);
    }

    #[expect(clippy::cast_possible_truncation, reason = "clamped to what a drawing can hold just before")]
    fn rounded(&self, value: f32) -> i32 {
        let value = value.clamp(-16_000.0, 16_000.0);
        if self.is_exact { (value * 64.0).round() as i32 } else { value.round() as i32 * PARTS }
    }
}

/// The parts of a thousandth that points are kept in.
const PARTS: i32 = 64;

/// A way in parts of a thousandth: whole, or in parts of 65,536.
fn push_parts(steps: &mut Vec<u8>, parts: i32) {
    if parts % PARTS == 0 {
        push(steps, parts / PARTS);
    } else {
        steps.push(255);
        steps.extend((parts * (65_536 / PARTS)).to_be_bytes());
    }
}

/// A number of a drawing, which lies within 16 bits.
fn push(steps: &mut Vec<u8>, value: i32) {
    let low = |value: i32| {
        let [.., low] = value.to_be_bytes();
        low
    };
    match value {
        -107..=107 => steps.push(low(value + 139)),
        108..=1131 => steps.extend([low((value - 108) / 256 + 247), low(value - 108)]),
        -1131..=-108 => steps.extend([low((-value - 108) / 256 + 251), low(-value - 108)]),
        _ => {
            let [_, _, high, low] = value.to_be_bytes();
            steps.extend([28, high, low]);
        }
    }
}

/// A width: whole, or in parts of 65,536.
#[expect(clippy::cast_possible_truncation, reason = "clamped to 16 bits before the point and 16 after it")]
fn push_width(steps: &mut Vec<u8>, width: f32) {
    let width = width.clamp(-30_000.0, 30_000.0);
    if width.fract() == 0.0 {
        push(steps, width as i32);
    } else {
        steps.push(255);
        steps.extend(((width * 65_536.0).round() as i32).to_be_bytes());
    }
}

/// Writes a program for glyphs in the order of their CIDs; `None` when there are too many.
pub(super) fn write(name: &str, keys: Keys<'_>, glyphs: &[Glyph]) -> Option<Vec<u8>> {
    let count = u16::try_from(glyphs.len() + 1).ok()?;
    let drawings = std::iter::once(vec![139, END]).chain(glyphs.iter().map(|glyph| {
        let mut steps = Vec::new();
        push_width(&mut steps, glyph.width);
        steps.extend(&glyph.drawing.steps);
        steps.push(END);
        steps
    }));
    let drawings = index(&drawings.collect::<Vec<_>>())?;
    let (strings, charset) = match keys {
        Keys::Cids(ordering, _) => {
            let cids = glyphs.iter().flat_map(|glyph| glyph.cid.to_be_bytes()).collect::<Vec<u8>>();
            (vec![b"Adobe".to_vec(), ordering.as_bytes().to_vec()], cids)
        }
        Keys::Names(names) => strings(names)?,
    };
    let charset = [vec![0], charset].concat();
    // One range for all glyphs, all of part 0.
    let part_of: Vec<u8> = [&[3, 0, 1, 0, 0, 0][..], &count.to_be_bytes()].concat();
    let last = glyphs.iter().map(|glyph| glyph.cid).max().unwrap_or(0);
    let head = [&[1, 0, 4, 4][..], &index(&[name.as_bytes().to_vec()])?].concat();
    let tail = [index(&strings)?, index(&[])?].concat();
    let top = |offsets: [usize; 5]| -> Option<Vec<u8>> {
        let mut numbers = [0; 5];
        for (number, offset) in numbers.iter_mut().zip(offsets) {
            *number = i32::try_from(offset).ok()?;
        }
        let [charset, part_of, drawings, private, parts] = numbers;
        let mut top = Vec::new();
        if let Keys::Cids(_, supplement) = keys {
            let [registry, ordering] = OWN_STRINGS;
            entry(&mut top, &[registry, ordering, supplement], COLLECTION);
            entry(&mut top, &[i32::from(last) + 1], CID_COUNT);
            entry(&mut top, &[part_of], PART_OF);
            entry(&mut top, &[parts], PARTS_AT);
        } else {
            entry(&mut top, &[PRIVATE_LENGTH, private], PRIVATE);
        }
        entry(&mut top, &[charset], CHARSET);
        entry(&mut top, &[drawings], DRAWINGS);
        index(&[top])
    };
    // Numbers in dictionaries are all of one length, so the places are known before they are written.
    let charset_at = head.len() + top([0; 5])?.len() + tail.len();
    let part_of_at = charset_at + charset.len();
    let drawings_at = part_of_at + part_of.len();
    let private_at = drawings_at + drawings.len();
    let parts_at = private_at + PRIVATE_ENTRIES.len();
    let mut part = Vec::new();
    entry(&mut part, &[PRIVATE_LENGTH, i32::try_from(private_at).ok()?], PRIVATE);
    let top = top([charset_at, part_of_at, drawings_at, private_at, parts_at])?;
    Some([head, top, tail, charset, part_of, drawings, PRIVATE_ENTRIES.to_vec(), index(&[part])?].concat())
}

/// The strings that a program has of its own, and the numbers of names, two bytes each.
fn strings(names: &[String]) -> Option<(Vec<Vec<u8>>, Vec<u8>)> {
    let mut own = Vec::new();
    let mut numbers = Vec::new();
    for name in names {
        let standard = (1..STANDARD_STRINGS)
            .find(|number| Sid::new(*number).resolve_standard().is_ok_and(|standard| standard == name.as_bytes()));
        let number = match standard {
            Some(number) => number,
            None => {
                own.push(name.as_bytes().to_vec());
                STANDARD_STRINGS.checked_add(u16::try_from(own.len() - 1).ok()?)?
            }
        };
        numbers.extend(number.to_be_bytes());
    }
    Some((own, numbers))
}

/// An entry of a dictionary, its numbers in five bytes each.
fn entry(dictionary: &mut Vec<u8>, numbers: &[i32], operator: &[u8]) {
    for number in numbers {
        dictionary.push(29);
        dictionary.extend(number.to_be_bytes());
    }
    dictionary.extend(operator);
}

/// A list of pieces of data, with offsets of four bytes.
fn index(items: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut index = u16::try_from(items.len()).ok()?.to_be_bytes().to_vec();
    if items.is_empty() {
        return Some(index);
    }
    index.push(4);
    let mut offset = 1_u32;
    index.extend(offset.to_be_bytes());
    for item in items {
        offset = offset.checked_add(u32::try_from(item.len()).ok()?)?;
        index.extend(offset.to_be_bytes());
    }
    index.extend(items.iter().flatten());
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::fonts::program::Compact;

    #[test]
    fn a_written_program_reads_back_with_its_cids_and_widths() {
        let mut drawing = Drawing::default();
        drawing.move_to((0.0, 0.0));
        drawing.line_to((1200.0, -700.0));
        drawing.curve_to((10.0, 10.0), (20.0, 2000.0), (0.0, 0.4));
        let glyphs = [
            Glyph { cid: 7, width: 500.0, drawing: drawing.clone() },
            Glyph { cid: 900, width: 277.75, drawing: Drawing::default() },
            Glyph { cid: 60_000, width: -1500.0, drawing },
        ];
        let bytes = write("ABCDEF+Test", Keys::Cids("Japan1", 2), &glyphs).unwrap();
        let program = Compact::read(&bytes).unwrap();
        assert!(program.has_cids());
        assert_eq!(program.glyph_count(), 4);
        for glyph in glyphs {
            let number = program.of_cid(u32::from(glyph.cid)).unwrap();
            assert_eq!(program.width(number), Some(f64::from(glyph.width)));
        }
        let table = ttf_parser::cff::Table::parse(&bytes).unwrap();
        assert_eq!(table.glyph_cid(ttf_parser::GlyphId(2)), Some(900));
        struct Ends(Vec<(f32, f32)>);
        impl ttf_parser::OutlineBuilder for Ends {
            fn move_to(&mut self, x: f32, y: f32) {
                self.0.push((x, y));
            }
            fn line_to(&mut self, x: f32, y: f32) {
                self.0.push((x, y));
            }
            fn quad_to(&mut self, _: f32, _: f32, x: f32, y: f32) {
                self.0.push((x, y));
            }
            fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, x: f32, y: f32) {
                self.0.push((x, y));
            }
            fn close(&mut self) {}
        }
        let mut ends = Ends(Vec::new());
        table.outline(ttf_parser::GlyphId(1), &mut ends).unwrap();
        assert_eq!(ends.0.get(..3), Some(&[(0.0, 0.0), (1200.0, -700.0), (0.0, 0.0)][..]));
    }

    #[test]
    fn a_program_without_glyphs_has_the_undefined_one() {
        let bytes = write("Test", Keys::Cids("Identity", 0), &[]).unwrap();
        assert_eq!(Compact::read(&bytes).unwrap().glyph_count(), 1);
    }

    #[test]
    fn a_program_may_have_names_that_every_program_has_and_others() {
        let names = ["A", "mine"].map(str::to_owned);
        let mut drawing = Drawing::exact();
        drawing.move_to((0.5, 0.25));
        let glyphs = [1, 2].map(|cid| Glyph { cid, width: 100.0 * f32::from(cid), drawing: drawing.clone() });
        let bytes = write("Test", Keys::Names(&names), &glyphs).unwrap();
        let program = Compact::read(&bytes).unwrap();
        assert_eq!(program.named(b"A").and_then(|glyph| program.width(glyph)), Some(100.0));
        assert_eq!(program.named(b"mine").and_then(|glyph| program.width(glyph)), Some(200.0));
    }
}

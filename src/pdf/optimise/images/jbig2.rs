//! Writes bits as JBIG2: one generic region, coded arithmetically, without loss (ITU-T T.88, 6.2, 7.4 and annex E).
//!
//! # Why
//! It takes a quarter to a half less than fax of group 4. The one encoder there is as a crate finds symbols as well, which
//! is where scans lost digits, and brings a library for matrices along; a generic region alone needs a page of code.

use super::pixels::Bitmap;

/// A state of the coder: how likely the rare bit is, the states after the usual and after the rare one, and whether these
/// change places (T.88, table E.1).
struct State(u32, u8, u8, bool);

const STATES: [State; 47] = [
    State(0x5601, 1, 1, true),
    State(0x3401, 2, 6, false),
    State(0x1801, 3, 9, false),
    State(0x0AC1, 4, 12, false),
    State(0x0521, 5, 29, false),
    State(0x0221, 38, 33, false),
    State(0x5601, 7, 6, true),
    State(0x5401, 8, 14, false),
    State(0x4801, 9, 14, false),
    State(0x3801, 10, 14, false),
    State(0x3001, 11, 17, false),
    State(0x2401, 12, 18, false),
    State(0x1C01, 13, 20, false),
    State(0x1601, 29, 21, false),
    State(0x5601, 15, 14, true),
    State(0x5401, 16, 14, false),
    State(0x5101, 17, 15, false),
    State(0x4801, 18, 16, false),
    State(0x3801, 19, 17, false),
    State(0x3401, 20, 18, false),
    State(0x3001, 21, 19, false),
    State(0x2801, 22, 19, false),
    State(0x2401, 23, 20, false),
    State(0x2201, 24, 21, false),
    State(0x1C01, 25, 22, false),
    State(0x1801, 26, 23, false),
    State(0x1601, 27, 24, false),
    State(0x1401, 28, 25, false),
    State(0x1201, 29, 26, false),
    State(0x1101, 30, 27, false),
    State(0x0AC1, 31, 28, false),
    State(0x09C1, 32, 29, false),
    State(0x08A1, 33, 30, false),
    State(0x0521, 34, 31, false),
    State(0x0441, 35, 32, false),
    State(0x02A1, 36, 33, false),
    State(0x0221, 37, 34, false),
    State(0x0141, 38, 35, false),
    State(0x0111, 39, 36, false),
    State(0x0085, 40, 37, false),
    State(0x0049, 41, 38, false),
    State(0x0025, 42, 39, false),
    State(0x0015, 43, 40, false),
    State(0x0009, 44, 41, false),
    State(0x0005, 45, 42, false),
    State(0x0001, 45, 43, false),
    State(0x5601, 46, 46, false),
];

/// The context in which it is said whether a row is like the one above (T.88, 6.2.5.7, figure 8).
const SAME_ROW: u16 = 0x9B25;

/// Kinds of segments (T.88, 7.3).
const PAGE: u8 = 48;
const REGION: u8 = 38;

/// The page is without loss.
const LOSSLESS: u8 = 1;
/// The region has contexts of 16 pixels, and says of each row whether it is like the one above.
const REGION_FLAGS: u8 = 0b1000;
/// Where four of these pixels are, by column and row: where they are unless said otherwise.
const FREE_PIXELS: [i8; 8] = [3, -1, -3, -1, 2, -2, -2, -2];

/// The bits as segments for a stream; 0 stands for black, as where the format's own filter is undone.
pub(super) fn write(bitmap: &Bitmap) -> Vec<u8> {
    let size = [bitmap.width.to_be_bytes(), bitmap.height.to_be_bytes()].concat();
    let page = [&size[..], &[0; 8], &[LOSSLESS, 0, 0]].concat();
    let places = FREE_PIXELS.map(|place| place.to_be_bytes()[0]);
    let region = [&size[..], &[0; 8], &[0, REGION_FLAGS], &places, &rows(bitmap)].concat();
    [segment(0, PAGE, &page), segment(1, REGION, &region)].concat()
}

/// A segment of page 1 that refers to no other.
fn segment(number: u32, kind: u8, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    [&number.to_be_bytes()[..], &[kind, 0, 1], &length.to_be_bytes(), data].concat()
}

/// Codes all rows.
fn rows(bitmap: &Bitmap) -> Vec<u8> {
    let width = usize::try_from(bitmap.width).unwrap_or(0);
    let blank = vec![false; width];
    let (mut second, mut first) = (blank.clone(), blank);
    let mut coder = Coder::new();
    let mut was_same = false;
    for row in bitmap.bits() {
        let row: Vec<bool> = row.map(|bit| !bit).collect();
        let is_same = row == first;
        coder.code(SAME_ROW, is_same != was_same);
        was_same = is_same;
        if !is_same {
            code_row(&mut coder, &second, &first, &row);
        }
        second = std::mem::replace(&mut first, row);
    }
    coder.finish()
}

/// Codes a row by five pixels of the row two above, seven of the one above, and the four before each.
fn code_row(coder: &mut Coder, second: &[bool], first: &[bool], row: &[bool]) {
    let at = |row: &[bool], x: usize| u16::from(row.get(x).copied().unwrap_or(false));
    let mut above_two = at(second, 0) << 1 | at(second, 1);
    let mut above = at(first, 0) << 2 | at(first, 1) << 1 | at(first, 2);
    let mut before = 0;
    for (x, pixel) in row.iter().enumerate() {
        above_two = (above_two << 1 | at(second, x + 2)) & 0b1_1111;
        above = (above << 1 | at(first, x + 3)) & 0b111_1111;
        coder.code(above_two << 11 | above << 4 | before, *pixel);
        before = (before << 1 | u16::from(*pixel)) & 0b1111;
    }
}

/// The coder (T.88, annex E.2).
struct Coder {
    /// The state of each context, and its usual bit.
    contexts: Vec<(u8, bool)>,
    interval: u32,
    code: u32,
    shifts_left: u32,
    /// The byte that a carry may still change; `None` before the first one.
    last: Option<u8>,
    bytes: Vec<u8>,
}

impl Coder {
    fn new() -> Self {
        let contexts = vec![(0, false); 1 << 16];
        Self { contexts, interval: 0x8000, code: 0, shifts_left: 12, last: None, bytes: Vec::new() }
    }

    fn code(&mut self, context: u16, bit: bool) {
        let Some((number, usual)) = self.contexts.get_mut(usize::from(context)) else { return };
        let Some(State(rare, after_usual, after_rare, swaps)) = STATES.get(usize::from(*number)) else { return };
        self.interval -= rare;
        if bit == *usual {
            if self.interval & 0x8000 != 0 {
                self.code += rare;
                return;
            }
            if self.interval < *rare {
                self.interval = *rare
            } else {
                self.code += rare
            }
            *number = *after_usual;
        } else {
            if self.interval < *rare {
                self.code += rare
            } else {
                self.interval = *rare
            }
            *usual ^= swaps;
            *number = *after_rare;
        }
        while self.interval & 0x8000 == 0 {
            self.interval <<= 1;
            self.code <<= 1;
            self.shifts_left -= 1;
            if self.shifts_left == 0 {
                self.put();
            }
        }
    }

    /// Takes a byte out of the code, with a carry to the one before.
    fn put(&mut self) {
        if self.last != Some(0xFF) && self.code >= 0x800_0000 {
            self.last = self.last.map(|last| last.wrapping_add(1));
            if self.last == Some(0xFF) {
                self.code &= 0x7FF_FFFF;
            }
        }
        self.bytes.extend(self.last);
        // After a byte of ones comes one of seven bits, so that a carry cannot pass it.
        let (bits, shifts) = if self.last == Some(0xFF) { (20, 7) } else { (19, 8) };
        let [.., byte] = (self.code >> bits).to_be_bytes();
        self.last = Some(byte);
        self.code &= (1 << bits) - 1;
        self.shifts_left = shifts;
    }

    fn finish(mut self) -> Vec<u8> {
        let most = self.code + self.interval;
        self.code |= 0xFFFF;
        if self.code >= most {
            self.code -= 0x8000;
        }
        for _ in 0..2 {
            self.code <<= self.shifts_left;
            self.put();
        }
        self.bytes.extend(self.last);
        if self.last != Some(0xFF) {
            self.bytes.push(0xFF);
        }
        self.bytes.push(0xAC);
        self.bytes
    }
}

//! From drawn pixels to what a page of a TIFF holds: bits, grey, or colour.

use hayro::{
    hayro_syntax::page::Page,
    vello_cpu::{Pixmap, color::PremulRgba8},
};
use serde::{Deserialize, Serialize};

use super::{
    settings::{BitonalMethod, Colour, TiffSettings},
    tones,
};

/// How much the parts of a grey pixel may differ: scans of black and white have that much, from JPEG.
const SPREAD_MAX: u8 = 8;
/// What is darker than this is black.
const HALF: u8 = 128;

/// A page, row by row from the top.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Samples {
    pub(super) kind: Kind,
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) bytes: Vec<u8>,
}

/// What the samples of a page stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// One bit each, 1 for black, rows start at a byte.
    Bitonal,
    /// One byte each, 0 for black.
    Grey,
    /// Three bytes each.
    Rgb,
}

impl Kind {
    /// Bytes of one row.
    pub(super) fn row_bytes(self, columns: u16) -> usize {
        match self {
            Self::Bitonal => usize::from(columns).div_ceil(8),
            Self::Grey => usize::from(columns),
            Self::Rgb => usize::from(columns) * 3,
        }
    }
}

impl Samples {
    /// Keeps of a page what the settings want.
    pub(super) fn choose(page: &Page<'_>, drawn: &Pixmap, settings: &TiffSettings) -> Self {
        let is_pure = || tones::is_black_and_white(page);
        let kind = match settings.colour {
            Colour::Bitonal => Kind::Bitonal,
            Colour::Grey => Kind::Grey,
            Colour::Colour => Kind::Rgb,
            Colour::Auto if has_colour(drawn.data()) => Kind::Rgb,
            Colour::Auto if is_pure() => return Self::of(drawn, threshold),
            Colour::Auto => Kind::Grey,
        };
        match kind {
            Kind::Bitonal => match settings.bitonal {
                BitonalMethod::Threshold => Self::of(drawn, threshold),
                BitonalMethod::ErrorDiffusion => Self::of(drawn, diffuse),
                BitonalMethod::Auto if is_pure() => Self::of(drawn, threshold),
                BitonalMethod::Auto => Self::of(drawn, diffuse),
            },
            Kind::Grey => Self::with(drawn, kind, drawn.data().iter().map(shade).collect()),
            Kind::Rgb => {
                Self::with(drawn, kind, drawn.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect())
            }
        }
    }

    fn of(drawn: &Pixmap, method: fn(&[PremulRgba8], usize) -> Vec<u8>) -> Self {
        Self::with(drawn, Kind::Bitonal, method(drawn.data(), usize::from(drawn.width())))
    }

    fn with(drawn: &Pixmap, kind: Kind, bytes: Vec<u8>) -> Self {
        Self { kind, columns: drawn.width(), rows: drawn.height(), bytes }
    }
}

fn has_colour(pixels: &[PremulRgba8]) -> bool {
    pixels.iter().any(|pixel| {
        let (least, most) = (pixel.r.min(pixel.g).min(pixel.b), pixel.r.max(pixel.g).max(pixel.b));
        most - least > SPREAD_MAX
    })
}

/// How light a pixel is (ITU-R BT.601), which keeps grey as it is.
fn shade(pixel: &PremulRgba8) -> u8 {
    let sum = 77 * u32::from(pixel.r) + 150 * u32::from(pixel.g) + 29 * u32::from(pixel.b);
    u8::try_from((sum + 128) >> 8).unwrap_or(u8::MAX)
}

/// Puts bits beside each other, the first on the left of a byte.
fn bits(row: impl Iterator<Item = bool>, packed: &mut Vec<u8>) {
    let (mut byte, mut mask) = (0_u8, 0x80_u8);
    for bit in row {
        if bit {
            byte |= mask;
        }
        mask >>= 1;
        if mask == 0 {
            packed.push(byte);
            (byte, mask) = (0, 0x80);
        }
    }
    if mask != 0x80 {
        packed.push(byte);
    }
}

/// Black is what is darker than half.
fn threshold(pixels: &[PremulRgba8], columns: usize) -> Vec<u8> {
    let mut packed = Vec::with_capacity(pixels.len() / 8 + pixels.len() / columns.max(1));
    for row in pixels.chunks(columns.max(1)) {
        bits(row.iter().map(|pixel| shade(pixel) < HALF), &mut packed);
    }
    packed
}

/// What a pixel is lighter or darker than its bit goes to its neighbours: 7/16 to the next one, 3/16, 5/16 and 1/16 to the
/// three below (Floyd and Steinberg, 1976).
fn diffuse(pixels: &[PremulRgba8], columns: usize) -> Vec<u8> {
    let mut packed = Vec::with_capacity(pixels.len() / 8 + pixels.len() / columns.max(1));
    // In sixteenths; with one place before the row and one behind it.
    let mut errors = vec![0_i32; columns + 2];
    let mut below = vec![0_i32; columns + 2];
    for row in pixels.chunks(columns.max(1)) {
        below.fill(0);
        let mut carried = 0_i32;
        let bit = |(column, pixel): (usize, &PremulRgba8)| {
            let gone = errors.get(column + 1).copied().unwrap_or(0);
            let wanted = i32::from(shade(pixel)) + (gone + carried * 7) / 16;
            let is_black = wanted < i32::from(HALF);
            let error = if is_black { wanted } else { wanted - 255 };
            carried = error;
            if let Some([left, under, right]) = below.get_mut(column..column + 3) {
                *left += error * 3;
                *under += error * 5;
                *right += error;
            }
            is_black
        };
        bits(row.iter().enumerate().map(bit), &mut packed);
        std::mem::swap(&mut errors, &mut below);
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(shades: &[u8]) -> Vec<PremulRgba8> {
        shades.iter().map(|shade| PremulRgba8 { r: *shade, g: *shade, b: *shade, a: 255 }).collect()
    }

    #[test]
    fn bits_stand_from_the_left_black_is_one_and_rows_start_at_a_byte() {
        let row = [0, 255, 127, 128, 0, 0, 0, 0, 0];
        assert_eq!(threshold(&grey(&[row, row].concat()), 9), [0b1010_1111, 0x80, 0b1010_1111, 0x80]);
    }

    #[test]
    fn diffusion_keeps_how_dark_a_shade_is_and_leaves_black_and_white_alone() {
        let (columns, rows) = (101, 100);
        for shade in [0_u8, 32, 100, 128, 200, 255] {
            let packed = diffuse(&grey(&vec![shade; columns * rows]), columns);
            let black: u32 = packed.iter().map(|byte| byte.count_ones()).sum();
            let light = 255.0 * (1.0 - f64::from(black) / (columns * rows) as f64);
            assert!((light - f64::from(shade)).abs() < 2.0, "{shade}: {light}");
        }
    }

    #[test]
    fn grey_keeps_its_shade_and_a_little_noise_is_no_colour() {
        assert!(grey(&(0..=255).collect::<Vec<_>>()).iter().all(|pixel| shade(pixel) == pixel.r));
        let pixel = |r, g, b| PremulRgba8 { r, g, b, a: 255 };
        assert!(!has_colour(&[pixel(100, 104, 97)]) && has_colour(&[pixel(0, 0, 0), pixel(100, 120, 97)]));
    }
}

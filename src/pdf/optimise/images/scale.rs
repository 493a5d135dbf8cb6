//! Fewer pixels for the same picture.

use std::ops::Range;

use pic_scale::{ImageSize, ImageStore, ImageStoreMut, Resampling, ResamplingFunction, Scaler};

use super::pixels::{Bitmap, Raster};

/// How many hundredths of a pixel have to be ink for it to become ink. Somewhat less than half keeps thin strokes.
const INK_MIN: usize = 42;

/// A raster of a smaller size; `None` for a number of channels that nothing scales.
pub(super) fn raster(raster: &Raster, width: u32, height: u32) -> Option<Raster> {
    // Sharper ones ring at the edges of letters, which JPEG pays for.
    let scaler = Scaler::new(ResamplingFunction::CatmullRom);
    let (from, to) = (size(raster.width, raster.height)?, size(width, height)?);
    let samples = match raster.channels {
        1 => resample::<1>(&raster.samples, from, to, &*scaler.plan_planar_resampling(from, to).ok()?),
        3 => resample::<3>(&raster.samples, from, to, &*scaler.plan_rgb_resampling(from, to).ok()?),
        4 => resample::<4>(&raster.samples, from, to, &*scaler.plan_rgba_resampling(from, to, false).ok()?),
        _ => None,
    }?;
    Some(Raster { width, height, channels: raster.channels, samples })
}

/// A bitmap of a smaller size: each pixel is ink when enough of those that it covers are.
pub(super) fn bitmap(bitmap: &Bitmap, width: u32, height: u32, ink_is_1: bool) -> Option<Bitmap> {
    let (from, to) = (size(bitmap.width, bitmap.height)?, size(width, height)?);
    let inked: Vec<u8> = bitmap.bits().flatten().map(|bit| u8::from(bit == ink_is_1)).collect();
    let row_bytes = Bitmap::row_bytes(width);
    let mut rows = vec![0; row_bytes.checked_mul(to.height)?];
    let columns: Vec<Range<usize>> = (0..to.width).map(|x| covered(x, to.width, from.width)).collect();
    for (y, row) in rows.chunks_mut(row_bytes).enumerate() {
        let lines = covered(y, to.height, from.height);
        let mut sums = vec![0_usize; from.width];
        for line in inked.get(lines.start * from.width..lines.end * from.width)?.chunks(from.width) {
            sums.iter_mut().zip(line).for_each(|(sum, ink)| *sum += usize::from(*ink));
        }
        for (x, columns) in columns.iter().enumerate() {
            let ink: usize = sums.get(columns.clone())?.iter().sum();
            let is_ink = ink * 100 >= columns.len() * lines.len() * INK_MIN;
            if is_ink == ink_is_1 {
                *row.get_mut(x / 8)? |= 0x80 >> (x % 8);
            }
        }
    }
    Some(Bitmap { width, height, rows })
}

/// What a place of the smaller size covers of the larger one.
fn covered(place: usize, smaller: usize, larger: usize) -> Range<usize> {
    place * larger / smaller..((place + 1) * larger).div_ceil(smaller)
}

fn size(width: u32, height: u32) -> Option<ImageSize> {
    Some(ImageSize::new(usize::try_from(width).ok()?, usize::try_from(height).ok()?))
}

fn resample<const N: usize>(
    samples: &[u8],
    from: ImageSize,
    to: ImageSize,
    plan: &Resampling<u8, N>,
) -> Option<Vec<u8>> {
    let source = ImageStore::<u8, N>::borrow(samples, from.width, from.height).ok()?;
    let mut target = ImageStoreMut::<u8, N>::try_alloc(to.width, to.height).ok()?;
    plan.resample(&source, &mut target).ok()?;
    Some(target.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_picture_stays_even_in_every_number_of_channels() {
        for (channels, pixel) in [(1, vec![77]), (3, vec![10, 200, 30]), (4, vec![1, 255, 0, 128])] {
            let samples = pixel.repeat(64 * 48);
            let scaled = raster(&Raster { width: 64, height: 48, channels, samples }, 20, 15).unwrap();
            assert_eq!((scaled.width, scaled.height, scaled.samples), (20, 15, pixel.repeat(20 * 15)));
        }
    }

    #[test]
    fn fine_patterns_become_their_mean_and_not_one_of_their_colours() {
        let samples = [0, 255].repeat(60 * 90);
        let scaled = raster(&Raster { width: 120, height: 90, channels: 1, samples }, 40, 30).unwrap();
        let inner = scaled.samples.chunks(40).skip(2).take(26).flat_map(|row| &row[2..38]);
        assert!(inner.clone().all(|sample| (80..=175).contains(sample)), "{:?}", inner.collect::<Vec<_>>());
    }

    #[test]
    fn thin_strokes_stay_ink_whichever_bit_is_ink() {
        // A vertical stroke, two pixels wide, in a bitmap of 32 by 8 that is halved.
        let rows = [0b0000_0000, 0b0011_0000, 0, 0].repeat(8);
        let inverted: Vec<u8> = rows.iter().map(|byte| !byte).collect();
        let scaled = bitmap(&Bitmap { width: 32, height: 8, rows }, 16, 4, true).unwrap();
        assert_eq!(scaled.rows, [0b0000_0100, 0].repeat(4));
        let scaled = bitmap(&Bitmap { width: 32, height: 8, rows: inverted }, 16, 4, false).unwrap();
        assert_eq!(scaled.rows, [0b1111_1011, 0xFF].repeat(4));
    }
}

//! Samples of images before they are packed: how they lie beside each other, what foretells them (the predictors of PNG, ISO
//! 32000-1, 7.4.4.4), and when a JPEG of high quality is taken instead.

use jpeg_encoder::{ColorType, Encoder as JpegEncoder, EncodingError, SamplingFactor};
use lopdf::{Dictionary, dictionary};

/// A picture that is packed to so many bytes stays without loss.
pub(crate) const LOSSLESS_BYTES: usize = 96 << 10;
/// A JPEG has to be so many times smaller to be taken.
pub(crate) const JPEG_GAIN: usize = 2;
/// Its quality: text stays crisp, and edges show no ringing at the size of a page.
pub(crate) const JPEG_QUALITY: u8 = 92;
/// Number of the predictor that lets each row say how it is predicted (ISO 32000-1, table 10).
pub(crate) const PREDICTOR: i64 = 15;

/// The parameters of a stream of predicted rows.
pub(crate) fn parameters(components: i64, bits: u8, columns: u32) -> Dictionary {
    dictionary! {
        "Predictor" => PREDICTOR, "Colors" => components, "BitsPerComponent" => i64::from(bits),
        "Columns" => i64::from(columns),
    }
}

/// Packs shades of grey (one component) or colours (three) as a JPEG that keeps all of the colour.
///
/// # Errors
/// When it has no area or more than 65,535 columns or rows.
pub(crate) fn jpeg(
    samples: &[u8],
    (columns, rows): (u32, u32),
    components: usize,
    quality: u8,
) -> Result<Vec<u8>, EncodingError> {
    let side = |length: u32| u16::try_from(length).unwrap_or_default();
    let kind = if components == 1 { ColorType::Luma } else { ColorType::Rgb };
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder.encode(samples, side(columns), side(rows), kind)?;
    Ok(bytes)
}

/// The bits of a place in a palette of so many colours.
pub(crate) fn bits_for(colours: usize) -> u8 {
    match colours {
        0..=2 => 1,
        3..=4 => 2,
        5..=16 => 4,
        _ => 8,
    }
}

/// Puts samples of fewer than eight bits beside each other; each row starts at a byte.
pub(crate) fn narrow(samples: &[u8], width: usize, bits: u8) -> Vec<u8> {
    if bits == 8 {
        return samples.to_vec();
    }
    let per_byte = usize::from(8 / bits);
    let byte = |samples: &[u8]| {
        let first_shift = 8 - bits;
        samples
            .iter()
            .zip((0..=first_shift).rev().step_by(usize::from(bits)))
            .fold(0, |byte, (sample, shift)| byte | (sample << shift))
    };
    samples.chunks(width).flat_map(|row| row.chunks(per_byte)).map(byte).collect()
}

/// Writes each row with what foretells it best: nothing, the row above, or the pixel before.
pub(crate) fn predict(samples: &[u8], row_bytes: usize, step: usize, is_amount: bool) -> Vec<u8> {
    let blank = vec![0; row_bytes];
    let mut above: &[u8] = &blank;
    let mut predicted = Vec::with_capacity(samples.len() + samples.len() / row_bytes.max(1) + 1);
    let (mut sub, mut up, mut paeth) = (Vec::new(), Vec::new(), Vec::new());
    for row in samples.chunks(row_bytes) {
        up.clear();
        up.extend(row.iter().zip(above).map(|(sample, above)| sample.wrapping_sub(*above)));
        // A row like the one above costs next to nothing; one of places in a palette is best left alone.
        let (kind, bytes) = if up.iter().all(|difference| *difference == 0) {
            (2, up.as_slice())
        } else if is_amount {
            beside(row, above, step, &mut sub, &mut paeth);
            let kinds: [(u8, &[u8]); 4] = [(0, row), (1, &sub), (2, &up), (4, &paeth)];
            kinds.into_iter().min_by_key(|(_, bytes)| cost(bytes)).unwrap_or((0, row))
        } else {
            (0, row)
        };
        predicted.push(kind);
        predicted.extend_from_slice(bytes);
        above = row;
    }
    predicted
}

/// A row by the pixels before, and by those around. Slices that are walked side by side are done many at a time.
fn beside(row: &[u8], above: &[u8], step: usize, sub: &mut Vec<u8>, paeth: &mut Vec<u8>) {
    let (first, rest) = row.split_at(step.min(row.len()));
    let rest_above = above.get(first.len()..).unwrap_or_default();
    sub.clear();
    sub.extend_from_slice(first);
    sub.extend(rest.iter().zip(row).map(|(sample, left)| sample.wrapping_sub(*left)));
    paeth.clear();
    // Nothing is before the first pixel, so the one above is nearest.
    paeth.extend(first.iter().zip(above).map(|(sample, up)| sample.wrapping_sub(*up)));
    let around = row.iter().zip(rest_above).zip(above);
    paeth.extend(
        rest.iter().zip(around).map(|(sample, ((left, up), corner))| sample.wrapping_sub(nearest(*left, *up, *corner))),
    );
}

/// How much a row is likely to cost: the sum of its differences.
fn cost(bytes: &[u8]) -> u64 {
    let sum = |part: &[u8]| part.iter().map(|byte| u32::from(byte.cast_signed().unsigned_abs())).sum::<u32>();
    // Of parts that cannot overflow: such a sum is made of many at a time.
    bytes.chunks(1 << 16).map(|part| u64::from(sum(part))).sum()
}

/// Which of the three neighbours is nearest to their plane (the predictor of Paeth, PNG, 9.4).
fn nearest(left: u8, up: u8, corner: u8) -> u8 {
    let plane = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |neighbour: u8| (plane - i16::from(neighbour)).abs();
    let (by_left, by_up, by_corner) = (distance(left), distance(up), distance(corner));
    let other = if by_up <= by_corner { up } else { corner };
    if by_left <= by_up && by_left <= by_corner { left } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_few_bits_stand_beside_each_other_and_rows_start_at_a_byte() {
        assert_eq!(narrow(&[1, 0, 1, 1, 0, 1], 3, 1), [0b1010_0000, 0b1010_0000]);
        assert_eq!(narrow(&[3, 1, 2, 0, 3], 5, 2), [0b1101_1000, 0b1100_0000]);
        assert_eq!(narrow(&[15, 1], 2, 4), [0xF1]);
    }

    #[test]
    fn a_row_like_the_one_above_is_all_zeros() {
        assert_eq!(predict(&[5, 6, 5, 6], 2, 1, false), [0, 5, 6, 2, 0, 0]);
        assert_eq!(predict(&[100, 101, 102, 103], 4, 1, true), [1, 100, 1, 1, 1]);
    }

    /// What a reader makes of predicted rows (PNG, 9.2).
    fn read(predicted: &[u8], row_bytes: usize, step: usize) -> Vec<u8> {
        let mut rows = vec![vec![0; row_bytes]];
        for row in predicted.chunks(row_bytes + 1) {
            let above = rows.last().unwrap().clone();
            let mut read: Vec<u8> = Vec::new();
            for (at, byte) in row[1..].iter().enumerate() {
                let (left, corner) = if at < step { (0, 0) } else { (read[at - step], above[at - step]) };
                let foretold = [0, left, above[at], 0, nearest(left, above[at], corner)][usize::from(row[0])];
                read.push(byte.wrapping_add(foretold));
            }
            rows.push(read);
        }
        rows.drain(1..).flatten().collect()
    }

    #[test]
    fn predicted_rows_read_as_they_were_and_each_way_is_taken() {
        let mut grain = 1_u32;
        let mut noise = || {
            grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (grain >> 24) as u8
        };
        let (mut kinds, row_bytes) = (std::collections::BTreeSet::new(), 30);
        for shape in 0..6_u8 {
            let colour = noise();
            let sample = |at: u8, noise: u8| match shape {
                0 => noise,
                1 => at.wrapping_mul(7),
                2 => colour.wrapping_add(noise % 3),
                3 => (at / 30 * 20).wrapping_add(at % 30 * 3),
                4 => (at % 30).wrapping_mul(at % 30).wrapping_add(noise % 2),
                _ => (at / 30).wrapping_mul(at % 30).wrapping_add(noise % 2),
            };
            let samples: Vec<u8> = (0..240).map(|at| sample(at, noise())).collect();
            for step in [1, 3] {
                let predicted = predict(&samples, row_bytes, step, true);
                kinds.extend(predicted.iter().step_by(row_bytes + 1).copied());
                assert_eq!(read(&predicted, row_bytes, step), samples, "{shape} {step}");
            }
        }
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [0, 1, 2, 4]);
    }
}

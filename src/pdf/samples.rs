//! Samples of images before they are packed: how they lie beside each other, what foretells them (the predictors of PNG, ISO
//! 32000-1, 7.4.4.4), and when a JPEG of high quality is taken instead.

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
    let mut candidates = [Vec::new(), Vec::new(), Vec::new()];
    for row in samples.chunks(row_bytes) {
        let [sub, up, paeth] = &mut candidates;
        for candidate in [&mut *sub, &mut *up, &mut *paeth] {
            candidate.clear();
        }
        if is_amount {
            let before = || std::iter::repeat_n(&0, step).chain(row);
            let corner = std::iter::repeat_n(&0, step).chain(above);
            sub.extend(row.iter().zip(before()).map(|(sample, left)| sample.wrapping_sub(*left)));
            let around = before().zip(above).zip(corner);
            paeth.extend(
                row.iter()
                    .zip(around)
                    .map(|(sample, ((left, up), corner))| sample.wrapping_sub(nearest(*left, *up, *corner))),
            );
        }
        up.extend(row.iter().zip(above).map(|(sample, above)| sample.wrapping_sub(*above)));
        // A row like the one above costs next to nothing; one of places in a palette is best left alone.
        let kinds: &[(u8, &[u8])] = if is_amount { &[(0, row), (1, sub), (2, up), (4, paeth)] } else { &[(0, row)] };
        let same_above = up.iter().all(|difference| *difference == 0).then_some((2, up.as_slice()));
        let best = same_above.or_else(|| kinds.iter().copied().min_by_key(|(_, bytes)| cost(bytes)));
        if let Some((kind, bytes)) = best {
            predicted.push(kind);
            predicted.extend_from_slice(bytes);
        }
        above = row;
    }
    predicted
}

/// How much a row is likely to cost: the sum of its differences.
fn cost(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(byte.cast_signed().unsigned_abs())).sum()
}

/// Which of the three neighbours is nearest to their plane (the predictor of Paeth, PNG, 9.4).
fn nearest(left: u8, up: u8, corner: u8) -> u8 {
    let plane = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |neighbour: u8| (plane - i16::from(neighbour)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
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
}

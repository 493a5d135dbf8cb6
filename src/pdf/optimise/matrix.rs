//! The part of a transformation that says how large things become; where they stand does not matter here.

use std::cmp::Ordering;

/// `[a b c d]` of a matrix of the format (ISO 32000-1, 8.3.3).
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix([f32; 4]);

impl Matrix {
    /// The one that changes nothing.
    pub(super) const IDENTITY: Self = Self::scale(1.0, 1.0);

    /// One that stretches.
    pub(super) const fn scale(across: f32, up: f32) -> Self {
        Self([across, 0.0, 0.0, up])
    }

    /// Of the six numbers that it is written with; `None` when there are fewer.
    pub(super) fn of(numbers: &[f32]) -> Option<Self> {
        if let [a, b, c, d, _, _] = numbers { Some(Self([*a, *b, *c, *d])) } else { None }
    }

    /// This one first, then another.
    pub(super) fn then(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h])
    }

    /// How long the sides of the unit square become.
    pub(super) fn lengths(self) -> [f32; 2] {
        let [a, b, c, d] = self.0;
        [a.hypot(b), c.hypot(d)]
    }

    /// How wide and how high the upright box around a rectangle becomes.
    pub(super) fn extent(self, width: f32, height: f32) -> [f32; 2] {
        let [a, b, c, d] = self.0;
        [(a * width).abs() + (c * height).abs(), (b * width).abs() + (d * height).abs()]
    }

    /// With fewer digits, so that sizes that differ by next to nothing are one.
    pub(super) fn rounded(self) -> Self {
        let [lowest, highest] = [1e-6, 1e6];
        Self(self.0.map(|value| {
            let value = if value.is_finite() { value.clamp(-highest, highest) } else { highest };
            if value.abs() < lowest { 0.0 } else { f32::from_bits(value.to_bits() & 0xFFFF_F000) }
        }))
    }
}

impl PartialEq for Matrix {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Matrix {}

impl PartialOrd for Matrix {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Matrix {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(one, other)| one.total_cmp(other)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_turned_and_stretched_is_as_long_as_it_looks() {
        let turned = Matrix::of(&[0.0, 2.0, -3.0, 0.0, 7.0, 7.0]).unwrap();
        assert_eq!(turned.lengths(), [2.0, 3.0]);
        assert_eq!(turned.extent(10.0, 1.0), [3.0, 20.0]);
        assert_eq!(Matrix::scale(5.0, 1.0).then(turned).lengths(), [10.0, 3.0]);
    }

    #[test]
    fn sizes_that_differ_by_next_to_nothing_are_one() {
        assert_eq!(Matrix::scale(1.000_01, 2.0).rounded(), Matrix::scale(1.0, 2.0).rounded());
        assert_ne!(Matrix::scale(1.01, 2.0).rounded(), Matrix::scale(1.0, 2.0).rounded());
    }
}

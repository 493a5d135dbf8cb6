//! One page: how it is seen, what it is drawn with, and what is added to it.

use lopdf::{Document, Object, ObjectId};

use super::{Error, archive::rules::annotations_of, object};

/// The size of a page that says none, as readers take it.
const LETTER: [f32; 4] = [0.0, 0.0, 612.0, 792.0];

/// Largest number of a content stream (ISO 19005-1, 6.1.12).
pub(crate) const NUMBER_MAX: f32 = 32_767.0;

/// An affine map, as ISO 32000-1, 8.3.3, writes it: `x' = a x + c y + e`, `y' = b x + d y + f`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Matrix(pub(crate) [f32; 6]);

impl Matrix {
    /// Changes nothing.
    pub(crate) const IDENTITY: Self = Self::shift(0.0, 0.0);

    /// Moves.
    pub(crate) const fn shift(x: f32, y: f32) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// Turns around the origin, against the clock.
    pub(crate) fn turn(degrees: f32) -> Self {
        // Right angles are exact, so that nothing that stands upright is blurred.
        let quarters = (degrees / 90.0).round();
        let (sine, cosine) = if (degrees - quarters * 90.0).abs() < f32::EPSILON {
            match quarters.rem_euclid(4.0) {
                1.0 => (1.0, 0.0),
                2.0 => (0.0, -1.0),
                3.0 => (-1.0, 0.0),
                _ => (0.0, 1.0),
            }
        } else {
            degrees.to_radians().sin_cos()
        };
        Self([cosine, sine, -sine, cosine, 0.0, 0.0])
    }

    /// Does this one first, then the other.
    pub(crate) fn then(self, other: Self) -> Self {
        let [a, b, c, d, e, f] = self.0;
        let ([a, b], [c, d], [e, f]) = (other.direct([a, b]), other.direct([c, d]), other.apply([e, f]));
        Self([a, b, c, d, e, f])
    }

    /// Where a point comes to lie.
    pub(crate) fn apply(self, point: [f32; 2]) -> [f32; 2] {
        let [x, y] = self.direct(point);
        [x + self.0[4], y + self.0[5]]
    }

    /// What becomes of a way from one point to another.
    pub(crate) fn direct(self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [a, b, c, d, ..] = self.0;
        [a * x + c * y, b * x + d * y]
    }

    /// The same without moving.
    pub(crate) const fn fixed(self) -> Self {
        let [a, b, c, d, ..] = self.0;
        Self([a, b, c, d, 0.0, 0.0])
    }

    /// The upright box around what becomes of a rectangle from the origin to a corner: left, bottom, right, top.
    pub(crate) fn bounds(self, [width, height]: [f32; 2]) -> [f32; 4] {
        let corners = [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]].map(|corner| self.apply(corner));
        corners.iter().fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |[left, bottom, right, top], [x, y]| {
            [left.min(*x), bottom.min(*y), right.max(*x), top.max(*y)]
        })
    }
}

/// A page as it is seen: cut to its crop box, turned, and in its units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct View {
    /// Its size in points, as it is seen.
    pub(crate) size: [f32; 2],
    /// From points right of and above the lower left corner, as it is seen, to the units of the page.
    pub(crate) matrix: Matrix,
}

impl View {
    /// Of a page of a flat tree.
    pub(crate) fn of(document: &Document, page: ObjectId) -> Self {
        let held = object::at(document, page);
        let side = |key: &[u8]| held.and_then(|held| object::rectangle(document, held, key)).map(ordered);
        let media = side(b"MediaBox").unwrap_or(LETTER);
        let cut = side(b"CropBox").map_or(media, |crop| common(media, crop));
        let [left, bottom, right, top] = if cut[0] < cut[2] && cut[1] < cut[3] { cut } else { media };
        let turn = held.and_then(|held| object::integer(document, held, b"Rotate")).unwrap_or(0).rem_euclid(360);
        let unit = held
            .and_then(|held| object::number(document, object::get(document, held, b"UserUnit")?))
            .filter(|unit| unit.is_finite() && *unit > 0.0)
            .unwrap_or(1.0);
        let (wide, high, step) = ((right - left) * unit, (top - bottom) * unit, unit.recip());
        let (size, matrix) = match turn {
            90 => ([high, wide], [0.0, step, -step, 0.0, right, bottom]),
            180 => ([wide, high], [-step, 0.0, 0.0, -step, right, top]),
            270 => ([high, wide], [0.0, -step, step, 0.0, left, top]),
            _ => ([wide, high], [step, 0.0, 0.0, step, left, bottom]),
        };
        Self { size, matrix: Matrix(matrix) }
    }

    /// The upper left corner as it is seen, in the units of the page.
    pub(crate) fn upper_left(&self) -> [f32; 2] {
        self.matrix.apply([0.0, self.size[1]])
    }
}

/// A number in the fewest digits that place a pixel.
pub(crate) fn shortened(number: f64) -> String {
    let text = format!("{number:.5}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The same of a number that the library holds.
pub(crate) fn number(number: f32) -> String {
    shortened(f64::from(number))
}

/// The streams that a page is drawn with, in order, each behind a reference.
pub(crate) fn contents(document: &Document, page: ObjectId) -> Vec<Object> {
    let Some(own) = object::at(document, page).and_then(|held| held.get(b"Contents").ok()) else { return Vec::new() };
    let held = object::resolve(document, own);
    match held.as_array() {
        Ok(parts) => parts.clone(),
        // One stream, which is always an object of its own.
        Err(_) if held.as_stream().is_ok() => vec![own.clone()],
        Err(_) => Vec::new(),
    }
}

/// Gives a page a resource of a kind under a name that it does not use yet: `prefix` and a number. What it may share with
/// other pages is left as it is.
///
/// # Errors
/// `Corrupt` when the page is none.
pub(crate) fn name_resource(
    document: &mut Document,
    page: ObjectId,
    kind: &str,
    prefix: &str,
    resource: ObjectId,
) -> Result<String, Error> {
    let none = || Error::corrupt("a page cannot be given a resource");
    let held = object::at(document, page).ok_or_else(none)?;
    let mut resources = object::dictionary(document, held, b"Resources").cloned().unwrap_or_default();
    let mut named = object::dictionary(document, &resources, kind.as_bytes()).cloned().unwrap_or_default();
    let name = (1..).map(|number: u32| format!("{prefix}{number}")).find(|name| !named.has(name.as_bytes()));
    let name = name.ok_or_else(none)?;
    named.set(name.as_bytes(), resource);
    resources.set(kind, named);
    object::at_mut(document, page).ok_or_else(none)?.set("Resources", resources);
    Ok(name)
}

/// Adds annotations to those of a page, above them.
pub(crate) fn annotate(document: &mut Document, page: ObjectId, added: impl IntoIterator<Item = ObjectId>) {
    let all: Vec<Object> = annotations_of(document, page).into_iter().chain(added).map(Object::Reference).collect();
    if let Some(held) = object::at_mut(document, page) {
        held.set("Annots", all);
    }
}

/// The sides of a box in order: some files name its corners the other way round.
fn ordered([a, b, c, d]: [f32; 4]) -> [f32; 4] {
    [a.min(c), b.min(d), a.max(c), b.max(d)]
}

fn common(one: [f32; 4], other: [f32; 4]) -> [f32; 4] {
    [one[0].max(other[0]), one[1].max(other[1]), one[2].min(other[2]), one[3].min(other[3])]
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    fn view(turn: i64, unit: i64) -> View {
        let mut document = Document::new();
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Rotate" => turn, "UserUnit" => unit,
            "MediaBox" => vec![0.into(), 0.into(), 100.into(), 200.into()],
            "CropBox" => vec![80.into(), 20.into(), 10.into(), 300.into()],
        });
        View::of(&document, page)
    }

    #[test]
    fn a_page_is_seen_cut_turned_and_in_points() {
        // The lower left and the upper right corner as they are seen.
        for (turn, size, low, high) in [
            (0, [70.0, 180.0], [10.0, 20.0], [80.0, 200.0]),
            (90, [180.0, 70.0], [80.0, 20.0], [10.0, 200.0]),
            (180, [70.0, 180.0], [80.0, 200.0], [10.0, 20.0]),
            (-90, [180.0, 70.0], [10.0, 200.0], [80.0, 20.0]),
        ] {
            let view = view(turn, 1);
            assert_eq!(view.size, size);
            assert_eq!((view.matrix.apply([0.0, 0.0]), view.matrix.apply(size)), (low, high), "{turn}");
        }
        let large = view(0, 2);
        assert_eq!((large.size, large.upper_left()), ([140.0, 360.0], [10.0, 200.0]));
    }

    #[test]
    fn numbers_have_no_digits_that_say_nothing() {
        assert_eq!(shortened(612.0), "612");
        assert_eq!(shortened(-0.000_000_1), "0");
        assert_eq!(shortened(-1.25), "-1.25");
    }

    #[test]
    fn maps_are_done_one_after_the_other() {
        let map = Matrix::turn(90.0).then(Matrix::shift(5.0, 0.0));
        assert_eq!(map.apply([2.0, 0.0]), [5.0, 2.0]);
        assert_eq!(map.bounds([2.0, 1.0]), [4.0, 0.0, 5.0, 2.0]);
        assert_eq!(map.fixed().apply([2.0, 0.0]), [0.0, 2.0]);
        let [a, b, ..] = Matrix::turn(45.0).0;
        assert!((a - b).abs() < 1e-6 && a > 0.7);
    }
}

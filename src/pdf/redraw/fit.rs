//! Pages of more or fewer units than PDF/A takes: they get larger or smaller units instead, and stay as large as they were.

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::{
    domain::limits,
    pdf::{object, text_layer::Span},
};

/// Shortest side of a page in units (ISO 19005-2, 6.1.13).
const SIDE_MIN: f64 = 3.0;

/// How a page is brought to a size in units that PDF/A takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    scale: f64,
    /// The lower left corner, which becomes the origin.
    corner: [f64; 2],
    size: [f64; 2],
}

impl Fit {
    /// For a page from left to right and bottom to top; `None` for one that is fine.
    pub(super) fn of([left, bottom, right, top]: [f64; 4]) -> Option<Self> {
        let (width, height) = (right - left, top - bottom);
        let side_max = f64::from(limits::PAGE_POINTS_MAX);
        let scale = if width.max(height) > side_max {
            side_max / width.max(height)
        } else if width.min(height) < SIDE_MIN {
            (SIDE_MIN / width.min(height)).min(side_max / width.max(height))
        } else {
            return None;
        };
        // A strip that is too long and too thin at once cannot be both right; no reader minds the thin side.
        let size = [width, height].map(|side| (side * scale).clamp(SIDE_MIN, side_max));
        Some(Self { scale, corner: [left, bottom], size })
    }

    /// Gives a page its size, and units that make up for it.
    pub(super) fn resize(&self, page: &mut Dictionary, unit: f32) {
        for key in ["CropBox", "BleedBox", "TrimBox", "ArtBox"] {
            page.remove(key.as_bytes());
        }
        let [width, height] = self.size.map(single);
        page.set("MediaBox", vec![0.into(), 0.into(), width.into(), height.into()]);
        page.set("UserUnit", single(f64::from(unit) / self.scale));
    }

    /// The matrix of an image on the page.
    pub(super) fn matrix(&self, [a, b, c, d, x, y]: [f64; 6]) -> [f64; 6] {
        let [x, y] = self.point([x, y]);
        let [a, b, c, d] = [a, b, c, d].map(|part| part * self.scale);
        [a, b, c, d, x, y]
    }

    fn point(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [(x - self.corner[0]) * self.scale, (y - self.corner[1]) * self.scale]
    }

    /// Moves a word.
    pub(super) fn move_span(&self, span: &mut Span) {
        span.start = self.point(span.start.map(f64::from)).map(single);
        span.along = span.along.map(|part| single(f64::from(part) * self.scale));
        span.size = single(f64::from(span.size) * self.scale);
    }

    /// Moves a link.
    pub(super) fn move_link(&self, document: &mut Document, link: ObjectId) {
        for key in ["Rect", "QuadPoints"] {
            let numbers: Option<Vec<f32>> = object::at(document, link)
                .and_then(|held| object::array(document, held, key.as_bytes()))
                .map(|numbers| numbers.iter().filter_map(|number| object::number(document, number)).collect());
            if let (Some(numbers), Some(held)) = (numbers, object::at_mut(document, link)) {
                let (pairs, _) = numbers.as_chunks::<2>();
                let moved = pairs.iter().flat_map(|pair| self.point(pair.map(f64::from))).map(single);
                held.set(key, moved.map(Object::Real).collect::<Vec<_>>());
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "places on a page need no more than the seven digits of a single")]
const fn single(number: f64) -> f32 {
    number as f32
}

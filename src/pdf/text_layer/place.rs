//! From places in the picture of a page to places on the page.

use lopdf::{Document, ObjectId};

use super::{Line, Span, Word, is_right_to_left};
use crate::pdf::page::View;

/// The page as it is shown: its upper left corner, and where a step to the right and down leads, all in its own units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placement {
    origin: [f32; 2],
    right: [f32; 2],
    down: [f32; 2],
}

impl Placement {
    /// For a picture of so many pixels that shows the whole page.
    #[expect(clippy::cast_precision_loss, reason = "pictures have fewer than 2^24 pixels a side")]
    pub(super) fn of(document: &Document, page: ObjectId, width: u32, height: u32) -> Self {
        let view = View::of(document, page);
        let [wide, high] = view.size;
        Self {
            origin: view.upper_left(),
            right: view.matrix.direct([wide / width.max(1) as f32, 0.0]),
            down: view.matrix.direct([0.0, -high / height.max(1) as f32]),
        }
    }

    /// Where a step in pixels leads.
    fn step(self, x: f32, y: f32) -> [f32; 2] {
        [self.right[0] * x + self.down[0] * y, self.right[1] * x + self.down[1] * y]
    }

    /// The words of a line in one size, each where it is in the picture.
    pub(super) fn spans(self, line: &Line) -> Vec<Span> {
        let size = line.words.iter().map(|word| self.height(word)).fold(0.0, f32::max);
        let span = |word: &Word| {
            let [x, y, to_x, to_y] = baseline(word);
            let start = self.step(x, y);
            // Shown from left to right.
            let shown =
                if is_right_to_left(&word.text) { word.text.chars().rev().collect() } else { word.text.clone() };
            Span {
                shown,
                start: [self.origin[0] + start[0], self.origin[1] + start[1]],
                along: self.step(to_x - x, to_y - y),
                size,
                space_follows: true,
            }
        };
        line.words.iter().map(span).collect()
    }

    /// How high a word is across its baseline.
    fn height(self, word: &Word) -> f32 {
        let [left, top, right, bottom] = word.bounds.map(pixels);
        let [x, y, to_x, to_y] = baseline(word);
        let across = if (to_x - x).abs() >= (to_y - y).abs() {
            self.step(0.0, bottom - top)
        } else {
            self.step(right - left, 0.0)
        };
        across[0].hypot(across[1])
    }
}

/// The line that a word stands on; the lower side of its box where there is none.
fn baseline(word: &Word) -> [f32; 4] {
    let [x, y, to_x, to_y] = word.baseline;
    if (x, y) == (to_x, to_y) {
        let [left, _, right, bottom] = word.bounds;
        return [left, bottom, right, bottom].map(pixels);
    }
    word.baseline.map(pixels)
}

#[expect(clippy::cast_precision_loss, reason = "pictures have fewer than 2^24 pixels a side")]
fn pixels(count: i32) -> f32 {
    count as f32
}

//! The text of a page with its places: blocks of lines of words, in points from the top left of the page as it is shown.

use std::io::{self, Write};

use hayro::{
    hayro_interpret::TransformExt as _,
    hayro_syntax::page::Page,
    vello_cpu::kurbo::{Affine, Point, Rect, Vec2},
};

use super::sink::Sink;
use crate::pdf::{
    drawing::{Bounds, Size},
    text::{self, Line, PageText, Word},
};

/// How much of an em is above the line that glyphs stand on.
const ABOVE: f64 = 0.8;
/// And how much is below.
const BELOW: f64 = 0.2;
/// Lines so many ems apart, from the bottom of one to the top of the next, are no block.
const GAP_MAX: f64 = 0.7;
/// By how much the sizes of the lines of a block may differ, as a ratio.
const SIZES_MAX: f64 = 1.25;
/// Only the size in units is asked for.
const ANY: Bounds = Bounds { dots_per_inch: 72, pixels_max: 1 << 20, side_max: 1 << 10 };

/// A page with its text.
pub(super) struct PageLayout {
    /// Its width and height in points.
    size: [f64; 2],
    /// From its units to points from the top left.
    transform: Affine,
    pub(super) text: PageText,
}

impl PageLayout {
    /// Reads a page. Interprets what it says, so it is called inside [`crate::pdf::drawing::apart`]. One without area has
    /// no text.
    pub(super) fn of(page: &Page<'_>) -> Self {
        let Ok(size) = Size::of(page, ANY) else {
            return Self { size: [0.0, 0.0], transform: Affine::IDENTITY, text: PageText::default() };
        };
        let unit = f64::from(size.unit);
        Self {
            size: [size.width, size.height].map(|side| f64::from(side) * unit),
            transform: Affine::scale(unit) * page.initial_transform(true).to_kurbo(),
            text: text::of_page(page),
        }
    }

    /// Writes the page, which is counted from 1.
    pub(super) fn write<W: Write>(&self, sink: &mut Sink<'_, W>, number: usize) -> io::Result<()> {
        let [width, height] = self.size.map(shortened);
        sink.line()?;
        sink.open(
            "page",
            &[("number", Some(&number.to_string())), ("width", Some(&width)), ("height", Some(&height))],
        )?;
        for block in self.blocks() {
            let area = block.iter().map(|line| line.area).reduce(|one, other| one.union(other)).unwrap_or_default();
            sink.line()?;
            open(sink, "block", area)?;
            for line in block {
                sink.line()?;
                open(sink, "line", line.area)?;
                for (word, area) in line.line.words.iter().zip(&line.words) {
                    self.write_word(sink, word, *area)?;
                }
                sink.close()?;
            }
            sink.close()?;
        }
        sink.close()
    }

    fn write_word<W: Write>(&self, sink: &mut Sink<'_, W>, word: &Word, area: Rect) -> io::Result<()> {
        let [x, y, width, height] = sides(area);
        let size = shortened(self.em(word));
        let along = self.direction(word);
        let turn = shortened(along.y.atan2(along.x).to_degrees().round());
        sink.leaf(
            "word",
            &[
                ("x", Some(&x)),
                ("y", Some(&y)),
                ("width", Some(&width)),
                ("height", Some(&height)),
                ("size", Some(&size)),
                ("font", word.font.as_deref()),
                ("angle", Some(turn.as_str()).filter(|turn| *turn != "0")),
                ("joined", Some("true").filter(|_| !word.space_follows)),
                ("hidden", Some("true").filter(|_| word.is_invisible)),
            ],
            &word.text,
        )
    }

    /// How high an em of a word is, in points.
    fn em(&self, word: &Word) -> f64 {
        let [a, b, ..] = self.transform.as_coeffs();
        f64::from(word.size) * a.hypot(b)
    }

    /// Which way a word goes, as it is shown.
    fn direction(&self, word: &Word) -> Vec2 {
        let along = self.transform * point(word.end) - self.transform * point(word.start);
        if along.hypot() > 0.0 { along.normalize() } else { Vec2::new(1.0, 0.0) }
    }

    fn area(&self, word: &Word) -> Rect {
        let along = self.direction(word);
        // To the right of which way it goes, y down: below the line.
        let down = Vec2::new(-along.y, along.x) * self.em(word);
        let corners = [word.start, word.end].map(|place| self.transform * point(place));
        let all = corners.into_iter().flat_map(|corner| [corner - down * ABOVE, corner + down * BELOW]);
        all.map(|corner| Rect::from_points(corner, corner)).reduce(|one, other| one.union(other)).unwrap_or_default()
    }

    /// The lines, those that belong together in one block.
    fn blocks(&self) -> Vec<Vec<Placed<'_>>> {
        let mut blocks: Vec<Vec<Placed<'_>>> = Vec::new();
        for line in &self.text.lines {
            let Some(placed) = self.place(line) else { continue };
            match blocks.last_mut() {
                Some(block) if block.last().is_some_and(|last| last.goes_on_with(&placed)) => block.push(placed),
                Some(_) | None => blocks.push(vec![placed]),
            }
        }
        blocks
    }

    fn place<'a>(&self, line: &'a Line) -> Option<Placed<'a>> {
        let words: Vec<Rect> = line.words.iter().map(|word| self.area(word)).collect();
        let area = words.iter().copied().reduce(|one, other| one.union(other))?;
        let em = line.words.iter().map(|word| self.em(word)).fold(0.0, f64::max);
        Some(Placed { line, area, words, em, along: self.direction(line.words.first()?) })
    }
}

/// A line with its place.
struct Placed<'a> {
    line: &'a Line,
    area: Rect,
    words: Vec<Rect>,
    em: f64,
    along: Vec2,
}

impl Placed<'_> {
    /// Whether the next line is below this one, as in a paragraph.
    fn goes_on_with(&self, next: &Self) -> bool {
        if self.along.dot(next.along) < 0.99 || self.em.max(next.em) > self.em.min(next.em) * SIZES_MAX {
            return false;
        }
        // Upright lines alone are put together: others are rare, and are blocks of their own.
        if self.along.y.abs() > 0.01 {
            return false;
        }
        let gap = next.area.y0 - self.area.y1;
        let overlap = self.area.x1.min(next.area.x1) - self.area.x0.max(next.area.x0);
        gap < GAP_MAX * self.em && gap > -self.em && overlap > 0.0
    }
}

fn open<W: Write>(sink: &mut Sink<'_, W>, name: &'static str, area: Rect) -> io::Result<()> {
    let [x, y, width, height] = sides(area);
    sink.open(name, &[("x", Some(&x)), ("y", Some(&y)), ("width", Some(&width)), ("height", Some(&height))])
}

fn sides(area: Rect) -> [String; 4] {
    [area.x0, area.y0, area.width(), area.height()].map(shortened)
}

fn point(place: [f32; 2]) -> Point {
    Point::new(f64::from(place[0]), f64::from(place[1]))
}

/// A number in hundredths, in the fewest digits.
fn shortened(number: f64) -> String {
    let text = format!("{:.2}", if number.is_finite() { number } else { 0.0 });
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

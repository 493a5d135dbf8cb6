//! What readers show of annotations that bring no appearance (ISO 32000-1, 12.5.6).

use lopdf::{Dictionary, Document, Object};

use super::{
    colour, endings,
    sketch::{Pens, Sketch},
    text::{self, Fill, Look, Side},
};
use crate::pdf::{object, validate::Part};

/// How wide and high the signs of notes and files are.
const SIGN: f32 = 20.0;

/// How far apart the teeth of a squiggly line are.
const TOOTH: f32 = 2.0;

/// Most teeth of the lines of one annotation; lines beyond that are straight.
const TEETH_MAX: f32 = 20_000.0;

/// Most marked pieces of text of one annotation that are drawn.
const QUADS_MAX: usize = 4096;

/// Draws an annotation, or gives `None` when nothing is shown for its type.
pub(super) fn draw(document: &mut Document, held: &Dictionary, kind: &[u8], pens: &mut Pens<'_>) -> Option<Object> {
    if !pens.spend(extent(document, held)) {
        return None;
    }
    let [x0, y0, x1, y1] = object::rectangle(document, held, b"Rect")?;
    let mut mark = Mark {
        held,
        origin: [x0.min(x1), y0.min(y1)],
        colour: colour::of(document, held, b"C"),
        width: colour::border_width(document, held),
        sketch: Sketch::new([(x1 - x0).abs(), (y1 - y0).abs()]),
    };
    let opacity = object::get(document, held, b"CA").and_then(|opacity| opacity.as_float().ok());
    let opacity = opacity.filter(|opacity| (0.0..1.0).contains(opacity) && pens.part != Part::One);
    let mut state = Dictionary::new();
    if let Some(opacity) = opacity {
        state.set("CA", opacity);
        state.set("ca", opacity);
    }
    match kind {
        // Nothing shows through what is painted in PDF/A-1.
        b"Highlight" if pens.part == Part::One => mark.frames(document),
        b"Highlight" => {
            state.set("BM", "Multiply");
            mark.highlight(document);
        }
        b"Underline" | b"StrikeOut" => mark.line_through(document, if kind == b"StrikeOut" { 0.45 } else { 0.1 }),
        b"Squiggly" => mark.squiggles(document),
        b"Square" | b"Circle" => mark.shape(document, kind == b"Circle"),
        b"Line" | b"PolyLine" | b"Polygon" | b"Ink" => mark.paths(document, kind),
        b"FreeText" => mark.free_text(document, pens),
        b"Stamp" => mark.stamp(document, pens),
        b"Text" => mark.note(),
        b"FileAttachment" => mark.clip(),
        b"Caret" => mark.caret(),
        _ => return None,
    }
    if mark.sketch.is_blank() {
        return None;
    }
    pens.spend(mark.sketch.len());
    if !state.is_empty() {
        mark.sketch.set_state(document, state);
    }
    Some(mark.sketch.add(document))
}

/// How many numbers an annotation is drawn from.
fn extent(document: &Document, held: &Dictionary) -> usize {
    let length = |held: &Object| object::resolve(document, held).as_array().map_or(0, Vec::len);
    let lists = object::array(document, held, b"InkList").unwrap_or_default();
    let keys = [&b"QuadPoints"[..], b"L", b"Vertices"].into_iter().filter_map(|key| held.get(key).ok());
    1 + lists.len() + lists.iter().chain(keys).map(length).sum::<usize>()
}

/// The numbers of the array under a key.
fn numbers(document: &Document, held: &Dictionary, key: &[u8]) -> Option<Vec<f32>> {
    Some(object::numbers(document, object::get(document, held, key)?))
}

/// An annotation, as it is drawn.
struct Mark<'a> {
    held: &'a Dictionary,
    /// The lower left corner of its rectangle.
    origin: [f32; 2],
    colour: Option<String>,
    /// How wide its lines are.
    width: f32,
    sketch: Sketch,
}

impl Mark<'_> {
    fn fill_colour(&self, otherwise: &str) -> String {
        self.colour.clone().unwrap_or_else(|| otherwise.to_owned())
    }

    /// Begins drawing lines.
    fn pen(&mut self, width: f32, document: &Document) {
        let colour = colour::stroking(&self.fill_colour("0 g"));
        self.sketch.put(&colour);
        self.sketch.operate(&[width], "w");
        let dashes = object::dictionary(document, self.held, b"BS")
            .filter(|style| object::name(document, style, b"S") == Some(b"D"))
            .map(|style| numbers(document, style, b"D").unwrap_or_else(|| vec![3.0]));
        if let Some(dashes) = dashes.filter(|dashes| dashes.iter().any(|dash| *dash > 0.0)) {
            let dashes: Vec<String> = dashes.iter().map(|dash| super::sketch::number(dash.max(0.0))).collect();
            self.sketch.put(&format!("[{}] 0 d", dashes.join(" ")));
        }
    }

    /// The boxes of the marked words, relative to the annotation: left, bottom, right, top.
    fn quads(&self, document: &Document) -> Vec<[f32; 4]> {
        let numbers = numbers(document, self.held, b"QuadPoints").unwrap_or_default();
        let [left, bottom] = self.origin;
        let quads = numbers.chunks_exact(8).take(QUADS_MAX).map(|quad| {
            let across = quad.iter().step_by(2).copied();
            let up = quad.iter().skip(1).step_by(2).copied();
            [
                across.clone().fold(f32::MAX, f32::min) - left,
                up.clone().fold(f32::MAX, f32::min) - bottom,
                across.fold(f32::MIN, f32::max) - left,
                up.fold(f32::MIN, f32::max) - bottom,
            ]
        });
        quads.collect()
    }

    fn highlight(&mut self, document: &Document) {
        self.sketch.put(&self.fill_colour("1 1 0 rg"));
        for [left, bottom, right, top] in self.quads(document) {
            self.sketch.operate(&[left, bottom, right - left, top - bottom], "re f");
        }
    }

    fn frames(&mut self, document: &Document) {
        self.sketch.put(&colour::stroking(&self.fill_colour("1 1 0 rg")));
        self.sketch.operate(&[1.0], "w");
        for [left, bottom, right, top] in self.quads(document) {
            self.sketch.operate(&[left + 0.5, bottom + 0.5, right - left - 1.0, top - bottom - 1.0], "re S");
        }
    }

    fn line_through(&mut self, document: &Document, share: f32) {
        self.pen(0.8, document);
        for [left, bottom, right, top] in self.quads(document) {
            let height = bottom + (top - bottom) * share;
            self.sketch.lines(&[[left, height], [right, height]]);
            self.sketch.put("S");
        }
    }

    fn squiggles(&mut self, document: &Document) {
        self.pen(0.8, document);
        let mut teeth = 0.0;
        for [left, bottom, right, top] in self.quads(document) {
            let height = bottom + (top - bottom) * 0.1;
            teeth += (right - left) / TOOTH;
            if teeth > TEETH_MAX || !teeth.is_finite() {
                self.sketch.lines(&[[left, height], [right, height]]);
            } else {
                let mut points = Vec::new();
                let mut x = left;
                while x < right {
                    points.push([x, if points.len() % 2 == 0 { height - 0.8 } else { height + 0.8 }]);
                    x += TOOTH;
                }
                self.sketch.lines(&points);
            }
            self.sketch.put("S");
        }
    }

    fn shape(&mut self, document: &Document, is_round: bool) {
        let fill = colour::of(document, self.held, b"IC");
        if self.colour.is_none() && fill.is_none() && self.held.has(b"IC") {
            return;
        }
        self.pen(self.width, document);
        self.sketch.put(fill.as_deref().unwrap_or_default());
        let inset = self.width / 2.0;
        let [left, bottom, right, top] = self.inner(document, inset);
        if is_round {
            self.sketch.ellipse([left, bottom, right, top]);
        } else {
            self.sketch.operate(&[left, bottom, right - left, top - bottom], "re");
        }
        self.sketch.put(match (fill.is_some(), self.width > 0.0) {
            (true, true) => "B",
            (true, false) => "f",
            (false, true) => "S",
            (false, false) => "n",
        });
    }

    /// The rectangle without the differences that the annotation says, and without a margin.
    fn inner(&self, document: &Document, margin: f32) -> [f32; 4] {
        let [left, bottom, right, top] =
            object::rectangle(document, self.held, b"RD").unwrap_or_default().map(|side| side.max(0.0) + margin);
        let [width, height] = self.sketch.size;
        [left, bottom, (width - right).max(left), (height - top).max(bottom)]
    }

    fn paths(&mut self, document: &Document, kind: &[u8]) {
        let [left, bottom] = self.origin;
        let points = |numbers: Vec<f32>| -> Vec<[f32; 2]> {
            numbers.as_chunks::<2>().0.iter().map(|[x, y]| [x - left, y - bottom]).collect()
        };
        let of = |key: &[u8]| numbers(document, self.held, key).map(points).into_iter().collect();
        let paths: Vec<Vec<[f32; 2]>> = match kind {
            b"Line" => of(b"L"),
            b"Ink" => {
                let lists = object::array(document, self.held, b"InkList").unwrap_or_default();
                lists.iter().map(|list| points(object::numbers(document, list))).collect()
            }
            _ => of(b"Vertices"),
        };
        self.pen(self.width, document);
        let fill = colour::of(document, self.held, b"IC");
        self.sketch.put(fill.as_deref().unwrap_or_default());
        let is_closed = kind == b"Polygon";
        for path in &paths {
            self.sketch.lines(path);
            self.sketch.put(match (is_closed, fill.is_some()) {
                (true, true) => "b",
                (true, false) => "s",
                (false, _) => "S",
            });
        }
        if let (b"Line" | b"PolyLine", Some(path)) = (kind, paths.first()) {
            let ends = object::array(document, self.held, b"LE").unwrap_or_default();
            let end = |index: usize| ends.get(index).and_then(|end| object::resolve(document, end).as_name().ok());
            let is_filled = fill.is_some();
            if let ([first, second, ..], Some(end)) = (path.as_slice(), end(0)) {
                endings::draw(&mut self.sketch, end, (*second, *first), self.width, is_filled);
            }
            if let ([.., second, last], Some(end)) = (path.as_slice(), end(1)) {
                endings::draw(&mut self.sketch, end, (*second, *last), self.width, is_filled);
            }
        }
    }

    fn free_text(&mut self, document: &mut Document, pens: &mut Pens<'_>) {
        let operators = object::get(document, self.held, b"DA")
            .and_then(|look| text::decoded(document, look, text::WORDS_BYTES_MAX));
        let look = Look::read(document, &operators.unwrap_or_default());
        let [left, bottom, right, top] = self.inner(document, self.width / 2.0);
        if let Some(fill) = &self.colour {
            self.sketch.put(fill);
            self.sketch.operate(&[left, bottom, right - left, top - bottom], "re f");
        }
        let is_frameless = object::name(document, self.held, b"IT") == Some(b"FreeTextTypeWriter");
        if self.width > 0.0 && !is_frameless {
            self.sketch.put(&colour::stroking(&look.colour));
            self.sketch.operate(&[self.width], "w");
            self.sketch.operate(&[left, bottom, right - left, top - bottom], "re S");
        }
        let content = object::get(document, self.held, b"Contents");
        let content = content.and_then(|held| text::decoded(document, held, text::VALUE_BYTES_MAX)).unwrap_or_default();
        pens.spend(content.len());
        let side = Side::of(object::integer(document, self.held, b"Q"));
        let inset = self.width + 1.0;
        let area = [left + inset, bottom + inset, right - inset, top - inset];
        text::fill(&mut self.sketch, pens, document, &content, &look, area, (Fill::Lines, side));
    }

    /// A frame with what the stamp is called.
    fn stamp(&mut self, document: &mut Document, pens: &mut Pens<'_>) {
        let name = object::name(document, self.held, b"Name").map_or_else(|| "Draft".to_owned(), object::shown);
        let mut words = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && words.ends_with(char::is_lowercase) {
                words.push(' ');
            }
            words.push(letter);
        }
        let colour = self.fill_colour("0.8 0 0 rg");
        let [width, height] = self.sketch.size;
        let line = (height * 0.05).clamp(0.5, 3.0);
        self.sketch.put(&colour::stroking(&colour));
        self.sketch.operate(&[line], "w");
        self.sketch.operate(&[line, line, width - 2.0 * line, height - 2.0 * line], "re S");
        let mut look = Look::read(document, &format!("/HeBo 0 Tf {colour}"));
        let text = words.to_uppercase();
        let long = pens.set(document, &look.style, &text).width;
        look.size = Some((height * 0.55).min((width - 6.0 * line) / long.max(0.01)).max(1.0));
        text::fill(
            &mut self.sketch,
            pens,
            document,
            &text,
            &look,
            [0.0, 0.0, width, height],
            (Fill::Line, Side::Centre),
        );
    }

    /// The place of a sign: the upper left corner, where readers show it in a size of their own.
    fn sign(&self) -> [f32; 3] {
        let [width, height] = self.sketch.size;
        let side = SIGN.min(width).min(height);
        [0.0, height - side, side / SIGN]
    }

    fn note(&mut self) {
        let [left, bottom, scale] = self.sign();
        self.sketch.put("q");
        self.sketch.operate(&[scale, 0.0, 0.0, scale, left, bottom], "cm");
        let fill = self.fill_colour("1 1 0 rg");
        self.sketch.put(&fill);
        self.sketch.put("0 G 0.5 w 0.5 0.5 19 19 re B");
        for height in [6.0, 10.0, 14.0] {
            self.sketch.lines(&[[4.0, height], [16.0, height]]);
            self.sketch.put("S");
        }
        self.sketch.put("Q");
    }

    fn clip(&mut self) {
        let [left, bottom, scale] = self.sign();
        self.sketch.put("q");
        self.sketch.operate(&[scale, 0.0, 0.0, scale, left, bottom], "cm");
        let colour = colour::stroking(&self.fill_colour("0.3 g"));
        self.sketch.put(&colour);
        self.sketch
            .put("1.5 w 1 J 13 14 m 13 6 l 13 3 9 3 9 6 c 9 15 l 9 19 15 19 15 15 c 15 5 l 15 0 7 0 7 5 c 7 13 l S");
        self.sketch.put("Q");
    }

    fn caret(&mut self) {
        let [width, height] = self.sketch.size;
        let fill = self.fill_colour("0 0 1 rg");
        self.sketch.put(&fill);
        self.sketch.put("0 0 m");
        let (middle, shoulder) = (width / 2.0, height * 0.3);
        self.sketch.operate(&[middle, 0.0, middle, shoulder, middle, height], "c");
        self.sketch.operate(&[middle, shoulder, middle, 0.0, width, 0.0], "c h f");
    }
}

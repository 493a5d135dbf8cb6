//! From glyphs to lines of words.

use hayro::vello_cpu::kurbo::{Point, Vec2};

use super::{Line, Word, collect::Glyph, direction};

/// A gap of so many ems is between words. A narrow space has 0.2, letters that are set apart in a word have less.
const GAP_WORD: f64 = 0.15;
/// A gap of so many ems is between columns of a table.
const GAP_LINE: f64 = 3.0;
/// Letters of a word may overlap by so many ems.
const OVERLAP: f64 = 0.3;
/// So many ems beside the line is what is set higher or lower.
const RAISED: f64 = 0.2;
/// And so many is another line.
const OFF_LINE: f64 = 0.6;
/// How much two directions may differ, as a cosine: 8 degrees.
const SAME_DIRECTION: f64 = 0.99;
/// So many ems apart is the same place: a glyph that is drawn twice looks bold.
const SAME_PLACE: f64 = 0.1;
/// How far the middle of a line that is written from top to bottom is above the origin of a glyph, in ems.
const VERTICAL_TOP: f64 = 0.88;
/// How much of an em is below the line that glyphs stand on.
const BELOW: f64 = 0.25;
/// A word that says no width is so wide, in ems.
const WIDTH: f64 = 0.5;
/// Most characters of a word; PDF/A-1 takes strings of 65,535 bytes.
const WORD_GLYPHS_MAX: usize = 2_000;

/// Which way the glyphs of a line follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Along the line.
    Forward,
    /// Against it, as some programs draw scripts that are read so.
    Backward,
    /// Down.
    Down,
}

/// What a glyph is to the one before it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Follows {
    /// It is the same, drawn again.
    Again,
    /// It belongs to the same word.
    Joined(Flow),
    /// It goes on in other type.
    Piece(Flow),
    /// There is a gap between them.
    Apart(Flow),
    /// It is on another line.
    Elsewhere,
}

/// Puts glyphs, which come in the order of drawing, into lines.
pub(super) fn lines(glyphs: Vec<Glyph>) -> Vec<Line> {
    let mut grouping = Grouping::default();
    for glyph in glyphs {
        grouping.take(glyph);
    }
    grouping.end_line();
    grouping.lines
}

/// What is known so far.
#[derive(Default)]
struct Grouping {
    lines: Vec<Line>,
    /// The words of the line, as they are drawn.
    words: Vec<Word>,
    /// The glyphs of the word.
    glyphs: Vec<Glyph>,
    /// The last glyph, be it one of the word, a space, or one that nobody knows.
    last: Option<Glyph>,
    /// Which way the line goes, once that is known.
    flow: Option<Flow>,
}

impl Grouping {
    fn take(&mut self, glyph: Glyph) {
        let follows = self.last.as_ref().map_or(Follows::Elsewhere, |last| follows(last, &glyph, self.flow));
        match follows {
            Follows::Again => return,
            Follows::Joined(flow) => {
                self.flow = self.flow.or_else(|| Some(flow).filter(|_| !glyph.text.trim().is_empty()));
                if self.glyphs.len() >= WORD_GLYPHS_MAX {
                    self.end_word(false);
                }
            }
            Follows::Piece(flow) => {
                self.flow.get_or_insert(flow);
                self.end_word(false);
            }
            Follows::Apart(flow) => {
                self.flow.get_or_insert(flow);
                self.end_word(true);
            }
            Follows::Elsewhere => self.end_line(),
        }
        let is_space = !glyph.text.is_empty() && glyph.text.chars().all(char::is_whitespace);
        if is_space {
            self.end_word(true);
        } else if glyph.text.chars().any(is_text) {
            self.glyphs.push(glyph.clone());
        }
        self.last = Some(glyph);
    }

    /// Ends the word; with no word open, what is said of a gap holds for the last one.
    fn end_word(&mut self, space_follows: bool) {
        let glyphs = std::mem::take(&mut self.glyphs);
        if let Some(mut word) = word(glyphs, self.flow.unwrap_or(Flow::Forward)) {
            word.space_follows = space_follows;
            self.words.push(word);
        } else if let Some(last) = self.words.last_mut() {
            last.space_follows |= space_follows;
        }
    }

    fn end_line(&mut self) {
        self.end_word(true);
        let mut words = std::mem::take(&mut self.words);
        if self.flow == Some(Flow::Backward) {
            words.reverse();
            // A gap that was behind a word is now before it.
            let gaps: Vec<bool> = words.iter().skip(1).map(|word| word.space_follows).collect();
            for (word, gap) in words.iter_mut().zip(gaps) {
                word.space_follows = gap;
            }
        }
        self.flow = None;
        self.last = None;
        if !words.is_empty() {
            self.lines.push(Line { words: in_order_of_reading(words) });
        }
    }
}

fn follows(last: &Glyph, next: &Glyph, flow: Option<Flow>) -> Follows {
    let em = last.size.max(next.size);
    if last.direction.dot(next.direction) < SAME_DIRECTION {
        return Follows::Elsewhere;
    }
    let step = (next.origin - last.origin) / em;
    let (along, across) = (step.dot(last.direction), step.dot(turned(last.direction)));
    if last.text == next.text && along.abs() < SAME_PLACE && across.abs() < SAME_PLACE && last.advance > 0.0 {
        return Follows::Again;
    }
    let goes_down = last.advance == 0.0 && next.advance == 0.0 && flow.is_none_or(|flow| flow == Flow::Down);
    if goes_down && along.abs() < OFF_LINE && across < -OVERLAP {
        return by_gap(-across - 1.0, 0.0, Flow::Down);
    }
    if across.abs() > OFF_LINE {
        return Follows::Elsewhere;
    }
    let is_backward = [&last.text, &next.text].iter().any(|text| direction::is_right_to_left(text) == Some(true));
    let is_neutral = [&last.text, &next.text].iter().all(|text| direction::is_right_to_left(text).is_none());
    if (is_backward || is_neutral && flow == Some(Flow::Backward)) && flow != Some(Flow::Forward) && along < 0.0 {
        return by_gap(-along - next.advance / em, across, Flow::Backward);
    }
    if flow == Some(Flow::Backward) {
        return Follows::Elsewhere;
    }
    // A space may be as wide as it likes, and reach into what comes after it.
    let is_space = !last.text.is_empty() && last.text.chars().all(char::is_whitespace);
    let advance = if is_space { (last.advance / em).min(along.max(0.0)) } else { last.advance / em };
    let follows = by_gap(along - advance, across, Flow::Forward);
    if follows == Follows::Joined(Flow::Forward) && (last.is_invisible != next.is_invisible || last.mark != next.mark) {
        return Follows::Piece(Flow::Forward);
    }
    follows
}

fn by_gap(gap: f64, across: f64, flow: Flow) -> Follows {
    if !(-OVERLAP..GAP_LINE).contains(&gap) {
        Follows::Elsewhere
    } else if gap >= GAP_WORD {
        Follows::Apart(flow)
    } else if across.abs() > RAISED {
        Follows::Piece(flow)
    } else {
        Follows::Joined(flow)
    }
}

/// A quarter of a turn against the clock.
fn turned(direction: Vec2) -> Vec2 {
    Vec2::new(-direction.y, direction.x)
}

/// Makes a word of its glyphs, in the order of drawing.
fn word(mut glyphs: Vec<Glyph>, flow: Flow) -> Option<Word> {
    if flow == Flow::Backward {
        glyphs.reverse();
    }
    let (first, last) = (glyphs.first()?, glyphs.last()?);
    let size = glyphs.iter().map(|glyph| glyph.size).fold(0.0, f64::max);
    let along = first.direction;
    let (start, end) = if flow == Flow::Down {
        // Its line goes down through the middle of the glyphs, whose left side lies below.
        let up = turned(along);
        let beside = along * size * BELOW;
        (first.origin + up * size * VERTICAL_TOP + beside, last.origin - up * size * (1.0 - VERTICAL_TOP) + beside)
    } else {
        let width = (last.origin - first.origin).dot(along) + last.advance;
        (first.origin, first.origin + along * if width > 0.0 { width } else { WIDTH * size })
    };
    let mut shown = String::new();
    for glyph in &glyphs {
        let characters = glyph.text.chars().filter(|character| is_text(*character));
        // A glyph for several characters says them in the order of reading.
        if direction::is_right_to_left(&glyph.text) == Some(true) {
            shown.extend(characters.collect::<Vec<_>>().into_iter().rev());
        } else {
            shown.extend(characters);
        }
    }
    Some(Word {
        text: direction::read(&shown),
        shown,
        start: point(start),
        end: point(end),
        size: single(size),
        space_follows: true,
        is_invisible: glyphs.iter().all(|glyph| glyph.is_invisible),
        font: first.font.clone(),
        mark: first.mark,
    })
}

/// Whether a character is one to read: no control, and no mark of the order of bytes, which PDF/A forbids.
fn is_text(character: char) -> bool {
    !character.is_control() && !character.is_whitespace() && !matches!(character, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Puts words that stand beside each other into the order of reading.
fn in_order_of_reading(words: Vec<Word>) -> Vec<Word> {
    let directions: Vec<Option<bool>> = words.iter().map(|word| direction::is_right_to_left(&word.shown)).collect();
    if !directions.contains(&Some(true)) {
        return words;
    }
    let gaps: Vec<bool> = words.iter().map(|word| word.space_follows).collect();
    let order = direction::order(&directions);
    let mut slots: Vec<Option<Word>> = words.into_iter().map(Some).collect();
    let mut read = Vec::with_capacity(slots.len());
    for (place, index) in order.iter().enumerate() {
        let Some(mut word) = slots.get_mut(*index).and_then(Option::take) else { continue };
        let next = order.get(place + 1);
        word.space_follows = match next {
            Some(next) if next.abs_diff(*index) == 1 => gaps.get(*index.min(next)).copied().unwrap_or(true),
            Some(_) | None => true,
        };
        read.push(word);
    }
    read
}

fn point(point: Point) -> [f32; 2] {
    [single(point.x), single(point.y)]
}

#[expect(clippy::cast_possible_truncation, reason = "places on a page need no more than the seven digits of a single")]
fn single(number: f64) -> f32 {
    number as f32
}

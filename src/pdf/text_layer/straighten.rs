//! Pages that show their text upright, after it was recognised how it lies.
//!
//! A page that is turned is shown turned back, by its entry `Rotate`. One that is askew is drawn by a content stream that turns
//! all of it around the middle of the page. No picture is packed anew either way.

use lopdf::{Document, Object, ObjectId, Stream, dictionary};
use serde::{Deserialize, Serialize};

use super::{Recognised, Word};
use crate::pdf::{
    archive::rules::annotations_of,
    left_open::LeftOpen,
    object,
    page::{self, Matrix, View, number},
    pages,
};

/// Fewest words that say how a page lies.
const WORDS_MIN: usize = 5;
/// The share of the text of a page that has to run in one direction to turn the page.
const SHARE_MIN: f32 = 0.75;
/// Degrees that nobody sees.
const DEGREES_MIN: f32 = 0.2;
/// Degrees by which no scanner pulls paper askew: such text was meant so. The corners of the page would be lost, too.
const DEGREES_MAX: f32 = 10.0;

/// What is done to pages whose text was recognised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Straighten {
    /// Whether a page that is turned is shown upright.
    pub rotate: bool,
    /// Whether a page that is askew is drawn straight.
    pub deskew: bool,
}

/// How the text of a page lies.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Lie {
    /// Right angles, with the clock.
    quarters: i64,
    /// Degrees besides, with the clock.
    degrees: f32,
}

/// Shows pages upright and straight, after their text was laid behind them. They are counted from 0.
pub fn straighten(document: &mut Document, recognised: &[(usize, Recognised)], how: Straighten) {
    let listed = pages::list(document);
    for (number, found) in recognised {
        let (Some(page), Some(lie)) = (listed.get(*number), Lie::of(found)) else { continue };
        if how.deskew && (DEGREES_MIN..=DEGREES_MAX).contains(&lie.degrees.abs()) {
            turn_content(document, *page, lie.degrees);
        }
        if how.rotate && lie.quarters != 0 {
            turn_page(document, *page, lie.quarters);
        }
    }
}

impl Lie {
    /// As the lines that words stand on say it; nothing when they are few, or go all ways.
    fn of(found: &Recognised) -> Option<Self> {
        let words: Vec<[f32; 2]> = found.lines.iter().flat_map(|line| &line.words).filter_map(direction).collect();
        let length = |quarters| words.iter().map(move |word| in_quarter(*word, quarters)).map(|[x, y]| x.hypot(y));
        let sums: Vec<(i64, f32)> = [0, 1, 2, 3]
            .into_iter()
            .map(|quarters| (quarters, length(quarters).filter(|length| *length > 0.0).sum()))
            .collect();
        let all: f32 = sums.iter().map(|(_, sum)| sum).sum();
        let (quarters, most) = sums.into_iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
        if words.len() < WORDS_MIN || most < SHARE_MIN * all {
            return None;
        }
        let [x, y] = words
            .iter()
            .map(|word| in_quarter(*word, quarters))
            .fold([0.0, 0.0], |[x, y], word| [x + word[0], y + word[1]]);
        Some(Self { quarters, degrees: y.atan2(x).to_degrees() })
    }
}

/// Which way a word goes in its picture: to the right and down.
#[expect(clippy::cast_precision_loss, reason = "pictures have fewer than 2^24 pixels a side")]
fn direction(word: &Word) -> Option<[f32; 2]> {
    let [x, y, to_x, to_y] = word.baseline;
    let along = [to_x.saturating_sub(x) as f32, to_y.saturating_sub(y) as f32];
    (along != [0.0, 0.0]).then_some(along)
}

/// A direction as seen by whoever turns the picture so many right angles against the clock; nothing when it goes another way.
fn in_quarter([x, y]: [f32; 2], quarters: i64) -> [f32; 2] {
    let [x, y] = match quarters {
        1 => [y, -x],
        2 => [-x, -y],
        3 => [-y, x],
        _ => [x, y],
    };
    if x > 0.0 && y.abs() <= x { [x, y] } else { [0.0, 0.0] }
}

fn turn_page(document: &mut Document, page: ObjectId, quarters: i64) {
    let held = object::at(document, page);
    let turned = held.and_then(|held| object::integer(document, held, b"Rotate")).unwrap_or(0);
    if let Some(held) = object::at_mut(document, page) {
        held.set("Rotate", (turned.rem_euclid(360) - 90 * quarters).rem_euclid(360));
    }
}

/// Draws all of a page turned against the clock. What lies above its content could not follow, so one with annotations stays
/// as it is.
fn turn_content(document: &mut Document, page: ObjectId, degrees: f32) {
    let own = page::contents(document, page);
    let left_open = LeftOpen::of(document, &own);
    if !left_open.keeps_its_start() || !annotations_of(document, page).is_empty() {
        return;
    }
    let view = View::of(document, page);
    let [x, y] = view.matrix.apply(view.size.map(|side| side / 2.0));
    let matrix = Matrix::shift(-x, -y).then(Matrix::turn(degrees)).then(Matrix::shift(x, y));
    let numbers: String = matrix.0.iter().map(|part| number(*part) + " ").collect();
    let start = format!("{}{numbers}cm\n", left_open.start());
    let mut streams = Vec::with_capacity(own.len() + 2);
    streams.push(object::add(document, Stream::new(dictionary! {}, start.into_bytes())).into());
    streams.extend(own);
    let end = object::add(document, Stream::new(dictionary! {}, left_open.end().into_bytes()));
    streams.push(Object::Reference(end));
    if let Some(held) = object::at_mut(document, page) {
        held.set("Contents", streams);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::text_layer::Line;

    /// Words that go so far to the right and down.
    fn page(directions: &[[i32; 2]]) -> Recognised {
        let word = |[x, y]: &[i32; 2]| Word {
            text: "word".to_owned(),
            confidence: 90.0,
            bounds: [0, 0, 10, 10],
            baseline: [500, 500, 500 + x, 500 + y],
        };
        Recognised { width: 1_000, height: 1_000, lines: vec![Line { words: directions.iter().map(word).collect() }] }
    }

    #[test]
    fn a_page_lies_as_most_of_its_words_do() {
        let lie = |directions: &[[i32; 2]]| Lie::of(&page(directions)).map(|lie| (lie.quarters, lie.degrees.round()));
        assert_eq!(lie(&[[100, 0]; 5]), Some((0, 0.0)));
        assert_eq!(lie(&[[0, 100]; 5]), Some((1, 0.0)));
        assert_eq!(lie(&[[-100, 0]; 5]), Some((2, 0.0)));
        assert_eq!(lie(&[[0, -100]; 5]), Some((3, 0.0)));
        assert_eq!(lie(&[[1_000, 52]; 5]), Some((0, 3.0)));
        assert_eq!(lie(&[[52, -1_000]; 5]), Some((3, 3.0)));
        assert_eq!(lie(&[[100, 0]; 4]), None);
        assert_eq!(lie(&[[100, 0], [100, 0], [0, 100], [0, 100], [-100, 0]]), None);
    }

    #[test]
    fn a_page_is_turned_back_and_drawn_straight_around_its_middle() {
        let mut document = Document::new();
        let content = document.add_object(Stream::new(dictionary! {}, b"0 0 9 9 re f".to_vec()));
        let root = document.new_object_id();
        let leaf = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content, "Rotate" => 90,
            "MediaBox" => vec![0.into(), 0.into(), 200.into(), 100.into()],
        });
        document
            .objects
            .insert(root, dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![leaf.into()] }.into());
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
        document.trailer.set("Root", catalog);
        let found = [(0, page(&[[-1_000, -52]; 9]))];
        straighten(&mut document, &found, Straighten::default());
        assert_eq!(page::contents(&document, leaf), [content.into()]);
        straighten(&mut document, &found, Straighten { rotate: true, deskew: true });
        let held = object::at(&document, leaf).unwrap();
        assert_eq!(object::integer(&document, held, b"Rotate"), Some(270));
        let first = page::contents(&document, leaf)[0].as_reference().unwrap();
        let start = document.get_object(first).unwrap().as_stream().unwrap().content.clone();
        let start = String::from_utf8(start).unwrap();
        let numbers: Vec<f32> = start.split_whitespace().filter_map(|part| part.parse().ok()).collect();
        let [x, y] = Matrix(numbers.try_into().unwrap()).apply([100.0, 50.0]);
        assert!((x - 100.0).abs() < 0.01 && (y - 50.0).abs() < 0.01, "{start}");
    }
}

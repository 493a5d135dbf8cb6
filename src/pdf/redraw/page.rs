//! One page: drawn, and put back as a picture.

use hayro::{
    RenderCache, RenderSettings,
    hayro_interpret::{InterpreterSettings, TransformExt as _},
    hayro_syntax::page::{Page, Rotation},
    vello_cpu::{color::palette::css::WHITE, kurbo::Affine},
};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::{
    DOTS_PER_INCH,
    fit::Fit,
    picture::{self, Picture, Spaces},
};
use crate::{
    domain::limits,
    pdf::{
        Error, object,
        page::shortened,
        text::{self, Line, PageText, Word},
        text_layer::Span,
    },
};

/// Units of a page in an inch, where the page says nothing else.
const UNITS_PER_INCH: f32 = 72.0;
/// What of a page is kept.
const KEPT: [&str; 8] = ["Type", "Parent", "MediaBox", "CropBox", "BleedBox", "TrimBox", "ArtBox", "UserUnit"];
/// Units that a page may say to be larger than others by.
const UNIT_SIZE: std::ops::RangeInclusive<f32> = 0.01..=1_000.0;
/// What the picture is called in the resources of its page.
const NAME: &str = "BinderyPage";

/// What a page shows.
#[derive(Debug)]
pub(super) struct Drawn {
    picture: Picture,
    text: PageText,
    /// Where the picture is on the page, as the matrix of an image.
    matrix: [f64; 6],
    /// Left, bottom, right and top of the page before it is turned.
    bounds: [f64; 4],
    /// By how many degrees it is turned with the clock.
    turn: i64,
    /// How much larger its units are than those of others.
    unit: f32,
}

impl Drawn {
    /// A page as large as what was drawn, turned likewise, with nothing on it.
    pub(super) fn bare_page(&self, parent: ObjectId) -> Dictionary {
        let mut page = dictionary! {
            "Type" => "Page", "Parent" => parent, "MediaBox" => self.bounds.map(real).to_vec(),
        };
        if self.unit.total_cmp(&1.0).is_ne() {
            page.set("UserUnit", self.unit);
        }
        page
    }
}

/// Draws a page. Interprets what it says, so it is called inside [`crate::pdf::drawing::apart`].
///
/// # Errors
/// `Corrupt` when the page has no area.
pub(super) fn draw(page: &Page<'_>) -> Result<Drawn, Error> {
    let (width, height) = page.render_dimensions();
    if !(width > 0.0 && height > 0.0 && width.is_finite() && height.is_finite()) {
        return Err(Error::corrupt("a page has no area"));
    }
    let unit = page.raw().get::<f32>(b"UserUnit".as_slice()).filter(|unit| UNIT_SIZE.contains(unit)).unwrap_or(1.0);
    let (columns, rows) = pixels(width, height, unit);
    let settings = RenderSettings {
        x_scale: f32::from(columns) / width,
        y_scale: f32::from(rows) / height,
        width: Some(columns),
        height: Some(rows),
        bg_color: WHITE,
    };
    let pixmap = hayro::render(page, &RenderCache::new(), &InterpreterSettings::default(), &settings);
    let picture = picture::pack(&pixmap)?;
    drop(pixmap);
    let (wide, high) = (f64::from(width), f64::from(height));
    // From the square of an image, whose first row is on top, by what is shown, to the page before it is turned.
    let on_page = page.initial_transform(true).to_kurbo().inverse() * Affine::new([wide, 0.0, 0.0, -high, 0.0, high]);
    let corner = page.intersected_crop_box();
    let (base_width, base_height) = page.base_dimensions();
    Ok(Drawn {
        picture,
        text: text::of_page(page),
        matrix: on_page.as_coeffs(),
        bounds: [corner.x0, corner.y0, corner.x0 + f64::from(base_width), corner.y0 + f64::from(base_height)],
        turn: turn(page),
        unit,
    })
}

/// By how many degrees a page is turned with the clock.
fn turn(page: &Page<'_>) -> i64 {
    match page.rotation() {
        Rotation::None => 0,
        Rotation::Horizontal => 90,
        Rotation::Flipped => 180,
        Rotation::FlippedHorizontal => 270,
    }
}

/// How many columns and rows a page of some units is drawn with: the wanted dots per inch, or fewer to keep the limits.
fn pixels(width: f32, height: f32, unit: f32) -> (u16, u16) {
    let wanted = whole(DOTS_PER_INCH) * unit / UNITS_PER_INCH;
    let by_area = (limits::REDRAW_PIXELS_MAX as f32 / width / height).sqrt();
    let scale = wanted.min(by_area);
    let side_max = whole(limits::REDRAW_SIDE_MAX);
    let side = |units: f32| (units * scale).round().clamp(1.0, side_max);
    (count(side(width)), count(side(height)))
}

#[expect(clippy::cast_precision_loss, reason = "limits of less than 2^24")]
const fn whole(number: u32) -> f32 {
    number as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to less than 2^15")]
const fn count(pixels: f32) -> u16 {
    pixels as u16
}

/// Makes a page show what was drawn and nothing else, and gives the text to lay behind it.
pub(super) fn put(
    document: &mut Document,
    id: ObjectId,
    drawn: Drawn,
    links: Vec<ObjectId>,
    spaces: &mut Spaces,
) -> Vec<Span> {
    let mut page = Dictionary::new();
    if let Some(held) = object::at(document, id) {
        for key in KEPT {
            if let Ok(value) = held.get(key.as_bytes()) {
                page.set(key, value.clone());
            }
        }
    }
    page.set("Rotate", drawn.turn);
    if !has_area(document, &page) {
        page.set("MediaBox", drawn.bounds.map(real).to_vec());
        page.remove(b"CropBox");
    }
    let fit = Fit::of(drawn.bounds);
    if let Some(fit) = &fit {
        fit.resize(&mut page, drawn.unit);
        for link in &links {
            fit.move_link(document, *link);
        }
    }
    if !links.is_empty() {
        page.set("Annots", links.into_iter().map(Object::Reference).collect::<Vec<_>>());
    }
    let image = drawn.picture.add(document, spaces);
    page.set("Resources", dictionary! { "XObject" => dictionary! { NAME => image } });
    let matrix = fit.as_ref().map_or(drawn.matrix, |fit| fit.matrix(drawn.matrix));
    let matrix: String = matrix.iter().map(|number| format!("{} ", shortened(*number))).collect();
    let content = format!("q\n{matrix}cm\n/{NAME} Do\nQ\n");
    let content = object::add(document, Stream::new(dictionary! {}, content.into_bytes()));
    page.set("Contents", content);
    document.objects.insert(id, page.into());
    let mut spans: Vec<Span> = drawn.text.lines.iter().flat_map(spans).collect();
    if let Some(fit) = &fit {
        spans.iter_mut().for_each(|span| fit.move_span(span));
    }
    spans
}

/// Whether the boxes of a page are such that every reader shows the same of it.
fn has_area(document: &Document, page: &Dictionary) -> bool {
    let side = |key: &[u8]| object::rectangle(document, page, key);
    let Some([a, b, c, d]) = side(b"MediaBox") else { return false };
    let [left, bottom, right, top] = [a.min(c), b.min(d), a.max(c), b.max(d)];
    let crop = side(b"CropBox").map_or([left, bottom, right, top], |[a, b, c, d]| {
        [left.max(a.min(c)), bottom.max(b.min(d)), right.min(a.max(c)), top.min(b.max(d))]
    });
    crop[2] - crop[0] >= 1.0 && crop[3] - crop[1] >= 1.0
}

#[expect(clippy::cast_possible_truncation, reason = "places on a page need no more than the seven digits of a single")]
const fn real(number: f64) -> Object {
    Object::Real(number as f32)
}

/// The words of a line as they stand beside each other.
fn spans(line: &Line) -> Vec<Span> {
    let mut words: Vec<(usize, &Word)> = line.words.iter().enumerate().collect();
    if let Some((_, first)) = words.first() {
        let along = [first.end[0] - first.start[0], first.end[1] - first.start[1]];
        let place = |word: &Word| along[0] * word.start[0] + along[1] * word.start[1];
        words.sort_by(|(_, one), (_, other)| place(one).total_cmp(&place(other)));
    }
    let next = words.iter().skip(1).map(|(index, _)| Some(*index)).chain([None]);
    let span = |((index, word), next): (&(usize, &Word), Option<usize>)| Span {
        shown: word.shown.clone(),
        start: word.start,
        along: [word.end[0] - word.start[0], word.end[1] - word.start[1]],
        size: word.size,
        // Whether there is a gap is known of words that are read after each other.
        space_follows: match next {
            Some(next) if next.abs_diff(*index) == 1 => {
                line.words.get(next.min(*index)).is_none_or(|word| word.space_follows)
            }
            Some(_) | None => true,
        },
    };
    words.iter().zip(next).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_page_is_drawn_with_fewer_dots_and_stays_within_the_limits() {
        assert_eq!(pixels(595.0, 842.0, 1.0), (1653, 2339));
        assert_eq!(pixels(59.5, 84.2, 10.0), (1653, 2339));
        for (width, height) in [(14_400.0, 14_400.0), (1.0e9, 10.0), (3.0, 1.0e30), (f32::MAX, f32::MAX)] {
            let (columns, rows) = pixels(width, height, 1.0);
            assert!(u64::from(columns) * u64::from(rows) <= limits::REDRAW_PIXELS_MAX + 40_000, "{columns} {rows}");
            assert!(u32::from(columns.max(rows)) <= limits::REDRAW_SIDE_MAX && columns.min(rows) >= 1);
        }
    }
}

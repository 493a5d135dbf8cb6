//! One page: drawn, and put back as a picture.

use hayro::{
    hayro_interpret::TransformExt as _,
    hayro_syntax::page::{Page, Rotation},
    vello_cpu::kurbo::Affine,
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
        Error,
        drawing::{self, Bounds, Size},
        object,
        page::shortened,
        text::{self, Line, PageText, Word},
        text_layer::Span,
    },
};

/// How a page is drawn.
const BOUNDS: Bounds =
    Bounds { dots_per_inch: DOTS_PER_INCH, pixels_max: limits::REDRAW_PIXELS_MAX, side_max: limits::REDRAW_SIDE_MAX };
/// What of a page is kept.
const KEPT: [&str; 8] = ["Type", "Parent", "MediaBox", "CropBox", "BleedBox", "TrimBox", "ArtBox", "UserUnit"];
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
    let size = Size::of(page, BOUNDS)?;
    let pixmap = drawing::draw(page, &size);
    let picture = picture::pack(&pixmap)?;
    drop(pixmap);
    let (wide, high) = (f64::from(size.width), f64::from(size.height));
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
        unit: size.unit,
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

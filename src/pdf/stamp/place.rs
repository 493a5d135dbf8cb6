//! Where a stamp is on a page, and how it gets into its content.

use lopdf::{Document, Object, ObjectId, Stream, dictionary};

use super::{Position, figure::number};
use crate::pdf::{
    Error,
    content::Reader,
    object,
    page::{self, Matrix, NUMBER_MAX, View},
    stream,
};

/// What forms are called in the resources of a page, before a number.
const FORM_NAME: &str = "BinderyStamp";
/// How far in points a stamp may reach over an edge before anyone is told.
const CLIP_POINTS: f32 = 0.5;

/// Where a stamp is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    /// From the stamp upright at the origin to the page.
    pub(super) matrix: Matrix,
    /// Whether all of it is on the page.
    pub(super) fits: bool,
}

/// Places something of a size on a page; `None` when the page is too large to have a place for it.
pub(super) fn place(view: &View, position: &Position, rotation: f32, size: [f32; 2]) -> Option<Placed> {
    let turned = Matrix::turn(rotation);
    let [left, bottom, right, top] = turned.bounds(size);
    let (width, height) = (right - left, top - bottom);
    let x = along(position.left, position.right, view.size[0], width);
    let y = along(position.bottom, position.top, view.size[1], height);
    let matrix = turned.then(Matrix::shift(x - left, y - bottom)).then(view.matrix);
    let is_in = |at: f32, length: f32, room: f32| at >= -CLIP_POINTS && at + length <= room + CLIP_POINTS;
    let fits = is_in(x, width, view.size[0]) && is_in(y, height, view.size[1]);
    matrix.0.iter().all(|number| number.abs() <= NUMBER_MAX).then_some(Placed { matrix, fits })
}

/// Where something begins along one side, by its distance from the near or the far end, else in the middle.
fn along(near: Option<f32>, far: Option<f32>, room: f32, length: f32) -> f32 {
    match (near, far) {
        (Some(near), _) => near,
        (None, Some(far)) => room - far - length,
        (None, None) => (room - length) / 2.0,
    }
}

/// Draws forms on a page, above all that it draws already.
pub(super) fn draw(
    document: &mut Document,
    id: ObjectId,
    forms: &[(ObjectId, Matrix)],
    is_tagged: bool,
) -> Result<(), Error> {
    let own = page::contents(document, id);
    let left_open = LeftOpen::of(document, &own);
    let mut content = left_open.end();
    for (form, matrix) in forms {
        let name = page::name_resource(document, id, "XObject", FORM_NAME, *form)?;
        let numbers: String = matrix.0.iter().map(|part| format!("{} ", number(*part))).collect();
        let drawn = format!("q\n{numbers}cm\n/{name} Do\nQ\n");
        if is_tagged {
            content.push_str(&format!("/Artifact <</Type /Pagination>> BDC\n{drawn}EMC\n"));
        } else {
            content.push_str(&drawn);
        }
    }
    let mut streams = Vec::with_capacity(own.len() + 2);
    if !own.is_empty() {
        let start = object::add(document, Stream::new(dictionary! {}, left_open.start().into_bytes()));
        streams.push(Object::Reference(start));
    }
    streams.extend(own);
    streams.push(object::add(document, Stream::new(dictionary! {}, content.into_bytes())).into());
    if let Some(held) = object::at_mut(document, id) {
        held.set("Contents", streams);
    }
    Ok(())
}

/// What the content of a page begins and does not end, or ends and did not begin.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct LeftOpen {
    is_there: bool,
    /// How often the graphics state is restored more than it was saved, at the worst place.
    lacking: usize,
    /// How often it is saved and not restored, from there on.
    saved: usize,
    marked: usize,
    is_in_text: bool,
}

impl LeftOpen {
    /// Reads content. A stream that does not unpack draws nothing.
    fn of(document: &Document, streams: &[Object]) -> Self {
        let mut found = Self { is_there: !streams.is_empty(), ..Self::default() };
        let mut bytes = Vec::new();
        for held in streams.iter().filter_map(|held| object::resolve(document, held).as_stream().ok()) {
            // An operand may be in one stream and its operator in the next one.
            bytes.extend(
                stream::unpack_within(held, stream::CONTENT_BYTES_MAX.saturating_sub(bytes.len()))
                    .ok()
                    .into_iter()
                    .flatten(),
            );
            bytes.push(b'\n');
        }
        let (mut reader, mut operands) = (Reader::new(&bytes), Vec::new());
        while let Some(operator) = reader.next(&mut operands) {
            match operator {
                b"q" => found.saved += 1,
                b"Q" if found.saved > 0 => found.saved -= 1,
                b"Q" => found.lacking += 1,
                b"BMC" | b"BDC" => found.marked += 1,
                b"EMC" => found.marked = found.marked.saturating_sub(1),
                b"BT" => found.is_in_text = true,
                b"ET" => found.is_in_text = false,
                _ => {}
            }
        }
        found
    }

    /// What goes before the content, so that its graphics state can be put back.
    fn start(self) -> String {
        "q\n".repeat(self.lacking + 1)
    }

    /// What comes behind it.
    fn end(self) -> String {
        let mut end = if self.is_in_text { "ET\n".to_owned() } else { String::new() };
        end.push_str(&"EMC\n".repeat(self.marked));
        end.push_str(&"Q\n".repeat(self.saved + usize::from(self.is_there)));
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_open(content: &str) -> (String, String) {
        let mut document = Document::new();
        // Cut in the middle of an operation.
        let (one, other) = content.split_at(content.len() / 2);
        let streams = [one, other].map(|part| Stream::new(dictionary! {}, part.as_bytes().to_vec()));
        let streams = streams.map(|part| Object::Reference(document.add_object(part)));
        let found = LeftOpen::of(&document, &streams);
        (found.start().replace('\n', " "), found.end().replace('\n', " "))
    }

    #[test]
    fn what_a_page_leaves_open_is_closed() {
        let told = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(left_open("q 1 0 0 1 0 0 cm Q"), told("q ", "Q "));
        assert_eq!(left_open("q q 2 0 0 2 0 0 cm"), told("q ", "Q Q Q "));
        assert_eq!(left_open("Q Q q 0 0 9 9 re f"), told("q q q ", "Q Q "));
        assert_eq!(left_open("/P BMC BT (q q) Tj"), told("q ", "ET EMC Q "));
        assert_eq!(LeftOpen::of(&Document::new(), &[]).end(), "");
    }

    #[test]
    fn a_stamp_keeps_its_distance_from_edges_and_stands_in_the_middle_between_others() {
        let view = View { size: [100.0, 200.0], matrix: Matrix::IDENTITY };
        let at = |left, right, top, bottom, rotation| {
            let position = Position { left, right, top, bottom };
            place(&view, &position, rotation, [20.0, 10.0]).unwrap()
        };
        let corner = |placed: Placed| placed.matrix.apply([0.0, 0.0]);
        assert_eq!(corner(at(Some(5.0), None, None, Some(6.0), 0.0)), [5.0, 6.0]);
        assert_eq!(corner(at(None, Some(5.0), Some(6.0), None, 0.0)), [75.0, 184.0]);
        assert_eq!(corner(at(None, None, None, None, 0.0)), [40.0, 95.0]);
        // Turned by a quarter, its lower left corner is its lower right one.
        assert_eq!(corner(at(Some(5.0), None, None, Some(6.0), 90.0)), [15.0, 6.0]);
        assert!(at(Some(80.0), None, None, None, 0.0).fits && !at(Some(81.0), None, None, None, 0.0).fits);
        assert!(!at(None, None, Some(-1.0), None, 0.0).fits);
    }

    #[test]
    fn a_page_past_all_measure_has_no_place() {
        let view = View { size: [f32::INFINITY, 100.0], matrix: Matrix::IDENTITY };
        assert_eq!(place(&view, &Position::default(), 0.0, [20.0, 10.0]), None);
    }
}

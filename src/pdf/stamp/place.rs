//! Where a stamp is on a page, and how it gets into its content.

use lopdf::{Document, Object, ObjectId, Stream, dictionary};

use super::{Position, figure::number};
use crate::pdf::{
    Error,
    left_open::LeftOpen,
    object,
    page::{self, Matrix, NUMBER_MAX, View},
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

#[cfg(test)]
mod tests {
    use super::*;

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

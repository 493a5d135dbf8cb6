//! What stands at the ends of lines (ISO 32000-1, table 176).

use super::sketch::Sketch;

/// How large it is, in widths of the line.
const SIZE: f32 = 6.0;

/// Draws the end of a line that comes from one point to another.
pub(super) fn draw(
    sketch: &mut Sketch,
    kind: &[u8],
    ([x0, y0], [x, y]): ([f32; 2], [f32; 2]),
    width: f32,
    is_filled: bool,
) {
    let long = (x - x0).hypot(y - y0);
    if long <= 0.0 || !long.is_finite() {
        return;
    }
    let (right, up) = ((x - x0) / long, (y - y0) / long);
    let size = SIZE * width.max(0.5);
    // A point so far along the line and so far to the left of it.
    let at = |along: f32, left: f32| [x + (right * along - up * left) * size, y + (up * along + right * left) * size];
    let (closed, open) = (if is_filled { "b" } else { "s" }, "S");
    let (points, finish): (Vec<[f32; 2]>, &str) = match kind {
        b"OpenArrow" => (vec![at(-1.0, 0.5), [x, y], at(-1.0, -0.5)], open),
        b"ClosedArrow" => (vec![at(-1.0, 0.5), [x, y], at(-1.0, -0.5)], closed),
        b"ROpenArrow" => (vec![at(1.0, 0.5), [x, y], at(1.0, -0.5)], open),
        b"RClosedArrow" => (vec![at(1.0, 0.5), [x, y], at(1.0, -0.5)], closed),
        b"Butt" => (vec![at(0.0, 0.5), at(0.0, -0.5)], open),
        b"Slash" => (vec![at(0.25, 0.5), at(-0.25, -0.5)], open),
        b"Square" => (vec![at(-0.5, 0.5), at(0.5, 0.5), at(0.5, -0.5), at(-0.5, -0.5)], closed),
        b"Diamond" => (vec![at(-0.5, 0.0), at(0.0, 0.5), at(0.5, 0.0), at(0.0, -0.5)], closed),
        b"Circle" => {
            let half = size / 2.0;
            sketch.ellipse([x - half, y - half, x + half, y + half]);
            sketch.put(closed);
            return;
        }
        _ => return,
    };
    sketch.lines(&points);
    sketch.put(finish);
}

//! Where a picture goes: its resolution, its upright position, and the size of its page.

use crate::domain::limits;

/// Dots per inch of a picture that does not say; what browsers and word processors assume.
const DEFAULT_DPI: f64 = 96.0;

/// Shortest side of a page in points that PDF/A allows (ISO 19005-2, 6.1.13, by ISO 32000-1, Annex C).
const SIDE_POINTS_MIN: f64 = 3.0;

/// Dots per inch, across and down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Resolution {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Resolution {
    /// Makes a resolution if it can be meant: files with 0, 1 or a million dots per inch only lack a value.
    pub(super) fn plausible(x: f64, y: f64) -> Option<Self> {
        let sane = 10.0..=10_000.0;
        (sane.contains(&x) && sane.contains(&y)).then_some(Self { x, y })
    }
}

impl Default for Resolution {
    fn default() -> Self {
        Self { x: DEFAULT_DPI, y: DEFAULT_DPI }
    }
}

/// Which edge of the stored picture is the top and which is the left, by the numbers of TIFF and EXIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Orientation(u8);

impl Orientation {
    /// Takes the number of a file; one that means nothing leaves the picture as it is.
    pub(super) fn from_number(number: u64) -> Self {
        match u8::try_from(number) {
            Ok(known @ 1..=8) => Self(known),
            Ok(_) | Err(_) => Self(1),
        }
    }

    /// Whether rows of the file are columns of the page.
    pub(super) fn is_sideways(self) -> bool {
        self.0 >= 5
    }

    /// The matrix from the unit square, where PDF draws an image, to a page of the given size.
    fn matrix(self, width: f64, height: f64) -> [f64; 6] {
        match self.0 {
            2 => [-width, 0.0, 0.0, height, width, 0.0],
            3 => [-width, 0.0, 0.0, -height, width, height],
            4 => [width, 0.0, 0.0, -height, 0.0, height],
            5 => [0.0, -height, -width, 0.0, width, height],
            6 => [0.0, -height, width, 0.0, 0.0, height],
            7 => [0.0, height, width, 0.0, 0.0, 0.0],
            8 => [0.0, height, -width, 0.0, width, 0.0],
            _ => [width, 0.0, 0.0, height, 0.0, 0.0],
        }
    }
}

/// A page that fits a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placement {
    /// Width of the page in points.
    pub(super) width: f64,
    /// Height of the page in points.
    pub(super) height: f64,
    orientation: Orientation,
    rows: f64,
}

impl Placement {
    /// Finds the page for a picture of so many stored columns and rows.
    pub(super) fn new(columns: u32, rows: u32, resolution: Resolution, orientation: Orientation) -> Self {
        let across = f64::from(columns) * 72.0 / resolution.x;
        let down = f64::from(rows) * 72.0 / resolution.y;
        let (width, height) = if orientation.is_sideways() { (down, across) } else { (across, down) };
        let side_max = f64::from(limits::PAGE_POINTS_MAX);
        let grow = (SIDE_POINTS_MIN / width.min(height)).max(1.0);
        let shrink = (side_max / (width.max(height) * grow)).min(1.0);
        // A picture thousands of times as long as it is wide fits neither way: it is widened to be seen at all.
        let fit = |side: f64| (side * grow * shrink).clamp(SIDE_POINTS_MIN, side_max);
        Self { width: fit(width), height: fit(height), orientation, rows: f64::from(rows) }
    }

    /// The matrix that draws the band of `rows` rows that begins `top` rows below the picture's top.
    pub(super) fn band_matrix(&self, top: u32, rows: u32) -> [f64; 6] {
        let [a, b, c, d, e, f] = self.orientation.matrix(self.width, self.height);
        let low = (self.rows - f64::from(top) - f64::from(rows)) / self.rows;
        let share = f64::from(rows) / self.rows;
        [a, b, c * share, d * share, e + c * low, f + d * low]
    }
}

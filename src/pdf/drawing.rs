//! Pages as hayro reads and draws them.
//!
//! hayro interprets hostile files that it does not know: it nests forms, patterns and glyphs 50 deep by recursion, and it
//! may panic. So it works on a thread of its own, with a stack for that depth, and its panics end there.

use std::thread;

use hayro::{
    RenderCache, RenderSettings,
    hayro_interpret::InterpreterSettings,
    hayro_syntax::{DecryptionError, LoadPdfError, Pdf, page::Page},
    vello_cpu::{Pixmap, color::palette::css::WHITE},
};

use super::Error;

/// The stack of the thread that interprets pages: 2.5 MiB for each of the fifty levels, ample also without optimisation.
const STACK_BYTES: usize = 128 << 20;

/// Units of a page in an inch, where the page says nothing else.
const UNITS_PER_INCH: f32 = 72.0;
/// Units that a page may say to be larger than others by.
const UNIT_SIZE: std::ops::RangeInclusive<f32> = 0.01..=1_000.0;

/// How finely pages are to be drawn, and what that may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// What is wanted.
    pub(crate) dots_per_inch: u32,
    /// Most pixels of a page.
    pub(crate) pixels_max: u64,
    /// Most pixels of a side of it, which are counted with 16 bits.
    pub(crate) side_max: u32,
}

/// How large a page is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Size {
    /// Its width as it is shown, in its units.
    pub(crate) width: f32,
    /// Its height, likewise.
    pub(crate) height: f32,
    /// How much larger its units are than those of other pages.
    pub(crate) unit: f32,
    /// Pixels beside each other.
    pub(crate) columns: u16,
    /// Pixels above each other.
    pub(crate) rows: u16,
}

impl Size {
    /// The size of a page.
    ///
    /// # Errors
    /// `Corrupt` when it has no area.
    pub(crate) fn of(page: &Page<'_>, bounds: Bounds) -> Result<Self, Error> {
        let (width, height) = page.render_dimensions();
        if !(width > 0.0 && height > 0.0 && width.is_finite() && height.is_finite()) {
            return Err(Error::corrupt("a page has no area"));
        }
        let unit = page.raw().get::<f32>(b"UserUnit".as_slice()).filter(|unit| UNIT_SIZE.contains(unit)).unwrap_or(1.0);
        let (columns, rows) = pixels(width, height, unit, bounds);
        Ok(Self { width, height, unit, columns, rows })
    }

    /// The dots per inch that it comes to, across and down.
    pub(crate) fn dots_per_inch(&self) -> [f32; 2] {
        let side = |pixels: u16, units: f32| f32::from(pixels) / units / self.unit * UNITS_PER_INCH;
        [side(self.columns, self.width), side(self.rows, self.height)]
    }
}

/// How many columns and rows a page of some units is drawn with: the wanted dots per inch, or fewer to keep the limits.
fn pixels(width: f32, height: f32, unit: f32, bounds: Bounds) -> (u16, u16) {
    let wanted = bounds.dots_per_inch as f32 * unit / UNITS_PER_INCH;
    let by_area = (bounds.pixels_max as f32 / width / height).sqrt();
    let scale = wanted.min(by_area);
    let side_max = bounds.side_max as f32;
    let side = |units: f32| (units * scale).round().clamp(1.0, side_max);
    (count(side(width)), count(side(height)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to less than 2^16")]
const fn count(pixels: f32) -> u16 {
    pixels as u16
}

/// Draws a page on white paper. Interprets what it says, so it is called inside [`apart`].
pub(crate) fn draw(page: &Page<'_>, size: &Size) -> Pixmap {
    let settings = RenderSettings {
        x_scale: f32::from(size.columns) / size.width,
        y_scale: f32::from(size.rows) / size.height,
        width: Some(size.columns),
        height: Some(size.rows),
        bg_color: WHITE,
    };
    hayro::render(page, &RenderCache::new(), &InterpreterSettings::default(), &settings)
}

/// Opens a file.
///
/// # Errors
/// `Password` when it is encrypted, `Corrupt` when it cannot be read.
pub(crate) fn open(bytes: &[u8]) -> Result<Pdf, Error> {
    Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Error::Password { given: false },
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => {
            Error::corrupt(format!("it cannot be read to be drawn ({error:?})"))
        }
    })
}

/// A page of a file, counted from 0.
///
/// # Errors
/// `Corrupt` when there is none.
pub(crate) fn page<'a>(pdf: &'a Pdf, number: usize) -> Result<&'a Page<'a>, Error> {
    pdf.pages().get(number).ok_or_else(|| Error::corrupt(format!("there is no page {}", number + 1)))
}

/// Does some work that interprets pages, where it can do no harm.
///
/// # Errors
/// `Corrupt` when it panics, else what the work says.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("draw".to_owned()).stack_size(STACK_BYTES);
        let working = builder
            .spawn_scoped(scope, work)
            .map_err(|error| Error::limit(format!("there is no thread to draw it with ({error})")))?;
        working.join().unwrap_or_else(|_| Err(Error::corrupt("what it draws cannot be interpreted")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_page_is_drawn_with_fewer_dots_and_stays_within_the_limits() {
        let bounds = Bounds { dots_per_inch: 200, pixels_max: 32 << 20, side_max: 32_000 };
        assert_eq!(pixels(595.0, 842.0, 1.0, bounds), (1653, 2339));
        assert_eq!(pixels(59.5, 84.2, 10.0, bounds), (1653, 2339));
        for (width, height) in [(14_400.0, 14_400.0), (1.0e9, 10.0), (3.0, 1.0e30), (f32::MAX, f32::MAX)] {
            let (columns, rows) = pixels(width, height, 1.0, bounds);
            assert!(u64::from(columns) * u64::from(rows) <= bounds.pixels_max + 40_000, "{columns} {rows}");
            assert!(u32::from(columns.max(rows)) <= bounds.side_max && columns.min(rows) >= 1);
        }
    }

    #[test]
    fn a_panic_ends_where_the_work_is_done() {
        let outcome: Result<(), Error> = apart(|| panic!("as a decoder does on a hostile stream"));
        assert!(matches!(outcome, Err(Error::Corrupt { .. })));
        assert_eq!(apart(|| Ok(7)), Ok(7));
    }
}

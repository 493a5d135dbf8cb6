//! The pages of a PDF as a TIFF of several pages (TIFF 6.0), as they are printed.
//!
//! ```text
//! page ─► hayro: pixels ─► [tones]: what there is to keep ─► [samples]: bits, grey or colour ─► [strips]: packed
//!                                                                                                  │
//!                                                          [directory]: the file, page by page ◄───┘
//! ```
//!
//! Invariants:
//! 1. One page is held in memory at a time.
//! 2. Every page is read by baseline readers that know its compression: strips, one plane, rows from the top, bits from
//!    the left.
//!
//! # Why
//! G4 is packed by the crate `fax`, LZW and the directories are those of `tiff`; neither packs the other's pages, so that
//! strips are packed here and placed by number (2026).

mod directory;
mod samples;
mod settings;
mod strips;
#[cfg(test)]
mod tests;
mod tones;

use std::io::{Seek, Write};

use hayro::hayro_syntax::page::Page;
use lopdf::Document;
use time::OffsetDateTime;

use super::{
    Error, OutputError,
    drawing::{self, Bounds, Size},
    metadata, pages,
    redraw::drawable::{self, Medium},
};
use crate::domain::{Event, EventCode, limits, metadata::Property};
use directory::{Description, File};
use samples::Samples;
use strips::Strips;

pub use settings::{BitonalMethod, Colour, Compression, DotsPerInch, JpegQuality, TiffSettings};

/// How much coarser than wanted a page may be before it is told: rounding to whole pixels is not worth a word.
const COARSER_MAX: f32 = 0.98;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How many pages it has.
    pub pages: usize,
    /// What a client may miss on them.
    pub events: Vec<Event>,
}

/// Writes the pages of a document as a TIFF, from the beginning of `out`. `bytes` is the document as a file without
/// encryption, `name` what it is called, and `now` the time that each page carries.
///
/// # Errors
/// `Corrupt` when a page cannot be drawn, `Limit` when the file would be larger than 4 GiB, and what `out` fails with.
pub fn write_tiff<W: Write + Seek>(
    document: &Document,
    bytes: &[u8],
    name: &str,
    settings: &TiffSettings,
    now: OffsetDateTime,
    out: &mut W,
) -> Result<Written, OutputError> {
    let listed = pages::list(document);
    let file = drawable::file(document, bytes, listed.iter().copied(), Medium::Print)?;
    let pdf = drawing::apart(|| drawing::open(&file))?;
    let count = drawing::apart(|| Ok(pdf.pages().len()))?;
    if count == 0 {
        return Err(Error::corrupt("it has no pages").into());
    }
    let said = metadata::said(document);
    let description = Description { name, title: said.get(Property::Title), author: said.get(Property::Author), now };
    let mut tiff = File::start(out)?;
    let mut coarser = 0_usize;
    for number in 0..count {
        let drawn = drawing::apart(|| Drawn::of(drawing::page(&pdf, number)?, settings))?;
        coarser += usize::from(drawn.is_coarser(settings));
        tiff.add(&drawn.size, &drawn.strips, [number, count], &description)?;
    }
    out.flush().map_err(OutputError::Output)?;
    Ok(Written { pages: count, events: told(coarser, settings).into_iter().collect() })
}

/// A page, drawn and packed.
struct Drawn {
    size: Size,
    strips: Strips,
}

impl Drawn {
    /// Interprets what a page says, so it is called inside [`drawing::apart`].
    fn of(page: &Page<'_>, settings: &TiffSettings) -> Result<Self, Error> {
        let bounds = Bounds {
            dots_per_inch: settings.resolution.get(),
            pixels_max: limits::TIFF_PIXELS_MAX,
            side_max: limits::TIFF_SIDE_MAX,
        };
        let size = Size::of(page, bounds)?;
        let pixmap = drawing::draw(page, &size);
        let samples = Samples::choose(page, &pixmap, settings);
        drop(pixmap);
        let strips = Strips::pack(&samples, settings)?;
        Ok(Self { size, strips })
    }

    /// Whether the page is too large to be as fine as is wanted.
    fn is_coarser(&self, settings: &TiffSettings) -> bool {
        let [across, _] = self.size.dots_per_inch();
        // One pixel more or less is much of a tiny page.
        self.size.columns.min(self.size.rows) > 100 && across < settings.resolution.get() as f32 * COARSER_MAX
    }
}

fn told(coarser: usize, settings: &TiffSettings) -> Option<Event> {
    let wanted = settings.resolution.get();
    let message = match coarser {
        0 => return None,
        1 => format!("One page is too large for {wanted} dots per inch and was drawn with fewer."),
        _ => format!("{coarser} pages are too large for {wanted} dots per inch and were drawn with fewer."),
    };
    Some(Event::warning(EventCode::PageRenderer, message))
}

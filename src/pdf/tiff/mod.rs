//! The pages of a PDF as a TIFF of several pages (TIFF 6.0), as they are printed.
//!
//! ```text
//! page ─► hayro: pixels ─► [tones]: what there is to keep ─► [samples]: bits, grey or colour ─► [strips]: packed
//!                                                                                                  │
//!                                                          [directory]: the file, page by page ◄───┤
//!                                                       [pieces]: some pages, to be joined later ◄───┘
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
mod pieces;
mod samples;
mod settings;
mod strips;
#[cfg(test)]
mod tests;
mod tones;

use std::io::{Seek, Write};

use hayro::hayro_syntax::{Pdf, page::Page};
use lopdf::Document;
use time::OffsetDateTime;

use super::{
    Error, OutputError,
    drawing::{self, Bounds, Size},
    metadata, pages,
    redraw::drawable::{self, Medium},
};
use crate::domain::{Event, EventCode, limits, metadata::Property};
use directory::{Description, File, Layout};
use samples::Samples;
use strips::Strips;

pub use pieces::{Piece, join};
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
    let pdf = to_draw(document, bytes)?;
    let count = pdf.pages().len();
    let said = metadata::said(document);
    let description = Description { name, title: said.get(Property::Title), author: said.get(Property::Author), now };
    let mut tiff = File::start(out)?;
    let mut coarser = 0_usize;
    for number in 0..count {
        let drawn = Drawn::of(&pdf, number, settings)?;
        coarser += usize::from(drawn.is_coarser);
        tiff.add(&drawn.layout, &drawn.strips, [number, count], &description)?;
    }
    out.flush().map_err(OutputError::Output)?;
    Ok(Written { pages: count, events: told(coarser, settings).into_iter().collect() })
}

/// A document as its pages are drawn from it. There is at least one.
fn to_draw(document: &Document, bytes: &[u8]) -> Result<Pdf, Error> {
    let listed = pages::list(document);
    let file = drawable::file(document, bytes, listed.iter().copied(), Medium::Print)?;
    let pdf = drawing::apart(|| drawing::open(&file))?;
    // They are looked for when somebody asks for the first time.
    match drawing::apart(|| Ok(pdf.pages().len()))? {
        0 => Err(Error::corrupt("it has no pages")),
        _ => Ok(pdf),
    }
}

/// A page, drawn and packed.
struct Drawn {
    layout: Layout,
    strips: Strips,
    /// Whether the page is too large to be as fine as is wanted.
    is_coarser: bool,
}

impl Drawn {
    fn of(pdf: &Pdf, number: usize, settings: &TiffSettings) -> Result<Self, Error> {
        drawing::apart(|| Self::of_page(drawing::page(pdf, number)?, settings))
    }

    /// Interprets what a page says, so it is called inside [`drawing::apart`].
    fn of_page(page: &Page<'_>, settings: &TiffSettings) -> Result<Self, Error> {
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
        Ok(Self { layout: Layout::of(&size), strips, is_coarser: is_coarser(&size, settings) })
    }
}

fn is_coarser(size: &Size, settings: &TiffSettings) -> bool {
    let [across, _] = size.dots_per_inch();
    // One pixel more or less is much of a tiny page.
    size.columns.min(size.rows) > 100 && across < settings.resolution.get() as f32 * COARSER_MAX
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

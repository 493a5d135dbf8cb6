//! TIFF: every page becomes a page. Fax and JPEG strips go into the PDF as they are, all else is decoded.
//!
//! 1. Directories are walked here and never twice, so a chain that bites its tail ends.
//! 2. The decoder of the tiff crate sees one page at a time, and never a pointer to another.

mod decode;
mod strips;

use std::collections::BTreeSet;

use crate::{
    domain::{Event, EventCode, limits},
    engines::Error,
};

use super::{
    corrupt, exif,
    ifd::{Block, Directory},
    picture::Picture,
    unsupported,
    writer::Document,
};

const NEW_SUBFILE_TYPE: u16 = 254;
const IMAGE_WIDTH: u16 = 256;
const IMAGE_LENGTH: u16 = 257;
const BITS_PER_SAMPLE: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const STRIP_OFFSETS: u16 = 273;
const SAMPLES_PER_PIXEL: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_BYTE_COUNTS: u16 = 279;
const PLANAR_CONFIGURATION: u16 = 284;
const T4_OPTIONS: u16 = 292;
const COLOR_MAP: u16 = 320;
const EXTRA_SAMPLES: u16 = 338;
const SAMPLE_FORMAT: u16 = 339;
const JPEG_TABLES: u16 = 347;
const ICC_PROFILE: u16 = 34_675;

/// Bits of `NEW_SUBFILE_TYPE` that mark a preview or a mask, which are no pages.
const PREVIEW_OR_MASK: u64 = 0b101;

/// Compression numbers.
mod compression {
    pub(super) const HUFFMAN: u64 = 2;
    pub(super) const FAX_3: u64 = 3;
    pub(super) const FAX_4: u64 = 4;
    pub(super) const OLD_JPEG: u64 = 6;
    pub(super) const JPEG: u64 = 7;
}

/// Numbers of colour spaces.
mod photometric {
    pub(super) const WHITE_IS_ZERO: u64 = 0;
    pub(super) const BLACK_IS_ZERO: u64 = 1;
    pub(super) const RGB: u64 = 2;
    pub(super) const PALETTE: u64 = 3;
    pub(super) const MASK: u64 = 4;
    pub(super) const CMYK: u64 = 5;
    pub(super) const YCBCR: u64 = 6;
}

/// One page of a file.
#[derive(Debug)]
struct Page<'a> {
    bytes: &'a [u8],
    block: Block<'a>,
    offset: u64,
    directory: Directory,
    width: u32,
    height: u32,
}

/// Adds all pages of a file to a document.
pub(super) fn add_pages(bytes: &[u8], document: &mut Document, events: &mut Vec<Event>) -> Result<(), Error> {
    let block = Block::new(bytes).ok_or_else(|| corrupt("the TIFF file has no valid header"))?;
    let mut offset = block.first().unwrap_or(0);
    let mut seen = BTreeSet::new();
    while offset != 0 {
        if !seen.insert(offset) {
            let message = "The pages of the TIFF file refer to each other in a circle; each is shown once.";
            events.push(Event::warning(EventCode::CorruptionRepaired, message));
            break;
        }
        if seen.len() > limits::PAGES_MAX {
            return Err(Error::Limit { which: format!("more than {} pages", limits::PAGES_MAX) });
        }
        let Some(directory) = block.directory(offset) else {
            let message = "The TIFF file is cut off; the pages that are left of it are shown.";
            events.push(Event::warning(EventCode::CorruptionRepaired, message));
            break;
        };
        let next = directory.next;
        let is_page = block.unsigned_of(&directory, NEW_SUBFILE_TYPE).unwrap_or(0) & PREVIEW_OR_MASK == 0;
        // A file of nothing but a preview still has something to show.
        if is_page || (next == 0 && document.page_count() == 0) {
            let page = Page::new(bytes, block, offset, directory)?;
            document.add_page(page.picture(events)?);
        }
        offset = next;
    }
    if document.page_count() == 0 { Err(corrupt("the TIFF file has no page")) } else { Ok(()) }
}

impl<'a> Page<'a> {
    fn new(bytes: &'a [u8], block: Block<'a>, offset: u64, directory: Directory) -> Result<Self, Error> {
        let side = |tag| {
            let value = block.unsigned_of(&directory, tag).and_then(|value| u32::try_from(value).ok());
            value.filter(|value| *value > 0).ok_or_else(|| corrupt("a page of the TIFF file names no size"))
        };
        let (width, height) = (side(IMAGE_WIDTH)?, side(IMAGE_LENGTH)?);
        Ok(Self { bytes, block, offset, directory, width, height })
    }

    fn picture(&self, events: &mut Vec<Event>) -> Result<Picture<'a>, Error> {
        let bands = match self.number(COMPRESSION, 1) {
            compression::OLD_JPEG => return Err(unsupported("TIFF with old-style JPEG coding")),
            compression::HUFFMAN | compression::FAX_3 | compression::FAX_4 if self.has_strips() => {
                self.fax_bands(events)?
            }
            compression::JPEG => match self.jpeg_bands() {
                Some(bands) => bands,
                None => vec![self.decoded()?],
            },
            _ => vec![self.decoded()?],
        };
        Ok(Picture {
            width: self.width,
            height: self.height,
            resolution: exif::resolution(&self.block, &self.directory).unwrap_or_default(),
            orientation: exif::orientation(&self.block, &self.directory),
            bands,
        })
    }

    fn number(&self, tag: u16, default: u64) -> u64 {
        self.block.unsigned_of(&self.directory, tag).unwrap_or(default)
    }

    fn has_strips(&self) -> bool {
        self.directory.find(STRIP_OFFSETS).is_some()
    }
}

//! Pages that were drawn and packed, in files of their own until all of them are joined.
//!
//! ```text
//! MAGIC  [Head]  [Page] strips  [Page] strips  …  how many pages
//! ```
//!
//! Heads are JSON behind a length; lengths and numbers have four bytes, big-endian. Strips are copied from here into the TIFF as
//! they are, so that it is the same, byte for byte, as one that was written in one go.

use std::{
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    ops::RangeInclusive,
};

use lopdf::Document;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use super::{
    Drawn, TiffSettings, Written,
    directory::{Description, File, Layout, clean},
    samples::Kind,
    strips::{Packing, Strips},
    to_draw, told,
};
use crate::{
    domain::{limits, metadata::Property},
    pdf::{Error, OutputError, metadata},
};

/// What a piece begins with.
const MAGIC: [u8; 16] = *b"bindery pages 1\n";
/// Most bytes of a head. The lengths of the strips of a page of 65,000 rows, and two texts, have a tenth of it.
const HEAD_BYTES_MAX: u32 = 1 << 20;

/// What the document says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    title: Option<String>,
    author: Option<String>,
}

/// A page, whose strips follow.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    layout: Layout,
    kind: Kind,
    packing: Packing,
    rows_each: u16,
    /// Bytes of each strip.
    strips: Vec<u32>,
    is_coarser: bool,
}

/// A file of drawn pages that is being written.
#[derive(Debug)]
pub struct Piece<'a, W: Write> {
    out: &'a mut W,
    count: u32,
    is_begun: bool,
}

impl<'a, W: Write> Piece<'a, W> {
    /// Nothing is written yet.
    pub const fn start(out: &'a mut W) -> Self {
        Self { out, count: 0, is_begun: false }
    }

    /// Draws some pages of a document, from 0, as [`write_tiff`](super::write_tiff) does; those of them that it does not have are left
    /// out. `bytes` is the document as a file without encryption.
    ///
    /// # Errors
    /// `Corrupt` when a page cannot be drawn or there is none at all, and what the output fails with.
    pub fn add(
        &mut self,
        document: &Document,
        bytes: &[u8],
        pages: RangeInclusive<usize>,
        settings: &TiffSettings,
    ) -> Result<(), OutputError> {
        let pdf = to_draw(document, bytes)?;
        if !self.is_begun {
            self.is_begun = true;
            let said = metadata::said(document);
            let [title, author] = [Property::Title, Property::Author].map(|property| said.get(property).map(clean));
            self.out.write_all(&MAGIC).map_err(OutputError::Output)?;
            self.put(&Head { title, author })?;
        }
        for number in pages.take_while(|number| *number < pdf.pages().len()) {
            let Drawn { layout, strips, is_coarser } = Drawn::of(&pdf, number, settings)?;
            let Strips { packing, kind, rows_each, bytes } = strips;
            let too_large = |_| Error::limit("a strip of more than 4 GiB");
            let lengths: Result<_, _> = bytes.iter().map(|strip| u32::try_from(strip.len())).collect();
            self.put(&Page { layout, kind, packing, rows_each, strips: lengths.map_err(too_large)?, is_coarser })?;
            for strip in &bytes {
                self.out.write_all(strip).map_err(OutputError::Output)?;
            }
            self.count += 1;
        }
        Ok(())
    }

    /// Says how many pages there are.
    ///
    /// # Errors
    /// What the output fails with.
    pub fn finish(self) -> Result<usize, OutputError> {
        self.out.write_all(&self.count.to_be_bytes()).map_err(OutputError::Output)?;
        self.out.flush().map_err(OutputError::Output)?;
        Ok(usize::try_from(self.count).unwrap_or(usize::MAX))
    }

    fn put<T: Serialize>(&mut self, head: &T) -> Result<(), OutputError> {
        let bytes = serde_json::to_vec(head).map_err(|error| OutputError::Output(error.into()))?;
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= HEAD_BYTES_MAX);
        let length = length.ok_or_else(|| Error::limit("what is said of a page"))?;
        let mut put = |bytes: &[u8]| self.out.write_all(bytes).map_err(OutputError::Output);
        put(&length.to_be_bytes())?;
        put(&bytes)
    }
}

/// Writes the pages of all pieces, in their order, as one TIFF, as [`write_tiff`](super::write_tiff) does. `open` opens a piece by its
/// place; one is open at a time.
///
/// # Errors
/// `Corrupt` when something else was in a piece, `Limit` when the file would be larger than 4 GiB or have too many pages, and
/// what `open` and `out` fail with.
pub fn join<R: Read + Seek, W: Write + Seek>(
    pieces: usize,
    open: impl Fn(usize) -> io::Result<R>,
    name: &str,
    settings: &TiffSettings,
    now: OffsetDateTime,
    out: &mut W,
) -> Result<Written, OutputError> {
    let reader = |place| Reader::open(open(place).map_err(OutputError::Output)?);
    let mut count = 0_usize;
    let mut first = None;
    for place in 0..pieces {
        let opened = reader(place)?;
        count = count.saturating_add(opened.count);
        first.get_or_insert(opened.head);
    }
    if count > limits::PAGES_MAX {
        return Err(Error::limit(format!("{count} pages, at most {} are allowed", limits::PAGES_MAX)).into());
    }
    let first = first.filter(|_| count > 0).ok_or_else(|| Error::corrupt("it has no pages"))?;
    let description = Description { name, title: first.title.as_deref(), author: first.author.as_deref(), now };
    let mut tiff = File::start(out)?;
    let (mut number, mut coarser) = (0_usize, 0_usize);
    for place in 0..pieces {
        let mut piece = reader(place)?;
        for _ in 0..piece.count {
            let drawn = piece.page()?;
            coarser += usize::from(drawn.is_coarser);
            tiff.add(&drawn.layout, &drawn.strips, [number, count], &description)?;
            number += 1;
        }
    }
    out.flush().map_err(OutputError::Output)?;
    Ok(Written { pages: count, events: told(coarser, settings).into_iter().collect() })
}

/// A piece that is being read. A host may have written anything into it.
struct Reader<R> {
    file: BufReader<R>,
    head: Head,
    count: usize,
}

impl<R: Read + Seek> Reader<R> {
    fn open(file: R) -> Result<Self, OutputError> {
        let mut file = BufReader::new(file);
        file.seek(SeekFrom::End(-4)).map_err(unread)?;
        let count = usize::try_from(number(&mut file)?).unwrap_or(usize::MAX);
        file.rewind().map_err(unread)?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).map_err(unread)?;
        if magic != MAGIC {
            return Err(strange().into());
        }
        let head = head(&mut file)?;
        Ok(Self { file, head, count })
    }

    fn page(&mut self) -> Result<Drawn, OutputError> {
        let page: Page = head(&mut self.file)?;
        let mut bytes = Vec::new();
        for length in page.strips {
            bytes.push(taken(&mut self.file, length)?);
        }
        let strips = Strips { packing: page.packing, kind: page.kind, rows_each: page.rows_each, bytes };
        Ok(Drawn { layout: page.layout, strips, is_coarser: page.is_coarser })
    }
}

fn number(file: &mut impl Read) -> Result<u32, OutputError> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes).map_err(unread)?;
    Ok(u32::from_be_bytes(bytes))
}

fn head<T: DeserializeOwned>(file: &mut impl Read) -> Result<T, OutputError> {
    let length = number(file)?;
    if length > HEAD_BYTES_MAX {
        return Err(strange().into());
    }
    Ok(serde_json::from_slice(&taken(file, length)?).map_err(|_| strange())?)
}

/// So many bytes, and no more memory than there are in the file.
fn taken(file: &mut impl Read, length: u32) -> Result<Vec<u8>, OutputError> {
    let mut bytes = Vec::new();
    let read = file.take(u64::from(length)).read_to_end(&mut bytes).map_err(unread)?;
    if u32::try_from(read) != Ok(length) {
        return Err(strange().into());
    }
    Ok(bytes)
}

fn unread(error: io::Error) -> OutputError {
    // Shorter than it says, or than any piece is.
    if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput) {
        return strange().into();
    }
    OutputError::Output(error)
}

fn strange() -> Error {
    Error::corrupt("what was drawn of it cannot be read")
}

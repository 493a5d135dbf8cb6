//! Reads directories of tags, the form that TIFF files and EXIF blocks share; both byte orders, also `BigTIFF`.

/// Most tags of one directory that are read; honest files have a few dozen.
const ENTRIES_MAX: u64 = 4_096;

/// A block of bytes that holds directories.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    bytes: &'a [u8],
    little_endian: bool,
    big: bool,
}

/// One tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) tag: u16,
    kind: u16,
    pub(super) count: u64,
    /// Where its values begin, inline or elsewhere.
    pub(super) values_at: usize,
}

/// The tags of one page.
#[derive(Debug)]
pub(super) struct Directory {
    entries: Vec<Entry>,
    /// Offset of the next directory; zero when there is none.
    pub(super) next: u64,
    /// Where that offset stands, and in how many bytes.
    pub(super) next_field: (usize, usize),
}

impl Directory {
    /// Finds a tag.
    pub(super) fn find(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().copied().find(|entry| entry.tag == tag)
    }
}

impl<'a> Block<'a> {
    /// Reads the header.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let little_endian = match bytes.get(..2)? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let mut block = Self { bytes, little_endian, big: false };
        match block.integer(2, 2)? {
            42 => Some(block),
            43 => {
                block.big = true;
                Some(block)
            }
            _ => None,
        }
    }

    /// Offset of the first directory.
    pub(super) fn first(&self) -> Option<u64> {
        let (at, width) = self.first_field();
        self.integer(at, width)
    }

    /// Where the header holds the offset of the first directory, and in how many bytes.
    pub(super) fn first_field(&self) -> (usize, usize) {
        if self.big { (8, 8) } else { (4, 4) }
    }

    /// Spells an unsigned number of 2, 4 or 8 bytes as this block does.
    pub(super) fn spell(&self, value: u64, width: usize) -> Vec<u8> {
        if self.little_endian {
            value.to_le_bytes().get(..width).unwrap_or_default().to_vec()
        } else {
            value.to_be_bytes().get(8 - width..).unwrap_or_default().to_vec()
        }
    }

    /// Reads a directory; tags that reach past the end are left out.
    pub(super) fn directory(&self, offset: u64) -> Option<Directory> {
        let at = usize::try_from(offset).ok()?;
        let (count_width, entry_width) = if self.big { (8, 20) } else { (2, 12) };
        let count = self.integer(at, count_width)?;
        let first = at.checked_add(count_width)?;
        let mut entries = Vec::new();
        for index in 0..count.min(ENTRIES_MAX) {
            let entry_at = first.checked_add(usize::try_from(index).ok()? * entry_width)?;
            match self.entry(entry_at) {
                Some(entry) => entries.push(entry),
                None if entry_at >= self.bytes.len() => break,
                None => {}
            }
        }
        let end = usize::try_from(count).ok().and_then(|count| first.checked_add(count.checked_mul(entry_width)?))?;
        let next_field = (end, if self.big { 8 } else { 4 });
        let next = self.integer(end, next_field.1).unwrap_or(0);
        Some(Directory { entries, next, next_field })
    }

    /// The `index`-th value of a tag as a whole number.
    pub(super) fn unsigned(&self, entry: &Entry, index: u64) -> Option<u64> {
        if index >= entry.count || !matches!(entry.kind, 1 | 3 | 4 | 7 | 13 | 16 | 18) {
            return None;
        }
        let width = width_of(entry.kind)?;
        self.integer(entry.values_at.checked_add(usize::try_from(index).ok()?.checked_mul(width)?)?, width)
    }

    /// The first value of a tag as a whole number.
    pub(super) fn unsigned_of(&self, directory: &Directory, tag: u16) -> Option<u64> {
        self.unsigned(&directory.find(tag)?, 0)
    }

    /// The first value of a tag as a fraction; whole numbers count too.
    pub(super) fn fraction_of(&self, directory: &Directory, tag: u16) -> Option<f64> {
        let entry = directory.find(tag)?;
        if entry.kind != 5 {
            return self.unsigned(&entry, 0).and_then(|value| u32::try_from(value).ok()).map(f64::from);
        }
        let above = u32::try_from(self.integer(entry.values_at, 4)?).ok()?;
        let below = u32::try_from(self.integer(entry.values_at.checked_add(4)?, 4)?).ok()?;
        (below != 0).then(|| f64::from(above) / f64::from(below))
    }

    /// The bytes of a tag.
    pub(super) fn bytes_of(&self, directory: &Directory, tag: u16) -> Option<&'a [u8]> {
        let entry = directory.find(tag)?;
        let length = usize::try_from(entry.count).ok()?.checked_mul(width_of(entry.kind)?)?;
        self.slice(entry.values_at, length)
    }

    /// So many bytes from an offset.
    pub(super) fn slice(&self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let tag = u16::try_from(self.integer(at, 2)?).ok()?;
        let kind = u16::try_from(self.integer(at.checked_add(2)?, 2)?).ok()?;
        let (count_width, inline_width) = if self.big { (8, 8) } else { (4, 4) };
        let count = self.integer(at.checked_add(4)?, count_width)?;
        let field = at.checked_add(4 + count_width)?;
        let length = usize::try_from(count).ok()?.checked_mul(width_of(kind)?)?;
        let values_at =
            if length <= inline_width { field } else { usize::try_from(self.integer(field, inline_width)?).ok()? };
        self.slice(values_at, length)?;
        Some(Entry { tag, kind, count, values_at })
    }

    fn integer(&self, at: usize, width: usize) -> Option<u64> {
        let bytes = self.slice(at, width)?.iter();
        let shift = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        Some(if self.little_endian { bytes.rev().fold(0, shift) } else { bytes.fold(0, shift) })
    }
}

/// Bytes of one value of a kind.
fn width_of(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

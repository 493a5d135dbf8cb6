//! The tables by which a viewer asks for what a page needs (ISO 32000-1, F.4).

use crate::pdf::Error;

/// Where something is and how long it is, the file counted as if it had no hints.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    pub(super) at: u64,
    pub(super) length: u64,
}

/// What the tables are about.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Each page with what it alone needs, and how many objects these are; of the first one, all that it needs.
    pub(super) pages: Vec<(Span, u64)>,
    /// For each page, places in `shared` of what it shares; none for the first one.
    pub(super) shares: Vec<Vec<u64>>,
    /// What pages share: all of the first page, then the objects that several others need.
    pub(super) shared: Vec<Span>,
    /// How many of these belong to the first page.
    pub(super) shared_first: usize,
    /// The number of the first of the others; 0 when there are none.
    pub(super) shared_number: u32,
    /// The outlines with the number of the first one, and how many objects they are.
    pub(super) outlines: Option<(u32, Span, u64)>,
}

/// The tables, and where those after the first one begin.
#[derive(Debug)]
pub(super) struct Hints {
    pub(super) bytes: Vec<u8>,
    pub(super) shared_at: usize,
    pub(super) outlines_at: Option<usize>,
}

/// Writes the tables.
///
/// # Errors
/// `Limit` for a file that they cannot count.
pub(super) fn write(facts: &Facts) -> Result<Hints, Error> {
    let mut bits = Bits::default();
    page_offsets(&mut bits, facts)?;
    let shared_at = bits.bytes.len();
    shared_objects(&mut bits, facts)?;
    let outlines_at = facts.outlines.map(|_| bits.bytes.len());
    if let Some((number, span, count)) = facts.outlines {
        for value in [u64::from(number), span.at, count, span.length] {
            bits.put(value, 32)?;
        }
    }
    Ok(Hints { bytes: bits.bytes, shared_at, outlines_at })
}

/// The page offset hint table (tables F.3 and F.4).
fn page_offsets(bits: &mut Bits, facts: &Facts) -> Result<(), Error> {
    let counts = Column::of(facts.pages.iter().map(|(_, count)| *count));
    let lengths = Column::of(facts.pages.iter().map(|(span, _)| span.length));
    let shares = width(facts.shares.iter().map(|page| as_u64(page.len())).max().unwrap_or(0));
    let places = width(facts.shares.iter().flatten().copied().max().unwrap_or(0));
    let first = facts.pages.first().map_or(0, |(span, _)| span.at);
    // Where the content of a page begins and how much it is, viewers take from the page itself: other writers say 0 and the
    // length of the page, and viewers are made for these.
    let header = [
        (counts.least, 32),
        (first, 32),
        (counts.bits, 16),
        (lengths.least, 32),
        (lengths.bits, 16),
        (0, 32),
        (0, 16),
        (lengths.least, 32),
        (lengths.bits, 16),
        (shares, 16),
        (places, 16),
        (0, 16),
        (4, 16),
    ];
    for (value, width) in header {
        bits.put(value, width)?;
    }
    bits.column(&counts)?;
    bits.column(&lengths)?;
    bits.row(facts.shares.iter().map(|page| as_u64(page.len())), shares)?;
    bits.row(facts.shares.iter().flatten().copied(), places)?;
    bits.column(&lengths)
}

/// The shared object hint table (tables F.5 and F.6).
fn shared_objects(bits: &mut Bits, facts: &Facts) -> Result<(), Error> {
    let lengths = Column::of(facts.shared.iter().map(|span| span.length));
    let others_at = facts.shared.get(facts.shared_first).map_or(0, |span| span.at);
    let header = [
        (u64::from(facts.shared_number), 32),
        (others_at, 32),
        (as_u64(facts.shared_first), 32),
        (as_u64(facts.shared.len()), 32),
        (0, 16),
        (lengths.least, 32),
        (lengths.bits, 16),
    ];
    for (value, width) in header {
        bits.put(value, width)?;
    }
    bits.column(&lengths)?;
    // None has a signature, and each is a group of one.
    bits.row(facts.shared.iter().map(|_| 0), 1)
}

/// Values as what they are more than the least of them.
struct Column {
    least: u64,
    bits: u64,
    more: Vec<u64>,
}

impl Column {
    fn of(values: impl Iterator<Item = u64> + Clone) -> Self {
        let least = values.clone().min().unwrap_or(0);
        let more: Vec<u64> = values.map(|value| value - least).collect();
        Self { least, bits: width(more.iter().copied().max().unwrap_or(0)), more }
    }
}

/// How many bits a value takes.
fn width(value: u64) -> u64 {
    u64::from(u64::BITS - value.leading_zeros())
}

pub(super) fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Puts values beside each other, bit by bit.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are free.
    free: u32,
}

impl Bits {
    fn put(&mut self, value: u64, width: u64) -> Result<(), Error> {
        if width < 64 && value >> width != 0 || width > 32 {
            return Err(Error::limit("a file too large to be linearised"));
        }
        for place in (0..width).rev() {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            self.free -= 1;
            if value >> place & 1 == 1
                && let Some(last) = self.bytes.last_mut()
            {
                *last |= 1 << self.free;
            }
        }
        Ok(())
    }

    /// A row of values, which begins and ends with a byte.
    fn row(&mut self, values: impl Iterator<Item = u64>, width: u64) -> Result<(), Error> {
        self.free = 0;
        for value in values {
            self.put(value, width)?;
        }
        self.free = 0;
        Ok(())
    }

    fn column(&mut self, column: &Column) -> Result<(), Error> {
        self.row(column.more.iter().copied(), column.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_beside_each_other_and_rows_begin_at_a_byte() {
        let mut bits = Bits::default();
        bits.row([5, 2, 7].into_iter(), 3).unwrap();
        bits.row([1, 0, 1].into_iter(), 1).unwrap();
        assert_eq!(bits.bytes, [0b1010_1011, 0b1000_0000, 0b1010_0000]);
        assert!(bits.put(8, 3).is_err());
    }

    #[test]
    fn a_value_takes_as_many_bits_as_it_has() {
        assert_eq!([0, 1, 2, 255, 256].map(width), [0, 1, 2, 8, 9]);
    }
}

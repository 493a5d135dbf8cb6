//! Font programs: what an embedded program says of its glyphs, whatever its format.
//!
//! Read leniently: a subset lacks tables that a whole font must have.

mod compact;
mod cost;
mod truetype;
mod type1;

pub(crate) use compact::Compact;
pub(crate) use truetype::TrueType;
pub(crate) use type1::Type1;

use read_fonts::{ps::cs::CommandSink, types::Fixed};

/// Takes what a glyph draws, of which only the width is asked for.
struct Nothing;

impl CommandSink for Nothing {
    fn move_to(&mut self, _: Fixed, _: Fixed) {}
    fn line_to(&mut self, _: Fixed, _: Fixed) {}
    fn curve_to(&mut self, _: Fixed, _: Fixed, _: Fixed, _: Fixed, _: Fixed, _: Fixed) {}
    fn close(&mut self) {}
}

/// The bytes of a table of a TrueType or OpenType program; cut off where the file ends.
pub(crate) fn table<'b>(bytes: &'b [u8], wanted: &[u8; 4]) -> Option<&'b [u8]> {
    let start = match bytes.get(..4)? {
        b"ttcf" => usize::try_from(u32_at(bytes, 12)?).ok()?,
        _ => 0,
    };
    let count = usize::from(u16_at(bytes, start.checked_add(4)?)?);
    let records = bytes.get(start.checked_add(12)?..)?.chunks_exact(16).take(count);
    for record in records {
        if record.starts_with(wanted) {
            let offset = usize::try_from(u32_at(record, 8)?).ok()?;
            let length = usize::try_from(u32_at(record, 12)?).ok()?;
            let end = offset.checked_add(length)?.min(bytes.len());
            return bytes.get(offset..end);
        }
    }
    None
}

/// Two bytes as a number.
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

/// Four bytes as a number.
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

//! Follows the cross-reference sections of a file, newest first: tables, streams, and tables with a stream beside them
//! (ISO 32000-1, 7.5.4 and 7.5.8).

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Object, Stream};

use super::{super::flaws::Flaws, is_line_end, objects, value};
use crate::pdf::{
    lexer::{Lexer, Token},
    stream,
    validate::Place,
};

/// How far from the end the place of the newest section is looked for (ISO 32000-1, annex H).
const END_BYTES: usize = 1024;

/// Most objects whose places are held.
pub(super) const OBJECTS_MAX: usize = 1 << 22;

/// Most sections that are followed.
const SECTIONS_MAX: usize = 1 << 12;

/// How many times the size of the file is read in all, when sections overlap.
const READING_FACTOR: usize = 8;

/// How many bytes all cross-reference streams may unpack to beyond that.
const UNPACKED_BYTES_MAX: usize = 256 << 20;

/// Most bytes of a row of a cross-reference stream's field.
const FIELD_BYTES_MAX: i64 = 8;

/// A cross-reference section.
#[derive(Debug)]
pub(in crate::pdf::validate::file_structure) struct Section {
    /// Where it begins.
    pub(in crate::pdf::validate::file_structure) offset: usize,
    /// Its trailer, or the dictionary of the stream.
    pub(in crate::pdf::validate::file_structure) trailer: Dictionary,
    /// How it is written.
    pub(in crate::pdf::validate::file_structure) form: Form,
}

/// How a section is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pdf::validate::file_structure) enum Form {
    /// As a table.
    Table {
        /// Whether the word `xref` and the first numbers are parted by one end of line alone.
        has_line_end: bool,
        /// Whether the two numbers that begin a part of the table are parted by one space.
        has_single_spaces: bool,
    },
    /// As a stream.
    Stream,
    /// As a stream that stands beside a table.
    Beside,
}

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nowhere: it was deleted.
    Free,
    /// At an offset.
    At(usize),
    /// In the object stream of that number.
    In(u32),
}

/// All sections, and what they say.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// The sections, newest first.
    pub(super) sections: Vec<Section>,
    /// Where each object is.
    pub(super) entries: BTreeMap<u32, Entry>,
    /// How many objects were met beyond those that are held.
    pub(super) more: usize,
    /// Why not all sections could be read, as the end of a sentence.
    pub(super) broken: Option<String>,
}

/// The rows of a section.
#[derive(Debug, Default)]
struct Rows {
    held: Vec<(u32, Entry)>,
    /// How many are not held.
    more: usize,
}

impl Rows {
    fn push(&mut self, number: u32, entry: Entry) {
        if self.held.len() < OBJECTS_MAX {
            self.held.push((number, entry));
        } else if entry != Entry::Free {
            self.more += 1;
        }
    }
}

/// What one section says.
struct Read {
    section: Section,
    rows: Rows,
    /// How many bytes were read for it.
    cost: usize,
}

impl Chain {
    /// Follows the sections from the end of the file.
    pub(super) fn follow(bytes: &[u8], flaws: &mut Flaws) -> Self {
        let mut chain = Self::default();
        let Some(start) = newest(bytes) else {
            chain.broken = Some("the file does not say where its newest section begins".to_owned());
            return chain;
        };
        let mut seen = BTreeSet::new();
        let mut left = bytes.len().saturating_mul(READING_FACTOR).saturating_add(UNPACKED_BYTES_MAX);
        let mut next = Some(start);
        while let Some(offset) = next.take() {
            if !seen.insert(offset) || chain.sections.len() >= SECTIONS_MAX {
                chain.broken = Some(format!("the section at byte {offset} was met before"));
                return chain;
            }
            let Some(read) = section(bytes, offset, flaws) else {
                chain.broken = Some(format!("there is no section at byte {offset}"));
                return chain;
            };
            let Read { section: read, rows, cost } = read;
            left = left.saturating_sub(cost);
            next = offset_under(&read.trailer, b"Prev");
            let beside = offset_under(&read.trailer, b"XRefStm").filter(|_| read.form != Form::Stream);
            chain.sections.push(read);
            // What is free in a table may be in the stream beside it.
            chain.add(rows.held.iter().filter(|(_, entry)| beside.is_none() || *entry != Entry::Free));
            if let Some(beside) = beside.filter(|offset| seen.insert(*offset)) {
                match section(bytes, beside, flaws) {
                    Some(Read { section: mut inner, rows, cost }) => {
                        left = left.saturating_sub(cost);
                        chain.add(rows.held.iter());
                        chain.more += rows.more;
                        inner.form = Form::Beside;
                        chain.sections.push(inner);
                    }
                    None => chain.broken = Some(format!("there is no section at byte {beside}")),
                }
            }
            chain.add(rows.held.iter());
            chain.more += rows.more;
            if left == 0 {
                chain.broken = Some("the sections overlap".to_owned());
                return chain;
            }
        }
        if chain.more > 0 {
            chain.broken = Some(format!("they have more than {OBJECTS_MAX} objects, which is more than is read"));
        }
        chain
    }

    /// Adds what older sections say of objects that newer ones do not have.
    fn add<'r>(&mut self, rows: impl Iterator<Item = &'r (u32, Entry)>) {
        for &(number, entry) in rows {
            if self.entries.len() < OBJECTS_MAX {
                self.entries.entry(number).or_insert(entry);
            } else if !self.entries.contains_key(&number) {
                self.more += 1;
            }
        }
    }
}

/// The offset that the last `startxref` tells.
fn newest(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(END_BYTES);
    let at = memchr::memmem::rfind(bytes.get(from..)?, b"startxref")?;
    let Some(Token::Integer(offset)) = Lexer::at(bytes, from + at + b"startxref".len()).token() else { return None };
    usize::try_from(offset).ok()
}

fn offset_under(trailer: &Dictionary, key: &[u8]) -> Option<usize> {
    let offset = trailer.get(key).ok()?.as_i64().ok()?;
    usize::try_from(offset).ok().filter(|offset| *offset > 0)
}

fn section(bytes: &[u8], offset: usize, flaws: &mut Flaws) -> Option<Read> {
    let mut lexer = Lexer::at(bytes, offset);
    let token = lexer.token()?;
    if token == Token::Word(b"xref") {
        table(offset, lexer, flaws)
    } else if matches!(token, Token::Integer(_)) {
        packed(bytes, offset, lexer)
    } else {
        None
    }
}

/// Reads a table and its trailer.
fn table(offset: usize, mut lexer: Lexer<'_>, flaws: &mut Flaws) -> Option<Read> {
    let after = lexer.rest();
    let rest = after.strip_prefix(b"\r\n").or(after.strip_prefix(b"\r")).or(after.strip_prefix(b"\n"));
    let has_line_end = rest.is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit));
    let mut has_single_spaces = true;
    let mut rows = Rows::default();
    loop {
        let token = lexer.token()?;
        if token == Token::Word(b"trailer") {
            break;
        }
        let Token::Integer(first) = token else { return None };
        let first = u32::try_from(first).ok()?;
        has_single_spaces &= matches!(lexer.rest(), [b' ', digit, ..] if digit.is_ascii_digit());
        let Some(Token::Integer(count)) = lexer.token() else { return None };
        part(&mut lexer, first, u32::try_from(count).ok()?, &mut rows)?;
    }
    let Some(Object::Dictionary(trailer)) = value::read(&mut lexer, flaws, Place::default()) else {
        return None;
    };
    let form = Form::Table { has_line_end, has_single_spaces };
    let cost = lexer.position().saturating_sub(offset);
    Some(Read { section: Section { offset, trailer, form }, rows, cost })
}

/// Reads the rows of a part of a table.
fn part(lexer: &mut Lexer<'_>, first: u32, count: u32, rows: &mut Rows) -> Option<()> {
    let mut first = first;
    for index in 0..count {
        let Some(Token::Integer(offset)) = lexer.token() else { return None };
        let Some(Token::Integer(generation)) = lexer.token() else { return None };
        let Token::Word(kind @ (b"f" | b"n")) = lexer.token()? else { return None };
        let is_free = kind == b"f";
        if index == 0 && first == 1 && is_free && generation == 65_535 && offset == 0 {
            // Some writers begin the table with object 1 but mean 0, the head of the free ones.
            first = 0;
        }
        let at = usize::try_from(offset).ok().filter(|offset| *offset > 0 && !is_free);
        rows.push(first.checked_add(index)?, at.map_or(Entry::Free, Entry::At));
    }
    Some(())
}

/// Reads a cross-reference stream; the lexer is behind its object number.
fn packed(bytes: &[u8], offset: usize, mut lexer: Lexer<'_>) -> Option<Read> {
    let (Token::Integer(_), Token::Word(b"obj")) = (lexer.token()?, lexer.token()?) else { return None };
    let Object::Dictionary(held) = value::read(&mut lexer, &mut Flaws::default(), Place::default())? else {
        return None;
    };
    if !is_of_type(&held, b"XRef") || lexer.token() != Some(Token::Word(b"stream")) {
        return None;
    }
    let start = objects::data_start(bytes, lexer.position());
    let length = held.get(b"Length").and_then(Object::as_i64).ok().and_then(|length| usize::try_from(length).ok());
    let data = length
        .and_then(|length| bytes.get(start..start.checked_add(length)?))
        .or_else(|| bytes.get(start..start + memchr::memmem::find(bytes.get(start..)?, b"endstream")?))?;
    let data =
        stream::unpack_within(&Stream::new(held.clone(), data.to_vec()), stream::objects_max(bytes.len())).ok()?;
    let rows = rows(&held, &data)?;
    let cost = lexer.position().saturating_sub(offset).saturating_add(data.len());
    Some(Read { section: Section { offset, trailer: held, form: Form::Stream }, rows, cost })
}

/// The rows of a cross-reference stream.
fn rows(held: &Dictionary, data: &[u8]) -> Option<Rows> {
    let numbers = |key: &[u8]| -> Option<Vec<i64>> {
        held.get(key).ok()?.as_array().ok()?.iter().map(|number| number.as_i64().ok()).collect()
    };
    let widths: Vec<usize> = numbers(b"W")?
        .into_iter()
        .map(|width| usize::try_from(width).ok().filter(|_| width <= FIELD_BYTES_MAX))
        .collect::<Option<_>>()?;
    let [kind_width, second_width, third_width] = *widths.as_slice() else { return None };
    let width = kind_width + second_width + third_width;
    let size = held.get(b"Size").and_then(Object::as_i64).unwrap_or(0);
    let ranges = numbers(b"Index").unwrap_or_else(|| vec![0, size]);
    let mut chunks = data.chunks_exact(width.max(1));
    let mut found = Rows::default();
    for range in ranges.chunks_exact(2) {
        let [first, count] = *range else { continue };
        for number in first..first.checked_add(count)? {
            let Some(row) = chunks.next() else { return Some(found) };
            let (kind, rest) = row.split_at_checked(kind_width)?;
            let (second, _) = rest.split_at_checked(second_width)?;
            let kind = if kind_width == 0 { 1 } else { big_endian(kind) };
            let second = big_endian(second);
            let entry = match kind {
                1 => usize::try_from(second).map_or(Entry::Free, Entry::At),
                2 => u32::try_from(second).map_or(Entry::Free, Entry::In),
                _ => Entry::Free,
            };
            found.push(u32::try_from(number).ok()?, entry);
        }
    }
    Some(found)
}

/// Whether a dictionary says that it is of a type.
pub(super) fn is_of_type(held: &Dictionary, kind: &[u8]) -> bool {
    held.get(b"Type").and_then(Object::as_name).is_ok_and(|name| name == kind)
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// Whether the byte at an offset ends a line.
pub(super) fn ends_line(bytes: &[u8], offset: usize) -> bool {
    bytes.get(offset).is_some_and(|byte| is_line_end(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(bytes: &[u8]) -> Chain {
        Chain::follow(bytes, &mut Flaws::default())
    }

    /// A file of sections, each with its text; `{N}` in a text stands for the offset of section N.
    fn file(sections: &[&str]) -> Vec<u8> {
        let offset =
            |index: usize| 10 * (index + 1) + sections.iter().take(index).map(|text| text.len()).sum::<usize>();
        let mut text = String::new();
        for (index, section) in sections.iter().enumerate() {
            text.extend(std::iter::repeat_n(' ', offset(index) - text.len()));
            // The offsets have as many digits as what stands for them.
            let mut section = (*section).to_owned();
            for other in 0..sections.len() {
                section = section.replace(&format!("{{{other}}}"), &format!("{:03}", offset(other)));
            }
            text.push_str(&section);
        }
        format!("{text}\nstartxref\n{}\n%%EOF", offset(sections.len() - 1)).into_bytes()
    }

    const OLD: &str =
        "xref\n0 3\n0000000000 65535 f \n0000000111 00000 n \n0000000222 00000 n \ntrailer\n<</Size 3>>\n";
    const BESIDE: &str =
        "9 0 obj\n<</Type/XRef/W[1 1 0]/Index[2 1]/Size 3/Length 2>>\nstream\n\x02\x07\nendstream\nendobj\n";

    #[test]
    fn newer_sections_hide_what_older_ones_say() {
        let new = "xref\n1 1\n0000000333 00000 n \n2 1\n0000000000 00001 f \ntrailer\n<</Prev {0}>>\n";
        let chain = follow(&file(&[OLD, new]));
        assert_eq!((chain.sections.len(), chain.broken), (2, None));
        assert_eq!(chain.entries.get(&1), Some(&Entry::At(333)));
        assert_eq!(chain.entries.get(&2), Some(&Entry::Free));
    }

    #[test]
    fn a_stream_beside_a_table_has_what_is_free_there() {
        let new = "xref\n2 1\n0000000000 00000 f \ntrailer\n<</Prev {0}/XRefStm {1}>>\n";
        let chain = follow(&file(&[OLD, BESIDE, new]));
        assert_eq!(chain.broken, None);
        assert_eq!(chain.sections.iter().filter(|section| section.form == Form::Beside).count(), 1);
        assert_eq!(chain.entries.get(&1), Some(&Entry::At(111)));
        assert_eq!(chain.entries.get(&2), Some(&Entry::In(7)));
    }

    #[test]
    fn a_table_that_begins_with_one_but_means_zero_is_understood() {
        let chain = follow(&file(&[&OLD.replace("0 3", "1 3")]));
        assert_eq!(chain.entries.get(&1), Some(&Entry::At(111)));
    }

    #[test]
    fn sections_that_cannot_be_followed_are_told() {
        let loops = "xref\n0 0\ntrailer\n<</Prev {0}>>\n";
        for sections in [&[loops][..], &["xref\n0 9\ntrailer<<>>"], &["xref\n0 0\ntrailer"], &["nothing"]] {
            assert!(follow(&file(sections)).broken.is_some(), "{sections:?}");
        }
        assert!(follow(b"").broken.is_some());
        let wide = BESIDE.replace("[1 1 0]", "[1 9 0]");
        let many = BESIDE.replace("[2 1]", "[2 9223372036854775807]");
        assert!(follow(&file(&[&wide])).broken.is_some());
        assert!(follow(&file(&[&many])).broken.is_some());
    }
}

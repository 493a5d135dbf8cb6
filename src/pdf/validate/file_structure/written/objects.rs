//! Reads every object of a file as it is written (ISO 32000-1, 7.3.8 and 7.3.10).

use lopdf::{Dictionary, Document, Object};

use super::{
    super::flaws::{Flaw, Flaws},
    sections::ends_line,
    value,
};
use crate::pdf::{
    lexer::{Lexer, Token, is_delimiter, is_space},
    object,
    validate::Place,
};

/// The filters that a stream may have (ISO 32000-1, table 6) without LZW and Crypt.
const FILTERS: [&[u8]; 8] = [
    b"ASCIIHexDecode",
    b"ASCII85Decode",
    b"FlateDecode",
    b"RunLengthDecode",
    b"CCITTFaxDecode",
    b"JBIG2Decode",
    b"DCTDecode",
    b"JPXDecode",
];

/// Reads objects at their offsets.
pub(super) struct Objects<'a, 'f> {
    bytes: &'a [u8],
    document: &'f Document,
    /// Where the word `endstream` stands.
    ends: Vec<usize>,
    flaws: &'f mut Flaws,
}

/// An object as it was read.
pub(super) struct Found<'a> {
    /// Its dictionary, when it is a stream.
    pub(super) stream: Option<(Dictionary, &'a [u8])>,
    /// How many bytes were read, without the data of a stream.
    pub(super) cost: usize,
}

impl<'a, 'f> Objects<'a, 'f> {
    pub(super) fn new(bytes: &'a [u8], document: &'f Document, flaws: &'f mut Flaws) -> Self {
        const WORD: &[u8] = b"endstream";
        let is_alone =
            |at: &usize| bytes.get(at + WORD.len()).is_none_or(|byte| is_space(*byte) || is_delimiter(*byte));
        let ends = memchr::memmem::find_iter(bytes, WORD).filter(is_alone).collect();
        Self { bytes, document, ends, flaws }
    }

    /// Reads the object that the table has at an offset; `None` when it does not begin there.
    pub(super) fn read(&mut self, number: u32, offset: usize) -> Option<Found<'a>> {
        let place = Place { object: Some(number), page: None };
        let start = skip_white(self.bytes, offset);
        let mut lexer = Lexer::at(self.bytes, start);
        self.head(&mut lexer, number, start, place)?;
        let value = value::read(&mut lexer, self.flaws, place);
        let mut cost = lexer.position().saturating_sub(start).max(1);
        let mut stream = None;
        if let Some(Object::Dictionary(held)) = value {
            let mut ahead = lexer.clone();
            if ahead.token() == Some(Token::Word(b"stream")) {
                cost += 1;
                let data = self.stream(&held, ahead.position(), place);
                lexer.seek(data.end);
                self.entries(&held, place);
                stream = Some((held, data.bytes));
            }
        }
        self.tail(lexer, number, place);
        Some(Found { stream, cost })
    }

    /// Reads `12 0 obj`; `None` when it is not there.
    fn head(&mut self, lexer: &mut Lexer<'a>, number: u32, start: usize, place: Place) -> Option<()> {
        let mut is_right = start.checked_sub(1).is_none_or(|before| ends_line(self.bytes, before));
        for expected in [Some(number), None] {
            let Some(Token::Integer(found)) = lexer.token() else { return None };
            if expected.is_some_and(|expected| i64::from(expected) != found) {
                return None;
            }
            is_right &= matches!(lexer.rest(), [space, other, ..] if is_space(*space) && !is_space(*other));
        }
        if lexer.token() != Some(Token::Word(b"obj")) {
            return None;
        }
        is_right &= ends_line(self.bytes, lexer.position());
        self.flaws.note_if(!is_right, Flaw::ObjectSpacing, place, || {
            format!(
                "The numbers and the word \"obj\" of object {number} are not parted by single spaces, or do not stand \
                 on a line of their own."
            )
        });
        Some(())
    }

    /// Reads `endobj`.
    fn tail(&mut self, lexer: Lexer<'a>, number: u32, place: Place) {
        let from = lexer.position();
        let at = skip_white(self.bytes, from);
        let mut is_right = at > from && ends_line(self.bytes, at - 1);
        let mut lexer = Lexer::at(self.bytes, at);
        is_right &= lexer.token() == Some(Token::Word(b"endobj"));
        is_right &= ends_line(self.bytes, lexer.position());
        self.flaws.note_if(!is_right, Flaw::ObjectSpacing, place, || {
            format!("Object {number} does not end with the word \"endobj\" on a line of its own.")
        });
    }

    /// Looks at the words around the data of a stream, and at how long these are.
    fn stream(&mut self, held: &Dictionary, keyword_end: usize, place: Place) -> Data<'a> {
        let number = place.object.unwrap_or(0);
        let start = data_start(self.bytes, keyword_end);
        let is_begun = self.bytes.get(start.saturating_sub(1)) == Some(&b'\n') && start > keyword_end;
        let length = object::integer(self.document, held, b"Length").and_then(|length| usize::try_from(length).ok());
        let Some(end) = self.end(start, length) else {
            self.flaws.note(Flaw::StreamLength, place, || format!("The stream of object {number} does not end."));
            let length = length.unwrap_or(0).min(self.bytes.len().saturating_sub(start));
            return Data { bytes: self.bytes.get(start..start + length).unwrap_or_default(), end: start };
        };
        let before = |count: usize| end.checked_sub(count).and_then(|at| self.bytes.get(at)).copied();
        let line_end = match (before(2), before(1)) {
            // A carriage return that belongs to the data.
            (Some(b'\r'), Some(b'\n')) if length.is_some_and(|length| start + length + 1 >= end) => 1,
            (Some(b'\r'), Some(b'\n')) => 2,
            (_, Some(b'\n' | b'\r')) => 1,
            _ => 0,
        };
        self.flaws.note_if(line_end == 0 || !is_begun, Flaw::StreamKeyword, place, || {
            format!("The words \"stream\" and \"endstream\" of object {number} do not stand on lines of their own.")
        });
        let actual = (end - start).checked_sub(line_end);
        self.flaws.note_if(length.is_none() || actual != length, Flaw::StreamLength, place, || {
            let said = length.map_or("nothing".to_owned(), |length| length.to_string());
            format!("The stream of object {number} has {} bytes, its Length says {said}.", actual.unwrap_or(0))
        });
        let length = length.filter(|length| start + length <= end).or(actual).unwrap_or(0);
        Data { bytes: self.bytes.get(start..start + length).unwrap_or_default(), end: end + b"endstream".len() }
    }

    /// Where the word that ends a stream stands: after the length that is told, or else wherever it comes first.
    fn end(&self, start: usize, length: Option<usize>) -> Option<usize> {
        let told = length.and_then(|length| start.checked_add(length)).filter(|end| *end <= self.bytes.len());
        let told = told.map(|end| skip_white(self.bytes, end)).filter(|end| self.ends.binary_search(end).is_ok());
        told.or_else(|| self.ends.get(self.ends.partition_point(|end| *end < start)).copied())
    }

    /// Looks at the entries of a stream's dictionary.
    fn entries(&mut self, held: &Dictionary, place: Place) {
        let document = self.document;
        for key in [&b"F"[..], b"FFilter", b"FDecodeParms"] {
            self.flaws.note_if(object::get(document, held, key).is_some(), Flaw::StreamExternal, place, || {
                format!("A stream has the key {}, which is for data in another file.", object::shown(key))
            });
        }
        for (index, filter) in filters(document, held).into_iter().enumerate() {
            let is_allowed = FILTERS.contains(&filter) || filter == b"Crypt" && is_identity(document, held, index);
            let message = || format!("A stream is packed by the filter \"{}\".", object::shown(filter));
            self.flaws.note_if(filter == b"LZWDecode", Flaw::FilterLzw, place, message);
            self.flaws.note_if(!is_allowed && filter != b"LZWDecode", Flaw::FilterOther, place, message);
        }
    }
}

/// The data of a stream.
struct Data<'a> {
    bytes: &'a [u8],
    /// Where reading goes on.
    end: usize,
}

/// Where the data of a stream begin, behind the end of the line of `stream`.
pub(super) fn data_start(bytes: &[u8], keyword_end: usize) -> usize {
    match bytes.get(keyword_end..) {
        Some([b'\r', b'\n', ..]) => keyword_end + 2,
        Some([b'\r' | b'\n', ..]) => keyword_end + 1,
        Some(_) | None => keyword_end,
    }
}

fn filters<'a>(document: &'a Document, held: &'a Dictionary) -> Vec<&'a [u8]> {
    match object::get(document, held, b"Filter") {
        Some(Object::Name(name)) => vec![name],
        Some(Object::Array(names)) => {
            names.iter().filter_map(|name| object::resolve(document, name).as_name().ok()).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// Whether the parameters of a Crypt filter say that it changes nothing.
fn is_identity(document: &Document, held: &Dictionary, index: usize) -> bool {
    let parameters = object::get(document, held, b"DecodeParms");
    let parameters = match parameters {
        Some(Object::Array(all)) => all.get(index).map(|held| object::resolve(document, held)),
        other => other,
    };
    parameters.and_then(object::as_dictionary).and_then(|held| object::name(document, held, b"Name"))
        == Some(b"Identity")
}

fn skip_white(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| is_space(**byte)).count()
}

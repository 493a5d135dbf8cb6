//! The file as it is written: what its bytes say before any parser mends them.

mod objects;
mod sections;
mod value;

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, Stream};

use super::flaws::{Flaw, Flaws};
use crate::pdf::{
    lexer::{Lexer, Token},
    stream,
    validate::Place,
};
use sections::{Chain, Entry};

pub(super) use sections::{Form, Section};

/// How far into the file a linearization dictionary may stand (ISO 32000-1, F.3.3).
const LINEARIZED_BYTES: usize = 1024;

/// How many times the size of the file is read in all, when objects overlap.
const READING_FACTOR: usize = 8;

/// What an object that is not where it should be counts for: as much as the shortest one.
const MISPLACED_COST: usize = 16;

/// Most bytes that all object streams may unpack to.
const OBJECT_STREAMS_BYTES_MAX: usize = 1 << 29;

/// What was read.
#[derive(Debug)]
pub(in crate::pdf::validate) struct Written {
    /// The cross-reference sections, newest first.
    pub(super) sections: Vec<Section>,
    /// Why not all sections could be read.
    pub(super) broken: Option<String>,
    /// How many objects there are.
    pub(super) objects: usize,
    /// Whether the file is linearized and was not changed since.
    pub(super) is_linearized: bool,
    /// The objects that do not begin where the sections have them, with these places.
    pub(super) misplaced: BTreeMap<u32, usize>,
    /// The objects that are not in the object stream where the sections have them, with its number.
    pub(super) lost: BTreeMap<u32, u32>,
    /// What is wrong with how objects are written.
    pub(super) flaws: Flaws,
}

impl Written {
    /// Reads a file from its header on.
    pub(in crate::pdf::validate) fn read(bytes: &[u8], junk: usize, document: &Document) -> Self {
        let mut flaws = Flaws::default();
        let Chain { sections, entries, more, broken } = Chain::follow(bytes, &mut flaws);
        let misplaced = read_objects(bytes, document, &entries, &mut flaws);
        let objects = entries.values().filter(|entry| **entry != Entry::Free).count() + more;
        let lost = lost(document, &entries);
        let mut written = Self { sections, broken, objects, is_linearized: false, misplaced, lost, flaws };
        let is_last = written.newest().map(|newest| newest.offset) == written.last().map(|last| last.offset);
        written.is_linearized = !is_last && is_linearized(bytes, junk);
        written
    }

    /// The newest section, where reading begins.
    pub(super) fn newest(&self) -> Option<&Section> {
        self.sections.first()
    }

    /// The section that stands first in the file; in a linearized one, that of the first page.
    pub(super) fn first(&self) -> Option<&Section> {
        self.main().min_by_key(|section| section.offset)
    }

    /// The section that stands last in the file.
    pub(super) fn last(&self) -> Option<&Section> {
        self.main().max_by_key(|section| section.offset)
    }

    fn main(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| section.form != Form::Beside)
    }
}

/// Whether a byte ends a line.
pub(super) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Whether the first object of the file is a linearization dictionary with the right length of the file.
pub(in crate::pdf::validate) fn is_linearized(bytes: &[u8], junk: usize) -> bool {
    let head = bytes.get(..LINEARIZED_BYTES.min(bytes.len())).unwrap_or_default();
    let Some(at) = memchr::memmem::find(head, b" obj") else { return false };
    let mut lexer = Lexer::at(bytes, at + 4);
    let Some(Object::Dictionary(held)) = value::read(&mut lexer, &mut Flaws::default(), Place::default()) else {
        return false;
    };
    let length = held.get(b"L").and_then(Object::as_i64).ok().and_then(|length| usize::try_from(length).ok());
    held.has(b"Linearized") && length == Some(bytes.len() + junk)
}

/// An object stream: its number, its dictionary and its data.
type Packed<'a> = (u32, Dictionary, &'a [u8]);

/// Reads every object that the sections have, each once. Returns those that are not where they should be.
fn read_objects(
    bytes: &[u8],
    document: &Document,
    entries: &BTreeMap<u32, Entry>,
    flaws: &mut Flaws,
) -> BTreeMap<u32, usize> {
    let (packed, misplaced) = read_plain(bytes, document, entries, flaws);
    let mut bytes_left = OBJECT_STREAMS_BYTES_MAX;
    for (number, held, data) in packed {
        let limit = stream::objects_max(bytes.len()).min(bytes_left);
        // What is encrypted does not unpack, and encryption is refused anyway.
        let Ok(inner) = stream::unpack_within(&Stream::new(held.clone(), data.to_vec()), limit) else { continue };
        bytes_left = bytes_left.saturating_sub(inner.len());
        read_packed(&inner, &held, |inner| entries.get(&inner) == Some(&Entry::In(number)), flaws);
    }
    misplaced
}

/// The objects that the sections have in an object stream and that could not be read from it, with its number.
fn lost(document: &Document, entries: &BTreeMap<u32, Entry>) -> BTreeMap<u32, u32> {
    let is_read = |number: u32| document.objects.range((number, 0)..=(number, u16::MAX)).next().is_some();
    let packed = entries.iter().filter_map(|(number, entry)| match entry {
        Entry::In(stream) => Some((*number, *stream)),
        Entry::At(_) | Entry::Free => None,
    });
    packed.filter(|(number, _)| !is_read(*number)).collect()
}

/// Reads the objects that stand in the file itself. Returns the object streams among them, and the objects that are not
/// where they should be.
fn read_plain<'a>(
    bytes: &'a [u8],
    document: &Document,
    entries: &BTreeMap<u32, Entry>,
    flaws: &mut Flaws,
) -> (Vec<Packed<'a>>, BTreeMap<u32, usize>) {
    let place = |(number, entry): (&u32, &Entry)| if let Entry::At(at) = entry { Some((*at, *number)) } else { None };
    let mut at: Vec<(usize, u32)> = entries.iter().filter_map(place).collect();
    at.sort_unstable();
    let (mut packed, mut misplaced) = (Vec::new(), BTreeMap::new());
    let mut left = bytes.len().saturating_mul(READING_FACTOR);
    let mut objects = objects::Objects::new(bytes, document, flaws);
    for (offset, number) in at {
        let found = objects.read(number, offset);
        let cost = found.as_ref().map_or(MISPLACED_COST, |found| found.cost);
        left = left.saturating_sub(cost);
        if let Some(found) = found {
            let stream = found.stream.filter(|(held, _)| sections::is_of_type(held, b"ObjStm"));
            packed.extend(stream.map(|(held, data)| (number, held, data)));
        } else {
            misplaced.insert(number, offset);
        }
        if left == 0 {
            flaws.note(Flaw::Overlap, Place::default(), || "The objects of the file overlap.".to_owned());
            break;
        }
    }
    (packed, misplaced)
}

/// Reads the objects in an object stream that are in use.
fn read_packed(bytes: &[u8], held: &Dictionary, is_used: impl Fn(u32) -> bool, flaws: &mut Flaws) {
    let number = |key: &[u8]| held.get(key).and_then(Object::as_i64).ok().and_then(|value| usize::try_from(value).ok());
    let (Some(count), Some(first)) = (number(b"N"), number(b"First")) else { return };
    let mut left = bytes.len().saturating_mul(READING_FACTOR);
    let mut head = Lexer::at(bytes, 0);
    for _ in 0..count {
        let (Some(Token::Integer(number)), Some(Token::Integer(offset))) = (head.token(), head.token()) else { return };
        let (Ok(number), Ok(offset)) = (u32::try_from(number), usize::try_from(offset)) else { return };
        if !is_used(number) {
            continue;
        }
        let Some(start) = first.checked_add(offset) else { return };
        let mut lexer = Lexer::at(bytes, start);
        value::read(&mut lexer, flaws, Place { object: Some(number), page: None });
        left = left.saturating_sub(lexer.position().saturating_sub(start).max(1));
        if left == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one object stream; its two objects are 5, which is in use, and 6, which is not.
    fn packed(five: &str, six: &str) -> Vec<u8> {
        let head = format!("5 0 6 {} ", five.len() + 1);
        let inner = format!("{head}{five} {six}");
        let mut text = "%PDF-1.5\n".to_owned();
        let stream = text.len();
        text += &format!("3 0 obj\n<</Type/ObjStm/N 2/First {}/Length {}>>\nstream\n", head.len(), inner.len());
        text += &format!("{inner}\nendstream\nendobj\n");
        let table = text.len();
        text += "4 0 obj\n<</Type/XRef/W[1 1 1]/Index[3 1 5 1]/Size 7/Length 6>>\nstream\n";
        let mut bytes = text.into_bytes();
        bytes.extend([1, u8::try_from(stream).unwrap(), 0, 2, 3, 0]);
        bytes.extend(format!("\nendstream\nendobj\nstartxref\n{table}\n%%EOF").bytes());
        bytes
    }

    fn has(bytes: &[u8], flaw: Flaw) -> bool {
        let written = Written::read(bytes, 0, &Document::new());
        assert_eq!((written.broken.as_deref(), written.objects), (None, 2));
        let mut findings = crate::pdf::validate::rule::Findings::default();
        written.flaws.tell(flaw, &mut findings);
        !format!("{findings:?}").contains("count: 0")
    }

    #[test]
    fn objects_in_object_streams_are_looked_at_when_they_are_in_use() {
        assert!(has(&packed("<414>", "1"), Flaw::OddDigits));
        assert!(!has(&packed("<4142>", "<414>"), Flaw::OddDigits));
        assert!(has(&packed("[99999999999]", "1"), Flaw::IntegerRange));
    }

    #[test]
    fn an_object_stream_that_lies_is_passed_over() {
        for (from, to) in [("/N 2", "/N 9"), ("/First 8", "/First 9999999"), ("5 0 6", "x 0 6")] {
            let bytes = packed("1", "1");
            let at = memchr::memmem::find(&bytes, from.as_bytes());
            let Some(at) = at else { continue };
            let bytes = [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat();
            assert!(Written::read(&bytes, 0, &Document::new()).objects <= 2, "{to}");
        }
    }

    #[test]
    fn what_is_no_file_has_no_sections() {
        for bytes in [&b""[..], b"%PDF-1.4", b"startxref\n0\n%%EOF", b"startxref\n-5"] {
            let written = Written::read(bytes, 0, &Document::new());
            assert!(written.broken.is_some() && written.newest().is_none());
        }
    }
}

//! The file that an update is for, and its objects just as they are written in it.
//!
//! # Why not the parsed objects
//!
//! An object that gets one more entry has to be written whole. Parsed and written again, its numbers lose digits and its
//! strings change their spelling, which other readers hold against the signatures that are there already: the page
//! seems to have changed. So every value but the new one is copied byte for byte.

use lopdf::{
    Dictionary, Document, Object, ObjectId,
    xref::{XrefEntry, XrefType},
};

use super::Error;
use crate::pdf::{
    Error as PdfError,
    lexer::{Lexer, Token},
    object, stream, validate,
};

/// The highest number that an object can have: offsets and numbers beyond are not read by everybody (ISO 32000-1, annex C).
const OBJECT_NUMBER_MAX: u32 = 8_388_607;

/// A file that can be updated.
#[derive(Debug)]
pub(super) struct Base<'a> {
    /// The file.
    pub(super) bytes: &'a [u8],
    /// What is in it. The numbers that it gives to new objects are free in the file.
    pub(super) document: Document,
    /// The highest number of an object in the file.
    pub(super) highest: u32,
}

impl<'a> Base<'a> {
    /// Opens a file.
    ///
    /// # Errors
    /// `Encrypted`, `Damaged` when there is anything that readers have to mend, and what a file that is no PDF fails with.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut document = load(bytes)?;
        if !bytes.starts_with(b"%PDF-") {
            return Err(Error::damaged("it does not start with its header"));
        }
        if document.xref_recovery.is_some() || document.xref_start == 0 {
            return Err(Error::damaged("its table of objects had to be mended"));
        }
        let size = object::integer(&document, &document.trailer, b"Size").and_then(|size| u32::try_from(size).ok());
        let highest = document.max_id.max(document.reference_table.max_id()).max(size.unwrap_or(0).saturating_sub(1));
        if highest >= OBJECT_NUMBER_MAX {
            return Err(PdfError::limit(format!("it has object numbers up to {highest}")).into());
        }
        document.max_id = highest;
        Ok(Self { bytes, document, highest })
    }

    /// Whether its last cross-reference section is a stream.
    pub(super) fn has_stream(&self) -> bool {
        matches!(self.document.reference_table.cross_reference_type, XrefType::CrossReferenceStream)
    }

    /// The catalog.
    pub(super) fn catalog(&self) -> Result<(ObjectId, &Dictionary), Error> {
        let id = self.document.trailer.get(b"Root").ok().and_then(|root| object::target(&self.document, root));
        let held = id.and_then(|id| object::at(&self.document, id));
        id.zip(held).ok_or_else(|| PdfError::corrupt("it has no catalog").into())
    }

    /// The first page.
    pub(super) fn first_page(&self) -> Result<ObjectId, Error> {
        self.document.page_iter().next().ok_or_else(|| PdfError::corrupt("it has no pages").into())
    }

    /// The value of an object, as written.
    pub(super) fn written(&self, id: ObjectId) -> Result<Vec<u8>, Error> {
        self.find(id).ok_or_else(|| Error::damaged(format!("the object {} is not where its table says", id.0)))
    }

    /// A dictionary, as written.
    pub(super) fn dictionary(&self, id: ObjectId) -> Result<Written, Error> {
        Written::read(&self.written(id)?)
            .ok_or_else(|| Error::damaged(format!("the object {} is not a dictionary", id.0)))
    }

    fn find(&self, id: ObjectId) -> Option<Vec<u8>> {
        match self.document.reference_table.get(id.0)? {
            XrefEntry::Normal { offset, generation } => {
                let mut lexer = Lexer::at(self.bytes, usize::try_from(*offset).ok()?);
                let is_head = lexer.token()? == Token::Integer(id.0.into())
                    && lexer.token()? == Token::Integer(id.1.into())
                    && lexer.token()? == Token::Word(b"obj")
                    && *generation == id.1;
                is_head.then(|| value(&mut lexer).map(<[u8]>::to_vec)).flatten()
            }
            XrefEntry::Compressed { container, .. } => {
                let held = self.document.objects.get(&(*container, 0))?.as_stream().ok()?;
                let bytes = stream::unpack_within(held, stream::objects_max(self.bytes.len())).ok()?;
                let first = usize::try_from(object::integer(&self.document, &held.dict, b"First")?).ok()?;
                let mut lexer = Lexer::at(bytes.get(..first)?, 0);
                while let (Some(Token::Integer(number)), Some(Token::Integer(offset))) = (lexer.token(), lexer.token())
                {
                    if number == i64::from(id.0) {
                        let offset = first.checked_add(usize::try_from(offset).ok()?)?;
                        return value(&mut Lexer::at(&bytes, offset)).map(<[u8]>::to_vec);
                    }
                }
                None
            }
            XrefEntry::Free | XrefEntry::UnusableFree => None,
        }
    }
}

/// Opens a file that may be looked at.
///
/// # Errors
/// `Encrypted`, and what a file that is no PDF fails with.
pub(super) fn load(bytes: &[u8]) -> Result<Document, Error> {
    let document = validate::load(bytes).map_err(|error| {
        if matches!(
            error,
            lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) | lopdf::Error::UnsupportedSecurityHandler(_)
        ) {
            Error::Encrypted
        } else {
            PdfError::corrupt(error.to_string()).into()
        }
    })?;
    if document.was_encrypted() || document.trailer.has(b"Encrypt") {
        return Err(Error::Encrypted);
    }
    Ok(document)
}

/// A dictionary whose values are as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Written {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: Vec<u8>,
    /// The name with its slash, as written.
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Written {
    /// Reads the dictionary that bytes start with.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut lexer = Lexer::at(bytes, 0);
        let mut entries = Vec::new();
        if lexer.token()? != Token::DictionaryStart {
            return None;
        }
        loop {
            lexer.skip_space();
            let start = lexer.position();
            match lexer.token()? {
                Token::Name(name) => {
                    let key = bytes.get(start..lexer.position())?.to_vec();
                    entries.push(Entry { name, key, value: value(&mut lexer)?.to_vec() });
                }
                Token::DictionaryEnd => return Some(Self { entries }),
                Token::Integer(_)
                | Token::Real(_)
                | Token::Text { .. }
                | Token::ArrayStart
                | Token::ArrayEnd
                | Token::DictionaryStart
                | Token::Word(_)
                | Token::Stray(_) => return None,
            }
        }
    }

    /// The value of a key. Of a key that is there twice, the last counts, as it does for the parser.
    pub(super) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.entries.iter().rfind(|entry| entry.name == name).map(|entry| entry.value.as_slice())
    }

    /// Sets the value of a key, whose name needs no escapes.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let value = value.into();
        let name = name.as_bytes();
        if let Some(entry) = self.entries.iter_mut().rfind(|entry| entry.name == name) {
            entry.value = value;
        } else {
            self.entries.push(Entry { name: name.to_vec(), key: [b"/", name].concat(), value });
        }
    }

    /// Its bytes.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = b"<<".to_vec();
        for entry in &self.entries {
            for part in [b"\n", entry.key.as_slice(), b" ", &entry.value] {
                bytes.extend_from_slice(part);
            }
        }
        bytes.extend_from_slice(b"\n>>");
        bytes
    }
}

/// The value at a place, as written: one token, a reference, or all up to the end of an array or dictionary.
fn value<'b>(lexer: &mut Lexer<'b>) -> Option<&'b [u8]> {
    lexer.skip_space();
    let bytes = lexer.rest();
    let start = lexer.position();
    let mut depth = 0_usize;
    loop {
        match lexer.token()? {
            Token::ArrayStart | Token::DictionaryStart => depth += 1,
            Token::ArrayEnd | Token::DictionaryEnd => depth = depth.checked_sub(1)?,
            Token::Integer(_) if depth == 0 => pass_reference(lexer),
            Token::Integer(_) | Token::Real(_) | Token::Name(_) | Token::Text { .. } | Token::Word(_) => {}
            Token::Stray(_) => return None,
        }
        if depth == 0 {
            return bytes.get(..lexer.position().checked_sub(start)?);
        }
    }
}

/// Passes the rest of a reference, if what stood before was its first number.
fn pass_reference(lexer: &mut Lexer<'_>) {
    let mut ahead = lexer.clone();
    if matches!(ahead.token(), Some(Token::Integer(_))) && ahead.token() == Some(Token::Word(b"R")) {
        *lexer = ahead;
    }
}

/// An object as it is written.
pub(super) fn bytes(object: &Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = lopdf::Writer::write_object(&mut bytes, object);
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
    bytes
}

/// A reference as it is written.
pub(super) fn reference(id: ObjectId) -> Vec<u8> {
    format!("{} {} R", id.0, id.1).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_as_they_were_written() {
        let held = Written::read(b"<</A 595.275591/B(a\\)b)/C[1 0 R<</D/E>>]/F 12 0 R /G#20H null/I 7>>x").unwrap();
        assert_eq!(held.get(b"A"), Some(&b"595.275591"[..]));
        assert_eq!(held.get(b"B"), Some(&b"(a\\)b)"[..]));
        assert_eq!(held.get(b"C"), Some(&b"[1 0 R<</D/E>>]"[..]));
        assert_eq!(held.get(b"F"), Some(&b"12 0 R"[..]));
        assert_eq!(held.get(b"I"), Some(&b"7"[..]));
        let written = held.write();
        assert!(written.windows(10).any(|part| part == b"/G#20H nul"));
        assert_eq!(Written::read(&written), Some(held));
    }

    #[test]
    fn a_value_is_set_once() {
        let mut held = Written::read(b"<</A 1/A 2>>").unwrap();
        held.set("A", *b"3");
        held.set("B", *b"4");
        assert_eq!(held.write(), b"<<\n/A 1\n/A 3\n/B 4\n>>");
    }

    #[test]
    fn what_is_no_dictionary_is_none() {
        for bytes in [&b""[..], b"[1]", b"<</A", b"<</A>>", b"<<1 2>>", b"<</A [[[[", b"<</A )>>"] {
            assert_eq!(Written::read(bytes), None, "{}", String::from_utf8_lossy(bytes));
        }
    }
}

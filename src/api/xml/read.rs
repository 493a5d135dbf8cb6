//! Lists of options that come as XML: `<options><option><name/><value/></option>…</options>`.
//!
//! The root may have any name, everything any namespace: names are read without their prefix. Elements of an option that
//! are not known are skipped, as in JSON.

use quick_xml::{
    Reader,
    escape::{self, EscapeError},
    events::{BytesRef, BytesStart, Event},
};

use super::is_allowed;
use crate::domain::{limits, options::JobOption};

/// Why a list cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::api) enum Unreadable {
    /// Another encoding than those that every reader of XML knows.
    #[error("it is encoded as {0}; send UTF-8, or UTF-16 with a byte order mark")]
    Encoding(String),
    /// Bytes that are not what they should be.
    #[error("its bytes are not {0}")]
    Bytes(&'static str),
    /// A character that XML cannot hold.
    #[error("it holds the character U+{0:04X}, which XML does not allow")]
    Character(u32),
    /// A document type.
    #[error("it has a document type (<!DOCTYPE …>), which is not accepted")]
    DocumentType,
    /// An entity of somebody's own.
    #[error("it uses the entity '{0}'; only amp, lt, gt, apos, quot and numbers are accepted")]
    Entity(String),
    /// Too much inside each other.
    #[error("its elements are nested more than {max} deep", max = limits::XML_DEPTH_MAX)]
    Depth,
    /// Too much in all.
    #[error("it has more than {max} elements", max = limits::XML_ELEMENTS_MAX)]
    Elements,
    /// Too much on one element.
    #[error("an element has more than {max} attributes", max = limits::XML_ATTRIBUTES_MAX)]
    Attributes,
    /// Not well-formed.
    #[error("it is not well-formed: {0}")]
    Syntax(String),
    /// An element where there must be another.
    #[error("it has an element '{found}' where only '{wanted}' may be")]
    Unexpected {
        /// The element.
        found: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// Text between elements.
    #[error("it has text outside of 'name' and 'value'")]
    Text,
    /// An option without one of its two elements.
    #[error("option {ordinal} has no '{field}'")]
    Missing {
        /// Which option, from 1.
        ordinal: usize,
        /// Which element.
        field: &'static str,
    },
    /// An option with two of one.
    #[error("option {ordinal} has more than one '{field}'")]
    Twice {
        /// Which option, from 1.
        ordinal: usize,
        /// Which element.
        field: &'static str,
    },
}

impl Unreadable {
    fn syntax(what: impl ToString) -> Self {
        Self::Syntax(what.to_string())
    }
}

/// Reads a list of options.
///
/// # Errors
/// The first thing that is wrong with it.
pub(in crate::api) fn options(bytes: &[u8]) -> Result<Vec<JobOption>, Unreadable> {
    let text = decode(bytes)?;
    if let Some(character) = text.chars().find(|character| !is_allowed(*character)) {
        return Err(Unreadable::Character(character.into()));
    }
    let mut reader = Reader::from_str(&text);
    reader.config_mut().enable_all_checks(true);
    reader.config_mut().expand_empty_elements = true;
    let mut list = List::default();
    let mut is_first = true;
    loop {
        match reader.read_event().map_err(Unreadable::syntax)? {
            Event::Start(element) => list.open(&element)?,
            Event::End(_) => list.close()?,
            Event::Text(text) => list.text(&text)?,
            Event::CData(_) if list.depth == 0 => return Err(Unreadable::Text),
            Event::CData(text) => list.text(&text)?,
            Event::GeneralRef(reference) => list.character(resolve(&reference)?)?,
            Event::Decl(_) if !is_first => return Err(Unreadable::syntax("the declaration does not come first")),
            Event::DocType(_) => return Err(Unreadable::DocumentType),
            Event::Eof => return list.end(),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            // Not with `expand_empty_elements`.
            Event::Empty(element) => {
                list.open(&element)?;
                list.close()?;
            }
        }
        is_first = false;
    }
}

/// Makes text of bytes, with line ends as XML has them. A byte order mark decides, then the declaration; else it is UTF-8.
fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let text = match bytes {
        [0, 0, 0xFE, 0xFF, ..] | [0xFF, 0xFE, 0, 0, ..] => return Err(Unreadable::Encoding("UTF-32".to_owned())),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes)?,
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes)?,
        [0, _, ..] | [_, 0, ..] => return Err(Unreadable::Encoding("UTF-16 without a byte order mark".to_owned())),
        [0xEF, 0xBB, 0xBF, rest @ ..] => narrow(rest)?,
        other => match declared_encoding(other) {
            Some(encoding) if !["utf-8", "utf8", "us-ascii"].contains(&encoding.to_ascii_lowercase().as_str()) => {
                return Err(Unreadable::Encoding(encoding));
            }
            Some(_) | None => narrow(other)?,
        },
    };
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn narrow(bytes: &[u8]) -> Result<String, Unreadable> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Unreadable::Bytes("UTF-8"))
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Unreadable> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(pairs.iter().copied().map(unit)).collect();
    text.ok().filter(|_| rest.is_empty()).ok_or(Unreadable::Bytes("UTF-16"))
}

/// The encoding that the declaration at the beginning names. It is ASCII in all encodings that come here.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..256).unwrap_or(bytes));
    match Reader::from_str(&head).read_event() {
        Ok(Event::Decl(declaration)) => Some(declaration.encoding()?.ok()?.into_owned()),
        Ok(_) | Err(_) => None,
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, Unreadable> {
    let unknown = || Unreadable::Entity(reference.to_string());
    let character = match reference.resolve_char_ref().map_err(|_| unknown())? {
        Some(character) => character,
        None => escape::resolve_xml_entity(reference).and_then(|text| text.chars().next()).ok_or_else(unknown)?,
    };
    if is_allowed(character) { Ok(character) } else { Err(Unreadable::Character(character.into())) }
}

/// What has been read so far.
#[derive(Default)]
struct List {
    options: Vec<JobOption>,
    /// The option that is being read.
    option: Fields,
    /// The text of its element that is being read.
    text: String,
    has_root: bool,
    depth: usize,
    elements: usize,
    /// Whether what is being read is the element `value` and not `name`.
    in_value: bool,
    /// How deep the element is that is being skipped.
    skipped: Option<usize>,
}

#[derive(Default)]
struct Fields {
    name: Option<String>,
    value: Option<String>,
}

/// Where the elements stand that mean something.
const ROOT: usize = 1;
const OPTION: usize = 2;
const FIELD: usize = 3;

impl List {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), Unreadable> {
        self.elements += 1;
        self.depth += 1;
        if self.elements > limits::XML_ELEMENTS_MAX {
            return Err(Unreadable::Elements);
        }
        if self.depth > limits::XML_DEPTH_MAX {
            return Err(Unreadable::Depth);
        }
        check(element)?;
        if self.skipped.is_some() {
            return Ok(());
        }
        let name = element.local_name().into_inner();
        let found = || name.to_owned();
        match (self.depth, name) {
            (ROOT, _) if self.has_root => return Err(Unreadable::syntax("there is more than one root element")),
            (ROOT, _) => self.has_root = true,
            (OPTION, "option") => self.option = Fields::default(),
            (OPTION, _) => return Err(Unreadable::Unexpected { found: found(), wanted: "option" }),
            (FIELD, "name" | "value") => {
                self.in_value = name == "value";
                self.text.clear();
            }
            (FIELD, _) => self.skipped = Some(self.depth),
            (_, _) => return Err(Unreadable::Unexpected { found: found(), wanted: "text" }),
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        match self.skipped {
            Some(skipped) if skipped == depth => self.skipped = None,
            Some(_) => {}
            None if depth == FIELD => {
                let (field, kept) =
                    if self.in_value { ("value", &mut self.option.value) } else { ("name", &mut self.option.name) };
                if kept.replace(std::mem::take(&mut self.text)).is_some() {
                    return Err(Unreadable::Twice { ordinal: self.options.len() + 1, field });
                }
            }
            None if depth == OPTION => {
                let missing = |field| Unreadable::Missing { ordinal: self.options.len() + 1, field };
                let name = self.option.name.take().ok_or_else(|| missing("name"))?;
                let value = self.option.value.take().ok_or_else(|| missing("value"))?;
                self.options.push(JobOption { name, value });
            }
            None => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Unreadable> {
        if self.is_in_field() {
            self.text.push_str(text);
        } else if self.skipped.is_none() && !text.bytes().all(|byte| b" \t\r\n".contains(&byte)) {
            return Err(Unreadable::Text);
        }
        Ok(())
    }

    fn character(&mut self, character: char) -> Result<(), Unreadable> {
        if self.is_in_field() {
            self.text.push(character);
        } else if self.skipped.is_none() {
            return Err(Unreadable::Text);
        }
        Ok(())
    }

    const fn is_in_field(&self) -> bool {
        self.depth == FIELD && self.skipped.is_none()
    }

    fn end(self) -> Result<Vec<JobOption>, Unreadable> {
        if self.depth > 0 {
            Err(Unreadable::syntax("it ends inside an element"))
        } else if !self.has_root {
            Err(Unreadable::syntax("there is no element"))
        } else {
            Ok(self.options)
        }
    }
}

/// Checks what the reader leaves to its users: names, and attributes although they mean nothing here.
fn check(element: &BytesStart<'_>) -> Result<(), Unreadable> {
    let name = element.name().into_inner();
    if !is_name(name) {
        return Err(Unreadable::Syntax(format!("'{name}' is no name of an element")));
    }
    for (index, attribute) in element.attributes().enumerate() {
        if index == limits::XML_ATTRIBUTES_MAX {
            return Err(Unreadable::Attributes);
        }
        let attribute = attribute.map_err(Unreadable::syntax)?;
        match escape::unescape(&attribute.value) {
            Ok(_) if attribute.value.contains('<') => return Err(Unreadable::syntax("an attribute holds '<'")),
            Ok(_) => {}
            Err(EscapeError::UnrecognizedEntity(_, entity)) => return Err(Unreadable::Entity(entity)),
            Err(
                error @ (EscapeError::UnterminatedEntity(_)
                | EscapeError::InvalidCharRef(_)
                | EscapeError::TooManyNestedEntities),
            ) => return Err(Unreadable::syntax(error)),
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let is_first = |each: char| each.is_alphabetic() || matches!(each, '_' | ':') || each > '\u{BF}';
    let is_later = |each: char| is_first(each) || each.is_ascii_digit() || matches!(each, '-' | '.' | '\u{B7}');
    text.starts_with(is_first) && text.chars().all(is_later)
}

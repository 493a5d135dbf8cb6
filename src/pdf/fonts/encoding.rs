//! What the codes of a simple font show.

use lopdf::{Dictionary, Document, Object};

use super::glyphs::{self, Base};
use crate::pdf::object;

/// The encoding of a simple font as its dictionary says.
#[derive(Debug)]
pub(super) struct Encoding {
    /// The encoding to start from, `None` when the font program's own counts.
    pub(super) base: Option<Base>,
    /// Names by code that differ from it.
    pub(super) differences: Vec<(u8, Vec<u8>)>,
}

impl Encoding {
    /// Reads the `Encoding` entry.
    pub(super) fn read(document: &Document, font: &Dictionary) -> Self {
        match object::get(document, font, b"Encoding") {
            Some(Object::Name(name)) => Self { base: Base::named(name), differences: Vec::new() },
            Some(Object::Dictionary(held)) => {
                let base = object::name(document, held, b"BaseEncoding").and_then(Base::named);
                let mut differences = Vec::new();
                let mut code = 0_i64;
                for item in object::array(document, held, b"Differences").unwrap_or_default() {
                    let item = object::resolve(document, item);
                    if let Ok(name) = item.as_name() {
                        differences.extend(u8::try_from(code).ok().map(|code| (code, name.to_vec())));
                        code = code.saturating_add(1);
                    } else {
                        code = item.as_i64().unwrap_or(code);
                    }
                }
                Self { base, differences }
            }
            Some(_) | None => Self { base: None, differences: Vec::new() },
        }
    }

    /// The glyph name of a code, where the document gives one.
    pub(super) fn name(&self, code: u8) -> Option<&[u8]> {
        self.differences.iter().rev().find(|(each, _)| *each == code).map(|(_, name)| name.as_slice())
    }

    /// The character of a code; `otherwise` is the encoding where the document names none.
    pub(super) fn character(&self, code: u8, otherwise: Base) -> Option<char> {
        match self.name(code) {
            Some(name) => glyphs::character(name),
            None => self.base.unwrap_or(otherwise).character(code),
        }
    }
}

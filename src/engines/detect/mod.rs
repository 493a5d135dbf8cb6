//! Decides what a document is, and whether it is under a password.
//!
//! Knows no file, clock or environment. Bounded on any input: of text the first 64 KiB are read, of a package some
//! hundred KiB an entry, of an OLE file its directory and the head of one stream.
//!
//! 1. Content decides. The name, and without one the declared media type, only choose among kinds of text, whose content
//!    says little, and say what a file of no known content should have been.
//! 2. A name, or without one a declared media type, that says otherwise than the content is told to the client, unless the
//!    difference is of no consequence; so is what was decided where the name says nothing.

mod agreement;
mod compound;
mod magic;
mod mail;
mod markup;
mod package;
mod text;

#[cfg(test)]
mod tests;

use crate::{
    domain::{Event, Format},
    engines::Error,
};

pub(in crate::engines) use text::wide;

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// Its format.
    pub format: Format,
    /// Whether it is under a password, which may be the default one that Excel uses. Not set for PDF, whose engine
    /// looks for itself.
    pub encrypted: bool,
    /// What the client is told.
    pub events: Vec<Event>,
}

/// What the content alone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Content {
    format: Format,
    encrypted: bool,
}

impl Content {
    const fn open(format: Format) -> Self {
        Self { format, encrypted: false }
    }

    const fn encrypted(format: Format) -> Self {
        Self { format, encrypted: true }
    }
}

/// Decides what a document is: by content first, then extension, then declared media type.
///
/// # Errors
/// `Corrupt` when the file is empty, when the package that its name and its first bytes promise is broken, when an Office
/// file defines XML entities, or when the content is of no known type and the name says which it should be.
pub fn detect(bytes: &[u8], file_name: &str, media_type: Option<&str>) -> Result<Detected, Error> {
    if bytes.is_empty() {
        return Err(corrupt("the file is empty"));
    }
    let named = Format::from_file_name(file_name);
    let declared = media_type.and_then(Format::from_media_type);
    let expected = named.or(declared);
    let Some(Content { format, encrypted }) = content(bytes, expected)? else {
        return match expected {
            Some(Format::Unknown) | None => {
                Ok(Detected { format: Format::Unknown, encrypted: false, events: Vec::new() })
            }
            Some(expected) => {
                let source = if named.is_some() { "name" } else { "declared type" };
                let what = format!("the {source} says {}, the content is of no known type", expected.described());
                Err(corrupt(what))
            }
        };
    };
    let events = agreement::told(named, declared, format).into_iter().collect();
    Ok(Detected { format, encrypted, events })
}

/// Tries one kind of content after the other, those with the plainest marks first.
fn content(bytes: &[u8], expected: Option<Format>) -> Result<Option<Content>, Error> {
    if let Some(format) = magic::format(bytes) {
        return Ok(Some(Content::open(format)));
    }
    if package::is_package(bytes) {
        return package::content(bytes, expected);
    }
    if compound::is_compound(bytes) {
        return Ok(compound::content(bytes));
    }
    let head = text::head(bytes);
    if let Some(format) = markup::format(&head, expected) {
        if markup::is_office(format) && package::defines_entities(head.as_bytes()) {
            return Err(corrupt(package::ENTITIES));
        }
        return Ok(Some(Content::open(format)));
    }
    let format = mail::format(&head, expected)
        .or_else(|| magic::late_pdf(bytes, expected))
        .or_else(|| text::format(bytes, expected));
    Ok(format.map(Content::open))
}

fn corrupt(what: impl Into<String>) -> Error {
    Error::Corrupt { what: what.into() }
}

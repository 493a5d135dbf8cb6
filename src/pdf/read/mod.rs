//! Bytes to a document: opened, decrypted, mended, its page tree flat.

mod encryption;
mod lost;
#[cfg(test)]
mod tests;

use lopdf::{Document, LoadOptions, xref::XrefRecovery};

use super::{Error, object, pages, stream};
use crate::domain::{Event, EventCode};
use lost::Loaded;

/// How far into the file its header may stand; the limit that the format's own reader keeps.
const HEADER_BYTES_MAX: usize = 1024;

/// A document that was read, and what was mended on the way.
#[derive(Debug)]
pub struct Opened {
    /// The document, without encryption.
    pub document: Document,
    /// What was mended.
    pub events: Vec<Event>,
}

/// Reads a PDF. Tries the empty password first, then each of `passwords` as user and as owner password.
///
/// # Errors
/// `Password` when none opens it, `Corrupt` when nothing can be read, `Limit` for a hostile size.
pub fn read(mut bytes: Vec<u8>, passwords: &[String]) -> Result<Opened, Error> {
    let head = bytes.get(..bytes.len().min(HEADER_BYTES_MAX + 5)).unwrap_or_default();
    let start =
        head.windows(5).position(|window| window == b"%PDF-").ok_or_else(|| Error::corrupt("it has no PDF header"))?;
    bytes.drain(..start);
    let mut events = Vec::new();
    let bytes = encryption::made_indirect(&bytes).unwrap_or(bytes);
    let Loaded { mut document, lost } = open(&bytes, passwords)?;
    drop(bytes);
    if document.xref_recovery == Some(XrefRecovery::Reconstructed) {
        let message = "The table of objects was damaged; it was rebuilt by searching the file.";
        events.push(Event::warning(EventCode::CorruptionRepaired, message));
    }
    if lost > 0 {
        let objects = if lost == 1 { "1 object".to_owned() } else { format!("{lost} objects") };
        let message =
            format!("The file is damaged: {objects} cannot be read, and what belongs there is missing in the result.");
        events.push(Event::warning(EventCode::CorruptionRepaired, message));
    }
    events.extend(dynamic_form(&document));
    // A hostile file may use the last number there is; from here on new objects always find one.
    object::renumber(&mut document, 1);
    if let Err(error) = pages::flatten(&mut document) {
        if matches!(error, Error::Limit { .. }) {
            return Err(error);
        }
        if !pages::gather(&mut document) {
            return Err(Error::corrupt("it has no pages"));
        }
        pages::flatten(&mut document)?;
        let message = "The page tree was damaged; the pages that were found were put in the order of the file.";
        events.push(Event::warning(EventCode::ContentRecovered, message));
    }
    tidy(&mut document);
    Ok(Opened { document, events })
}

/// Opens the document with the first password that fits.
fn open(bytes: &[u8], passwords: &[String]) -> Result<Loaded, Error> {
    match load(bytes, None) {
        Ok(loaded) if !loaded.document.trailer.has(b"Encrypt") => return Ok(loaded),
        Ok(_) | Err(lopdf::Error::InvalidPassword) => {}
        Err(error) => return Err(describe(error)),
    }
    for password in passwords {
        match load(bytes, Some(password)) {
            Ok(loaded) if !loaded.document.trailer.has(b"Encrypt") => return Ok(loaded),
            Ok(_) | Err(lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_)) => {}
            Err(error) => return Err(describe(error)),
        }
    }
    Err(Error::Password { given: !passwords.is_empty() })
}

fn load(bytes: &[u8], password: Option<&String>) -> Result<Loaded, lopdf::Error> {
    lost::load(|is_searched| {
        let options = LoadOptions {
            password: password.cloned(),
            max_decompressed_size: Some(stream::objects_max(bytes.len())),
            force_reconstruct: is_searched,
            ..LoadOptions::default()
        };
        Document::load_mem_with_options(bytes, options)
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library names thirty causes, and all but these mean damage")]
fn describe(error: lopdf::Error) -> Error {
    match error {
        lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { limit }) => {
            Error::limit(format!("a stream unpacks to more than {} MiB", limit >> 20))
        }
        lopdf::Error::UnsupportedSecurityHandler(handler) => {
            Error::Unsupported { feature: format!("the security handler {}", object::shown(&handler)) }
        }
        lopdf::Error::Decryption(error) => {
            Error::Unsupported { feature: format!("an encryption that cannot be undone ({error})") }
        }
        other => Error::corrupt(other.to_string()),
    }
}

/// A dynamic form has one page that asks for another reader; what that would show is laid out by a language of its own.
/// The page is what every other reader shows, so it is kept, and the loss is told.
fn dynamic_form(document: &Document) -> Option<Event> {
    let catalog = object::catalog(document)?;
    let has_form = object::dictionary(document, catalog, b"AcroForm").is_some_and(|form| form.has(b"XFA"));
    let needs_rendering =
        object::get(document, catalog, b"NeedsRendering").is_some_and(|value| value.as_bool().unwrap_or(false));
    let message = "The document is a dynamic XFA form: its content is shown by Adobe's readers alone and is not in the \
                   result, which holds the pages that all other readers show. Print it to a PDF there and convert that.";
    (has_form && needs_rendering).then(|| Event::warning(EventCode::VisualDifferences, message))
}

/// Drops what belongs to the file rather than to the document: tables, revisions, encryption, unused objects.
fn tidy(document: &mut Document) {
    for key in [&b"Encrypt"[..], b"Prev", b"XRefStm", b"Type", b"W", b"Index", b"Filter", b"DecodeParms", b"Length"] {
        document.trailer.remove(key);
    }
    document.encryption_state = None;
    // They have numbers without gaps already, and only what goes leaves one.
    if !document.prune_objects().is_empty() {
        object::renumber(document, 1);
    }
}

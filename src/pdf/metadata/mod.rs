//! What a document says about itself: one description, written as XMP and as `Info` in exact step.
//!
//! Beside the predefined properties there are schemas of their own, each described as PDF/A wants it. Those that a
//! document has are kept as far as they are texts; [`write_schemas`] sets them.

mod description;
mod packet;
mod schema;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use description::pdf_date as read_date;
pub use schema::{Category, Schema, SchemaError, schemas};
pub use settings::{PropertySettings, SchemaSettings};
use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, Stream, StringFormat, text_string};
use time::OffsetDateTime;

use super::{Error, object, validate::Flavour};
use crate::domain::metadata::Metadata;
use description::Description;

/// What wrote the file.
pub(crate) const PRODUCER: &str = concat!("Bindery ", env!("CARGO_PKG_VERSION"));

/// Writes fresh metadata: what is `wanted` wins, else what the document says. Without a `claim` an old one is removed.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub fn write(
    document: &mut Document,
    wanted: &Metadata,
    claim: Option<Flavour>,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let schemas = schemas(document);
    put(document, wanted, claim, now, &schemas)
}

/// Writes fresh metadata with these schemas instead of those that the document has; everything else it says stays. It
/// makes no claim: that is for the gate, which keeps the schemas.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub fn write_schemas(document: &mut Document, schemas: &[Schema], now: OffsetDateTime) -> Result<(), Error> {
    put(document, &Metadata::default(), None, now, schemas)
}

/// Writes fresh metadata with these schemas besides those that the document has; what one of the same namespace says stays
/// where nothing else is said. It makes no claim, either.
///
/// # Errors
/// `Corrupt` when the document has no catalog, `Limit` for too many properties of one schema.
pub fn add_schemas(document: &mut Document, added: &[Schema], now: OffsetDateTime) -> Result<(), Error> {
    let mut all = schemas(document);
    for schema in added {
        match all.iter_mut().find(|other| other.namespace() == schema.namespace()) {
            Some(other) => other.take(schema).map_err(|error| Error::limit(error.to_string()))?,
            None => all.push(schema.clone()),
        }
    }
    write_schemas(document, &all, now)
}

fn put(
    document: &mut Document,
    wanted: &Metadata,
    claim: Option<Flavour>,
    now: OffsetDateTime,
    schemas: &[Schema],
) -> Result<(), Error> {
    let description = Description::gather(document, wanted, now);
    let packet = packet::build(&description, schemas, claim);
    let mut dictionary = Dictionary::new();
    dictionary.set("Type", object::named("Metadata"));
    dictionary.set("Subtype", object::named("XML"));
    let metadata = object::add(document, Object::Stream(Stream::new(dictionary, packet).with_compression(false)));
    let catalog = object::catalog_mut(document).ok_or_else(|| Error::corrupt("it has no catalog"))?;
    catalog.set("Metadata", metadata);
    let info = object::add(document, info(&description));
    document.trailer.set("Info", info);
    Ok(())
}

/// What a document says about itself, in its `Info` or else in its XMP.
pub fn said(document: &Document) -> Metadata {
    Description::gather(document, &Metadata::default(), OffsetDateTime::UNIX_EPOCH).said
}

/// The values that the XMP of a document says, by their usual names.
pub(crate) fn properties(document: &Document) -> BTreeMap<String, String> {
    description::packet_values(document)
}

/// Builds the `Info` dictionary.
fn info(description: &Description) -> Dictionary {
    let mut info = Dictionary::new();
    for (property, value) in description.said.iter() {
        if let Some(key) = description::info_key(property) {
            info.set(key, text_string(value));
        }
    }
    info.set("Producer", text_string(PRODUCER));
    if let Some(created) = description.created {
        info.set("CreationDate", date(created));
    }
    info.set("ModDate", date(description.modified));
    info
}

/// A date in the way of the format: `D:20260102030405+01'00'`.
pub(crate) fn date(moment: OffsetDateTime) -> Object {
    let minutes = moment.offset().whole_minutes();
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    let text = format!(
        "D:{:04}{:02}{:02}{:02}{:02}{:02}{sign}{:02}'{:02}'",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        minutes / 60,
        minutes % 60
    );
    Object::String(text.into_bytes(), StringFormat::Literal)
}

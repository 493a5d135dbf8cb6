//! Finds files and takes them out.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};
use time::OffsetDateTime;

use super::{Embedded, Place, names, tree};
use crate::{
    domain::{Event, EventCode, limits},
    pdf::{Error, metadata, object, pages, stream},
};

/// The keys under which the stream of a file may stand, best first; the last three are from before PDF 1.7.
const STREAM_KEYS: [&[u8]; 5] = [b"UF", b"F", b"Unix", b"DOS", b"Mac"];

/// Files that were taken out.
#[derive(Debug, Default)]
pub struct Extracted {
    /// The files with their bytes, in the order of [`list`].
    pub files: Vec<(Embedded, Vec<u8>)>,
    /// What could not be taken out.
    pub events: Vec<Event>,
}

/// The files in a document, each stream once: first those of the document in the order of the tree, then those of pages,
/// then all others.
///
/// # Errors
/// `Limit` when there are more than [`limits::CONTAINER_ENTRIES_MAX`].
pub fn list(document: &Document) -> Result<Vec<Embedded>, Error> {
    let mut found = Found { document, files: Vec::new(), seen: BTreeSet::new() };
    for entry in tree::entries(document) {
        let key = lopdf::decode_text_string(&entry.key).ok();
        found.add(&entry.file, key, Place::Document)?;
    }
    let catalog = object::catalog(document);
    if let Some(associated) = catalog.and_then(|catalog| object::get(document, catalog, b"AF")) {
        let files = associated.as_array().map_or(std::slice::from_ref(associated), Vec::as_slice);
        files.iter().try_for_each(|file| found.add(file, None, Place::Document))?;
    }
    for (index, page) in pages::list(document).into_iter().enumerate() {
        let annotations = object::at(document, page).and_then(|page| object::array(document, page, b"Annots"));
        for annotation in annotations.unwrap_or_default() {
            let held = object::as_dictionary(object::resolve(document, annotation));
            if let Some(file) = held.and_then(|held| held.get(b"FS").ok()) {
                found.add(file, None, Place::Page(index + 1))?;
            }
        }
    }
    let mut outcome = Ok(());
    object::see_dictionaries(document, |_, held| {
        if outcome.is_ok() && held.has(b"EF") {
            outcome = found.add_specification(held, None, Place::Part);
        }
    });
    outcome.map(|()| found.files)
}

/// Takes all files out, which may have `bytes_max` together.
///
/// # Errors
/// `Limit` when there are too many files, or too many bytes in them.
pub fn extract(document: &Document, bytes_max: u64) -> Result<Extracted, Error> {
    let mut extracted = Extracted::default();
    let mut bytes_left = bytes_max;
    for file in list(document)? {
        match read(document, &file, bytes_left) {
            Ok(bytes) => {
                bytes_left = bytes_left.saturating_sub(bytes.len() as u64);
                extracted.files.push((file, bytes));
            }
            Err(Error::Limit { .. }) => {
                return Err(Error::limit(format!("the files in it unpack to more than {bytes_max} bytes")));
            }
            Err(error) => {
                let message = format!("The embedded file \"{}\" could not be taken out: {error}.", file.name);
                extracted.events.push(Event::warning(EventCode::PartialExtraction, message));
            }
        }
    }
    Ok(extracted)
}

/// The bytes of a file, of which there may be `bytes_max`.
///
/// # Errors
/// `Limit` when there are more, `Corrupt` when they do not unpack.
pub fn read(document: &Document, file: &Embedded, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let held = document.objects.get(&file.stream).and_then(|held| held.as_stream().ok());
    let held = held.ok_or_else(|| Error::corrupt("an embedded file has no stream"))?;
    let bytes_max = usize::try_from(bytes_max.min(limits::STREAM_BYTES_MAX)).unwrap_or(usize::MAX);
    let bytes = stream::unpack_within(held, bytes_max)?;
    // What is not packed is given as it is.
    if bytes.len() > bytes_max {
        return Err(Error::limit(format!("an embedded file has more than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// The stream of the file that a specification embeds.
pub(crate) fn file_of(document: &Document, specification: &Dictionary) -> Option<ObjectId> {
    let files = object::dictionary(document, specification, b"EF")?;
    let mut streams = STREAM_KEYS.iter().filter_map(|key| object::target(document, files.get(key).ok()?));
    streams.find(|id| document.objects.get(id).is_some_and(|held| held.as_stream().is_ok()))
}

/// The name that a specification says, as it says it.
pub(super) fn name_of(document: &Document, specification: &Dictionary) -> Option<String> {
    let mut names = STREAM_KEYS.iter().filter_map(|key| object::text(document, specification, key));
    names.find(|name| !name.trim().is_empty())
}

/// A specification that embeds a stream and is an object of its own.
pub(super) fn specification_of(document: &Document, stream: ObjectId) -> Option<Object> {
    let mut objects = document.objects.iter();
    objects.find_map(|(id, held)| {
        let is_it = held.as_dict().is_ok_and(|held| file_of(document, held) == Some(stream));
        is_it.then_some(Object::Reference(*id))
    })
}

struct Found<'a> {
    document: &'a Document,
    files: Vec<Embedded>,
    seen: BTreeSet<ObjectId>,
}

impl Found<'_> {
    fn add(&mut self, file: &Object, key: Option<String>, place: Place) -> Result<(), Error> {
        match object::as_dictionary(object::resolve(self.document, file)) {
            Some(held) => self.add_specification(held, key, place),
            None => Ok(()),
        }
    }

    fn add_specification(&mut self, held: &Dictionary, key: Option<String>, place: Place) -> Result<(), Error> {
        let document = self.document;
        let Some(stream) = file_of(document, held).filter(|id| self.seen.insert(*id)) else { return Ok(()) };
        if self.files.len() == limits::CONTAINER_ENTRIES_MAX {
            return Err(Error::limit(format!("more than {} files in it", limits::CONTAINER_ENTRIES_MAX)));
        }
        let empty = Dictionary::new();
        let file = object::at(document, stream).unwrap_or(&empty);
        let params = object::dictionary(document, file, b"Params").unwrap_or(&empty);
        let date = |key: &[u8]| -> Option<OffsetDateTime> {
            object::text(document, params, key).and_then(|text| metadata::read_date(&text))
        };
        let relationship = object::name(document, held, b"AFRelationship").map(object::shown);
        let description = object::text(document, held, b"Desc").filter(|text| !text.trim().is_empty());
        let media_type = object::name(document, file, b"Subtype").map(object::shown);
        self.files.push(Embedded {
            name: names::label(&name_of(document, held).or(key).unwrap_or_default()),
            description: description.map(|text| text.chars().take(limits::OPTION_VALUE_CHARS_MAX).collect()),
            media_type: media_type.filter(|kind| kind.len() <= limits::NAME_CHARS_MAX),
            relationship: relationship.and_then(|word| word.parse().ok()),
            modified: date(b"ModDate"),
            created: date(b"CreationDate"),
            said_bytes: object::integer(document, params, b"Size").and_then(|size| u64::try_from(size).ok()),
            place,
            stream,
        });
        Ok(())
    }
}

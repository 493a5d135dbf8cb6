//! An update: changed and new objects behind the file, which stays as it is (ISO 32000-1, 7.5.6).

use std::collections::BTreeMap;

use lopdf::{Object, ObjectId, StringFormat};
use ring::digest;

use super::{
    Error,
    base::{self, Base, Written},
};
use crate::pdf::{Error as PdfError, object};

/// What a trailer says of its own section alone (ISO 32000-1, tables 5, 15 and 17).
const OF_SECTION: [&[u8]; 10] =
    [b"Size", b"Prev", b"XRefStm", b"Type", b"W", b"Index", b"Filter", b"DecodeParms", b"DL", b"Length"];

/// What is added to a file.
#[derive(Debug, Default)]
pub(super) struct Update {
    objects: BTreeMap<ObjectId, Vec<u8>>,
}

/// A file with an update.
#[derive(Debug)]
pub(super) struct Updated {
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// Where the values of the objects of the update start.
    pub(super) starts: BTreeMap<ObjectId, usize>,
}

impl Update {
    /// Adds an object, as written, in place of the one with its number.
    pub(super) fn set(&mut self, id: ObjectId, value: Vec<u8>) {
        self.objects.insert(id, value);
    }

    /// The file with the update: a table behind a table, a stream behind a stream.
    ///
    /// # Errors
    /// `Document` when the file becomes larger than its offsets can say.
    pub(super) fn write(&self, base: &Base<'_>) -> Result<Updated, Error> {
        let added: usize = self.objects.values().map(|value| value.len() + 64).sum();
        let mut bytes = Vec::with_capacity(base.bytes.len() + added + 4096);
        bytes.extend_from_slice(base.bytes);
        if !base.bytes.ends_with(b"\n") && !base.bytes.ends_with(b"\r") {
            bytes.push(b'\n');
        }
        let mut starts = BTreeMap::new();
        let mut offsets = BTreeMap::new();
        for (id, value) in &self.objects {
            offsets.insert(*id, offset(&bytes)?);
            bytes.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
            starts.insert(*id, bytes.len());
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\nendobj\n");
        }
        let at = offset(&bytes)?;
        let highest = self.objects.keys().next_back().map_or(base.highest, |id| id.0.max(base.highest));
        if base.has_stream() {
            let id = (highest + 1, 0);
            offsets.insert(id, at);
            let trailer = self.trailer(base, id.0);
            bytes.extend_from_slice(&stream(id, trailer, &offsets));
        } else {
            bytes.extend_from_slice(&table(&offsets));
            bytes.extend_from_slice(b"trailer\n");
            bytes.extend_from_slice(&self.trailer(base, highest).write());
        }
        bytes.extend_from_slice(format!("\nstartxref\n{at}\n%%EOF\n").as_bytes());
        Ok(Updated { bytes, starts })
    }

    /// What the last trailer says, with the new identifier and the highest number of an object.
    fn trailer(&self, base: &Base<'_>, highest: u32) -> Written {
        let document = &base.document;
        let mut trailer = Written::default();
        for (key, value) in &document.trailer {
            if !OF_SECTION.contains(&key.as_slice()) && key != b"ID" {
                // Names of a trailer are those of the standard; others may need the escapes that the writer knows.
                let name = base::bytes(&Object::Name(key.clone()));
                trailer.set(&String::from_utf8_lossy(name.get(1..).unwrap_or_default()), base::bytes(value));
            }
        }
        trailer.set("Size", (highest + 1).to_string());
        trailer.set("Prev", document.xref_start.to_string());
        trailer.set("ID", self.identifier(base));
        trailer
    }

    /// The identifier: the first half stays, the second is of this revision (ISO 32000-1, 14.4).
    fn identifier(&self, base: &Base<'_>) -> Vec<u8> {
        let mut context = digest::Context::new(&digest::SHA256);
        let held = object::array(&base.document, &base.document.trailer, b"ID").unwrap_or_default();
        let halves: Vec<&[u8]> = held.iter().filter_map(|half| half.as_str().ok()).collect();
        for half in &halves {
            context.update(half);
        }
        context.update(&base.bytes.len().to_be_bytes());
        for value in self.objects.values() {
            context.update(value);
        }
        let digest = context.finish();
        let fresh = digest.as_ref().get(..16).unwrap_or_default();
        let half = |bytes: &[u8]| Object::String(bytes.to_vec(), StringFormat::Hexadecimal);
        base::bytes(&Object::Array(vec![half(halves.first().copied().unwrap_or(fresh)), half(fresh)]))
    }
}

/// Where the next byte will stand. Sections tell places in four bytes, or ten digits.
fn offset(bytes: &[u8]) -> Result<u32, Error> {
    u32::try_from(bytes.len()).map_err(|_| PdfError::limit("it has more than 4 GiB").into())
}

/// Numbers that follow one another, with what each is at.
fn runs(offsets: &BTreeMap<ObjectId, u32>) -> Vec<(u32, Vec<(u16, u32)>)> {
    let mut runs: Vec<(u32, Vec<(u16, u32)>)> = Vec::new();
    let mut next = None;
    for (&(number, generation), &offset) in offsets {
        match runs.last_mut() {
            Some((_, run)) if next == Some(number) => run.push((generation, offset)),
            Some(_) | None => runs.push((number, vec![(generation, offset)])),
        }
        next = number.checked_add(1);
    }
    runs
}

/// A cross-reference table (ISO 32000-1, 7.5.4).
fn table(offsets: &BTreeMap<ObjectId, u32>) -> Vec<u8> {
    let mut bytes = b"xref\n".to_vec();
    for (first, run) in runs(offsets) {
        bytes.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
        for (generation, offset) in run {
            bytes.extend_from_slice(format!("{offset:010} {generation:05} n \n").as_bytes());
        }
    }
    bytes
}

/// A cross-reference stream, which is its own last object (ISO 32000-1, 7.5.8).
fn stream(id: ObjectId, mut trailer: Written, offsets: &BTreeMap<ObjectId, u32>) -> Vec<u8> {
    let mut content = Vec::new();
    let mut index = Vec::new();
    for (first, run) in runs(offsets) {
        index.push(format!("{first} {}", run.len()));
        for (generation, offset) in run {
            content.push(1);
            content.extend_from_slice(&offset.to_be_bytes());
            content.extend_from_slice(&generation.to_be_bytes());
        }
    }
    trailer.set("Type", *b"/XRef");
    trailer.set("W", *b"[1 4 2]");
    trailer.set("Index", format!("[{}]", index.join(" ")));
    trailer.set("Length", content.len().to_string());
    let mut bytes = format!("{} {} obj\n", id.0, id.1).into_bytes();
    for part in [trailer.write().as_slice(), b"\nstream\n", &content, b"\nendstream\nendobj"] {
        bytes.extend_from_slice(part);
    }
    bytes
}

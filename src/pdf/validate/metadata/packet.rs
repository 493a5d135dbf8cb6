//! The packets of XMP in a document, each read once for all rules.

use std::collections::BTreeMap;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use lopdf::{Dictionary, Document, ObjectId, Stream};

use super::{extension::Schemas, schemas::Edition, xmp::Xmp};
use crate::pdf::{
    object, stream,
    validate::{Part, subject::Subject},
};

/// Most bytes of one packet. The largest real ones, with pictures in them, have a few MiB.
const PACKET_BYTES_MAX: usize = 16 << 20;

/// Most bytes of all packets of a document together.
const PACKETS_BYTES_MAX: usize = 128 << 20;

/// Most properties, fields and items that all packets of a document have together.
const NODES_MAX: usize = 1 << 19;

/// How far into a packet its XML declaration may reach.
const DECLARATION_BYTES_MAX: usize = 256;

/// The packets of a document that its part of the standard speaks of, that of the catalog first.
#[derive(Debug)]
pub(in crate::pdf::validate) struct Packets {
    packets: Vec<Packet>,
}

/// A packet.
#[derive(Debug)]
pub(super) struct Packet {
    /// The stream that it is in.
    pub(super) id: ObjectId,
    /// Whether it is that of the catalog, which speaks of the whole document.
    pub(super) is_main: bool,
    /// Whether it is written in UTF-8.
    pub(super) is_utf_8: bool,
    /// What it says, or why it cannot be read, as a part of a sentence.
    pub(super) xmp: Result<Xmp, String>,
    /// The schemas that it describes.
    pub(super) schemas: Schemas,
}

impl Packets {
    /// Reads them. Part 1 speaks of that of the catalog alone, the others of all.
    pub(in crate::pdf::validate) fn read(subject: &Subject<'_>) -> Self {
        let edition = Edition::of(subject.flavour.part());
        let main = main(subject.document);
        let others = if subject.flavour.part() == Part::One { BTreeMap::new() } else { others(subject) };
        let streams = main.map(|(id, stream)| (id, stream, true)).into_iter();
        let streams = streams.chain(others.into_iter().map(|(id, stream)| (id, stream, false)));
        let (mut bytes_left, mut nodes_left) = (PACKETS_BYTES_MAX, NODES_MAX);
        let mut packets = Vec::new();
        for (id, stream, is_main) in streams {
            let mut packet = Packet::read(id, stream, is_main, &mut bytes_left);
            let nodes = packet.xmp.as_ref().map_or(0, |xmp| xmp.model.size());
            match nodes_left.checked_sub(nodes) {
                Some(left) => nodes_left = left,
                None => packet.xmp = Err(format!("the document has more than {NODES_MAX} properties")),
            }
            if let Ok(xmp) = &packet.xmp {
                let main = packets.first().filter(|packet: &&Packet| packet.is_main).map(|packet| &packet.schemas);
                packet.schemas = Schemas::read(&xmp.model, edition, main);
            }
            packets.push(packet);
        }
        Self { packets }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Packet] {
        &self.packets
    }

    /// That of the catalog.
    pub(super) fn main(&self) -> Option<&Packet> {
        self.packets.first().filter(|packet| packet.is_main)
    }
}

impl Packet {
    fn read(id: ObjectId, stream: &Stream, is_main: bool, bytes_left: &mut usize) -> Self {
        let bytes = stream::unpack_within(stream, PACKET_BYTES_MAX.min(*bytes_left)).map_err(|error| error.to_string());
        let bytes = bytes.and_then(|bytes| {
            *bytes_left = bytes_left.checked_sub(bytes.len()).ok_or_else(|| "there is too much of it".to_owned())?;
            Ok(bytes)
        });
        let text = bytes.and_then(|bytes| decode(&bytes));
        let is_utf_8 = text.as_ref().is_ok_and(|(_, is_utf_8)| *is_utf_8);
        let xmp = text.and_then(|(text, _)| Xmp::read(&text));
        Self { id, is_main, is_utf_8, xmp, schemas: Schemas::default() }
    }
}

/// The metadata stream of the catalog. A stream that does not say that it holds metadata as XML is none.
pub(super) fn main(document: &Document) -> Option<(ObjectId, &Stream)> {
    linked(document, object::catalog(document)?)
}

/// The metadata stream of whatever a dictionary stands for.
fn linked<'a>(document: &'a Document, holder: &Dictionary) -> Option<(ObjectId, &'a Stream)> {
    let id = object::target(document, holder.get(b"Metadata").ok()?)?;
    let stream = document.objects.get(&id)?.as_stream().ok()?;
    let is = |key: &[u8], wanted: &[u8]| object::name(document, &stream.dict, key) == Some(wanted);
    (is(b"Type", b"Metadata") && is(b"Subtype", b"XML")).then_some((id, stream))
}

/// The metadata streams of everything but the catalog.
fn others<'a>(subject: &Subject<'a>) -> BTreeMap<ObjectId, &'a Stream> {
    let main = main(subject.document).map(|(id, _)| id);
    let mut found = BTreeMap::new();
    subject.each_dictionary(|_, holder| found.extend(linked(subject.document, holder)));
    found.retain(|id, _| Some(*id) != main);
    found
}

/// Reads the packet of the catalog alone.
pub(super) fn read_main(document: &Document) -> Option<Xmp> {
    let (_, stream) = main(document)?;
    let bytes = stream::unpack_within(stream, PACKET_BYTES_MAX).ok()?;
    Xmp::read(&decode(&bytes).ok()?.0).ok()
}

/// Turns bytes into text by the rules of XML: a mark, else the first bytes, else a declaration, else UTF-8. Says whether
/// they were UTF-8. Bytes that are not, but should be, are read as Latin-1, as the toolkit of the makers of XMP does.
fn decode(bytes: &[u8]) -> Result<(String, bool), String> {
    let is_wide = |of: [u8; 4]| bytes.starts_with(&of);
    if is_wide([0, 0, 0xFE, 0xFF]) || is_wide([0, 0, 0, b'<']) {
        return utf_32(bytes, u32::from_be_bytes).map(|text| (text, false));
    }
    if is_wide([0xFF, 0xFE, 0, 0]) || is_wide([b'<', 0, 0, 0]) {
        return utf_32(bytes, u32::from_le_bytes).map(|text| (text, false));
    }
    let encoding = encoding(bytes)?;
    let bytes = Encoding::for_bom(bytes).map_or(bytes, |(_, length)| bytes.get(length..).unwrap_or_default());
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((text.into_owned(), encoding == UTF_8)),
        None if encoding == UTF_8 => Ok((utf_8_or_latin_1(bytes), false)),
        None => Err(format!("it is not valid {}", encoding.name())),
    }
}

fn utf_32(bytes: &[u8], number: fn([u8; 4]) -> u32) -> Result<String, String> {
    let (units, rest) = bytes.as_chunks::<4>();
    let text: Option<String> = units.iter().map(|unit| char::from_u32(number(*unit))).collect();
    text.filter(|_| rest.is_empty()).ok_or_else(|| "it is not valid UTF-32".to_owned())
}

fn utf_8_or_latin_1(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    text
}

fn encoding(bytes: &[u8]) -> Result<&'static Encoding, String> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(encoding);
    }
    match bytes {
        [0, b'<', 0, _, ..] => return Ok(UTF_16BE),
        [b'<', 0, _, 0, ..] => return Ok(UTF_16LE),
        _ => {}
    }
    let Some(declaration) = bytes.strip_prefix(b"<?xml ".as_slice()) else { return Ok(UTF_8) };
    let declaration = declaration.get(..declaration.len().min(DECLARATION_BYTES_MAX)).unwrap_or_default();
    let declaration = String::from_utf8_lossy(declaration);
    let declaration = declaration.split("?>").next().unwrap_or_default();
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(UTF_8) };
    let label = value.trim_start_matches([' ', '\t', '\r', '\n', '=', '"', '\'']);
    let label = label.split(['"', '\'']).next().unwrap_or_default();
    match Encoding::for_label(label.as_bytes()) {
        // What is one byte a character here cannot be what it says.
        Some(encoding) if encoding == UTF_16BE || encoding == UTF_16LE => Err(format!("it is not written in {label}")),
        Some(encoding) => Ok(encoding),
        None => Err(format!("it is written in an encoding that is not known, \"{label}\"")),
    }
}

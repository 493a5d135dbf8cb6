//! The packets of XMP in a document, each read once for all rules.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use lopdf::{Document, Object, ObjectId, Stream};

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
        let others = streams(subject)
            .filter(|(id, _)| subject.flavour.part() != Part::One && main.is_none_or(|(main, _)| main != *id));
        let streams = main.map(|(id, stream)| (id, stream, true)).into_iter();
        let streams = streams.chain(others.map(|(id, stream)| (id, stream, false)));
        let (mut bytes_left, mut nodes_left) = (PACKETS_BYTES_MAX, NODES_MAX);
        let mut packets = Vec::new();
        for (id, stream, is_main) in streams {
            let mut packet = Packet::read(id, stream, is_main, edition, &mut bytes_left);
            let nodes = packet.xmp.as_ref().map_or(0, |xmp| xmp.model.size());
            match nodes_left.checked_sub(nodes) {
                Some(left) => nodes_left = left,
                None => packet.xmp = Err(format!("the document has more than {NODES_MAX} properties")),
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
    fn read(id: ObjectId, stream: &Stream, is_main: bool, edition: Edition, bytes_left: &mut usize) -> Self {
        let bytes = stream::unpack_within(stream, PACKET_BYTES_MAX.min(*bytes_left)).map_err(|error| error.to_string());
        let bytes = bytes.and_then(|bytes| {
            *bytes_left = bytes_left.checked_sub(bytes.len()).ok_or_else(|| "there is too much of it".to_owned())?;
            Ok(bytes)
        });
        let text = bytes.and_then(|bytes| decode(&bytes));
        let is_utf_8 = text.as_ref().is_ok_and(|(_, encoding)| *encoding == UTF_8);
        let xmp = text.and_then(|(text, _)| Xmp::read(&text));
        let schemas = xmp.as_ref().map_or_else(|_| Schemas::default(), |xmp| Schemas::read(&xmp.model, edition));
        Self { id, is_main, is_utf_8, xmp, schemas }
    }
}

/// The metadata stream of the catalog.
pub(super) fn main(document: &Document) -> Option<(ObjectId, &Stream)> {
    let held = object::catalog(document)?.get(b"Metadata").ok()?;
    let id = object::target(document, held)?;
    let Some(Object::Stream(stream)) = document.objects.get(&id) else { return None };
    Some((id, stream))
}

/// The metadata streams of a document, by what they say they are.
pub(super) fn streams<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = (ObjectId, &'a Stream)> + use<'s, 'a> {
    let is =
        |stream: &Stream, key: &[u8], wanted: &[u8]| object::name(subject.document, &stream.dict, key) == Some(wanted);
    subject.streams().filter(move |(_, stream)| is(stream, b"Type", b"Metadata") && is(stream, b"Subtype", b"XML"))
}

/// Reads the packet of the catalog alone.
pub(super) fn read_main(document: &Document) -> Option<Xmp> {
    let (_, stream) = main(document)?;
    let bytes = stream::unpack_within(stream, PACKET_BYTES_MAX).ok()?;
    Xmp::read(&decode(&bytes).ok()?.0).ok()
}

/// Turns bytes into text by the rules of XML: a mark, else a declaration, else UTF-8.
fn decode(bytes: &[u8]) -> Result<(String, &'static Encoding), String> {
    let encoding = encoding(bytes)?;
    let (_, bytes) = Encoding::for_bom(bytes)
        .map_or((encoding, bytes), |(found, length)| (found, bytes.get(length..).unwrap_or_default()));
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(|text| (text.into_owned(), encoding)).ok_or_else(|| format!("it is not valid {}", encoding.name()))
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

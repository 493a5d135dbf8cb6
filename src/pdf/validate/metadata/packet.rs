//! The packets of XMP in a document, each read once for all rules.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, ObjectId, Stream};

use super::{extension::Schemas, schemas::Edition, xmp::Xmp};
use crate::pdf::{
    object, stream,
    validate::{Part, subject::Subject},
    xml,
};

/// Most bytes of one packet. The largest real ones, with pictures in them, have a few MiB.
const PACKET_BYTES_MAX: usize = 16 << 20;

/// Most bytes of all packets of a document together.
const PACKETS_BYTES_MAX: usize = 128 << 20;

/// Most properties, fields and items that all packets of a document have together.
const NODES_MAX: usize = 1 << 19;

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
        let text = bytes.and_then(|bytes| xml::decode(&bytes));
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
    Xmp::read(&xml::decode(&bytes).ok()?.0).ok()
}

//! A document to bytes.

use lopdf::{Document, Object, SaveOptions, StringFormat, xref::XrefType};
use twox_hash::XxHash3_128;

use super::{Error, object, stream};

/// Bytes for what is no stream, in most documents.
const ROOM: usize = 64 << 10;

/// Bytes under which packing a stream gains nothing.
const PACKED_BYTES_MIN: usize = 64;

/// The shape of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// PDF 1.7 with objects packed into streams.
    #[default]
    Packed,
    /// PDF 1.4 with a table of plain text, as PDF/A-1 asks for (ISO 19005-1, 6.1.4).
    Classic,
}

/// Writes the document: no encryption, no unused objects, raw streams packed, an `/ID` of its content. The document may be
/// changed and written again.
///
/// # Errors
/// `Corrupt` when the document has no catalog or cannot be written.
pub fn write(document: &mut Document, shape: Shape) -> Result<Vec<u8>, Error> {
    prepare(document, shape)?;
    let options = SaveOptions::builder()
        .use_object_streams(shape == Shape::Packed)
        .use_xref_streams(shape == Shape::Packed)
        .max_objects_per_stream(200)
        .compression_level(6)
        .build();
    // Streams are nearly all of it: with room for them, they are not moved.
    let streams = document.objects.values().filter_map(|object| object.as_stream().ok());
    let mut bytes = Vec::with_capacity(streams.map(|stream| stream.content.len()).sum::<usize>() + ROOM);
    document
        .save_with_options(&mut bytes, options)
        .map_err(|error| Error::corrupt(format!("it cannot be written: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Brings a document into the state that it is written in, with numbers from 1 on.
///
/// # Errors
/// `Corrupt` when it has no catalog.
pub(super) fn prepare(document: &mut Document, shape: Shape) -> Result<(), Error> {
    if object::catalog(document).is_none() {
        return Err(Error::corrupt("it has no catalog"));
    }
    for key in [&b"Encrypt"[..], b"Prev", b"XRefStm", b"ID"] {
        document.trailer.remove(key);
    }
    if let Some(catalog) = object::catalog_mut(document) {
        catalog.remove(b"Version");
    }
    document.prune_objects();
    object::renumber(document, 1);
    // It tells documents apart, and nobody relies on it: no cryptography is needed.
    let mut digest = XxHash3_128::new();
    for (id, object) in &mut document.objects {
        if let Object::Stream(stream) = object {
            pack(stream);
            digest.write(&stream.content);
        }
        digest.write(&id.0.to_be_bytes());
    }
    let digest = digest.finish_128().to_be_bytes();
    let id = Object::String(digest.to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    if shape == Shape::Classic {
        document.reference_table.cross_reference_type = XrefType::CrossReferenceTable;
    }
    document.version = if shape == Shape::Classic { "1.4" } else { "1.7" }.to_owned();
    document.binary_mark = vec![0xE2, 0xE3, 0xCF, 0xD3];
    Ok(())
}

/// Packs one stream unless it is packed, is metadata (which must stay readable without tools), or is tiny.
fn pack(held: &mut lopdf::Stream) {
    let is_metadata = held.dict.has_type(b"Metadata");
    if !is_metadata && !held.dict.has(b"Filter") && held.content.len() >= PACKED_BYTES_MIN {
        let packed = stream::pack(&held.content);
        if packed.len() < held.content.len() {
            held.dict.remove(b"DecodeParms");
            held.dict.set("Filter", object::named("FlateDecode"));
            held.content = packed;
        }
    }
    held.dict.set("Length", i64::try_from(held.content.len()).unwrap_or(i64::MAX));
}

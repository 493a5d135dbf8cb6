//! What a stream holds, unpacked within limits.

use lopdf::{Document, Object, ObjectId, Stream};

use super::{Error, filters, object};

/// Most bytes of page content that are unpacked at once. The largest real page seen, a map, has 30 MiB.
pub(crate) const CONTENT_BYTES_MAX: usize = 128 << 20;

/// Most bytes that any other stream is unpacked to. What grows in memory takes up to three times as much.
pub(crate) const STREAM_BYTES_MAX: usize = 128 << 20;

/// Most bytes of content that one document may unpack to, whatever its size.
const CONTENT_TOTAL_BYTES_MAX: usize = 1 << 30;

/// What content may unpack to in a document of any size; a real map of 117 pages has 60 MiB.
const CONTENT_TOTAL_BYTES_MIN: usize = 64 << 20;

/// How many bytes of content one byte of a document may become beyond that. Real content packs to a tenth or so.
const CONTENT_RATIO_MAX: usize = 64;

/// What a stream of objects or of their places may unpack to in a file of any size.
const OBJECTS_BYTES_MIN: usize = 1 << 20;

/// How many bytes one byte of the file may become beyond that. Real ones pack to a fifth or so.
const OBJECTS_RATIO_MAX: usize = 32;

/// What stands before the data that Flate packs: two bytes that say nothing a PDF may choose.
const FLATE_HEADER_BYTES: usize = 2;

/// With what the data end that Flate has written out so far (RFC 1951, 3.2.4: an empty block that is not compressed).
const FLUSHED: &[u8] = &[0, 0, 0xFF, 0xFF];

/// How many bytes are set aside at least for what is unpacked.
const INFLATE_BYTES_MIN: usize = 4 << 10;

/// Most streams that content is put together from.
pub(crate) const CONTENT_PARTS_MAX: usize = 1 << 19;

/// Most bytes that a stream of objects or of their places may unpack to in a file of a size. An object takes fifty times the
/// memory of its text, so that no more is granted than files ask for.
pub(crate) fn objects_max(file_bytes: usize) -> usize {
    let grown = file_bytes.saturating_mul(OBJECTS_RATIO_MAX).saturating_add(OBJECTS_BYTES_MIN);
    grown.min(CONTENT_BYTES_MAX)
}

/// Most bytes of content that a document of a size may unpack to: pages that share content make any amount of it.
pub(crate) fn content_total_max(document_bytes: usize) -> usize {
    let grown = document_bytes.saturating_mul(CONTENT_RATIO_MAX).saturating_add(CONTENT_TOTAL_BYTES_MIN);
    grown.min(CONTENT_TOTAL_BYTES_MAX)
}

/// What content of one document may still be unpacked.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes_left: usize,
    parts_left: usize,
}

/// What the streams of one piece of content hold together.
#[derive(Debug)]
pub(crate) struct Content {
    /// The content, a line break after each part; of damaged parts what can be read.
    pub(crate) bytes: Vec<u8>,
    /// The parts that do not unpack to their end.
    pub(crate) damaged: Vec<ObjectId>,
}

/// What a stream of content unpacks to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unpacked {
    /// The content, as far as it can be read.
    pub(crate) bytes: Vec<u8>,
    /// Whether it unpacks to its end.
    pub(crate) is_whole: bool,
}

impl Budget {
    /// For all content of a document.
    pub(crate) fn of(document: &Document) -> Self {
        let packed = document.objects.values().filter_map(|held| Some(held.as_stream().ok()?.content.len()));
        Self { bytes_left: content_total_max(packed.sum()), parts_left: CONTENT_PARTS_MAX }
    }

    /// Unpacks the streams that one piece of content is put together from, damaged ones as far as they can be read.
    ///
    /// # Errors
    /// `Limit` when it is too much.
    pub(crate) fn content(&mut self, document: &Document, streams: &[ObjectId]) -> Result<Content, Error> {
        let mut content = Content { bytes: Vec::new(), damaged: Vec::new() };
        for id in streams {
            self.parts_left =
                self.parts_left.checked_sub(1).ok_or_else(|| Error::limit("its content has too many parts"))?;
            let Some(Object::Stream(held)) = document.objects.get(id) else { continue };
            // Streams of one piece are held together.
            let part = unpack_content(document, held, CONTENT_BYTES_MAX.saturating_sub(content.bytes.len()))?;
            self.bytes_left = self
                .bytes_left
                .checked_sub(part.bytes.len())
                .ok_or_else(|| Error::limit("its content unpacks to far more than the document has"))?;
            content.bytes.extend_from_slice(&part.bytes);
            content.bytes.push(b'\n');
            if !part.is_whole {
                content.damaged.push(*id);
            }
        }
        Ok(content)
    }
}

/// Unpacks a stream up to the limit that holds for every stream.
///
/// # Errors
/// `Limit` when it unpacks to more, `Corrupt` when a filter cannot be undone.
pub(crate) fn unpack(stream: &Stream) -> Result<Vec<u8>, Error> {
    unpack_within(stream, STREAM_BYTES_MAX)
}

/// Unpacks a stream up to `bytes_max`.
///
/// # Errors
/// As [`unpack`].
pub(crate) fn unpack_within(stream: &Stream, bytes_max: usize) -> Result<Vec<u8>, Error> {
    if stream.dict.get(b"Filter").is_err() {
        return Ok(stream.content.clone());
    }
    stream.decompressed_content_with_limit(bytes_max).map_err(|error| {
        if matches!(error, lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) {
            too_large(bytes_max)
        } else {
            Error::corrupt(format!("a stream does not unpack: {error}"))
        }
    })
}

/// Unpacks a stream of content up to `bytes_max`, as far as it can be read. The library takes data that end early or are
/// damaged for whole.
///
/// # Errors
/// `Limit` when it unpacks to more.
pub(crate) fn unpack_content(document: &Document, held: &Stream, bytes_max: usize) -> Result<Unpacked, Error> {
    let names = filters(document, held);
    let is_flate = names.last().is_some_and(|name| name == b"FlateDecode");
    let unpacked = if !is_flate || filters::last_parameters(document, held).is_some() {
        unpack_within(held, bytes_max).map(|bytes| Unpacked { bytes, is_whole: true })
    } else if names.len() == 1 {
        inflate(&held.content, bytes_max)
    } else {
        unpack_within(&filters::outer(document, held, 1), bytes_max).and_then(|packed| inflate(&packed, bytes_max))
    };
    match unpacked {
        Err(
            Error::Corrupt { .. } | Error::Password { .. } | Error::Unsupported { .. } | Error::NotConformant { .. },
        ) => Ok(Unpacked::default()),
        other => other,
    }
}

/// Undoes Flate (RFC 1950). The checksum at the end is not looked at: writers get it wrong, and readers do not look either. Data
/// may end without a last block where all before it was written out, as Acrobat does.
fn inflate(packed: &[u8], bytes_max: usize) -> Result<Unpacked, Error> {
    if packed.is_empty() {
        return Ok(Unpacked { bytes: Vec::new(), is_whole: true });
    }
    let packed = packed.get(FLATE_HEADER_BYTES..).unwrap_or_default();
    let lines = packed.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let trimmed = packed.get(..packed.len() - lines).filter(|trimmed| trimmed.ends_with(FLUSHED));
    let (packed, is_flushed) = (trimmed.unwrap_or(packed), trimmed.is_some());
    let mut inflater = flate2::Decompress::new(false);
    let mut part = Unpacked::default();
    loop {
        if part.bytes.len() == part.bytes.capacity() {
            let more = part.bytes.len().max(packed.len()).max(INFLATE_BYTES_MIN);
            part.bytes.reserve(more.min(bytes_max - part.bytes.len() + 1));
        }
        let (taken, made) = (inflater.total_in(), part.bytes.len());
        let rest = usize::try_from(taken).ok().and_then(|taken| packed.get(taken..)).unwrap_or_default();
        let status = inflater.decompress_vec(rest, &mut part.bytes, flate2::FlushDecompress::None);
        if part.bytes.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        let is_at_end = matches!(status, Ok(flate2::Status::StreamEnd));
        let is_stuck = status.is_err() || inflater.total_in() == taken && part.bytes.len() == made;
        if is_at_end || is_stuck {
            let is_read = usize::try_from(inflater.total_in()).is_ok_and(|read| read == packed.len());
            part.is_whole = is_at_end || status.is_ok() && is_flushed && is_read;
            return Ok(part);
        }
    }
}

fn too_large(bytes_max: usize) -> Error {
    Error::limit(format!("a stream unpacks to more than {} MiB", bytes_max >> 20))
}

/// The names of a stream's filters, in the order of undoing.
pub(crate) fn filters(document: &Document, stream: &Stream) -> Vec<Vec<u8>> {
    match object::get(document, &stream.dict, b"Filter") {
        Some(Object::Name(name)) => vec![name.clone()],
        Some(Object::Array(names)) => {
            names.iter().filter_map(|name| object::resolve(document, name).as_name().ok()).map(<[u8]>::to_vec).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// Puts data that are packed by Flate in the place of what a stream holds.
pub(crate) fn set_packed(held: &mut Stream, packed: Vec<u8>) {
    held.dict.remove(b"DecodeParms");
    held.dict.set("Filter", object::named("FlateDecode"));
    held.set_content(packed);
}

/// Packs bytes by Flate, well and fast.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    pack_at(bytes, flate2::Compression::default())
}

/// Packs bytes by Flate as well as it goes, in about twice the time.
pub(crate) fn pack_best(bytes: &[u8]) -> Vec<u8> {
    pack_at(bytes, flate2::Compression::best())
}

fn pack_at(bytes: &[u8], level: flate2::Compression) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
    // Writing to memory has no way to fail; an empty stream would be noticed by every reader.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(packed: &[u8]) -> Unpacked {
        let held = lopdf::dictionary! { "Filter" => "FlateDecode" };
        unpack_content(&Document::new(), &Stream::new(held, packed.to_vec()), 1 << 20).unwrap()
    }

    #[test]
    fn data_without_a_last_block_are_whole_where_all_was_written_out() {
        let content = b"q 1 0 0 1 0 0 cm Q\n".repeat(50);
        let mut packed = Vec::with_capacity(1 << 12);
        let mut compress = flate2::Compress::new(flate2::Compression::default(), true);
        compress.compress_vec(&content, &mut packed, flate2::FlushCompress::Sync).unwrap();
        let whole = Unpacked { bytes: content, is_whole: true };
        assert_eq!(unpacked(&packed), whole);
        assert_eq!(unpacked(&[&packed[..], b"\r\n"].concat()), whole);
        assert!(!unpacked(&packed[..packed.len() - 6]).is_whole);
        assert_eq!(unpacked(b""), Unpacked { bytes: Vec::new(), is_whole: true });
    }

    #[test]
    fn a_wrong_checksum_is_no_damage_and_wrong_data_are() {
        let mut packed = pack(b"q 1 0 0 1 0 0 cm Q");
        *packed.last_mut().unwrap() ^= 1;
        assert!(unpacked(&packed).is_whole);
        assert!(!unpacked(&packed[..packed.len() / 2]).is_whole);
        assert_eq!(unpacked(b"x\x9cno such data"), Unpacked::default());
    }

    #[test]
    fn content_is_unpacked_up_to_a_limit() {
        let held = Stream::new(lopdf::dictionary! { "Filter" => "FlateDecode" }, pack(&[b' '; 5000]));
        assert!(unpack_content(&Document::new(), &held, 5000).unwrap().is_whole);
        assert!(matches!(unpack_content(&Document::new(), &held, 4999), Err(Error::Limit { .. })));
    }

    #[test]
    fn content_grows_with_the_document_and_not_without_end() {
        assert_eq!(content_total_max(0), 64 << 20);
        assert_eq!(content_total_max(1 << 20), 128 << 20);
        assert_eq!(content_total_max(usize::MAX), 1 << 30);
        assert_eq!((objects_max(0), objects_max(usize::MAX)), (1 << 20, 128 << 20));
    }
}

//! PNG: the data go into the PDF as they are, since both formats compress rows alike. Only opacity and interlacing,
//! which PDF keeps otherwise or not at all, need decoding.

use std::{borrow::Cow, io::Cursor, io::Write as _};

use flate2::{Compression, Crc, Decompress, FlushDecompress, Status, write::ZlibEncoder};
use image::codecs::png::PngDecoder;

use crate::{
    domain::{Event, EventCode, limits},
    engines::Error,
};

use super::{
    corrupt, exif,
    picture::{Colours, Filter, Image, Picture},
    placement::{Orientation, Resolution},
    profile, raster,
};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The last chunk, whole.
const END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// Most bytes that an embedded profile may unpack to.
const PROFILE_BYTES_MAX: usize = 8 << 20;

/// The chunks that matter, each without its frame.
#[derive(Debug)]
struct Chunks<'a> {
    header: Header,
    palette: Option<&'a [u8]>,
    /// Chunks that a decoder needs, with their frames. Text chunks are not among them, so none is ever unpacked.
    essential: Vec<&'a [u8]>,
    has_transparency: bool,
    data: Vec<&'a [u8]>,
    profile: Option<&'a [u8]>,
    resolution: Option<Resolution>,
    exif: Option<&'a [u8]>,
    /// Whether there is a last chunk.
    is_whole: bool,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    width: u32,
    height: u32,
    bits: u8,
    colour_type: u8,
    is_interlaced: bool,
}

/// Reads a file.
pub(super) fn picture<'a>(bytes: &'a [u8], events: &mut Vec<Event>) -> Result<Picture<'a>, Error> {
    let chunks = Chunks::read(bytes)?;
    let header = chunks.header;
    let has_opacity = matches!(header.colour_type, 4 | 6) || chunks.has_transparency;
    let image = if has_opacity || header.is_interlaced { decoded(&chunks)? } else { passed_through(&chunks, events)? };
    let (orientation, exif_resolution) = chunks.exif.map_or((Orientation::default(), None), exif::read);
    Ok(Picture {
        width: header.width,
        height: header.height,
        resolution: chunks.resolution.or(exif_resolution).unwrap_or_default(),
        orientation,
        bands: vec![image],
    })
}

fn decoded(chunks: &Chunks<'_>) -> Result<Image<'static>, Error> {
    let header = chunks.header;
    // From the header, before anything is allocated.
    raster::check_size(header.width, header.height, 0)?;
    let mut essential = SIGNATURE.to_vec();
    for chunk in &chunks.essential {
        essential.extend_from_slice(chunk);
    }
    essential.extend_from_slice(END);
    let decoder = PngDecoder::with_limits(Cursor::new(essential), raster::decoder_limits()).map_err(raster::failed)?;
    let mut raster = raster::decode(decoder)?;
    raster.profile = chunks.profile();
    raster.into_image()
}

fn passed_through<'a>(chunks: &Chunks<'a>, events: &mut Vec<Event>) -> Result<Image<'a>, Error> {
    let header = chunks.header;
    let colours = match header.colour_type {
        0 => Colours::Gray,
        2 => Colours::Rgb,
        _ => Colours::Indexed(chunks.palette_entries()?),
    };
    let samples = colours.samples();
    let row = raster::row_bytes(header.width, samples, header.bits)?;
    let expected = u64::from(header.height).saturating_mul(row as u64 + 1);
    if expected > limits::STREAM_BYTES_MAX {
        let which = format!("a picture of {} x {} pixels, {expected} bytes unpacked", header.width, header.height);
        return Err(Error::Limit { which });
    }
    let mut found = 0;
    if chunks.is_intact() {
        // As its program wrote it. To unpack it takes longer than all the rest.
        found = expected;
    } else {
        inflate(&chunks.data, expected, |part| found += part.len() as u64);
    }
    let data = if found < expected {
        let message = "The PNG image is cut off or damaged; what could be read of it is shown.";
        events.push(Event::warning(EventCode::CorruptionRepaired, message));
        vec![Cow::Owned(completed(&chunks.data, row, header.height, found)?)]
    } else {
        chunks.data.iter().copied().map(Cow::Borrowed).collect()
    };
    let profile_samples = if header.colour_type == 0 { 1 } else { 3 };
    Ok(Image {
        width: header.width,
        height: header.height,
        bits: header.bits,
        colours,
        profile: chunks.profile().and_then(|bytes| profile::usable(bytes, profile_samples)).map(Cow::Owned),
        inverted: false,
        filter: Filter::Rows,
        data,
        mask: None,
    })
}

/// Packs the whole rows that can be read, and rows of the highest sample, mostly white, for those that cannot.
fn completed(parts: &[&[u8]], row_bytes: usize, rows: u32, found: u64) -> Result<Vec<u8>, Error> {
    let row_length = row_bytes as u64 + 1;
    let whole_rows = found / row_length;
    if whole_rows == 0 {
        return Err(corrupt("the PNG image is cut off or damaged before its first row"));
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let mut result = Ok(());
    inflate(parts, whole_rows * row_length, |part| {
        if result.is_ok() {
            result = encoder.write_all(part);
        }
    });
    let mut blank = vec![u8::MAX; row_bytes + 1];
    blank[0] = 0;
    for _ in whole_rows..u64::from(rows) {
        result = result.and_then(|()| encoder.write_all(&blank));
    }
    let packed = result.and_then(|()| encoder.finish());
    packed.map_err(|source| Error::Internal { doing: "compress a picture".to_owned(), source: Some(source) })
}

/// Unpacks one stream that lies in several parts, at most `limit` bytes, as far as it can be read.
fn inflate(parts: &[&[u8]], limit: u64, mut sink: impl FnMut(&[u8])) {
    let mut decompress = Decompress::new(true);
    let mut buffer = vec![0; 64 << 10];
    for part in parts {
        let mut rest = *part;
        loop {
            let (taken_before, given_before) = (decompress.total_in(), decompress.total_out());
            let status = decompress.decompress(rest, &mut buffer, FlushDecompress::None);
            let given = usize::try_from(decompress.total_out() - given_before).unwrap_or(0);
            let left = usize::try_from(limit - given_before).unwrap_or(usize::MAX);
            sink(buffer.get(..given.min(left)).unwrap_or_default());
            let is_over = decompress.total_out() >= limit;
            match status {
                Ok(Status::Ok | Status::BufError) if !is_over => {}
                Ok(Status::Ok | Status::BufError | Status::StreamEnd) | Err(_) => return,
            }
            let taken = usize::try_from(decompress.total_in() - taken_before).unwrap_or(0);
            rest = rest.get(taken..).unwrap_or_default();
            if taken == 0 && given == 0 || rest.is_empty() && given < buffer.len() {
                break;
            }
        }
    }
}

impl<'a> Chunks<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest =
            bytes.strip_prefix(SIGNATURE).ok_or_else(|| corrupt("the PNG image does not begin with its signature"))?;
        let mut chunks: Option<Self> = None;
        while let Some(Chunk { kind, body, frame, rest: after }) = split_chunk(rest) {
            rest = after;
            match &mut chunks {
                None => {
                    let header = Header::read(kind, body)?;
                    chunks = Some(Self::new(header, frame));
                }
                Some(chunks) if kind == b"IEND" => {
                    chunks.is_whole = true;
                    break;
                }
                Some(chunks) => chunks.take(kind, body, frame),
            }
        }
        chunks.ok_or_else(|| corrupt("the PNG image is cut off in its header"))
    }

    fn new(header: Header, frame: &'a [u8]) -> Self {
        Self {
            header,
            palette: None,
            essential: vec![frame],
            has_transparency: false,
            data: Vec::new(),
            profile: None,
            resolution: None,
            exif: None,
            is_whole: false,
        }
    }

    /// Whether all that shows the picture is there, by its checksums.
    fn is_intact(&self) -> bool {
        self.is_whole && !self.data.is_empty() && self.essential.iter().all(|frame| has_right_checksum(frame))
    }

    fn take(&mut self, kind: &[u8; 4], body: &'a [u8], frame: &'a [u8]) {
        match kind {
            b"PLTE" => self.palette = Some(body),
            b"tRNS" => self.has_transparency = true,
            b"IDAT" => self.data.push(body),
            b"iCCP" => self.profile = Some(body),
            b"pHYs" => self.resolution = resolution(body),
            b"eXIf" => self.exif = Some(body),
            _ => {}
        }
        if matches!(kind, b"PLTE" | b"tRNS" | b"IDAT") {
            self.essential.push(frame);
        }
    }

    /// The colours that indices of this depth can reach.
    fn palette_entries(&self) -> Result<Vec<u8>, Error> {
        let palette = self.palette.ok_or_else(|| corrupt("the PNG image has no palette"))?;
        let reachable = 3 << self.header.bits.min(8);
        let entries: Vec<u8> = palette.as_chunks::<3>().0.as_flattened().iter().take(reachable).copied().collect();
        if entries.is_empty() { Err(corrupt("the PNG image has an empty palette")) } else { Ok(entries) }
    }

    /// The embedded profile, unpacked: its name, a zero, a zero, and the packed bytes.
    fn profile(&self) -> Option<Vec<u8>> {
        let body = self.profile?;
        let name_length = body.iter().position(|byte| *byte == 0)?;
        let packed = body.get(name_length + 2..)?;
        let mut profile = Vec::new();
        inflate(&[packed], PROFILE_BYTES_MAX as u64, |part| profile.extend_from_slice(part));
        Some(profile)
    }
}

impl Header {
    fn read(kind: &[u8; 4], body: &[u8]) -> Result<Self, Error> {
        let wrong = || corrupt("the PNG image has no valid header");
        let (width, rest) = body.split_first_chunk().ok_or_else(wrong)?;
        let (height, rest) = rest.split_first_chunk().ok_or_else(wrong)?;
        let [bits, colour_type, _, _, interlacing] = *rest.first_chunk().ok_or_else(wrong)?;
        let (width, height) = (u32::from_be_bytes(*width), u32::from_be_bytes(*height));
        let is_known = match colour_type {
            0 => matches!(bits, 1 | 2 | 4 | 8 | 16),
            3 => matches!(bits, 1 | 2 | 4 | 8),
            2 | 4 | 6 => matches!(bits, 8 | 16),
            _ => false,
        };
        if kind != b"IHDR" || !is_known || width == 0 || height == 0 {
            return Err(wrong());
        }
        Ok(Self { width, height, bits, colour_type, is_interlaced: interlacing != 0 })
    }
}

fn resolution(body: &[u8]) -> Option<Resolution> {
    let (x, rest) = body.split_first_chunk()?;
    let (y, unit) = rest.split_first_chunk()?;
    let per_inch = |field: &[u8; 4]| f64::from(u32::from_be_bytes(*field)) * 0.0254;
    if unit.first() == Some(&1) { Resolution::plausible(per_inch(x), per_inch(y)) } else { None }
}

/// Whether a chunk, with its frame, is as its checksum says.
fn has_right_checksum(frame: &[u8]) -> bool {
    let Some((checked, sum)) = frame.get(4..).and_then(<[u8]>::split_last_chunk) else { return false };
    let mut crc = Crc::new();
    crc.update(checked);
    crc.sum() == u32::from_be_bytes(*sum)
}

/// One chunk, and what follows it.
struct Chunk<'a> {
    kind: &'a [u8; 4],
    /// Of a chunk that the end of the file cuts off, what is left.
    body: &'a [u8],
    /// All of it: length, kind, body and checksum.
    frame: &'a [u8],
    rest: &'a [u8],
}

fn split_chunk(bytes: &[u8]) -> Option<Chunk<'_>> {
    let length = usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).ok()?;
    let kind = bytes.get(4..)?.first_chunk()?;
    let end = length.checked_add(8)?;
    let body = bytes.get(8..end.min(bytes.len()))?;
    let frame = bytes.get(..end + 4).unwrap_or(bytes);
    Some(Chunk { kind, body, frame, rest: bytes.get(end + 4..).unwrap_or_default() })
}

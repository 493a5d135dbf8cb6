//! Reads the head of JPEG 2000 data in its boxes (ISO 15444-1, annex I): just what the standard asks about.

use std::borrow::Cow;

use lopdf::{Dictionary, Document, Stream};

use super::profile::Profile;
use crate::pdf::{filters, object, stream};

/// The enumerated colour space CMYK.
pub(super) const ENUMERATED_CMYK: u32 = 12;

/// The enumerated colour space `CIEJab`.
pub(super) const ENUMERATED_JAB: u32 = 19;

/// Most bytes that JPEG 2000 data inside another filter may unpack to.
const DATA_BYTES_MAX: usize = 64 << 20;

/// Most boxes of one level that are looked at; real files have a dozen.
const BOXES_MAX: usize = 1024;

/// The box that every file starts with.
const SIGNATURE: &[u8] = b"\0\0\0\x0CjP  \r\n\x87\n";

/// What the boxes say.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// How many channels there are.
    pub(super) channels: Option<u16>,
    /// How many bits each has, when all have the same.
    pub(super) bits: Option<i16>,
    /// Whether there is a box with the bits of each channel.
    pub(super) has_depths: bool,
    /// The colour specifications.
    pub(super) colours: Vec<Colour>,
}

/// A colour specification.
#[derive(Debug, Clone)]
pub(super) struct Colour {
    /// By which method it is one.
    pub(super) method: u8,
    /// Whether it says of itself that it is the best.
    pub(super) is_best: bool,
    /// The enumerated colour space.
    pub(super) enumerated: Option<u32>,
    /// The profile.
    pub(super) profile: Option<Profile>,
}

/// Whether the last filter of a stream is that of JPEG 2000.
pub(super) fn is_last_filter(document: &Document, held: &Dictionary) -> bool {
    let filter = object::get(document, held, b"Filter");
    let last = filter.and_then(|filter| filter.as_array().map_or(Some(filter), |filters| filters.last()));
    last.is_some_and(|last| matches!(object::resolve(document, last).as_name(), Ok(b"JPXDecode")))
}

/// The JPEG 2000 data of an image and how many bytes were unpacked for it; `None` when it is packed otherwise, empty when
/// another filter around it unpacks to more than a number of bytes.
pub(super) fn data<'a>(document: &Document, held: &'a Stream, bytes_max: usize) -> Option<(Cow<'a, [u8]>, usize)> {
    if !is_last_filter(document, &held.dict) {
        return None;
    }
    if stream::filters(document, held).len() == 1 {
        return Some((Cow::Borrowed(&held.content), 0));
    }
    let data = stream::unpack_within(&filters::outer(document, held, 1), bytes_max.min(DATA_BYTES_MAX));
    let size = data.as_ref().map_or(DATA_BYTES_MAX, Vec::len);
    Some((Cow::Owned(data.unwrap_or_default()), size))
}

impl Header {
    /// Reads the boxes. What has none leaves everything open.
    pub(super) fn read(data: &[u8]) -> Self {
        let mut header = Self::default();
        let Some(boxes) = data.strip_prefix(SIGNATURE) else { return header };
        let Some((_, inner)) = boxes_of(boxes).find(|(kind, _)| kind == b"jp2h") else { return header };
        for (kind, content) in boxes_of(inner) {
            match &kind {
                b"ihdr" => {
                    header.channels = content.get(8..10).and_then(|two| two.try_into().ok()).map(u16::from_be_bytes);
                    // 255 stands for different ones, which is more than there may be; signed ones have the high bit.
                    header.bits = content.get(10).map(|bits| i16::from(bits.cast_signed()) + 1);
                }
                b"bpcc" => header.has_depths = true,
                b"colr" => header.colours.extend(Colour::read(content)),
                _ => {}
            }
        }
        header
    }

    /// The specification that counts: the one that says it is the best, or the only one.
    pub(super) fn chosen(&self) -> Option<&Colour> {
        self.colours
            .iter()
            .find(|colour| colour.is_best)
            .or_else(|| self.colours.first().filter(|_| self.colours.len() == 1))
    }
}

impl Colour {
    fn read(content: &[u8]) -> Option<Self> {
        let [method, _, approximation, rest @ ..] = content else { return None };
        let enumerated = rest.first_chunk().map(|four| u32::from_be_bytes(*four)).filter(|_| *method == 1);
        let profile = if *method == 2 { Profile::read(rest) } else { None };
        Some(Self { method: *method, is_best: *approximation == 1, enumerated, profile })
    }
}

/// The boxes of one level: their kinds and contents. Ends at one that does not fit.
fn boxes_of(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (size, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let (head, size) = match u32::from_be_bytes(*size) {
            0 => (8, rest.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(*after.first_chunk()?)).ok()?),
            size => (8, usize::try_from(size).ok()?),
        };
        let content = rest.get(head..size)?;
        rest = rest.get(size..).unwrap_or_default();
        Some((*kind, content))
    })
    .take(BOXES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::validate::graphics::testing::{jp2, jp2_box};

    #[test]
    fn the_boxes_say_channels_bits_and_colours() {
        let colour = jp2_box(b"colr", &[1, 0, 0, 0, 0, 0, 16]);
        let header = Header::read(&jp2(3, 7, &colour));
        assert_eq!((header.channels, header.bits, header.has_depths), (Some(3), Some(8), false));
        assert_eq!(header.chosen().unwrap().enumerated, Some(16));
    }

    #[test]
    fn the_best_of_several_colours_is_chosen_and_none_of_equals() {
        let mut colours = jp2_box(b"colr", &[1, 0, 0, 0, 0, 0, 16]);
        colours.extend(jp2_box(b"colr", &[1, 0, 1, 0, 0, 0, 12]));
        assert_eq!(Header::read(&jp2(4, 7, &colours)).chosen().unwrap().enumerated, Some(ENUMERATED_CMYK));
        let two = [jp2_box(b"colr", &[2, 0, 0]), jp2_box(b"colr", &[3, 0, 0])].concat();
        assert!(Header::read(&jp2(4, 7, &two)).chosen().is_none());
    }

    #[test]
    fn what_is_no_box_is_no_trouble() {
        for data in [&b""[..], SIGNATURE, b"\xFF\x4F\xFF\x51", &[SIGNATURE, &[0xFF; 40]].concat()] {
            assert_eq!(Header::read(data).channels, None);
        }
    }
}

//! JBIG2 goes into the PDF as it is: the segments of each page, with those that all pages share, as one stream (ITU-T T.88, annex D.3; ISO
//! 32000-1, 7.4.7). It is decoded once, to see that it can be.

use std::borrow::Cow;

use hayro_jbig2::Decoder;

use crate::engines::Error;

use super::{
    corrupt,
    picture::{Colours, Filter, Image, Picture},
    placement::{Orientation, Resolution},
    raster,
    writer::Document,
};

/// How a file begins (T.88, D.4.1).
const MARK: &[u8] = b"\x97JB2\r\n\x1a\n";
/// Its flags: each segment stands behind its header, not all of them behind all headers; the number of pages is not said.
const IS_SEQUENTIAL: u8 = 1;
const PAGES_UNKNOWN: u8 = 2;

/// Kinds of segments (7.3).
const GENERIC_REGION: u8 = 38;
const PAGE: u8 = 48;
const END_OF_PAGE: u8 = 49;
const END_OF_STRIPE: u8 = 50;
const END_OF_FILE: u8 = 51;
/// The bits of a segment's flags that say its kind, and the one that says how long the number of its page is (7.2.3).
const KIND: u8 = 0x3f;
const LONG_PAGE_NUMBER: u8 = 0x40;
/// The length of a region that its writer did not know yet (7.2.7), and the height of a page (7.4.8.2).
const UNKNOWN: u32 = u32::MAX;
/// The description of a region (7.4.1), after which its own flags stand, whose first bit says that it is coded as fax.
const REGION_BYTES: usize = 17;
const IS_FAX: u8 = 1;
/// Most pages of one file.
const PAGES_MAX: usize = 10_000;

/// A part of a file.
#[derive(Debug, Clone)]
struct Segment<'a> {
    kind: u8,
    page: u32,
    /// Before the number of the page.
    head: &'a [u8],
    data: Cow<'a, [u8]>,
}

/// What a page says of itself (7.4.8).
struct Page {
    width: u32,
    /// As far as it is known at its beginning.
    height: u32,
    resolution: Option<Resolution>,
}

/// Adds each page of a file.
pub(super) fn add_pages(bytes: &[u8], document: &mut Document) -> Result<(), Error> {
    let segments = segments(bytes).ok_or_else(|| corrupt("the JBIG2 file is cut off"))?;
    let pages = segments.iter().filter(|segment| segment.kind == PAGE);
    if pages.clone().count() > PAGES_MAX {
        return Err(Error::Limit { which: format!("pages of a JBIG2 file, at most {PAGES_MAX}") });
    }
    for page in pages {
        document.add_page(picture(page, &segments)?);
    }
    if document.page_count() == 0 {
        return Err(corrupt("the JBIG2 file holds no page"));
    }
    Ok(())
}

/// A page with what it needs of all segments.
fn picture(page: &Segment<'_>, segments: &[Segment<'_>]) -> Result<Picture<'static>, Error> {
    let damaged = || corrupt(format!("page {} of the JBIG2 file cannot be read", page.page));
    let told = Page::read(&page.data).ok_or_else(damaged)?;
    let mine = segments.iter().filter(|segment| segment.page == page.page || segment.page == 0);
    let mine = mine.filter(|segment| !matches!(segment.kind, END_OF_PAGE | END_OF_FILE));
    let mut data = Vec::new();
    let mut height = told.height;
    for segment in mine {
        if segment.kind == END_OF_STRIPE && told.height == UNKNOWN {
            height = field(&segment.data, 0).and_then(|last| last.checked_add(1)).ok_or_else(damaged)?;
        }
        segment.write(&mut data);
    }
    raster::check_size(told.width, height, (u64::from(told.width) * u64::from(height)).div_ceil(8))?;
    let read = hayro_jbig2::Image::new_embedded(&data, None);
    read.and_then(|image| image.decode(&mut Nowhere)).map_err(|_| damaged())?;
    let band = Image {
        width: told.width,
        height,
        bits: 1,
        colours: Colours::Gray,
        profile: None,
        inverted: false,
        filter: Filter::Jbig2,
        data: vec![Cow::Owned(data)],
        mask: None,
    };
    Ok(Picture {
        width: told.width,
        height,
        resolution: told.resolution.unwrap_or_default(),
        orientation: Orientation::default(),
        bands: vec![band],
    })
}

impl Page {
    fn read(data: &[u8]) -> Option<Self> {
        let [width, height, across, down] = [0, 4, 8, 12].map(|at| field(data, at));
        // Pixels per metre.
        let [across, down] = [across?, down?].map(|count| f64::from(count) * 0.0254);
        Some(Self { width: width?, height: height?, resolution: Resolution::plausible(across, down) })
    }
}

impl Segment<'_> {
    /// As a stream of a PDF has it, in which there is but one page.
    fn write(&self, stream: &mut Vec<u8>) {
        stream.extend_from_slice(self.head);
        let is_long = self.head.get(4).is_some_and(|flags| flags & LONG_PAGE_NUMBER != 0);
        stream.extend_from_slice(if is_long { &[0, 0, 0, 1] } else { &[1] });
        stream.extend_from_slice(&u32::try_from(self.data.len()).unwrap_or(UNKNOWN).to_be_bytes());
        stream.extend_from_slice(&self.data);
    }
}

/// All segments of a file, or nothing when it ends in one.
fn segments(bytes: &[u8]) -> Option<Vec<Segment<'_>>> {
    let (flags, rest) = bytes.strip_prefix(MARK)?.split_first()?;
    let mut rest = if flags & PAGES_UNKNOWN == 0 { rest.get(4..)? } else { rest };
    let mut segments = Vec::new();
    let mut lengths = Vec::new();
    loop {
        let (segment, length, after) = header(rest)?;
        let kind = segment.kind;
        segments.push(segment);
        rest = after;
        if flags & IS_SEQUENTIAL == 0 {
            lengths.push(length);
        } else {
            rest = take(segments.last_mut()?, length, rest)?;
        }
        // The mark of the end may be missing.
        if kind == END_OF_FILE || (flags & IS_SEQUENTIAL != 0 && rest.is_empty()) {
            break;
        }
    }
    for (segment, length) in segments.iter_mut().zip(lengths) {
        rest = take(segment, length, rest)?;
    }
    Some(segments)
}

/// A segment without its data, the length of these, and what follows the header (7.2).
fn header(bytes: &[u8]) -> Option<(Segment<'_>, u32, &[u8])> {
    let number = field(bytes, 0)?;
    let flags = *bytes.get(4)?;
    let count = *bytes.get(5)?;
    // How many segments it refers to, with a bit for each of them and for itself.
    let (count, at) = match count >> 5 {
        7 => {
            let count = usize::try_from(field(bytes, 5)? & 0x1fff_ffff).ok()?;
            (count, 9 + (count + 1).div_ceil(8))
        }
        count => (usize::from(count), 6),
    };
    let each = if number <= 256 {
        1
    } else if number <= 65_536 {
        2
    } else {
        4
    };
    let at = count.checked_mul(each)?.checked_add(at)?;
    let head = bytes.get(..at)?;
    let (page, at) =
        if flags & LONG_PAGE_NUMBER == 0 { (u32::from(*bytes.get(at)?), at + 1) } else { (field(bytes, at)?, at + 4) };
    let segment = Segment { kind: flags & KIND, page, head, data: Cow::Borrowed(&[]) };
    Some((segment, field(bytes, at)?, bytes.get(at + 4..)?))
}

/// Gives a segment its data, the first of what is left of the file, and gives what is left then.
fn take<'a>(segment: &mut Segment<'a>, length: u32, bytes: &'a [u8]) -> Option<&'a [u8]> {
    if length != UNKNOWN {
        let (data, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
        segment.data = Cow::Borrowed(data);
        return Some(rest);
    }
    // Only such a region may be of unknown length. Two bytes end its data, and the number of its rows follows, which may be
    // less than it said before.
    if segment.kind != GENERIC_REGION {
        return None;
    }
    let is_fax = bytes.get(REGION_BYTES)? & IS_FAX != 0;
    let end: &[u8] = if is_fax { &[0, 0] } else { &[0xff, 0xac] };
    let end = REGION_BYTES + 1 + memchr::memmem::find(bytes.get(REGION_BYTES + 1..)?, end)? + end.len();
    let (data, rest) = bytes.split_at_checked(end)?;
    let (rows, rest) = rest.split_at_checked(4)?;
    let mut data = data.to_vec();
    data.get_mut(4..8)?.copy_from_slice(rows);
    segment.data = Cow::Owned(data);
    Some(rest)
}

/// A number of four bytes.
fn field(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Takes pixels and keeps none.
struct Nowhere;

impl Decoder for Nowhere {
    fn push_pixel(&mut self, _black: bool) {}

    fn push_pixel_chunk(&mut self, _black: bool, _chunk_count: u32) {}

    fn next_line(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Format, engines::settings::Images};

    /// Segments of the example of the standard (T.88, annex H.1): letters that all pages share,
    const SHARED: &str = "00000000 00 01 00 00000018 0001 00000001 00000001 e9cbf40026af04bff0782fe00040";
    /// a page of 64 x 56,
    const PAGE_1: &str = "00000001 30 00 01 00000013 00000040 00000038 00000000 00000000 01 0000";
    /// more letters, and a text of both,
    const LETTERS: &str = "00000002 00 01 01 0000001c 0001 00000002 00000002 e5cdf80079e0841081f08210861079f00080";
    const TEXT: &str = "00000003 07 42 0002 01 00000031 00000025 00000008 00000004 00000001 00 0c09 0010 00000005 0110 \
        000000000000000000000000000000 0c400708 7041d0";
    /// a frame, arithmetically coded,
    const FRAME: &str = "00000036 0000002c 00000004 0000000b 00 08 03fffdff02fefefe04 eeed87fbcb2bffac";
    const ENDS: [&str; 2] = ["0000000a 31 00 02 00000000", "0000000b 33 00 00 00000000"];

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// The frame on a page of its own, with a length or with none.
    fn framed(known: bool) -> String {
        let page = PAGE_1.replacen("00000001 30 00 01", "00000008 30 00 02", 1);
        // 300 dots on an inch are 11,811 on a metre.
        let page = page.replacen("00000000 00000000", "00002e23 00002e23", 1);
        let (length, rows) = if known { ("00000023", "") } else { ("ffffffff", "0000002c") };
        format!("{page} 00000009 26 00 02 {length} {FRAME} {rows}")
    }

    fn sequential(segments: &[&str]) -> Vec<u8> {
        [MARK, &[IS_SEQUENTIAL | PAGES_UNKNOWN], &bytes(&segments.concat())].concat()
    }

    fn black_of(data: &[u8]) -> usize {
        struct Count(usize);
        impl Decoder for Count {
            fn push_pixel(&mut self, black: bool) {
                self.0 += usize::from(black);
            }

            fn push_pixel_chunk(&mut self, black: bool, chunk_count: u32) {
                self.0 += if black { 8 * usize::try_from(chunk_count).unwrap() } else { 0 };
            }

            fn next_line(&mut self) {}
        }
        let mut count = Count(0);
        hayro_jbig2::Image::new_embedded(data, None).unwrap().decode(&mut count).unwrap();
        count.0
    }

    /// The black pixels and the size in points of each page that a file becomes.
    fn pages(file: &[u8]) -> Vec<(usize, String)> {
        let made = super::super::to_pdf(file, Format::Jbig2, Images::default()).unwrap().pdf;
        let page = |page| {
            let size = made.get_dictionary(page).unwrap().get(b"MediaBox").unwrap().as_array().unwrap();
            let [width, height] = [2, 3].map(|at: usize| size[at].as_float().unwrap());
            let pictures = made.get_page_images(page).unwrap();
            assert_eq!(pictures[0].filters, Some(vec!["JBIG2Decode".to_owned()]));
            (black_of(pictures[0].content), format!("{width:.0} x {height:.0}"))
        };
        made.get_pages().into_values().map(page).collect()
    }

    #[test]
    fn each_page_has_its_own_segments_and_those_that_all_share() {
        let file = sequential(&[SHARED, PAGE_1, LETTERS, TEXT, &framed(true), ENDS[0], ENDS[1]]);
        let found = pages(&file);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|(black, _)| *black > 20), "{found:?}");
        // Without a resolution as on a screen, with one as it says.
        assert_eq!([found[0].1.as_str(), found[1].1.as_str()], ["48 x 42", "15 x 13"]);
        // Nothing ends it, as some writers have it.
        assert_eq!(pages(&sequential(&[&framed(true)])), found[1..]);
    }

    #[test]
    fn headers_may_come_first_and_a_length_may_be_unknown() {
        let expected = pages(&sequential(&[&framed(true)]));
        assert_eq!(pages(&sequential(&[&framed(false), ENDS[0], ENDS[1]])), expected);
        let whole = bytes(&framed(true));
        let (page, region) = whole.split_at(11 + 19);
        let headers = [&page[..11], &region[..11], &bytes(ENDS[1])].concat();
        let file = [MARK, &[PAGES_UNKNOWN], &headers, &page[11..], &region[11..]].concat();
        assert_eq!(pages(&file), expected);
    }

    #[test]
    fn a_file_that_is_cut_off_or_damaged_is_told_wherever_it_is_cut() {
        let file = sequential(&[SHARED, PAGE_1, LETTERS, TEXT, &framed(true), ENDS[0], ENDS[1]]);
        for end in 0..file.len() {
            match super::super::to_pdf(&file[..end], Format::Jbig2, Images::default()) {
                // What is whole up to there is a file as well.
                Ok(made) => assert!(made.pages > 0),
                Err(error) => assert!(matches!(error, Error::Corrupt { .. }), "{end}: {error}"),
            }
        }
        let huge = framed(true).replacen("00000040 00000038", "000fffff 000fffff", 1);
        let refused = super::super::to_pdf(&sequential(&[&huge]), Format::Jbig2, Images::default());
        assert!(matches!(refused, Err(Error::Limit { .. })), "{refused:?}");
    }
}

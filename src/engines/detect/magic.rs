//! Formats that show by their first bytes.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::domain::Format;

use super::{agreement, markup, text};

/// How far into a file its `%PDF-` may stand; what Acrobat accepts.
const PDF_MARK_BYTES_MAX: usize = 1_024;

/// Most bytes of a gzip file that are unpacked to find the root of a drawing.
const GZIP_HEAD_BYTES_MAX: u64 = 64 << 10;

/// First bytes that leave no doubt.
const MARKS: &[(&[u8], Format)] = &[
    (b"%PDF-", Format::Pdf),
    (b"\xff\xd8\xff", Format::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Format::Png),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"II+\0", Format::Tiff),
    (b"MM\0+", Format::Tiff),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Format::Jp2),
    (b"\xff\x4f\xff\x51", Format::Jp2),
    (b"\x97JB2\r\n\x1a\n", Format::Jbig2),
    (b"8BPS\0\x01", Format::Psd),
    (b"8BPS\0\x02", Format::Psd),
    (b"\xd7\xcd\xc6\x9a", Format::Metafile),
    (b"\x01\0\x09\0\0\x03", Format::Metafile),
    (b"\x02\0\x09\0\0\x03", Format::Metafile),
    (b"\x01\0\x09\0\0\x01", Format::Metafile),
    (b"\x78\x9f\x3e\x22", Format::Tnef),
    (b"{\\rtf", Format::Rtf),
    (b"\xef\xbb\xbf{\\rtf", Format::Rtf),
    // Excel 2, 3 and 4 wrote their records without a container.
    (b"\x09\0\x04\0", Format::Xls),
    (b"\x09\x02\x06\0", Format::Xls),
    (b"\x09\x04\x06\0", Format::Xls),
];

/// Finds a format by its first bytes.
pub(super) fn format(bytes: &[u8]) -> Option<Format> {
    let marked = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, format)| *format);
    marked
        .or_else(|| bitmap(bytes))
        .or_else(|| webp(bytes))
        .or_else(|| enhanced_metafile(bytes))
        .or_else(|| still(bytes))
        .or_else(|| packed_drawing(bytes))
}

/// A PDF with something before its mark, as mail gateways and printers leave it. Text that speaks of PDF is no PDF.
pub(super) fn late_pdf(bytes: &[u8], expected: Option<Format>) -> Option<Format> {
    let head = bytes.get(..PDF_MARK_BYTES_MAX).unwrap_or(bytes);
    let is_there = head.windows(5).any(|window| window == b"%PDF-");
    (is_there && !expected.is_some_and(agreement::is_text)).then_some(Format::Pdf)
}

/// `BM` begins many texts: the size of the header that follows must be one that exists.
fn bitmap(bytes: &[u8]) -> Option<Format> {
    let header_size = u32::from_le_bytes(*bytes.strip_prefix(b"BM")?.get(12..)?.first_chunk()?);
    matches!(header_size, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124).then_some(Format::Bmp)
}

fn webp(bytes: &[u8]) -> Option<Format> {
    (bytes.starts_with(b"RIFF") && bytes.get(8..12)? == b"WEBP").then_some(Format::Webp)
}

fn enhanced_metafile(bytes: &[u8]) -> Option<Format> {
    (bytes.starts_with(b"\x01\0\0\0") && bytes.get(40..44)? == b" EMF").then_some(Format::Metafile)
}

/// HEIF and AVIF share a container; its list of brands tells them apart.
fn still(bytes: &[u8]) -> Option<Format> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    let length = usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).ok()?.clamp(16, 256);
    let brands = bytes.get(8..length.min(bytes.len()))?.as_chunks::<4>().0;
    let is_any = |known: &[&[u8; 4]]| brands.iter().any(|brand| known.contains(&brand));
    if is_any(&[b"avif", b"avis"]) {
        Some(Format::Avif)
    } else if is_any(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        Some(Format::Heic)
    } else {
        None
    }
}

/// A drawing under gzip, `.svgz`.
fn packed_drawing(bytes: &[u8]) -> Option<Format> {
    if !bytes.starts_with(b"\x1f\x8b\x08") {
        return None;
    }
    let mut head = Vec::new();
    // A stream that breaks off may still hold the root element.
    let _read = GzDecoder::new(bytes).take(GZIP_HEAD_BYTES_MAX).read_to_end(&mut head);
    (markup::format(&text::head(&head), Some(Format::Svg)) == Some(Format::Svg)).then_some(Format::Svg)
}

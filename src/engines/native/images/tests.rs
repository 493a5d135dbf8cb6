use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::{domain::EventCode, engines::settings::Frames};

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn rgb(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 7])).into()
}

/// The file that a document becomes.
pub(super) fn written(pdf: &pdf::Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    pdf.clone().save_to(&mut bytes).unwrap();
    bytes
}

/// Converts a picture, into a PDF that holds these pieces.
fn check(bytes: &[u8], format: Format, contained: &[&str]) -> Converted {
    let converted = to_pdf(bytes, format, Images::default()).expect("the picture is converted");
    let written = written(&converted.pdf);
    lopdf::Document::load_mem(&written).expect("the result is a PDF");
    let text = String::from_utf8_lossy(&written);
    for piece in contained {
        assert!(text.contains(piece), "{piece} is missing from {text}");
    }
    converted
}

/// A segment of a JPEG file.
fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], length.as_slice(), body].concat()
}

/// The bytes of a JPEG file with a segment after its first marker.
fn with_segment(jpeg: &[u8], segment: &[u8]) -> Vec<u8> {
    [&jpeg[..2], segment, &jpeg[2..]].concat()
}

fn exif_orientation(number: u8) -> Vec<u8> {
    let mut body = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    body.extend_from_slice(&[number, 0, 0, 0, 0, 0, 0]);
    segment(0xe1, &body)
}

/// A chunk of a PNG file.
fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut check = flate2::Crc::new();
    check.update(kind);
    check.update(body);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [length.as_slice(), kind, body, &check.sum().to_be_bytes()].concat()
}

/// A little-endian TIFF of pages that hold one strip of the given bytes each.
fn tiff(pages: &[&[(u16, u32)]], strip: &[u8]) -> Vec<u8> {
    let mut bytes = b"II*\0".to_vec();
    bytes.extend_from_slice(&u32::try_from(8 + strip.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(strip);
    for (index, tags) in pages.iter().enumerate() {
        let strip_length = u32::try_from(strip.len()).unwrap();
        let mut tags = [tags, [(273, 8), (279, strip_length)].as_slice()].concat();
        tags.sort_unstable();
        bytes.extend_from_slice(&u16::try_from(tags.len()).unwrap().to_le_bytes());
        for (tag, value) in tags {
            bytes.extend_from_slice(&tag.to_le_bytes());
            bytes.extend_from_slice(b"\x04\0\x01\0\0\0");
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        let next = if index + 1 == pages.len() { 0 } else { u32::try_from(bytes.len() + 4).unwrap() };
        bytes.extend_from_slice(&next.to_le_bytes());
    }
    bytes
}

#[test]
fn a_jpeg_is_kept_byte_by_byte() {
    let jpeg = encoded(&rgb(16, 8), ImageFormat::Jpeg);
    let converted = check(&jpeg, Format::Jpeg, &["/Filter/DCTDecode", "/ColorSpace/DeviceRGB"]);
    assert!(written(&converted.pdf).windows(jpeg.len()).any(|window| window == jpeg));
    assert!(converted.events.is_empty());
    assert_eq!(converted.pages, 1);
}

#[test]
fn an_exif_orientation_turns_the_page() {
    let jpeg = encoded(&rgb(16, 8), ImageFormat::Jpeg);
    let density = segment(0xe0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\0\0");
    let upright = with_segment(&jpeg, &density);
    // The encoder writes a JFIF segment of its own, which comes later and has no unit.
    check(&upright, Format::Jpeg, &["/MediaBox[0 0 12 6]", "q 12 0 0 6 0 0 cm"]);
    check(&with_segment(&jpeg, &exif_orientation(6)), Format::Jpeg, &["/MediaBox[0 0 6 12]", "q 0 -12 6 0 0 12 cm"]);
    check(&with_segment(&jpeg, &exif_orientation(3)), Format::Jpeg, &["q -12 0 0 -6 12 6 cm"]);
}

#[test]
fn a_jpeg_that_is_cut_off_is_shown_with_a_warning() {
    let jpeg = encoded(&rgb(64, 64), ImageFormat::Jpeg);
    let converted = check(&jpeg[..jpeg.len() - 20], Format::Jpeg, &[]);
    assert!(converted.events[0].message.contains("is cut off"));
    assert!(matches!(to_pdf(&jpeg[..30], Format::Jpeg, Images::default()), Err(Error::Corrupt { .. })));
}

#[test]
fn ink_of_adobe_files_is_inverted() {
    let frame = segment(0xc0, &[8, 0, 1, 0, 1, 4, 1, 17, 0, 2, 17, 0, 3, 17, 0, 4, 17, 0]);
    let adobe = segment(0xee, b"Adobe\0\x64\0\0\0\0\x02");
    let scan = segment(0xda, &[4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
    let jpeg = [&[0xff, 0xd8], frame.as_slice(), &scan, &[0xff, 0xd9]].concat();
    let plain = to_pdf(&jpeg, Format::Jpeg, Images::default()).unwrap();
    assert!(!String::from_utf8_lossy(&written(&plain.pdf)).contains("/Decode["));
    check(&with_segment(&jpeg, &adobe), Format::Jpeg, &["/DeviceCMYK", "/Decode[1 0 1 0 1 0 1 0]"]);
}

#[test]
fn arithmetic_and_twelve_bit_jpeg_are_refused() {
    for (marker, bits) in [(0xc9, 8), (0xc1, 12), (0xc3, 8)] {
        let frame = segment(marker, &[bits, 0, 1, 0, 1, 1, 1, 17, 0]);
        let jpeg = [&[0xff, 0xd8], frame.as_slice(), &segment(0xda, &[1, 1, 0, 0, 63, 0])].concat();
        assert!(matches!(to_pdf(&jpeg, Format::Jpeg, Images::default()), Err(Error::UnsupportedFeature { .. })));
    }
}

#[test]
fn the_data_of_a_png_are_kept_and_its_text_is_not_read() {
    let png = encoded(&rgb(16, 8), ImageFormat::Png);
    let (header, rest) = png.split_at(33);
    let with_text = [header, &chunk(b"zTXt", b"a\0\0not packed at all"), rest].concat();
    let contained = ["/Predictor 15/Colors 3/BitsPerComponent 8/Columns 16", "/MediaBox[0 0 12 6]"];
    let converted = check(&with_text, Format::Png, &contained);
    let start = png.windows(4).position(|window| window == b"IDAT").unwrap() + 4;
    assert!(written(&converted.pdf).windows(20).any(|window| window == &png[start..start + 20]));
}

#[test]
fn opacity_becomes_a_mask_unless_all_is_opaque() {
    let see_through: DynamicImage = RgbaImage::from_fn(8, 8, |x, _| Rgba([1, 2, 3, x.to_le_bytes()[0]])).into();
    check(&encoded(&see_through, ImageFormat::Png), Format::Png, &["/SMask 3 0 R"]);
    check(
        &encoded(&see_through.to_rgba16().into(), ImageFormat::Png),
        Format::Png,
        &["/SMask", "/BitsPerComponent 16"],
    );
    let opaque = rgb(8, 8).to_rgba8().into();
    let converted = check(&encoded(&opaque, ImageFormat::Png), Format::Png, &["/DeviceRGB"]);
    assert!(!String::from_utf8_lossy(&written(&converted.pdf)).contains("/SMask"));
}

#[test]
fn a_png_that_is_cut_off_is_completed() {
    let noise =
        RgbImage::from_fn(64, 64, |x, y| Rgb([x, y, x ^ y].map(|value| (value * 7_919 % 251).to_le_bytes()[0])));
    let png = encoded(&noise.into(), ImageFormat::Png);
    let converted = check(&png[..png.len() / 2], Format::Png, &["/Height 64"]);
    assert_eq!(converted.events.len(), 1);
}

#[test]
fn only_a_png_with_a_wrong_checksum_is_unpacked() {
    let png = encoded(&rgb(64, 64), ImageFormat::Png);
    let start = png.windows(4).position(|window| window == b"IDAT").unwrap();
    let length = usize::try_from(u32::from_be_bytes(*png[start - 4..].first_chunk().unwrap())).unwrap();
    let (before, data) = (&png[..start - 4], &png[start + 4..start + 4 + length]);
    // What would be missed if it were unpacked: half of the data, as they once were written.
    let half = &data[..length / 2];
    let intact = [before, &chunk(b"IDAT", half), &chunk(b"IEND", b"")].concat();
    let converted = check(&intact, Format::Png, &[&format!("/Length {}", half.len())]);
    assert!(converted.events.is_empty(), "{:?}", converted.events);
    let mut damaged = intact;
    damaged[start + 4 + half.len()] ^= 1;
    assert_eq!(check(&damaged, Format::Png, &["/Height 64"]).events.len(), 1);
}

#[test]
fn sizes_past_the_limits_are_refused_from_the_header() {
    let mut header = Vec::new();
    for side in [100_000_u32, 100_000] {
        header.extend_from_slice(&side.to_be_bytes());
    }
    for rest in [[8, 2, 0, 0, 0], [8, 6, 0, 0, 0], [8, 0, 0, 0, 1]] {
        let body = [header.as_slice(), &rest].concat();
        let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &chunk(b"IHDR", &body), &chunk(b"IDAT", b"")].concat();
        assert!(matches!(to_pdf(&png, Format::Png, Images::default()), Err(Error::Limit { .. })));
    }
}

#[test]
fn fax_pages_are_kept_and_reversed_bits_are_turned() {
    let page: &[(u16, u32)] = &[(256, 24), (257, 24), (259, 4), (262, 0)];
    let converted =
        check(&tiff(&[page, page], b"\x01\x02\x03"), Format::Tiff, &["/K -1/Columns 24/Rows 24", "\x01\x02\x03"]);
    assert_eq!(converted.pages, 2);
    let reversed: &[(u16, u32)] = &[(256, 24), (257, 24), (259, 4), (262, 1), (266, 2), (274, 6)];
    check(
        &tiff(&[reversed], b"\x02\x40\x62"),
        Format::Tiff,
        &["/BlackIs1 true", "stream\n\x40\x02\x46", "q 0 -18 18 0 0 18 cm"],
    );
}

#[test]
fn strips_are_stacked_from_the_top() {
    let placement =
        placement::Placement::new(96, 96, placement::Resolution::default(), placement::Orientation::default());
    assert_eq!(placement.band_matrix(0, 24), [72.0, 0.0, 0.0, 18.0, 0.0, 54.0]);
    assert_eq!(placement.band_matrix(24, 72), [72.0, 0.0, 0.0, 54.0, 0.0, 0.0]);
}

#[test]
fn pages_that_refer_to_each_other_in_a_circle_end() {
    let page: &[(u16, u32)] = &[(256, 8), (257, 1), (258, 1), (259, 1), (262, 0)];
    let mut bytes = tiff(&[page], b"\xaa");
    let next = bytes.len() - 4;
    bytes[next] = 9;
    let converted = check(&bytes, Format::Tiff, &["/Decode[1 0]"]);
    assert_eq!((converted.pages, converted.events.len()), (1, 1));
}

#[test]
fn pages_keep_within_what_pdf_allows() {
    let sides = |columns, rows| {
        let placement = placement::Placement::new(
            columns,
            rows,
            placement::Resolution::default(),
            placement::Orientation::default(),
        );
        (placement.width, placement.height)
    };
    assert_eq!(sides(96, 192), (72.0, 144.0));
    assert_eq!(sides(1, 2), (3.0, 6.0));
    assert_eq!(sides(96_000, 48_000), (14_400.0, 7_200.0));
    assert_eq!(sides(1, 65_000), (3.0, 14_400.0));
}

#[test]
fn frames_of_other_formats_are_decoded() {
    for (image_format, format) in
        [(ImageFormat::Gif, Format::Gif), (ImageFormat::Bmp, Format::Bmp), (ImageFormat::WebP, Format::Webp)]
    {
        check(&encoded(&rgb(16, 8), image_format), format, &["/Filter/FlateDecode", "/MediaBox[0 0 12 6]"]);
    }
    check(&encoded(&rgb(16, 8), ImageFormat::Tiff), Format::Tiff, &["/Filter/FlateDecode"]);
}

#[test]
fn a_bare_codestream_gets_the_boxes_that_pdf_asks_for() {
    let mut codestream = b"\xff\x4f\xff\x51\0\x29\0\0".to_vec();
    for field in [96_u32, 48, 0, 0, 96, 48, 0, 0] {
        codestream.extend_from_slice(&field.to_be_bytes());
    }
    codestream.extend_from_slice(&[0, 1, 7, 1, 1]);
    check(
        &codestream,
        Format::Jp2,
        &["/Width 96/Height 48/Filter/JPXDecode", "ftypjp2 ", "jp2c", "/MediaBox[0 0 72 36]"],
    );
}

#[test]
fn formats_of_other_engines_are_refused() {
    assert!(matches!(to_pdf(b"<svg/>", Format::Svg, Images::default()), Err(Error::UnsupportedFormat { .. })));
}

fn all_frames() -> Images {
    Images { frames: Frames::All }
}

fn animated_gif(count: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    let frame = |index: u8| image::Frame::new(RgbaImage::from_pixel(6, 4, Rgba([index * 20, 0, 0, 255])));
    encoder.encode_frames((0..count).map(frame)).unwrap();
    drop(encoder);
    bytes
}

#[test]
fn the_first_frame_of_an_animation_is_shown_or_each_on_a_page() {
    let gif = animated_gif(5);
    let first = to_pdf(&gif, Format::Gif, Images::default()).unwrap();
    assert_eq!(first.pages, 1);
    assert_eq!(first.events[0].message, "The picture is animated: the first of 5 frames is shown.");
    let all = to_pdf(&gif, Format::Gif, all_frames()).unwrap();
    assert_eq!((all.pages, all.events.len()), (5, 0));
    assert_eq!(all.pdf.get_pages().len(), 5);
    let still = to_pdf(&animated_gif(1), Format::Gif, all_frames()).unwrap();
    assert_eq!((still.pages, still.events.len()), (1, 0));
}

#[test]
fn an_animation_that_breaks_off_is_shown_up_to_there() {
    let gif = animated_gif(5);
    let cut = to_pdf(&gif[..gif.len() - 20], Format::Gif, all_frames()).unwrap();
    assert!((1..5).contains(&cut.pages), "{} pages", cut.pages);
    assert_eq!(cut.events[0].code, EventCode::PartialExtraction);
}

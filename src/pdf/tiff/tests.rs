use std::io::{self, Cursor, Seek, Write};

use lopdf::{Document, Object, Stream, dictionary, text_string};
use time::macros::datetime;

use super::{Colour, Compression, DotsPerInch, Piece, TiffSettings, Written, join, write_tiff};
use crate::{
    domain::EventCode,
    pdf::{Error, OutputError, object, pages},
};

/// Words that are black, a box with a shade, and one with a colour.
const BLACK: &str = "0 g 10 10 30 20 re f 5 w 60 10 m 60 80 l S";
const GREY: &str = "0.6 g 10 10 30 20 re f";
const RED: &str = "1 0 0 rg 10 10 30 20 re f";

/// Pages of 100 by 90 units with some content each.
fn document(contents: &[&str]) -> Document {
    let mut document = Document::new();
    let root = document.new_object_id();
    let kids: Vec<Object> = contents
        .iter()
        .map(|content| {
            let content = document.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
            let page = dictionary! {
                "Type" => "Page", "Parent" => root, "Contents" => content,
                "MediaBox" => vec![0.into(), 0.into(), 100.into(), 90.into()],
            };
            document.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(kids.len()).unwrap();
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    let info = document.add_object(dictionary! { "Title" => text_string("Zürich"), "Author" => text_string("Ada") });
    document.trailer.set("Info", info);
    document
}

fn written(document: &mut Document, settings: &TiffSettings) -> (Written, Vec<u8>) {
    let bytes = crate::pdf::write(document, crate::pdf::Shape::Packed).unwrap();
    let mut out = Cursor::new(Vec::new());
    let now = datetime!(2026-05-04 03:02:01 UTC);
    let written = write_tiff(document, &bytes, "a.pdf", settings, now, &mut out).unwrap();
    (written, out.into_inner())
}

/// The pages as another reader sees them: columns, rows, and what their samples are with them.
fn read(bytes: &[u8]) -> Vec<(u32, u32, tiff::ColorType, Vec<u8>)> {
    let mut decoder = tiff::decoder::Decoder::new(Cursor::new(bytes)).unwrap();
    let mut pages = Vec::new();
    loop {
        let (columns, rows) = decoder.dimensions().unwrap();
        let kind = decoder.colortype().unwrap();
        let tiff::decoder::DecodingResult::U8(samples) = decoder.read_image().unwrap() else { unreachable!() };
        pages.push((columns, rows, kind, samples));
        if !decoder.more_images() {
            return pages;
        }
        decoder.next_image().unwrap();
    }
}

fn text(bytes: &[u8], tag: u16) -> Option<String> {
    let mut decoder = tiff::decoder::Decoder::new(Cursor::new(bytes)).unwrap();
    decoder.get_tag_ascii_string(tiff::tags::Tag::Unknown(tag)).ok()
}

#[test]
fn each_page_keeps_what_colour_it_has() {
    let (written, bytes) = written(&mut document(&[BLACK, GREY, RED, ""]), &TiffSettings::default());
    assert_eq!((written.pages, written.events), (4, Vec::new()));
    let pages = read(&bytes);
    let kinds: Vec<tiff::ColorType> = pages.iter().map(|(_, _, kind, _)| *kind).collect();
    let bit = tiff::ColorType::Gray(1);
    assert_eq!(kinds, [bit, tiff::ColorType::Gray(8), tiff::ColorType::RGB(8), bit]);
    assert!(pages.iter().all(|(columns, rows, ..)| (*columns, *rows) == (417, 375)));
    // From the left 10 to 40 of 100 units, from the top 60 to 80 of 90.
    let (_, _, _, grey) = &pages[1];
    assert_eq!((grey[100 * 417 + 100], grey[290 * 417 + 100], grey[290 * 417 + 200]), (255, 153, 255));
    let (_, _, _, red) = &pages[2];
    assert_eq!(red[(290 * 417 + 100) * 3..][..3], [255, 0, 0]);
}

#[test]
fn every_compression_gives_the_same_samples_and_jpeg_nearly_so() {
    for colour in [Colour::Grey, Colour::Colour] {
        let all = [Compression::Deflate, Compression::Lzw, Compression::Jpeg].map(|compression| {
            let settings = TiffSettings { colour, compression, ..TiffSettings::default() };
            read(&written(&mut document(&[RED]), &settings).1).remove(0)
        });
        let [deflate, lzw, jpeg] = &all;
        assert_eq!(deflate.3, lzw.3);
        assert_eq!(deflate.3.len(), jpeg.3.len());
        // In the middle of the box, and beside it.
        for at in [290 * 417 + 100, 100 * 417 + 100] {
            let light = |(_, _, kind, samples): &(u32, u32, tiff::ColorType, Vec<u8>)| {
                if *kind == tiff::ColorType::Gray(8) {
                    return f64::from(samples[at]);
                }
                let parts = [0, 1, 2].map(|part| f64::from(samples[at * 3 + part]));
                // The reader leaves the parts of a JPEG as they are, of which the first is how light it is.
                let of_light = if *kind == tiff::ColorType::RGB(8) { [0.299, 0.587, 0.114] } else { [1.0, 0.0, 0.0] };
                parts.iter().zip(of_light).map(|(part, of_light)| part * of_light).sum()
            };
            assert!((light(deflate) - light(jpeg)).abs() < 3.0, "{colour:?} {at}");
        }
    }
}

#[test]
fn pages_of_bits_hold_black_as_it_is_drawn() {
    let settings = TiffSettings { colour: Colour::Bitonal, ..TiffSettings::default() };
    let (_, bytes) = written(&mut document(&[BLACK, GREY]), &settings);
    let pages = read(&bytes);
    let is_white = |page: usize, column: usize, row: usize| {
        let (columns, _, kind, samples) = &pages[page];
        assert_eq!(*kind, tiff::ColorType::Gray(1));
        let row_bytes = usize::try_from(columns.div_ceil(8)).unwrap();
        samples[row * row_bytes + column / 8] >> (7 - column % 8) & 1 == 1
    };
    assert!(!is_white(0, 100, 290) && is_white(0, 200, 290) && !is_white(0, 250, 200) && is_white(0, 100, 100));
    // A shade of 0.6 is so much white, here over the area of the box.
    let white = (50..160).flat_map(|column| (255..325).map(move |row| (column, row)));
    let share = white.clone().filter(|(column, row)| is_white(1, *column, *row)).count() as f64 / white.count() as f64;
    assert!((share - 0.6).abs() < 0.02, "{share}");
}

#[test]
fn a_page_says_what_it_is() {
    let (_, bytes) = written(&mut document(&[BLACK, RED]), &TiffSettings::default());
    assert_eq!(text(&bytes, 269).as_deref(), Some("a.pdf"));
    assert_eq!(text(&bytes, 270).as_deref(), Some("Zürich"));
    assert_eq!(text(&bytes, 315).as_deref(), Some("Ada"));
    assert_eq!(text(&bytes, 306).as_deref(), Some("2026:05:04 03:02:01"));
    let mut decoder = tiff::decoder::Decoder::new(Cursor::new(&bytes)).unwrap();
    let numbers = |decoder: &mut tiff::decoder::Decoder<_>, tag| decoder.get_tag_u16_vec(tiff::tags::Tag::Unknown(tag));
    assert_eq!(numbers(&mut decoder, 297).unwrap(), [0, 2]);
    assert_eq!(numbers(&mut decoder, 259).unwrap(), [4]);
    decoder.next_image().unwrap();
    assert_eq!(numbers(&mut decoder, 297).unwrap(), [1, 2]);
    let resolution = decoder.get_tag(tiff::tags::Tag::XResolution).unwrap();
    assert!(matches!(resolution, tiff::decoder::ifd::Value::Rational(300_240, 1_000)), "{resolution:?}");
}

#[test]
fn annotations_are_drawn_as_they_are_printed() {
    // 4 is for print, 32 not for the screen, 2 hidden.
    for (flags, is_drawn) in [(4, true), (4 | 32, true), (0, false), (4 | 2, false)] {
        let mut document = document(&[""]);
        let form = dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 9.into(), 9.into()],
        };
        let form = document.add_object(Stream::new(form, b"0 0 9 9 re f".to_vec()));
        let annotation = document.add_object(dictionary! {
            "Type" => "Annot", "Subtype" => "Stamp", "F" => flags, "AP" => dictionary! { "N" => form },
            "Rect" => vec![10.into(), 10.into(), 90.into(), 80.into()],
        });
        let page = pages::list(&document)[0];
        object::at_mut(&mut document, page).unwrap().set("Annots", vec![Object::Reference(annotation)]);
        let settings = TiffSettings { colour: Colour::Grey, ..TiffSettings::default() };
        let (_, bytes) = written(&mut document, &settings);
        assert_eq!(read(&bytes)[0].3.contains(&0), is_drawn, "{flags}");
    }
}

#[test]
fn a_page_too_large_for_its_resolution_is_drawn_coarser_and_the_client_is_told() {
    let mut document = document(&[BLACK]);
    let page = pages::list(&document)[0];
    let huge: Vec<Object> = vec![0.into(), 0.into(), 14_000.into(), 15.into()];
    object::at_mut(&mut document, page).unwrap().set("MediaBox", huge);
    let settings = TiffSettings { resolution: DotsPerInch::try_from(600).unwrap(), ..TiffSettings::default() };
    let (written, bytes) = written(&mut document, &settings);
    assert_eq!(written.events[0].code, EventCode::PageRenderer);
    assert!(read(&bytes)[0].0 <= crate::domain::limits::TIFF_SIDE_MAX);
}

/// Takes a number of bytes and no more.
struct Full(Cursor<Vec<u8>>, usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.get_ref().len() + bytes.len() > self.1 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Full {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn an_output_that_takes_no_more_is_told_from_a_document_at_fault() {
    let mut document = document(&[BLACK]);
    let bytes = crate::pdf::write(&mut document, crate::pdf::Shape::Packed).unwrap();
    let settings = TiffSettings::default();
    let now = datetime!(2026-05-04 03:02:01 UTC);
    let full = write_tiff(&document, &bytes, "", &settings, now, &mut Full(Cursor::new(Vec::new()), 100));
    assert!(matches!(full, Err(OutputError::Output(error)) if error.kind() == io::ErrorKind::StorageFull));
    let faulty = write_tiff(&document, b"no PDF", "", &settings, now, &mut Cursor::new(Vec::new()));
    assert!(matches!(faulty, Err(OutputError::Document(Error::Corrupt { .. }))));
}

/// The pages of a document in pieces that end before some of them.
fn drawn(document: &mut Document, ends: &[usize], settings: &TiffSettings) -> Vec<Vec<u8>> {
    let bytes = crate::pdf::write(document, crate::pdf::Shape::Packed).unwrap();
    let mut first = 0;
    let pieces = ends.iter().map(|end| {
        let mut out = Vec::new();
        let mut piece = Piece::start(&mut out);
        piece.add(document, &bytes, first..=end - 1, settings).unwrap();
        piece.finish().unwrap();
        first = *end;
        out
    });
    pieces.collect()
}

fn joined(pieces: &[Vec<u8>], settings: &TiffSettings) -> Result<(Written, Vec<u8>), OutputError> {
    let mut out = Cursor::new(Vec::new());
    let open = |place: usize| Ok(Cursor::new(pieces[place].as_slice()));
    let now = datetime!(2026-05-04 03:02:01 UTC);
    let written = join(pieces.len(), open, "a.pdf", settings, now, &mut out)?;
    Ok((written, out.into_inner()))
}

#[test]
fn pieces_are_joined_to_the_file_that_is_written_in_one_go_with_what_is_told_of_it() {
    let check = |document: &mut Document, settings: &TiffSettings, message: Option<&str>| {
        let whole = written(document, settings);
        assert_eq!(whole.0.events.first().map(|event| event.message.split(" are").next().unwrap()), message);
        for ends in [&[2, 3, 5][..], &[5], &[1, 100]] {
            let pieces = drawn(document, ends, settings);
            assert!(joined(&pieces, settings).unwrap() == whole, "{ends:?}");
        }
    };
    let mut document = document(&[BLACK, GREY, RED, "", GREY]);
    for compression in [Compression::Deflate, Compression::Lzw, Compression::Jpeg] {
        check(&mut document, &TiffSettings { compression, ..TiffSettings::default() }, None);
    }
    for page in [1, 4] {
        let page = pages::list(&document)[page];
        let wide: Vec<Object> = vec![0.into(), 0.into(), 14_000.into(), 13.into()];
        object::at_mut(&mut document, page).unwrap().set("MediaBox", wide);
    }
    let settings = TiffSettings { resolution: DotsPerInch::try_from(600).unwrap(), ..TiffSettings::default() };
    check(&mut document, &settings, Some("2 pages"));
}

#[test]
fn what_is_no_piece_is_refused_wherever_it_ends_or_lies() {
    let settings = TiffSettings::default();
    let piece = drawn(&mut document(&[BLACK, ""]), &[2], &settings).remove(0);
    let is_corrupt = |bytes: &[u8]| {
        let joined = joined(&[bytes.to_vec()], &settings);
        matches!(joined, Err(OutputError::Document(Error::Corrupt { .. } | Error::Limit { .. })))
    };
    for end in 0..piece.len() {
        assert!(is_corrupt(&piece[..end]), "{end}");
    }
    let many = [&piece[..piece.len() - 4], &u32::MAX.to_be_bytes()].concat();
    assert!(is_corrupt(&many) && is_corrupt(&[&piece[..], &[0; 4]].concat()));
}

#[test]
fn settings_are_what_a_profile_says_and_no_others() {
    let read = |text: &str| serde_json::from_str::<TiffSettings>(text);
    assert_eq!(read("{}").unwrap(), TiffSettings::default());
    let set =
        read(r#"{"resolution":200,"colour":"bitonal","bitonal":"errorDiffusion","compression":"lzw","jpegQuality":9}"#);
    assert_eq!(set.unwrap().resolution.get(), 200);
    for wrong in [
        r#"{"resolution":71}"#,
        r#"{"resolution":1201}"#,
        r#"{"jpegQuality":0}"#,
        r#"{"dpi":300}"#,
        r#"{"colour":"red"}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

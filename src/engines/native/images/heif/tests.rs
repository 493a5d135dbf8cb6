//! On pictures that were made for this: gradients from black at the top left, red to the right and green downwards.

use super::*;
use crate::engines::native::images::tests::written;

const DEEP: &[u8] = include_bytes!("samples/deep.heic");
const OPACITY: &[u8] = include_bytes!("samples/opacity.heic");
const TURNED: &[u8] = include_bytes!("samples/turned.avif");
const TWO: &[u8] = include_bytes!("samples/two.heic");

fn decoded(bytes: &[u8]) -> Decoded {
    let library = Library::open().unwrap();
    let file = library.read(bytes).unwrap();
    let id = file.ids().unwrap()[0];
    file.picture(id).unwrap().decode().unwrap()
}

fn pages(bytes: &[u8], frames: Frames) -> (String, usize, Vec<Event>) {
    let mut document = Document::new();
    let mut events = Vec::new();
    add_pages(bytes, frames, &mut document, &mut events).unwrap();
    let count = document.page_count();
    (String::from_utf8_lossy(&written(&document.finish().unwrap())).into_owned(), count, events)
}

#[test]
fn colours_come_out_as_they_went_in() {
    let picture = decoded(TWO);
    assert_eq!((picture.width, picture.height, picture.bits), (64, 48, 8));
    assert_eq!(picture.bytes.len(), 64 * 48 * 3);
    let pixel = |x: usize, y: usize| picture.bytes[(y * 64 + x) * 3..][..3].to_vec();
    let near = |pixel: Vec<u8>, expected: [u8; 3]| pixel.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 24);
    assert!(near(pixel(0, 0), [0, 0, 255]), "{:?}", pixel(0, 0));
    assert!(near(pixel(63, 0), [255, 0, 255]), "{:?}", pixel(63, 0));
    assert!(near(pixel(0, 47), [0, 255, 255]), "{:?}", pixel(0, 47));
}

#[test]
fn a_picture_is_turned_upright() {
    let picture = decoded(TURNED);
    assert_eq!((picture.width, picture.height), (48, 64));
    // By a quarter to the right: what was at the bottom left is at the top left.
    assert!(picture.bytes[1] > 200 && picture.bytes[0] < 60, "{:?}", &picture.bytes[..3]);
}

#[test]
fn ten_bits_become_sixteen_and_white_stays_white() {
    let picture = decoded(DEEP);
    assert_eq!((picture.bits, picture.bytes.len()), (10, 64 * 48 * 6));
    let (text, _, _) = pages(DEEP, Frames::First);
    assert!(text.contains("/BitsPerComponent 16"), "{text}");
    let mut samples = [0x03, 0xff, 0x02, 0x00, 0x00, 0x00];
    stretch(&mut samples, 10);
    assert_eq!(samples, [0xff, 0xff, 0x80, 0x20, 0x00, 0x00]);
}

#[test]
fn opacity_becomes_a_mask() {
    let (text, _, _) = pages(OPACITY, Frames::First);
    assert!(text.contains("/SMask"), "{text}");
}

#[test]
fn the_main_picture_is_shown_or_all_of_them() {
    let (_, count, events) = pages(TWO, Frames::First);
    assert_eq!((count, events[0].message.as_str()), (1, "The file holds 2 pictures: the main one is shown."));
    let (_, count, events) = pages(TWO, Frames::All);
    assert_eq!((count, events.len()), (2, 0));
}

#[test]
fn damaged_files_are_refused_at_every_place_where_they_break_off() {
    for length in (12..TURNED.len()).step_by(7) {
        let mut document = Document::new();
        let tried = add_pages(&TURNED[..length], Frames::First, &mut document, &mut Vec::new());
        assert!(tried.is_err() || document.page_count() == 1, "at {length}");
    }
    let broken = add_pages(&TURNED[..200], Frames::First, &mut Document::new(), &mut Vec::new());
    assert!(matches!(broken, Err(Error::Corrupt { .. })), "{broken:?}");
}

#[test]
fn a_size_past_the_limits_is_refused_before_anything_is_decoded() {
    let mut large = TURNED.to_vec();
    let sizes: Vec<_> = large.windows(4).enumerate().filter(|(_, name)| name == b"ispe").map(|(at, _)| at).collect();
    assert!(!sizes.is_empty());
    for at in sizes {
        large[at + 8..at + 16].copy_from_slice(&[0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff]);
    }
    let tried = add_pages(&large, Frames::First, &mut Document::new(), &mut Vec::new());
    assert!(matches!(tried, Err(Error::Limit { .. })), "{tried:?}");
}

#[test]
fn colours_that_paper_has_not_are_told_once() {
    let told = |numbers| {
        let mut events = Vec::new();
        tell_of_colours(numbers, &mut events);
        events.into_iter().map(|event| event.code).collect::<Vec<_>>()
    };
    assert_eq!(told(Some((9, 16))), [EventCode::Colorants]);
    assert_eq!(told(Some((12, 13))), [EventCode::Colorants]);
    assert_eq!(told(Some((1, 13))), []);
    assert_eq!(told(None), []);
}

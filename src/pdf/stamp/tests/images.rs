use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{DynamicImage, ExtendedColorType, Rgb, RgbImage, Rgba, RgbaImage, codecs::jpeg::JpegEncoder};
use serde_json::json;

use super::*;
use crate::{domain::EventCode, pdf::stream};

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).encode(&[200; 4 * 2 * 3], 4, 2, ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn half_red() -> Vec<u8> {
    png(RgbaImage::from_pixel(4, 2, Rgba([255, 0, 0, 128])))
}

fn stamp_of(bytes: &[u8], position: Value) -> StampSettings {
    let content = json!({ "type": "image", "data": STANDARD.encode(bytes), "width": 40 });
    settings(json!({ "name": "Logo", "content": content, "position": position }))
}

/// An image with transparency.
pub(super) fn logo(position: Value) -> StampSettings {
    stamp_of(&half_red(), position)
}

/// The image that a stamp becomes for a part of PDF/A, the mask that it has, and the codes of the events.
fn added(stamp_of: &StampSettings, part: Option<Part>) -> (Stream, Option<Vec<u8>>, Vec<EventCode>) {
    let mut document = document(&[0], false);
    let stamps = std::slice::from_ref(stamp_of);
    let events = stamp(&mut document, stamps, &Values::default(), &fonts(), part).unwrap();
    let forms = forms(&document, 0);
    let form = object::resolve(&document, &forms[0]).as_stream().unwrap();
    let resources = object::dictionary(&document, &form.dict, b"Resources").unwrap();
    let images = object::dictionary(&document, resources, b"XObject").unwrap();
    let image = object::get(&document, images, b"S").unwrap().as_stream().unwrap().clone();
    let mask = object::get(&document, &image.dict, b"SMask").map(|mask| stream::unpack(mask.as_stream().unwrap()));
    let mask = mask.map(Result::unwrap);
    (image, mask, events.into_iter().map(|event| event.code).collect())
}

#[test]
fn what_shows_through_an_image_is_its_mask() {
    let (image, mask, events) = added(&logo(json!({})), Some(Part::Two));
    assert_eq!((mask, events), (Some(vec![128; 8]), vec![]));
    assert_eq!(stream::unpack(&image).unwrap(), [255, 0, 0].repeat(8));
}

#[test]
fn pdfa_1_gets_an_image_on_white_and_tells() {
    let (image, mask, events) = added(&logo(json!({})), Some(Part::One));
    assert_eq!((mask, events), (None, vec![EventCode::TransparencyRemoved]));
    assert_eq!(stream::unpack(&image).unwrap(), [255, 127, 127].repeat(8));
}

#[test]
fn an_image_without_transparency_has_no_mask() {
    let opaque = png(RgbImage::from_pixel(3, 3, Rgb([1, 2, 3])));
    let (image, mask, _) = added(&stamp_of(&opaque, json!({})), Some(Part::One));
    assert_eq!((mask, stream::unpack(&image).unwrap()), (None, [1, 2, 3].repeat(9)));
}

#[test]
fn a_jpeg_goes_in_as_it_is_unless_it_fades_where_nothing_may() {
    let mut stamp = stamp_of(&jpeg(), json!({}));
    for part in [None, Some(Part::One)] {
        let (image, ..) = added(&stamp, part);
        assert_eq!((&image.content, image.dict.get(b"Filter").unwrap()), (&jpeg(), &"DCTDecode".into()));
    }
    stamp.opacity = 0.5;
    let (image, ..) = added(&stamp, Some(Part::One));
    // The half of 200 on white, as near as a JPEG has it.
    assert!(stream::unpack(&image).unwrap().iter().all(|part| part.abs_diff(228) < 4));
}

#[test]
fn a_missing_side_follows_from_the_other_one() {
    let boxed = |stamp: StampSettings| {
        let (document, _) = stamped(&[0], &[stamp], &Values::default());
        let forms = forms(&document, 0);
        let form = object::resolve(&document, &forms[0]).as_stream().unwrap();
        object::rectangle(&document, &form.dict, b"BBox").unwrap()
    };
    assert_eq!(boxed(logo(json!({}))), [0.0, 0.0, 40.0, 20.0]);
    let content = json!({ "type": "image", "data": STANDARD.encode(half_red()) });
    assert_eq!(boxed(settings(json!({ "content": content }))), [0.0, 0.0, 3.0, 1.5]);
}

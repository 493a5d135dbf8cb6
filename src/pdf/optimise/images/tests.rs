use lopdf::{Document, Object, Stream, dictionary};

use super::{
    super::{Figures, OptimiseSettings, Preset, drawn::Size},
    encode, jbig2,
    picture::Picture,
    pixels::{self, Bitmap, Pixels, Raster},
    shrink,
};
use crate::pdf::{object, samples::predict, stream, validate::Part};

/// Noise that is the same each time; a photo to any packer.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(next).collect()
}

/// A photo: slopes with a little noise.
fn photo(width: u32, height: u32, channels: u8) -> Raster {
    let grain = noise(usize::try_from(width * height).unwrap() * usize::from(channels));
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for channel in 0..u32::from(channels) {
                let slope = (x * (channel + 1) * 100 / width + y * 120 / height) % 240;
                samples.push(u8::try_from(slope).unwrap() + grain[samples.len()] % 8);
            }
        }
    }
    Raster { width, height, channels, samples }
}

/// Lines of strokes, with the odd speck.
fn page(width: u32, height: u32) -> Bitmap {
    let specks = noise(Bitmap::row_bytes(width) * usize::try_from(height).unwrap());
    let byte = |(at, speck): (usize, &u8)| {
        let row = at / Bitmap::row_bytes(width);
        // Letters that differ, of strokes that go on for some rows.
        let letter = specks[(row / 24 * 977 + at % Bitmap::row_bytes(width) * 7) % specks.len()];
        let stroke = if row % 24 < 12 {
            !(letter & 0b0111_1100).rotate_left(u32::try_from(row % 24 / 4).unwrap())
        } else {
            0xFF
        };
        if *speck < 2 { stroke ^ 0b100 } else { stroke }
    };
    let rows = specks.iter().enumerate().map(byte).collect();
    // What follows the last pixel of a row is nothing.
    let mut bitmap = Bitmap { width, height, rows };
    let spare = bitmap.width.next_multiple_of(8) - bitmap.width;
    let row_bytes = Bitmap::row_bytes(width);
    bitmap.rows.chunks_mut(row_bytes).for_each(|row| row[row_bytes - 1] &= 0xFF << spare);
    bitmap
}

fn image(raster: &Raster, space: impl Into<Object>) -> Stream {
    let dictionary = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => i64::from(raster.width),
        "Height" => i64::from(raster.height), "BitsPerComponent" => 8, "ColorSpace" => space,
        "Filter" => "FlateDecode",
    };
    Stream::new(dictionary, stream::pack(&raster.samples))
}

fn bitonal(bitmap: &Bitmap) -> Stream {
    let dictionary = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => i64::from(bitmap.width),
        "Height" => i64::from(bitmap.height), "BitsPerComponent" => 1, "ColorSpace" => "DeviceGray",
    };
    Stream::new(dictionary, bitmap.rows.clone())
}

/// Shrinks one image that is drawn in a size of points.
fn shrunk(held: Stream, settings: &OptimiseSettings, points: f32) -> (Document, Stream, Figures) {
    let mut document = Document::new();
    let id = document.add_object(held);
    let mut figures = Figures::default();
    shrink(&mut document, settings, &[(id, Size::Points(points, points))].into(), &mut figures);
    let held = document.objects[&id].as_stream().unwrap().clone();
    (document, held, figures)
}

fn unpacked(document: &Document, held: &Stream) -> Pixels {
    pixels::unpack(document, held, &Picture::read(document, held).unwrap(), false).unwrap().0
}

fn size(held: &Stream) -> (i64, i64) {
    (held.dict.get(b"Width").unwrap().as_i64().unwrap(), held.dict.get(b"Height").unwrap().as_i64().unwrap())
}

fn filter(held: &Stream) -> &[u8] {
    held.dict.get(b"Filter").unwrap().as_name().unwrap()
}

/// How far apart two rasters are on average.
fn distance(one: &Raster, other: &Raster) -> f64 {
    assert_eq!(one.samples.len(), other.samples.len());
    let sum: u64 = one.samples.iter().zip(&other.samples).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    #[expect(clippy::cast_precision_loss, reason = "of a test")]
    let mean = sum as f64 / one.samples.len() as f64;
    mean
}

#[test]
fn bits_come_back_from_jbig2_and_it_is_smaller_than_fax() {
    for (width, height) in [(1, 1), (8, 3), (17, 5), (500, 300), (1001, 77)] {
        let bitmap = page(width, height);
        let bytes = jbig2::write(&bitmap);
        assert_eq!(pixels::decode_jbig2(&bytes, None, (width, height)), Some(bitmap), "{width} x {height}");
    }
    for bits in [0, 0xFF] {
        let bitmap = Bitmap { width: 64, height: 64, rows: vec![bits; 512] };
        assert_eq!(pixels::decode_jbig2(&jbig2::write(&bitmap), None, (64, 64)), Some(bitmap));
    }
    let noisy = Bitmap { width: 800, height: 100, rows: noise(10_000) };
    assert_eq!(pixels::decode_jbig2(&jbig2::write(&noisy), None, (800, 100)), Some(noisy));
    let packed = encode::bits(&page(1000, 800));
    assert_eq!(packed.filter, "JBIG2Decode");
}

#[test]
fn an_image_of_too_many_pixels_is_brought_to_its_resolution_and_one_of_few_is_not() {
    // 600 pixels on an inch.
    let settings = Preset::Web.settings();
    let (_, held, figures) = shrunk(image(&photo(600, 400, 3), "DeviceRGB"), &settings, 72.0);
    assert_eq!((size(&held), filter(&held)), ((225, 150), &b"DCTDecode"[..]));
    assert_eq!((figures.images, figures.images_resampled), (1, 1));
    // On three inches it has 200, under the threshold.
    let (_, held, figures) = shrunk(image(&photo(600, 400, 3), "DeviceRGB"), &settings, 216.0);
    assert_eq!((size(&held), figures.images_resampled, figures.images_repacked), ((600, 400), 0, 1));
}

#[test]
fn the_picture_stays_the_same_in_grey_rgb_and_cmyk() {
    for (channels, space) in [(1, "DeviceGray"), (3, "DeviceRGB"), (4, "DeviceCMYK")] {
        let before = photo(300, 200, channels);
        let (document, held, _) = shrunk(image(&before, space), &Preset::Print.settings(), 100.0);
        assert_eq!(filter(&held), b"DCTDecode", "{space}");
        assert_eq!(held.dict.get(b"ColorSpace").unwrap().as_name().unwrap(), space.as_bytes());
        let Pixels::Shades(after) = unpacked(&document, &held) else { panic!("{space}") };
        assert!(distance(&before, &after) < 4.0, "{space}: {}", distance(&before, &after));
    }
}

#[test]
fn an_image_with_few_colours_becomes_a_palette_without_loss() {
    let colours = [[10, 20, 30], [250, 240, 20], [0, 0, 0]];
    let samples: Vec<u8> = noise(200 * 100).iter().flat_map(|byte| colours[usize::from(byte % 3)]).collect();
    let before = Raster { width: 200, height: 100, channels: 3, samples };
    let (document, held, _) = shrunk(image(&before, "DeviceRGB"), &Preset::Email.settings(), 500.0);
    let space = held.dict.get(b"ColorSpace").unwrap().as_array().unwrap();
    assert_eq!((space[0].as_name().unwrap(), space[1].as_name().unwrap()), (&b"Indexed"[..], &b"DeviceRGB"[..]));
    assert_eq!(held.dict.get(b"BitsPerComponent").unwrap().as_i64().unwrap(), 2);
    let Pixels::Shades(places) = unpacked(&document, &held) else { panic!() };
    let table = space[3].as_str().unwrap();
    assert_eq!(super::expanded(&places, 3, table), before);
}

#[test]
fn grey_that_is_black_and_white_becomes_bits() {
    let samples = page(400, 300).bits().flatten().map(|bit| if bit { 255 } else { 0 }).collect();
    let before = Raster { width: 400, height: 300, channels: 1, samples };
    let (document, held, _) = shrunk(image(&before, "DeviceGray"), &Preset::Print.settings(), 100.0);
    assert_eq!(held.dict.get(b"BitsPerComponent").unwrap().as_i64().unwrap(), 1);
    assert_eq!(unpacked(&document, &held), Pixels::Bits(page(400, 300)));
}

#[test]
fn a_scan_in_black_and_white_is_packed_without_loss_and_shrunk_above_its_resolution() {
    let scan = page(1600, 1200);
    let (document, held, _) = shrunk(bitonal(&scan), &Preset::Repair.settings(), 72.0);
    assert_eq!(unpacked(&document, &held), Pixels::Bits(scan.clone()));
    let (_, held, _) = shrunk(bitonal(&scan), &Preset::Web.settings(), 72.0);
    assert_eq!(size(&held), (400, 300));
}

#[test]
fn what_a_colour_key_or_a_matte_depends_on_stays() {
    let mut keyed = image(&photo(600, 400, 3), "DeviceRGB");
    keyed.dict.set("Mask", vec![0.into(), 1.into(), 0.into(), 1.into(), 0.into(), 1.into()]);
    let (_, held, figures) = shrunk(keyed.clone(), &Preset::Email.settings(), 72.0);
    assert_eq!((held, figures.images_repacked), (keyed, 0));
    let mut matte = image(&photo(600, 400, 1), "DeviceGray");
    matte.dict.set("Matte", vec![0.into()]);
    let (_, held, _) = shrunk(matte, &Preset::Email.settings(), 72.0);
    assert_eq!(size(&held), (600, 400));
}

#[test]
fn an_image_that_would_not_become_smaller_stays_byte_for_byte() {
    let settings = Preset::Web.settings();
    let (_, once, _) = shrunk(image(&photo(300, 200, 3), "DeviceRGB"), &settings, 144.0);
    let (_, twice, figures) = shrunk(once.clone(), &settings, 144.0);
    assert_eq!((twice, figures.images_repacked), (once, 0));
}

#[test]
fn an_image_that_nothing_draws_loses_nothing() {
    let before = photo(300, 200, 3);
    let mut document = Document::new();
    let id = document.add_object(image(&before, "DeviceRGB"));
    shrink(&mut document, &Preset::Email.settings(), &[].into(), &mut Figures::default());
    let held = document.objects[&id].as_stream().unwrap().clone();
    assert_eq!((filter(&held), unpacked(&document, &held)), (&b"FlateDecode"[..], Pixels::Shades(before)));
}

#[test]
fn a_palette_is_taken_apart_to_be_scaled() {
    let table: Vec<u8> = (0..=255_u8).flat_map(|shade| [shade, 255 - shade, shade / 2]).collect();
    let space = vec![object::named("Indexed"), object::named("DeviceRGB"), 255.into(), Object::string_literal(table)];
    let (_, held, _) = shrunk(image(&photo(600, 600, 1), space), &Preset::Web.settings(), 72.0);
    assert_eq!(size(&held), (150, 150));
    assert_eq!(held.dict.get(b"ColorSpace").unwrap().as_name().unwrap(), b"DeviceRGB");
}

#[test]
fn samples_of_two_and_four_and_sixteen_bits_are_read_as_amounts() {
    let read = |bits: i64, bytes: Vec<u8>| {
        let dictionary = dictionary! {
            "Subtype" => "Image", "Width" => 2, "Height" => 1, "BitsPerComponent" => bits, "ColorSpace" => "DeviceGray",
        };
        let (document, held) = (Document::new(), Stream::new(dictionary, bytes));
        let picture = Picture::read(&document, &held).unwrap();
        pixels::unpack(&document, &held, &picture, true).map(|(pixels, _)| match pixels {
            Pixels::Shades(raster) => raster.samples,
            Pixels::Bits(bitmap) => bitmap.rows,
        })
    };
    assert_eq!(read(2, vec![0b0111_0000]), Some(vec![85, 255]));
    assert_eq!(read(4, vec![0x2F]), Some(vec![34, 255]));
    assert_eq!(read(16, vec![0x12, 0x34, 0xFF, 0xFF]), Some(vec![0x12, 0xFF]));
    assert_eq!(read(16, vec![0x12, 0x34, 0xFF]), None);
}

#[test]
fn predicted_samples_in_nested_filters_are_read() {
    let raster = photo(40, 30, 3);
    let predicted = stream::pack(&predict(&raster.samples, 120, 3, true));
    let hexadecimal: Vec<u8> = predicted.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    let mut held = image(&raster, "DeviceRGB");
    held.dict.set("Filter", vec![object::named("ASCIIHexDecode"), object::named("FlateDecode")]);
    let parameters = dictionary! { "Predictor" => 15, "Colors" => 3, "Columns" => 40 };
    held.dict.set("DecodeParms", vec![Object::Null, Object::Dictionary(parameters)]);
    held.set_content(hexadecimal);
    assert_eq!(unpacked(&Document::new(), &held), Pixels::Shades(raster));
}

#[test]
fn an_image_of_a_hostile_size_stays() {
    let dictionary = dictionary! {
        "Subtype" => "Image", "Width" => 65_000, "Height" => 65_000, "BitsPerComponent" => 8,
        "ColorSpace" => "DeviceRGB",
    };
    let held = Stream::new(dictionary, vec![0; 10]);
    let (_, after, figures) = shrunk(held.clone(), &Preset::Email.settings(), 72.0);
    assert_eq!((after, figures.images_repacked), (held, 0));
}

#[test]
fn jpeg_2000_that_cannot_be_read_stays_even_where_it_must_not() {
    let dictionary = dictionary! {
        "Subtype" => "Image", "Width" => 9, "Height" => 9, "Filter" => "JPXDecode", "ColorSpace" => "DeviceRGB",
    };
    let mut settings = Preset::Web.settings();
    settings.part = Some(Part::One);
    let held = Stream::new(dictionary, b"not one".to_vec());
    let (_, after, _) = shrunk(held.clone(), &settings, 72.0);
    assert_eq!(after, held);
}

#[test]
fn decoders_never_panic_on_what_is_cut_or_changed() {
    let bitmap = page(300, 200);
    let jbig2 = jbig2::write(&bitmap);
    let jpeg = encode::jpeg(&photo(60, 40, 3), 80).unwrap().bytes;
    for (filter, bits, bytes) in [("JBIG2Decode", 1, &jbig2), ("CCITTFaxDecode", 1, &jbig2), ("DCTDecode", 8, &jpeg)] {
        for at in (0..bytes.len()).step_by(bytes.len() / 40) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x55;
            let (width, height) = if bits == 1 { (300, 200) } else { (60, 40) };
            let space = if bits == 1 { "DeviceGray" } else { "DeviceRGB" };
            for bytes in [changed, bytes[..at].to_vec()] {
                let dictionary = dictionary! {
                    "Subtype" => "Image", "Width" => width, "Height" => height, "BitsPerComponent" => bits,
                    "ColorSpace" => space, "Filter" => filter,
                };
                let mut held = Stream::new(dictionary, bytes);
                held.dict.set("DecodeParms", dictionary! { "K" => -1, "Columns" => width });
                shrunk(held, &Preset::Email.settings(), 20.0);
            }
        }
    }
}

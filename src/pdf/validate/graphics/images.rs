//! Images (part 1, 6.2.4; parts 2 and 3, 6.2.8; part 4, 6.2.7).

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, ObjectId};

use super::jpeg2000::{self, Header};
use crate::pdf::{
    object,
    validate::{Part, Place, rule::Findings, subject::Subject},
};

/// Most bytes that the JPEG 2000 data of all images may unpack to, where it is inside another filter.
pub(super) const DATA_BYTES_MAX: usize = 256 << 20;

/// An image that is drawn, or belongs to one.
struct Image<'a> {
    id: ObjectId,
    held: &'a Dictionary,
    place: Place,
}

/// The images that are drawn, and their masks, soft masks and alternates.
fn images<'a>(subject: &Subject<'a>) -> Vec<Image<'a>> {
    let document = subject.document;
    let mut all: BTreeMap<ObjectId, Place> = subject.facts().graphics.images.clone();
    let mut open: Vec<(ObjectId, Place)> = all.iter().map(|(id, place)| (*id, *place)).collect();
    while let Some((id, place)) = open.pop() {
        let Some(held) = object::at(document, id) else { continue };
        let masks = [&b"SMask"[..], b"Mask"].into_iter().filter_map(|key| held.get(key).ok());
        let alternates = object::array(document, held, b"Alternates").unwrap_or_default();
        let alternates = alternates
            .iter()
            .filter_map(|held| object::as_dictionary(object::resolve(document, held))?.get(b"Image").ok());
        for id in masks.chain(alternates).filter_map(|held| object::target(document, held)) {
            // A mask may be an array of colours, too.
            let is_image = document.objects.get(&id).is_some_and(|held| held.as_stream().is_ok());
            if is_image && all.insert(id, place).is_none() {
                open.push((id, place));
            }
        }
    }
    all.into_iter().filter_map(|(id, place)| Some(Image { id, held: object::at(document, id)?, place })).collect()
}

/// A boolean entry; `false` where there is none.
pub(super) fn flag(document: &Document, held: &Dictionary, key: &[u8]) -> bool {
    object::get(document, held, key).and_then(|value| value.as_bool().ok()).unwrap_or(false)
}

/// Whether an image may have so many bits for a component. PDF 1.4 does not have 16.
pub(super) const fn is_depth(bits: i64, is_mask: bool, part: Part) -> bool {
    match (bits, part) {
        (1, _) => true,
        (2 | 4 | 8, _) => !is_mask,
        (16, Part::One) => false,
        (16, _) => !is_mask,
        _ => false,
    }
}

/// An image has no alternates (part 1, 6.2.4; parts 2 and 3, 6.2.8; part 4, 6.2.7.1).
pub(super) fn check_no_alternates(subject: &Subject<'_>, findings: &mut Findings) {
    for image in images(subject) {
        findings.add_if(image.held.has(b"Alternates"), image.place, || {
            format!("The image in object {} has an Alternates entry.", image.id.0)
        });
    }
}

/// An image does not stand for one that is elsewhere: `OPI` is not there (part 1, 6.2.4; parts 2 and 3, 6.2.8; part 4,
/// 6.2.7.1).
pub(super) fn check_no_opi(subject: &Subject<'_>, findings: &mut Findings) {
    for image in images(subject) {
        findings.add_if(image.held.has(b"OPI"), image.place, || {
            format!("The image in object {} has an OPI entry.", image.id.0)
        });
    }
}

/// An image does not ask to be smoothed (part 1, 6.2.4; parts 2 and 3, 6.2.8; part 4, 6.2.7.1).
pub(super) fn check_not_interpolated(subject: &Subject<'_>, findings: &mut Findings) {
    for image in images(subject) {
        findings.add_if(flag(subject.document, image.held, b"Interpolate"), image.place, || {
            format!("The image in object {} asks to be smoothed (Interpolate).", image.id.0)
        });
    }
    for (place, _) in subject.facts().graphics.interpolated.iter() {
        findings.add(place, || "An inline image asks to be smoothed (Interpolate).".to_owned());
    }
}

/// An image has a number of bits for each component that the standard knows; a stencil mask has 1 (part 1, 6.2.4;
/// parts 2 and 3, 6.2.8; part 4, 6.2.7.1; ISO 32000-1, table 89).
pub(super) fn check_depth(subject: &Subject<'_>, findings: &mut Findings) {
    let part = subject.flavour.part();
    for image in images(subject) {
        let is_mask = flag(subject.document, image.held, b"ImageMask");
        let bits = object::integer(subject.document, image.held, b"BitsPerComponent");
        if let Some(bits) = bits.filter(|bits| !is_depth(*bits, is_mask, part))
            && !jpeg2000::is_last_filter(subject.document, image.held)
        {
            findings.add(image.place, || format!("The image in object {} has {bits} bits a component.", image.id.0));
        }
    }
    for (place, bits) in subject.facts().graphics.odd_depths.iter() {
        findings.add(place, || format!("An inline image has {bits} bits a component."));
    }
}

/// Visits the heads of the JPEG 2000 images, and whether the image dictionary says the colour space.
fn each_jpeg2000(subject: &Subject<'_>, mut visit: impl FnMut(&Header, bool, Place)) {
    let mut bytes_left = DATA_BYTES_MAX;
    for image in images(subject) {
        let Some(held) = subject.document.objects.get(&image.id).and_then(|held| held.as_stream().ok()) else {
            continue;
        };
        if let Some((data, size)) = jpeg2000::data(subject.document, held, bytes_left) {
            bytes_left = bytes_left.saturating_sub(size);
            let has_space = object::get(subject.document, image.held, b"ColorSpace").is_some();
            visit(&Header::read(&data), has_space, image.place);
        }
    }
}

/// JPEG 2000 data has 1, 3 or 4 channels (parts 2 and 3, 6.2.8.3; part 4, 6.2.7.3).
pub(super) fn check_channels(subject: &Subject<'_>, findings: &mut Findings) {
    each_jpeg2000(subject, |header, _, place| {
        findings.add_if(!matches!(header.channels, Some(1 | 3 | 4)), place, || {
            header.channels.map_or_else(
                || "JPEG 2000 data does not say in boxes what it is.".to_owned(),
                |channels| format!("JPEG 2000 data has {channels} channels."),
            )
        });
    });
}

/// Of several colour specifications of JPEG 2000 data, one is the best (parts 2 and 3, 6.2.8.3; part 4, 6.2.7.3).
pub(super) fn check_one_colour(subject: &Subject<'_>, findings: &mut Findings) {
    each_jpeg2000(subject, |header, has_space, place| {
        let best = header.colours.iter().filter(|colour| colour.is_best).count();
        findings.add_if(!has_space && header.colours.len() != 1 && best != 1, place, || {
            format!("JPEG 2000 data has {} colour specifications and none that is the best.", header.colours.len())
        });
    });
}

/// The colour of JPEG 2000 data is specified by a method that PDF knows (parts 2 and 3, 6.2.8.3; part 4, 6.2.7.3).
pub(super) fn check_colour_method(subject: &Subject<'_>, findings: &mut Findings) {
    each_jpeg2000(subject, |header, has_space, place| {
        let method = header.chosen().map_or(0, |colour| colour.method);
        findings.add_if(!has_space && !matches!(method, 1..=3), place, || {
            format!("JPEG 2000 data specifies its colours by the method {method}.")
        });
    });
}

/// The colour space of JPEG 2000 data is not `CIEJab` (parts 2 and 3, 6.2.8.3; part 4, 6.2.7.3).
pub(super) fn check_no_jab(subject: &Subject<'_>, findings: &mut Findings) {
    each_jpeg2000(subject, |header, has_space, place| {
        let is_jab = header.chosen().and_then(|colour| colour.enumerated) == Some(jpeg2000::ENUMERATED_JAB);
        findings.add_if(!has_space && is_jab, place, || "JPEG 2000 data has the colour space CIEJab.".to_owned());
    });
}

/// All channels of JPEG 2000 data have the same number of bits, 1 to 38 (parts 2 and 3, 6.2.8.3; part 4, 6.2.7.3).
pub(super) fn check_channel_depth(subject: &Subject<'_>, findings: &mut Findings) {
    each_jpeg2000(subject, |header, _, place| {
        findings.add_if(header.has_depths, place, || {
            "The channels of JPEG 2000 data have different numbers of bits.".to_owned()
        });
        findings.add_if(!header.has_depths && !matches!(header.bits, Some(1..=38)), place, || {
            format!("JPEG 2000 data has {} bits a channel.", header.bits.unwrap_or(0))
        });
    });
}

#[cfg(test)]
mod tests {
    use lopdf::{Object, dictionary};

    use super::*;
    use crate::pdf::validate::{
        Flavour,
        graphics::testing::{Sample, jp2, jp2_box},
    };

    fn with_image(more: Dictionary, data: &[u8]) -> Sample {
        let mut sample = Sample::drawing("/Im Do", dictionary! {}).in_rgb();
        let mut held = dictionary! { "Subtype" => "Image" };
        more.iter().for_each(|(key, value)| held.set(key.clone(), value.clone()));
        let image = sample.stream(held, data);
        sample.set(sample.page, "Resources", dictionary! { "XObject" => dictionary! { "Im" => image } });
        sample
    }

    #[test]
    fn keys_of_an_image_that_change_how_it_looks_are_refused() {
        for (key, value, rule) in [
            ("Alternates", Object::Array(Vec::new()), "image-no-alternates"),
            ("OPI", dictionary! {}.into(), "image-no-opi"),
            ("Interpolate", true.into(), "image-not-interpolated"),
            ("BitsPerComponent", 3.into(), "image-depth"),
        ] {
            for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A3B, Flavour::A4] {
                let mut held = dictionary! { "ColorSpace" => "DeviceRGB" };
                held.set(key, value.clone());
                assert_eq!(with_image(held, b"").broken(flavour), [rule]);
            }
        }
        let plain = dictionary! { "ColorSpace" => "DeviceRGB", "Interpolate" => false, "BitsPerComponent" => 16 };
        assert!(with_image(plain.clone(), b"").broken(Flavour::A2B).is_empty());
        assert_eq!(with_image(plain, b"").broken(Flavour::A1B), ["image-depth"]);
        let stencil = dictionary! { "ImageMask" => true, "BitsPerComponent" => 8 };
        assert_eq!(with_image(stencil, b"").broken(Flavour::A2B), ["image-depth"]);
    }

    #[test]
    fn inline_images_and_masks_are_looked_at() {
        let drawn = |content| Sample::drawing(content, dictionary! {}).in_rgb().broken(Flavour::A2B);
        assert_eq!(drawn("BI /W 1 /H 1 /CS /G /BPC 8 /I true ID a EI"), ["image-not-interpolated"]);
        assert_eq!(drawn("BI /W 1 /H 1 /CS /G /BPC 5 ID a EI"), ["image-depth"]);
        let mut sample = with_image(dictionary! {}, b"");
        let mask = sample.stream(dictionary! { "Subtype" => "Image", "Interpolate" => true }, b"");
        let held = dictionary! { "Subtype" => "Image", "ColorSpace" => "DeviceRGB", "SMask" => mask };
        let image = sample.stream(held, b"");
        sample.set(sample.page, "Resources", dictionary! { "XObject" => dictionary! { "Im" => image } });
        assert_eq!(sample.broken(Flavour::A2B), ["image-not-interpolated"]);
    }

    #[test]
    fn jpeg2000_data_is_plain() {
        let broken = |data: &[u8]| with_image(dictionary! { "Filter" => "JPXDecode" }, data).broken(Flavour::A2B);
        let colour = |method: u8, best: u8, space: u8| jp2_box(b"colr", &[method, 0, best, 0, 0, 0, space]);
        assert!(broken(&jp2(3, 7, &colour(1, 0, 16))).is_empty());
        assert_eq!(broken(&jp2(2, 7, &colour(1, 0, 16))), ["jpeg2000-channels"]);
        assert_eq!(broken(&jp2(3, 7, &[colour(1, 1, 16), colour(1, 1, 17)].concat())), ["jpeg2000-one-colour"]);
        assert_eq!(broken(&jp2(3, 7, &colour(4, 0, 0))), ["jpeg2000-colour-method"]);
        assert_eq!(broken(&jp2(3, 7, &colour(1, 0, 19))), ["jpeg2000-no-ciejab"]);
        assert_eq!(
            broken(&jp2(3, 255, &[colour(1, 0, 16), jp2_box(b"bpcc", &[7, 7, 8])].concat())),
            ["jpeg2000-depth"]
        );
        assert_eq!(broken(&jp2(3, 40, &colour(1, 0, 16))), ["jpeg2000-depth"]);
        assert_eq!(broken(&jp2(4, 7, &colour(1, 0, 12))), ["device-colour-described"]);
        assert!(broken(b"\xFF\x4F\xFF\x51").contains(&"jpeg2000-channels"));
    }

    #[test]
    fn a_colour_space_of_the_image_stands_for_that_in_its_data() {
        let held = dictionary! { "Filter" => "JPXDecode", "ColorSpace" => "DeviceRGB" };
        let colour = jp2_box(b"colr", &[1, 0, 0, 0, 0, 0, 19]);
        assert!(with_image(held, &jp2(3, 7, &colour)).broken(Flavour::A2B).is_empty());
    }
}

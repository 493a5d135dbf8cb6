//! Images (part 1, 6.2.4; parts 2 and 3, 6.2.8; part 4, 6.2.7).

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, ObjectId};

use super::jpeg2000::{self, Header};
use crate::pdf::{
    object,
    validate::{Part, Place, rule::Findings, subject::Subject},
};

/// An image that is drawn, or is the soft mask of one.
struct Image<'a> {
    id: ObjectId,
    held: &'a Dictionary,
    place: Place,
}

/// The images that are drawn, and their soft masks and alternates.
fn images<'a>(subject: &Subject<'a>) -> Vec<Image<'a>> {
    let document = subject.document;
    let mut all: BTreeMap<ObjectId, Place> = subject.facts().graphics.images.clone();
    let mut open: Vec<(ObjectId, Place)> = all.iter().map(|(id, place)| (*id, *place)).collect();
    while let Some((id, place)) = open.pop() {
        let Some(held) = object::at(document, id) else { continue };
        let mask = held.get(b"SMask").ok();
        let alternates = object::array(document, held, b"Alternates").unwrap_or_default();
        let alternates = alternates
            .iter()
            .filter_map(|held| object::as_dictionary(object::resolve(document, held))?.get(b"Image").ok());
        for id in mask.into_iter().chain(alternates).filter_map(|held| object::target(document, held)) {
            if all.insert(id, place).is_none() {
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
    for image in images(subject) {
        let Some(held) = subject.document.objects.get(&image.id).and_then(|held| held.as_stream().ok()) else {
            continue;
        };
        if let Some(data) = jpeg2000::data(subject.document, held) {
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

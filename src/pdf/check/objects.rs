//! Rules that hold for objects wherever they are.

use lopdf::{Dictionary, Document, Object, Stream};

use super::Findings;
use crate::pdf::{
    archive::rules::{BLENDS, INTENTS, NAME_BYTES_MAX, STRING_BYTES_MAX, is_action, is_allowed, is_state},
    object, stream,
};

/// Most colorants of one colour space (6.1.13).
const COLORANTS_MAX: usize = 32;

/// Checks every object.
pub(super) fn check(document: &Document, findings: &mut Findings) {
    object::see_dictionaries(document, |_, dictionary| {
        entries(document, dictionary, findings);
    });
    for object in document.objects.values() {
        if let Object::Stream(held) = object {
            streams(document, held, findings);
        }
        values(document, object, findings);
    }
}

fn entries(document: &Document, dictionary: &Dictionary, findings: &mut Findings) {
    if is_action(document, dictionary) && !is_allowed(document, dictionary) {
        let kind = object::name(document, dictionary, b"S").map(object::shown).unwrap_or_default();
        findings.add("6.5.1", format!("There is an action of the type {kind}."));
    }
    if object::dictionary(document, dictionary, b"EF").is_some_and(|held| held.has(b"F") || held.has(b"UF")) {
        findings.add("6.8", "There is an embedded file.");
    }
    if is_state(dictionary) {
        let has_transfer = dictionary.has(b"TR")
            || dictionary.has(b"HTP")
            || object::get(document, dictionary, b"TR2")
                .is_some_and(|held| held.as_name().map_or(true, |name| name != b"Default"));
        if has_transfer {
            findings.add("6.2.5", "A graphics state has a transfer function.");
        }
        if object::name(document, dictionary, b"BM").is_some_and(|blend| !BLENDS.contains(&blend)) {
            findings.add("6.2.10", "A graphics state has an unknown blend mode.");
        }
        if object::name(document, dictionary, b"RI").is_some_and(|intent| !INTENTS.contains(&intent)) {
            findings.add("6.2.6", "A graphics state has an unknown rendering intent.");
        }
    }
}

fn streams(document: &Document, held: &Stream, findings: &mut Findings) {
    for filter in stream::filters(document, held) {
        match filter.as_slice() {
            b"LZWDecode" | b"LZW" => findings.add("6.1.7.2", "A stream is packed by LZW."),
            b"Crypt" => findings.add("6.1.7.2", "A stream has a filter for encryption."),
            _ => {}
        }
    }
    if ["F", "FFilter", "FDecodeParms"].iter().any(|key| held.dict.has(key.as_bytes())) {
        findings.add("6.1.7.1", "A stream has its data outside the file.");
    }
    match object::name(document, &held.dict, b"Subtype") {
        Some(b"Image") => image(document, held, findings),
        Some(b"Form") => {
            if held.dict.has(b"OPI") || held.dict.has(b"PS") || held.dict.has(b"Ref") {
                findings.add("6.2.9", "A form refers to something outside the document or holds PostScript.");
            }
        }
        Some(b"PS") if !held.dict.has_type(b"Font") => findings.add("6.2.9", "There is a PostScript object."),
        Some(_) | None => {}
    }
}

fn image(document: &Document, held: &Stream, findings: &mut Findings) {
    if object::get(document, &held.dict, b"Interpolate").is_some_and(|value| value.as_bool().unwrap_or(false)) {
        findings.add("6.2.8", "An image asks to be smoothed.");
    }
    if held.dict.has(b"Alternates") || held.dict.has(b"OPI") {
        findings.add("6.2.8", "An image has alternates.");
    }
    if stream::filters(document, held).last().is_some_and(|filter| filter == b"JPXDecode") {
        jpeg2000(document, held, findings);
    }
}

/// JPEG 2000 as PDF/A-2 takes it: 1, 3 or 4 colour channels, one colour specification to use (6.2.8.3).
fn jpeg2000(document: &Document, held: &Stream, findings: &mut Findings) {
    let bytes = &held.content;
    let box_at = |kind: &[u8]| {
        bytes.get(..bytes.len().min(1 << 16)).and_then(|head| head.windows(4).position(|window| window == kind))
    };
    if let Some(at) = box_at(b"ihdr") {
        let channels = bytes
            .get(at + 12..at + 14)
            .map_or(0, |pair| pair.iter().fold(0_u16, |sum, byte| sum << 8 | u16::from(*byte)));
        if !(1..=5).contains(&channels) {
            findings.add("6.2.8.3", format!("A JPEG 2000 image has {channels} channels."));
        }
    }
    if object::get(document, &held.dict, b"ColorSpace").is_none()
        && let Some(at) = box_at(b"colr")
    {
        let method = bytes.get(at + 4).copied().unwrap_or(0);
        if !(1..=3).contains(&method) {
            findings.add("6.2.8.3", "A JPEG 2000 image names its colours in an unknown way.");
        }
    }
}

/// Every ink of a `DeviceN` space but the four of print has a description of its own (6.2.4.4).
fn colorants(document: &Document, items: &[Object], names: &[Object], findings: &mut Findings) {
    if names.len() > COLORANTS_MAX {
        findings.add("6.1.13", "A colour space has more than 32 colorants.");
    }
    let attributes = items.get(4).and_then(|held| object::as_dictionary(object::resolve(document, held)));
    let described = attributes.and_then(|held| object::dictionary(document, held, b"Colorants"));
    let is_missing = |name: &Object| {
        object::resolve(document, name).as_name().is_ok_and(|name| {
            let is_usual = matches!(name, b"Cyan" | b"Magenta" | b"Yellow" | b"Black" | b"None");
            !is_usual && !described.is_some_and(|held| held.has(name))
        })
    };
    if names.iter().any(is_missing) {
        findings.add("6.2.4.4", "An ink of a colour space is not described.");
    }
}

fn values(document: &Document, object: &Object, findings: &mut Findings) {
    let mut open = vec![object];
    while let Some(object) = open.pop() {
        match object {
            Object::String(bytes, _) if bytes.len() > STRING_BYTES_MAX => {
                findings.add("6.1.13", "A string is longer than 32,767 bytes.")
            }
            Object::Name(name) if name.len() > NAME_BYTES_MAX => {
                findings.add("6.1.13", "A name is longer than 127 bytes.")
            }
            Object::Integer(value) if i32::try_from(*value).is_err() => {
                findings.add("6.1.13", "An integer is out of range.")
            }
            Object::Array(items) => {
                if let [Object::Name(family), names, ..] = items.as_slice()
                    && family == b"DeviceN"
                    && let Ok(names) = object::resolve(document, names).as_array()
                {
                    colorants(document, items, names, findings);
                }
                open.extend(items);
            }
            Object::Dictionary(held) => open.extend(held.iter().map(|(_, value)| value)),
            Object::Stream(held) => open.extend(held.dict.iter().map(|(_, value)| value)),
            Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::Name(_)
            | Object::String(..)
            | Object::Reference(_) => {}
        }
    }
}

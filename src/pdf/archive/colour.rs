//! Colour: one output intent, and a profile for every device colour that the intent does not cover (6.2.3, 6.2.4).

use std::{borrow::Cow, collections::BTreeSet};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{
        object,
        profiles::{self, Device, Profile},
        stream,
        usage::Survey,
        validate::Part,
    },
};

/// Most bytes of a profile; the largest of the usual ones has 2 MiB.
const PROFILE_BYTES_MAX: usize = 16 << 20;

/// Sets the output intent and gives the other device colours their profiles.
pub(super) fn manage(document: &mut Document, part: Part, survey: &Survey, log: &mut Log) {
    mend_profiles(document, part);
    let covered = keep_intent(document, part).unwrap_or_else(|| add_intent(document));
    let foreign = if covered == Device::Cmyk { Device::Rgb } else { Device::Cmyk };
    let by_content: BTreeSet<ObjectId> = survey
        .contents
        .iter()
        .filter(|content| content.devices.contains(&foreign))
        .filter_map(|content| content.resources)
        .collect();
    let is_named = mentions(document, foreign);
    if by_content.is_empty() && !is_named {
        return;
    }
    let mut space = None;
    let mut space_of = |document: &mut Document| *space.get_or_insert_with(|| profiles::add_space(document, foreign));
    for resources in by_content {
        let has = object::at(document, resources)
            .and_then(|held| object::dictionary(document, held, b"ColorSpace"))
            .is_some_and(|spaces| spaces.has(foreign.default_key().as_bytes()));
        if !has {
            let id = space_of(document);
            object::edit_entry(document, resources, b"ColorSpace", |spaces| spaces.set(foreign.default_key(), id));
            log.inform(EventCode::Colorants, message(foreign));
        }
    }
    if is_named {
        let id = space_of(document);
        replace(document, foreign, id);
        log.inform(EventCode::Colorants, message(foreign));
    }
}

fn message(foreign: Device) -> &'static str {
    match foreign {
        Device::Cmyk => "Colours for print (CMYK) without a profile were given one.",
        Device::Rgb | Device::Gray => "Colours for screens (RGB) without a profile were given one.",
    }
}

/// Keeps one usable output intent of the document and says which device colour it covers.
fn keep_intent(document: &mut Document, part: Part) -> Option<Device> {
    let catalog = object::catalog(document)?;
    let intents: Vec<_> = object::array(document, catalog, b"OutputIntents")?
        .iter()
        .filter_map(|intent| object::as_dictionary(object::resolve(document, intent)))
        .filter(|intent| object::name(document, intent, b"S") == Some(b"GTS_PDFA1"))
        .cloned()
        .collect();
    let (mut intent, device) = intents.into_iter().find_map(|intent| usable(document, intent, part))?;
    intent.remove(b"DestOutputProfileRef");
    if !intent.has(b"OutputConditionIdentifier") {
        intent.set("OutputConditionIdentifier", Object::string_literal("Custom"));
    }
    let id = object::add(document, intent);
    object::catalog_mut(document)?.set("OutputIntents", vec![id.into()]);
    Some(device)
}

/// An output intent with a profile that the part takes, and the device colour that it covers.
fn usable(document: &mut Document, mut intent: Dictionary, part: Part) -> Option<(Dictionary, Device)> {
    let Object::Stream(held) = object::get(document, &intent, b"DestOutputProfile")? else { return None };
    let bytes = stream::unpack_within(held, PROFILE_BYTES_MAX).ok()?;
    let profile = Profile::read(&bytes).filter(|profile| profile.is_output)?;
    let device = match profile.components {
        3 => Device::Rgb,
        4 => Device::Cmyk,
        _ => return None,
    };
    if profile.version > version_max(part) {
        let older = Stream::new(dictionary! { "N" => profile.components }, profiles::version_two(&bytes)?);
        intent.set("DestOutputProfile", object::add(document, older));
    }
    Some((intent, device))
}

fn add_intent(document: &mut Document) -> Device {
    let profile = profiles::add_srgb(document);
    let intent = dictionary! {
        "Type" => "OutputIntent",
        "S" => "GTS_PDFA1",
        "OutputConditionIdentifier" => Object::string_literal("sRGB IEC61966-2.1"),
        "RegistryName" => Object::string_literal("http://www.color.org"),
        "Info" => Object::string_literal("sRGB IEC61966-2.1"),
        "DestOutputProfile" => profile,
    };
    let id = object::add(document, intent);
    if let Some(catalog) = object::catalog_mut(document) {
        catalog.set("OutputIntents", vec![id.into()]);
    }
    Device::Rgb
}

/// The newest version of profiles that a part knows (part 1, 6.2.2 and 6.2.3.2; PDF 1.4, 4.5.4).
const fn version_max(part: Part) -> u8 {
    if matches!(part, Part::One) { 2 } else { 4 }
}

/// Puts a good profile in the place of each one that the part refuses or that contradicts its `/N`.
fn mend_profiles(document: &mut Document, part: Part) {
    let mut used = BTreeSet::new();
    let mut open = Vec::new();
    for object in document.objects.values() {
        open.push(object);
        while let Some(object) = open.pop() {
            if let Object::Array(items) = object {
                if let [Object::Name(family), profile, ..] = items.as_slice()
                    && family == b"ICCBased"
                    && let Some(id) = object::target(document, profile)
                {
                    used.insert(id);
                }
                open.extend(items);
            } else if let Some(held) = object::as_dictionary(object) {
                open.extend(held.iter().map(|(_, value)| value));
            }
        }
    }
    for id in used {
        let Some(Object::Stream(held)) = document.objects.get(&id) else { continue };
        let components = object::integer(document, &held.dict, b"N");
        let unpacked = stream::unpack_within(held, PROFILE_BYTES_MAX).ok();
        let profile = unpacked.as_deref().and_then(Profile::read);
        let (components, bytes) = match (profile, unpacked) {
            (Some(profile), Some(bytes)) if Some(profile.components) == components => {
                if profile.version <= version_max(part) {
                    continue;
                }
                // One that cannot be written so stays: what is drawn with it is for the next rung.
                let Some(bytes) = profiles::version_two(&bytes) else { continue };
                (profile.components, Cow::from(bytes))
            }
            (profile, _) => {
                let components = components.or(profile.map(|profile| profile.components)).unwrap_or(3);
                let Some(bytes) = profiles::substitute(components) else { continue };
                (components, Cow::from(bytes))
            }
        };
        if let Some(Object::Stream(held)) = document.objects.get_mut(&id) {
            held.dict.remove(b"Filter");
            held.dict.remove(b"DecodeParms");
            held.dict.remove(b"Range");
            held.dict.set("N", components);
            held.set_content(bytes.into_owned());
        }
    }
}

/// Whether any object (not content) names the device colour as a colour space.
fn mentions(document: &Document, device: Device) -> bool {
    let names_it = |object: &Object| {
        if let Object::Array(items) = object {
            return base_place(items).is_some_and(|place| is_device(items.get(place), device));
        }
        object::as_dictionary(object)
            .is_some_and(|held| held.iter().any(|(key, value)| is_space_place(key, value, device)))
    };
    object::any(document, names_it)
}

/// Names the profile's space wherever an object names the device colour.
fn replace(document: &mut Document, device: Device, space: ObjectId) {
    object::each_object(document, |object, _| {
        if let Object::Array(items) = object {
            if let Some(place) = base_place(items)
                && is_device(items.get(place), device)
                && let Some(slot) = items.get_mut(place)
            {
                *slot = Object::Reference(space);
            }
        } else if let Some(dictionary) = object::as_dictionary_mut(object) {
            for (key, value) in dictionary.iter_mut() {
                if is_space_place(key, value, device) {
                    *value = Object::Reference(space);
                }
            }
        }
    });
    // A space may be a name behind a reference; then the object itself becomes the array.
    let array = document.objects.get(&space).cloned();
    for (id, object) in &mut document.objects {
        if *id != space
            && is_device(Some(object), device)
            && let Some(array) = &array
        {
            *object = array.clone();
        }
    }
}

/// Where in an array of a colour space its base stands.
fn base_place(items: &[Object]) -> Option<usize> {
    match items.first()? {
        Object::Name(family) => match family.as_slice() {
            b"Indexed" | b"Pattern" => Some(1),
            b"Separation" | b"DeviceN" => Some(2),
            _ => None,
        },
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::String(..)
        | Object::Array(_)
        | Object::Dictionary(_)
        | Object::Stream(_)
        | Object::Reference(_) => None,
    }
}

/// Whether a key holds a device colour: any key may name a space in resources, and no other entry has such a value.
fn is_space_place(key: &[u8], value: &Object, device: Device) -> bool {
    key != b"Alternate" && is_device(Some(value), device)
}

fn is_device(object: Option<&Object>, device: Device) -> bool {
    match object {
        Some(Object::Name(name)) => name.starts_with(b"Device") && Device::named(name) == Some(device),
        Some(Object::Array(items)) => {
            items.len() == 1
                && matches!(items.first(), Some(Object::Name(name)) if name.starts_with(b"Device") && Device::named(name) == Some(device))
        }
        Some(_) | None => false,
    }
}

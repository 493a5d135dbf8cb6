//! Takes a colour space apart: the device colours, profiles and inks that it stands on (ISO 32000-1, 8.6).

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Object, ObjectId};

use crate::pdf::{object, profiles::Device, validate::subject::Subject};

/// Most spaces that one space may be made of; a `DeviceN` space has one for each ink.
const PARTS_MAX: usize = 256;

/// What a colour space is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Makeup<'a> {
    /// Device colours for which the resources have no replacement.
    pub(super) devices: BTreeSet<Device>,
    /// Profiles, by the number of their stream; `None` for an `ICCBased` space without one.
    pub(super) profiles: BTreeMap<Option<ObjectId>, &'a Object>,
    /// `Separation` spaces.
    pub(super) inks: Vec<Ink<'a>>,
    /// `DeviceN` spaces.
    pub(super) mixtures: Vec<&'a [Object]>,
}

/// A `Separation` space.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink<'a> {
    /// The name of the colorant.
    pub(super) name: &'a [u8],
    /// The space that stands in for it.
    pub(super) alternate: &'a Object,
    /// How a tint becomes a colour of that.
    pub(super) tint: &'a Object,
}

/// A space that is still to be taken apart.
#[derive(Clone, Copy)]
struct Open<'a> {
    space: &'a Object,
    /// Whether it stands for a device space already, so that no other stands for it.
    is_default: bool,
}

impl<'a> Makeup<'a> {
    /// Takes a space apart, with the resources that say what stands for a device space.
    pub(super) fn of(subject: &Subject<'a>, space: &'a Object, resources: Option<&'a Dictionary>) -> Self {
        let defaults = resources.and_then(|held| object::dictionary(subject.document, held, b"ColorSpace"));
        Self::drain(subject, defaults, Open { space, is_default: false })
    }

    /// A device space alone.
    pub(super) fn of_device(subject: &Subject<'a>, device: Device, resources: Option<&'a Dictionary>) -> Self {
        let defaults = resources.and_then(|held| object::dictionary(subject.document, held, b"ColorSpace"));
        match defaults.and_then(|defaults| replacement(subject, defaults, device)) {
            Some(space) => Self::drain(subject, None, Open { space, is_default: true }),
            None => Self { devices: BTreeSet::from([device]), ..Self::default() },
        }
    }

    fn drain(subject: &Subject<'a>, defaults: Option<&'a Dictionary>, first: Open<'a>) -> Self {
        let mut makeup = Self::default();
        let mut open = vec![first];
        for _ in 0..PARTS_MAX {
            let Some(next) = open.pop() else { break };
            makeup.add(subject, defaults, next, &mut open);
        }
        makeup
    }

    fn add(
        &mut self,
        subject: &Subject<'a>,
        defaults: Option<&'a Dictionary>,
        next: Open<'a>,
        open: &mut Vec<Open<'a>>,
    ) {
        let document = subject.document;
        let space = object::resolve(document, next.space);
        let items = space.as_array().map(Vec::as_slice).unwrap_or_default();
        let family = items.first().map_or(space, |family| object::resolve(document, family));
        let Ok(family) = family.as_name() else { return };
        if let Some(device) = Device::named(family) {
            let stand_in = defaults.filter(|_| !next.is_default);
            match stand_in.and_then(|defaults| replacement(subject, defaults, device)) {
                Some(space) => open.push(Open { space, is_default: true }),
                None => _ = self.devices.insert(device),
            }
            return;
        }
        let part = |index: usize| items.get(index).map(|space| Open { space, is_default: next.is_default });
        match family {
            b"ICCBased" => {
                let held = items.get(1).unwrap_or(space);
                self.profiles.insert(object::target(document, held), held);
            }
            b"Indexed" | b"I" | b"Pattern" => open.extend(part(1)),
            b"Separation" => {
                let name = items.get(1).and_then(|name| object::resolve(document, name).as_name().ok());
                if let (Some(name), Some(alternate), Some(tint)) = (name, items.get(2), items.get(3)) {
                    self.inks.push(Ink { name, alternate, tint });
                }
                open.extend(part(2));
            }
            b"DeviceN" => {
                self.mixtures.push(items);
                open.extend(part(2));
                let of_attributes =
                    |key: &[u8]| attributes(subject, items).and_then(|held| object::dictionary(document, held, key));
                let colorants = of_attributes(b"Colorants").into_iter().flat_map(Dictionary::iter);
                let process = of_attributes(b"Process").and_then(|process| process.get(b"ColorSpace").ok());
                let others = colorants.map(|(_, space)| space).chain(process);
                open.extend(others.map(|space| Open { space, is_default: next.is_default }));
            }
            _ => {}
        }
    }
}

/// The attributes of a `DeviceN` space.
pub(super) fn attributes<'a>(subject: &Subject<'a>, items: &'a [Object]) -> Option<&'a Dictionary> {
    object::as_dictionary(object::resolve(subject.document, items.get(4)?))
}

/// What stands for a device space.
fn replacement<'a>(subject: &Subject<'a>, defaults: &'a Dictionary, device: Device) -> Option<&'a Object> {
    object::get(subject.document, defaults, device.default_key().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::validate::{Flavour, graphics::testing::Sample};
    use lopdf::{Document, dictionary};

    fn devices(space: &Object, resources: &Dictionary) -> Vec<Device> {
        let document = Document::new();
        let subject = Subject::new(b"", 0, &document, Flavour::A2B);
        Makeup::of(&subject, space, Some(resources)).devices.into_iter().collect()
    }

    #[test]
    fn the_device_colours_below_a_space_are_found() {
        let name = |name: &str| Object::Name(name.as_bytes().to_vec());
        let none = dictionary! {};
        let indexed = Object::Array(vec![name("Indexed"), name("DeviceRGB"), 1.into(), "x".into()]);
        assert_eq!(devices(&indexed, &none), [Device::Rgb]);
        let ink = Object::Array(vec![name("Separation"), name("Gold"), name("DeviceCMYK"), Object::Null]);
        let pattern = Object::Array(vec![name("Pattern"), ink]);
        assert_eq!(devices(&pattern, &none), [Device::Cmyk]);
        let lab = Object::Array(vec![name("Lab"), dictionary! {}.into()]);
        let replaced = dictionary! { "ColorSpace" => dictionary! { "DefaultRGB" => lab } };
        assert_eq!(devices(&indexed, &replaced), []);
        let itself = dictionary! { "ColorSpace" => dictionary! { "DefaultRGB" => "DeviceRGB" } };
        assert_eq!(devices(&indexed, &itself), [Device::Rgb]);
    }

    #[test]
    fn a_space_that_contains_itself_comes_to_an_end() {
        let mut sample = Sample::new();
        let id = sample.document.new_object_id();
        let space = vec![Object::Name(b"Pattern".to_vec()), Object::Reference(id)];
        sample.document.objects.insert(id, Object::Array(space));
        let subject = Subject::new(b"", 0, &sample.document, Flavour::A2B);
        let held = &sample.document.objects[&id];
        assert!(Makeup::of(&subject, held, None).devices.is_empty());
    }
}

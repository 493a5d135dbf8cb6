//! `Separation` and `DeviceN` spaces (parts 2 to 4, 6.2.4.4).

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use lopdf::{Object, ObjectId, Stream};

use super::spaces::attributes;
use crate::pdf::{
    object, stream,
    validate::{rule::Findings, subject::Subject},
};

/// Most bytes of a function that are unpacked for comparison.
const FUNCTION_BYTES_MAX: usize = 16 << 20;

/// Most bytes of all functions that are unpacked for comparison.
const FUNCTIONS_BYTES_MAX: usize = 256 << 20;

/// Most objects that all alternate spaces and tint transformations are compared by.
const OBJECTS_MAX: usize = 1 << 22;

/// Most objects that one of them is made of; one that contains itself ends here, and the comparison with it.
const SPACE_OBJECTS_MAX: usize = 1 << 14;

/// Every spot colour of a `DeviceN` space is in its `Colorants` (parts 2 to 4, 6.2.4.4).
pub(super) fn check_colorants(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    for (items, place) in subject.facts().graphics.mixtures.values() {
        let attributes = attributes(subject, items);
        let colorants = attributes.and_then(|held| object::dictionary(document, held, b"Colorants"));
        let process = attributes
            .and_then(|held| object::dictionary(document, held, b"Process"))
            .and_then(|process| object::array(document, process, b"Components"))
            .unwrap_or_default();
        let process: BTreeSet<&[u8]> = names(subject, process).collect();
        let inks = items.get(1).and_then(|names| object::resolve(document, names).as_array().ok());
        let missing = names(subject, inks.map(Vec::as_slice).unwrap_or_default())
            .find(|name| !is_process(name) && !process.contains(name) && !colorants.is_some_and(|held| held.has(name)));
        if let Some(name) = missing {
            findings.add(*place, || {
                format!("The Colorants of a DeviceN space do not have its spot colour {}.", object::shown(name))
            });
        }
    }
}

fn names<'a>(subject: &Subject<'a>, items: &'a [Object]) -> impl Iterator<Item = &'a [u8]> {
    items.iter().filter_map(|name| object::resolve(subject.document, name).as_name().ok())
}

/// Whether a colorant is no spot colour: one of the four primary inks, or none at all.
const fn is_process(name: &[u8]) -> bool {
    matches!(name, b"Cyan" | b"Magenta" | b"Yellow" | b"Black" | b"None")
}

/// `Separation` spaces of the same name have the same alternate space and tint transformation (parts 2 to 4, 6.2.4.4).
pub(super) fn check_same_inks(subject: &Subject<'_>, findings: &mut Findings) {
    let mut known: BTreeMap<&[u8], (u64, u64)> = BTreeMap::new();
    let mut digests: BTreeMap<usize, u64> = BTreeMap::new();
    let mut digester =
        Digester { subject, objects_left: OBJECTS_MAX, bytes_left: FUNCTIONS_BYTES_MAX, streams: BTreeMap::new() };
    for ((tint_address, _), (ink, place)) in &subject.facts().graphics.inks {
        let tint = *digests.entry(*tint_address).or_insert_with(|| digester.digest(ink.tint));
        let both = (tint, digester.digest(ink.alternate));
        let first = *known.entry(ink.name).or_insert(both);
        findings.add_if(first != both, *place, || {
            format!("Separation spaces of the name {} are not the same.", object::shown(ink.name))
        });
    }
    if digester.objects_left == 0 {
        findings.add_document("The Separation spaces are made of more objects than can be compared.");
    }
}

/// Makes digests of what objects say, wherever their parts are and however they are packed.
struct Digester<'s, 'a> {
    subject: &'s Subject<'a>,
    objects_left: usize,
    bytes_left: usize,
    /// Digests of what streams hold, so that each is unpacked once.
    streams: BTreeMap<ObjectId, u64>,
}

impl Digester<'_, '_> {
    fn digest(&mut self, object: &Object) -> u64 {
        let document = self.subject.document;
        let mut hasher = DefaultHasher::new();
        let mut open = vec![object];
        let end = self.objects_left.saturating_sub(SPACE_OBJECTS_MAX);
        while let Some(next) = open.pop() {
            if self.objects_left == end {
                self.objects_left = 0;
                break;
            }
            self.objects_left -= 1;
            let id = object::target(document, next);
            let next = object::resolve(document, next);
            if let Ok(items) = next.as_array() {
                (b'a', items.len()).hash(&mut hasher);
                open.extend(items.iter().rev());
            } else if let Ok(held) = next.as_stream() {
                self.contents(id, held).hash(&mut hasher);
                let is_packing = |key: &[u8]| matches!(key, b"Length" | b"Filter" | b"DecodeParms" | b"DL");
                let entries = held.dict.iter().filter(|(key, _)| !is_packing(key));
                open.extend(sorted(entries, &mut hasher));
            } else if let Ok(held) = next.as_dict() {
                open.extend(sorted(held.iter(), &mut hasher));
            } else {
                scalar(next, &mut hasher);
            }
        }
        hasher.finish()
    }

    /// A digest of what a stream holds.
    fn contents(&mut self, id: Option<ObjectId>, held: &Stream) -> u64 {
        if let Some(known) = id.and_then(|id| self.streams.get(&id)) {
            return *known;
        }
        let bytes = stream::unpack_within(held, FUNCTION_BYTES_MAX.min(self.bytes_left)).ok();
        let size = bytes.as_ref().map_or(FUNCTION_BYTES_MAX, Vec::len);
        self.bytes_left = self.bytes_left.saturating_sub(size);
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let digest = hasher.finish();
        if let Some(id) = id {
            self.streams.insert(id, digest);
        }
        digest
    }
}

/// The values of a dictionary in the order of its keys, which are put into the digest.
fn sorted<'o>(
    entries: impl Iterator<Item = (&'o Vec<u8>, &'o Object)>,
    hasher: &mut DefaultHasher,
) -> impl Iterator<Item = &'o Object> {
    let entries: BTreeMap<&[u8], &Object> = entries.map(|(key, value)| (key.as_slice(), value)).collect();
    (b'd', entries.keys().collect::<Vec<_>>()).hash(hasher);
    entries.into_values()
}

fn scalar(object: &Object, hasher: &mut DefaultHasher) {
    if let Ok(number) = object.as_float() {
        // 1 and 1.0 are the same number.
        (b'n', (number + 0.0).to_bits()).hash(hasher);
    } else if let Ok(name) = object.as_name() {
        (b'/', name).hash(hasher);
    } else if let Ok(text) = object.as_str() {
        (b's', text).hash(hasher);
    } else if let Ok(value) = object.as_bool() {
        (b'b', value).hash(hasher);
    } else {
        hasher.write_u8(b'0');
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Object, dictionary};

    use crate::pdf::validate::{
        Flavour,
        graphics::testing::{Sample, named},
    };

    fn separation(alternate: Object, tint: impl Into<Object>) -> Object {
        Object::Array(vec![named("Separation"), named("Gold"), alternate, tint.into()])
    }

    fn broken(sample: &mut Sample, spaces: [Object; 2]) -> Vec<&'static str> {
        let [first, second] = spaces;
        let spaces = dictionary! { "A" => first, "B" => second };
        sample.set(sample.page, "Resources", dictionary! { "ColorSpace" => spaces });
        sample.broken(Flavour::A2B)
    }

    #[test]
    fn separations_of_one_name_say_the_same_wherever_it_stands() {
        let mut sample = Sample::drawing("/A cs /B CS", dictionary! {}).in_rgb();
        let tint = |last: f32| dictionary! { "FunctionType" => 2, "N" => 1, "C1" => vec![Object::Real(last)] };
        let elsewhere = sample.document.add_object(tint(1.0));
        let rgb = || named("DeviceRGB");
        let right = [separation(rgb(), tint(1.0)), separation(rgb(), elsewhere)];
        assert!(broken(&mut sample, right).is_empty());
        let tints = [separation(rgb(), tint(1.0)), separation(rgb(), tint(0.5))];
        assert_eq!(broken(&mut sample, tints), ["separations-same"]);
        let alternates = [separation(rgb(), tint(1.0)), separation(named("DeviceGray"), tint(1.0))];
        assert_eq!(broken(&mut sample, alternates), ["separations-same"]);
    }

    #[test]
    fn functions_that_contain_themselves_come_to_an_end() {
        let mut sample = Sample::drawing("/A cs /B CS", dictionary! {}).in_rgb();
        let id = sample.document.new_object_id();
        sample.document.objects.insert(id, Object::Array(vec![Object::Reference(id), Object::Reference(id)]));
        let space = || separation(named("DeviceRGB"), id);
        assert_eq!(broken(&mut sample, [space(), space()]), ["separations-same"]);
    }

    #[test]
    fn spot_colours_are_described_and_process_colours_need_not_be() {
        let mixture = |inks: &[&str], attributes| {
            let inks: Vec<Object> = inks.iter().map(|ink| named(ink)).collect();
            Object::Array(vec![named("DeviceN"), inks.into(), named("DeviceRGB"), Object::Null, attributes])
        };
        let mut sample = Sample::drawing("/A cs /B CS", dictionary! {}).in_rgb();
        let gold = dictionary! { "Colorants" => dictionary! { "Gold" => separation(named("DeviceRGB"), 1) } };
        let process = dictionary! { "Process" => dictionary! { "Components" => vec![named("Red")] } };
        let right = [mixture(&["Cyan", "None", "Gold"], gold.into()), mixture(&["Red"], process.into())];
        assert!(broken(&mut sample, right).is_empty());
        let wrong = [mixture(&["Gold"], dictionary! {}.into()), mixture(&["Black"], Object::Null)];
        assert_eq!(broken(&mut sample, wrong), ["colorants-present"]);
    }
}

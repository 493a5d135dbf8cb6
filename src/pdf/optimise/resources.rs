//! Drops resources that no content names, so that what they refer to can go.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, ObjectId};

use super::drawn::{Drawn, Names};
use crate::pdf::object;

/// Kinds of resources that content names (ISO 32000-1, table 33).
const KINDS: [&[u8]; 7] = [b"ColorSpace", b"ExtGState", b"Font", b"Pattern", b"Properties", b"Shading", b"XObject"];

/// Colour spaces that stand for others without being named (ISO 32000-1, 8.6.5.6).
const UNNAMED_SPACES: [&[u8]; 3] = [b"DefaultCMYK", b"DefaultGray", b"DefaultRGB"];

/// A dictionary of resources of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// An object of its own.
    Own(ObjectId),
    /// An entry of the resources that this object is or has.
    Within(ObjectId, &'static [u8]),
}

/// Drops them, and says how many there were.
pub(super) fn drop_unused(document: &mut Document, drawn: &Drawn) -> usize {
    let mut used: BTreeMap<Place, BTreeSet<&[u8]>> = BTreeMap::new();
    let mut shared = BTreeSet::new();
    obscure(document, drawn, &mut shared);
    for (holder, names) in &drawn.names {
        let Some(resources) = resources(document, *holder) else { continue };
        for kind in KINDS {
            let Some(place) = place(document, resources, *holder, kind) else { continue };
            if drawn.obscure.contains(holder) {
                shared.insert(place);
            }
            used.entry(place).or_default().extend(named(names, kind));
        }
    }
    let mut dropped = 0;
    for (place, names) in used.iter().filter(|(place, _)| !shared.contains(*place)) {
        let keeps = |name: &[u8]| names.contains(name) || UNNAMED_SPACES.contains(&name);
        if let Some(held) = at_mut(document, *place) {
            let before = held.len();
            let dead: Vec<Vec<u8>> = held.iter().map(|(name, _)| name).filter(|name| !keeps(name)).cloned().collect();
            dead.iter().for_each(|name| drop(held.remove(name)));
            dropped += before - held.len();
        }
    }
    dropped
}

fn named<'n>(names: &'n Names, kind: &[u8]) -> impl Iterator<Item = &'n [u8]> {
    names.get(kind).into_iter().flatten().map(Vec::as_slice)
}

/// The resources that an object is or has.
fn resources(document: &Document, holder: ObjectId) -> Option<&Dictionary> {
    let held = object::at(document, holder)?;
    Some(object::dictionary(document, held, b"Resources").unwrap_or(held))
}

fn place(document: &Document, resources: &Dictionary, holder: ObjectId, kind: &'static [u8]) -> Option<Place> {
    let held = resources.get(kind).ok()?;
    match object::target(document, held) {
        Some(id) => Some(Place::Own(id)),
        None => held.as_dict().is_ok().then_some(Place::Within(holder, kind)),
    }
}

fn at_mut(document: &mut Document, place: Place) -> Option<&mut Dictionary> {
    match place {
        Place::Own(id) => object::at_mut(document, id),
        Place::Within(holder, kind) => {
            let held = object::at_mut(document, holder)?;
            let has_own = held.get(b"Resources").is_ok_and(|resources| resources.as_dict().is_ok());
            let resources = if has_own { held.get_mut(b"Resources").ok()?.as_dict_mut().ok()? } else { held };
            resources.get_mut(kind).ok()?.as_dict_mut().ok()
        }
    }
}

/// Resources that something else uses than what pages draw: fields, or content that nobody draws now. Their places are added
/// to `shared`.
fn obscure(document: &mut Document, drawn: &Drawn, shared: &mut BTreeSet<Place>) {
    for id in object::ids(document) {
        // An object itself comes before the dictionaries in it.
        let mut is_read = drawn.read.contains(&id);
        object::each_dictionary_of(document, &[id], |held, document| {
            let own = if std::mem::take(&mut is_read) { None } else { held.get(b"Resources").ok() };
            for resources in own.into_iter().chain(held.get(b"DR").ok()) {
                let holder = object::target(document, resources).unwrap_or(id);
                if let Some(resources) = object::as_dictionary(object::resolve(document, resources)) {
                    shared.extend(KINDS.iter().filter_map(|kind| place(document, resources, holder, kind)));
                }
            }
        });
    }
}

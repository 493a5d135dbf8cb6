//! Reads the head of an ICC profile (ISO 15076-1, 7.2).

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use lopdf::{Document, Object, ObjectId};

use crate::pdf::{object, stream, validate::Part};

/// Most bytes that a profile may unpack to; the largest real ones, of presses with many inks, have 8 MiB.
const PROFILE_BYTES_MAX: usize = 32 << 20;

/// Most bytes that all profiles of a document may unpack to.
const PROFILES_BYTES_MAX: usize = 512 << 20;

/// How long the head is.
const HEAD_BYTES: usize = 128;

/// What the head of a profile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Profile {
    /// The device class, such as `mntr`.
    pub(super) class: [u8; 4],
    /// The colour space of the device, such as `RGB `.
    pub(super) space: [u8; 4],
    /// The major version.
    pub(super) version: u8,
    /// Whether the file signature is where it belongs.
    is_signed: bool,
    /// What tells it from others, whatever its intent and flags.
    pub(super) identity: Identity,
}

/// What tells profiles apart: the digest in the head, or one of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identity {
    /// The profile ID in the head.
    Given([u8; 16]),
    /// A digest of the bytes without flags, intent and ID, and their number.
    Counted(u64, usize),
}

/// Reads the profiles of a document, each once, and all within a limit.
#[derive(Debug)]
pub(super) struct Reader {
    known: BTreeMap<ObjectId, Option<Profile>>,
    bytes_left: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self { known: BTreeMap::new(), bytes_left: PROFILES_BYTES_MAX }
    }
}

impl Reader {
    /// Reads what a value leads to; `None` when it is no stream, does not unpack or is shorter than a head.
    pub(super) fn read(&mut self, document: &Document, value: &Object) -> Option<Profile> {
        let id = object::target(document, value);
        if let Some(known) = id.and_then(|id| self.known.get(&id)) {
            return known.clone();
        }
        let held = object::resolve(document, value).as_stream().ok();
        let profile = held.and_then(|held| {
            let bytes = stream::unpack_within(held, PROFILE_BYTES_MAX.min(self.bytes_left));
            let size = bytes.as_ref().map_or(PROFILE_BYTES_MAX, Vec::len);
            self.bytes_left = self.bytes_left.saturating_sub(size);
            Profile::read(&bytes.ok()?)
        });
        if let Some(id) = id {
            self.known.insert(id, profile.clone());
        }
        profile
    }
}

impl Profile {
    /// Reads a profile; `None` when it is shorter than a head.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let head = bytes.first_chunk::<HEAD_BYTES>()?;
        let four = |at: usize| head.get(at..at + 4).and_then(|four| four.try_into().ok());
        Some(Self {
            class: four(12)?,
            space: four(16)?,
            version: *head.get(8)?,
            is_signed: four(36)? == *b"acsp",
            identity: identity(bytes)?,
        })
    }

    /// How many components its colours have; `None` for a colour space that a PDF cannot use.
    pub(super) const fn components(&self) -> Option<i64> {
        match &self.space {
            b"GRAY" => Some(1),
            b"RGB " | b"Lab " => Some(3),
            b"CMYK" => Some(4),
            _ => None,
        }
    }

    /// What is wrong with it as the profile of an `ICCBased` space, in words.
    pub(super) fn source_fault(&self, part: Part) -> Option<String> {
        if !matches!(&self.class, b"prtr" | b"mntr" | b"scnr" | b"spac") {
            return Some(format!("is of the class \"{}\"", shown(self.class)));
        }
        if self.components().is_none() {
            return Some(format!("has the colour space \"{}\"", shown(self.space)));
        }
        self.general_fault(part)
    }

    /// What is wrong with it as the profile of an output intent, in words.
    pub(super) fn output_fault(&self, part: Part) -> Option<String> {
        if !matches!(&self.class, b"prtr" | b"mntr") {
            return Some(format!("is of the class \"{}\", not of a printer or a monitor", shown(self.class)));
        }
        if !matches!(&self.space, b"GRAY" | b"RGB " | b"CMYK") {
            return Some(format!("has the colour space \"{}\"", shown(self.space)));
        }
        self.general_fault(part)
    }

    /// What is wrong with it for any use. PDF 1.4 knows version 2 only, later ones 4 as well.
    fn general_fault(&self, part: Part) -> Option<String> {
        let version_max = if part == Part::One { 2 } else { 4 };
        if self.version > version_max {
            return Some(format!("is of version {}", self.version));
        }
        (!self.is_signed).then(|| "does not have the signature of an ICC profile".to_owned())
    }
}

fn identity(bytes: &[u8]) -> Option<Identity> {
    let given: [u8; 16] = bytes.get(84..100)?.try_into().ok()?;
    if given != [0; 16] {
        return Some(Identity::Given(given));
    }
    let mut digest = DefaultHasher::new();
    for part in [bytes.get(..44), bytes.get(48..64), bytes.get(68..84), bytes.get(100..)] {
        part.hash(&mut digest);
    }
    Some(Identity::Counted(digest.finish(), bytes.len()))
}

/// Four characters of a profile, for messages.
pub(super) fn shown(four: [u8; 4]) -> String {
    String::from_utf8_lossy(&four).trim_end_matches([' ', '\0']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::validate::graphics::testing::icc;

    #[test]
    fn a_profile_says_what_it_is_for() {
        let monitor = Profile::read(&icc(b"mntr", b"RGB ", 2)).unwrap();
        assert_eq!((monitor.components(), monitor.output_fault(Part::One)), (Some(3), None));
        let later = Profile::read(&icc(b"mntr", b"RGB ", 4)).unwrap();
        assert!(later.output_fault(Part::One).is_some() && later.output_fault(Part::Two).is_none());
        let scanner = Profile::read(&icc(b"scnr", b"Lab ", 2)).unwrap();
        assert!(scanner.output_fault(Part::Two).is_some() && scanner.source_fault(Part::Two).is_none());
        let link = Profile::read(&icc(b"link", b"RGB ", 2)).unwrap();
        assert!(link.source_fault(Part::Four).is_some());
        assert!(Profile::read(b"short").is_none());
    }

    #[test]
    fn profiles_are_told_apart_but_not_by_their_intent() {
        let plain = icc(b"prtr", b"CMYK", 2);
        let mut with_intent = plain.clone();
        with_intent[67] = 1;
        let identity = |bytes: &[u8]| Profile::read(bytes).unwrap().identity;
        assert_eq!(identity(&plain), identity(&with_intent));
        with_intent[90] = 1;
        assert_ne!(identity(&plain), identity(&with_intent));
    }
}

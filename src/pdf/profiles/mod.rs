//! The colour profiles that archived documents embed; sources and licence in `README.md`.

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::object;

mod version_two;

pub(crate) use version_two::version_two;

/// sRGB, version 2, 736 bytes.
pub(crate) const SRGB: &[u8] = include_bytes!("sRGB-v2-magic.icc");

/// Grey with the tone curve of sRGB, version 2, 616 bytes.
pub(crate) const GREY: &[u8] = include_bytes!("sGrey-v2-magic.icc");

/// A CMYK close to SWOP (CGATS TR 001), version 2, 8 KiB.
const CMYK: &[u8] = include_bytes!("CGATS001Compat-v2-micro.icc");

/// A family of device colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Device {
    /// `DeviceGray`.
    Gray,
    /// `DeviceRGB`.
    Rgb,
    /// `DeviceCMYK`.
    Cmyk,
}

impl Device {
    /// Reads the name of a device colour space, in full or as inline images write it.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"DeviceGray" | b"G" => Some(Self::Gray),
            b"DeviceRGB" | b"RGB" => Some(Self::Rgb),
            b"DeviceCMYK" | b"CMYK" => Some(Self::Cmyk),
            _ => None,
        }
    }

    /// The key that stands for it in the colour spaces of a resource dictionary.
    pub(crate) const fn default_key(self) -> &'static str {
        match self {
            Self::Gray => "DefaultGray",
            Self::Rgb => "DefaultRGB",
            Self::Cmyk => "DefaultCMYK",
        }
    }
}

/// Adds the sRGB profile and returns its number.
pub(crate) fn add_srgb(document: &mut Document) -> ObjectId {
    add_profile(document, SRGB, 3, "DeviceRGB")
}

/// Adds a colour space array that stands for a device colour.
pub(crate) fn add_space(document: &mut Document, device: Device) -> ObjectId {
    let profile = match device {
        Device::Gray => add_profile(document, GREY, 1, "DeviceGray"),
        Device::Rgb => add_srgb(document),
        Device::Cmyk => add_profile(document, CMYK, 4, "DeviceCMYK"),
    };
    object::add(document, Object::Array(vec![object::named("ICCBased"), profile.into()]))
}

fn add_profile(document: &mut Document, bytes: &[u8], components: i64, alternate: &str) -> ObjectId {
    let mut dictionary = Dictionary::new();
    dictionary.set("N", components);
    dictionary.set("Alternate", object::named(alternate));
    object::add(document, Stream::new(dictionary, bytes.to_vec()))
}

/// What the head of an ICC profile says, when the profile is one that PDF/A-2 takes (version 4 at most).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Profile {
    /// How many components its colours have.
    pub(crate) components: i64,
    /// Whether it describes an output or a display, as an output intent must.
    pub(crate) is_output: bool,
    /// Its major version.
    pub(crate) version: u8,
}

impl Profile {
    /// Reads the head of a profile; `None` when it is none or of a kind that PDF/A-2 refuses.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let version = *bytes.get(8)?;
        if bytes.get(36..40)? != b"acsp" || version > 4 || bytes.len() < 128 {
            return None;
        }
        let class = bytes.get(12..16)?;
        if !matches!(class, b"prtr" | b"mntr" | b"scnr" | b"spac") {
            return None;
        }
        let components = match bytes.get(16..20)? {
            b"RGB " | b"Lab " => 3,
            b"CMYK" => 4,
            b"GRAY" => 1,
            _ => return None,
        };
        Some(Self { components, is_output: matches!(class, b"prtr" | b"mntr"), version })
    }
}

/// The bytes of the profile that stands in for a broken one.
pub(crate) fn substitute(components: i64) -> Option<&'static [u8]> {
    match components {
        1 => Some(GREY),
        3 => Some(SRGB),
        4 => Some(CMYK),
        _ => None,
    }
}

//! Reads the character maps that fonts have: as streams, or by name.

use lopdf::{Dictionary, Object, Stream};

use crate::pdf::{
    fonts::{cmap::CMap, maps},
    object,
    validate::subject::Subject,
};

/// The map from codes to CIDs that the encoding of a composite font is.
pub(super) fn encoding(subject: &Subject<'_>, encoding: &Object) -> Option<CMap> {
    if let Object::Name(name) = encoding {
        return CMap::predefined(name);
    }
    read(subject, encoding.as_stream().ok()?)
}

/// Where a font has the texts of its codes from.
#[derive(Debug)]
pub(super) enum ToUnicode {
    /// The codes are Unicode.
    Identity,
    /// A map.
    Map(Box<CMap>),
}

impl ToUnicode {
    /// Reads the `ToUnicode` entry of a font; `None` without one.
    pub(super) fn read(subject: &Subject<'_>, font: &Dictionary) -> Option<Self> {
        let is_identity = |name: &[u8]| name.starts_with(b"Identity-");
        let entry = object::get(subject.document, font, b"ToUnicode")?;
        let name = entry.as_name().ok();
        let name = name.or_else(|| object::name(subject.document, object::as_dictionary(entry)?, b"CMapName"));
        if name.is_some_and(is_identity) {
            return Some(Self::Identity);
        }
        encoding(subject, entry).map(|map| Self::Map(Box::new(map)))
    }

    /// The text of a code.
    pub(super) fn text(&self, code: u32) -> Option<Vec<u16>> {
        match self {
            Self::Identity => Some(vec![u16::try_from(code).ok()?]),
            Self::Map(map) => map.text(code),
        }
    }
}

/// Reads a map with the ones that it builds on.
pub(super) fn read(subject: &Subject<'_>, held: &Stream) -> Option<CMap> {
    maps::read(subject.document, held)
}

//! Reads the character maps of fonts out of a document: streams with what they build on, or names.

use lopdf::{Dictionary, Document, Object, Stream};

use super::cmap::CMap;
use crate::pdf::{object, stream};

/// Most bytes of a map.
const MAP_BYTES_MAX: usize = 16 << 20;

/// How many maps may build on each other.
const DEPTH_MAX: usize = 8;

/// The map from codes to CIDs of a composite font; `None` when there is none that can be read.
pub(crate) fn encoding(document: &Document, font: &Dictionary) -> Option<CMap> {
    map(document, object::get(document, font, b"Encoding")?)
}

/// The map from codes to text of a font.
pub(super) fn to_unicode(document: &Document, font: &Dictionary) -> Option<CMap> {
    map(document, object::get(document, font, b"ToUnicode")?)
}

fn map(document: &Document, entry: &Object) -> Option<CMap> {
    if let Object::Name(name) = entry {
        return CMap::predefined(name);
    }
    read(document, entry.as_stream().ok()?)
}

/// Reads a map with the ones that it builds on.
pub(crate) fn read(document: &Document, held: &Stream) -> Option<CMap> {
    let mut chain = Vec::new();
    let mut held = Some(held);
    while let Some(each) = held.filter(|_| chain.len() < DEPTH_MAX) {
        chain.push(CMap::read(&stream::unpack_within(each, MAP_BYTES_MAX).ok()?));
        held = match object::get(document, &each.dict, b"UseCMap") {
            Some(Object::Stream(base)) => Some(base),
            Some(Object::Name(name)) => {
                chain.extend(CMap::predefined(name));
                None
            }
            Some(_) | None => None,
        };
    }
    let last = chain.pop()?;
    Some(chain.into_iter().rev().fold(last, |base, mut map| {
        map.build_on(base);
        map
    }))
}

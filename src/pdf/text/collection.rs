//! Characters of fonts that do not say them, but number their glyphs by a collection that is known: Chinese, Japanese and
//! Korean ones.

use std::collections::BTreeMap;

use hayro::hayro_interpret::hayro_cmap::{BfString, CMap, CMapName, CidFamily, load_embedded};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use crate::pdf::{fonts::write_unicode_map, object};

/// A font that does not say its characters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unnamed {
    font: ObjectId,
    /// From codes to numbers of the collection.
    encoding: Vec<u8>,
    /// From these to characters.
    characters: CMapName<'static>,
}

/// The fonts of a document whose characters are known by their collection alone.
pub(crate) fn unnamed(document: &Document) -> Vec<Unnamed> {
    let font = |(id, held): (&ObjectId, &Object)| {
        let held = held.as_dict().ok().filter(|held| held.has_type(b"Font") && !held.has(b"ToUnicode"))?;
        if object::name(document, held, b"Subtype")? != b"Type0" {
            return None;
        }
        let encoding = object::name(document, held, b"Encoding")?.to_vec();
        let descendant = object::array(document, held, b"DescendantFonts")?.first()?;
        let descendant = object::as_dictionary(object::resolve(document, descendant))?;
        let characters = family(document, descendant)?.ucs2_cmap()?;
        Some(Unnamed { font: *id, encoding, characters })
    };
    document.objects.iter().filter_map(font).collect()
}

fn family(document: &Document, font: &Dictionary) -> Option<CidFamily> {
    let info = object::dictionary(document, font, b"CIDSystemInfo")?;
    let text = |key: &[u8]| object::get(document, info, key)?.as_str().ok();
    Some(CidFamily::from_registry_ordering(text(b"Registry")?, text(b"Ordering")?))
}

/// Lets fonts say their characters.
pub(crate) fn name(document: &mut Document, fonts: Vec<Unnamed>) {
    let mut maps: BTreeMap<Vec<u8>, Option<ObjectId>> = BTreeMap::new();
    for Unnamed { font, encoding, characters } in fonts {
        let key = [encoding.as_slice(), characters.to_bytes()].join(&b'/');
        let map = *maps.entry(key).or_insert_with(|| {
            let map = write_unicode_map(&entries(&encoding, characters)?, true);
            Some(object::add(document, Stream::new(dictionary! {}, map)))
        });
        if let (Some(map), Some(font)) = (map, object::at_mut(document, font)) {
            font.set("ToUnicode", map);
        }
    }
}

/// The characters of all codes of one and two bytes.
fn entries(encoding: &[u8], characters: CMapName<'_>) -> Option<Vec<(u16, char)>> {
    let encoding = match encoding {
        b"Identity-H" => CMap::identity_h(),
        b"Identity-V" => CMap::identity_v(),
        other => CMap::parse(load_embedded(CMapName::from_bytes(other))?, load_embedded)?,
    };
    let characters = CMap::parse(load_embedded(characters)?, load_embedded)?;
    let of_code = |code: u16| {
        let number = [2, 1].into_iter().find_map(|bytes| encoding.lookup_cid_code(u32::from(code), bytes));
        match characters.lookup_bf_string(number?)? {
            BfString::Char(character) => Some((code, character)),
            BfString::String(_) => None,
        }
    };
    Some((0..=u16::MAX).filter_map(of_code).collect())
}

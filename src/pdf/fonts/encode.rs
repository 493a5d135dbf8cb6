//! The maps of composite fonts from codes to CIDs: in the document, of the collection of the font, and of one direction
//! (part 1: 6.3.3; parts 2 and 3: 6.2.11.3).

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::{
    cmap::{self, CMap, Code},
    composite::is_vertical,
    described, maps, system_info,
};
use crate::pdf::{object, usage::FontUse, validate::Part};

/// Most entries of one block of a map.
const BLOCK_MAX: usize = 100;

/// The maps that are named after a collection and a supplement are the identity, and not every reader has them.
pub(super) fn rename(document: &mut Document, id: ObjectId) {
    let Some(font) = object::at(document, id) else { return };
    if object::name(document, font, b"Encoding").is_some_and(names_collection)
        && let Some(font) = object::at_mut(document, id)
    {
        font.set("Encoding", "Identity-H");
    }
}

/// Mends the map of a composite font: one that PDF/A does not take is written anew, with the codes that are shown.
pub(super) fn mend(document: &mut Document, id: ObjectId, part: Part, used: &FontUse) {
    let Some(font) = object::at(document, id) else { return };
    if object::name(document, font, b"Subtype") != Some(b"Type0") {
        return;
    }
    let Some(held) = described(document, font) else { return };
    let Some(map) = maps::encoding(document, font) else { return };
    let (name, is_right) = match object::get(document, font, b"Encoding") {
        Some(Object::Name(name)) => (name.clone(), is_right_name(document, held, name, part)),
        Some(Object::Stream(stream)) => {
            let name = object::name(document, &stream.dict, b"CMapName").unwrap_or_default().to_vec();
            (name, is_right_stream(document, held, stream, &map, part))
        }
        Some(_) | None => return,
    };
    let mode = i64::from(is_vertical(&map, Some(&name)));
    if !is_right {
        let info = object::get(document, held, b"CIDSystemInfo").cloned();
        let collection =
            info.as_ref().and_then(object::as_dictionary).and_then(|info| Collection::read(document, info));
        // A font of no collection, or of an odd one, gets the identity.
        let Some(collection) = collection else { return };
        let cids: Vec<(Code, u32)> = used.codes.iter().filter_map(|code| Some((*code, map.cid(*code)?))).collect();
        let stream = write(&map, &collection, mode, &cids);
        let added = object::add(document, stream);
        if let Some(font) = object::at_mut(document, id) {
            font.set("Encoding", added);
        }
        return;
    }
    direct(document, id, &map);
}

/// Has the dictionary of a map state the direction that the map states.
fn direct(document: &mut Document, id: ObjectId, map: &CMap) {
    let encoding = object::at(document, id).and_then(|font| font.get(b"Encoding").ok());
    let Some(target) = encoding.and_then(|encoding| object::target(document, encoding)) else { return };
    let own = map.mode.unwrap_or(0);
    let stated = object::at(document, target).and_then(|held| object::integer(document, held, b"WMode"));
    if let Some(held) = object::at_mut(document, target)
        && stated.unwrap_or(0) != own
    {
        held.set("WMode", own);
    }
}

/// A character collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Collection {
    registry: Vec<u8>,
    ordering: Vec<u8>,
    supplement: i64,
}

impl Collection {
    fn read(document: &Document, info: &Dictionary) -> Option<Self> {
        let text = |key: &[u8]| object::get(document, info, key)?.as_str().ok().map(<[u8]>::to_vec);
        let collection = Self {
            registry: text(b"Registry")?,
            ordering: text(b"Ordering")?,
            supplement: object::integer(document, info, b"Supplement")?,
        };
        // What is written into a map must not break out of its string.
        let is_plain = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        (is_plain(&collection.registry) && is_plain(&collection.ordering)).then_some(collection)
    }

    /// Whether a font of this collection may be used with a map of another.
    fn fits(&self, map: &Self, part: Part) -> bool {
        let is_covered = part == Part::One || self.supplement <= map.supplement;
        self.registry == map.registry && self.ordering == map.ordering && is_covered
    }
}

/// Whether a map has the name of a collection, such as `Adobe-Japan1-2`.
fn names_collection(name: &[u8]) -> bool {
    let mut parts = name.rsplitn(2, |byte| *byte == b'-');
    let is_number = parts.next().is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
    let collections: [&[u8]; 5] = [b"Adobe-Japan1", b"Adobe-GB1", b"Adobe-CNS1", b"Adobe-Korea1", b"Adobe-KR"];
    is_number && parts.next().is_some_and(|part| collections.contains(&part))
}

fn is_identity(name: &[u8]) -> bool {
    matches!(name, b"Identity-H" | b"Identity-V")
}

/// Whether a map needs not be in the document.
fn is_known(name: &[u8], part: Part) -> bool {
    if part == Part::One { is_identity(name) } else { cmap::is_predefined(name) }
}

pub(super) fn own_collection(document: &Document, holder: &Dictionary) -> Option<Collection> {
    Collection::read(document, system_info(document, holder)?)
}

fn is_right_name(document: &Document, held: &Dictionary, name: &[u8], part: Part) -> bool {
    if is_identity(name) {
        return true;
    }
    let known = cmap::collection(name).map(|(ordering, supplement)| Collection {
        registry: b"Adobe".to_vec(),
        ordering: ordering.as_bytes().to_vec(),
        supplement: i64::from(supplement),
    });
    let fits = own_collection(document, held).zip(known).is_some_and(|(own, known)| own.fits(&known, part));
    is_known(name, part) && fits
}

fn is_right_stream(document: &Document, held: &Dictionary, stream: &Stream, map: &CMap, part: Part) -> bool {
    let of_map = own_collection(document, &stream.dict);
    let fits = own_collection(document, held).zip(of_map).is_some_and(|(own, of_map)| own.fits(&of_map, part));
    let named = object::name(document, &stream.dict, b"CMapName").is_some_and(is_identity);
    let base = match object::get(document, &stream.dict, b"UseCMap") {
        Some(Object::Name(name)) => Some(name.as_slice()),
        Some(Object::Stream(base)) => Some(object::name(document, &base.dict, b"CMapName").unwrap_or_default()),
        Some(_) | None => None,
    };
    let mut bases = base.into_iter().chain(map.uses.as_deref());
    (fits || named) && bases.all(|name| is_known(name, part))
}

/// Writes a map of these codes, split as by another one.
pub(super) fn write(map: &CMap, collection: &Collection, mode: i64, cids: &[(Code, u32)]) -> Stream {
    let name = if mode == 1 { "Bindery-V" } else { "Bindery-H" };
    let (registry, ordering) = (object::shown(&collection.registry), object::shown(&collection.ordering));
    let supplement = collection.supplement;
    let mut text = format!(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo 3 dict dup begin\n\
         /Registry ({registry}) def\n/Ordering ({ordering}) def\n/Supplement {supplement} def\nend def\n\
         /CMapName /{name} def\n/CMapType 1 def\n/WMode {mode} def\n"
    );
    for ranges in map.ranges().chunks(BLOCK_MAX) {
        text.push_str(&format!("{} begincodespacerange\n", ranges.len()));
        for (first, last) in ranges {
            text.push_str(&format!("<{}> <{}>\n", hexadecimal(first), hexadecimal(last)));
        }
        text.push_str("endcodespacerange\n");
    }
    let cids: Vec<(Code, u32)> = cids.iter().copied().filter(|(_, cid)| *cid < 0x1_0000).collect();
    for block in cids.chunks(BLOCK_MAX) {
        text.push_str(&format!("{} begincidchar\n", block.len()));
        for (code, cid) in block {
            let digits = usize::from(code.length) * 2;
            text.push_str(&format!("<{:0digits$X}> {cid}\n", code.value));
        }
        text.push_str("endcidchar\n");
    }
    text.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    let system = dictionary! {
        "Registry" => Object::string_literal(registry), "Ordering" => Object::string_literal(ordering),
        "Supplement" => supplement,
    };
    let held = dictionary! { "Type" => "CMap", "CMapName" => name, "CIDSystemInfo" => system, "WMode" => mode };
    Stream::new(held, text.into_bytes())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

//! Puts an installed font in the place of a simple one that is not in the document: a font is built that shows each used
//! code.

use std::{collections::BTreeMap, sync::Arc};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::{
    FontFolder,
    build::{self, Built, Wish},
    choice::Choice,
    cmap::Code,
    encoding::Encoding,
    glyphs::{self, Base},
    maps, unicode_map,
};
use crate::pdf::{object, usage::FontUse, validate::Part};

/// A font with signs of its own, and one with a Latin alphabet, by the flags of its descriptor.
const SYMBOLIC: i64 = 4;
const NONSYMBOLIC: i64 = 32;

/// Names of glyphs that show nothing, for codes whose own name is taken or that have none.
const SPARE_NAMES: [&str; 4] = ["zerowidthnonjoiner", "zerowidthspace", "ideographicspace", "hangulfiller"];

/// Substitutes the font in place, and tells which characters no installed font has; `None` when none is installed.
pub(super) fn substitute(
    document: &mut Document,
    id: ObjectId,
    part: Part,
    used: &FontUse,
    choice: &Choice,
    name: &str,
    folder: &FontFolder,
) -> Option<Vec<char>> {
    let font = object::at(document, id)?.clone();
    let wishes = wishes(document, &font, used);
    let (low, high) = (wishes.first()?.code, wishes.last()?.code);
    // From part 2 on, code 0 is the undefined glyph unless it has a name, and names go with the Latin alphabet.
    let keys = if part != Part::One && low == 0 { keys(&wishes) } else { None };
    let characters: Option<Vec<char>> = keys.as_ref().map(|keys| keys.iter().map(|(_, key)| *key).collect());
    let sources: Vec<Arc<Vec<u8>>> = choice.files.iter().filter_map(|file| folder.load(file)).collect();
    let sources: Vec<&[u8]> = sources.iter().map(|bytes| bytes.as_slice()).collect();
    let built = build::build(&sources, &wishes, characters.as_deref())?;
    let flags = if keys.is_some() { NONSYMBOLIC } else { SYMBOLIC };
    let descriptor = add_descriptor(document, &built, name, flags);
    let mut table = vec![Object::Integer(0); usize::from(high - low) + 1];
    for (wish, width) in wishes.iter().zip(&built.widths) {
        *table.get_mut(usize::from(wish.code - low))? = Object::Real(*width);
    }
    let map = add_map(document, &wishes, keys.is_some());
    let mut replaced = dictionary! {
        "Type" => "Font", "Subtype" => "TrueType", "BaseFont" => name, "FirstChar" => i64::from(low),
        "LastChar" => i64::from(high), "Widths" => table, "FontDescriptor" => descriptor, "ToUnicode" => map,
    };
    if let Some(keys) = keys {
        let names = wishes.iter().zip(keys);
        let differences: Vec<Object> =
            names.flat_map(|(wish, (name, _))| [Object::Integer(i64::from(wish.code)), object::named(name)]).collect();
        let encoding = dictionary! {
            "Type" => "Encoding", "BaseEncoding" => "WinAnsiEncoding", "Differences" => differences,
        };
        replaced.set("Encoding", encoding);
    }
    document.objects.insert(id, replaced.into());
    Some(built.missing)
}

/// What each used code shows, and how wide.
fn wishes(document: &Document, font: &Dictionary, used: &FontUse) -> Vec<Wish> {
    let encoding = Encoding::read(document, font);
    let is_truetype = object::name(document, font, b"Subtype") == Some(b"TrueType");
    let otherwise = if is_truetype { Base::WinAnsi } else { Base::Standard };
    let known = maps::to_unicode(document, font);
    let told = |code: u8| {
        let text = known.as_ref().and_then(|map| map.text(u32::from(code)))?;
        char::decode_utf16(text).next()?.ok()
    };
    let first = object::integer(document, font, b"FirstChar").unwrap_or(0);
    let widths = object::array(document, font, b"Widths");
    let descriptor = object::dictionary(document, font, b"FontDescriptor");
    let spare = descriptor.and_then(|held| object::number(document, held.get(b"MissingWidth").ok()?));
    let wish = |code: u8| {
        let at = i64::from(code).checked_sub(first).and_then(|at| usize::try_from(at).ok());
        let width =
            widths.map(|widths| at.and_then(|at| object::number(document, widths.get(at)?)).or(spare).unwrap_or(0.0));
        let character = encoding.character(code, otherwise).or_else(|| told(code));
        Wish { code, character, width: width.filter(|width| *width > 0.0 || spare.is_some()) }
    };
    used.codes.iter().filter_map(|code| u8::try_from(code.value).ok()).map(wish).collect()
}

/// A name of Adobe's list for each code, with the character by which the program is asked for its glyph. Codes that show
/// the same at the same width share one; `None` when names run out.
fn keys(wishes: &[Wish]) -> Option<Vec<(&'static str, char)>> {
    let mut spares = SPARE_NAMES.iter().filter_map(|name| Some((*name, glyphs::character(name.as_bytes())?)));
    let mut taken: BTreeMap<char, (Option<char>, Option<u32>)> = BTreeMap::new();
    let mut keys = Vec::new();
    for wish in wishes {
        let content = (wish.character, wish.width.map(f32::to_bits));
        let own = wish.character.and_then(|character| Some((glyphs::name(character)?, character)));
        let own = own.filter(|(name, character)| {
            let is_its_name =
                glyphs::is_listed(name.as_bytes()) && glyphs::character(name.as_bytes()) == Some(*character);
            is_its_name && u16::try_from(u32::from(*character)).is_ok()
        });
        let shared = taken.iter().find(|(_, known)| **known == content).map(|(key, _)| *key);
        let key = match (shared, own.filter(|(_, key)| !taken.contains_key(key))) {
            (Some(key), _) => keys.iter().find(|(_, known)| *known == key).copied()?,
            (None, Some(own)) => own,
            (None, None) => spares.find(|(_, key)| !taken.contains_key(key))?,
        };
        taken.insert(key.1, content);
        keys.push(key);
    }
    Some(keys)
}

fn add_descriptor(document: &mut Document, built: &Built, name: &str, flags: i64) -> ObjectId {
    let mut dictionary = Dictionary::new();
    dictionary.set("Length1", i64::try_from(built.bytes.len()).unwrap_or(0));
    let program = object::add(document, Stream::new(dictionary, built.bytes.clone()));
    let metrics = built.metrics;
    object::add(
        document,
        dictionary! {
            "Type" => "FontDescriptor", "FontName" => name, "Flags" => flags,
            "FontBBox" => metrics.bounds.iter().map(|side| Object::Integer(*side)).collect::<Vec<_>>(),
            "ItalicAngle" => 0, "Ascent" => metrics.ascent, "Descent" => metrics.descent,
            "CapHeight" => metrics.cap_height, "StemV" => 80, "FontFile2" => program,
        },
    )
}

/// Codes that show nothing are spaces where names would say otherwise.
fn add_map(document: &mut Document, wishes: &[Wish], has_names: bool) -> ObjectId {
    let text = |wish: &Wish| wish.character.or(has_names.then_some(' '));
    let entries: Vec<(Code, String)> = wishes
        .iter()
        .filter_map(|wish| Some((Code { length: 1, value: u32::from(wish.code) }, text(wish)?.to_string())))
        .collect();
    object::add(document, Stream::new(Dictionary::new(), unicode_map::write_texts(&entries)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(code: u8, character: Option<char>, width: f32) -> Wish {
        Wish { code, character, width: Some(width) }
    }

    #[test]
    fn codes_that_show_the_same_share_a_name_and_others_never_do() {
        let wishes = [
            wish(0, None, 0.0),
            wish(1, None, 250.0),
            wish(2, None, 0.0),
            wish(65, Some('A'), 700.0),
            wish(66, Some('A'), 600.0),
            wish(67, Some('A'), 700.0),
        ];
        let keys = keys(&wishes).unwrap();
        assert_eq!(keys[0], keys[2]);
        assert_eq!(keys[3], ("A", 'A'));
        assert_eq!(keys[5], keys[3]);
        assert!(keys[1] != keys[0] && keys[4] != keys[3]);
        let many: Vec<Wish> = (0..9).map(|code| wish(code, None, f32::from(code))).collect();
        assert_eq!(super::keys(&many), None);
    }
}

//! Puts installed fonts in the place of a composite font that is not in the document. Its codes, CIDs and widths stay; only
//! the program is new.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::{
    FontFolder,
    choice::Choice,
    cmap::{self, CMap, Code},
    compact::{self, Drawing, Glyph, Keys},
    described, maps,
    outlines::{Candidate, Fonts, Measures},
    scripts::{self, Tradition},
    substitute::{Substituted, tagged},
    system_info, unicode_map,
    widths::composite_widths,
};
use crate::pdf::{object, usage::FontUse};

/// A symbolic font, by the flags of its descriptor.
const SYMBOLIC: i64 = 4;

/// The width of a glyph where nothing states one.
const WIDTH_DEFAULT: f32 = 1000.0;

/// What stands for a character that nothing tells.
const UNKNOWN: char = '\u{FFFD}';

/// A character collection of Adobe's, or the identity.
pub(super) struct Collection {
    /// Its ordering.
    pub(super) ordering: String,
    /// Its supplement.
    pub(super) supplement: i32,
}

/// Gives a composite font a program that is drawn with installed fonts; tells what nothing is known of. `None` when the
/// text is not known at all, or no installed font has it: blanks instead of a script would be a loss that looks like
/// success.
pub(super) fn substitute(
    document: &mut Document,
    id: ObjectId,
    used: &FontUse,
    choice: &Choice,
    folder: &FontFolder,
) -> Option<Substituted> {
    let font = object::at(document, id)?.clone();
    let map = maps::encoding(document, &font)?;
    let held = described(document, &font)?.clone();
    let encoding = object::name(document, &font, b"Encoding").map(<[u8]>::to_vec);
    let collection = collection(document, &font, &held);
    let texts = Texts::read(document, &font, encoding.as_deref(), &collection.ordering);
    let known: Vec<(Code, u32, Option<String>)> = used
        .codes
        .iter()
        .filter_map(|code| Some((*code, map.cid(*code)?)))
        .map(|(code, cid)| (code, cid, texts.get(code, cid)))
        .collect();
    if known.iter().all(|(.., text)| text.is_none()) {
        return None;
    }
    let tradition = Tradition::of(collection.ordering.as_bytes());
    let is_vertical = is_vertical(&map, encoding.as_deref());
    let candidates = candidates(choice, tradition, &known);
    let fonts = Fonts::among(&candidates, folder, is_vertical);
    let measures = fonts.measures()?;
    let (glyphs, missing) = draw(document, &held, &fonts, &known)?;
    let family = fonts.family().unwrap_or_else(|| choice.family.to_owned());
    let name = &tagged(&family);
    let program = compact::write(name, Keys::Cids(&collection.ordering, collection.supplement), &glyphs)?;
    let descriptor = descriptor(document, name, measures, program);
    describe(document, id, &font, &held, (name, &collection), descriptor);
    // Readers do not look up codes of more than two bytes; of those, the collection tells the text.
    if !font.has(b"ToUnicode") && known.iter().all(|(code, ..)| code.length <= 2) {
        let entries: Vec<(Code, String)> =
            known.into_iter().filter_map(|(code, _, text)| Some((code, text?))).collect();
        let map = object::add(document, Stream::new(Dictionary::new(), unicode_map::write_texts(&entries)));
        object::at_mut(document, id)?.set("ToUnicode", map);
    }
    let is_compatible = choice.is_compatible && tradition.is_none() && family == choice.family;
    Some(Substituted { family, is_compatible, missing })
}

/// Whether text runs from top to bottom.
pub(super) fn is_vertical(map: &CMap, name: Option<&[u8]>) -> bool {
    map.mode == Some(1) || name.is_some_and(|name| name == b"V" || name.ends_with(b"-V"))
}

/// The fonts to draw with.
fn candidates(choice: &Choice, tradition: Option<Tradition>, known: &[(Code, u32, Option<String>)]) -> Vec<Candidate> {
    let characters: BTreeSet<char> =
        known.iter().filter_map(|(.., text)| text.as_ref()).flat_map(|text| text.chars()).collect();
    let characters: Vec<char> = characters.into_iter().collect();
    scripts::fonts(choice, tradition, &characters).into_iter().map(Candidate::from).collect()
}

/// Draws a glyph for each CID.
fn draw(
    document: &Document,
    held: &Dictionary,
    fonts: &Fonts<'_>,
    known: &[(Code, u32, Option<String>)],
) -> Option<(Vec<Glyph>, Vec<char>)> {
    let widths = composite_widths(document, held);
    let spare = object::get(document, held, b"DW").and_then(|width| object::number(document, width));
    let mut glyphs: BTreeMap<u16, Glyph> = BTreeMap::new();
    let mut missing = Vec::new();
    for (_, cid, text) in known {
        let Some(short) = u16::try_from(*cid).ok().filter(|cid| *cid != 0) else { continue };
        let width = widths.get(cid).copied().or(spare).unwrap_or(WIDTH_DEFAULT);
        let drawing = match text {
            Some(text) if text.chars().all(is_blank) => Drawing::default(),
            Some(text) => fonts.draw(text, width)?,
            None => {
                missing.push(UNKNOWN);
                Drawing::default()
            }
        };
        glyphs.entry(short).or_insert(Glyph { cid: short, width, drawing });
    }
    Some((glyphs.into_values().collect(), missing))
}

/// Whether a character shows nothing.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}')
        || matches!(character, '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// The collection of a font: that of its map, since the two have to be the same, else its own.
pub(super) fn collection(document: &Document, font: &Dictionary, held: &Dictionary) -> Collection {
    let stated = |holder: &Dictionary| {
        let info = system_info(document, holder)?;
        let text = |key: &[u8]| object::get(document, info, key)?.as_str().ok().map(<[u8]>::to_vec);
        let supplement = object::integer(document, info, b"Supplement").and_then(|number| i32::try_from(number).ok());
        let ordering = String::from_utf8(text(b"Ordering")?).ok()?;
        let is_known = text(b"Registry")? == b"Adobe" && ordering.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_known.then_some(Collection { ordering, supplement: supplement.unwrap_or(0) })
    };
    let of_map = match object::get(document, font, b"Encoding") {
        Some(Object::Name(name)) => cmap::collection(name)
            .filter(|(ordering, _)| *ordering != "Identity")
            .map(|(ordering, supplement)| Collection { ordering: ordering.to_owned(), supplement }),
        Some(Object::Stream(map)) => stated(&map.dict),
        Some(_) | None => None,
    };
    let identity = Collection { ordering: "Identity".to_owned(), supplement: 0 };
    of_map.or_else(|| stated(held)).unwrap_or(identity)
}

/// What the codes of a composite font stand for.
struct Texts {
    is_unicode: bool,
    own: Option<CMap>,
    collection: Option<CMap>,
}

impl Texts {
    fn read(document: &Document, font: &Dictionary, encoding: Option<&[u8]>, ordering: &str) -> Self {
        let is_unicode = encoding.is_some_and(|name| {
            name.starts_with(b"Uni") && [&b"UCS2"[..], b"UTF16"].iter().any(|kind| has(name, kind))
        });
        let collection = match ordering {
            "Japan1" => CMap::predefined(b"Adobe-Japan1-UCS2"),
            "GB1" => CMap::predefined(b"Adobe-GB1-UCS2"),
            "CNS1" => CMap::predefined(b"Adobe-CNS1-UCS2"),
            "Korea1" | "KR" => CMap::predefined(b"Adobe-Korea1-UCS2"),
            _ => None,
        };
        Self { is_unicode, own: maps::to_unicode(document, font), collection }
    }

    /// The text of a code: the code itself, or by the map of the font, or by the collection that its CID is of.
    fn get(&self, code: Code, cid: u32) -> Option<String> {
        let units = if self.is_unicode {
            let [a, b, c, d] = code.value.to_be_bytes();
            let unit = u16::from_be_bytes([c, d]);
            if code.length == 4 { vec![u16::from_be_bytes([a, b]), unit] } else { vec![unit] }
        } else {
            let own = self.own.as_ref().and_then(|map| map.text(code.value));
            own.or_else(|| self.collection.as_ref()?.text(cid))?
        };
        let text = String::from_utf16(&units).ok()?;
        let is_told = !text.is_empty() && !text.contains(['\0', UNKNOWN]);
        is_told.then_some(text)
    }
}

fn has(name: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(name, part).is_some()
}

/// Adds a descriptor with a program.
pub(super) fn descriptor(document: &mut Document, name: &str, measures: Measures, program: Vec<u8>) -> ObjectId {
    let mut dictionary = Dictionary::new();
    dictionary.set("Subtype", object::named("CIDFontType0C"));
    let program = object::add(document, Stream::new(dictionary, program));
    object::add(
        document,
        dictionary! {
            "Type" => "FontDescriptor", "FontName" => name, "Flags" => SYMBOLIC,
            "FontBBox" => measures.bounds.iter().map(|side| Object::Real(*side)).collect::<Vec<_>>(),
            "ItalicAngle" => 0, "Ascent" => measures.ascent, "Descent" => measures.descent,
            "CapHeight" => measures.ascent, "StemV" => 80, "FontFile3" => program,
        },
    )
}

/// Writes the dictionaries of the font: what it says of widths and places stays.
fn describe(
    document: &mut Document,
    id: ObjectId,
    font: &Dictionary,
    held: &Dictionary,
    (name, collection): (&str, &Collection),
    descriptor: ObjectId,
) {
    let system = dictionary! {
        "Registry" => Object::string_literal("Adobe"),
        "Ordering" => Object::string_literal(collection.ordering.as_str()),
        "Supplement" => collection.supplement,
    };
    let mut descendant = dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType0", "BaseFont" => name, "CIDSystemInfo" => system,
        "FontDescriptor" => descriptor,
    };
    for key in [&b"DW"[..], b"W", b"DW2", b"W2"] {
        if let Ok(stated) = held.get(key) {
            descendant.set(key, stated.clone());
        }
    }
    let descendant = object::add(document, descendant);
    let mut replaced = font.clone();
    replaced.set("Type", object::named("Font"));
    replaced.set("BaseFont", object::named(name));
    replaced.set("DescendantFonts", vec![descendant.into()]);
    document.objects.insert(id, replaced.into());
}

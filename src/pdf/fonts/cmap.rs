//! Character maps (ISO 32000-1, 9.7.5 and 9.10.3): how a string is split into codes, and which CID or text a code means.

use std::collections::BTreeMap;

use hayro::hayro_interpret::hayro_cmap::{BfString, CMap as Known, CMapName, CidFamily, load_embedded};

use super::{code_space::Space, glyphs};
use crate::pdf::lexer::{Lexer, Token};

/// Most entries of a map that are kept; a font has at most 65,536 glyphs.
const ENTRIES_MAX: usize = 1 << 17;

/// Most code spaces of a map; the largest that every reader has are made of five. Each is looked at for each code.
const SPACES_MAX: usize = 256;

/// Most units of text that one code stands for (ISO 32000-1, 9.10.3, allows 512 bytes).
const TEXT_UNITS_MAX: usize = 256;

/// Most operands of one operator that are kept.
const OPERANDS_MAX: usize = 1 << 16;

/// How many earlier ranges are looked at when the nearest one ends before a code.
const OVERLAPS_MAX: usize = 8;

/// A code with the number of bytes that it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Code {
    /// How many bytes.
    pub(crate) length: u8,
    /// The bytes as one number.
    pub(crate) value: u32,
}

/// Whether a map is one that every reader has (ISO 32000-1, table 118; ISO 32000-2, table 116).
pub(crate) fn is_predefined(name: &[u8]) -> bool {
    !matches!(
        CMapName::from_bytes(name),
        CMapName::Custom(_)
            | CMapName::AdobeCns1Ucs2
            | CMapName::AdobeGb1Ucs2
            | CMapName::AdobeJapan1Ucs2
            | CMapName::AdobeKorea1Ucs2
    )
}

/// The ordering and the supplement of the collection that a map that every reader has is for; the registry is Adobe's.
pub(crate) fn collection(name: &[u8]) -> Option<(&'static str, i32)> {
    let name = CMapName::from_bytes(name);
    let map = Known::parse(load_embedded(name)?, load_embedded)?;
    let collection = map.metadata().character_collection.as_ref()?;
    let ordering = match collection.family {
        CidFamily::AdobeJapan1 => "Japan1",
        CidFamily::AdobeGB1 => "GB1",
        CidFamily::AdobeCNS1 => "CNS1",
        CidFamily::AdobeKorea1 => "Korea1",
        CidFamily::AdobeIdentity => "Identity",
        CidFamily::Custom { .. } => return None,
    };
    Some((ordering, collection.supplement))
}

/// A character map.
#[derive(Debug, Default)]
pub(crate) struct CMap {
    /// The name of the map that it builds on by `usecmap`.
    pub(crate) uses: Option<Vec<u8>>,
    /// `WMode`, where it is set.
    pub(crate) mode: Option<i64>,
    spaces: Vec<Space>,
    /// First code to last code and first CID; of codes without a glyph, the CID does not advance.
    ranges: BTreeMap<Code, (u32, u32, bool)>,
    texts: BTreeMap<u32, Vec<u16>>,
    text_ranges: BTreeMap<u32, (u32, Vec<u16>)>,
    base: Option<Box<Base>>,
    entries: usize,
}

/// What a map builds on.
#[derive(Debug)]
enum Base {
    /// Two bytes, which are the CID.
    Identity,
    /// One that every reader has.
    Known(Known),
    /// Another one of the document.
    Other(CMap),
}

/// An operand of an operator of a map.
enum Operand {
    Text(Vec<u8>),
    Number(i64),
    Name(Vec<u8>),
    List(Vec<Operand>),
}

impl CMap {
    /// A map that every reader has; `None` for any other name.
    pub(crate) fn predefined(name: &[u8]) -> Option<Self> {
        let base = match name {
            b"Identity-H" | b"Identity-V" => Base::Identity,
            _ => {
                let bytes = load_embedded(CMapName::from_bytes(name))?;
                Base::Known(Known::parse(bytes, load_embedded)?)
            }
        };
        Some(Self { spaces: Space::predefined(name), base: Some(Box::new(base)), ..Self::default() })
    }

    /// Reads a map; what makes no sense in it is passed over.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let mut lexer = Lexer::at(bytes, 0);
        let mut operands = Vec::new();
        let mut list: Option<Vec<Operand>> = None;
        while let Some(token) = lexer.token() {
            let operand = match token {
                Token::Text { bytes, .. } => Operand::Text(bytes),
                Token::Integer(number) => Operand::Number(number),
                Token::Name(name) => Operand::Name(name),
                Token::ArrayStart => {
                    list = Some(Vec::new());
                    continue;
                }
                Token::ArrayEnd => Operand::List(list.take().unwrap_or_default()),
                Token::Word(word) => {
                    map.apply(word, &operands);
                    operands.clear();
                    continue;
                }
                Token::Real(_) | Token::DictionaryStart | Token::DictionaryEnd | Token::Stray(_) => continue,
            };
            let into = list.as_mut().unwrap_or(&mut operands);
            if into.len() < OPERANDS_MAX {
                into.push(operand);
            }
        }
        if map.base.is_none()
            && let Some(base) = map.uses.as_deref().and_then(Self::predefined)
        {
            map.build_on(base);
        }
        map
    }

    /// Makes it build on another one.
    pub(crate) fn build_on(&mut self, other: Self) {
        self.spaces.extend(&other.spaces);
        self.base = Some(Box::new(Base::Other(other)));
    }

    fn apply(&mut self, word: &[u8], operands: &[Operand]) {
        match (word, operands) {
            (b"usecmap", [.., Operand::Name(name)]) => self.uses = Some(name.clone()),
            (b"def", [.., Operand::Name(key), Operand::Number(value)]) if key == b"WMode" => self.mode = Some(*value),
            (b"endcodespacerange", operands) => {
                for pair in operands.chunks_exact(2) {
                    if let [Operand::Text(first), Operand::Text(last)] = pair
                        && self.spaces.len() < SPACES_MAX
                    {
                        self.spaces.extend(Space::new(first, last));
                    }
                }
            }
            (b"endcidrange" | b"endnotdefrange", operands) => {
                for range in operands.chunks_exact(3) {
                    if let [Operand::Text(first), Operand::Text(last), Operand::Number(cid)] = range {
                        self.add_range(first, last, *cid, word == b"endcidrange");
                    }
                }
            }
            (b"endcidchar" | b"endnotdefchar", operands) => {
                for pair in operands.chunks_exact(2) {
                    if let [Operand::Text(code), Operand::Number(cid)] = pair {
                        self.add_range(code, code, *cid, word == b"endcidchar");
                    }
                }
            }
            (b"endbfchar", operands) => {
                for pair in operands.chunks_exact(2) {
                    if let [Operand::Text(code), text] = pair
                        && let Some(text) = units(text)
                        && self.counts()
                    {
                        self.texts.insert(number(code), text);
                    }
                }
            }
            (b"endbfrange", operands) => self.add_texts(operands),
            _ => {}
        }
    }

    fn add_range(&mut self, first: &[u8], last: &[u8], cid: i64, advances: bool) {
        let (Ok(length), Ok(cid)) = (u8::try_from(first.len()), u32::try_from(cid)) else { return };
        if self.counts() {
            self.ranges.insert(Code { value: number(first), length }, (number(last), cid, advances));
        }
    }

    fn add_texts(&mut self, operands: &[Operand]) {
        for range in operands.chunks_exact(3) {
            let [Operand::Text(first), Operand::Text(last), texts] = range else { continue };
            let (first, last) = (number(first), number(last));
            if let Operand::List(texts) = texts {
                for (code, text) in (first..=last).zip(texts) {
                    if let Some(text) = units(text)
                        && self.counts()
                    {
                        self.texts.insert(code, text);
                    }
                }
            } else if let Some(text) = units(texts)
                && self.counts()
            {
                self.text_ranges.insert(first, (last, text));
            }
        }
    }

    /// Whether there is room for one more entry.
    fn counts(&mut self) -> bool {
        self.entries += 1;
        self.entries <= ENTRIES_MAX
    }

    /// The ranges of codes, from the first to the last of each; one of two bytes where none is stated.
    pub(super) fn ranges(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        if self.spaces.is_empty() {
            return vec![(vec![0; 2], vec![0xFF; 2])];
        }
        let mut ranges: Vec<_> = self.spaces.iter().map(Space::ends).collect();
        ranges.sort_unstable();
        ranges.dedup();
        ranges
    }

    /// Takes the next code off a string. `None` at its end; a code that is outside of all code spaces is 0.
    pub(crate) fn next(&self, text: &mut &[u8]) -> Option<Code> {
        let (value, length) = if self.spaces.is_empty() {
            let length = text.len().min(2);
            (number(text.get(..length)?), length)
        } else {
            Space::take(&self.spaces, text)
        };
        if length == 0 || text.is_empty() {
            return None;
        }
        *text = text.get(length..).unwrap_or_default();
        Some(Code { value, length: u8::try_from(length).ok()? })
    }

    /// The CID of a code; `None` when the map has none for it.
    pub(crate) fn cid(&self, code: Code) -> Option<u32> {
        let from = Code { value: 0, length: code.length };
        let found = self.ranges.range(from..=code).rev().take(OVERLAPS_MAX).find(|(_, (last, ..))| code.value <= *last);
        if let Some((first, (_, cid, advances))) = found {
            return if *advances { cid.checked_add(code.value - first.value) } else { Some(*cid) };
        }
        match self.base.as_deref()? {
            Base::Identity => (code.length == 2).then_some(code.value),
            Base::Known(map) => map.lookup_cid_code(code.value, code.length),
            Base::Other(map) => map.cid(code),
        }
    }

    /// The text of a code, in UTF-16; `None` when the map has none for it.
    pub(crate) fn text(&self, code: u32) -> Option<Vec<u16>> {
        if let Some(found) = self.texts.get(&code) {
            return Some(found.clone());
        }
        let found = self.text_ranges.range(..=code).rev().take(OVERLAPS_MAX).find(|(_, (last, _))| code <= *last);
        if let Some((first, (_, text))) = found {
            let mut text = text.clone();
            if let Some(unit) = text.last_mut() {
                *unit = unit.wrapping_add(u16::try_from(code - first).ok()?);
            }
            return Some(text);
        }
        match self.base.as_deref()? {
            Base::Identity => None,
            Base::Known(map) => map.lookup_bf_string(code).map(|text| match text {
                BfString::Char(character) => character.encode_utf16(&mut [0; 2]).to_vec(),
                BfString::String(text) => text.encode_utf16().collect(),
            }),
            Base::Other(map) => map.text(code),
        }
    }
}

/// The bytes of a code as a number; of more than four, the last four.
pub(super) fn number(code: &[u8]) -> u32 {
    code.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// What a code is mapped to: UTF-16 in a string, or the name of a glyph.
fn units(text: &Operand) -> Option<Vec<u16>> {
    match text {
        // It is copied for each code of a range.
        Operand::Text(bytes) if bytes.len() > 2 * TEXT_UNITS_MAX => None,
        Operand::Text(bytes) => Some(bytes.chunks(2).map(|unit| u16::try_from(number(unit)).unwrap_or(0)).collect()),
        Operand::Name(name) => glyphs::character(name).map(|found| found.encode_utf16(&mut [0; 2]).to_vec()),
        Operand::Number(_) | Operand::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(map: &CMap, mut text: &[u8]) -> Vec<(u32, u8)> {
        std::iter::from_fn(|| map.next(&mut text)).map(|code| (code.value, code.length)).collect()
    }

    #[test]
    fn a_string_is_split_by_the_code_spaces_of_the_map() {
        let map = CMap::read(
            b"/WMode 1 def 2 begincodespacerange <00> <80> <8140> <9FFC> endcodespacerange\n\
              1 begincidrange <8140> <817E> 633 endcidrange 1 begincidchar <20> 1 endcidchar",
        );
        assert_eq!(codes(&map, b"\x20\x81\x41\x20"), [(0x20, 1), (0x8141, 2), (0x20, 1)]);
        assert_eq!(map.cid(Code { value: 0x8141, length: 2 }), Some(634));
        assert_eq!(map.cid(Code { value: 0x20, length: 1 }), Some(1));
        assert_eq!((map.cid(Code { value: 0x21, length: 1 }), map.mode), (None, Some(1)));
    }

    #[test]
    fn code_spaces_and_texts_without_end_are_cut() {
        let spaces = b"<0000> <FFFF> ".repeat(10 * SPACES_MAX);
        let map = CMap::read(&[b"1 begincodespacerange ", &spaces[..], b"endcodespacerange"].concat());
        assert_eq!(map.spaces.len(), SPACES_MAX);
        let text = b"0041".repeat(TEXT_UNITS_MAX + 1);
        let map = CMap::read(&[b"1 beginbfrange <0000> <FFFF> <", &text[..], b"> endbfrange"].concat());
        assert_eq!(map.text(7), None);
    }

    #[test]
    fn predefined_maps_are_known_by_name() {
        let map = CMap::predefined(b"90ms-RKSJ-H").unwrap();
        assert_eq!(codes(&map, b"A\x82\xa0"), [(0x41, 1), (0x82A0, 2)]);
        assert_eq!(map.cid(Code { value: 0x82A0, length: 2 }), Some(843));
        let map = CMap::predefined(b"UniJIS-UTF16-H").unwrap();
        assert_eq!(codes(&map, b"\x30\x42\xd8\x40\xdc\x0b"), [(0x3042, 2), (0xD840_DC0B, 4)]);
        assert_eq!(codes(&CMap::predefined(b"Identity-H").unwrap(), b"\x01\x02\x03"), [(0x0102, 2), (3, 1)]);
        assert!(CMap::predefined(b"Mine-H").is_none() && !is_predefined(b"Adobe-Japan1-UCS2"));
    }

    #[test]
    fn texts_come_from_characters_ranges_and_lists() {
        let map = CMap::read(
            b"2 beginbfchar <01> <0041> <02> <D83DDE00> endbfchar\n\
              2 beginbfrange <10> <12> <0061> <20> <21> [<0031> <00320033>] endbfrange",
        );
        let text = |code| map.text(code).map(|text| String::from_utf16(&text).unwrap());
        assert_eq!(text(1).as_deref(), Some("A"));
        assert_eq!(text(2).as_deref(), Some("😀"));
        assert_eq!(text(0x12).as_deref(), Some("c"));
        assert_eq!(text(0x21).as_deref(), Some("23"));
        assert_eq!(text(0x30), None);
    }
}

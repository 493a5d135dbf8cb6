//! `ToUnicode` maps: reading the one of a document, writing one for a font that was built.

use std::collections::BTreeMap;

use crate::pdf::content::{Operand, Reader};

/// Most entries that are read; there are no more two-byte codes.
const ENTRIES_MAX: usize = 65_536;

/// Reads the characters of codes, the first one where a code stands for several.
pub(super) fn read(bytes: &[u8]) -> BTreeMap<u16, char> {
    let mut found = BTreeMap::new();
    let mut reader = Reader::new(bytes);
    let mut operands = Vec::new();
    while let Some(operator) = reader.next(&mut operands) {
        let texts: Vec<&[u8]> = operands
            .iter()
            .filter_map(|operand| if let Operand::Text(text) = operand { Some(text.as_slice()) } else { None })
            .collect();
        match operator {
            b"endbfchar" => {
                for pair in texts.chunks_exact(2) {
                    if let [code, text] = pair
                        && let Some(character) = first_character(text)
                    {
                        found.insert(number(code), character);
                    }
                }
            }
            // The form with an array of texts comes flattened; it cannot be told apart and is rare, so only threes count.
            b"endbfrange" if texts.len().is_multiple_of(3) => {
                for range in texts.chunks_exact(3) {
                    if let [first, last, text] = range {
                        let (first, last) = (number(first), number(last));
                        let Some(start) = first_character(text).map(u32::from) else { continue };
                        for (code, character) in (first..=last).zip(start..) {
                            found.extend(char::from_u32(character).map(|character| (code, character)));
                        }
                    }
                }
            }
            _ => {}
        }
        if found.len() > ENTRIES_MAX {
            break;
        }
    }
    found
}

fn number(code: &[u8]) -> u16 {
    code.iter().fold(0, |number, byte| number << 8 | u16::from(*byte))
}

fn first_character(text: &[u8]) -> Option<char> {
    let units = text.chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
    char::decode_utf16(units).next()?.ok()
}

/// Writes a map for one-byte or two-byte codes.
pub(crate) fn write(entries: &[(u16, char)], is_composite: bool) -> Vec<u8> {
    let digits = if is_composite { 4 } else { 2 };
    let last = if is_composite { "FFFF" } else { "FF" };
    let mut map = format!(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n\
         /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
         /CMapName /Adobe-Identity-UCS def /CMapType 2 def\n\
         1 begincodespacerange\n<{0:0>digits$}> <{last}>\nendcodespacerange\n",
        0
    );
    for part in entries.chunks(100) {
        map.push_str(&format!("{} beginbfchar\n", part.len()));
        for (code, character) in part {
            map.push_str(&format!("<{code:0digits$X}> <"));
            for unit in character.encode_utf16(&mut [0; 2]) {
                map.push_str(&format!("{unit:04X}"));
            }
            map.push_str(">\n");
        }
        map.push_str("endbfchar\n");
    }
    map.push_str("endcmap CMapName currentdict /CMap defineresource pop end end\n");
    map.into_bytes()
}

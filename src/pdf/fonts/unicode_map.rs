//! `ToUnicode` maps for fonts that were built.

use std::collections::BTreeMap;

use super::cmap::Code;

/// Most entries of one block of a map.
const BLOCK_MAX: usize = 100;

/// Writes a map for one-byte or two-byte codes.
pub(crate) fn write(entries: &[(u16, char)], is_composite: bool) -> Vec<u8> {
    let length = if is_composite { 2 } else { 1 };
    let last = if is_composite { 0xFFFF } else { 0xFF };
    let entries: Vec<(Code, String)> = entries
        .iter()
        .map(|(code, character)| (Code { length, value: u32::from(*code) }, character.to_string()))
        .collect();
    write_within(&BTreeMap::from([(length, (0, last))]), &entries)
}

/// Writes a map for codes of any lengths.
pub(super) fn write_texts(entries: &[(Code, String)]) -> Vec<u8> {
    let mut ranges: BTreeMap<u8, (u32, u32)> = BTreeMap::new();
    for (code, _) in entries {
        let (first, last) = ranges.entry(code.length).or_insert((code.value, code.value));
        (*first, *last) = ((*first).min(code.value), (*last).max(code.value));
    }
    // Codes of one length span all values of their last byte, so that each byte has a range.
    let widened = ranges.into_iter().map(|(length, (first, last))| match length {
        1 => (length, (0, 0xFF)),
        2 => (length, (first & 0xFF00, last | 0xFF)),
        _ => (length, (0, u32::MAX >> (32 - 8 * u32::from(length.clamp(1, 4))))),
    });
    write_within(&widened.collect(), entries)
}

fn write_within(ranges: &BTreeMap<u8, (u32, u32)>, entries: &[(Code, String)]) -> Vec<u8> {
    let mut map = format!(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n\
         /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
         /CMapName /Adobe-Identity-UCS def /CMapType 2 def\n{} begincodespacerange\n",
        ranges.len()
    );
    for (length, (first, last)) in ranges {
        let digits = usize::from(*length) * 2;
        map.push_str(&format!("<{first:0digits$X}> <{last:0digits$X}>\n"));
    }
    map.push_str("endcodespacerange\n");
    for part in entries.chunks(BLOCK_MAX) {
        map.push_str(&format!("{} beginbfchar\n", part.len()));
        for (code, text) in part {
            let digits = usize::from(code.length) * 2;
            map.push_str(&format!("<{:0digits$X}> <", code.value));
            for unit in text.encode_utf16() {
                map.push_str(&format!("{unit:04X}"));
            }
            map.push_str(">\n");
        }
        map.push_str("endbfchar\n");
    }
    map.push_str("endcmap CMapName currentdict /CMap defineresource pop end end\n");
    map.into_bytes()
}

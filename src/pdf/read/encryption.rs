//! Encryption dictionaries that stand in the trailer itself. The format allows it, the parser wants an object.

/// A number that no real file uses.
const NUMBER: u32 = 8_388_000;

/// The file with an update behind it in which the encryption dictionary is an object, or `None` when it needs none.
pub(super) fn made_indirect(bytes: &[u8]) -> Option<Vec<u8>> {
    let trailer = last(bytes, b"trailer")?;
    let open = trailer + find(bytes.get(trailer..)?, b"<<")?;
    let close = end_of_dictionary(bytes, open)?;
    let key = open + find(bytes.get(open..close)?, b"/Encrypt")?;
    let value = key + b"/Encrypt".len();
    let start = value + bytes.get(value..close)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if bytes.get(start..start + 2)? != b"<<" {
        return None;
    }
    let end = end_of_dictionary(bytes, start)?;
    let before = last(bytes, b"startxref")? + b"startxref".len();
    let offset: String = bytes
        .get(before..)?
        .iter()
        .skip_while(|byte| byte.is_ascii_whitespace())
        .take_while(|byte| byte.is_ascii_digit())
        .map(|byte| char::from(*byte))
        .collect();
    let mut updated = bytes.to_vec();
    updated.push(b'\n');
    let at = updated.len();
    updated.extend_from_slice(format!("{NUMBER} 0 obj\n").as_bytes());
    updated.extend_from_slice(bytes.get(start..end)?);
    updated.extend_from_slice(b"\nendobj\n");
    let table = updated.len();
    updated.extend_from_slice(format!("xref\n{NUMBER} 1\n{at:010} 00000 n \ntrailer\n").as_bytes());
    updated.extend_from_slice(bytes.get(open..start)?);
    updated.extend_from_slice(format!(" {NUMBER} 0 R ").as_bytes());
    updated.extend_from_slice(bytes.get(end..close.checked_sub(2)?)?);
    updated
        .extend_from_slice(format!(" /Prev {offset} /Size {} >>\nstartxref\n{table}\n%%EOF\n", NUMBER + 1).as_bytes());
    Some(updated)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}

fn last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(bytes, wanted)
}

/// Where the dictionary that starts at `start` ends; strings may hold any brackets.
fn end_of_dictionary(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut depth = 0_usize;
    let mut parentheses = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        let pair = bytes.get(at..at + 2).unwrap_or_default();
        match byte {
            b'\\' if parentheses > 0 => at += 1,
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            _ if parentheses > 0 => {}
            b'<' if pair == b"<<" => {
                depth += 1;
                at += 1;
            }
            b'>' if pair == b">>" && depth > 0 => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

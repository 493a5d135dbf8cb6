//! Signatures in the looser of the two ways of writing ASN.1 (X.690, 8): lengths that are not told in advance, strings in
//! pieces. Programs of the last twenty years made such ones; the strict way is what is read.

/// Deepest nesting of elements. Signatures reach 15.
const DEPTH_MAX: usize = 64;

/// A string in pieces, and a whole one.
const PIECES: u8 = 0x24;
const STRING: u8 = 0x04;

/// An element whose end has not come.
struct Open {
    tag: u8,
    /// Where it ends; `None` when a mark says so.
    end: Option<usize>,
    /// Its content so far, in the strict way.
    content: Vec<u8>,
}

/// The first element of bytes, written in the strict way as far as lengths and strings go; `None` when it is damaged.
pub(super) fn to_der(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut open: Vec<Open> = vec![Open { tag: 0, end: None, content: Vec::new() }];
    let mut at = 0_usize;
    loop {
        if open.len() > 1 && open.last()?.end == Some(at) {
            close(&mut open)?;
        } else {
            let tag = *bytes.get(at)?;
            let length = length(bytes, &mut at)?;
            let end = length.map_or(Some(None), |length| at.checked_add(length).map(Some))?;
            let limit = open.iter().rev().find_map(|open| open.end).unwrap_or(bytes.len());
            if end.is_some_and(|end| end > limit) {
                return None;
            }
            if tag == 0 {
                // The mark of an end, which only an element without a length has.
                (open.len() > 1 && open.last()?.end.is_none() && length == Some(0)).then_some(())?;
                close(&mut open)?;
            } else if tag & 0x20 != 0 {
                open.push(Open { tag, end, content: Vec::new() });
                (open.len() <= DEPTH_MAX).then_some(())?;
            } else {
                add(open.last_mut()?, tag, bytes.get(at..end?)?)?;
                at = end?;
            }
        }
        if open.len() == 1 {
            return Some(open.pop()?.content);
        }
    }
}

/// The length that stands behind the tag at a place, and passes both; `None` within when it is not told. Tags of more
/// than a byte are in no signature.
fn length(bytes: &[u8], at: &mut usize) -> Option<Option<usize>> {
    (bytes.get(*at)? & 0x1F != 0x1F).then_some(())?;
    let first = *bytes.get(*at + 1)?;
    *at += 2;
    match first {
        0x80 => Some(None),
        0..0x80 => Some(Some(first.into())),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7F);
            let digits = bytes.get(*at..*at + count)?;
            *at += count;
            Some(Some(digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit))))
        }
        0x85.. => None,
    }
}

fn close(open: &mut Vec<Open>) -> Option<()> {
    let closed = open.pop()?;
    let tag = if closed.tag == PIECES { STRING } else { closed.tag };
    add(open.last_mut()?, tag, &closed.content)
}

/// Adds an element to the content of another. Of pieces of a string only what is in them is added.
fn add(holder: &mut Open, tag: u8, content: &[u8]) -> Option<()> {
    if holder.tag == PIECES {
        (tag == STRING).then_some(())?;
    } else {
        holder.content.push(tag);
        let length = u32::try_from(content.len()).ok()?.to_be_bytes();
        let digits = length.get(length.iter().position(|digit| *digit != 0).unwrap_or(3)..)?;
        if content.len() > 0x7F {
            holder.content.push(0x80 | u8::try_from(digits.len()).ok()?);
        }
        holder.content.extend_from_slice(digits);
    }
    holder.content.extend_from_slice(content);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_and_strings_put_together() {
        let loose =
            [0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0xAA, 0x24, 0x03, 0x04, 0x01, 0xBB, 0, 0, 0x02, 0x81, 1, 5, 0, 0, 0];
        assert_eq!(to_der(&loose).unwrap(), [0x30, 7, 0x04, 2, 0xAA, 0xBB, 0x02, 1, 5]);
        let long = [&[0x04, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        assert_eq!(to_der(&long).unwrap(), long);
        let middle = [&[0x04, 0x81, 0x80][..], &[7; 128]].concat();
        assert_eq!(to_der(&middle).unwrap(), middle);
        assert_eq!(to_der(&[0x30, 0x00, 0xFF]).unwrap(), [0x30, 0x00]);
    }

    #[test]
    fn what_is_damaged_is_none() {
        let cases: [&[u8]; 9] = [
            &[],
            &[0x30],
            &[0x30, 0x80],
            &[0, 0],
            &[0x30, 3, 0x04, 5, 1],
            &[0x30, 0x80, 0x1F, 1, 0],
            &[0x24, 3, 0x02, 1, 1],
            &[0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x04, 0x80, 0, 0],
        ];
        for bytes in cases {
            assert_eq!(to_der(bytes), None, "{bytes:?}");
        }
        assert_eq!(to_der(&[0x30, 0x80].repeat(100_000)), None);
    }
}

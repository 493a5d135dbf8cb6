//! Reads of a PKCS #7 object (RFC 2315, and RFC 5652 that came after it) how many signers and certificates it has.
//!
//! Lengths that are left open (BER) are read as well: makers of signatures use them, and readers take them.

/// The tags of ASN.1 that are met.
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const EXPLICIT_0: u8 = 0xA0;
const EXPLICIT_1: u8 = 0xA1;

/// The identifier of signed data, 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

/// What signed data has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signed {
    /// How many certificates.
    pub(super) certificates: usize,
    /// How many signers.
    pub(super) signers: usize,
}

/// Reads signed data; `None` when it is something else, or broken. What follows it is not looked at: signatures are
/// padded with zeros.
pub(super) fn read(bytes: &[u8]) -> Option<Signed> {
    let mut outer = Elements { rest: bytes }.next_of(SEQUENCE)?;
    if outer.next_of(OBJECT_IDENTIFIER)?.rest != SIGNED_DATA {
        return None;
    }
    let mut data = outer.next_of(EXPLICIT_0)?.next_of(SEQUENCE)?;
    data.next()?;
    data.next_of(SET)?;
    data.next_of(SEQUENCE)?;
    let mut signed = Signed { certificates: 0, signers: 0 };
    while let Some((tag, content)) = data.next() {
        match tag {
            EXPLICIT_0 => signed.certificates = content.count(),
            EXPLICIT_1 => {}
            SET => {
                signed.signers = content.count();
                return Some(signed);
            }
            _ => return None,
        }
    }
    None
}

/// Elements that stand one after the other.
#[derive(Debug, Clone, Copy)]
struct Elements<'b> {
    rest: &'b [u8],
}

impl<'b> Elements<'b> {
    /// The tag and the content of the next element; `None` at the end, and when there is no whole element.
    fn next(&mut self) -> Option<(u8, Self)> {
        let (tag, length, start) = header(self.rest)?;
        let (content, after) = match length {
            Some(length) => {
                let end = start.checked_add(length)?;
                (self.rest.get(start..end)?, end)
            }
            None => {
                let end = open_end(self.rest.get(start..)?)?.checked_add(start)?;
                (self.rest.get(start..end)?, end.checked_add(2)?)
            }
        };
        self.rest = self.rest.get(after..)?;
        Some((tag, Self { rest: content }))
    }

    /// The content of the next element, which has to have this tag.
    fn next_of(&mut self, tag: u8) -> Option<Self> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn count(mut self) -> usize {
        std::iter::from_fn(|| self.next()).count()
    }
}

/// The tag of an element, how long its content is (`None` when that is left open), and where the content starts.
fn header(bytes: &[u8]) -> Option<(u8, Option<usize>, usize)> {
    let (&tag, &first) = (bytes.first()?, bytes.get(1)?);
    if first < 0x80 {
        return Some((tag, Some(usize::from(first)), 2));
    }
    let count = usize::from(first & 0x7F);
    if count == 0 {
        return Some((tag, None, 2));
    }
    if count > 4 {
        return None;
    }
    let digits = bytes.get(2..2 + count)?;
    let length = digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
    Some((tag, Some(length), 2 + count))
}

/// Where content ends whose length is left open: at the two zero bytes that close it.
fn open_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    let mut depth = 0_usize;
    loop {
        let rest = bytes.get(at..)?;
        let (tag, length, start) = header(rest)?;
        if tag == 0 && length == Some(0) {
            if depth == 0 {
                return Some(at);
            }
            depth -= 1;
        } else if length.is_none() {
            depth += 1;
        }
        at = at.checked_add(start)?.checked_add(length.unwrap_or(0))?;
    }
}

/// Makes signed data with some certificates and signers, for tests.
#[cfg(test)]
pub(super) fn sample(certificates: usize, signers: usize) -> Vec<u8> {
    let element = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
    let many = |count: usize| element(SEQUENCE, b"").repeat(count);
    let data = [
        element(0x02, &[1]),
        element(SET, b""),
        element(SEQUENCE, b""),
        element(EXPLICIT_0, &many(certificates)),
        element(SET, &many(signers)),
    ];
    let data = element(EXPLICIT_0, &element(SEQUENCE, &data.concat()));
    element(SEQUENCE, &[element(OBJECT_IDENTIFIER, SIGNED_DATA), data].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_and_signers_are_counted_and_padding_is_passed() {
        let mut bytes = sample(3, 1);
        assert_eq!(read(&bytes), Some(Signed { certificates: 3, signers: 1 }));
        bytes.extend([0; 40]);
        assert_eq!(read(&bytes), Some(Signed { certificates: 3, signers: 1 }));
        assert_eq!(read(&sample(0, 2)), Some(Signed { certificates: 0, signers: 2 }));
    }

    #[test]
    fn open_lengths_are_read() {
        let closed = sample(2, 1);
        let mut bytes = vec![SEQUENCE, 0x80];
        bytes.extend_from_slice(&closed[2..]);
        bytes.extend([0, 0]);
        assert_eq!(read(&bytes), Some(Signed { certificates: 2, signers: 1 }));
    }

    #[test]
    fn what_is_no_signed_data_has_nothing() {
        for bytes in
            [&b""[..], b"0", b"0\x80", b"\x04\x02ab", b"0\x84\xFF\xFF\xFF\xFF", &[0x30; 300], &[0x30, 0x80].repeat(300)]
        {
            assert_eq!(read(bytes), None);
        }
        for end in 0..sample(1, 1).len() {
            assert_eq!(read(&sample(1, 1)[..end]), None);
        }
    }
}

//! S/MIME: a message inside a signature (RFC 8551, in the CMS of RFC 5652).
//!
//! The structure is read as far as the signed content and no further: whether a signature is good is not asked, since the
//! result does not keep it. Programs that sign while they write use lengths that end with a mark (BER, not DER), which is why
//! this is not left to a reader of DER.

/// Content types, as the bytes of their identifiers: 1.2.840.113549.1.7.2, .3, and 1.2.840.113549.1.9.16.1.23.
const SIGNED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const ENVELOPED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
const AUTH_ENVELOPED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";

const OCTETS: u8 = 0x04;
const OCTETS_IN_PIECES: u8 = 0x24;
const IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONTENT: u8 = 0xa0;

/// How many structures may stand inside each other; the content of a signature needs six.
const DEPTH_MAX: usize = 16;

/// What is in a file of S/MIME.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cms {
    /// A message and its signature.
    Signed(Vec<u8>),
    /// Something only its recipient can read.
    Encrypted,
    /// A signature without a message, certificates, or nothing that is known.
    Other,
}

/// Looks into a file of S/MIME.
pub(super) fn open(bytes: &[u8]) -> Cms {
    read(bytes).unwrap_or(Cms::Other)
}

fn read(bytes: &[u8]) -> Option<Cms> {
    let (whole, _) = element(bytes, 0)?;
    let (kind, rest) = element(whole.inside(SEQUENCE)?, 0)?;
    match kind.inside(IDENTIFIER)? {
        SIGNED => {}
        ENVELOPED | AUTH_ENVELOPED => return Some(Cms::Encrypted),
        _ => return None,
    }
    let (content, _) = element(rest, 0)?;
    let (signed, _) = element(content.inside(CONTENT)?, 0)?;
    let (_version, rest) = element(signed.inside(SEQUENCE)?, 0)?;
    let (_digests, rest) = element(rest, 0)?;
    let (encapsulated, _) = element(rest, 0)?;
    let (_kind, rest) = element(encapsulated.inside(SEQUENCE)?, 0)?;
    let (content, _) = element(rest, 0)?;
    let (octets, _) = element(content.inside(CONTENT)?, 0)?;
    Some(Cms::Signed(octets.octets()?))
}

/// One element: what it is, and what is in it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

impl<'a> Element<'a> {
    fn inside(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }

    /// Octets, which may be in pieces.
    fn octets(&self) -> Option<Vec<u8>> {
        if self.tag == OCTETS {
            return Some(self.content.to_vec());
        }
        let (mut rest, mut octets) = (self.inside(OCTETS_IN_PIECES)?, Vec::new());
        while !rest.is_empty() {
            let (piece, after) = element(rest, 0)?;
            octets.extend_from_slice(piece.inside(OCTETS)?);
            rest = after;
        }
        Some(octets)
    }
}

/// Reads one element, and what stands behind it.
fn element(bytes: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk::<2>()?;
    if length == 0x80 && depth < DEPTH_MAX {
        // It ends where two zeros stand in the place of an element.
        let mut inner = rest;
        while !inner.starts_with(b"\0\0") {
            inner = element(inner, depth + 1)?.1;
        }
        let content = rest.get(..rest.len() - inner.len())?;
        return Some((Element { tag, content }, inner.get(2..)?));
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Element { tag, content }, rest))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag, 0x82];
        bytes.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend(content);
        bytes
    }

    fn ber(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    /// A message in a signature.
    pub(in crate::engines::mail) fn signed(message: &[u8]) -> Vec<u8> {
        wrapped(der, &der(OCTETS, message))
    }

    /// A message that nobody can read.
    pub(in crate::engines::mail) fn enveloped() -> Vec<u8> {
        der(SEQUENCE, &[der(IDENTIFIER, ENVELOPED), der(CONTENT, b"")].concat())
    }

    fn wrapped(element: fn(u8, &[u8]) -> Vec<u8>, octets: &[u8]) -> Vec<u8> {
        let content = [der(IDENTIFIER, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"), element(CONTENT, octets)].concat();
        let data = [der(0x02, b"\x01"), der(0x31, b""), element(SEQUENCE, &content), der(0x31, b"")].concat();
        element(SEQUENCE, &[der(IDENTIFIER, SIGNED), element(CONTENT, &element(SEQUENCE, &data))].concat())
    }

    #[test]
    fn a_message_is_taken_out_of_its_signature() {
        assert_eq!(open(&signed(b"Subject: a")), Cms::Signed(b"Subject: a".to_vec()));
        let pieces = ber(OCTETS_IN_PIECES, &[der(OCTETS, b"Subj"), der(OCTETS, b"ect: a")].concat());
        assert_eq!(open(&wrapped(ber, &pieces)), Cms::Signed(b"Subject: a".to_vec()));
    }

    #[test]
    fn what_is_encrypted_is_known_as_such() {
        assert_eq!(open(&enveloped()), Cms::Encrypted);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _cms = open(&bytes);
        }

        #[test]
        fn no_damage_makes_the_reader_panic(at in 0_usize..60, byte: u8) {
            let mut bytes = wrapped(ber, &ber(OCTETS_IN_PIECES, &der(OCTETS, b"Subject: a")));
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _cms = open(&bytes);
        }
    }
}

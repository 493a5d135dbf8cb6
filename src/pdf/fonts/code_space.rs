//! Code spaces: which bytes make up a code (ISO 32000-1, 9.7.6.2).

use super::cmap::number;

/// A range of codes of one length; each byte has a range of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Space {
    length: usize,
    first: [u8; 4],
    last: [u8; 4],
}

impl Space {
    /// A range from its first code to its last; `None` when they do not fit together.
    pub(super) fn new(first: &[u8], last: &[u8]) -> Option<Self> {
        let length = first.len();
        if length == 0 || length > 4 || last.len() != length {
            return None;
        }
        let pad = |bytes: &[u8]| {
            let mut padded = [0; 4];
            for (into, byte) in padded.iter_mut().zip(bytes) {
                *into = *byte;
            }
            padded
        };
        Some(Self { length, first: pad(first), last: pad(last) })
    }

    /// The first code and the last.
    pub(super) fn ends(&self) -> (Vec<u8>, Vec<u8>) {
        let cut = |code: &[u8; 4]| code.get(..self.length).unwrap_or_default().to_vec();
        (cut(&self.first), cut(&self.last))
    }

    /// The ranges of a map that every reader has. Adobe's families of encodings have a few shapes only.
    pub(super) fn predefined(name: &[u8]) -> Vec<Self> {
        let has = |part: &[u8]| memchr::memmem::find(name, part).is_some();
        let ranges: &[(&[u8], &[u8])] = if has(b"UTF16") {
            &[(b"\0\0", b"\xD7\xFF"), (b"\xD8\0\xDC\0", b"\xDB\xFF\xDF\xFF"), (b"\xE0\0", b"\xFF\xFF")]
        } else if has(b"RKSJ") {
            &[
                (b"\0", b"\x80"),
                (b"\xA0", b"\xDF"),
                (b"\xFD", b"\xFF"),
                (b"\x81\x40", b"\x9F\xFC"),
                (b"\xE0\x40", b"\xFC\xFC"),
            ]
        } else if has(b"GBK2K") {
            &[(b"\0", b"\x7F"), (b"\x81\x30\x81\x30", b"\xFE\x39\xFE\x39"), (b"\x81\x40", b"\xFE\xFE")]
        } else if has(b"CNS-EUC") {
            &[(b"\0", b"\x80"), (b"\xA1\xA1", b"\xFE\xFE"), (b"\x8E\xA1\xA1\xA1", b"\x8E\xA7\xFE\xFE")]
        } else if has(b"GBpc") {
            &[(b"\0", b"\x80"), (b"\xA1\xA1", b"\xFC\xFE"), (b"\xFD", b"\xFF")]
        } else if has(b"KSCpc") {
            &[(b"\0", b"\x84"), (b"\xA1\x41", b"\xFD\xFE"), (b"\xFE", b"\xFF")]
        } else if has(b"GBK") || has(b"UHC") {
            &[(b"\0", b"\x80"), (b"\x81\x40", b"\xFE\xFE")]
        } else if has(b"B5pc") {
            &[(b"\0", b"\x80"), (b"\xA1\x40", b"\xFC\xFE"), (b"\xFD", b"\xFF")]
        } else if has(b"B5") {
            &[(b"\0", b"\x80"), (b"\x87\x40", b"\xFE\xFE")]
        } else if name.starts_with(b"EUC") {
            &[(b"\0", b"\x80"), (b"\x8E\xA0", b"\x8E\xDF"), (b"\xA1\xA1", b"\xFE\xFE")]
        } else if has(b"EUC") {
            &[(b"\0", b"\x80"), (b"\xA1\xA1", b"\xFE\xFE")]
        } else if matches!(name, b"H" | b"V") {
            &[(b"\x21\x21", b"\x7E\x7E")]
        } else {
            &[(b"\0\0", b"\xFF\xFF")]
        };
        ranges.iter().filter_map(|(first, last)| Self::new(first, last)).collect()
    }

    /// Takes a code off the front of a string: its number and its length. Bytes that fit no range make code 0 of the
    /// length of the shortest range that fitted for longest (ISO 32000-1, 9.7.6.3).
    pub(super) fn take(spaces: &[Self], text: &[u8]) -> (u32, usize) {
        let mut shortest = spaces.iter().map(|space| space.length).min().unwrap_or(1);
        for length in 1..=text.len().min(4) {
            let head = text.get(..length).unwrap_or_default();
            if spaces.iter().any(|space| space.length == length && space.fits(head)) {
                return (number(head), length);
            }
            match spaces
                .iter()
                .filter(|space| space.length > length && space.fits(head))
                .map(|space| space.length)
                .min()
            {
                Some(length) => shortest = length,
                None => return (0, shortest.min(text.len())),
            }
        }
        (number(text), text.len())
    }

    fn fits(&self, head: &[u8]) -> bool {
        head.iter().zip(self.first.iter().zip(&self.last)).all(|(byte, (first, last))| (first..=last).contains(&byte))
    }
}

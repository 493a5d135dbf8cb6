//! The compression of rich text in messages of Outlook ([MS-OXRTFCP]).
//!
//! The crate `compressed-rtf` refuses what has a wrong checksum and drops bytes that are not ASCII, of which old messages in
//! Asian and Cyrillic encodings consist.

use crate::domain::limits;

const COMPRESSED: &[u8; 4] = b"LZFu";
const STORED: &[u8; 4] = b"MELA";
const WINDOW_BYTES: usize = 4_096;

/// What the window holds at the beginning: the words that most files begin with.
const FIRST_WORDS: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
    \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Unpacks rich text; what breaks off is kept up to there. `None` when it is packed in no known way.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let (head, packed) = bytes.split_first_chunk::<16>()?;
    let kind = head.get(8..12)?;
    if kind == STORED {
        return Some(packed.to_vec());
    }
    (kind == COMPRESSED).then(|| inflated(packed))
}

fn inflated(packed: &[u8]) -> Vec<u8> {
    let mut window = Window::new();
    let mut rest = packed.iter().copied();
    while let Some(flags) = rest.next() {
        for bit in 0..8 {
            if window.text.len() as u64 > limits::TEXT_BYTES_MAX {
                return window.text;
            }
            if flags >> bit & 1 == 0 {
                let Some(byte) = rest.next() else { return window.text };
                window.write(byte);
                continue;
            }
            let (Some(high), Some(low)) = (rest.next(), rest.next()) else { return window.text };
            let reference = usize::from(u16::from_be_bytes([high, low]));
            let (from, length) = (reference >> 4, (reference & 0xf) + 2);
            if from == window.at {
                return window.text;
            }
            for offset in 0..length {
                window.write(window.read(from + offset));
            }
        }
    }
    window.text
}

/// The last bytes, which later ones refer to.
struct Window {
    bytes: Vec<u8>,
    at: usize,
    text: Vec<u8>,
}

impl Window {
    fn new() -> Self {
        let mut bytes = FIRST_WORDS.to_vec();
        bytes.resize(WINDOW_BYTES, 0);
        Self { bytes, at: FIRST_WORDS.len(), text: Vec::new() }
    }

    fn read(&self, at: usize) -> u8 {
        self.bytes.get(at % WINDOW_BYTES).copied().unwrap_or_default()
    }

    fn write(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.at) {
            *place = byte;
        }
        self.at = (self.at + 1) % WINDOW_BYTES;
        self.text.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_specification_are_unpacked() {
        let simple = b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125\x42\x32\x0a\xf3 hel\x09\0 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        assert_eq!(unpack(simple).unwrap(), b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        let crossing = b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4\x4b\x51\x41\0\x04 WXYZ\x0d\x6e\x7d\x01\x0e\xb0";
        assert_eq!(unpack(crossing).unwrap(), b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
    }

    #[test]
    fn stored_text_is_taken_as_it_is() {
        assert_eq!(unpack(b"\x10\0\0\0\x04\0\0\0MELA\0\0\0\0{a\xe4}").unwrap(), b"{a\xe4}");
        assert_eq!(unpack(b"\x10\0\0\0\x04\0\0\0ABCD\0\0\0\0{a}"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _text = unpack(&[b"\0\0\0\0\0\0\0\0LZFu\0\0\0\0", bytes.as_slice()].concat());
        }
    }
}

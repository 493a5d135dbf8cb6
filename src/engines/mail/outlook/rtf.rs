//! HTML and plain text that Outlook keeps as rich text ([MS-OXRTFEX]): the HTML stands in places that a reader of rich text skips,
//! the rich text in places that a reader of HTML skips.

use std::collections::BTreeMap;

use encoding_rs::{Encoding, WINDOWS_1252};

use super::super::charset;

/// What rich text turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unwrapped {
    Html(String),
    Text(String),
    /// Nothing else than what it says.
    Rich,
}

/// Groups inside each other beyond which nothing is read.
const DEPTH_MAX: usize = 1_000;

/// Takes HTML or text out of rich text.
pub(super) fn unwrap(rich: &[u8]) -> Unwrapped {
    // The word that says what it is stands among the first ones, before any text.
    const HEAD_BYTES: usize = 1_024;
    let head = rich.get(..HEAD_BYTES).unwrap_or(rich);
    let says = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    let is_html = says(b"\\fromhtml1");
    if !is_html && !says(b"\\fromtext") {
        return Unwrapped::Rich;
    }
    let mut reader = Reader::new(rich);
    reader.run();
    let text = reader.out.finish();
    if is_html { Unwrapped::Html(text) } else { Unwrapped::Text(text) }
}

/// What holds within one group.
#[derive(Debug, Clone, Copy)]
struct State {
    place: Place,
    /// Between `\htmlrtf` and `\htmlrtf0` stands what only readers of rich text see.
    is_for_rich: bool,
    /// How many characters stand behind a `\u` for readers that do not know it.
    fallback: usize,
    encoding: Option<&'static Encoding>,
}

/// Where text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    /// HTML as it is.
    Tag,
    Fonts,
    Nowhere,
}

struct Reader<'a> {
    bytes: &'a [u8],
    state: State,
    stack: Vec<State>,
    /// Open groups past the deepest that is read.
    too_deep: usize,
    default: Option<&'static Encoding>,
    fonts: BTreeMap<i32, Option<&'static Encoding>>,
    font: i32,
    /// Characters that are still to be skipped behind a `\u`.
    skip: usize,
    /// Whether a group has just begun with `\*`: its first word decides whether anybody may skip it.
    is_optional: bool,
    out: Out,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let default = Some(WINDOWS_1252);
        let state = State { place: Place::Text, is_for_rich: false, fallback: 1, encoding: default };
        Self {
            bytes,
            state,
            stack: Vec::new(),
            too_deep: 0,
            default,
            fonts: BTreeMap::new(),
            font: 0,
            skip: 0,
            is_optional: false,
            out: Out::default(),
        }
    }

    fn run(&mut self) {
        while let Some((first, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            match first {
                b'{' => self.open(),
                b'}' => self.close(),
                b'\\' => self.control(),
                b'\r' | b'\n' => {}
                byte => self.byte(*byte),
            }
        }
    }

    fn open(&mut self) {
        if self.stack.len() >= DEPTH_MAX {
            self.too_deep += 1;
        } else {
            self.stack.push(self.state);
        }
        self.skip = 0;
    }

    fn close(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if let Some(state) = self.stack.pop() {
            self.state = state;
        }
        (self.skip, self.is_optional) = (0, false);
    }

    /// What begins with a backslash.
    fn control(&mut self) {
        let Some((first, rest)) = self.bytes.split_first() else { return };
        if first.is_ascii_alphabetic() {
            let (name, number) = self.word();
            self.obey(name, number);
            return;
        }
        self.bytes = rest;
        match first {
            b'\'' => {
                let digits = self.bytes.split_first_chunk::<2>();
                let byte =
                    digits.and_then(|(digits, _)| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
                if let (Some((_, rest)), Some(byte)) = (digits, byte) {
                    self.bytes = rest;
                    self.byte(byte);
                }
            }
            b'*' => self.is_optional = true,
            b'~' => self.char('\u{a0}'),
            b'_' => self.char('\u{2011}'),
            b'-' => self.char('\u{ad}'),
            b'\r' | b'\n' => self.obey(b"par", None),
            literal @ (b'{' | b'}' | b'\\') => self.byte(*literal),
            _ => {}
        }
    }

    /// A word of letters, perhaps a number, perhaps one blank.
    fn word(&mut self) -> (&'a [u8], Option<i32>) {
        let bytes = self.bytes;
        let letters = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (name, rest) = bytes.split_at(letters);
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest.iter().skip(sign).take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = if digits > 0 { rest.split_at(sign + digits) } else { rest.split_at(0) };
        self.bytes = rest.strip_prefix(b" ").unwrap_or(rest);
        (name, std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()))
    }

    fn obey(&mut self, name: &[u8], number: Option<i32>) {
        let is_optional = std::mem::take(&mut self.is_optional);
        match name {
            b"htmltag" => self.state.place = Place::Tag,
            b"fonttbl" => self.state.place = Place::Fonts,
            b"mhtmltag" | b"colortbl" | b"stylesheet" | b"info" | b"pntext" | b"pict" | b"object" | b"generator"
            | b"header" | b"footer" => self.state.place = Place::Nowhere,
            _ if is_optional => self.state.place = Place::Nowhere,
            b"htmlrtf" => self.state.is_for_rich = number != Some(0),
            b"ansicpg" => {
                self.default = number.and_then(|page| charset::of_code_page(i64::from(page))).or(self.default);
                self.state.encoding = self.default;
            }
            b"f" => {
                self.font = number.unwrap_or_default();
                if self.state.place != Place::Fonts {
                    self.state.encoding = self.fonts.get(&self.font).copied().flatten().or(self.default);
                }
            }
            b"plain" => self.state.encoding = self.default,
            b"fcharset" => {
                self.fonts.insert(self.font, number.and_then(of_font));
            }
            b"uc" => self.state.fallback = number.and_then(|count| usize::try_from(count).ok()).unwrap_or(1).min(8),
            b"u" => self.unicode(number.unwrap_or_default()),
            b"bin" => {
                let count = number.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
                self.bytes = self.bytes.get(count..).unwrap_or_default();
            }
            b"par" | b"line" => self.text("\r\n"),
            b"tab" => self.char('\t'),
            b"lquote" => self.char('\u{2018}'),
            b"rquote" => self.char('\u{2019}'),
            b"ldblquote" => self.char('\u{201c}'),
            b"rdblquote" => self.char('\u{201d}'),
            b"bullet" => self.char('\u{2022}'),
            b"endash" => self.char('\u{2013}'),
            b"emdash" => self.char('\u{2014}'),
            _ => {}
        }
    }

    /// A unit of UTF-16, as a number that may be negative.
    fn unicode(&mut self, number: i32) {
        if self.is_shown() {
            self.out.unit(u16::from_le_bytes(
                i16::try_from(number)
                    .map_or_else(|_| u16::try_from(number).unwrap_or(0xfffd).to_le_bytes(), i16::to_le_bytes),
            ));
        }
        self.skip = self.state.fallback;
    }

    fn is_shown(&self) -> bool {
        match self.state.place {
            Place::Tag => true,
            Place::Text => !self.state.is_for_rich,
            Place::Fonts | Place::Nowhere => false,
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.is_shown() {
            self.out.byte(byte, self.state.encoding.unwrap_or(WINDOWS_1252));
        }
    }

    fn char(&mut self, character: char) {
        self.text(character.encode_utf8(&mut [0; 4]));
    }

    fn text(&mut self, text: &str) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.is_shown() {
            self.out.text(text);
        }
    }
}

/// What is read, put together from bytes of many encodings.
#[derive(Debug, Default)]
struct Out {
    text: String,
    bytes: Vec<u8>,
    encoding: Option<&'static Encoding>,
    units: Vec<u16>,
}

impl Out {
    fn byte(&mut self, byte: u8, encoding: &'static Encoding) {
        if self.encoding != Some(encoding) || !self.units.is_empty() {
            self.flush();
        }
        self.encoding = Some(encoding);
        self.bytes.push(byte);
    }

    fn unit(&mut self, unit: u16) {
        if !self.bytes.is_empty() {
            self.flush();
        }
        self.units.push(unit);
    }

    fn text(&mut self, text: &str) {
        self.flush();
        self.text.push_str(text);
    }

    fn flush(&mut self) {
        let encoding = self.encoding.unwrap_or(WINDOWS_1252);
        self.text.push_str(&encoding.decode_without_bom_handling(&self.bytes).0);
        self.text.push_str(&String::from_utf16_lossy(&self.units));
        self.bytes.clear();
        self.units.clear();
    }

    fn finish(mut self) -> String {
        self.flush();
        self.text
    }
}

/// The encoding that the character set of a font of Windows stands for.
fn of_font(charset: i32) -> Option<&'static Encoding> {
    let page = match charset {
        0 => 1252,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    };
    charset::of_code_page(page)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn html_is_taken_out_without_what_stands_there_for_readers_of_rich_text() {
        let rich = [
            br"{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset128 MS;}}{\colortbl\red0;}".as_slice(),
            br"{\*\generator Outlook;}{\*\htmltag64 <p class='a'>}\htmlrtf {\b \htmlrtf0 \'cf\'f0\'e8\htmlrtf }\htmlrtf0 \u8364?",
            br"{\f1\'93\'fa}{\*\mhtmltag84 <img src=x>}{\*\htmltag84 <img src=y>}\par{\*\htmltag72 </p>}}",
        ];
        assert_eq!(unwrap(&rich.concat()), Unwrapped::Html("<p class='a'>При€日<img src=y>\r\n</p>".to_owned()));
    }

    #[test]
    fn plain_text_in_disguise_is_text_again_and_real_rich_text_is_left_alone() {
        assert_eq!(
            unwrap(br"{\rtf1\ansi\fromtext a \{b\}\par\tab c\emdash}"),
            Unwrapped::Text("a {b}\r\n\tc\u{2014}".to_owned())
        );
        assert_eq!(unwrap(br"{\rtf1\ansi {\b bold}}"), Unwrapped::Rich);
    }

    #[test]
    fn characters_outside_the_first_plane_come_in_two_units() {
        assert_eq!(
            unwrap(br"{\rtf1\ansi\fromtext\uc1 \u-10179?\u-8704?\u228 x!}"),
            Unwrapped::Text("\u{1f600}\u{e4}!".to_owned())
        );
    }

    #[test]
    fn groups_without_end_are_read_to_the_end() {
        let deep = [br"{\rtf1\fromtext ".as_slice(), &b"{".repeat(100_000), b"a", &b"}".repeat(99_000), b"b"].concat();
        assert_eq!(unwrap(&deep), Unwrapped::Text("ab".to_owned()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(words in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "\\u1 ", "\\u-99999", "\\uc9 ", "\\'", "\\'e4", "\\bin5 ", "\\*", "\\htmltag", "\\htmlrtf", "\\fonttbl", "\\f1", "\\fcharset204", "\\", "ä", "\\ansicpg936", "a",
        ]), 0..60)) {
            let _text = unwrap([b"\\fromhtml1".as_slice(), words.concat().as_bytes()].concat().as_slice());
        }
    }
}

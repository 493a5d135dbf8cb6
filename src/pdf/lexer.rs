//! Splits the bytes of a PDF into tokens (ISO 32000-1, 7.2 and 7.3) and says of each how it was written, which a parsed
//! object does not tell any more. Never fails: what makes no sense is a token, too.

use lopdf::{Dictionary, Object, StringFormat};

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'a> {
    /// An integer; one that does not fit is the nearest that does.
    Integer(i64),
    /// A real number.
    Real(f64),
    /// A name without its slash, unescaped.
    Name(Vec<u8>),
    /// A string, unescaped.
    Text {
        /// Its bytes.
        bytes: Vec<u8>,
        /// How it was written.
        written: Written,
    },
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// `<<`
    DictionaryStart,
    /// `>>`
    DictionaryEnd,
    /// A keyword or an operator.
    Word(&'a [u8]),
    /// A delimiter where none belongs.
    Stray(u8),
}

/// How a string was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// In parentheses.
    Literal,
    /// In hexadecimal digits.
    Hexadecimal {
        /// How many digits there were.
        digits: usize,
        /// Whether anything else but digits and white space was in it.
        has_others: bool,
    },
}

impl Written {
    /// How the library names it.
    pub(crate) const fn format(self) -> StringFormat {
        match self {
            Self::Literal => StringFormat::Literal,
            Self::Hexadecimal { .. } => StringFormat::Hexadecimal,
        }
    }
}

/// An array or a dictionary whose end has not come.
#[derive(Debug)]
pub(crate) struct Open {
    /// Whether it is a dictionary: keys and values stand in turn.
    pub(crate) is_dictionary: bool,
    /// What is in it so far.
    pub(crate) items: Vec<Object>,
}

impl Open {
    /// The object, now that its end has come. A key without a value, or one that is no name, is left out.
    pub(crate) fn close(self) -> Object {
        if !self.is_dictionary {
            return Object::Array(self.items);
        }
        let mut held = Dictionary::new();
        let mut items = self.items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            if let Object::Name(key) = key {
                held.set(key, value);
            }
        }
        Object::Dictionary(held)
    }
}

/// A real as the library holds it; what is too large becomes infinite, which limits notice.
#[expect(clippy::cast_possible_truncation, reason = "what is too large becomes infinite, which limits notice")]
pub(crate) fn narrow(value: f64) -> f32 {
    value as f32
}

/// Reads tokens one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at an offset.
    pub(crate) fn at(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, position }
    }

    /// Where it is: behind the last token.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Goes on somewhere else.
    pub(crate) fn seek(&mut self, position: usize) {
        self.position = position;
    }

    /// The bytes from here on.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// Passes white space and comments.
    pub(crate) fn skip_space(&mut self) {
        while let Some(&byte) = self.bytes.get(self.position) {
            if byte == b'%' {
                while self.bytes.get(self.position).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                    self.position += 1;
                }
            } else if is_space(byte) {
                self.position += 1;
            } else {
                return;
            }
        }
    }

    /// The next token; `None` at the end.
    pub(crate) fn token(&mut self) -> Option<Token<'a>> {
        self.skip_space();
        let byte = *self.bytes.get(self.position)?;
        let doubled = self.bytes.get(self.position + 1) == Some(&byte);
        Some(match byte {
            b'/' => {
                self.position += 1;
                Token::Name(unescape_name(self.regular()))
            }
            b'(' => self.literal(),
            b'<' if doubled => self.pass(2, Token::DictionaryStart),
            b'>' if doubled => self.pass(2, Token::DictionaryEnd),
            b'<' => self.hexadecimal(),
            b'[' => self.pass(1, Token::ArrayStart),
            b']' => self.pass(1, Token::ArrayEnd),
            b'>' | b')' | b'{' | b'}' => self.pass(1, Token::Stray(byte)),
            b'+' | b'-' | b'.' | b'0'..=b'9' => {
                let word = self.regular();
                number(word).unwrap_or(Token::Word(word))
            }
            _ => Token::Word(self.regular()),
        })
    }

    fn pass(&mut self, count: usize, token: Token<'a>) -> Token<'a> {
        self.position += count;
        token
    }

    fn regular(&mut self) -> &'a [u8] {
        let start = self.position;
        while self.bytes.get(self.position).is_some_and(|byte| !is_space(*byte) && !is_delimiter(*byte)) {
            self.position += 1;
        }
        self.bytes.get(start..self.position).unwrap_or_default()
    }

    fn literal(&mut self) -> Token<'a> {
        let mut bytes = Vec::new();
        let mut open = 0_usize;
        while let Some(&byte) = self.bytes.get(self.position) {
            self.position += 1;
            match byte {
                b'(' => {
                    open += 1;
                    if open > 1 {
                        bytes.push(byte);
                    }
                }
                b')' => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                    bytes.push(byte);
                }
                b'\\' => unescape(self.bytes, &mut self.position, &mut bytes),
                b'\r' => {
                    if self.bytes.get(self.position) == Some(&b'\n') {
                        self.position += 1;
                    }
                    bytes.push(b'\n');
                }
                _ => bytes.push(byte),
            }
        }
        Token::Text { bytes, written: Written::Literal }
    }

    fn hexadecimal(&mut self) -> Token<'a> {
        self.position += 1;
        let mut digits = Vec::new();
        let mut has_others = false;
        while let Some(&byte) = self.bytes.get(self.position) {
            self.position += 1;
            if byte == b'>' {
                break;
            }
            match char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()) {
                Some(digit) => digits.push(digit),
                None => has_others |= !is_space(byte),
            }
        }
        let bytes = digits.chunks(2).map(|pair| pair.first().unwrap_or(&0) << 4 | pair.get(1).unwrap_or(&0)).collect();
        Token::Text { bytes, written: Written::Hexadecimal { digits: digits.len(), has_others } }
    }
}

/// Whether a byte is white space (ISO 32000-1, table 1).
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

/// Whether a byte is a delimiter (ISO 32000-1, table 2).
pub(crate) const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn number<'a>(word: &[u8]) -> Option<Token<'a>> {
    let text = std::str::from_utf8(word).ok()?;
    let digits = text.trim_start_matches(['+', '-']);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let is_negative = text.starts_with('-');
        let value = digits.parse::<i64>().unwrap_or(i64::MAX);
        return Some(Token::Integer(if is_negative { -value } else { value }));
    }
    // Readers take a second sign as the end of the number.
    let digits = digits.split('-').next().unwrap_or_default();
    let value = if digits == "." { 0.0 } else { digits.parse::<f64>().ok()? };
    Some(Token::Real(if text.starts_with('-') { -value } else { value }))
}

/// Adds what stands behind a backslash in a string (ISO 32000-1, table 3), and passes it.
pub(crate) fn unescape(bytes: &[u8], position: &mut usize, text: &mut Vec<u8>) {
    let Some(&byte) = bytes.get(*position) else { return };
    *position += 1;
    match byte {
        b'n' => text.push(b'\n'),
        b'r' => text.push(b'\r'),
        b't' => text.push(b'\t'),
        b'b' => text.push(8),
        b'f' => text.push(12),
        b'0'..=b'7' => {
            let mut value = u32::from(byte - b'0');
            for _ in 0..2 {
                match bytes.get(*position) {
                    Some(digit @ b'0'..=b'7') => {
                        value = value * 8 + u32::from(digit - b'0');
                        *position += 1;
                    }
                    Some(_) | None => break,
                }
            }
            text.push(u8::try_from(value & 0xFF).unwrap_or(0));
        }
        b'\r' => {
            if bytes.get(*position) == Some(&b'\n') {
                *position += 1;
            }
        }
        b'\n' => {}
        other => text.push(other),
    }
}

/// Where the `EI` stands that ends the data of an inline image, which begin at `from`: one that stands alone and is followed
/// by text, not by more data.
pub(crate) fn end_of_image(bytes: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    while let Some(found) = bytes.get(from..).and_then(|rest| memchr::memmem::find(rest, b"EI")) {
        let at = from + found;
        let before = at.checked_sub(1).and_then(|index| bytes.get(index));
        let after = bytes.get(at + 2..(at + 12).min(bytes.len())).unwrap_or_default();
        let is_alone = before.is_none_or(|byte| is_space(*byte)) && after.first().is_none_or(|byte| is_space(*byte));
        if is_alone && after.iter().all(|byte| is_space(*byte) && *byte != 0 || (0x20..0x7F).contains(byte)) {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

/// The bytes of a name, of which `#` and two digits stand for one.
pub(crate) fn unescape_name(raw: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let code = tail
            .get(..2)
            .filter(|pair| byte == b'#' && pair.iter().all(u8::is_ascii_hexdigit))
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        if let Some(code) = code {
            name.push(code);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            name.push(byte);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(bytes: &[u8]) -> Vec<Token<'_>> {
        let mut lexer = Lexer::at(bytes, 0);
        std::iter::from_fn(|| lexer.token()).collect()
    }

    #[test]
    fn numbers_are_integers_or_reals_and_what_does_not_fit_is_the_nearest_that_does() {
        assert_eq!(
            tokens(b"12 -7 +3 .5 -.002 4. 99999999999999999999"),
            [
                Token::Integer(12),
                Token::Integer(-7),
                Token::Integer(3),
                Token::Real(0.5),
                Token::Real(-0.002),
                Token::Real(4.0),
                Token::Integer(i64::MAX),
            ]
        );
    }

    #[test]
    fn a_hexadecimal_string_tells_how_many_digits_it_had_and_whether_others_were_in_it() {
        let text = |bytes: &[u8], digits, has_others| Token::Text {
            bytes: bytes.to_vec(),
            written: Written::Hexadecimal { digits, has_others },
        };
        assert_eq!(
            tokens(b"<41 42><414><4x1>"),
            [text(b"AB", 4, false), text(b"A\x40", 3, false), text(b"A", 2, true)]
        );
    }

    #[test]
    fn names_are_unescaped_and_may_be_empty() {
        assert_eq!(
            tokens(b"/A#20B / /a#zz"),
            [Token::Name(b"A B".to_vec()), Token::Name(Vec::new()), Token::Name(b"a#zz".to_vec())]
        );
    }

    #[test]
    fn strings_nest_and_escape_and_comments_are_passed() {
        let text = |bytes: &[u8]| Token::Text { bytes: bytes.to_vec(), written: Written::Literal };
        assert_eq!(tokens(b"(a(b)c\\)\\101) % (not)\n(x\\\ny)"), [text(b"a(b)c)A"), text(b"xy")]);
    }

    #[test]
    fn junk_ends() {
        assert_eq!(tokens(b")>{"), [Token::Stray(b')'), Token::Stray(b'>'), Token::Stray(b'{')]);
        assert_eq!(tokens(b"((((").len(), 1);
        assert_eq!(
            tokens(b"<<>>[<"),
            [
                Token::DictionaryStart,
                Token::DictionaryEnd,
                Token::ArrayStart,
                Token::Text { bytes: Vec::new(), written: Written::Hexadecimal { digits: 0, has_others: false } }
            ]
        );
    }
}

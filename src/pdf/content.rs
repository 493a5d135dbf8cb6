//! Splits a content stream into operations. Never fails: what makes no sense is skipped, as viewers do.

use super::lexer::{end_of_image, is_delimiter, is_space, unescape, unescape_name};

/// Most operands that are kept for one operation; no operator takes more, and junk must not pile up.
const OPERANDS_MAX: usize = 1 << 16;

/// One operand, as far as anyone here asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    /// A number.
    Number(f32),
    /// A name, without its slash.
    Name(Vec<u8>),
    /// A string, unescaped.
    Text(Vec<u8>),
    /// The word `true`.
    True,
    /// A dictionary, `false` or null: nothing that colours, fonts or nesting depend on.
    Other,
}

/// Reads operations one after the other. Arrays are flattened into their elements.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the beginning.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// How many bytes have been read.
    pub(crate) const fn position(&self) -> usize {
        self.position
    }

    /// The next operator, its operands left in `operands`. An inline image comes as one `BI` with its entries.
    pub(crate) fn next(&mut self, operands: &mut Vec<Operand>) -> Option<&'a [u8]> {
        operands.clear();
        let mut dictionaries = 0_usize;
        loop {
            let byte = self.skip_space()?;
            let operand = match byte {
                b'[' | b']' | b'{' | b'}' | b')' => {
                    self.position += 1;
                    continue;
                }
                b'<' | b'>' => match self.angle(byte, &mut dictionaries) {
                    Some(operand) => operand,
                    None => continue,
                },
                b'(' => Operand::Text(self.literal()),
                b'/' => {
                    self.position += 1;
                    Operand::Name(unescape_name(self.regular()))
                }
                b'+' | b'-' | b'.' | b'0'..=b'9' => Operand::Number(number(self.regular())),
                _ => match self.word() {
                    b"true" => Operand::True,
                    b"false" | b"null" => Operand::Other,
                    b"BI" => continue,
                    b"ID" => {
                        self.skip_image();
                        return Some(b"BI");
                    }
                    word if dictionaries == 0 => return Some(word),
                    _ => Operand::Other,
                },
            };
            if dictionaries == 0 && operands.len() < OPERANDS_MAX {
                operands.push(operand);
            }
        }
    }

    fn angle(&mut self, byte: u8, dictionaries: &mut usize) -> Option<Operand> {
        let doubled = self.bytes.get(self.position + 1) == Some(&byte);
        if doubled {
            self.position += 2;
            if byte == b'<' {
                *dictionaries += 1;
                return None;
            }
            *dictionaries = dictionaries.saturating_sub(1);
            return Some(Operand::Other);
        }
        self.position += 1;
        (byte == b'<').then(|| Operand::Text(self.hexadecimal()))
    }

    fn skip_space(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.position)?;
            if byte == b'%' {
                while self.bytes.get(self.position).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                    self.position += 1;
                }
            } else if is_space(byte) {
                self.position += 1;
            } else {
                return Some(byte);
            }
        }
    }

    fn regular(&mut self) -> &'a [u8] {
        let start = self.position;
        while self.bytes.get(self.position).is_some_and(|byte| !is_space(*byte) && !is_delimiter(*byte)) {
            self.position += 1;
        }
        self.bytes.get(start..self.position).unwrap_or_default()
    }

    fn word(&mut self) -> &'a [u8] {
        let word = self.regular();
        if word.is_empty() {
            self.position += 1;
        }
        word
    }

    fn literal(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut open = 0_usize;
        while let Some(&byte) = self.bytes.get(self.position) {
            self.position += 1;
            match byte {
                b'(' => {
                    open += 1;
                    if open > 1 {
                        text.push(byte);
                    }
                }
                b')' => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                    text.push(byte);
                }
                b'\\' => unescape(self.bytes, &mut self.position, &mut text),
                _ => text.push(byte),
            }
        }
        text
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        let mut digits = Vec::new();
        while let Some(&byte) = self.bytes.get(self.position) {
            self.position += 1;
            if byte == b'>' {
                break;
            }
            digits.extend(char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
        }
        digits.chunks(2).map(|pair| pair.first().unwrap_or(&0) << 4 | pair.get(1).unwrap_or(&0)).collect()
    }

    /// Skips the data of an inline image.
    fn skip_image(&mut self) {
        let end = end_of_image(self.bytes, self.position + 1);
        self.position = end.map_or(self.bytes.len(), |at| at + 2);
    }
}

fn number(text: &[u8]) -> f32 {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators(content: &[u8]) -> Vec<(String, Vec<Operand>)> {
        let mut reader = Reader::new(content);
        let mut operands = Vec::new();
        let mut all = Vec::new();
        while let Some(operator) = reader.next(&mut operands) {
            all.push((String::from_utf8_lossy(operator).into_owned(), operands.clone()));
        }
        all
    }

    #[test]
    fn operands_stand_before_their_operator() {
        let all = operators(b"/F1 12 Tf [(a\\051) -20 <4142>] TJ");
        assert_eq!(all[0], ("Tf".into(), vec![Operand::Name(b"F1".to_vec()), Operand::Number(12.0)]));
        assert_eq!(all[1].1, [Operand::Text(b"a)".to_vec()), Operand::Number(-20.0), Operand::Text(b"AB".to_vec())]);
    }

    #[test]
    fn an_inline_image_is_one_operation_whatever_its_data() {
        let all = operators(b"q BI /W 1 /CS /CMYK ID \x00EI\xff( EI Q");
        assert_eq!(all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["q", "BI", "Q"]);
        assert!(all[1].1.contains(&Operand::Name(b"CMYK".to_vec())));
    }

    #[test]
    fn a_property_dictionary_is_one_operand() {
        let all = operators(b"/Span <</ActualText (q Q) /X <</Y 1>>>> BDC");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].0, "BDC");
    }

    #[test]
    fn junk_ends() {
        assert!(operators(b"((((").is_empty());
        assert_eq!(operators(b")) >> ]] \x80\x81 Q").len(), 2);
    }
}

//! Reads a content stream as operations (ISO 32000-1, 7.8.2): an operator with its operands as objects, and how they are written.
//! [`super::content`] reads the same in less time, for those who ask for less.

use lopdf::{Dictionary, Object};

use super::lexer::{Lexer, Open, Token, Written, end_of_image, narrow};

/// Most operands that are kept for one operator, and most elements of an array; the standard's limit is 8191.
const OPERANDS_MAX: usize = 1 << 14;

/// How deep arrays and dictionaries may nest among operands.
const DEPTH_MAX: usize = 32;

/// The smallest real number above zero (ISO 32000-1, table C.1).
const REAL_MIN: f64 = 1.175e-38;

/// An operation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Operation<'b> {
    /// The operator. An inline image comes as one `BI`.
    pub(crate) operator: &'b [u8],
    /// Its operands; of an inline image, its dictionary.
    pub(crate) operands: Vec<Object>,
    /// The data of an inline image.
    pub(crate) data: &'b [u8],
    /// What is wrong with how its operands are written.
    pub(crate) faults: Vec<Fault>,
}

/// What may be wrong with how an operand is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A hexadecimal string with an odd number of digits.
    OddDigits,
    /// A hexadecimal string with other characters in it.
    OtherDigits,
    /// A delimiter where none belongs, or one that is missing.
    Unbalanced,
    /// A real number that is closer to zero than single precision holds.
    Tiny,
}

impl Operation<'_> {
    /// The first operand as a name.
    pub(crate) fn name(&self) -> Option<&[u8]> {
        self.operands.first()?.as_name().ok()
    }

    /// The last operand as a name.
    pub(crate) fn last_name(&self) -> Option<&[u8]> {
        self.operands.last()?.as_name().ok()
    }

    /// The first operand as a dictionary.
    pub(crate) fn dictionary(&self) -> Option<&Dictionary> {
        self.operands.first()?.as_dict().ok()
    }
}

/// Reads operations one after the other.
#[derive(Debug)]
pub(crate) struct Reader<'b> {
    lexer: Lexer<'b>,
}

impl<'b> Reader<'b> {
    /// Starts at the beginning.
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { lexer: Lexer::at(bytes, 0) }
    }

    /// How many bytes have been read.
    pub(crate) fn position(&self) -> usize {
        self.lexer.position()
    }

    /// The next operation; `None` at the end. Operands without an operator at the end are dropped.
    pub(crate) fn next(&mut self) -> Option<Operation<'b>> {
        let mut operation = Operation::default();
        let mut open: Vec<Open> = Vec::new();
        loop {
            let operand = match self.lexer.token()? {
                Token::Integer(value) => Object::Integer(value),
                Token::Real(value) => {
                    if value != 0.0 && value.abs() < REAL_MIN {
                        operation.faults.push(Fault::Tiny);
                    }
                    Object::Real(narrow(value))
                }
                Token::Name(name) => Object::Name(name),
                Token::Text { bytes, written } => {
                    operation.faults.extend(fault(written));
                    Object::String(bytes, written.format())
                }
                token @ (Token::ArrayStart | Token::DictionaryStart) => {
                    if open.len() >= DEPTH_MAX {
                        operation.faults.push(Fault::Unbalanced);
                    } else {
                        open.push(Open { is_dictionary: token == Token::DictionaryStart, items: Vec::new() });
                    }
                    continue;
                }
                token @ (Token::ArrayEnd | Token::DictionaryEnd) => {
                    let Some(closed) = open.pop() else {
                        operation.faults.push(Fault::Unbalanced);
                        continue;
                    };
                    if closed.is_dictionary != (token == Token::DictionaryEnd) {
                        operation.faults.push(Fault::Unbalanced);
                    }
                    closed.close()
                }
                Token::Stray(_) => {
                    operation.faults.push(Fault::Unbalanced);
                    continue;
                }
                Token::Word(b"true") => Object::Boolean(true),
                Token::Word(b"false") => Object::Boolean(false),
                Token::Word(b"null") => Object::Null,
                Token::Word(b"BI") => {
                    operation.operands.clear();
                    continue;
                }
                Token::Word(b"ID") => {
                    let entries = std::mem::take(&mut operation.operands);
                    operation.operands = vec![Open { is_dictionary: true, items: entries }.close()];
                    operation.operator = b"BI";
                    operation.data = self.image();
                    return Some(operation);
                }
                Token::Word(word) => {
                    if open.is_empty() {
                        operation.operator = word;
                        return Some(operation);
                    }
                    operation.faults.push(Fault::Unbalanced);
                    continue;
                }
            };
            let operands = open.last_mut().map_or(&mut operation.operands, |open| &mut open.items);
            if operands.len() < OPERANDS_MAX {
                operands.push(operand);
            }
        }
    }

    /// Passes the data of an inline image.
    fn image(&mut self) -> &'b [u8] {
        let rest = self.lexer.rest();
        let start = self.lexer.position();
        if let Some(at) = end_of_image(rest, 1) {
            self.lexer.seek(start + at + 2);
            return rest.get(1..at - 1).unwrap_or_default();
        }
        self.lexer.seek(start + rest.len());
        rest.get(1..).unwrap_or_default()
    }
}

fn fault(written: Written) -> Option<Fault> {
    match written {
        Written::Literal => None,
        Written::Hexadecimal { has_others: true, .. } => Some(Fault::OtherDigits),
        Written::Hexadecimal { digits, .. } => (digits % 2 == 1).then_some(Fault::OddDigits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators(bytes: &[u8]) -> Vec<String> {
        let mut reader = Reader::new(bytes);
        std::iter::from_fn(|| reader.next()).map(|found| String::from_utf8_lossy(found.operator).into_owned()).collect()
    }

    #[test]
    fn operands_stand_before_their_operator_and_keep_their_shape() {
        let found = Reader::new(b"/Span <</ActualText (q Q) /X [1 2.5]>> BDC").next().unwrap();
        assert_eq!(found.operator, b"BDC");
        assert_eq!(found.name(), Some(&b"Span"[..]));
        assert_eq!(found.operands[1].as_dict().unwrap().get(b"X").unwrap().as_array().unwrap().len(), 2);
    }

    #[test]
    fn an_inline_image_is_one_operation_whatever_its_data() {
        assert_eq!(operators(b"q BI /W 1 /CS /CMYK ID \x00EI\xff( EI Q"), ["q", "BI", "Q"]);
        let found = Reader::new(b"BI /W 1 /H 1 ID abc\nEI Q").next().unwrap();
        assert_eq!((found.data, found.dictionary().unwrap().len()), (&b"abc"[..], 2));
    }

    #[test]
    fn what_is_written_wrongly_is_told() {
        assert_eq!(Reader::new(b"<414> Tj").next().unwrap().faults, [Fault::OddDigits]);
        assert_eq!(Reader::new(b"] [1 2] TJ").next().unwrap().faults, [Fault::Unbalanced]);
        assert!(operators(b"((((").is_empty());
    }
}

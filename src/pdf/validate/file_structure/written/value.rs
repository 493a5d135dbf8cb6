//! Reads one object as it is written, and notes what is wrong with how it is written.

use lopdf::Object;

use super::super::flaws::Flaws;
use crate::pdf::{
    lexer::{Lexer, Open, Token, narrow},
    validate::Place,
};

/// How deep arrays and dictionaries may nest.
const DEPTH_MAX: usize = 512;

/// Reads an object; `None` when what stands there is none. The lexer is left behind it, or before the word that is no
/// object.
pub(super) fn read(lexer: &mut Lexer<'_>, flaws: &mut Flaws, place: Place) -> Option<Object> {
    let mut open: Vec<Open> = Vec::new();
    loop {
        let before = lexer.position();
        let found = match lexer.token()? {
            Token::Integer(value) => {
                flaws.integer(value, place);
                if open.is_empty() {
                    return Some(reference(lexer, value).unwrap_or(Object::Integer(value)));
                }
                Object::Integer(value)
            }
            Token::Real(value) => {
                flaws.real(value, place);
                Object::Real(narrow(value))
            }
            Token::Name(name) => {
                flaws.name(&name, place);
                Object::Name(name)
            }
            Token::Text { bytes, written } => {
                flaws.string(bytes.len(), place);
                flaws.digits(written, place);
                Object::String(bytes, written.format())
            }
            token @ (Token::ArrayStart | Token::DictionaryStart) => {
                if open.len() >= DEPTH_MAX {
                    return None;
                }
                open.push(Open { is_dictionary: token == Token::DictionaryStart, items: Vec::new() });
                continue;
            }
            token @ (Token::ArrayEnd | Token::DictionaryEnd) => {
                let closed = open.pop()?;
                if closed.is_dictionary != (token == Token::DictionaryEnd) {
                    return None;
                }
                let held = closed.close();
                flaws.size(&held, place);
                held
            }
            Token::Word(b"true") => Object::Boolean(true),
            Token::Word(b"false") => Object::Boolean(false),
            Token::Word(b"null") => Object::Null,
            Token::Word(b"R") => {
                let items = &mut open.last_mut()?.items;
                let (generation, number) = (items.pop()?, items.pop()?);
                let (number, generation) = (number.as_i64().ok()?, generation.as_i64().ok()?);
                Object::Reference((u32::try_from(number).ok()?, u16::try_from(generation).ok()?))
            }
            Token::Word(_) | Token::Stray(_) => {
                lexer.seek(before);
                return None;
            }
        };
        let Some(outer) = open.last_mut() else { return Some(found) };
        outer.items.push(found);
    }
}

/// A reference that begins with an integer, when the rest of it follows.
fn reference(lexer: &mut Lexer<'_>, number: i64) -> Option<Object> {
    let mut ahead = lexer.clone();
    let Some(Token::Integer(generation)) = ahead.token() else { return None };
    if ahead.token() != Some(Token::Word(b"R")) {
        return None;
    }
    *lexer = ahead;
    Some(Object::Reference((u32::try_from(number).ok()?, u16::try_from(generation).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(bytes: &[u8]) -> Option<Object> {
        read(&mut Lexer::at(bytes, 0), &mut Flaws::default(), Place::default())
    }

    #[test]
    fn values_nest_and_references_are_told_from_numbers() {
        let found = value(b"<</A[1 2 0 R 3]/B 4 0 R/C(x)>>").unwrap();
        let held = found.as_dict().unwrap();
        assert_eq!(held.get(b"A").unwrap().as_array().unwrap()[1], Object::Reference((2, 0)));
        assert_eq!(held.get(b"B").unwrap(), &Object::Reference((4, 0)));
        assert_eq!(value(b"7 0 R"), Some(Object::Reference((7, 0))));
        assert_eq!(value(b"7 0 endobj"), Some(Object::Integer(7)));
    }

    #[test]
    fn what_is_no_object_is_none_however_deep() {
        for bytes in [&b"endobj"[..], b"", b"[1 2", b"[>>", b"<</A R>>", b"R", b"}"] {
            assert_eq!(value(bytes), None, "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(value(&b"[".repeat(100_000)), None);
    }
}

//! What a signature signs, and what it is made of.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Object, ObjectId, xref::XrefEntry};

use super::{cms, fields};
use crate::pdf::{
    lexer::{Lexer, Token, Written, is_space},
    object,
    validate::{Place, rule::Findings, subject::Subject},
};

/// What ends each revision of a file.
const END: &[u8] = b"%%EOF";

/// How many bytes are read of an end of file or a start of cross-references.
const WINDOW_BYTES: usize = 96;

/// Most signatures that are looked at.
const SIGNATURES_MAX: usize = 64;

/// A signature.
struct Signature<'a> {
    /// The field that has it.
    place: Place,
    /// The object of its dictionary; `None` for a direct one.
    id: Option<ObjectId>,
    held: &'a Dictionary,
}

/// A digest is computed over the whole revision of the file that the signature ends, but for the signature itself: the
/// byte range goes from the start to the signature's contents, and from there to the end
/// (ISO 19005-2 and -3, 6.4.3 and annex B).
pub(super) fn cover_the_file(subject: &Subject<'_>, findings: &mut Findings) {
    for signature in all(subject) {
        if !covers(subject, &signature) {
            findings.add(signature.place, || {
                "The byte range of a signature does not cover all of the file but the signature.".to_owned()
            });
        }
    }
}

/// The contents of a signature are a PKCS #7 object of one signer, with a certificate
/// (ISO 19005-2 and -3, 6.4.3 and annex B).
pub(super) fn are_of_one_signer(subject: &Subject<'_>, findings: &mut Findings) {
    for signature in all(subject) {
        let Some(Object::String(contents, _)) = object::get(subject.document, signature.held, b"Contents") else {
            continue;
        };
        match cms::read(contents) {
            None => findings.add(signature.place, || "A signature is no PKCS #7 object.".to_owned()),
            Some(signed) if signed.signers != 1 => {
                findings.add(signature.place, || format!("A signature has {} signers.", signed.signers));
            }
            Some(signed) => findings.add_if(signed.certificates == 0, signature.place, || {
                "A signature comes without the certificate of its signer.".to_owned()
            }),
        }
    }
}

fn all<'a>(subject: &Subject<'a>) -> Vec<Signature<'a>> {
    let document = subject.document;
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for field in fields::all(subject) {
        let kind = fields::inherited(subject, field.held, b"FT").and_then(|kind| kind.as_name().ok());
        let value = field.held.get(b"V").ok().filter(|_| kind == Some(b"Sig"));
        if let Some(held) = value.and_then(|value| object::resolve(document, value).as_dict().ok()) {
            let id = value.and_then(|value| object::target(document, value));
            if found.len() >= SIGNATURES_MAX || id.is_some_and(|id| !seen.insert(id)) {
                continue;
            }
            found.push(Signature { place: field.place, id, held });
        }
    }
    found
}

fn covers(subject: &Subject<'_>, signature: &Signature<'_>) -> bool {
    let range = object::array(subject.document, signature.held, b"ByteRange").unwrap_or_default();
    let range: Vec<usize> = range
        .iter()
        .filter_map(|number| object::resolve(subject.document, number).as_i64().ok())
        .filter_map(|number| usize::try_from(number).ok())
        .collect();
    let &[first, before, second, after] = range.as_slice() else { return false };
    let Some((start, end)) = signature.id.and_then(|id| contents(subject, id)) else { return false };
    let Some(covered) = second.checked_add(after) else { return false };
    // Offsets in the file count from its first byte, those of objects from the header.
    let is_around = |junk: usize| first == 0 && before == start + junk && second == end + junk;
    let junk = if is_around(0) { 0 } else { subject.junk };
    is_around(junk) && covered.checked_sub(junk).is_some_and(|covered| ends_revision(subject.bytes, end, covered))
}

/// Where the contents of a signature dictionary are written in the file.
fn contents(subject: &Subject<'_>, id: ObjectId) -> Option<(usize, usize)> {
    let mut lexer = open(subject, id)?;
    if lexer.token()? != Token::DictionaryStart {
        return None;
    }
    loop {
        let Token::Name(key) = lexer.token()? else { return None };
        if key != b"Contents" {
            pass(&mut lexer)?;
            continue;
        }
        if let Some(other) = reference(&mut lexer) {
            lexer = open(subject, other)?;
        }
        lexer.skip_space();
        let start = lexer.position();
        let token = lexer.token()?;
        let is_right = matches!(token, Token::Text { written: Written::Hexadecimal { .. } | Written::Literal, .. });
        return is_right.then(|| (start, lexer.position()));
    }
}

/// A lexer behind `obj` of an object that is written in the file itself.
fn open<'a>(subject: &Subject<'a>, id: ObjectId) -> Option<Lexer<'a>> {
    let &XrefEntry::Normal { offset, .. } = subject.document.reference_table.get(id.0)? else { return None };
    let mut lexer = Lexer::at(subject.bytes, usize::try_from(offset).ok()?);
    let number = lexer.token()?;
    lexer.token()?;
    (number == Token::Integer(i64::from(id.0)) && lexer.token()? == Token::Word(b"obj")).then_some(lexer)
}

/// Passes a value.
fn pass(lexer: &mut Lexer<'_>) -> Option<()> {
    if reference(lexer).is_some() {
        return Some(());
    }
    let mut depth = 0_usize;
    loop {
        match lexer.token()? {
            Token::ArrayStart | Token::DictionaryStart => depth += 1,
            Token::ArrayEnd | Token::DictionaryEnd => depth = depth.checked_sub(1)?,
            Token::Integer(_)
            | Token::Real(_)
            | Token::Name(_)
            | Token::Text { .. }
            | Token::Word(_)
            | Token::Stray(_) => {}
        }
        if depth == 0 {
            return Some(());
        }
    }
}

/// Reads a reference; reads nothing when there is none.
fn reference(lexer: &mut Lexer<'_>) -> Option<ObjectId> {
    let mut ahead = lexer.clone();
    let (Token::Integer(number), Token::Integer(generation)) = (ahead.token()?, ahead.token()?) else { return None };
    if ahead.token()? != Token::Word(b"R") {
        return None;
    }
    *lexer = ahead;
    Some((u32::try_from(number).ok()?, u16::try_from(generation).ok()?))
}

/// Whether a revision ends at `covered`: the first one that ends after `from`. The end of the line after its last
/// line belongs to it when the file goes no further, and may when it does.
fn ends_revision(bytes: &[u8], from: usize, covered: usize) -> bool {
    let Some(end) = revision_end(bytes, from) else { return covered == bytes.len() };
    let line = match bytes.get(end..).unwrap_or_default() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    };
    let after = end + line;
    if after == bytes.len() { covered == after } else { (end..=after).contains(&covered) }
}

/// Where the first revision ends that has its cross-references behind `from`: behind its `%%EOF`. What looks like an
/// end of a file within an embedded file has another offset.
fn revision_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memmem::find(bytes.get(at..)?, b"startxref")? + b"startxref".len();
        let tail = window(bytes, at);
        let mut lexer = Lexer::at(tail, 0);
        let Some(Token::Integer(offset)) = lexer.token() else { continue };
        let rest = lexer.rest();
        let gap = rest.iter().take_while(|byte| is_space(**byte)).count();
        let is_end = rest.get(gap..).unwrap_or_default().starts_with(END);
        let is_own = |offset: usize| (from..at).contains(&offset) && is_xref(window(bytes, offset));
        if is_end && usize::try_from(offset).is_ok_and(is_own) {
            return Some(at + lexer.position() + gap + END.len());
        }
    }
}

/// As many bytes from an offset on as are looked at there.
fn window(bytes: &[u8], from: usize) -> &[u8] {
    bytes.get(from..bytes.len().min(from.saturating_add(WINDOW_BYTES))).unwrap_or_default()
}

/// Whether bytes start with a table or a stream of cross-references.
fn is_xref(bytes: &[u8]) -> bool {
    let mut lexer = Lexer::at(bytes, 0);
    match lexer.token() {
        Some(Token::Word(b"xref")) => true,
        Some(Token::Integer(_)) => {
            matches!((lexer.token(), lexer.token()), (Some(Token::Integer(_)), Some(Token::Word(b"obj"))))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Document, Object, StringFormat, dictionary};

    use super::{super::RULES, *};
    use crate::pdf::validate::{Flavour, annotations::testing};

    /// A file with a signature whose byte range covers it; `shift` is added to the numbers of the range.
    fn signed(contents: &[u8], shift: [i64; 4]) -> Vec<u8> {
        let mut document = testing::document(dictionary! {}, dictionary! {});
        let signature = document.add_object(dictionary! {
            "Type" => "Sig",
            "Reference" => vec![dictionary! { "Contents" => 1 }.into()],
            "ByteRange" => vec![0.into(), 1_111_111_111.into(), 1_222_222_222.into(), 1_333_333_333.into()],
            "Contents" => Object::String(contents.to_vec(), StringFormat::Hexadecimal),
        });
        let field = dictionary! { "T" => Object::string_literal("s"), "FT" => "Sig", "V" => signature };
        document.catalog_mut().unwrap().set("AcroForm", dictionary! { "Fields" => vec![field.into()] });
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        let hex: String = contents.iter().map(|byte| format!("{byte:02X}")).collect();
        let start = memchr::memmem::find(&bytes.to_ascii_uppercase(), format!("<{hex}>").as_bytes()).unwrap();
        let end = start + hex.len() + 2;
        let range = [0, start, end, bytes.len() - end];
        let old = [0, 1_111_111_111, 1_222_222_222, 1_333_333_333];
        for ((old, new), shift) in old.into_iter().zip(range).zip(shift).skip(1) {
            let new = format!("{:010}", i64::try_from(new).unwrap() + shift);
            let at = memchr::memmem::find(&bytes, format!("{old}").as_bytes()).unwrap();
            bytes[at..at + 10].copy_from_slice(new.as_bytes());
        }
        bytes
    }

    fn broken(bytes: &[u8]) -> Vec<&'static str> {
        let document = Document::load_mem(bytes).unwrap();
        let subject = Subject::new(bytes, 0, &document, Flavour::A2B);
        RULES.iter().filter_map(|rule| rule.run(&subject)).map(|failure| failure.rule).collect()
    }

    #[test]
    fn a_signature_covers_all_but_itself() {
        let contents = cms::sample(1, 1);
        assert!(broken(&signed(&contents, [0; 4])).is_empty());
        for shift in [[0, 1, 0, 0], [0, -1, 0, 0], [0, 0, 1, -1], [0, 0, 0, -20], [0, 0, 0, 9]] {
            assert_eq!(broken(&signed(&contents, shift)), ["signature-byte-range"], "{shift:?}");
        }
    }

    #[test]
    fn a_revision_after_the_signed_one_is_not_covered() {
        let mut bytes = signed(&cms::sample(1, 1), [0; 4]);
        let start = bytes.len();
        bytes.extend_from_slice(b"\nxref\n0 0\ntrailer\n<<>>\nstartxref\n");
        bytes.extend_from_slice(format!("{}\n%%EOF\n", start + 1).as_bytes());
        let from = memchr::memmem::find(&bytes, b"Contents").unwrap();
        let end = revision_end(&bytes, from).unwrap();
        assert!((start - 1..=start).contains(&end));
        assert!(ends_revision(&bytes, from, end));
        assert!(!ends_revision(&bytes, from, bytes.len()));
    }

    #[test]
    fn a_signature_is_of_one_signer_with_a_certificate() {
        for contents in [cms::sample(0, 1), cms::sample(1, 0), cms::sample(1, 2), b"none".to_vec()] {
            assert_eq!(broken(&signed(&contents, [0; 4])), ["signature-object"]);
        }
    }
}

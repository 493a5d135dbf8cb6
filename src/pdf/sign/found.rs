//! The signatures that a file has.

use std::ops;

use lopdf::{Dictionary, Document};
use ring::digest::{self, Algorithm};

use super::{
    Error, base,
    certificate::Certificate,
    cms::SignedData,
    fields::{Field, Fields},
    time_stamp,
    verdict::{self, Checked, Verdict},
};
use crate::pdf::{lexer, object};

/// How far a signature reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of the file.
    File,
    /// All of the file as it was at an earlier time; something was appended since.
    Revision,
    /// Not even that: parts of its own revision are not signed.
    Partial,
}

/// A signature in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The full name of its field.
    pub field: String,
    /// How it is made, as in `ETSI.CAdES.detached`.
    pub sub_filter: String,
    /// The common name of who signed; `None` when it cannot be read.
    pub signer: Option<String>,
    /// How far it reaches.
    pub coverage: Coverage,
    /// Whether it holds for what it reaches. Whether the signer is to be trusted is not asked.
    pub verdict: Verdict,
    /// Whether its time stamp holds; `None` when it has none.
    pub time_stamp: Option<Verdict>,
}

/// The signatures of a file, in the order of its form.
///
/// # Errors
/// `Encrypted`, `Document` when the file cannot be read or has more than a hundred signatures.
pub fn signatures(bytes: &[u8]) -> Result<Vec<Found>, Error> {
    let document = base::load(bytes)?;
    let fields = Fields::read(&document)?;
    let signed = fields.signed()?;
    Ok(signed.into_iter().map(|(field, signature)| look(bytes, &document, field, signature)).collect())
}

fn look(bytes: &[u8], document: &Document, field: &Field<'_>, signature: &Dictionary) -> Found {
    let sub_filter = object::name(document, signature, b"SubFilter").map(object::shown).unwrap_or_default();
    let range = Range::read(bytes, document, signature);
    let coverage = range.as_ref().map_or(Coverage::Partial, |range| range.coverage(bytes));
    let contents = object::get(document, signature, b"Contents").and_then(|contents| contents.as_str().ok());
    let (checked, time_stamp) = match (range, contents) {
        (None, _) => (Checked::unknown("its range does not lie in the file"), None),
        (Some(_), None) => (Checked::unknown("it is empty"), None),
        (Some(range), Some(contents)) => check(&sub_filter, contents, &range),
    };
    let signer = checked.certificate.as_ref().and_then(Certificate::name);
    Found { field: field.name.clone(), sub_filter, signer, coverage, verdict: checked.verdict, time_stamp }
}

fn check(sub_filter: &str, contents: &[u8], range: &Range<'_>) -> (Checked, Option<Verdict>) {
    let digest = |algorithm| range.digest(algorithm);
    let held = match sub_filter {
        "ETSI.RFC3161" => return (time_stamp::verdict(contents, digest), None),
        "ETSI.CAdES.detached" | "adbe.pkcs7.detached" => false,
        "adbe.pkcs7.sha1" => true,
        other => return (Checked::unknown(format!("signatures of the kind {other} are not known")), None),
    };
    let Ok(data) = SignedData::read(contents) else {
        return (Checked::unknown("it cannot be read"), None);
    };
    let checked = if held {
        let mut checked = verdict::of_held(&data);
        let signed = data.held();
        let is_altered = signed.is_none_or(|signed| signed.as_bytes() != digest(&digest::SHA1_FOR_LEGACY_USE_ONLY));
        if checked.verdict == Verdict::Valid && is_altered {
            checked.verdict = Verdict::Altered;
        }
        checked
    } else {
        verdict::of_detached(&data, digest)
    };
    let stamp = data.signer().and_then(|signer| {
        let stamped = signer.signature.as_bytes();
        let digest = |algorithm| digest::digest(algorithm, stamped).as_ref().to_vec();
        signer.time_stamp().map(|token| time_stamp::verdict(&token, digest).verdict)
    });
    (checked, stamp)
}

/// Where a signature stands in its file, brackets included, and its bytes, if between the parts that it is over is nothing else.
pub(super) fn hole<'a>(
    bytes: &[u8],
    document: &'a Document,
    signature: &'a Dictionary,
) -> Option<(ops::Range<usize>, &'a [u8])> {
    let range = Range::read(bytes, document, signature).filter(|range| range.is_whole)?;
    let contents = object::get(document, signature, b"Contents").and_then(|contents| contents.as_str().ok())?;
    Some((range.hole, contents))
}

/// What a signature is over.
struct Range<'a> {
    /// The bytes before and behind the contents.
    parts: [&'a [u8]; 2],
    /// Whether between these is nothing but the contents.
    is_whole: bool,
    /// Where the contents stand.
    hole: ops::Range<usize>,
    end: usize,
}

impl<'a> Range<'a> {
    /// Reads a `ByteRange`; `None` when it is not two parts of the file, one behind the other.
    fn read(bytes: &'a [u8], document: &Document, signature: &Dictionary) -> Option<Self> {
        let numbers = object::array(document, signature, b"ByteRange")?;
        let numbers: Vec<usize> =
            numbers.iter().map_while(|number| usize::try_from(number.as_i64().ok()?).ok()).collect();
        let [start, length, again, rest] = numbers.try_into().ok()?;
        let (stop, end) = (start.checked_add(length)?, again.checked_add(rest)?);
        let hole = bytes.get(stop..again)?;
        let contents = object::get(document, signature, b"Contents").and_then(|contents| contents.as_str().ok())?;
        let is_whole = start == 0 && is_written(hole, contents);
        Some(Self { parts: [bytes.get(start..stop)?, bytes.get(again..end)?], is_whole, hole: stop..again, end })
    }

    fn coverage(&self, bytes: &[u8]) -> Coverage {
        let before = bytes.get(..self.end).unwrap_or_default().trim_ascii_end();
        if !self.is_whole {
            Coverage::Partial
        } else if self.end == bytes.len() {
            Coverage::File
        } else if before.ends_with(b"%%EOF") {
            Coverage::Revision
        } else {
            Coverage::Partial
        }
    }

    fn digest(&self, algorithm: &'static Algorithm) -> Vec<u8> {
        let mut context = digest::Context::new(algorithm);
        for part in self.parts {
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    }
}

/// Whether bytes of a file are a string in hexadecimal digits, and nothing else.
fn is_written(bytes: &[u8], string: &[u8]) -> bool {
    let mut lexer = lexer::Lexer::at(bytes, 0);
    let is_string =
        bytes.starts_with(b"<") && matches!(lexer.token(), Some(lexer::Token::Text { bytes, .. }) if bytes == string);
    is_string && lexer.position() == bytes.len()
}

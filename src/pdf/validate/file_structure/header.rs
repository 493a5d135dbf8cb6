//! The file header (ISO 19005-1, -2, -3 and -4, 6.1.2).

use crate::pdf::validate::{
    Part, Place,
    rule::{Clauses, Findings, Rule, Scope},
    subject::Subject,
};

/// The first line names the version, at the first byte of the file.
pub(super) const HEADER: Rule = Rule {
    name: "file-header",
    clauses: Clauses::all("6.1.2", "6.1.2", "6.1.2"),
    scope: Scope::Every,
    remedy: "Write the header at the first byte, as a line of its own with a version that this part is based on.",
    check: header,
};

/// The second line tells programs that the file is not text.
pub(super) const BINARY_COMMENT: Rule = Rule {
    name: "binary-comment",
    clauses: Clauses::all("6.1.2", "6.1.2", "6.1.2"),
    scope: Scope::Every,
    remedy: "Write a line of % and four bytes above 127 right after the header.",
    check: binary_comment,
};

/// The header begins at the first byte of the file and is a line of nothing but `%PDF-` and a version of the kind `1.n`
/// (`2.n` in part 4; part 1 takes any), where parts 2 and 3 know 1.0 to 1.7 (6.1.2 of all parts).
fn header(subject: &Subject<'_>, findings: &mut Findings) {
    let line = line(subject.bytes);
    let part = subject.flavour.part();
    let is_known = matches!(line.strip_prefix(b"%PDF-"), Some([major, b'.', minor]) if match part {
        Part::One => major.is_ascii_digit() && minor.is_ascii_digit(),
        Part::Two | Part::Three => *major == b'1' && (b'0'..=b'7').contains(minor),
        Part::Four => *major == b'2' && minor.is_ascii_digit(),
    });
    findings.add_if(subject.junk > 0, Place::default(), || {
        format!("The header does not stand at the first byte of the file but after {} others.", subject.junk)
    });
    findings.add_if(!is_known, Place::default(), || {
        let line: String = String::from_utf8_lossy(line).chars().take(32).collect();
        format!("The header \"{line}\" does not name a version that part {} knows.", part_number(part))
    });
}

/// The line after the header is a comment whose first four characters are bytes above 127 (6.1.2 of all parts).
fn binary_comment(subject: &Subject<'_>, findings: &mut Findings) {
    let rest = subject.bytes.get(line(subject.bytes).len()..).unwrap_or_default();
    let rest = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\r")).or(rest.strip_prefix(b"\n")).unwrap_or_default();
    let is_right =
        matches!(rest, [b'%', bytes @ ..] if bytes.len() >= 4 && bytes.iter().take(4).all(|byte| *byte > 127));
    if !is_right {
        findings.add_document("The line after the header is not a comment of at least four bytes above 127.");
    }
}

/// The first line, without its end.
fn line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| super::written::is_line_end(*byte)).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}

const fn part_number(part: Part) -> u8 {
    match part {
        Part::One => 1,
        Part::Two => 2,
        Part::Three => 3,
        Part::Four => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{breaks, file};
    use super::*;
    use crate::pdf::validate::Flavour;

    fn with_head(head: &[u8]) -> Vec<u8> {
        let bytes = file(|_| {});
        let body = memchr::memmem::find(&bytes, b"1 0 obj").unwrap();
        [head, &bytes[body..]].concat()
    }

    #[test]
    fn a_header_names_a_version_of_its_part_on_a_line_of_its_own() {
        let cases: [(&[u8], Flavour, bool); 9] = [
            (b"%PDF-1.4\n%\xff\xff\xff\xff\n", Flavour::A2B, false),
            (b"%PDF-1.8\n%\xff\xff\xff\xff\n", Flavour::A2B, true),
            (b"%PDF-1.7 \n%\xff\xff\xff\xff\n", Flavour::A2B, true),
            (b"%PDF-1.74\n%\xff\xff\xff\xff\n", Flavour::A2B, true),
            (b"%PDF-2.0\n%\xff\xff\xff\xff\n", Flavour::A2B, true),
            (b"%PDF-2.0\n%\xff\xff\xff\xff\n", Flavour::A1B, false),
            (b"%PDF-2.0\r\n%\xff\xff\xff\xff\n", Flavour::A4, false),
            (b"%PDF-1.7\n%\xff\xff\xff\xff\n", Flavour::A4, true),
            (b"\n%PDF-1.7\n%\xff\xff\xff\xff\n", Flavour::A2B, true),
        ];
        for (head, flavour, is_broken) in cases {
            assert_eq!(breaks(&HEADER, &with_head(head), flavour), is_broken, "{}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn a_comment_of_four_high_bytes_follows_the_header() {
        let cases: [(&[u8], bool); 5] = [
            (b"%PDF-1.4\n%\xff\xfe\xfd\xfcabc\n", false),
            (b"%PDF-1.4\r%\xff\xfe\xfd\xfc\r", false),
            (b"%PDF-1.4\n%\xff\xfe\xfd\n", true),
            (b"%PDF-1.4\n\n%\xff\xfe\xfd\xfc\n", true),
            (b"%PDF-1.4\n", true),
        ];
        for (head, is_broken) in cases {
            assert_eq!(breaks(&BINARY_COMMENT, &with_head(head), Flavour::A2B), is_broken, "{head:?}");
        }
    }
}

//! Streams and their filters (part 1, 6.1.7 and 6.1.10; parts 2 and 3, 6.1.7 and 6.1.10; part 4, 6.1.6 and 6.1.9).

use std::collections::BTreeSet;

use lopdf::Object;

use super::flaws::Flaw;
use crate::pdf::{
    object,
    validate::{
        Part,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

/// The length of a stream is as its dictionary says.
pub(super) const LENGTH: Rule = Rule {
    name: "stream-length",
    clauses: Clauses::all("6.1.7", "6.1.7.1", "6.1.6.1"),
    scope: Scope::Every,
    remedy: "Write the number of bytes between the end of line after stream and that before endstream as Length.",
    check: length,
};

/// The words around the data of a stream have ends of line.
pub(super) const KEYWORDS: Rule = Rule {
    name: "stream-keywords",
    clauses: Clauses::to_three("6.1.7", "6.1.7.1"),
    scope: Scope::Every,
    remedy: "End the line after the word stream by a line feed, and the line before endstream.",
    check: keywords,
};

/// The data of a stream are in the file.
pub(super) const EXTERNAL: Rule = Rule {
    name: "stream-in-file",
    clauses: Clauses::all("6.1.7", "6.1.7.1", "6.1.6.1"),
    scope: Scope::Every,
    remedy: "Put the data into the stream and take F, FFilter and FDecodeParms out of its dictionary.",
    check: external,
};

/// No stream is packed by LZW.
pub(super) const LZW: Rule = Rule {
    name: "no-lzw",
    clauses: Clauses::all("6.1.10", "6.1.7.2", "6.1.6.2"),
    scope: Scope::Every,
    remedy: "Pack the stream by Flate instead.",
    check: lzw,
};

/// A stream has filters that the standard knows.
pub(super) const FILTERS: Rule = Rule {
    name: "standard-filters",
    clauses: Clauses::from_two("6.1.7.2", "6.1.6.2"),
    scope: Scope::Every,
    remedy: "Pack the stream by a filter of ISO 32000, such as FlateDecode.",
    check: filters,
};

/// No inline image is packed by LZW.
pub(super) const INLINE_LZW: Rule = Rule {
    name: "no-inline-lzw",
    clauses: Clauses::only(Part::One, "6.1.10"),
    scope: Scope::Every,
    remedy: "Pack the inline image by Flate instead.",
    check: inline_lzw,
};

/// An inline image has filters that are made for it.
pub(super) const INLINE_FILTERS: Rule = Rule {
    name: "inline-image-filters",
    clauses: Clauses::from_two("6.1.10", "6.1.9"),
    scope: Scope::Every,
    remedy: "Pack the inline image by a filter that ISO 32000 has for inline images, such as Flate.",
    check: inline_filters,
};

/// 3D artwork is U3D or PRC.
pub(super) const ARTWORK: Rule = Rule {
    name: "artwork-format",
    clauses: Clauses::only(Part::Four, "6.1.6.1"),
    scope: Scope::Engineering,
    remedy: "Convert the 3D artwork to U3D or PRC.",
    check: artwork,
};

/// Length is the number of bytes between the line feed after `stream` and the end of line before `endstream` (part 1,
/// 6.1.7; parts 2 and 3, 6.1.7.1; part 4, 6.1.6.1).
fn length(subject: &Subject<'_>, findings: &mut Findings) {
    subject.written().flaws.tell(Flaw::StreamLength, findings);
}

/// `stream` is followed by a line feed, with or without a carriage return before it, and `endstream` is preceded by an
/// end of line (part 1, 6.1.7; parts 2 and 3, 6.1.7.1).
fn keywords(subject: &Subject<'_>, findings: &mut Findings) {
    subject.written().flaws.tell(Flaw::StreamKeyword, findings);
}

/// The dictionary of a stream does not have F, `FFilter` or `FDecodeParms` (part 1, 6.1.7; parts 2 and 3, 6.1.7.1;
/// part 4, 6.1.6.1).
fn external(subject: &Subject<'_>, findings: &mut Findings) {
    subject.written().flaws.tell(Flaw::StreamExternal, findings);
}

/// The filter `LZWDecode` is not used (part 1, 6.1.10; parts 2 and 3, 6.1.7.2; part 4, 6.1.6.2).
fn lzw(subject: &Subject<'_>, findings: &mut Findings) {
    subject.written().flaws.tell(Flaw::FilterLzw, findings);
}

/// A filter is one that ISO 32000 lists, and Crypt only where its parameters say Identity (parts 2 and 3, 6.1.7.2;
/// part 4, 6.1.6.2).
fn filters(subject: &Subject<'_>, findings: &mut Findings) {
    subject.written().flaws.tell(Flaw::FilterOther, findings);
}

/// The filter `LZWDecode` is not used in inline images either (part 1, 6.1.10).
fn inline_lzw(subject: &Subject<'_>, findings: &mut Findings) {
    super::tell(subject, Flaw::InlineLzw, findings);
}

/// The filter of an inline image is one that ISO 32000 lists for it, but not LZW (parts 2 and 3, 6.1.10; part 4,
/// 6.1.9).
fn inline_filters(subject: &Subject<'_>, findings: &mut Findings) {
    super::tell(subject, Flaw::InlineFilter, findings);
}

/// A 3D stream has the subtype U3D or PRC (part 4, 6.1.6.1 and annex B). Its type is optional, a key 3DD leads to it.
fn artwork(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    let mut artworks = BTreeSet::new();
    subject.each_dictionary(|id, held| {
        if object::name(document, held, b"Type") == Some(b"3D") {
            artworks.insert(id);
        }
        artworks.extend(held.get(b"3DD").ok().and_then(|value| object::target(document, value)));
    });
    for id in artworks {
        let Some(Object::Stream(stream)) = document.objects.get(&id) else { continue };
        let kind = object::name(document, &stream.dict, b"Subtype");
        findings.add_if(!matches!(kind, Some(b"U3D" | b"PRC")), id, || {
            let kind = kind.map_or("none".to_owned(), object::shown);
            format!("A 3D stream has the subtype {kind}, not U3D or PRC.")
        });
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Stream, dictionary};

    use super::super::testing::{breaks, drawing, file, rewritten};
    use super::*;
    use crate::pdf::validate::Flavour;

    /// A file whose page content is written as `written` instead of `stream\n0 0 1 1 re f\nendstream`.
    fn content(written: &str) -> Vec<u8> {
        let bytes = file(|_| {});
        let start = memchr::memmem::find(&bytes, b"stream").unwrap();
        let end = memchr::memmem::find(&bytes, b"endstream").unwrap() + 9;
        let now = std::str::from_utf8(&bytes[start..end]).unwrap().to_owned();
        rewritten(&bytes, &now, written)
    }

    #[test]
    fn the_length_of_a_stream_is_what_its_dictionary_says() {
        for (written, is_broken) in [
            ("stream\n0 0 1 1 re f\nendstream", false),
            ("stream\r\n0 0 1 1 re f\r\nendstream", false),
            ("stream\n0 0 1 1 re f\rendstream", false),
            ("stream\n0 0 1 1 re f \nendstream", true),
            ("stream\n0 0 1 1 re f\n\nendstream", true),
            ("stream\n0 0 1 1 re\nendstream", true),
            ("stream\n0 0 1 1 re ff\nendstream", true),
            ("stream\n0 0 1 1 re f\n", true),
        ] {
            for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A4] {
                assert_eq!(breaks(&LENGTH, &content(written), flavour), is_broken, "{written:?}");
            }
        }
    }

    #[test]
    fn the_words_around_the_data_have_ends_of_line() {
        for (written, is_broken) in [
            ("stream\n0 0 1 1 re f\nendstream", false),
            ("stream\r\n0 0 1 1 re f\rendstream", false),
            ("stream\r0 0 1 1 re f\nendstream", true),
            ("stream 0 0 1 1 re f\nendstream", true),
            ("stream\n0 0 1 1 re fendstream", true),
        ] {
            assert_eq!(breaks(&KEYWORDS, &content(written), Flavour::A2B), is_broken, "{written:?}");
        }
    }

    fn with_stream(dictionary: lopdf::Dictionary) -> Vec<u8> {
        file(|document| {
            let id = document.add_object(Stream::new(dictionary, b"x".to_vec()));
            document.catalog_mut().unwrap().set("Extra", id);
        })
    }

    #[test]
    fn data_of_a_stream_are_in_the_file_and_packed_by_known_filters() {
        let name = |name: &str| Object::Name(name.as_bytes().to_vec());
        for key in ["F", "FFilter", "FDecodeParms"] {
            assert!(breaks(&EXTERNAL, &with_stream(dictionary! { key => name("x") }), Flavour::A2B), "{key}");
        }
        assert!(!breaks(&EXTERNAL, &file(|_| {}), Flavour::A2B));
        let identity =
            || dictionary! { "Filter" => name("Crypt"), "DecodeParms" => dictionary! { "Name" => name("Identity") } };
        for (held, is_lzw, is_other) in [
            (dictionary! { "Filter" => name("RunLengthDecode") }, false, false),
            (dictionary! { "Filter" => vec![name("ASCIIHexDecode"), name("LZWDecode")] }, true, false),
            (dictionary! { "Filter" => name("Fl") }, false, true),
            (dictionary! { "Filter" => name("Crypt") }, false, true),
            (identity(), false, false),
        ] {
            let bytes = with_stream(held.clone());
            assert_eq!(breaks(&LZW, &bytes, Flavour::A1B), is_lzw, "{held:?}");
            assert_eq!(breaks(&LZW, &bytes, Flavour::A2B), is_lzw, "{held:?}");
            assert_eq!(breaks(&FILTERS, &bytes, Flavour::A2B), is_other, "{held:?}");
            assert!(!breaks(&FILTERS, &bytes, Flavour::A1B), "part 1 forbids LZW only");
        }
    }

    #[test]
    fn an_inline_image_has_filters_that_are_for_it() {
        for (filter, is_lzw, is_wrong) in [
            ("/Fl", false, false),
            ("/LZW", true, true),
            ("[/A85 /LZWDecode]", true, true),
            ("/JBIG2Decode", false, true),
        ] {
            let bytes = drawing(&format!("BI /W 1 /H 1 /BPC 8 /CS /G /F {filter} ID x\nEI"));
            assert_eq!(breaks(&INLINE_LZW, &bytes, Flavour::A1B), is_lzw, "{filter}");
            assert_eq!(breaks(&INLINE_FILTERS, &bytes, Flavour::A2B), is_wrong, "{filter}");
        }
    }

    #[test]
    fn artwork_is_of_two_formats() {
        for (kind, is_wrong) in [("U3D", false), ("PRC", false), ("STEP", true)] {
            let bytes = with_stream(dictionary! { "Type" => "3D", "Subtype" => kind });
            assert_eq!(breaks(&ARTWORK, &bytes, Flavour::A4E), is_wrong, "{kind}");
        }
    }
}

//! The names of natural languages.

use lopdf::{Dictionary, Object};

use super::tree;
use crate::pdf::{
    object,
    validate::{Part, Place, rule::Findings, subject::Subject},
};

/// Most letters or digits between the dashes of a language tag.
const SUBTAG_MAX: usize = 8;

/// A language that the catalog, a structure element or a property list names is named by a language tag, or left open
/// by an empty text (ISO 19005-1, 6.8.4: RFC 1766; -2 and -3, 6.7.4: RFC 3066). What is no text is not read as one.
pub(super) fn are_tags(subject: &Subject<'_>, findings: &mut Findings) {
    let mut look = |place: Place, holder: &Dictionary| {
        if let Some(tag) = object::get(subject.document, holder, b"Lang").and_then(|tag| fault(subject, tag)) {
            findings.add(place, || message(&tag));
        }
    };
    if let Some(catalog) = subject.catalog() {
        look(Place::default(), catalog);
    }
    for (place, element) in tree::elements(subject) {
        look(place, element);
    }
    for (tag, place) in &subject.facts().logical_structure.faulty_languages {
        findings.add(*place, || message(tag));
    }
}

/// A language that is not named by a language tag; `None` for one that is.
pub(super) fn fault(subject: &Subject<'_>, tag: &Object) -> Option<String> {
    tag.as_str().ok()?;
    let text = lopdf::decode_text_string(tag).unwrap_or_else(|_| "\u{FFFD}".to_owned());
    (!is_tag(subject.flavour.part(), &text)).then_some(text)
}

fn message(tag: &str) -> String {
    let tag: String = tag.chars().take(40).collect();
    format!("The language \"{tag}\" is not named by a language tag.")
}

/// Whether a text is empty or a language tag: letters, then further letters between dashes, with digits after part 1.
fn is_tag(part: Part, text: &str) -> bool {
    let is_short = |subtag: &str| (1..=SUBTAG_MAX).contains(&subtag.len());
    let is_rest = |subtag: &str| match part {
        Part::One => subtag.bytes().all(|byte| byte.is_ascii_alphabetic()),
        Part::Two | Part::Three | Part::Four => subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    };
    let mut subtags = text.split('-');
    let primary = subtags.next().unwrap_or_default();
    text.is_empty()
        || (is_short(primary)
            && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
            && subtags.all(|subtag| is_short(subtag) && is_rest(subtag)))
}

#[cfg(test)]
mod tests {
    use lopdf::{Document, Object, Stream, dictionary};

    use super::{super::RULES, *};
    use crate::pdf::validate::{Flavour, annotations::testing};

    #[test]
    fn a_language_tag_has_letters_then_letters_or_digits_between_dashes() {
        let cases = [
            ("", true, true),
            ("en", true, true),
            ("de-CH", true, true),
            ("i-klingon", true, true),
            ("de-1996", false, true),
            ("zh-Hant-TW", true, true),
            ("en_US", false, false),
            ("en-", false, false),
            ("-en", false, false),
            ("1en", false, false),
            ("abcdefghi", false, false),
            ("en-abcdefghi", false, false),
            ("d\u{E9}", false, false),
        ];
        for (text, one, two) in cases {
            assert_eq!(is_tag(Part::One, text), one, "{text}");
            assert_eq!(is_tag(Part::Two, text), two, "{text}");
        }
    }

    /// A document that names a language in the catalog, an element, a property list in content, and a named one.
    fn speaking(languages: [&str; 4]) -> Document {
        let [catalog, element, inline, named] = languages.map(Object::string_literal);
        let Object::String(inline, _) = inline else { unreachable!() };
        let root = dictionary! { "K" => dictionary! { "S" => "P", "Lang" => element } };
        let catalog = dictionary! {
            "Lang" => catalog, "StructTreeRoot" => root, "MarkInfo" => dictionary! { "Marked" => true },
        };
        let properties = dictionary! { "Properties" => dictionary! { "A" => dictionary! { "Lang" => named } } };
        let mut document = testing::document(catalog, dictionary! { "Resources" => properties });
        let inline = String::from_utf8(inline).unwrap();
        let content = format!("/Span <</Lang ({inline})>> BDC EMC /Span /A BDC EMC");
        let content = document.add_object(Stream::new(dictionary! {}, content.into_bytes()));
        let page = document.page_iter().next().unwrap();
        document.get_dictionary_mut(page).unwrap().set("Contents", content);
        document
    }

    #[test]
    fn languages_are_looked_at_wherever_they_are_named() {
        for flavour in [Flavour::A1A, Flavour::A2A, Flavour::A3A] {
            assert!(testing::broken(&speaking(["en", "de-DE", "fr", ""]), flavour, RULES).is_empty());
            for wrong in 0..4 {
                let mut languages = ["en"; 4];
                languages[wrong] = "en_US";
                assert_eq!(testing::broken(&speaking(languages), flavour, RULES), ["language"], "{wrong}");
            }
        }
        assert!(testing::broken(&speaking(["en_US"; 4]), Flavour::A2B, RULES).is_empty());
    }
}

//! Limits of implementations (part 1, 6.1.12; parts 2 and 3, 6.1.13). Part 4 has none.

use std::collections::BTreeSet;

use lopdf::Object;

use super::flaws::Flaw;
use crate::pdf::{
    lexer::{Lexer, Token},
    object, stream,
    validate::{
        Part, Place,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

/// Most indirect objects.
const OBJECTS_MAX: usize = 8_388_607;
/// The largest character identifier.
const CID_MAX: i64 = 65_535;
/// Most bytes of a character map that is looked at; the largest real ones have 1 MiB.
const CMAP_BYTES_MAX: usize = 16 << 20;
/// The smallest and the largest side of a page, in units.
const PAGE_SIDES: std::ops::RangeInclusive<f64> = 3.0..=14_400.0;
/// How much a side may differ from that because numbers are kept in single precision.
const ROUNDING: f64 = 0.001;

const BOTH: Clauses = Clauses::to_three("6.1.12", "6.1.13");
const FROM_TWO: Clauses = Clauses::two_and_three("6.1.13");
const ONE: Clauses = Clauses::only(Part::One, "6.1.12");

/// Makes a rule that tells what was found in objects and in content.
macro_rules! limit {
    ($rule:ident, $check:ident, $name:literal, $clauses:expr, $flaw:ident, $remedy:literal, $doc:literal) => {
        #[doc = $doc]
        pub(super) const $rule: Rule =
            Rule { name: $name, clauses: $clauses, scope: Scope::Every, remedy: $remedy, check: $check };

        #[doc = $doc]
        fn $check(subject: &Subject<'_>, findings: &mut Findings) {
            super::tell(subject, Flaw::$flaw, findings);
        }
    };
}

limit!(
    INTEGER,
    integer,
    "integer-range",
    BOTH,
    IntegerRange,
    "Write integers between -2147483648 and 2147483647 only.",
    "An integer fits into 32 bits (part 1, 6.1.12; parts 2 and 3, 6.1.13)."
);
limit!(
    REAL_ONE,
    real_one,
    "real-range-one",
    ONE,
    RealRangeOne,
    "Write real numbers between -32767 and 32767 only.",
    "A real number is between -32767 and 32767 (part 1, 6.1.12)."
);
limit!(
    REAL,
    real,
    "real-range",
    FROM_TWO,
    RealRange,
    "Write real numbers between -3.403e38 and 3.403e38 only.",
    "A real number is between -3.403e38 and 3.403e38 (parts 2 and 3, 6.1.13)."
);
limit!(
    REAL_TINY,
    real_tiny,
    "real-near-zero",
    FROM_TWO,
    RealTiny,
    "Write zero instead of numbers that are almost zero.",
    "A real number that is not zero is not closer to it than 1.175e-38 (parts 2 and 3, 6.1.13)."
);
limit!(
    STRING_ONE,
    string_one,
    "string-length-one",
    ONE,
    StringLengthOne,
    "Keep strings within 65535 bytes.",
    "A string has at most 65535 bytes (part 1, 6.1.12)."
);
limit!(
    STRING,
    string,
    "string-length",
    FROM_TWO,
    StringLength,
    "Keep strings within 32767 bytes.",
    "A string has at most 32767 bytes (parts 2 and 3, 6.1.13)."
);
limit!(
    NAME,
    name,
    "name-length",
    BOTH,
    NameLength,
    "Keep names within 127 bytes.",
    "A name has at most 127 bytes (part 1, 6.1.12; parts 2 and 3, 6.1.13)."
);
limit!(
    ARRAY,
    array,
    "array-length",
    ONE,
    ArrayLength,
    "Split the array.",
    "An array has at most 8191 elements (part 1, 6.1.12)."
);
limit!(
    DICTIONARY,
    dictionary,
    "dictionary-length",
    ONE,
    DictionaryLength,
    "Split the dictionary.",
    "A dictionary has at most 4095 entries (part 1, 6.1.12)."
);
limit!(
    NESTING,
    nesting,
    "saved-states",
    BOTH,
    Nesting,
    "Restore the graphics state before it is saved 28 times.",
    "The graphics state is saved (q) at most 28 times before it is restored (part 1, 6.1.12; parts 2 and 3, 6.1.13)."
);

/// There are not too many objects.
pub(super) const OBJECTS: Rule =
    Rule { name: "object-count", clauses: BOTH, scope: Scope::Every, remedy: "Split the document.", check: objects };

/// A `DeviceN` colour space has not too many colourants.
pub(super) const COLOURANTS: Rule = Rule {
    name: "colourant-count",
    clauses: BOTH,
    scope: Scope::Every,
    remedy: "Use colour spaces with fewer colourants.",
    check: colourants,
};

/// Character identifiers are not too large.
pub(super) const CIDS: Rule = Rule {
    name: "character-identifier",
    clauses: BOTH,
    scope: Scope::Every,
    remedy: "Use a character map that leads to identifiers up to 65535.",
    check: cids,
};

/// Pages are neither too small nor too large.
pub(super) const PAGE_SIZE: Rule = Rule {
    name: "page-size",
    clauses: FROM_TWO,
    scope: Scope::Every,
    remedy: "Give every page boundary sides of 3 to 14400 units; UserUnit makes pages larger than that.",
    check: page_size,
};

/// There are at most 8388607 indirect objects (part 1, 6.1.12; parts 2 and 3, 6.1.13).
fn objects(subject: &Subject<'_>, findings: &mut Findings) {
    let count = subject.written().objects;
    findings.add_if(count > OBJECTS_MAX, Place::default(), || {
        format!("There are {count} indirect objects, more than {OBJECTS_MAX}.")
    });
}

/// A `DeviceN` colour space has at most 8 colourants in part 1 (6.1.12), and 32 in parts 2 and 3 (6.1.13).
fn colourants(subject: &Subject<'_>, findings: &mut Findings) {
    let most = if subject.flavour.part() == Part::One { 8 } else { 32 };
    subject.each_value(|id, value| {
        let Ok([Object::Name(kind), names, ..]) = value.as_array().map(Vec::as_slice) else { return };
        if kind != b"DeviceN" {
            return;
        }
        let count = object::resolve(subject.document, names).as_array().map_or(0, Vec::len);
        findings
            .add_if(count > most, id, || format!("A DeviceN colour space has {count} colourants, more than {most}."));
    });
}

/// A character map leads to no identifier above 65535 (part 1, 6.1.12; parts 2 and 3, 6.1.13).
fn cids(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    let mut maps = BTreeSet::new();
    subject.each_dictionary(|id, held| {
        if object::name(document, held, b"Type") == Some(b"CMap") {
            maps.insert(id);
        }
        if object::name(document, held, b"Subtype") == Some(b"Type0") {
            maps.extend(held.get(b"Encoding").ok().and_then(|map| object::target(document, map)));
        }
    });
    for id in maps {
        let Some(Object::Stream(map)) = document.objects.get(&id) else { continue };
        let Ok(bytes) = stream::unpack_within(map, CMAP_BYTES_MAX) else { continue };
        let highest = highest_cid(&bytes);
        findings.add_if(highest > CID_MAX, id, || {
            format!("The character map of a font leads to the identifier {highest}, which is above {CID_MAX}.")
        });
    }
}

/// The highest character identifier that a character map leads to.
fn highest_cid(bytes: &[u8]) -> i64 {
    let mut lexer = Lexer::at(bytes, 0);
    let mut highest = 0;
    let mut is_within = false;
    let mut codes: Vec<i64> = Vec::new();
    while let Some(token) = lexer.token() {
        match token {
            Token::Word(word) => is_within = is_within_ranges(word).unwrap_or(is_within),
            Token::Text { bytes, .. } if is_within && codes.len() < 2 => {
                let code = bytes.iter().take(4).fold(0, |value, byte| value << 8 | i64::from(*byte));
                codes.push(code);
            }
            Token::Integer(first) => {
                if is_within && !codes.is_empty() {
                    let length = if let [low, high] = *codes.as_slice() { high.saturating_sub(low).max(0) } else { 0 };
                    highest = highest.max(first.saturating_add(length));
                }
                codes.clear();
            }
            Token::Text { .. }
            | Token::Real(_)
            | Token::Name(_)
            | Token::ArrayStart
            | Token::ArrayEnd
            | Token::DictionaryStart
            | Token::DictionaryEnd
            | Token::Stray(_) => {}
        }
    }
    highest
}

/// Whether the ranges of identifiers begin or end with a word; `None` for other words.
fn is_within_ranges(word: &[u8]) -> Option<bool> {
    match word {
        b"begincidrange" | b"begincidchar" => Some(true),
        b"endcidrange" | b"endcidchar" => Some(false),
        _ => None,
    }
}

/// The sides of every boundary of a page are 3 to 14400 units long (parts 2 and 3, 6.1.13).
fn page_size(subject: &Subject<'_>, findings: &mut Findings) {
    for page in subject.pages() {
        for key in [&b"MediaBox"[..], b"CropBox", b"BleedBox", b"TrimBox", b"ArtBox"] {
            let Some(Object::Array(sides)) = page.get(subject.document, key) else { continue };
            let sides: Vec<f64> =
                sides.iter().filter_map(|side| object::number(subject.document, side)).map(f64::from).collect();
            let [left, bottom, right, top] = *sides.as_slice() else { continue };
            let (width, height) = ((right - left).abs(), (top - bottom).abs());
            let is_right = |side: f64| {
                PAGE_SIDES.contains(&side)
                    || PAGE_SIDES.contains(&(side - ROUNDING))
                    || PAGE_SIDES.contains(&(side + ROUNDING))
            };
            let place = Place { object: Some(page.id.0), page: Some(page.number) };
            findings.add_if(!is_right(width) || !is_right(height), place, || {
                format!("The {} of a page is {width} by {height} units.", object::shown(key))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Stream, dictionary};

    use super::super::testing::{breaks, drawing, file, with_catalog};
    use super::*;
    use crate::pdf::validate::Flavour;

    fn number(written: &str) -> [Vec<u8>; 2] {
        let held = with_catalog("Extra", Object::Integer(77_777));
        let held = super::super::testing::rewritten(&held, "77777", written);
        [held, drawing(&format!("{written} w"))]
    }

    #[test]
    fn numbers_are_in_range_in_objects_and_in_content() {
        for (written, rule, one, two) in [
            ("2147483647", &INTEGER, false, false),
            ("-2147483649", &INTEGER, true, true),
            ("32767.0", &REAL_ONE, false, false),
            ("32767.5", &REAL_ONE, true, false),
            ("32768", &REAL_ONE, false, false),
            ("340400000000000000000000000000000000000.0", &REAL, false, true),
            ("0.00000000000000000000000000000000000001", &REAL_TINY, false, true),
            ("0.0000001", &REAL_TINY, false, false),
        ] {
            for bytes in number(written) {
                assert_eq!(breaks(rule, &bytes, Flavour::A1B), one, "{written} {}", rule.name);
                assert_eq!(breaks(rule, &bytes, Flavour::A2B), two, "{written} {}", rule.name);
                assert!(!breaks(rule, &bytes, Flavour::A4), "part 4 has no limits");
            }
        }
    }

    #[test]
    fn names_and_strings_are_not_too_long() {
        for (length, rule, flavour, is_broken) in [
            (127, &NAME, Flavour::A2B, false),
            (128, &NAME, Flavour::A2B, true),
            (128, &NAME, Flavour::A1B, true),
            (32_767, &STRING, Flavour::A3B, false),
            (32_768, &STRING, Flavour::A3B, true),
            (65_535, &STRING_ONE, Flavour::A1B, false),
            (65_536, &STRING_ONE, Flavour::A1B, true),
        ] {
            let text = "a".repeat(length);
            let is_name = rule.name == NAME.name;
            let value =
                if is_name { Object::Name(text.clone().into_bytes()) } else { Object::string_literal(text.clone()) };
            let drawn = if is_name { format!("/{text} gs") } else { format!("({text}) Tj") };
            for bytes in [with_catalog("Extra", value), drawing(&drawn)] {
                assert_eq!(breaks(rule, &bytes, flavour), is_broken, "{} {length}", rule.name);
            }
        }
    }

    #[test]
    fn arrays_and_dictionaries_of_part_1_are_not_too_long() {
        for (length, is_broken) in [(8191, false), (8192, true)] {
            for bytes in
                [with_catalog("Extra", vec![Object::Null; length]), drawing(&format!("[{}] TJ", "1 ".repeat(length)))]
            {
                assert_eq!(breaks(&ARRAY, &bytes, Flavour::A1B), is_broken, "{length}");
                assert!(!breaks(&ARRAY, &bytes, Flavour::A2B), "only part 1 has the rule");
            }
        }
        for (length, is_broken) in [(4095, false), (4096, true)] {
            let held: lopdf::Dictionary = (0..length).map(|key| (format!("K{key}"), Object::Null)).collect();
            assert_eq!(breaks(&DICTIONARY, &with_catalog("Extra", held), Flavour::A1B), is_broken, "{length}");
        }
    }

    #[test]
    fn states_are_saved_28_times_at_most() {
        for (depth, is_broken) in [(28, false), (29, true)] {
            let bytes = drawing(&format!("{}{}", "q ".repeat(depth), "Q ".repeat(depth)));
            assert_eq!(breaks(&NESTING, &bytes, Flavour::A1B), is_broken, "{depth}");
            assert_eq!(breaks(&NESTING, &bytes, Flavour::A2B), is_broken, "{depth}");
        }
    }

    #[test]
    fn objects_are_counted() {
        assert!(!breaks(&OBJECTS, &file(|_| {}), Flavour::A1B));
    }

    #[test]
    fn colourants_are_8_in_part_1_and_32_in_parts_2_and_3() {
        for (count, one, two) in [(8, false, false), (9, true, false), (32, true, false), (33, true, true)] {
            let space: Vec<Object> = vec!["DeviceN".into(), vec![Object::from("a"); count].into(), "DeviceGray".into()];
            let bytes = with_catalog("Extra", space);
            assert_eq!(breaks(&COLOURANTS, &bytes, Flavour::A1B), one, "{count}");
            assert_eq!(breaks(&COLOURANTS, &bytes, Flavour::A2B), two, "{count}");
        }
    }

    #[test]
    fn character_maps_lead_to_16_bits() {
        for (map, highest) in [
            ("1 begincidrange <0000> <ffff> 0 endcidrange", 65_535),
            ("1 begincidrange <0000> <ffff> 1 endcidrange", 65_536),
            ("2 begincidchar <00> 7 <01> 70000 endcidchar", 70_000),
            ("1 beginbfchar <00> <0041> endbfchar 99999", 0),
        ] {
            assert_eq!(highest_cid(map.as_bytes()), highest, "{map}");
            let bytes = file(|document| {
                let map = document.add_object(Stream::new(dictionary! {}, map.as_bytes().to_vec()));
                let font = dictionary! { "Type" => "Font", "Subtype" => "Type0", "Encoding" => map };
                document.catalog_mut().unwrap().set("Extra", font);
            });
            assert_eq!(breaks(&CIDS, &bytes, Flavour::A1B), highest > CID_MAX, "{map}");
        }
    }

    #[test]
    fn pages_are_3_to_14400_units_in_both_directions() {
        for (key, side, is_broken) in [
            ("MediaBox", 14_400.0, false),
            ("MediaBox", 14_401.0, true),
            ("MediaBox", 2.9, true),
            ("CropBox", 2.5, true),
            ("ArtBox", 3.0, false),
        ] {
            let bytes = file(|document| {
                let page = document.page_iter().next().unwrap();
                let sides = vec![0.into(), 0.into(), 100.into(), Object::Real(side)];
                document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set(key, sides);
            });
            assert_eq!(breaks(&PAGE_SIZE, &bytes, Flavour::A2B), is_broken, "{key} {side}");
            assert!(!breaks(&PAGE_SIZE, &bytes, Flavour::A1B), "part 1 does not have the rule");
        }
    }
}

//! The entries of font dictionaries (part 1: 6.3.2; parts 2 and 3: 6.2.11.2; part 4: 6.2.10.2, which all ask for what the
//! PDF specification says of fonts).

use lopdf::{Dictionary, Object};

use super::examined::{Embedding, Examined, Kind};
use crate::pdf::{
    object,
    validate::{
        Part, Place,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

/// A font says that it is one.
pub(super) const TYPE: Rule = Rule {
    name: "font-type",
    clauses: Clauses::all("6.3.2", "6.2.11.2", "6.2.10.2"),
    scope: Scope::Every,
    remedy: "Give the font dictionary the entry Type with the value Font.",
    check: font_type,
};

/// A font is of a kind that there is.
pub(super) const SUBTYPE: Rule = Rule {
    name: "font-subtype",
    clauses: Clauses::all("6.3.2", "6.2.11.2", "6.2.10.2"),
    scope: Scope::Every,
    remedy: "Give the font dictionary a Subtype of the PDF specification.",
    check: subtype,
};

/// A font has a name.
pub(super) const NAME: Rule = Rule {
    name: "font-name",
    clauses: Clauses::all("6.3.2", "6.2.11.2", "6.2.10.2"),
    scope: Scope::Every,
    remedy: "Give the font dictionary a BaseFont.",
    check: base_font,
};

/// A simple font has its widths.
pub(super) const WIDTHS: Rule = Rule {
    name: "font-widths",
    clauses: Clauses::all("6.3.2", "6.2.11.2", "6.2.10.2"),
    scope: Scope::Every,
    remedy: "Give the font FirstChar, LastChar and a width for each code from one to the other.",
    check: widths,
};

/// A font program is of a kind that there is.
pub(super) const FILE_TYPE: Rule = Rule {
    name: "font-file-type",
    clauses: Clauses::all("6.3.2", "6.2.11.2", "6.2.10.2"),
    scope: Scope::Every,
    remedy: "Embed the font in a format of the PDF version that the standard is based on.",
    check: file_type,
};

/// The fonts that every reader of PDF 1 has.
const STANDARD: [&[u8]; 14] = [
    b"Courier",
    b"Courier-Bold",
    b"Courier-BoldOblique",
    b"Courier-Oblique",
    b"Helvetica",
    b"Helvetica-Bold",
    b"Helvetica-BoldOblique",
    b"Helvetica-Oblique",
    b"Symbol",
    b"Times-Bold",
    b"Times-BoldItalic",
    b"Times-Italic",
    b"Times-Roman",
    b"ZapfDingbats",
];

/// Whether a font has the name of one that every reader has.
fn is_standard(subject: &Subject<'_>, font: &Dictionary) -> bool {
    object::name(subject.document, font, b"BaseFont").is_some_and(|name| STANDARD.contains(&name))
}

/// Whether it is one of those with the Latin alphabet.
pub(super) fn is_standard_latin(subject: &Subject<'_>, font: &Dictionary) -> bool {
    let name = object::name(subject.document, font, b"BaseFont");
    is_standard(subject, font) && !matches!(name, Some(b"Symbol" | b"ZapfDingbats"))
}

/// The dictionaries of a font: its own, and that of the CIDFont of a composite one.
fn dictionaries<'a>(font: &Examined<'a>) -> impl Iterator<Item = &'a Dictionary> {
    let descendant = if font.kind == Kind::Composite { font.described } else { None };
    std::iter::once(font.font).chain(descendant)
}

/// Part 1, 6.3.2; parts 2 and 3, 6.2.11.2; part 4, 6.2.10.2: the `Type` of a font dictionary is `Font`.
fn font_type(subject: &Subject<'_>, findings: &mut Findings) {
    each(subject, findings, |held| match object::name(subject.document, held, b"Type") {
        Some(b"Font") => None,
        Some(other) => Some(format!("its Type is {}, not Font", object::shown(other))),
        None => Some("it has no Type".to_owned()),
    });
}

/// Part 1, 6.3.2; parts 2 and 3, 6.2.11.2; part 4, 6.2.10.2: the `Subtype` is that of a kind of fonts.
fn subtype(subject: &Subject<'_>, findings: &mut Findings) {
    each(subject, findings, |held| match object::name(subject.document, held, b"Subtype") {
        Some(b"Type1" | b"MMType1" | b"TrueType" | b"Type3" | b"Type0" | b"CIDFontType0" | b"CIDFontType2") => None,
        Some(other) => Some(format!("its Subtype is {}, which is no kind of fonts", object::shown(other))),
        None => Some("it has no Subtype".to_owned()),
    });
}

/// Part 1, 6.3.2; parts 2 and 3, 6.2.11.2; part 4, 6.2.10.2: a font has a `BaseFont`, but for one of Type 3.
fn base_font(subject: &Subject<'_>, findings: &mut Findings) {
    each(subject, findings, |held| {
        let is_drawn = object::name(subject.document, held, b"Subtype") == Some(b"Type3");
        let has_name = object::name(subject.document, held, b"BaseFont").is_some();
        (!is_drawn && !has_name).then(|| "it has no BaseFont".to_owned())
    });
}

/// Part 1, 6.3.2; parts 2 and 3, 6.2.11.2; part 4, 6.2.10.2: a simple font has `FirstChar`, `LastChar` and as many
/// `Widths` as there are codes from one to the other. The fonts that every reader has do without while they are not
/// embedded.
fn widths(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    for font in subject.facts().fonts.examined(subject) {
        let is_standard =
            font.kind == Kind::Type1 && is_standard(subject, font.font) && font.embedding == Embedding::Missing;
        if is_standard || matches!(font.kind, Kind::Composite | Kind::Other) {
            continue;
        }
        let limit = |key: &[u8]| match object::get(document, font.font, key) {
            Some(Object::Integer(code)) => Some(*code),
            Some(_) | None => None,
        };
        let count = object::array(document, font.font, b"Widths").and_then(|widths| i64::try_from(widths.len()).ok());
        let wrong = match (limit(b"FirstChar"), limit(b"LastChar"), count) {
            (None, ..) => "has no FirstChar".to_owned(),
            (_, None, _) => "has no LastChar".to_owned(),
            (.., None) => "has no Widths".to_owned(),
            (Some(first), Some(last), Some(count)) => {
                let wanted = last.saturating_sub(first).saturating_add(1);
                if wanted == count {
                    continue;
                }
                format!("has {count} widths for {wanted} codes")
            }
        };
        findings.add(font.place, || format!("The font \"{}\" {wrong}.", font.name(subject)));
    }
}

/// Part 1, 6.3.2; parts 2 and 3, 6.2.11.2; part 4, 6.2.10.2: the `Subtype` of an embedded program, where it has one, is
/// `Type1C`, `CIDFontType0C` or, since PDF 1.6, `OpenType`.
fn file_type(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    for font in subject.facts().fonts.examined(subject) {
        let files = [&b"FontFile"[..], b"FontFile2", b"FontFile3"];
        let file = files.into_iter().find_map(|key| match font.described(subject, key) {
            Some(Object::Stream(held)) => Some(held),
            Some(_) | None => None,
        });
        let Some(found) = file.and_then(|file| object::name(document, &file.dict, b"Subtype")) else { continue };
        let is_allowed = match found {
            b"Type1C" | b"CIDFontType0C" => true,
            b"OpenType" => subject.flavour.part() != Part::One,
            _ => false,
        };
        findings.add_if(!is_allowed, font.place, || {
            format!(
                "The program of the font \"{}\" is of the kind {}, which is not allowed.",
                font.name(subject),
                object::shown(found)
            )
        });
    }
}

/// Adds a finding for each dictionary of a font of which something is wrong.
fn each(subject: &Subject<'_>, findings: &mut Findings, wrong: impl Fn(&Dictionary) -> Option<String>) {
    for font in subject.facts().fonts.examined(subject) {
        for held in dictionaries(font) {
            if let Some(wrong) = wrong(held) {
                let place: Place = font.place;
                findings.add(place, || format!("The font \"{}\" is not well described: {wrong}.", font.name(subject)));
            }
        }
    }
}

//! How the codes of TrueType fonts become glyphs (part 1: 6.3.7; parts 2 and 3: 6.2.11.6; part 4: 6.2.10.6).

use lopdf::{Dictionary, Object};

use super::examined::{Examined, Kind, Maps};
use crate::pdf::{
    fonts::glyphs,
    object,
    validate::{
        Part,
        rule::{Clauses, Findings, Rule, Scope},
        subject::Subject,
    },
};

/// Programs with the Latin alphabet can be looked up.
pub(super) const LATIN_MAP: Rule = Rule {
    name: "latin-font-map",
    clauses: Clauses::from_two("6.2.11.6", "6.2.10.6"),
    scope: Scope::Every,
    remedy: "Embed the font with a cmap table for Unicode.",
    check: latin_map,
};

/// Fonts with the Latin alphabet have a usual encoding.
pub(super) const LATIN_ENCODING: Rule = Rule {
    name: "latin-font-encoding",
    clauses: Clauses::all("6.3.7", "6.2.11.6", "6.2.10.6"),
    scope: Scope::Every,
    remedy: "Use WinAnsiEncoding or MacRomanEncoding, or embed the font as a composite one.",
    check: latin_encoding,
};

/// Fonts with signs of their own have no encoding.
pub(super) const SYMBOL_ENCODING: Rule = Rule {
    name: "symbol-font-encoding",
    clauses: Clauses::all("6.3.7", "6.2.11.6", "6.2.10.6"),
    scope: Scope::Every,
    remedy: "Remove the Encoding of the font.",
    check: symbol_encoding,
};

/// Programs with signs of their own can be looked up.
pub(super) const SYMBOL_MAP: Rule = Rule {
    name: "symbol-font-map",
    clauses: Clauses::all("6.3.7", "6.2.11.6", "6.2.10.6"),
    scope: Scope::Every,
    remedy: "Embed the font with a single cmap table.",
    check: symbol_map,
};

/// The TrueType fonts, with whether they have signs of their own.
fn fonts<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = (&'s Examined<'a>, bool)> {
    let fonts = subject.facts().fonts.examined(subject).iter().filter(|font| font.kind == Kind::TrueType);
    fonts.map(|font| (font, font.is_symbolic(subject)))
}

/// Parts 2 and 3, 6.2.11.6: the program of a font with the Latin alphabet has a map from codes to glyphs besides one for
/// symbols. Part 4, 6.2.10.6: it has the one for Unicode or the one of the Macintosh.
fn latin_map(subject: &Subject<'_>, findings: &mut Findings) {
    let is_last = subject.flavour.part() == Part::Four;
    for (font, is_symbolic) in fonts(subject) {
        let Some(Maps { count, has_symbol, has_unicode, has_macintosh }) = font.content.maps else { continue };
        let is_right = if is_last { has_unicode || has_macintosh } else { count > u16::from(has_symbol) };
        findings.add_if(!is_symbolic && !is_right, font.place, || {
            format!("The program of the font \"{}\" has no cmap table for the Latin alphabet.", font.name(subject))
        });
    }
}

/// Part 1, 6.3.7; parts 2 and 3, 6.2.11.6; part 4, 6.2.10.6: a font with the Latin alphabet has `MacRomanEncoding` or
/// `WinAnsiEncoding`, or one of them as its base. Part 1 allows no differences; later parts do when all names are in
/// Adobe's list and the program has a map for Unicode.
fn latin_encoding(subject: &Subject<'_>, findings: &mut Findings) {
    for (font, is_symbolic) in fonts(subject) {
        if is_symbolic {
            continue;
        }
        let wrong = match object::get(subject.document, font.font, b"Encoding") {
            Some(Object::Name(name)) => wrong_base(Some(name)),
            Some(Object::Dictionary(held)) => {
                let base = object::name(subject.document, held, b"BaseEncoding");
                wrong_base(base).or_else(|| wrong_differences(subject, font, held))
            }
            Some(_) | None => wrong_base(None),
        };
        if let Some(wrong) = wrong {
            findings.add(font.place, || format!("The TrueType font \"{}\" {wrong}.", font.name(subject)));
        }
    }
}

fn wrong_base(name: Option<&[u8]>) -> Option<String> {
    match name {
        Some(b"MacRomanEncoding" | b"WinAnsiEncoding") => None,
        Some(name) => Some(format!("has the encoding {}", object::shown(name))),
        None => Some("is not symbolic and has no encoding".to_owned()),
    }
}

fn wrong_differences(subject: &Subject<'_>, font: &Examined<'_>, encoding: &Dictionary) -> Option<String> {
    if !encoding.has(b"Differences") {
        return None;
    }
    if subject.flavour.part() == Part::One {
        return Some("has an encoding with differences".to_owned());
    }
    if font.content.maps.is_none_or(|maps| !maps.has_unicode) {
        return Some("has an encoding with differences, and no cmap table for Unicode".to_owned());
    }
    let differences = object::array(subject.document, encoding, b"Differences").unwrap_or_default();
    let names = differences.iter().filter_map(|item| object::resolve(subject.document, item).as_name().ok());
    let unknown = names.into_iter().find(|name| !glyphs::is_listed(name))?;
    Some(format!("names the glyph \"{}\", which is not in Adobe's list", object::shown(unknown)))
}

/// Part 1, 6.3.7; parts 2 and 3, 6.2.11.6; part 4, 6.2.10.6: a font with signs of its own has no encoding.
fn symbol_encoding(subject: &Subject<'_>, findings: &mut Findings) {
    for (font, is_symbolic) in fonts(subject) {
        let is_stated = match object::get(subject.document, font.font, b"Encoding") {
            // A dictionary of differences alone names no encoding.
            Some(Object::Dictionary(held)) => held.has(b"BaseEncoding"),
            Some(_) => true,
            None => false,
        };
        findings.add_if(is_symbolic && is_stated, font.place, || {
            format!("The symbolic TrueType font \"{}\" has an encoding.", font.name(subject))
        });
    }
}

/// Part 1, 6.3.7: the program of a font with signs of its own has exactly one map from codes to glyphs. Parts 2 and 3,
/// 6.2.11.6: or, among others, the one for symbols. Part 4, 6.2.10.6: that one or the one of the Macintosh.
fn symbol_map(subject: &Subject<'_>, findings: &mut Findings) {
    for (font, is_symbolic) in fonts(subject) {
        let Some(maps) = font.content.maps else { continue };
        let is_right = match subject.flavour.part() {
            Part::One => maps.count == 1,
            Part::Two | Part::Three => maps.count == 1 || maps.has_symbol,
            Part::Four => maps.has_symbol || maps.has_macintosh,
        };
        findings.add_if(is_symbolic && !is_right, font.place, || {
            format!(
                "The program of the symbolic font \"{}\" has {} cmap tables, and not the one that counts.",
                font.name(subject),
                maps.count
            )
        });
    }
}

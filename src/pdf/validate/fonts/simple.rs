//! The glyphs of Type 1 and TrueType fonts: by names, or by the maps of the program (ISO 32000-1, 9.6.6).

use std::collections::BTreeMap;

use lopdf::{Dictionary, Object};

use super::{
    dictionaries,
    drawn::Used,
    examined::{self, Content, Glyph, Kind, Maps, Meaning, Program},
    lists,
    maps::ToUnicode,
    unicode,
};
use crate::pdf::{
    fonts::{
        glyphs,
        names::{self, Predefined},
        program::{Compact, TrueType, Type1},
    },
    object,
    validate::{Level, Part, subject::Subject},
};

/// The name of the glyph for "no such glyph".
pub(super) const UNDEFINED: &[u8] = b".notdef";

/// The encoding that a simple font states.
pub(super) struct Encoding {
    base: Option<Predefined>,
    differences: BTreeMap<u8, Vec<u8>>,
    /// Whether there is any.
    is_stated: bool,
    /// Whether it is a dictionary.
    is_dictionary: bool,
}

impl Encoding {
    /// Reads the `Encoding` entry of a font.
    pub(super) fn read(subject: &Subject<'_>, font: &Dictionary) -> Self {
        let document = subject.document;
        let mut read = Self { base: None, differences: BTreeMap::new(), is_stated: false, is_dictionary: false };
        match object::get(document, font, b"Encoding") {
            Some(Object::Name(name)) => {
                read.base = Predefined::named(name);
                read.is_stated = true;
            }
            Some(Object::Dictionary(held)) => {
                read.base = object::name(document, held, b"BaseEncoding").and_then(Predefined::named);
                read.is_stated = true;
                read.is_dictionary = true;
                let mut code = 0_i64;
                for item in object::array(document, held, b"Differences").unwrap_or_default() {
                    let item = object::resolve(document, item);
                    if let Ok(name) = item.as_name() {
                        if let Ok(code) = u8::try_from(code) {
                            read.differences.insert(code, name.to_vec());
                        }
                        code = code.saturating_add(1);
                    } else {
                        code = item.as_i64().unwrap_or(code);
                    }
                }
            }
            Some(_) | None => {}
        }
        read
    }

    /// The name of a code; `None` where the encoding of the program counts.
    pub(super) fn name(&self, code: u8) -> Option<&[u8]> {
        if let Some(name) = self.differences.get(&code) {
            return Some(name);
        }
        Some(self.base?.name(code).map_or(UNDEFINED, str::as_bytes))
    }

    /// The name of a code in a TrueType font with a Latin alphabet, where Adobe's standard encoding fills the gaps.
    fn filled(&self, code: u8) -> Option<&[u8]> {
        let stated = self.name(code).filter(|name| *name != UNDEFINED);
        if !self.is_dictionary {
            return stated;
        }
        stated.or_else(|| Predefined::Standard.name(code).map(str::as_bytes))
    }
}

/// What the program says of a code.
struct Found {
    is_present: bool,
    /// `None` when its drawing makes no sense.
    width: Option<f64>,
    /// Its name there, where it has one.
    name: Option<Vec<u8>>,
}

/// The glyphs that a simple font shows, and what else is asked of its program.
pub(super) fn glyphs(
    subject: &Subject<'_>,
    kind: Kind,
    used: &Used<'_>,
    program: Option<&Program<'_>>,
) -> (Vec<Glyph>, Content) {
    let font = used.font.held;
    let mut encoding = Encoding::read(subject, font);
    if program.is_none() && kind == Kind::Type1 && dictionaries::is_standard_latin(subject, font) {
        encoding.base = encoding.base.or(Some(Predefined::Standard));
    }
    let is_symbolic = examined::is_symbolic(subject, font);
    let is_by_name = !is_symbolic && encoding.is_stated;
    let widths = Widths::read(subject, font);
    let to_unicode = (subject.flavour.level() != Level::B).then(|| ToUnicode::read(subject, font)).flatten();
    let mut glyphs = Vec::new();
    for (code, shown) in &used.codes {
        let Ok(byte) = u8::try_from(code.value) else { continue };
        let name = encoding.name(byte);
        let found = program.and_then(|program| match (program, kind) {
            (Program::Type1(program), _) => Some(by_type1(program, name, byte, widths.missing)),
            (Program::Compact(program), _) => Some(by_compact(program, name, byte)),
            (Program::TrueType(program), Kind::TrueType) => {
                Some(by_truetype(program, is_by_name.then(|| encoding.filled(byte)), byte))
            }
            (Program::TrueType(_), _) => None,
        });
        let own = found.as_ref().and_then(|found| found.name.as_deref());
        let meaning = match to_unicode.as_ref().and_then(|map| map.text(code.value)) {
            Some(text) => Meaning::Text(text),
            None => match name.or(own) {
                Some(name) => named(subject, kind, name),
                None => Meaning::Unknown,
            },
        };
        glyphs.push(Glyph {
            code: *code,
            cid: None,
            name: if kind == Kind::Type1 { name.or(own).map(<[u8]>::to_vec) } else { None },
            shown: *shown,
            is_present: found.as_ref().map(|found| byte == 0 || found.is_present),
            is_undefined: name == Some(UNDEFINED) || (name.is_none() && byte == 0 && kind == Kind::TrueType),
            widths: found.as_ref().and_then(|found| Some((found.width?, widths.get(byte)))),
            meaning,
        });
    }
    let content = match program {
        Some(Program::TrueType(program)) => Content { maps: Some(Maps::of(program)), ..Content::default() },
        Some(Program::Compact(program)) => {
            Content { listing: lists::names(subject, font, &glyphs, &program.names()), maps: None }
        }
        Some(Program::Type1(program)) => {
            Content { listing: lists::names(subject, font, &glyphs, &program.names()), maps: None }
        }
        None => Content::default(),
    };
    (glyphs, content)
}

fn by_type1(program: &Type1, name: Option<&[u8]>, code: u8, missing: f64) -> Found {
    let own = if name.is_none() { program.encoded(code) } else { None };
    let glyph = name.or(own.as_deref()).filter(|name| *name != UNDEFINED).and_then(|name| program.named(name));
    // A glyph that is not there is as wide as the dictionary says.
    let width = glyph.map_or(Some(missing), |glyph| program.width(glyph));
    Found { is_present: glyph.is_some(), width, name: own }
}

fn by_compact(program: &Compact<'_>, name: Option<&[u8]>, code: u8) -> Found {
    let glyph = match name {
        Some(name) => program.named(name),
        // A code that the encoding of the program leaves out shows what the program has for it.
        None => Some(program.encoded(code).unwrap_or(0)),
    };
    let own = if name.is_none() { glyph.and_then(|glyph| program.name(glyph)).map(<[u8]>::to_vec) } else { None };
    Found { is_present: glyph.is_some(), width: program.width(glyph.unwrap_or(0)), name: own }
}

/// `name` is the name of the code in a font that is looked up by names.
fn by_truetype(program: &TrueType<'_>, name: Option<Option<&[u8]>>, code: u8) -> Found {
    let glyph = match name {
        Some(name) => name.and_then(|name| by_name(program, name)),
        None => program.symbol(u32::from(code)),
    };
    let is_present = glyph.is_some_and(|glyph| glyph < program.glyph_count());
    let width = program.width(u32::from(glyph.unwrap_or(0)));
    Found { is_present, width, name: name.flatten().map(<[u8]>::to_vec) }
}

/// The glyph of a name in a TrueType program: by Unicode, by the Macintosh's characters, by the names of the glyphs.
fn by_name(program: &TrueType<'_>, name: &[u8]) -> Option<u16> {
    let unicode = glyphs::character(name).and_then(|character| program.mapped(3, 1, u32::from(character)));
    let roman = || names::macintosh(name).and_then(|code| program.mapped(1, 0, u32::from(code)));
    let own = || std::str::from_utf8(name).ok().and_then(|name| program.named(name));
    unicode.or_else(roman).or_else(own)
}

/// What a glyph name stands for.
pub(super) fn named(subject: &Subject<'_>, kind: Kind, name: &[u8]) -> Meaning {
    let is_first = subject.flavour.part() == Part::One;
    // Only names of the list itself count, not the forms that are built by its rules, such as `uni0041`.
    match glyphs::character(name).filter(|_| glyphs::is_listed(name)) {
        // Part 1 takes Adobe's names for known, and asks for nothing else of them.
        Some(_) if is_first && kind == Kind::Type1 => Meaning::Known,
        Some(character) => Meaning::Text(character.encode_utf16(&mut [0; 2]).to_vec()),
        None if unicode::is_dingbat(name) && !is_first => Meaning::Known,
        None => Meaning::Unknown,
    }
}

/// The widths that the dictionary of a simple font states.
pub(super) struct Widths {
    first: i64,
    last: i64,
    widths: Vec<f64>,
    /// The width of codes that are not among them.
    missing: f64,
}

impl Widths {
    /// Reads them.
    pub(super) fn read(subject: &Subject<'_>, font: &Dictionary) -> Self {
        let document = subject.document;
        let number = |item: &Object| object::number(document, item).map_or(0.0, f64::from);
        let limit = |key: &[u8]| object::integer(document, font, key);
        let missing = examined::descriptor(subject, font).and_then(|held| held.get(b"MissingWidth").ok()).map(number);
        let (first, last) = limit(b"FirstChar").zip(limit(b"LastChar")).unwrap_or((0, -1));
        let widths = object::array(document, font, b"Widths").unwrap_or_default();
        Self { first, last, widths: widths.iter().take(256).map(number).collect(), missing: missing.unwrap_or(0.0) }
    }

    /// The width of codes that have none of their own.
    pub(super) fn missing(&self) -> f64 {
        self.missing
    }

    /// The width of a code.
    pub(super) fn get(&self, code: u8) -> f64 {
        let code = i64::from(code);
        if self.widths.is_empty() || code < self.first || code > self.last {
            return self.missing;
        }
        let index = usize::try_from(code.saturating_sub(self.first)).ok();
        index.and_then(|index| self.widths.get(index)).copied().unwrap_or(0.0)
    }
}

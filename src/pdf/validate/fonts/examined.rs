//! What is found out of a font that shows text, once for all rules: its program, and every glyph that is shown.

use lopdf::{Dictionary, Object, Stream};

use super::{
    composite,
    drawn::{Shown, Used},
    lists::Listing,
    simple, type3,
};
use crate::pdf::{
    fonts::{
        cmap::Code,
        program::{self, Compact, TrueType, Type1},
    },
    object, stream,
    validate::{Part, Place, subject::Subject},
};

/// Most bytes of a font program that are looked into.
const PROGRAM_BYTES_MAX: usize = 64 << 20;

/// Most bytes of all font programs together.
const PROGRAMS_BYTES_MAX: usize = 1 << 30;

/// A flag of font descriptors: a font with signs of its own.
const SYMBOLIC: i64 = 4;

/// A flag of font descriptors: a font with the Latin alphabet.
const NONSYMBOLIC: i64 = 32;

/// The kinds of fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `Type1` and `MMType1`
    Type1,
    /// `TrueType`
    TrueType,
    /// `Type3`
    Type3,
    /// `Type0`
    Composite,
    /// Anything else.
    Other,
}

/// Whether the program of a font is in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Embedding {
    /// There is none in an entry for this kind of font.
    Missing,
    /// There is one that cannot be read.
    Broken,
    /// There is one.
    Read,
}

/// A font that shows text.
#[derive(Debug)]
pub(super) struct Examined<'a> {
    /// Its dictionary.
    pub(super) font: &'a Dictionary,
    /// The dictionary with the descriptor: the font itself, or the descendant of a composite one.
    pub(super) described: Option<&'a Dictionary>,
    /// Its kind.
    pub(super) kind: Kind,
    /// Where it shows text first.
    pub(super) place: Place,
    /// Whether it is used in a mode that draws something.
    pub(super) is_visible: bool,
    /// Whether its program is in the document.
    pub(super) embedding: Embedding,
    /// The glyphs that are shown.
    pub(super) glyphs: Vec<Glyph>,
    /// What is asked of its program as a whole.
    pub(super) content: Content,
}

/// What a font program has.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The maps of a TrueType program.
    pub(super) maps: Option<Maps>,
    /// How the list of its glyphs that the descriptor has differs from them.
    pub(super) listing: Listing,
}

/// The maps from codes to glyphs of a TrueType program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maps {
    /// How many there are.
    pub(super) count: u16,
    /// Whether there is the one for symbols (3,0).
    pub(super) has_symbol: bool,
    /// Whether there is the one for Unicode (3,1).
    pub(super) has_unicode: bool,
    /// Whether there is the one of the Macintosh (1,0).
    pub(super) has_macintosh: bool,
}

/// A glyph that is shown.
#[derive(Debug)]
pub(super) struct Glyph {
    /// Its code.
    pub(super) code: Code,
    /// Its CID in a composite font.
    pub(super) cid: Option<u32>,
    /// Its name in a Type 1 font.
    pub(super) name: Option<Vec<u8>>,
    /// How it is shown.
    pub(super) shown: Shown,
    /// Whether the program has it; `None` when there is no program to ask.
    pub(super) is_present: Option<bool>,
    /// Whether it is the glyph for "no such glyph".
    pub(super) is_undefined: bool,
    /// Its widths in the program and in the dictionary, in thousandths.
    pub(super) widths: Option<(f64, f64)>,
    /// What it stands for.
    pub(super) meaning: Meaning,
}

/// What a code stands for in Unicode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing says it.
    Unknown,
    /// It is known, but has no value to check.
    Known,
    /// This text, in UTF-16.
    Text(Vec<u16>),
}

/// The program of a font, read.
pub(super) enum Program<'b> {
    /// With tables.
    TrueType(TrueType<'b>),
    /// In the Compact Font Format.
    Compact(Compact<'b>),
    /// In the first form of Type 1.
    Type1(Type1),
}

/// Finds out what rules ask of all fonts.
pub(super) fn examine_all<'a>(subject: &Subject<'a>, fonts: &[Used<'a>]) -> Vec<Examined<'a>> {
    let mut bytes_left = PROGRAMS_BYTES_MAX;
    fonts.iter().map(|used| examine(subject, used, &mut bytes_left)).collect()
}

fn examine<'a>(subject: &Subject<'a>, used: &Used<'a>, bytes_left: &mut usize) -> Examined<'a> {
    let font = used.font.held;
    let kind = match object::name(subject.document, font, b"Subtype") {
        Some(b"Type1" | b"MMType1") => Kind::Type1,
        Some(b"TrueType") => Kind::TrueType,
        Some(b"Type3") => Kind::Type3,
        Some(b"Type0") => Kind::Composite,
        Some(_) | None => Kind::Other,
    };
    let described = if kind == Kind::Composite { descendant(subject, font) } else { Some(font) };
    let mut examined = Examined {
        font,
        described,
        kind,
        place: used.place,
        is_visible: used.is_visible,
        embedding: Embedding::Missing,
        glyphs: Vec::new(),
        content: Content::default(),
    };
    if kind == Kind::Type3 {
        examined.glyphs = type3::glyphs(subject, used);
        return examined;
    }
    let file = described.and_then(|held| file(subject, kind, held));
    let bytes = file.and_then(|(held, format)| {
        examined.embedding = Embedding::Broken;
        let bytes = stream::unpack_within(held, PROGRAM_BYTES_MAX.min(*bytes_left)).ok()?;
        *bytes_left = bytes_left.saturating_sub(bytes.len());
        Some((bytes, format))
    });
    let program = bytes.as_ref().and_then(|(bytes, format)| read(bytes, *format));
    if program.is_some() {
        examined.embedding = Embedding::Read;
    }
    match kind {
        Kind::Type1 | Kind::TrueType => {
            (examined.glyphs, examined.content) = simple::glyphs(subject, kind, used, program.as_ref());
        }
        Kind::Composite => {
            (examined.glyphs, examined.content) = composite::glyphs(subject, described, used, program.as_ref());
        }
        Kind::Type3 | Kind::Other => {}
    }
    examined
}

impl Examined<'_> {
    /// The name of the font for messages.
    pub(super) fn name(&self, subject: &Subject<'_>) -> String {
        let key: &[u8] = if self.kind == Kind::Type3 { b"Name" } else { b"BaseFont" };
        object::name(subject.document, self.font, key).map_or_else(|| "without a name".to_owned(), object::shown)
    }

    /// An entry of the font descriptor.
    pub(super) fn described<'d>(&'d self, subject: &'d Subject<'_>, key: &[u8]) -> Option<&'d Object> {
        object::get(subject.document, descriptor(subject, self.described?)?, key)
    }

    /// Whether the font says of itself that it has signs of its own.
    pub(super) fn is_symbolic(&self, subject: &Subject<'_>) -> bool {
        self.described.is_some_and(|held| is_symbolic(subject, held))
    }
}

/// Whether the name says that the program has only some of the font's glyphs.
pub(super) fn is_subset(subject: &Subject<'_>, held: &Dictionary) -> bool {
    let name = object::name(subject.document, held, b"BaseFont");
    name.and_then(|name| name.split_at_checked(6))
        .is_some_and(|(tag, rest)| tag.iter().all(u8::is_ascii_uppercase) && rest.starts_with(b"+"))
}

/// The CIDFont of a composite font.
pub(super) fn descendant<'a>(subject: &Subject<'a>, font: &'a Dictionary) -> Option<&'a Dictionary> {
    let held = object::array(subject.document, font, b"DescendantFonts")?.first()?;
    object::as_dictionary(object::resolve(subject.document, held))
}

/// The descriptor of a font.
pub(super) fn descriptor<'d>(subject: &'d Subject<'_>, held: &'d Dictionary) -> Option<&'d Dictionary> {
    object::dictionary(subject.document, held, b"FontDescriptor")
}

/// Whether the flags of a font say that it has signs of its own and no Latin alphabet.
pub(super) fn is_symbolic(subject: &Subject<'_>, held: &Dictionary) -> bool {
    let flags = descriptor(subject, held).and_then(|held| object::integer(subject.document, held, b"Flags"));
    flags.is_some_and(|flags| flags & (SYMBOLIC | NONSYMBOLIC) == SYMBOLIC)
}

/// The format of a program, by the entry that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Type1,
    TrueType,
    Compact,
    /// OpenType with outlines in the Compact Font Format.
    OpenCompact,
}

/// The stream of a program, in the entry where the kind of font has it (ISO 32000-1, table 126).
fn file<'a>(subject: &Subject<'a>, kind: Kind, held: &'a Dictionary) -> Option<(&'a Stream, Format)> {
    let document = subject.document;
    let descriptor = object::dictionary(document, held, b"FontDescriptor")?;
    let file = |key: &[u8]| match object::get(document, descriptor, key) {
        Some(Object::Stream(held)) => Some(held),
        Some(_) | None => None,
    };
    let has_tables = kind == Kind::TrueType || object::name(document, held, b"Subtype") == Some(b"CIDFontType2");
    if has_tables && let Some(held) = file(b"FontFile2") {
        return Some((held, Format::TrueType));
    }
    if kind == Kind::Type1
        && let Some(held) = file(b"FontFile")
    {
        return Some((held, Format::Type1));
    }
    let held = file(b"FontFile3")?;
    let format = match (object::name(document, &held.dict, b"Subtype"), kind) {
        (_, Kind::TrueType) => Format::TrueType,
        (Some(b"Type1C"), Kind::Type1) | (Some(b"CIDFontType0C"), Kind::Composite) => Format::Compact,
        (Some(b"OpenType"), Kind::Composite) if has_tables => Format::TrueType,
        (Some(b"OpenType"), Kind::Type1 | Kind::Composite) if subject.flavour.part() != Part::One => {
            Format::OpenCompact
        }
        _ => return None,
    };
    Some((held, format))
}

fn read(bytes: &[u8], format: Format) -> Option<Program<'_>> {
    match format {
        Format::Type1 => Type1::read(bytes).map(Program::Type1),
        Format::TrueType => TrueType::read(bytes).map(Program::TrueType),
        Format::Compact => Compact::read(bytes).map(Program::Compact),
        Format::OpenCompact => Compact::read(program::table(bytes, b"CFF ")?).map(Program::Compact),
    }
}

impl Maps {
    /// The maps of a program.
    pub(super) fn of(program: &TrueType<'_>) -> Self {
        Self {
            count: program.map_count(),
            has_symbol: program.has_map(3, 0),
            has_unicode: program.has_map(3, 1),
            has_macintosh: program.has_map(1, 0),
        }
    }
}

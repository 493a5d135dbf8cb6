//! Where the program of a font is (ISO 32000-1, table 126): the entry of the descriptor fits the format of the program.

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::{
    described,
    program::{self, Compact, TrueType, Type1},
};
use crate::pdf::{object, stream, validate::Part};

/// Most bytes of a font program that is looked into.
const PROGRAM_BYTES_MAX: usize = 64 << 20;

/// The entries that a descriptor may have a program in.
const ENTRIES: [&[u8]; 3] = [b"FontFile", b"FontFile2", b"FontFile3"];

/// The format of a program, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Type 1 in its first form.
    Type1,
    /// TrueType.
    TrueType,
    /// Bare Compact Font Format.
    Compact,
    /// OpenType with outlines in the Compact Font Format.
    OpenCompact,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes.get(..4)? {
            [b'%', b'!', ..] | [0x80, 1, ..] => Some(Self::Type1),
            [0, 1, 0, 0] | b"true" | b"ttcf" => Some(Self::TrueType),
            b"OTTO" => Some(Self::OpenCompact),
            [1, 0, _, 1..=4] => Some(Self::Compact),
            _ => None,
        }
    }

    fn can_be_read(self, bytes: &[u8]) -> bool {
        match self {
            Self::Type1 => Type1::read(bytes).is_some(),
            Self::TrueType => TrueType::read(bytes).is_some(),
            Self::Compact => Compact::read(bytes).is_some(),
            Self::OpenCompact => program::table(bytes, b"CFF ").and_then(Compact::read).is_some(),
        }
    }
}

/// What became of the program of a font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// It is there and can be read.
    There,
    /// There is none.
    Missing,
    /// There is one that nobody can read.
    Broken,
}

/// Puts the program of a font into the entry for it, and says whether there is any.
pub(super) fn settle(document: &mut Document, font: ObjectId, part: Part) -> Program {
    let Some(font) = object::at(document, font) else { return Program::Missing };
    if object::name(document, font, b"Subtype") == Some(b"Type3") {
        return Program::There;
    }
    let Some(held) = described(document, font) else { return Program::Missing };
    let is_composite = object::name(document, font, b"Subtype") == Some(b"Type0");
    let Some((file, key)) = file(document, held) else { return Program::Missing };
    let bytes = match stream::unpack_within(file, PROGRAM_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(crate::pdf::Error::Limit { .. }) => return Program::There,
        Err(_) => return Program::Broken,
    };
    // Some writers leave the first bytes out of a Type 1 program.
    let format = Format::of(&bytes).or((key == b"FontFile").then_some(Format::Type1));
    let Some(format) = format.filter(|format| format.can_be_read(&bytes)) else { return Program::Broken };
    let kind = object::name(document, held, b"Subtype");
    let is_bare = format == Format::OpenCompact && part == Part::One;
    let subtype: Option<&str> = match (format, is_composite) {
        (Format::Type1 | Format::TrueType, _) => None,
        (Format::OpenCompact, _) if !is_bare => Some("OpenType"),
        (Format::Compact | Format::OpenCompact, true) => Some("CIDFontType0C"),
        (Format::Compact | Format::OpenCompact, false) => Some("Type1C"),
    };
    let (fits, entry): (bool, &[u8]) = match format {
        Format::Type1 => (matches!(kind, Some(b"Type1" | b"MMType1")), b"FontFile"),
        Format::TrueType => (matches!(kind, Some(b"TrueType" | b"CIDFontType2")), b"FontFile2"),
        Format::Compact | Format::OpenCompact => {
            (matches!(kind, Some(b"Type1" | b"MMType1" | b"CIDFontType0")), b"FontFile3")
        }
    };
    let stated = object::name(document, &file.dict, b"Subtype");
    let is_right = key == entry && stated == subtype.map(str::as_bytes) && !is_bare;
    if fits && !is_right {
        let bare = if is_bare { program::table(&bytes, b"CFF ").map(<[u8]>::to_vec) } else { None };
        let (Some(descriptor), Some(id)) = places(document, held, key) else { return Program::There };
        rewrite(document, id, subtype, bare);
        if let Some(descriptor) = object::at_mut(document, descriptor) {
            ENTRIES.iter().for_each(|key| drop(descriptor.remove(key)));
            descriptor.set(entry, id);
        }
    }
    Program::There
}

/// The program of a described font, and the entry that it is in.
pub(super) fn file<'a>(document: &'a Document, held: &'a Dictionary) -> Option<(&'a Stream, &'static [u8])> {
    let descriptor = object::dictionary(document, held, b"FontDescriptor")?;
    ENTRIES.into_iter().find_map(|key| match object::get(document, descriptor, key) {
        Some(Object::Stream(file)) => Some((file, key)),
        Some(_) | None => None,
    })
}

/// The numbers of the descriptor and of the program.
fn places(document: &Document, held: &Dictionary, key: &[u8]) -> (Option<ObjectId>, Option<ObjectId>) {
    let target = |holder: &Dictionary, key: &[u8]| holder.get(key).ok().and_then(|held| object::target(document, held));
    let descriptor = target(held, b"FontDescriptor");
    let program = descriptor.and_then(|id| object::at(document, id)).and_then(|descriptor| target(descriptor, key));
    (descriptor, program)
}

/// Says of what kind a program is, and takes it out of what it is packed in.
fn rewrite(document: &mut Document, id: ObjectId, subtype: Option<&str>, bare: Option<Vec<u8>>) {
    let Some(Object::Stream(file)) = document.objects.get_mut(&id) else { return };
    match subtype {
        Some(subtype) => file.dict.set("Subtype", object::named(subtype)),
        None => drop(file.dict.remove(b"Subtype")),
    }
    if let Some(bare) = bare {
        file.dict.remove(b"Filter");
        file.dict.remove(b"DecodeParms");
        file.set_content(bare);
    }
}

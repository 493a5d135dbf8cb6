//! ZIP packages: Office Open XML, `OpenDocument`, and plain archives.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use crate::{domain::Format, engines::Error};

use super::{Content, agreement, corrupt};

/// What is wrong with a package that has entities of its own: Office files may not, and they can grow without end.
pub(super) const ENTITIES: &str = "it defines XML entities";

/// How much of an entry is read that says what the package is. The longest list of parts in the corpus has 30 KiB.
const ENTRY_BYTES_MAX: u64 = 512 << 10;

/// How much of each part is searched for entities; definitions stand before the root element.
const PART_HEAD_BYTES_MAX: u64 = 64 << 10;

/// Most entries that are looked at.
const ENTRIES_MAX: usize = 5_000;

/// Kinds of part that only one format has as its main one. Office writes the same kinds with or without macros.
const MAIN_PARTS: &[(&str, Format)] = &[
    ("ms-excel.sheet.binary.macroenabled.main", Format::Xlsb),
    ("spreadsheetml.sheet.main", Format::Xlsx),
    ("spreadsheetml.template.main", Format::Xlsx),
    ("ms-excel.sheet.macroenabled.main", Format::Xlsx),
    ("ms-excel.template.macroenabled.main", Format::Xlsx),
    ("ms-excel.addin.macroenabled.main", Format::Xlsx),
    ("wordprocessingml.document.main", Format::Docx),
    ("wordprocessingml.template.main", Format::Docx),
    ("ms-word.document.macroenabled.main", Format::Docx),
    ("ms-word.template.macroenabledtemplate.main", Format::Docx),
    ("presentationml.presentation.main", Format::Pptx),
    ("presentationml.slideshow.main", Format::Pptx),
    ("presentationml.template.main", Format::Pptx),
    ("ms-powerpoint.presentation.macroenabled.main", Format::Pptx),
    ("ms-powerpoint.slideshow.macroenabled.main", Format::Pptx),
    ("ms-powerpoint.template.macroenabled.main", Format::Pptx),
];

/// Names of main parts, for packages whose list of parts does not tell.
const MAIN_NAMES: &[(&str, Format)] = &[
    ("word/document.xml", Format::Docx),
    ("xl/workbook.xml", Format::Xlsx),
    ("xl/workbook.bin", Format::Xlsb),
    ("ppt/presentation.xml", Format::Pptx),
];

/// `OpenDocument` kinds, each also the beginning of its templates' and masters'.
const OPEN_DOCUMENTS: &[(&str, Format)] = &[
    ("application/vnd.oasis.opendocument.text", Format::Odt),
    ("application/vnd.oasis.opendocument.spreadsheet", Format::Ods),
    ("application/vnd.oasis.opendocument.presentation", Format::Odp),
    ("application/vnd.oasis.opendocument.graphics", Format::Odg),
];

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Whether a file begins as a package does; the second mark is that of an empty one.
pub(super) fn is_package(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Finds out what a package holds.
pub(super) fn content(bytes: &[u8], expected: Option<Format>) -> Result<Option<Content>, Error> {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else {
        return match expected {
            Some(expected) if agreement::is_office(expected) => {
                let what = format!(
                    "the name says {}, the directory of its package is missing or broken",
                    expected.described()
                );
                Err(corrupt(what))
            }
            // The engine that unpacks archives says what is wrong with it.
            Some(_) | None => Ok(Some(Content::open(Format::Zip))),
        };
    };
    if let Some(content) = open_document(&mut archive) {
        return Ok(Some(content));
    }
    if let Some(format) = open_xml(&mut archive, expected) {
        check_parts(&mut archive)?;
        return Ok(Some(Content::open(format)));
    }
    let count = archive.len().min(ENTRIES_MAX);
    let is_encrypted = (0..count).any(|index| archive.by_index_raw(index).is_ok_and(|entry| entry.encrypted()));
    Ok(Some(Content { format: Format::Zip, encrypted: is_encrypted }))
}

/// Whether a piece of XML defines entities, in UTF-8 or UTF-16.
pub(super) fn defines_entities(head: &[u8]) -> bool {
    contains(head, b"<!ENTITY")
}

fn open_document(archive: &mut Archive<'_>) -> Option<Content> {
    let manifest = head_of(archive, "META-INF/manifest.xml", ENTRY_BYTES_MAX);
    let kind = head_of(archive, "mimetype", ENTRY_BYTES_MAX).or_else(|| manifest.clone())?;
    let kind = String::from_utf8_lossy(&kind);
    let is_kind = |known: &&(&str, Format)| kind.contains(known.0);
    let format = OPEN_DOCUMENTS.iter().find(is_kind).map(|(_, format)| *format)?;
    let encrypted = manifest.is_some_and(|manifest| contains(&manifest, b"encryption-data"));
    Some(Content { format, encrypted })
}

fn open_xml(archive: &mut Archive<'_>, expected: Option<Format>) -> Option<Format> {
    let types = head_of(archive, "[Content_Types].xml", ENTRY_BYTES_MAX);
    let by_type = types.as_deref().and_then(|types| {
        let types = String::from_utf8_lossy(types).to_ascii_lowercase();
        main_part(|| types.split('<').filter(|element| element.starts_with("override")))
            .or_else(|| main_part(|| types.split('<')))
    });
    let says_office = types.is_some() || expected.is_some_and(agreement::is_office);
    let by_name =
        || MAIN_NAMES.iter().find(|(name, _)| archive.index_for_name(name).is_some()).map(|(_, format)| *format);
    by_type.or_else(|| by_name().filter(|_| says_office))
}

/// The format that a list of kinds names. The kinds of named parts are asked first: a workbook may have a kind for all
/// of its binary parts that only the main part of another format should have.
fn main_part<'a, I: Iterator<Item = &'a str>>(elements: impl Fn() -> I) -> Option<Format> {
    let is_there = |kind: &str| elements().any(|element| element.contains(kind));
    MAIN_PARTS.iter().find(|(kind, _)| is_there(kind)).map(|(_, format)| *format)
}

/// Refuses parts with a document type of their own, which Office Open XML forbids (ISO 29500-2, 8.1.4).
fn check_parts(archive: &mut Archive<'_>) -> Result<(), Error> {
    for index in 0..archive.len().min(ENTRIES_MAX) {
        let is_xml = archive.name_for_index(index).is_some_and(|name| {
            name.is_ok_and(|name| name.ends_with(".xml") || name.ends_with(".rels") || name.ends_with(".vml"))
        });
        if !is_xml {
            continue;
        }
        let Ok(part) = archive.by_index(index) else { continue };
        let head = read_head(part, PART_HEAD_BYTES_MAX);
        if defines_entities(&head) {
            return Err(corrupt(ENTITIES));
        }
        if contains(&head, b"<!DOCTYPE") {
            return Err(corrupt("a part of it has a document type definition"));
        }
    }
    Ok(())
}

fn head_of(archive: &mut Archive<'_>, name: &str, most: u64) -> Option<Vec<u8>> {
    let index = archive.index_for_name(name)?;
    Some(read_head(archive.by_index(index).ok()?, most))
}

fn read_head(entry: impl std::io::Read, most: u64) -> Vec<u8> {
    let mut head = Vec::new();
    // What cannot be unpacked is judged by what can.
    let _read = entry.take(most).read_to_end(&mut head);
    head
}

/// Finds a piece of ASCII; bytes of zero are passed over, so that UTF-16 reads the same.
fn contains(bytes: &[u8], piece: &[u8]) -> bool {
    if bytes.contains(&0) {
        let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        narrow.windows(piece.len()).any(|window| window == piece)
    } else {
        bytes.windows(piece.len()).any(|window| window == piece)
    }
}

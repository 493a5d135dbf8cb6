//! OLE compound files: old Office formats, Outlook messages, and encrypted new Office formats.

use std::io::{Cursor, Read as _};

use cfb::CompoundFile;

use crate::domain::Format;

use super::Content;

/// Where a format says whether it is encrypted.
#[derive(Debug, Clone, Copy)]
enum Mark {
    /// The format as such is encrypted.
    Always,
    Never,
    WordHeader,
    WorkbookRecord,
    UserToken,
}

/// Streams at the root that tell what a file is, the most telling first.
const STREAMS: &[(&str, Format, Mark)] = &[
    ("EncryptedPackage", Format::EncryptedOffice, Mark::Always),
    ("WordDocument", Format::Doc, Mark::WordHeader),
    ("PowerPoint Document", Format::Ppt, Mark::UserToken),
    ("Workbook", Format::Xls, Mark::WorkbookRecord),
    ("Book", Format::Xls, Mark::WorkbookRecord),
    ("__properties_version1.0", Format::Msg, Mark::Never),
];

/// How much of a stream is read to find out whether it is encrypted; the record that says so stands at its start.
const STREAM_HEAD_BYTES_MAX: u64 = 4 << 10;

/// The bit of a Word file's header that says it is encrypted, and where the bits stand.
const WORD_FLAGS_AT: usize = 10;
const WORD_IS_ENCRYPTED: u16 = 0x0100;

/// The record of a workbook before its encrypted part, and the one that ends its globals.
const WORKBOOK_FILE_PASS: u16 = 0x002f;
const WORKBOOK_END: u16 = 0x000a;

/// What stands in the user stream of an encrypted presentation, and where.
const PRESENTATION_TOKEN_AT: usize = 12;
const PRESENTATION_IS_ENCRYPTED: u32 = 0xf3d1_c4df;

type File<'a> = CompoundFile<Cursor<&'a [u8]>>;

/// Whether a file begins as such a container does.
pub(super) fn is_compound(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

/// Finds out what a container holds.
pub(super) fn content(bytes: &[u8]) -> Option<Content> {
    let Ok(mut file) = CompoundFile::open(Cursor::new(bytes)) else { return by_raw_names(bytes) };
    let names: Vec<String> = file.read_root_storage().map(|entry| entry.name().to_owned()).collect();
    let is_there = |stream: &str| names.iter().find(|name| name.eq_ignore_ascii_case(stream));
    let (name, format, mark) =
        STREAMS.iter().find_map(|(stream, format, mark)| Some((is_there(stream)?, *format, *mark)))?;
    let is_encrypted = match mark {
        Mark::Always => true,
        Mark::Never => false,
        Mark::WordHeader => is_word_encrypted(&head(&mut file, name)),
        Mark::WorkbookRecord => is_workbook_encrypted(&head(&mut file, name)),
        Mark::UserToken => {
            is_there("EncryptedSummary").is_some() || is_presentation_encrypted(&head(&mut file, "Current User"))
        }
    };
    Some(if is_encrypted { Content::encrypted(format) } else { Content::open(format) })
}

/// Damaged files, which Office programs may still mend, by the names of streams anywhere among the bytes.
fn by_raw_names(bytes: &[u8]) -> Option<Content> {
    let is_there = |stream: &str| {
        let wide: Vec<u8> = stream.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        // Entries of a directory are 128 bytes long and begin with their name, in sectors of 512 bytes.
        bytes.chunks(128).any(|entry| entry.starts_with(&wide))
    };
    let format = STREAMS.iter().find(|(stream, _, _)| is_there(stream)).map(|(_, format, _)| *format)?;
    Some(Content { format, encrypted: format == Format::EncryptedOffice })
}

fn head(file: &mut File<'_>, stream: &str) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(stream) = file.open_stream(stream) {
        // What cannot be read is judged by what can.
        let _read = stream.take(STREAM_HEAD_BYTES_MAX).read_to_end(&mut head);
    }
    head
}

fn is_word_encrypted(head: &[u8]) -> bool {
    u16_at(head, WORD_FLAGS_AT).is_some_and(|flags| flags & WORD_IS_ENCRYPTED != 0)
}

fn is_workbook_encrypted(head: &[u8]) -> bool {
    let mut at = 0;
    while let (Some(record), Some(length)) = (u16_at(head, at), u16_at(head, at + 2)) {
        match record {
            WORKBOOK_FILE_PASS => return true,
            WORKBOOK_END => return false,
            _ => at += 4 + usize::from(length),
        }
    }
    false
}

fn is_presentation_encrypted(head: &[u8]) -> bool {
    let token = head.get(PRESENTATION_TOKEN_AT..).and_then(|rest| rest.first_chunk());
    token.is_some_and(|token| u32::from_le_bytes(*token) == PRESENTATION_IS_ENCRYPTED)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

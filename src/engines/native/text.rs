//! Plain text and drawings, set by Typst as tagged PDF/A-2b.
//!
//! The text goes in as data, never as markup, so nothing in it is executed.

use std::{collections::HashMap, path::PathBuf};

use encoding_rs::Encoding;
use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration, Smart},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_kit::fonts::{self, FontStore};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::{
    domain::{Event, EventCode, limits},
    engines::Error,
};

/// Version of the engine.
pub const VERSION: &str = "0.15";

/// Characters without a place to break after which a line is broken: what fits on the page.
const UNBROKEN_CHARS_MAX: usize = 90;

/// Lines of one block. A block that spans many pages takes time with the square of them: 131 s for 600 pages as one.
const BLOCK_LINES: usize = 200;

/// How text is set: one column of fixed-width type on A4, as a file viewer shows it, in blocks that touch.
const SHEET: &str = r#"
#set page(paper: "a4", margin: (x: 2cm, y: 2cm))
#set text(font: ("DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono CJK SC", "DejaVu Sans"), size: 9pt, dir: DIRECTION)
#set par(leading: 0.45em)
#show raw.where(block: true): set block(above: 0.45em, below: 0.45em)
#show raw: set text(font: ("DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono CJK SC", "DejaVu Sans"), size: 9pt)
#for index in range(BLOCKS) { raw(read("/input/" + str(index)), block: true) }
"#;

/// How a drawing is set: a page of its own size.
const DRAWING: &str = r#"
#set page(width: auto, height: auto, margin: 0pt)
#image("/input/0", format: "svg")
"#;

/// Turns text in any encoding into a PDF.
///
/// # Errors
/// `Limit` when it is too long, `Corrupt` when it cannot be set.
pub fn to_pdf(bytes: &[u8], font_folders: &[PathBuf]) -> Result<(Vec<u8>, Vec<Event>), Error> {
    if bytes.len() as u64 > limits::TEXT_BYTES_MAX {
        let max = limits::TEXT_BYTES_MAX >> 20;
        return Err(Error::Limit { which: format!("{} bytes of text, at most {max} MiB are allowed", bytes.len()) });
    }
    let (text, mut events) = decode(bytes);
    let text = printable(&text, &mut events);
    let direction = if reads_right_to_left(&text) { "rtl" } else { "ltr" };
    let blocks = blocks(&text);
    let sheet = SHEET.replace("DIRECTION", direction).replace("BLOCKS", &blocks.len().to_string());
    Ok((compile(&sheet, blocks, font_folders)?, events))
}

/// Turns an SVG drawing into a PDF of one page.
///
/// # Errors
/// `Corrupt` when it is no drawing that can be set.
pub fn drawing_to_pdf(bytes: Vec<u8>, font_folders: &[PathBuf]) -> Result<(Vec<u8>, Vec<Event>), Error> {
    // Entities are how a small drawing becomes a large one; honest drawings of some programs use a few, expanded once.
    let head = String::from_utf8_lossy(&bytes);
    if head.matches("<!ENTITY").count() > 0 && (head.contains("SYSTEM") || nests_entities(&head)) {
        return Err(Error::Corrupt { what: "it defines XML entities that refer to others or to files".to_owned() });
    }
    Ok((compile(DRAWING, vec![bytes], font_folders)?, Vec::new()))
}

/// Whether an entity's value refers to an entity.
fn nests_entities(text: &str) -> bool {
    text.split("<!ENTITY").skip(1).any(|declaration| declaration.split('>').next().unwrap_or_default().contains('&'))
}

/// Reads text by its mark, as UTF-8, or by what its letters look like.
fn decode(bytes: &[u8]) -> (String, Vec<Event>) {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return (encoding.decode(bytes).0.into_owned(), Vec::new());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), Vec::new());
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Allow);
    let (text, _, had_errors) = encoding.decode(bytes);
    let mut events =
        vec![Event::info(EventCode::Generic, format!("The text was read in the encoding {}.", encoding.name()))];
    if had_errors {
        let message =
            format!("Some bytes are no text in the encoding {}; they are shown as \u{fffd}.", encoding.name());
        events.push(Event::warning(EventCode::ContentRecovered, message));
    }
    (text.into_owned(), events)
}

/// Replaces control characters, which have no shape, and breaks words that are wider than the page.
pub(in crate::engines) fn printable(text: &str, events: &mut Vec<Event>) -> String {
    let mut printed = String::with_capacity(text.len());
    let mut unbroken = 0;
    let (mut replaced, mut broken) = (0_usize, 0_usize);
    for character in text.chars() {
        match character {
            '\n' | ' ' | '\t' => unbroken = 0,
            '\r' | '\u{feff}' => continue,
            '\u{c}' => {
                printed.push('\n');
                unbroken = 0;
                continue;
            }
            _ => unbroken += 1,
        }
        if unbroken > UNBROKEN_CHARS_MAX {
            printed.push('\n');
            unbroken = 1;
            broken += 1;
        }
        if character == '\t' {
            printed.push_str("    ");
        } else if character != '\n' && (character.is_control() || is_private_or_unassigned(character)) {
            printed.push('\u{fffd}');
            replaced += 1;
        } else {
            printed.push(character);
        }
    }
    if replaced > 0 {
        let message = format!("{replaced} control characters have no shape; they are shown as \u{fffd}.");
        events.push(Event::info(EventCode::ContentRecovered, message));
    }
    if broken > 0 {
        let message = format!("Words that are wider than the page were broken in {broken} places.");
        events.push(Event::info(EventCode::ContentOverflow, message));
    }
    printed
}

/// Splits text into blocks of whole lines; the line feed between two blocks is the break between them.
pub(in crate::engines) fn blocks(text: &str) -> Vec<Vec<u8>> {
    let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
    lines.chunks(BLOCK_LINES).map(|block| block.join("\n").into_bytes()).collect()
}

/// Characters that no font can be expected to show and that PDF/A does not want as text.
fn is_private_or_unassigned(character: char) -> bool {
    matches!(u32::from(character), 0xE000..=0xF8FF | 0xFFF0..=0xFFFB | 0xFFFE..=0xFFFF | 0xF0000..=0x10FFFF)
}

/// Whether most letters are Hebrew or Arabic.
pub(in crate::engines) fn reads_right_to_left(text: &str) -> bool {
    let (mut right_to_left, mut letters) = (0_usize, 0_usize);
    for character in text.chars().filter(|character| character.is_alphabetic()).take(10_000) {
        letters += 1;
        if matches!(u32::from(character), 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF) {
            right_to_left += 1;
        }
    }
    right_to_left * 2 > letters
}

/// Sets a template of ours, which reads the inputs by their numbers below `/input`.
pub(in crate::engines) fn compile(
    source: &str,
    inputs: Vec<Vec<u8>>,
    font_folders: &[PathBuf],
) -> Result<Vec<u8>, Error> {
    let sheet = Sheet::new(source, inputs, font_folders)?;
    let document = typst::compile::<PagedDocument>(&sheet).output.map_err(|problems| refused(&problems))?;
    // PDF/A asks for a date of its own making only when there is one; the result's dates are written with its metadata.
    for standard in [Some(PdfStandard::A_2b), None] {
        let standards = PdfStandards::new(standard.as_slice())
            .map_err(|_| Error::Internal { doing: "choose a PDF standard".to_owned(), source: None })?;
        let options = PdfOptions { creator: Smart::Custom(None), standards, tagged: true, ..PdfOptions::default() };
        match typst_pdf::pdf(&document, &options) {
            Ok(pdf) => return Ok(pdf),
            // A glyph that no font has is against PDF/A and no reason to refuse the text; the archiver says so.
            Err(_) if standard.is_some() => {}
            Err(problems) => return Err(refused(&problems)),
        }
    }
    Err(Error::Corrupt { what: "it cannot be set".to_owned() })
}

fn refused(problems: &[typst::diag::SourceDiagnostic]) -> Error {
    let told: Vec<&str> = problems.iter().take(3).map(|problem| problem.message.as_str()).collect();
    Error::Corrupt { what: format!("it cannot be set: {}", told.join("; ")) }
}

/// The world of one document: its sheet, its input, the fonts of the machine, and nothing else.
struct Sheet {
    library: LazyHash<Library>,
    fonts: FontStore,
    main: Source,
    inputs: HashMap<FileId, Bytes>,
}

impl Sheet {
    fn new(source: &str, inputs: Vec<Vec<u8>>, font_folders: &[PathBuf]) -> Result<Self, Error> {
        let id = |name: &str| -> Result<FileId, Error> {
            let path = VirtualPath::new(name)
                .map_err(|_| Error::Internal { doing: "name a file".to_owned(), source: None })?;
            Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
        };
        let mut store = FontStore::new();
        for folder in font_folders {
            store.extend(fonts::scan(folder));
        }
        store.extend(fonts::embedded());
        let numbered = inputs
            .into_iter()
            .enumerate()
            .map(|(index, input)| Ok((id(&format!("/input/{index}"))?, Bytes::new(input))));
        Ok(Self {
            library: LazyHash::new(Library::default()),
            fonts: store,
            main: Source::new(id("/main.typ")?, source.to_owned()),
            inputs: numbered.collect::<Result<_, Error>>()?,
        })
    }
}

impl World for Sheet {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.inputs.get(&id).cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_at_the_start_decides_the_encoding() {
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("Grüße".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode(&utf16).0, "Grüße");
    }

    #[test]
    fn text_that_is_not_utf8_is_read_by_its_letters() {
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode("Привет, это обычный русский текст в старой кодировке.");
        assert!(decode(&bytes).0.contains("обычный русский текст"));
    }

    #[test]
    fn a_word_without_an_end_is_broken_to_fit_the_page() {
        let mut events = Vec::new();
        let printed = printable(&"x".repeat(1000), &mut events);
        assert!(printed.lines().all(|line| line.len() <= UNBROKEN_CHARS_MAX));
        assert_eq!(events.len(), 1);
    }

    #[test]
    fn blocks_hold_every_line_once_and_in_order() {
        let text: String = (0..450).map(|line| format!("{line}\n")).collect();
        let blocks = blocks(&text);
        assert_eq!(blocks.len(), 3);
        let joined: Vec<String> = blocks.into_iter().map(|block| String::from_utf8(block).unwrap()).collect();
        assert_eq!(joined.join("\n"), text.trim_end());
    }

    #[test]
    fn control_characters_become_a_visible_sign() {
        let mut events = Vec::new();
        assert_eq!(printable("a\u{1b}[31mb\r\n", &mut events), "a\u{fffd}[31mb\n");
    }

    #[test]
    fn entities_that_feed_on_each_other_are_refused() {
        let bomb = r#"<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"/>"#;
        assert!(matches!(drawing_to_pdf(bomb.into(), &[]), Err(Error::Corrupt { .. })));
    }
}

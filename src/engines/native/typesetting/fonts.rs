//! The fonts of the machine, and which characters none of them has.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use ttf_parser::Face;
use typst::{
    Library, LibraryExt as _,
    text::{Font, FontBook, FontVariant},
    utils::LazyHash,
};
use typst_kit::fonts::{self, FontStore};

use crate::domain::{Event, EventCode};

/// Most characters that the client is told by name; the first ones say which script it is.
const MISSING_TOLD_MAX: usize = 10;

/// Stands for a character that cannot be shown, as `Encoding` has it for bytes that are no text.
const STAND_IN: char = '\u{fffd}';

/// All fonts: those of the machine and a few that are part of this program. They are looked for once, when they are needed
/// first, and read one by one; copies share what was found.
#[derive(Clone)]
pub struct Faces(Arc<Found>);

struct Found {
    folders: Vec<PathBuf>,
    store: OnceLock<FontStore>,
    /// What Typst itself brings; it is the same for all sheets.
    library: OnceLock<LazyHash<Library>>,
}

impl fmt::Debug for Faces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Faces").field("folders", &self.0.folders).finish_non_exhaustive()
    }
}

impl Faces {
    /// The fonts below some folders. Touches no file yet.
    pub fn new(folders: &[PathBuf]) -> Self {
        Self(Arc::new(Found { folders: folders.to_vec(), store: OnceLock::new(), library: OnceLock::new() }))
    }

    fn library(&self) -> &LazyHash<Library> {
        self.0.library.get_or_init(|| LazyHash::new(Library::default()))
    }

    fn store(&self) -> &FontStore {
        self.0.store.get_or_init(|| {
            let mut store = FontStore::new();
            for folder in &self.0.folders {
                store.extend(fonts::scan(folder));
            }
            store.extend(fonts::embedded());
            store
        })
    }
}

/// The fonts as one document uses them.
pub struct Fonts {
    faces: Faces,
    /// Where a character was found last: texts stay with a few fonts.
    last: usize,
    known: HashMap<char, bool>,
    missing: BTreeMap<char, usize>,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fonts").field("missing", &self.missing).finish_non_exhaustive()
    }
}

impl Fonts {
    /// For a document that comes next.
    pub fn of(faces: &Faces) -> Self {
        Self { faces: faces.clone(), last: 0, known: HashMap::new(), missing: BTreeMap::new() }
    }

    /// Replaces characters that no font has, or that have no shape at all, by a sign that says so.
    pub fn shown(&mut self, text: &str) -> String {
        text.chars().map(|character| if self.has(character) { character } else { STAND_IN }).collect()
    }

    /// Says which characters were replaced since the fonts were opened.
    pub fn tell(&self, events: &mut Vec<Event>) {
        let (controls, missing): (Vec<_>, Vec<_>) =
            self.missing.iter().partition(|(character, _)| has_no_shape(**character));
        let count: usize = controls.iter().map(|(_, count)| **count).sum();
        if count > 0 {
            let message = format!("{count} control characters have no shape; they are shown as {STAND_IN}.");
            events.push(Event::info(EventCode::ContentRecovered, message));
        }
        if !missing.is_empty() {
            events.push(missing_glyphs(missing.into_iter().map(|(character, _)| *character), "shown as \u{fffd}"));
        }
    }

    /// Measures text in the first of the families that is there; their names are in lower case.
    pub fn ruler(&self, families: &[&str]) -> Ruler {
        let mut found = families.iter().filter_map(|family| self.book().select(family, FontVariant::default()));
        Ruler { font: found.next().and_then(|index| self.font(index)), known: HashMap::new() }
    }

    fn has(&mut self, character: char) -> bool {
        if character.is_ascii_graphic() || character == ' ' || character == '\n' {
            return true;
        }
        let has = match self.known.get(&character) {
            Some(has) => *has,
            None => {
                let has = !has_no_shape(character) && (is_invisible(character) || self.find(character));
                self.known.insert(character, has);
                has
            }
        };
        if !has {
            *self.missing.entry(character).or_default() += 1;
        }
        has
    }

    fn find(&mut self, character: char) -> bool {
        let has = |index: usize| self.book().info(index).map(|info| info.coverage.contains(u32::from(character)));
        if has(self.last) == Some(true) {
            return true;
        }
        let found = (0..).map_while(|index| has(index).map(|has| (index, has))).find(|(_, has)| *has);
        self.last = found.map_or(self.last, |(index, _)| index);
        found.is_some()
    }

    pub(super) fn library(&self) -> &LazyHash<Library> {
        self.faces.library()
    }

    pub(super) fn book(&self) -> &LazyHash<FontBook> {
        self.faces.store().book()
    }

    pub(super) fn font(&self, index: usize) -> Option<Font> {
        self.faces.store().font(index)
    }
}

/// Measures text in one font, without what shaping does to it.
#[derive(Debug)]
pub struct Ruler {
    font: Option<Font>,
    known: HashMap<char, f64>,
}

impl Ruler {
    /// The width of a line in em.
    pub fn width_em(&mut self, line: &str) -> f64 {
        line.chars().map(|character| self.advance_em(character)).sum()
    }

    fn advance_em(&mut self, character: char) -> f64 {
        let font = self.font.as_ref();
        *self.known.entry(character).or_insert_with(|| {
            let advance = font.and_then(|font| {
                let face = Face::parse(font.data(), font.index()).ok()?;
                let advance = face.glyph_hor_advance(face.glyph_index(character)?)?;
                Some(f64::from(advance) / f64::from(face.units_per_em()))
            });
            // A character of another font: the wide ones are as wide as they are high.
            advance.unwrap_or(1.0)
        })
    }
}

/// Tells the client of characters that no font has.
pub(in crate::engines::native) fn missing_glyphs(characters: impl IntoIterator<Item = char>, shown: &str) -> Event {
    let missing: BTreeSet<char> = characters.into_iter().collect();
    let told = missing.iter().take(MISSING_TOLD_MAX).map(|character| format!("U+{:04X}", u32::from(*character)));
    let told = told.collect::<Vec<_>>().join(", ");
    let more = missing.len().saturating_sub(MISSING_TOLD_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("No font of this machine has the characters {told}{more}; they are {shown}.");
    Event::warning(EventCode::VisualDifferences, message)
}

/// Characters that no font can be expected to show and that PDF/A does not want as text.
fn has_no_shape(character: char) -> bool {
    (character.is_control() && character != '\n' && character != '\t')
        || matches!(u32::from(character), 0xE000..=0xF8FF | 0xFFF0..=0xFFFB | 0xFFFE..=0xFFFF | 0xF0000..=0x10FFFF)
}

/// Spaces, and what only steers how its neighbours are shown: joiners, marks of direction, variants, tags.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            u32::from(character),
            0xAD | 0x34F | 0x61C | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E
                | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF | 0xE0000..=0xE0FFF
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_no_font_has_is_named_once_and_replaced_each_time() {
        // Without folders only the fonts that are part of the program are there, and none has Cuneiform.
        let mut fonts = Fonts::of(&Faces::new(&[]));
        assert_eq!(fonts.shown("a\u{12000}b\u{12000}\u{12001}"), "a\u{fffd}b\u{fffd}\u{fffd}");
        let mut events = Vec::new();
        fonts.tell(&mut events);
        assert_eq!(events.len(), 1);
        assert!(events[0].message.contains("U+12000, U+12001;"), "{}", events[0].message);
    }

    #[test]
    fn what_is_not_seen_is_not_missed() {
        let mut fonts = Fonts::of(&Faces::new(&[]));
        let text = "e\u{200d}\u{fe0f}\u{a0}\u{200f}\u{2003}\n";
        assert_eq!(fonts.shown(text), text);
    }

    #[test]
    fn control_characters_become_a_visible_sign() {
        let mut fonts = Fonts::of(&Faces::new(&[]));
        assert_eq!(fonts.shown("a\u{1b}[31mb"), "a\u{fffd}[31mb");
        let mut events = Vec::new();
        fonts.tell(&mut events);
        assert_eq!(events[0].code, EventCode::ContentRecovered);
    }

    #[test]
    fn many_missing_characters_are_counted() {
        let event = missing_glyphs((0x12000..0x12014).filter_map(char::from_u32), "left out");
        assert!(event.message.ends_with("U+12009 and 10 more; they are left out."), "{}", event.message);
    }

    #[test]
    fn a_line_is_as_wide_as_its_letters() {
        let fonts = Fonts::of(&Faces::new(&[]));
        let (mut fixed, mut other) = (fonts.ruler(&["none", "dejavu sans mono"]), fonts.ruler(&["libertinus serif"]));
        assert!((fixed.width_em("iiii") - fixed.width_em("MMMM")).abs() < 0.001);
        assert!((fixed.width_em("ab") * 2.0 - fixed.width_em("abab")).abs() < 0.001);
        assert!(other.width_em("iiii") < other.width_em("MMMM") / 2.0);
    }
}

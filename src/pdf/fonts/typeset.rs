//! Lines of text in a font that is made for them: shaped as their scripts want it, embedded, and with nothing in it that
//! is not shown.
//!
//! ```text
//! text ─► runs of one direction, in the order of showing ─► pieces that one installed font has ─► shaped into clusters
//!                                                                each cluster ─► one glyph of the font in the making
//! ```
//!
//! A cluster is what cannot be told apart in a script: a letter with its marks, a ligature, a syllable. It becomes one
//! glyph, however many the installed font draws it with, so that every code stands for just its characters.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use rustybuzz::{Direction, GlyphInfo, GlyphPosition, UnicodeBuffer};
use ttf_parser::{GlyphId, Permissions, name_id};
use unicode_bidi::BidiInfo;

use super::{
    FontFolder,
    choice::{self, Choice},
    cmap::Code,
    compact::{self, Glyph, Keys},
    composite, lists,
    outlines::{self, Measures, Source},
    scripts::{self, Named},
    unicode_map,
};
use crate::pdf::{object, validate::Part};

/// Most glyphs of one font; there is none with the number 0.
const GLYPHS_MAX: usize = 65_534;

/// What a font is asked for by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Style {
    /// The family.
    pub(crate) family: String,
    /// Whether it is bold.
    pub(crate) is_bold: bool,
    /// Whether it is italic.
    pub(crate) is_italic: bool,
}

/// A font in the making. It draws with whatever installed fonts have the characters.
#[derive(Debug)]
pub(crate) struct Typeface {
    /// Font files of the family itself, best first, and what stands in for it.
    choice: Choice,
    /// What else may help.
    spare: Vec<String>,
    sources: Vec<Source>,
    /// The places of files among the sources; `None` for those that are of no use.
    known: BTreeMap<Named, Option<usize>>,
    cids: BTreeMap<Shape, u16>,
    glyphs: Vec<Glyph>,
    texts: Vec<(Code, String)>,
}

/// What tells glyphs of the font apart: the source with its glyphs and their places, and what it stands for.
type Shape = (usize, Vec<(u16, i32, i32)>, String);

/// A line of text, in thousandths of an em.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Line {
    /// Codes, and how much further than by its width the next one is.
    shown: Vec<(u16, f32)>,
    /// How wide it is.
    pub(crate) width: f32,
    /// What no installed font has.
    pub(crate) missing: BTreeSet<char>,
}

impl Line {
    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// What shows the line: the operator with its operands (ISO 32000-1, 9.4.3).
    pub(crate) fn operation(&self) -> String {
        let mut codes = "[<".to_owned();
        for (code, further) in &self.shown {
            codes.push_str(&format!("{code:04X}"));
            if further.abs() >= 0.5 {
                codes.push_str(&format!("> {:.0} <", -further));
            }
        }
        codes.push_str(">] TJ\n");
        codes
    }
}

impl Typeface {
    /// Finds the fonts for a style, and says which family stands in for one that is not installed.
    pub(crate) fn open(style: &Style, folder: &FontFolder) -> (Self, Option<StandIn>) {
        let named = folder
            .find(&style.family, style.is_bold, style.is_italic)
            .or_else(|| folder.find(&style.family, false, false))
            .map(str::to_owned);
        let words = [(style.is_bold, " Bold"), (style.is_italic, " Italic")];
        let words: String = words.iter().filter(|(is_so, _)| *is_so).map(|(_, word)| *word).collect();
        // Symbols come from whatever font has them, like all other characters.
        let mut choice = choice::choose(&format!("{}{words}", style.family), 0);
        if choice.symbolic.is_some() {
            choice = choice::choose(&words, 0);
        }
        let mut files = std::mem::take(&mut choice.files).into_iter();
        let is_there = named.is_some();
        choice.files = named.into_iter().chain(files.next()).collect();
        let stand_in = StandIn { family: choice.family, is_compatible: choice.is_compatible };
        let typeface = Self {
            choice,
            spare: files.collect(),
            sources: Vec::new(),
            known: BTreeMap::new(),
            cids: BTreeMap::new(),
            glyphs: Vec::new(),
            texts: Vec::new(),
        };
        (typeface, (!is_there).then_some(stand_in))
    }

    /// How far the first of its fonts reaches above and below the line, in thousandths of an em; below is negative.
    pub(crate) fn reach(&mut self, folder: &FontFolder) -> Option<(f32, f32)> {
        let first = *self.candidates(&[], folder).first()?;
        let measures = self.measures(first)?;
        Some((measures.ascent, measures.descent))
    }

    /// Sets a line; `None` when the font would have too many glyphs.
    pub(crate) fn set(&mut self, text: &str, folder: &FontFolder) -> Option<Line> {
        let text: String = text.chars().filter_map(printable).collect();
        let characters: Vec<char> = text.chars().collect();
        let candidates = self.candidates(&characters, folder);
        // The sources are lent out while glyphs are added.
        let sources = std::mem::take(&mut self.sources);
        let faces: Vec<(usize, rustybuzz::Face<'_>)> =
            candidates.into_iter().filter_map(|at| Some((at, face(sources.get(at)?)?))).collect();
        let line = self.set_with(&faces, &text);
        drop(faces);
        self.sources = sources;
        line
    }

    fn set_with(&mut self, faces: &[(usize, rustybuzz::Face<'_>)], text: &str) -> Option<Line> {
        let mut line = Line::default();
        let bidi = BidiInfo::new(text, None);
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let is_right_to_left = levels.get(run.start).is_some_and(|level| level.is_rtl());
                let mut pieces = pieces(faces, text, run, &mut line.missing);
                if is_right_to_left {
                    pieces.reverse();
                }
                for (at, range) in pieces {
                    let (source, face) = faces.get(at)?;
                    self.shape(*source, face, text.get(range)?, is_right_to_left, &mut line)?;
                }
            }
        }
        Some(line)
    }

    /// Shapes a piece of text of one font and one direction.
    fn shape(
        &mut self,
        source: usize,
        face: &rustybuzz::Face<'_>,
        piece: &str,
        is_right_to_left: bool,
        line: &mut Line,
    ) -> Option<()> {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(piece);
        buffer.set_direction(if is_right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(face, &[], buffer);
        let starts: BTreeSet<usize> = shaped.glyph_infos().iter().map(|info| place(info.cluster)).collect();
        let glyphs: Vec<(&GlyphInfo, &GlyphPosition)> =
            shaped.glyph_infos().iter().zip(shaped.glyph_positions()).collect();
        let scale = outlines::scale(face);
        for cluster in glyphs.chunk_by(|(one, _), (other, _)| one.cluster == other.cluster) {
            let Some((first, _)) = cluster.first() else { continue };
            let start = place(first.cluster);
            let end = starts.range(start + 1..).next().copied().unwrap_or(piece.len());
            let text = piece.get(start..end)?;
            let (parts, advance) = parts(cluster);
            let further = outlines::units(advance) * scale;
            let width = match parts.as_slice() {
                [(glyph, 0, 0)] => f32::from(face.glyph_hor_advance(GlyphId(*glyph)).unwrap_or(0)) * scale,
                _ => further.max(0.0),
            };
            let shape = (source, parts, text.to_owned());
            let known = self.cids.get(&shape).copied();
            let Some(cid) = known.or_else(|| self.draw(face, shape, width)) else {
                if self.glyphs.len() >= GLYPHS_MAX {
                    return None;
                }
                line.missing.extend(text.chars().filter(|each| !composite::is_blank(*each)));
                continue;
            };
            // The same cluster may be followed at another distance than when its glyph was made.
            let width = self.glyphs.get(usize::from(cid) - 1).map_or(width, |glyph| glyph.width);
            line.shown.push((cid, further - width));
            line.width += further;
        }
        Some(())
    }

    /// Makes a glyph; `None` when there is nothing to be seen of what should be seen, or no room.
    fn draw(&mut self, face: &rustybuzz::Face<'_>, shape: Shape, width: f32) -> Option<u16> {
        let (_, parts, text) = &shape;
        let glyphs: Vec<(GlyphId, i32, i32)> =
            parts.iter().map(|(glyph, right, up)| (GlyphId(*glyph), *right, *up)).collect();
        let drawing = outlines::compose(face, &glyphs);
        let is_blank = text.chars().all(composite::is_blank);
        let is_shown = parts.iter().all(|(glyph, ..)| *glyph != 0) && (is_blank || !drawing.is_blank());
        if !is_shown || self.glyphs.len() >= GLYPHS_MAX {
            return None;
        }
        let cid = u16::try_from(self.glyphs.len() + 1).ok()?;
        self.glyphs.push(Glyph { cid, width, drawing });
        self.texts.push((Code { length: 2, value: u32::from(cid) }, text.clone()));
        self.cids.insert(shape, cid);
        Some(cid)
    }

    /// The sources to draw some characters with, best first: the family, fonts for the scripts, and what has a bit of all.
    fn candidates(&mut self, characters: &[char], folder: &FontFolder) -> Vec<usize> {
        let named = scripts::fonts(&self.choice, None, characters);
        let all = named.into_iter().chain(self.spare.iter().map(|file| (file.clone(), 0))).collect::<Vec<_>>();
        let mut found = Vec::new();
        for font in all {
            let at = match self.known.get(&font) {
                Some(at) => *at,
                None => {
                    let at = self.load(&font, folder);
                    self.known.insert(font, at);
                    at
                }
            };
            found.extend(at.filter(|at| !found.contains(at)));
        }
        found
    }

    /// Loads a font that can be read and may be embedded.
    fn load(&mut self, (file, index): &Named, folder: &FontFolder) -> Option<usize> {
        let source = Source { bytes: folder.load(file)?, index: *index };
        face(&source).filter(|face| {
            face.units_per_em() > 0 && face.permissions().is_none_or(|permitted| permitted != Permissions::Restricted)
        })?;
        self.sources.push(source);
        Some(self.sources.len() - 1)
    }

    fn measures(&self, source: usize) -> Option<Measures> {
        let face = face(self.sources.get(source)?)?;
        Some(outlines::measures(&face))
    }

    /// Whether anything was set in it.
    pub(crate) fn is_used(&self) -> bool {
        !self.glyphs.is_empty()
    }

    /// Writes the font under a number; `None` when nothing was set in it, or too much.
    pub(crate) fn write(&self, document: &mut Document, id: ObjectId, part: Option<Part>) -> Option<()> {
        let used: BTreeSet<usize> = self.cids.keys().map(|(source, ..)| *source).collect();
        let mut measures = self.measures(*used.first()?)?;
        for other in used.iter().filter_map(|source| self.measures(*source)) {
            let ([a, b, c, d], [e, f, g, h]) = (measures.bounds, other.bounds);
            measures.bounds = [a.min(e), b.min(f), c.max(g), d.max(h)];
        }
        let first = face(self.sources.get(*used.first()?)?)?;
        let name = outlines::name(&first, name_id::POST_SCRIPT_NAME);
        let name = name.unwrap_or_else(|| self.choice.family.to_owned()).replace(' ', "");
        let name = format!("{}+{name}", tag(id));
        let program = compact::write(&name, Keys::Cids("Identity", 0), &self.glyphs)?;
        let descriptor = composite::descriptor(document, &name, measures, program);
        if part == Some(Part::One) {
            let last = u32::try_from(self.glyphs.len()).ok()?;
            let set = object::add(document, Stream::new(Dictionary::new(), lists::bits(0..=last)));
            object::at_mut(document, descriptor)?.set("CIDSet", set);
        }
        let widths = self.glyphs.iter().map(|glyph| Object::Real(glyph.width)).collect::<Vec<_>>();
        let system = dictionary! {
            "Registry" => Object::string_literal("Adobe"), "Ordering" => Object::string_literal("Identity"),
            "Supplement" => 0,
        };
        let descendant = dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType0", "BaseFont" => name.as_str(), "CIDSystemInfo" => system,
            "FontDescriptor" => descriptor, "W" => vec![1.into(), widths.into()],
        };
        let descendant = object::add(document, descendant);
        let map = object::add(document, Stream::new(Dictionary::new(), unicode_map::write_texts(&self.texts)));
        let font = dictionary! {
            "Type" => "Font", "Subtype" => "Type0", "BaseFont" => name.as_str(), "Encoding" => "Identity-H",
            "DescendantFonts" => vec![descendant.into()], "ToUnicode" => map,
        };
        document.objects.insert(id, font.into());
        Some(())
    }
}

/// What stands in for a family that is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StandIn {
    /// Its name.
    pub(crate) family: &'static str,
    /// Whether its letters are as wide.
    pub(crate) is_compatible: bool,
}

/// Six letters that tell subsets of one font apart (ISO 32000-1, 9.6.4).
fn tag((number, _): ObjectId) -> String {
    let letter =
        |place: u32| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ".get(digit(number, place)).copied().unwrap_or(b'A'));
    (0..6).map(letter).collect()
}

/// A digit of a number in the base of 26, the lowest at place 0.
fn digit(number: u32, place: u32) -> usize {
    usize::try_from(number / 26_u32.pow(place) % 26).unwrap_or_default()
}

fn face(source: &Source) -> Option<rustybuzz::Face<'_>> {
    rustybuzz::Face::from_slice(&source.bytes, source.index)
}

/// What stands for a character in one line: nothing for a mark of byte order, which is no character, and a space for ends
/// of lines and other controls.
fn printable(character: char) -> Option<char> {
    match character {
        '\u{FEFF}' | '\u{FFFE}' => None,
        _ if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => Some(' '),
        _ => Some(character),
    }
}

/// Cuts a run of text into pieces that one font has each. A space and a mark stay with what is before them where they can.
fn pieces(
    faces: &[(usize, rustybuzz::Face<'_>)],
    text: &str,
    run: Range<usize>,
    missing: &mut BTreeSet<char>,
) -> Vec<(usize, Range<usize>)> {
    let has = |at: usize, character: char| faces.get(at).is_some_and(|(_, face)| face.glyph_index(character).is_some());
    let mut found: Vec<(usize, Range<usize>)> = Vec::new();
    for (offset, character) in text.get(run.clone()).unwrap_or_default().char_indices() {
        let start = run.start + offset;
        let end = start + character.len_utf8();
        let before = found.last().filter(|(_, range)| range.end == start).map(|(at, _)| *at);
        let is_drawn = !composite::is_blank(character);
        let stays = before.filter(|at| {
            let is_loose = !is_drawn || is_mark(character);
            is_loose && (has(*at, character) || !is_drawn && !character.is_whitespace())
        });
        match stays.or_else(|| (0..faces.len()).find(|at| has(*at, character))) {
            Some(at) => match found.last_mut().filter(|_| before == Some(at)) {
                Some((_, range)) => range.end = end,
                None => found.push((at, start..end)),
            },
            None if is_drawn => drop(missing.insert(character)),
            None => {}
        }
    }
    found
}

/// Whether a character is put on the one before it. Marks of nearly all scripts are transparent to the order of text.
fn is_mark(character: char) -> bool {
    unicode_bidi::bidi_class(character) == unicode_bidi::BidiClass::NSM
}

/// Where a cluster begins in its piece.
fn place(cluster: u32) -> usize {
    usize::try_from(cluster).unwrap_or(usize::MAX - 1)
}

/// The glyphs of a cluster with their places, and how far it is to the next one, in units of the font.
fn parts(cluster: &[(&GlyphInfo, &GlyphPosition)]) -> (Vec<(u16, i32, i32)>, i32) {
    let mut pen = 0_i32;
    let mut parts = Vec::with_capacity(cluster.len());
    for (info, position) in cluster {
        let glyph = u16::try_from(info.glyph_id).unwrap_or_default();
        parts.push((glyph, pen.saturating_add(position.x_offset), position.y_offset));
        pen = pen.saturating_add(position.x_advance);
    }
    (parts, pen)
}

//! Draws characters with the glyphs of installed fonts.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    sync::Arc,
};

use ttf_parser::{
    Face, GlyphId, OutlineBuilder, Tag,
    gsub::{SingleSubstitution, SubstitutionSubtable},
    name_id,
};

use super::{FontFolder, compact::Drawing, scripts::Named};

/// A font of a file of fonts.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The file.
    pub(super) bytes: Arc<Vec<u8>>,
    /// Which font of the file.
    pub(super) index: u32,
}

/// A font that may be drawn with, and its file once that was asked for.
pub(super) struct Candidate {
    named: Named,
    bytes: OnceCell<Option<Arc<Vec<u8>>>>,
}

impl From<Named> for Candidate {
    fn from(named: Named) -> Self {
        Self { named, bytes: OnceCell::new() }
    }
}

/// Installed fonts, best first. Each is read when those before it lack a character: the four files that have the characters
/// of East Asia take a tenth of a second.
pub(super) struct Fonts<'a> {
    folder: &'a FontFolder,
    candidates: &'a [Candidate],
    /// For each candidate; `None` for one that is not there or cannot be read.
    faces: Vec<OnceCell<Option<Face<'a>>>>,
    is_vertical: bool,
    /// How many characters each has drawn.
    drawn: RefCell<BTreeMap<usize, usize>>,
}

/// Measures of a font, in thousandths of an em.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measures {
    pub(super) ascent: f32,
    pub(super) descent: f32,
    pub(super) bounds: [f32; 4],
}

impl<'a> Fonts<'a> {
    /// Chooses fonts; those that cannot be read are passed over.
    pub(super) fn among(candidates: &'a [Candidate], folder: &'a FontFolder, is_vertical: bool) -> Self {
        let faces = candidates.iter().map(|_| OnceCell::new()).collect();
        Self { folder, candidates, faces, is_vertical, drawn: RefCell::default() }
    }

    /// Those that can be read, with their places.
    fn faces(&self) -> impl Iterator<Item = (usize, &Face<'a>)> {
        let read = |candidate: &'a Candidate| {
            let (file, index) = &candidate.named;
            let bytes = candidate.bytes.get_or_init(|| self.folder.load(file)).as_ref()?;
            Face::parse(bytes, *index).ok().filter(|face| face.units_per_em() > 0)
        };
        let places = self.candidates.iter().zip(&self.faces).enumerate();
        places
            .filter_map(move |(place, (candidate, face))| Some((place, face.get_or_init(|| read(candidate)).as_ref()?)))
    }

    /// The family that most characters were drawn with.
    pub(super) fn family(&self) -> Option<String> {
        let drawn = self.drawn.borrow();
        let (index, _) = drawn.iter().max_by_key(|(index, count)| (**count, std::cmp::Reverse(**index)))?;
        family(self.faces.get(*index)?.get()?.as_ref()?)
    }

    /// The measures of the best font.
    pub(super) fn measures(&self) -> Option<Measures> {
        self.faces().next().map(|(_, face)| measures(face))
    }

    /// Draws a text of one character or a few that are written as one, within a width; `None` when no font has it.
    /// Characters that are wider than their place are made narrower, so that they do not run into the next ones.
    pub(super) fn draw(&self, text: &str, width: f32) -> Option<Drawing> {
        let glyphs: Vec<(&Face<'_>, GlyphId)> =
            text.chars().map(|character| self.find(character)).collect::<Option<_>>()?;
        let advance =
            |(face, glyph): &(&Face<'_>, GlyphId)| f32::from(face.glyph_hor_advance(*glyph).unwrap_or(0)) * scale(face);
        let own: f32 = glyphs.iter().map(advance).sum();
        let narrowing = if width > 0.0 && own > width { width / own } else { 1.0 };
        let mut pen = Pen { drawing: Drawing::default(), at: (0.0, 0.0), shift: (0.0, 0.0), scale: (1.0, 1.0) };
        for (face, glyph) in &glyphs {
            pen.scale = (scale(face) * narrowing, scale(face));
            face.outline_glyph(*glyph, &mut pen);
            pen.shift.0 += advance(&(face, *glyph)) * narrowing;
        }
        Some(pen.drawing)
    }

    fn find(&self, character: char) -> Option<(&Face<'a>, GlyphId)> {
        self.faces().find_map(|(index, face)| {
            let glyph = face.glyph_index(character).filter(|glyph| glyph.0 != 0)?;
            *self.drawn.borrow_mut().entry(index).or_default() += 1;
            let upright = if self.is_vertical { vertical(face, glyph) } else { None };
            Some((face, upright.unwrap_or(glyph)))
        })
    }
}

/// Draws a glyph of a font as it is; one that is not there draws nothing.
pub(super) fn draw(face: &Face<'_>, glyph: GlyphId) -> Drawing {
    compose(face, &[(glyph, 0, 0)])
}

/// Draws glyphs of a font as one, each so many units of the font to the right and up.
pub(super) fn compose(face: &Face<'_>, glyphs: &[(GlyphId, i32, i32)]) -> Drawing {
    let scale = scale(face);
    let mut pen = Pen { drawing: Drawing::exact(), at: (0.0, 0.0), shift: (0.0, 0.0), scale: (scale, scale) };
    for (glyph, right, up) in glyphs {
        pen.shift = (units(*right) * scale, units(*up) * scale);
        face.outline_glyph(*glyph, &mut pen);
    }
    pen.drawing
}

/// The measures of a font.
pub(super) fn measures(face: &Face<'_>) -> Measures {
    let scaled = |value: i16| f32::from(value) * scale(face);
    let bounds = face.global_bounding_box();
    Measures {
        ascent: scaled(face.ascender()),
        descent: scaled(face.descender()),
        bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(scaled),
    }
}

/// The family of a font, in plain letters.
pub(super) fn family(face: &Face<'_>) -> Option<String> {
    name(face, name_id::FAMILY)
}

/// A name of a font, in plain letters.
pub(super) fn name(face: &Face<'_>, id: u16) -> Option<String> {
    let mut names = face.names().into_iter().filter(|name| name.name_id == id && name.is_unicode());
    let name = names.find_map(|name| name.to_string().filter(|name| name.is_ascii()))?;
    Some(name.chars().filter(|each| each.is_ascii_alphanumeric() || " -".contains(*each)).collect())
}

/// Units of a font as a number with a point.
#[expect(clippy::cast_precision_loss, reason = "places of glyphs have fewer than 24 bits")]
pub(super) fn units(count: i32) -> f32 {
    count as f32
}

/// Thousandths of an em for each unit of a font.
pub(super) fn scale(face: &Face<'_>) -> f32 {
    1000.0 / f32::from(face.units_per_em())
}

/// The form that a glyph has in vertical writing, where it has one.
fn vertical(face: &Face<'_>, glyph: GlyphId) -> Option<GlyphId> {
    let table = face.tables().gsub?;
    let feature = table.features.into_iter().find(|feature| feature.tag == Tag::from_bytes(b"vert"))?;
    let lookups = feature.lookup_indices.into_iter().filter_map(|index| table.lookups.get(index));
    let mut tables = lookups.flat_map(|lookup| lookup.subtables.into_iter::<SubstitutionSubtable<'_>>());
    tables.find_map(|table| match table {
        SubstitutionSubtable::Single(SingleSubstitution::Format1 { coverage, delta }) => {
            coverage.get(glyph).map(|_| GlyphId(glyph.0.wrapping_add_signed(delta)))
        }
        SubstitutionSubtable::Single(SingleSubstitution::Format2 { coverage, substitutes }) => {
            substitutes.get(coverage.get(glyph)?)
        }
        SubstitutionSubtable::Multiple(_)
        | SubstitutionSubtable::Alternate(_)
        | SubstitutionSubtable::Ligature(_)
        | SubstitutionSubtable::Context(_)
        | SubstitutionSubtable::ChainContext(_)
        | SubstitutionSubtable::ReverseChainSingle(_) => None,
    })
}

/// Takes an outline down.
struct Pen {
    drawing: Drawing,
    at: (f32, f32),
    shift: (f32, f32),
    scale: (f32, f32),
}

impl Pen {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        (x * self.scale.0 + self.shift.0, y * self.scale.1 + self.shift.1)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.at = self.place(x, y);
        self.drawing.move_to(self.at);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.at = self.place(x, y);
        self.drawing.line_to(self.at);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (from, pull, to) = (self.at, self.place(x1, y1), self.place(x, y));
        // A curve with one point that pulls it is one with two, each two thirds of the way there.
        let toward = |end: (f32, f32)| (end.0 + (pull.0 - end.0) * 2.0 / 3.0, end.1 + (pull.1 - end.1) * 2.0 / 3.0);
        self.drawing.curve_to(toward(from), toward(to), to);
        self.at = to;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (first, second, to) = (self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        self.drawing.curve_to(first, second, to);
        self.at = to;
    }

    fn close(&mut self) {}
}

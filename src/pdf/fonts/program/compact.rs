//! Programs in Adobe's Compact Font Format, with glyphs that have names or with glyphs that have CIDs.

use std::collections::{BTreeSet, HashMap};

use read_fonts::{
    ps::{
        cff::{CffFontRef, Subfont},
        cs::{self, CommandSink},
        transform::ScaledFontMatrix,
    },
    types::{Fixed, GlyphId},
};

use super::{
    Nothing,
    cost::{Budget, Parts},
};

/// A program in the Compact Font Format.
pub(crate) struct Compact<'b> {
    font: CffFontRef<'b>,
    names: HashMap<&'b [u8], u32>,
    cids: HashMap<u32, u32>,
    parts: HashMap<u16, Option<(Subfont, f64)>>,
    budget: Budget,
}

impl<'b> Compact<'b> {
    /// Reads a program; `None` when it makes no sense.
    pub(crate) fn read(bytes: &'b [u8]) -> Option<Self> {
        let font = CffFontRef::new_cff(bytes, 0, None).ok()?;
        let mut names = HashMap::new();
        let mut cids = HashMap::new();
        if let Some(charset) = font.charset() {
            for (glyph, id) in charset.iter() {
                if font.is_cid() {
                    cids.entry(u32::from(id.to_u16())).or_insert(glyph.to_u32());
                } else if let Some(name) = font.string(id) {
                    names.entry(name).or_insert(glyph.to_u32());
                }
            }
        }
        let mut parts = HashMap::new();
        for index in 0..font.num_subfonts() {
            let part = font.subfont(index, &[]).ok();
            let part = part.map(|part| {
                let scale = scale(font.matrix(), part.matrix());
                (part, scale)
            });
            parts.insert(index, part);
        }
        Some(Self { font, names, cids, parts, budget: Budget::default() })
    }

    /// Whether its glyphs have CIDs instead of names.
    pub(crate) fn has_cids(&self) -> bool {
        self.font.is_cid()
    }

    /// How many glyphs there are.
    pub(crate) fn glyph_count(&self) -> u32 {
        self.font.num_glyphs()
    }

    /// The names of the glyphs.
    pub(crate) fn names(&self) -> BTreeSet<Vec<u8>> {
        self.names.keys().map(|name| name.to_vec()).collect()
    }

    /// The CIDs of the glyphs.
    pub(crate) fn cids(&self) -> impl Iterator<Item = u32> {
        self.cids.keys().copied()
    }

    /// The glyph of a name.
    pub(crate) fn named(&self, name: &[u8]) -> Option<u32> {
        self.names.get(name).copied()
    }

    /// The glyph of a CID. In a program whose glyphs have names, a CID is the number of the glyph.
    pub(crate) fn of_cid(&self, cid: u32) -> Option<u32> {
        if self.has_cids() {
            return self.cids.get(&cid).copied();
        }
        (cid < self.glyph_count()).then_some(cid)
    }

    /// The glyph of a code by the encoding of the program.
    pub(crate) fn encoded(&self, code: u8) -> Option<u32> {
        self.font.encoding()?.map(code).map(GlyphId::to_u32)
    }

    /// The name of a glyph.
    pub(crate) fn name(&self, glyph: u32) -> Option<&'b [u8]> {
        let id = self.font.charset()?.string_id(GlyphId::new(glyph)).ok()?;
        self.font.string(id)
    }

    /// The width of a glyph in thousandths of an em; `None` when its drawing makes no sense.
    pub(crate) fn width(&self, glyph: u32) -> Option<f64> {
        let index = self.font.subfont_index(GlyphId::new(glyph))?;
        let (part, scale) = self.parts.get(&index)?.as_ref()?;
        let drawing = self.font.charstrings().get(usize::try_from(glyph).ok()?).ok()?;
        let parts = Parts::new(&self.font, part, &self.budget)?;
        let stated = cs::evaluate(&parts, None, self.budget.pay(drawing).ok()?, &mut Nothing).ok()?;
        let width = stated.map(|width| width + part.nominal_width()).or_else(|| part.default_width())?;
        Some(f64::from(width.to_f32()) * scale)
    }
}

impl Compact<'_> {
    /// Draws a glyph in thousandths of an em; `None` when its drawing makes no sense, or when the program draws in another
    /// measure.
    pub(crate) fn draw(&self, glyph: u32, sink: &mut impl CommandSink) -> Option<()> {
        // Also sees to it that drawing does not take for ever.
        self.width(glyph)?;
        let glyph = GlyphId::new(glyph);
        let (part, scale) = self.parts.get(&self.font.subfont_index(glyph)?)?.as_ref()?;
        let is_upright = |matrix: &ScaledFontMatrix| {
            let matrix = &matrix.matrix;
            matrix.xy == Fixed::ZERO && matrix.yx == Fixed::ZERO && matrix.xx == matrix.yy
        };
        let mut matrices = [self.font.matrix(), part.matrix()].into_iter().flatten();
        if (scale - 1.0).abs() > 1e-3 || !matrices.all(is_upright) {
            return None;
        }
        self.font.evaluate_charstring(part, glyph, &[], sink).ok()?;
        Some(())
    }
}

/// By how much a width is multiplied for thousandths of an em.
fn scale(top: Option<&ScaledFontMatrix>, part: Option<&ScaledFontMatrix>) -> f64 {
    let factor = |matrix: &ScaledFontMatrix| {
        let across = f64::from(matrix.matrix.xx.to_f32());
        if matrix.scale > 0 { across / f64::from(matrix.scale) } else { across }
    };
    let factor = match (top.map(factor), part.map(factor)) {
        // Some writers state the usual matrix in both places and mean it once.
        (Some(top), Some(part)) if top * part < 1e-5 => part,
        (Some(top), Some(part)) => top * part,
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => 0.001,
    };
    factor * 1000.0
}

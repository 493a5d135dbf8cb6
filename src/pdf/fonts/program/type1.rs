//! Type 1 programs in their first form, with an encrypted part.

use std::collections::{BTreeSet, HashMap};

use read_fonts::{
    ps::{cs::CommandSink, type1::Type1Font},
    types::{Fixed, GlyphId},
};

use super::{Nothing, cost};

/// A Type 1 program.
pub(crate) struct Type1 {
    font: Type1Font,
    names: HashMap<Vec<u8>, u32>,
    is_bounded: bool,
}

impl Type1 {
    /// Reads a program; `None` when it makes no sense or has no glyph.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let font = Type1Font::new(bytes).ok()?;
        let names: HashMap<Vec<u8>, u32> =
            font.glyph_names().map(|(glyph, name)| (name.as_bytes().to_vec(), glyph.to_u32())).collect();
        let is_bounded = cost::is_bounded(&font, bytes.len());
        (!names.is_empty()).then_some(Self { font, names, is_bounded })
    }

    /// The names of the glyphs.
    pub(crate) fn names(&self) -> BTreeSet<Vec<u8>> {
        self.names.keys().cloned().collect()
    }

    /// The glyph of a name.
    pub(crate) fn named(&self, name: &[u8]) -> Option<u32> {
        self.names.get(name).copied()
    }

    /// The name that the encoding of the program has for a code.
    pub(crate) fn encoded(&self, code: u8) -> Option<Vec<u8>> {
        self.font.encoding()?.glyph_name(code).map(|name| name.as_bytes().to_vec())
    }

    /// The width of a glyph in thousandths of an em; `None` when its drawing makes no sense or might take for ever.
    pub(crate) fn width(&self, glyph: u32) -> Option<f64> {
        if !self.is_bounded {
            return None;
        }
        let width = self.font.evaluate_charstring(GlyphId::new(glyph), &mut Nothing).ok()??;
        let scale = f64::from(self.font.matrix().xx.to_f32()) * 1000.0 / f64::from(self.font.upem().max(1));
        Some(f64::from(width.to_f32()) * scale)
    }

    /// Draws a glyph in thousandths of an em; `None` when its drawing makes no sense or might take for ever, or when the
    /// program draws in another measure.
    pub(crate) fn draw(&self, glyph: u32, sink: &mut impl CommandSink) -> Option<()> {
        let matrix = self.font.matrix();
        let scale = f64::from(matrix.xx.to_f32()) * 1000.0 / f64::from(self.font.upem().max(1));
        let is_upright = matrix.xy == Fixed::ZERO && matrix.yx == Fixed::ZERO && matrix.xx == matrix.yy;
        if !self.is_bounded || !is_upright || (scale - 1.0).abs() > 1e-3 {
            return None;
        }
        self.font.evaluate_charstring(GlyphId::new(glyph), sink).ok()?;
        Some(())
    }
}

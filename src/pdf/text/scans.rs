//! Pages that are pictures without text, as scanners make them.

use hayro::{
    hayro_interpret::{
        BlendMode, ClipPath, Context, Device, GlyphDrawMode, Image, InterpreterCache, InterpreterSettings, Paint,
        PathDrawMode, SoftMask, font::Glyph, interpret_page,
    },
    hayro_syntax::page::Page,
    vello_cpu::kurbo::{Affine, BezPath, Rect},
};

use super::drawing;
use crate::pdf::Error;

/// The pages of a file, counted from 0, that draw pictures and no text. Text that nobody sees is text: somebody has recognised
/// it before.
///
/// # Errors
/// `Corrupt` when the file cannot be read or interpreted.
pub fn scans(bytes: &[u8]) -> Result<Vec<usize>, Error> {
    drawing::apart(|| {
        let pdf = drawing::open(bytes)?;
        let pages = pdf.pages().iter().enumerate();
        Ok(pages.filter(|(_, page)| Finder::of(page).is_scan()).map(|(number, _)| number).collect())
    })
}

/// Looks whether there is text, and whether there are pictures.
#[derive(Debug, Default)]
struct Finder {
    text: bool,
    pictures: bool,
}

impl Finder {
    fn of(page: &Page<'_>) -> Self {
        let cache = InterpreterCache::new();
        let bounds = page.intersected_crop_box();
        let bounds = Rect::new(bounds.x0, bounds.y0, bounds.x1, bounds.y1);
        let mut context = Context::new(Affine::IDENTITY, bounds, &cache, page.xref(), InterpreterSettings::default());
        let mut finder = Self::default();
        interpret_page(page, &mut context, &mut finder);
        finder
    }

    const fn is_scan(&self) -> bool {
        self.pictures && !self.text
    }
}

impl<'a> Device<'a> for Finder {
    fn draw_glyph(&mut self, _: &Glyph<'a>, _: Affine, _: Affine, _: &Paint<'a>, _: &GlyphDrawMode) {
        self.text = true;
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: Affine) {
        self.pictures = true;
    }

    fn set_soft_mask(&mut self, _: Option<SoftMask<'a>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn draw_path(&mut self, _: &BezPath, _: Affine, _: &Paint<'a>, _: &PathDrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

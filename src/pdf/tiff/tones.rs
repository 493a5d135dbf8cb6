//! Whether a page is black and white: not by its pixels, whose edges are grey, but by what it is drawn with.

use hayro::{
    hayro_interpret::{
        BlendMode, ClipPath, Context, Device, GlyphDrawMode, Image, ImageData, InterpreterCache, InterpreterSettings,
        Paint, PathDrawMode, RasterImage, SoftMask, color::AlphaColor, font::Glyph, hayro_syntax::object::Name,
        interpret_page, pattern::Pattern,
    },
    hayro_syntax::page::Page,
    vello_cpu::kurbo::{Affine, BezPath, Rect},
};

/// As light as this is black: the black of print, shown as a screen does, is no pure one.
const BLACK_MAX: f32 = 0.25;
/// As dark as this is white: paper that is a little off.
const WHITE_MIN: f32 = 0.96;
/// How much the parts of a colour without colour may differ.
const SPREAD_MAX: f32 = 0.06;

/// Whether all that a page is drawn with is black or white. Interprets what it says, so it is called inside
/// [`crate::pdf::drawing::apart`].
pub(super) fn is_black_and_white(page: &Page<'_>) -> bool {
    let cache = InterpreterCache::new();
    let bounds = page.intersected_crop_box();
    let bounds = Rect::new(bounds.x0, bounds.y0, bounds.x1, bounds.y1);
    let mut context = Context::new(Affine::IDENTITY, bounds, &cache, page.xref(), InterpreterSettings::default());
    let mut tones = Tones { has_shades: false };
    interpret_page(page, &mut context, &mut tones);
    !tones.has_shades
}

/// Looks at paints and pictures until one has a shade.
struct Tones {
    has_shades: bool,
}

impl Tones {
    fn look_at<'a>(&mut self, paint: &Paint<'a>, is_stroke: bool) {
        if self.has_shades {
            return;
        }
        match paint {
            Paint::Color(colour) => self.has_shades |= !is_pure(&colour.to_rgba()),
            Paint::Pattern(pattern) => match pattern.as_ref() {
                Pattern::Shading(_) => self.has_shades = true,
                Pattern::Tiling(tile) => {
                    // A tile that cannot be interpreted shows nothing.
                    tile.interpret(self, Affine::IDENTITY, is_stroke).unwrap_or_default();
                }
            },
        }
    }

    fn look_at_picture(&mut self, picture: &RasterImage<'_>) {
        let dictionary = picture.stream().dict();
        // More bits may all be black or white, too, but are not made for that; and to know it takes long.
        let bits = dictionary.get::<u8>(b"BitsPerComponent".as_slice()).unwrap_or(1);
        if bits != 1 || dictionary.contains_key(b"SMask".as_slice()) {
            self.has_shades = true;
            return;
        }
        let space = dictionary.get::<Name<'_>>(b"ColorSpace".as_slice());
        if space.is_some_and(|space| matches!(space.as_ref(), b"DeviceGray" | b"G")) {
            return;
        }
        let mut is_pure = true;
        picture.with_rgba(
            |image, _| {
                let samples = match &image {
                    ImageData::Rgb(image) => &image.data,
                    ImageData::Luma(image) => &image.data,
                };
                is_pure = samples.iter().all(|sample| is_end(f32::from(*sample) / 255.0));
            },
            None,
        );
        self.has_shades |= !is_pure;
    }
}

fn is_end(part: f32) -> bool {
    part <= BLACK_MAX || part >= WHITE_MIN
}

fn is_pure(colour: &AlphaColor) -> bool {
    let [red, green, blue, alpha] = colour.components();
    let spread = red.max(green).max(blue) - red.min(green).min(blue);
    alpha >= 1.0 && spread <= SPREAD_MAX && [red, green, blue].into_iter().all(is_end)
}

impl<'a> Device<'a> for Tones {
    fn draw_path(&mut self, _: &BezPath, _: Affine, paint: &Paint<'a>, mode: &PathDrawMode) {
        self.look_at(paint, matches!(mode, PathDrawMode::Stroke(_)));
    }

    fn draw_glyph(
        &mut self,
        glyph: &Glyph<'a>,
        transform: Affine,
        glyph_transform: Affine,
        paint: &Paint<'a>,
        mode: &GlyphDrawMode,
    ) {
        if self.has_shades || matches!(mode, GlyphDrawMode::Invisible) {
            return;
        }
        match glyph {
            Glyph::Outline(_) => self.look_at(paint, matches!(mode, GlyphDrawMode::Stroke(_))),
            Glyph::Type3(glyph) => glyph.interpret(self, transform, glyph_transform, paint),
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, _: Affine) {
        if self.has_shades {
            return;
        }
        match image {
            Image::Stencil(stencil) => stencil.with_stencil(|_, paint| self.look_at(paint, false), Some((1, 1))),
            Image::Raster(picture) => self.look_at_picture(&picture),
        }
    }

    fn set_soft_mask(&mut self, mask: Option<SoftMask<'a>>) {
        self.has_shades |= mask.is_some();
    }

    fn push_transparency_group(&mut self, opacity: f32, mask: Option<SoftMask<'a>>, _: BlendMode) {
        self.has_shades |= opacity < 1.0 || mask.is_some();
    }

    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

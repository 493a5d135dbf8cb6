//! The glyphs that a page draws.

use std::{collections::HashMap, sync::Arc};

use hayro::{
    hayro_interpret::{
        BlendMode, CacheKey as _, ClipPath, Context, Device, GlyphDrawMode, Image, InterpreterCache,
        InterpreterSettings, Paint, PathDrawMode, SoftMask,
        font::{Glyph as Drawn, OutlineGlyph, Type3Glyph},
        hayro_cmap::BfString,
        interpret_page,
    },
    hayro_syntax::page::Page,
    vello_cpu::kurbo::{Affine, BezPath, Point, Rect, Shape as _, Vec2},
};

use crate::domain::limits;

/// Units of an em in which glyphs are drawn.
const UNITS: f64 = 1000.0;
/// Most pieces of marked content inside each other that are told apart.
const MARKS_MAX: usize = 64;
/// How wide a glyph is taken for that does not say it and shows nothing, in units.
const WIDTH: f64 = 250.0;

/// A glyph on the page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glyph {
    /// What it stands for; empty when the font does not say it.
    pub(super) text: String,
    /// Where it starts.
    pub(super) origin: Point,
    /// Which way its line goes; of length 1.
    pub(super) direction: Vec2,
    /// How far the next glyph is, when nothing else is said. 0 in fonts that are written from top to bottom.
    pub(super) advance: f64,
    /// How high an em is.
    pub(super) size: f64,
    /// Whether it is drawn so that nobody sees it.
    pub(super) is_invisible: bool,
    /// The name of its font, where the font has one.
    pub(super) font: Option<Arc<str>>,
    /// The marked content that it is in.
    pub(super) mark: Option<i32>,
}

/// Interprets a page, and gives its glyphs in the order of drawing.
pub(super) fn glyphs(page: &Page<'_>) -> Vec<Glyph> {
    let cache = InterpreterCache::new();
    let bounds = page.intersected_crop_box();
    let bounds = Rect::new(bounds.x0, bounds.y0, bounds.x1, bounds.y1);
    let mut context = Context::new(Affine::IDENTITY, bounds, &cache, page.xref(), InterpreterSettings::default());
    let mut collector = Collector::default();
    interpret_page(page, &mut context, &mut collector);
    collector.glyphs
}

/// The name of a font without the letters that say that it is a part of the font (ISO 32000-1, 9.6.4).
fn strip_prefix(name: &str) -> &str {
    let is_tag = |tag: &str| tag.len() == 6 && tag.bytes().all(|letter| letter.is_ascii_uppercase());
    name.split_once('+').filter(|(tag, _)| is_tag(tag)).map_or(name, |(_, name)| name)
}

/// The letters that a ligature of the Latin script stands for: nobody searches for it by the character of its own.
const fn letters(ligature: char) -> Option<&'static str> {
    match ligature {
        '\u{FB00}' => Some("ff"),
        '\u{FB01}' => Some("fi"),
        '\u{FB02}' => Some("fl"),
        '\u{FB03}' => Some("ffi"),
        '\u{FB04}' => Some("ffl"),
        '\u{FB05}' | '\u{FB06}' => Some("st"),
        _ => None,
    }
}

/// Takes glyphs and nothing else.
#[derive(Default)]
struct Collector {
    glyphs: Vec<Glyph>,
    /// Bytes of their text.
    bytes: usize,
    /// How far glyphs reach that are drawn by content of their own, by the glyph.
    reaches: HashMap<u128, f64>,
    /// The names of fonts, by the font.
    fonts: HashMap<u128, Option<Arc<str>>>,
    /// The marked content that is open, inner ones last, by number where it has one.
    marks: Vec<Option<i32>>,
    /// How many more are open.
    deeper: usize,
}

impl Collector {
    fn take<'a>(&mut self, drawn: &Drawn<'a>, transform: Affine, paint: &Paint<'a>, is_invisible: bool) {
        let [a, b, c, d, ..] = transform.as_coeffs();
        let across = Vec2::new(a, b);
        let em = across.length();
        // How high an em is across its line, also of slanted type.
        let size = (a * d - b * c).abs() / em * UNITS;
        if !(em > 0.0 && em.is_finite() && size > 0.0 && size.is_finite() && transform.is_finite()) {
            return;
        }
        let text = match drawn.as_unicode() {
            Some(BfString::Char(character)) => letters(character).map_or_else(|| character.to_string(), str::to_owned),
            Some(BfString::String(characters)) => characters,
            None => String::new(),
        };
        let advance = match drawn {
            Drawn::Outline(glyph) => f64::from(glyph.advance_width().unwrap_or(0.0)),
            Drawn::Type3(glyph) => self.reach(glyph, paint),
        };
        let font = match drawn {
            Drawn::Outline(glyph) => self.font(glyph),
            Drawn::Type3(_) => None,
        };
        self.bytes += text.len();
        self.glyphs.push(Glyph {
            text,
            origin: transform.translation().to_point(),
            direction: across / em,
            advance: advance * em,
            size,
            is_invisible,
            font,
            mark: self.marks.iter().rev().copied().find_map(|mark| mark),
        });
    }

    fn font(&mut self, glyph: &OutlineGlyph) -> Option<Arc<str>> {
        let named = || glyph.font_data()?.postscript_name.map(|name| strip_prefix(&name).into());
        self.fonts.entry(glyph.font_cache_key()).or_insert_with(named).clone()
    }

    /// How far a glyph of a Type 3 font reaches to the right, as its width is not handed out.
    fn reach<'a>(&mut self, glyph: &Type3Glyph<'a>, paint: &Paint<'a>) -> f64 {
        *self.reaches.entry(glyph.cache_key()).or_insert_with(|| {
            let mut extent = Extent::default();
            glyph.interpret(&mut extent, Affine::IDENTITY, Affine::IDENTITY, paint);
            extent.0.map_or(WIDTH, |drawn| drawn.x1.clamp(0.0, 10.0 * UNITS))
        })
    }
}

impl<'a> Device<'a> for Collector {
    fn draw_glyph(
        &mut self,
        glyph: &Drawn<'a>,
        transform: Affine,
        glyph_transform: Affine,
        paint: &Paint<'a>,
        mode: &GlyphDrawMode,
    ) {
        if self.glyphs.len() >= limits::PAGE_GLYPHS_MAX || self.bytes >= limits::PAGE_TEXT_BYTES_MAX {
            return;
        }
        let transform = transform * glyph_transform;
        // What is filled and outlined comes twice.
        let is_outline = matches!(mode, GlyphDrawMode::Stroke(_));
        if is_outline && self.glyphs.last().is_some_and(|last| last.origin == transform.translation().to_point()) {
            return;
        }
        self.take(glyph, transform, paint, matches!(mode, GlyphDrawMode::Invisible));
    }

    fn begin_marked_content(&mut self, _: &[u8], number: Option<i32>) {
        if self.marks.len() < MARKS_MAX {
            self.marks.push(number);
        } else {
            self.deeper += 1;
        }
    }

    fn end_marked_content(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.marks.pop();
        }
    }

    fn set_soft_mask(&mut self, _: Option<SoftMask<'a>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn draw_path(&mut self, _: &BezPath, _: Affine, _: &Paint<'a>, _: &PathDrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: Affine) {}
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// The box around all that is drawn.
#[derive(Default)]
struct Extent(Option<Rect>);

impl Extent {
    fn include(&mut self, drawn: Rect) {
        if drawn.is_finite() {
            self.0 = Some(self.0.map_or(drawn, |held| held.union(drawn)));
        }
    }
}

impl<'a> Device<'a> for Extent {
    fn draw_path(&mut self, path: &BezPath, transform: Affine, _: &Paint<'a>, _: &PathDrawMode) {
        self.include(transform.transform_rect_bbox(path.bounding_box()));
    }

    fn draw_image(&mut self, image: Image<'a, '_>, transform: Affine) {
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        self.include(transform.transform_rect_bbox(Rect::new(0.0, 0.0, width, height)));
    }

    fn draw_glyph(
        &mut self,
        glyph: &Drawn<'a>,
        transform: Affine,
        glyph_transform: Affine,
        _: &Paint<'a>,
        _: &GlyphDrawMode,
    ) {
        if let Drawn::Outline(glyph) = glyph {
            self.include((transform * glyph_transform).transform_rect_bbox(glyph.outline().bounding_box()));
        }
    }

    fn set_soft_mask(&mut self, _: Option<SoftMask<'a>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

//! What is below the pictures of a page: white paper, or something that was drawn before them.

use std::collections::{BTreeMap, BTreeSet};

use hayro::{
    hayro_interpret::{
        BlendMode, ClipPath, Context, Device, GlyphDrawMode, Image, InterpreterCache, InterpreterSettings, Paint,
        PathDrawMode, SoftMask, font::Glyph, interpret_page, pattern::Pattern,
    },
    hayro_syntax::page::Page,
    vello_cpu::kurbo::{Affine, BezPath, Rect, Shape as _},
};
use lopdf::ObjectId;

/// Cells that a page is divided into, across and down: on a sheet of paper, each is little more than a point wide.
const CELLS: usize = 512;
/// Words of a row of them.
const WORDS: usize = CELLS / 64;
/// How much wider an area is taken for than it is, in units: one without width is drawn as a thin line.
const HAIRLINE: f64 = 0.05;
/// What is as light as this is white.
const WHITE_MIN: f32 = 0.999;

/// How the pictures of some pages are drawn.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// By picture, whether it is on white wherever it is drawn.
    pictures: BTreeMap<ObjectId, bool>,
}

impl Drawn {
    /// Pictures of which nothing good is known.
    pub(super) fn nowhere(pictures: &BTreeSet<ObjectId>) -> Self {
        Self { pictures: pictures.iter().map(|id| (*id, false)).collect() }
    }

    /// Adds what is known of another page.
    pub(super) fn add(&mut self, other: Self) {
        for (id, is_on_white) in other.pictures {
            self.note(id, is_on_white);
        }
    }

    fn note(&mut self, id: ObjectId, is_on_white: bool) {
        *self.pictures.entry(id).or_insert(true) &= is_on_white;
    }

    /// Whether a picture is drawn, and wherever it is, on white.
    pub(super) fn is_on_white(&self, id: ObjectId) -> bool {
        self.pictures.get(&id).copied().unwrap_or(false)
    }
}

/// Looks at a page. Interprets what it says, so it is called inside [`crate::pdf::drawing::apart`].
pub(super) fn look(page: &Page<'_>) -> Drawn {
    let cache = InterpreterCache::new();
    let bounds = page.intersected_crop_box();
    let bounds = Rect::new(bounds.x0, bounds.y0, bounds.x1, bounds.y1);
    let mut context = Context::new(Affine::IDENTITY, bounds, &cache, page.xref(), InterpreterSettings::default());
    let mut ground = Ground::new(bounds);
    interpret_page(page, &mut context, &mut ground);
    ground.drawn
}

/// Remembers where something was drawn.
struct Ground {
    bounds: Rect,
    cells: Box<[[u64; WORDS]]>,
    /// What of the page is drawn on, inside all clips.
    clips: Vec<Rect>,
    /// Whether what is drawn is not drawn where it says: in the tile of a pattern.
    is_elsewhere: bool,
    /// Groups that are open which let something show through.
    faded: Vec<bool>,
    drawn: Drawn,
}

impl Ground {
    fn new(bounds: Rect) -> Self {
        Self {
            bounds,
            cells: vec![[0; WORDS]; CELLS].into_boxed_slice(),
            clips: Vec::new(),
            is_elsewhere: false,
            faded: Vec::new(),
            drawn: Drawn::default(),
        }
    }

    /// The rows of cells that an area touches, and the bits of each; `None` when it is not on the page.
    fn touched(&self, area: Rect) -> Option<(std::ops::RangeInclusive<usize>, [u64; WORDS])> {
        let clip = self.clips.last().copied().unwrap_or(self.bounds);
        let area = area.intersect(clip).intersect(self.bounds);
        if !area.is_finite() || area.width() <= 0.0 || area.height() <= 0.0 {
            return None;
        }
        let columns = cells(area.x0 - self.bounds.x0, area.x1 - self.bounds.x0, self.bounds.width());
        let rows = cells(area.y0 - self.bounds.y0, area.y1 - self.bounds.y0, self.bounds.height());
        let mut bits = [0_u64; WORDS];
        for column in columns {
            if let Some(word) = bits.get_mut(column / 64) {
                *word |= 1 << (column % 64);
            }
        }
        Some((rows, bits))
    }

    fn cover(&mut self, area: Rect) {
        let Some((rows, bits)) = self.touched(area) else { return };
        for row in self.cells.get_mut(rows).into_iter().flatten() {
            row.iter_mut().zip(bits).for_each(|(word, bits)| *word |= bits);
        }
    }

    fn is_covered(&self, area: Rect) -> bool {
        let Some((rows, bits)) = self.touched(area) else { return false };
        let rows = self.cells.get(rows).into_iter().flatten();
        rows.into_iter().any(|row| row.iter().zip(bits).any(|(word, bits)| word & bits != 0))
    }

    /// Takes something that is painted.
    fn paint(&mut self, area: Rect, paint: &Paint<'_>) {
        if !is_white(paint) {
            self.cover(area.inflate(HAIRLINE, HAIRLINE));
        }
    }

    /// Pictures in the tiles of a pattern are drawn nobody knows where.
    fn look_into<'a>(&mut self, paint: &Paint<'a>, is_stroke: bool) {
        if let Paint::Pattern(pattern) = paint
            && let Pattern::Tiling(tile) = pattern.as_ref()
        {
            let before = std::mem::replace(&mut self.is_elsewhere, true);
            // A tile that cannot be interpreted shows nothing.
            tile.interpret(self, Affine::IDENTITY, is_stroke).unwrap_or_default();
            self.is_elsewhere = before;
        }
    }
}

/// The cells from one place to another of a side.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 0 and 511 before")]
fn cells(from: f64, to: f64, side: f64) -> std::ops::RangeInclusive<usize> {
    let last = (CELLS - 1) as f64;
    let cell = |place: f64| (place / side * CELLS as f64).floor().clamp(0.0, last) as usize;
    cell(from)..=cell(to)
}

/// Whether it is the colour of paper and hides what is below.
fn is_white(paint: &Paint<'_>) -> bool {
    match paint {
        Paint::Color(colour) => colour.to_rgba().components().into_iter().all(|part| part >= WHITE_MIN),
        Paint::Pattern(_) => false,
    }
}

impl<'a> Device<'a> for Ground {
    fn draw_path(&mut self, path: &BezPath, transform: Affine, paint: &Paint<'a>, mode: &PathDrawMode) {
        let area = match mode {
            PathDrawMode::Fill(_) => path.bounding_box(),
            PathDrawMode::Stroke(stroke) => {
                let width = f64::from(stroke.line_width);
                path.bounding_box().inflate(width, width)
            }
        };
        self.look_into(paint, matches!(mode, PathDrawMode::Stroke(_)));
        self.paint(transform.transform_rect_bbox(area), paint);
    }

    fn draw_glyph(
        &mut self,
        glyph: &Glyph<'a>,
        transform: Affine,
        glyph_transform: Affine,
        paint: &Paint<'a>,
        mode: &GlyphDrawMode,
    ) {
        if matches!(mode, GlyphDrawMode::Invisible) {
            return;
        }
        match glyph {
            Glyph::Outline(glyph) => {
                self.look_into(paint, matches!(mode, GlyphDrawMode::Stroke(_)));
                let area = glyph.outline().bounding_box();
                self.paint((transform * glyph_transform).transform_rect_bbox(area), paint);
            }
            Glyph::Type3(glyph) => glyph.interpret(self, transform, glyph_transform, paint),
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, transform: Affine) {
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        let area = transform.transform_rect_bbox(Rect::new(0.0, 0.0, width, height));
        if let Image::Raster(picture) = &image {
            let id = picture.stream().obj_id();
            if let (Ok(number), Ok(generation)) = (u32::try_from(id.obj_number), u16::try_from(id.gen_number)) {
                let is_faded = self.faded.contains(&true);
                let is_on_white = !self.is_elsewhere && !is_faded && !self.is_covered(area);
                self.drawn.note((number, generation), is_on_white);
            }
        }
        self.cover(area);
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        let outer = self.clips.last().copied().unwrap_or(self.bounds);
        self.clips.push(outer.intersect(clip.path.bounding_box()));
    }

    fn pop_clip_path(&mut self) {
        self.clips.pop();
    }

    fn push_transparency_group(&mut self, opacity: f32, mask: Option<SoftMask<'a>>, blend: BlendMode) {
        self.faded.push(opacity < 1.0 || mask.is_some() || blend != BlendMode::Normal);
    }

    fn pop_transparency_group(&mut self) {
        self.faded.pop();
    }

    fn set_soft_mask(&mut self, _: Option<SoftMask<'a>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
}

//! Builds a small TrueType font out of glyphs of installed ones: one glyph a code, each as wide as it is asked to be.
//!
//! # Why
//! PDF/A wants the widths of the page and of the font to agree. Changing the page moves its text; a font made for the
//! page keeps every letter where it was. Glyphs of several sources fill the gaps of the best one. Instructions are left
//! out: they depend on tables of their source, and no reader needs them on paper or on today's screens.

use std::collections::BTreeMap;

use ttf_parser::{Face, GlyphId, RawFace, Tag};

/// Units of an em in the built font, as in most TrueType fonts; glyphs of other sources are refused.
const UNITS: u16 = 2048;

/// Most parts of one composed glyph, parts of parts included.
const PARTS_MAX: usize = 64;

/// Flags of a part of a composed glyph.
const ARGUMENTS_ARE_WORDS: u16 = 1;
const HAS_SCALE: u16 = 8;
const MORE_PARTS: u16 = 32;
const HAS_TWO_SCALES: u16 = 64;
const HAS_MATRIX: u16 = 128;
const HAS_INSTRUCTIONS: u16 = 256;

/// One glyph that is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wish {
    /// The code that shows it.
    pub(super) code: u8,
    /// What it shows.
    pub(super) character: Option<char>,
    /// Its width in thousandths of an em, `None` to take the glyph's own.
    pub(super) width: Option<f32>,
}

/// A built font.
#[derive(Debug)]
pub(super) struct Built {
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// The width of every wish in thousandths.
    pub(super) widths: Vec<f32>,
    /// Characters that no source has; they show nothing.
    pub(super) missing: Vec<char>,
    /// Ascent, descent, cap height, and the box, in thousandths.
    pub(super) metrics: Metrics,
}

/// Measures of a built font.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metrics {
    pub(super) ascent: i64,
    pub(super) descent: i64,
    pub(super) cap_height: i64,
    pub(super) bounds: [i64; 4],
}

/// One output glyph.
#[derive(Debug, Default, Clone)]
struct Glyph {
    outline: Vec<u8>,
    advance: u16,
    bearing: i16,
}

/// A font in the making.
struct Builder<'a> {
    faces: Vec<(Face<'a>, RawFace<'a>)>,
    glyphs: Vec<Glyph>,
    parts: BTreeMap<(usize, u16), u16>,
}

/// Builds a font whose glyph `n + 1` is wish `n`. It is asked for glyphs by codes, or by a character for each wish.
pub(super) fn build(sources: &[&[u8]], wishes: &[Wish], characters: Option<&[char]>) -> Option<Built> {
    let faces: Vec<_> = sources
        .iter()
        .filter_map(|bytes| Some((Face::parse(bytes, 0).ok()?, RawFace::parse(bytes, 0).ok()?)))
        .filter(|(face, raw)| face.units_per_em() == UNITS && raw.table(Tag::from_bytes(b"glyf")).is_some())
        .collect();
    let mut builder = Builder { faces, glyphs: vec![Glyph::default(); wishes.len() + 1], parts: BTreeMap::new() };
    if builder.faces.is_empty() {
        return None;
    }
    builder.glyphs.first_mut()?.advance = UNITS / 2;
    let mut missing = Vec::new();
    let mut widths = Vec::with_capacity(wishes.len());
    for (index, wish) in wishes.iter().enumerate() {
        let found = wish.character.and_then(|character| builder.find(character));
        if let (None, Some(character)) =
            (found, wish.character.filter(|character| !character.is_whitespace() && !character.is_control()))
        {
            missing.push(character);
        }
        let own = found.and_then(|(face, glyph)| builder.faces.get(face)?.0.glyph_hor_advance(glyph)).unwrap_or(0);
        let width = wish.width.unwrap_or_else(|| thousandths(own));
        let advance = units(width);
        let mut glyph = found.and_then(|(face, glyph)| builder.outline(face, glyph, 0)).unwrap_or_default();
        glyph.advance = advance;
        *builder.glyphs.get_mut(index + 1)? = glyph;
        widths.push(width);
    }
    let metrics = builder.metrics()?;
    let map = match characters {
        Some(characters) => {
            let glyphs = (1..).zip(characters).map(|(glyph, key)| Some((u16::try_from(u32::from(*key)).ok()?, glyph)));
            map(1, glyphs.collect::<Option<_>>()?)?
        }
        // Readers of fonts with signs of their own look code `c` up as the character `F000 + c`.
        None => map(0, (1..).zip(wishes).map(|(glyph, wish)| (0xF000 + u16::from(wish.code), glyph)).collect())?,
    };
    let bytes = builder.write(map)?;
    Some(Built { bytes, widths, missing, metrics })
}

fn thousandths(units: u16) -> f32 {
    f32::from(units) * 1000.0 / f32::from(UNITS)
}

/// Clamped to what the table holds, so nothing is cut off.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u16 just before")]
fn units(thousandths: f32) -> u16 {
    (thousandths * f32::from(UNITS) / 1000.0).round().clamp(0.0, 65_535.0) as u16
}

impl<'a> Builder<'a> {
    fn find(&self, character: char) -> Option<(usize, GlyphId)> {
        // Some sources lack the typographic variants that old encodings name.
        let spare = match character {
            '\u{2126}' => 'Ω',
            '\u{2206}' => 'Δ',
            '\u{00B5}' => 'μ',
            '\u{00A0}' => ' ',
            '\u{00AD}' | '\u{2010}' | '\u{2011}' => '-',
            '\u{2215}' => '⁄',
            '\u{2219}' => '·',
            other => other,
        };
        let lookup = |character| {
            self.faces.iter().enumerate().find_map(|(index, (face, _))| {
                face.glyph_index(character).filter(|glyph| glyph.0 != 0).map(|glyph| (index, glyph))
            })
        };
        lookup(character).or_else(|| lookup(spare))
    }

    /// The raw outline of a glyph, from the tables of its source.
    fn raw(&self, face: usize, glyph: GlyphId) -> Option<&'a [u8]> {
        let (_, raw) = self.faces.get(face)?;
        let head = raw.table(Tag::from_bytes(b"head"))?;
        let loca = raw.table(Tag::from_bytes(b"loca"))?;
        let glyf = raw.table(Tag::from_bytes(b"glyf"))?;
        let is_long = word(head, 50)? != 0;
        let at = usize::from(glyph.0);
        let offset = |index: usize| {
            if is_long { long(loca, index * 4) } else { word(loca, index * 2).map(|half| usize::from(half) * 2) }
        };
        glyf.get(offset(at)?..offset(at + 1)?)
    }

    /// A glyph without instructions; the parts of a composed one are added to the font.
    fn outline(&mut self, face: usize, glyph: GlyphId, depth: usize) -> Option<Glyph> {
        let raw = self.raw(face, glyph)?;
        let (source, _) = self.faces.get(face)?;
        let bearing = source.glyph_hor_side_bearing(glyph).unwrap_or(0);
        let advance = source.glyph_hor_advance(glyph).unwrap_or(0);
        if raw.is_empty() {
            return Some(Glyph { outline: Vec::new(), advance, bearing });
        }
        let outline = if word(raw, 0)? < 0x8000 { simple(raw)? } else { self.composed(face, raw, depth)? };
        Some(Glyph { outline, advance, bearing })
    }

    fn composed(&mut self, face: usize, raw: &[u8], depth: usize) -> Option<Vec<u8>> {
        let mut outline = raw.to_vec();
        let mut at = 10;
        for _ in 0..PARTS_MAX {
            let flags = word(raw, at)?;
            let part = word(raw, at + 2)?;
            let known = self.parts.get(&(face, part)).copied();
            let number = match known {
                Some(number) => number,
                None if depth < 8 && self.glyphs.len() < 60_000 => {
                    let glyph = self.outline(face, GlyphId(part), depth + 1)?;
                    let number = u16::try_from(self.glyphs.len()).ok()?;
                    self.glyphs.push(glyph);
                    self.parts.insert((face, part), number);
                    number
                }
                None => return None,
            };
            let cleared = flags & !HAS_INSTRUCTIONS;
            outline.get_mut(at..at + 2)?.copy_from_slice(&cleared.to_be_bytes());
            outline.get_mut(at + 2..at + 4)?.copy_from_slice(&number.to_be_bytes());
            at += if flags & ARGUMENTS_ARE_WORDS == 0 { 6 } else { 8 };
            at += match flags {
                _ if flags & HAS_SCALE != 0 => 2,
                _ if flags & HAS_TWO_SCALES != 0 => 4,
                _ if flags & HAS_MATRIX != 0 => 8,
                _ => 0,
            };
            if flags & MORE_PARTS == 0 {
                outline.truncate(at);
                return Some(outline);
            }
        }
        None
    }

    fn metrics(&self) -> Option<Metrics> {
        let (face, _) = self.faces.first()?;
        let scaled = |value: i16| i64::from(value) * 1000 / i64::from(UNITS);
        let bounds = face.global_bounding_box();
        Some(Metrics {
            ascent: scaled(face.ascender()),
            descent: scaled(face.descender()),
            cap_height: scaled(face.capital_height().unwrap_or(1400)),
            bounds: [scaled(bounds.x_min), scaled(bounds.y_min), scaled(bounds.x_max), scaled(bounds.y_max)],
        })
    }

    /// Writes the file: the tables a PDF reader needs, and no others.
    fn write(&self, map: Vec<u8>) -> Option<Vec<u8>> {
        let (_, raw) = self.faces.first()?;
        let count = u16::try_from(self.glyphs.len()).ok()?;
        let mut glyf = Vec::new();
        let mut loca = Vec::new();
        let mut hmtx = Vec::new();
        for glyph in &self.glyphs {
            loca.extend_from_slice(&u32::try_from(glyf.len()).ok()?.to_be_bytes());
            glyf.extend_from_slice(&glyph.outline);
            glyf.resize(glyf.len().next_multiple_of(4), 0);
            hmtx.extend_from_slice(&glyph.advance.to_be_bytes());
            hmtx.extend_from_slice(&glyph.bearing.to_be_bytes());
        }
        loca.extend_from_slice(&u32::try_from(glyf.len()).ok()?.to_be_bytes());
        let mut head = raw.table(Tag::from_bytes(b"head"))?.to_vec();
        head.get_mut(8..12)?.fill(0);
        head.get_mut(50..52)?.copy_from_slice(&[0, 1]);
        let mut hhea = raw.table(Tag::from_bytes(b"hhea"))?.to_vec();
        hhea.get_mut(34..36)?.copy_from_slice(&count.to_be_bytes());
        let mut maxp = raw.table(Tag::from_bytes(b"maxp"))?.to_vec();
        maxp.get_mut(4..6)?.copy_from_slice(&count.to_be_bytes());
        // One zone and no instructions, functions or storage.
        for (range, value) in
            [(14..16, 1_u16), (16..18, 0), (18..20, 0), (20..22, 0), (22..24, 0), (24..26, 0), (26..28, 0)]
        {
            if let Some(slot) = maxp.get_mut(range) {
                slot.copy_from_slice(&value.to_be_bytes());
            }
        }
        let post = [&[0, 3, 0, 0][..], &[0; 28]].concat();
        let tables: [(&[u8; 4], Vec<u8>); 8] = [
            (b"cmap", map),
            (b"glyf", glyf),
            (b"head", head),
            (b"hhea", hhea),
            (b"hmtx", hmtx),
            (b"loca", loca),
            (b"maxp", maxp),
            (b"post", post),
        ];
        assemble(&tables)
    }
}

/// Cuts the instructions out of a simple glyph.
fn simple(raw: &[u8]) -> Option<Vec<u8>> {
    let contours = usize::from(word(raw, 0)?);
    let at = 10 + contours * 2;
    let length = usize::from(word(raw, at)?);
    let mut outline = raw.get(..at)?.to_vec();
    outline.extend_from_slice(&[0, 0]);
    outline.extend_from_slice(raw.get(at + 2 + length..)?);
    Some(outline)
}

/// A table of codes for one encoding of Windows: 0 for symbols, 1 for Unicode. The first glyph of a code counts.
pub(super) fn map(encoding: usize, mut simple: Vec<(u16, u16)>) -> Option<Vec<u8>> {
    simple.sort_unstable();
    simple.dedup_by_key(|(code, _)| *code);
    let segments = simple.len() + 1;
    let mut map = Vec::new();
    let mut push = |value: usize| -> Option<()> {
        map.extend_from_slice(&u16::try_from(value & 0xFFFF).ok()?.to_be_bytes());
        Some(())
    };
    let power = segments.ilog2();
    for value in [
        0,
        1,
        3,
        encoding,
        0,
        12,
        4,
        16 + segments * 8,
        0,
        segments * 2,
        2 << power,
        usize::try_from(power).ok()?,
        segments * 2 - (2 << power),
    ] {
        push(value)?;
    }
    let codes: Vec<usize> = simple.iter().map(|(code, _)| usize::from(*code)).chain([0xFFFF]).collect();
    codes.iter().try_for_each(|code| push(*code))?;
    push(0)?;
    codes.iter().try_for_each(|code| push(*code))?;
    for (code, glyph) in &simple {
        push(0x1_0000 + usize::from(*glyph) - usize::from(*code))?;
    }
    push(1)?;
    (0..segments).try_for_each(|_| push(0))?;
    Some(map)
}

/// Puts tables into a file, with their checksums.
pub(crate) fn assemble(tables: &[(&[u8; 4], Vec<u8>)]) -> Option<Vec<u8>> {
    let count = u16::try_from(tables.len()).ok()?;
    let power = count.ilog2();
    let mut bytes = vec![0, 1, 0, 0];
    for value in [count, 16 << power, u16::try_from(power).ok()?, count * 16 - (16 << power)] {
        bytes.extend_from_slice(&value.to_be_bytes());
    }
    let mut offset = 12 + tables.len() * 16;
    for (tag, table) in tables {
        bytes.extend_from_slice(*tag);
        bytes.extend_from_slice(&checksum(table).to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(offset).ok()?.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(table.len()).ok()?.to_be_bytes());
        offset += table.len().next_multiple_of(4);
    }
    let mut head_at = None;
    for (tag, table) in tables {
        if *tag == b"head" {
            head_at = Some(bytes.len());
        }
        bytes.extend_from_slice(table);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(checksum(&bytes));
    let at = head_at? + 8;
    bytes.get_mut(at..at + 4)?.copy_from_slice(&adjustment.to_be_bytes());
    Some(bytes)
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0_u32, |sum, chunk| {
        let mut padded = [0; 4];
        for (slot, byte) in padded.iter_mut().zip(chunk) {
            *slot = *byte;
        }
        sum.wrapping_add(u32::from_be_bytes(padded))
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}

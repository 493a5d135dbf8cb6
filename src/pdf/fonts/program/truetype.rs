//! TrueType programs, and OpenType ones as far as they have the same tables.

use std::{cell::OnceCell, collections::HashMap, sync::LazyLock};

use ttf_parser::{GlyphId, PlatformId, cmap, post};

use super::{table, u16_at, u32_at};

/// A TrueType program.
pub(crate) struct TrueType<'b> {
    units_per_em: u16,
    glyph_count: u16,
    advances: Vec<u16>,
    maps: Option<cmap::Table<'b>>,
    map_count: u16,
    post: &'b [u8],
    names: OnceCell<HashMap<&'b str, u16>>,
}

impl<'b> TrueType<'b> {
    /// Reads a program; `None` when it lacks what every program has.
    pub(crate) fn read(bytes: &'b [u8]) -> Option<Self> {
        let head = table(bytes, b"head")?;
        let units_per_em = u16_at(head, 18).filter(|units| *units > 0)?;
        let long_count = usize::from(u16_at(table(bytes, b"hhea")?, 34)?);
        let advances: Vec<u16> =
            table(bytes, b"hmtx")?.chunks_exact(4).take(long_count).filter_map(|metric| u16_at(metric, 0)).collect();
        let maps = table(bytes, b"cmap");
        Some(Self {
            units_per_em,
            glyph_count: u16_at(table(bytes, b"maxp")?, 4)?,
            advances,
            map_count: maps.and_then(|maps| u16_at(maps, 2)).unwrap_or(0),
            maps: maps.and_then(cmap::Table::parse),
            post: table(bytes, b"post").unwrap_or_default(),
            names: OnceCell::new(),
        })
    }

    /// How many glyphs there are.
    pub(crate) fn glyph_count(&self) -> u16 {
        self.glyph_count
    }

    /// How many glyphs have a width of their own; all others are as wide as the last of these.
    pub(crate) fn width_count(&self) -> usize {
        self.advances.len()
    }

    /// The width of a glyph in thousandths of an em.
    pub(crate) fn width(&self, glyph: u32) -> Option<f64> {
        let own = usize::try_from(glyph).ok().and_then(|glyph| self.advances.get(glyph));
        let is_there = glyph < u32::from(self.glyph_count);
        let advance = own.or_else(|| if is_there { self.advances.last() } else { self.advances.first() })?;
        Some(f64::from(*advance) * 1000.0 / f64::from(self.units_per_em))
    }

    /// How many maps from codes to glyphs there are.
    pub(crate) fn map_count(&self) -> u16 {
        self.map_count
    }

    /// Whether there is a map for a platform and an encoding.
    pub(crate) fn has_map(&self, platform: u16, encoding: u16) -> bool {
        self.map(platform, encoding).is_some()
    }

    fn map(&self, platform: u16, encoding: u16) -> Option<cmap::Subtable<'b>> {
        let platform = match platform {
            1 => PlatformId::Macintosh,
            3 => PlatformId::Windows,
            _ => PlatformId::Unicode,
        };
        let mut maps = self.maps.as_ref()?.subtables.into_iter();
        maps.find(|map| map.platform_id == platform && map.encoding_id == encoding)
    }

    /// The glyph that a map has for a code; `None` for none and for glyph 0.
    pub(crate) fn mapped(&self, platform: u16, encoding: u16, code: u32) -> Option<u16> {
        let map = self.map(platform, encoding)?;
        map.glyph_index(code).map(|GlyphId(glyph)| glyph).filter(|glyph| *glyph != 0)
    }

    /// The glyph of a code in a symbolic font (ISO 32000-1, 9.6.6.4): by the symbol map, else by the Macintosh one.
    pub(crate) fn symbol(&self, code: u32) -> Option<u16> {
        if self.has_map(3, 0) {
            return [0xF000, 0, 0xF100, 0xF200].iter().find_map(|page| self.mapped(3, 0, page + code));
        }
        self.mapped(1, 0, code)
    }

    /// The glyph of a name by the `post` table.
    pub(crate) fn named(&self, name: &str) -> Option<u16> {
        let names = self.names.get_or_init(|| names(self.post, self.glyph_count));
        names.get(name).copied().filter(|glyph| *glyph != 0)
    }
}

/// The glyphs by the names that a `post` table has for them.
fn names(table: &[u8], glyph_count: u16) -> HashMap<&str, u16> {
    let usual = |index: usize| macintosh(u16::try_from(index).ok()?);
    let own: Vec<&str> = post::Table::parse(table).map(|post| post.names().collect()).unwrap_or_default();
    let name = |glyph: u16| match u32_at(table, 0)? {
        0x0001_0000 => usual(usize::from(glyph)),
        0x0002_0000 => {
            let index = usize::from(u16_at(table, 34 + usize::from(glyph) * 2)?);
            index.checked_sub(MACINTOSH_NAMES).map_or_else(|| usual(index), |index| own.get(index).copied())
        }
        _ => None,
    };
    let mut found = HashMap::new();
    for glyph in 0..glyph_count {
        if let Some(name) = name(glyph) {
            found.entry(name).or_insert(glyph);
        }
    }
    found
}

/// How many glyph names every `post` table has without listing them.
const MACINTOSH_NAMES: usize = 258;

/// One of the names that every `post` table has without listing them.
fn macintosh(index: u16) -> Option<&'static str> {
    /// A table that lists all of them, to ask the crate that knows them.
    static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut table = vec![0, 2, 0, 0];
        table.resize(32, 0);
        table.extend(258_u16.to_be_bytes());
        table.extend((0..258_u16).flat_map(u16::to_be_bytes));
        table
    });
    post::Table::parse(&TABLE)?.glyph_name(GlyphId(index))
}

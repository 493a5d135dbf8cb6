//! The glyphs of composite fonts: from codes to CIDs by the map of the font, from CIDs to glyphs by the program or by a
//! map of its own (ISO 32000-1, 9.7).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lopdf::{Dictionary, Object};

use super::{
    drawn::Used,
    examined::{Content, Glyph, Meaning, Program},
    lists::{self, Cids},
    maps::ToUnicode,
};
use crate::pdf::{
    fonts::{
        cmap::CMap,
        program::{Compact, TrueType},
    },
    object, stream,
    validate::{Level, subject::Subject},
};

/// The width of a glyph where nothing states one.
const WIDTH_DEFAULT: f64 = 1000.0;

/// Most entries of widths that are read.
const WIDTHS_MAX: usize = 1 << 17;

/// How many earlier ranges are looked at when the nearest one ends before a CID.
const OVERLAPS_MAX: usize = 8;

/// Most bytes of a map from CIDs to glyphs: two for each CID.
const MAP_BYTES_MAX: usize = 1 << 18;

/// The map from CIDs to glyphs of a TrueType program.
enum Glyphs {
    /// The CIDs are the numbers of the glyphs.
    Identity,
    /// Two bytes for each CID.
    Listed(Vec<u8>),
}

impl Glyphs {
    fn read(subject: &Subject<'_>, held: &Dictionary) -> Self {
        match object::get(subject.document, held, b"CIDToGIDMap") {
            Some(Object::Stream(map)) => stream::unpack_within(map, MAP_BYTES_MAX).map_or(Self::Identity, Self::Listed),
            Some(_) | None => Self::Identity,
        }
    }

    /// The glyph of a CID; `None` when the map ends before it.
    fn get(&self, cid: u32) -> Option<u32> {
        match self {
            Self::Identity => Some(cid),
            Self::Listed(bytes) => {
                let at = usize::try_from(cid).ok()?.checked_mul(2)?;
                let pair = bytes.get(at..at.checked_add(2)?)?;
                Some(pair.iter().fold(0, |glyph, byte| glyph << 8 | u32::from(*byte)))
            }
        }
    }

    /// How many CIDs there are, of a program with so many glyphs.
    fn count(&self, glyph_count: u32) -> u32 {
        match self {
            Self::Identity => glyph_count,
            Self::Listed(bytes) => u32::try_from(bytes.len() / 2).unwrap_or(u32::MAX),
        }
    }
}

/// The glyphs that a composite font shows, and what else is asked of its program.
pub(super) fn glyphs(
    subject: &Subject<'_>,
    described: Option<&Dictionary>,
    used: &Used<'_>,
    program: Option<&Program<'_>>,
) -> (Vec<Glyph>, Content) {
    let (Some(held), Some(map)) = (described, &used.map) else { return (Vec::new(), Content::default()) };
    let widths = Widths::read(subject, held);
    let to_glyphs = Glyphs::read(subject, held);
    let text = (subject.flavour.level() != Level::B).then(|| Texts::read(subject, used.font.held, held));
    let mut glyphs = Vec::new();
    for (code, shown) in &used.codes {
        let mapped = map.cid(*code);
        let cid = mapped.unwrap_or(0);
        let found = program.map(|program| match program {
            Program::TrueType(program) => by_truetype(program, &to_glyphs, mapped),
            Program::Compact(program) => by_compact(program, mapped, widths.missing),
            Program::Type1(_) => (false, None),
        });
        let is_present = found.map(|(is_present, _)| code.value == 0 || is_present);
        glyphs.push(Glyph {
            code: *code,
            cid: Some(cid),
            name: None,
            shown: *shown,
            is_present,
            is_undefined: is_present.is_some_and(|is_present| code.value == 0 || !is_present),
            widths: found.and_then(|(_, width)| Some((width?, widths.get(cid)))),
            meaning: text.as_ref().map_or(Meaning::Known, |texts| texts.get(code.value, cid)),
        });
    }
    let listing = program.map(|program| {
        lists::cids(subject, held, &glyphs, || match program {
            Program::TrueType(program) => truetype_cids(program, &to_glyphs),
            Program::Compact(program) => compact_cids(program),
            Program::Type1(_) => Cids::default(),
        })
    });
    (glyphs, Content { listing: listing.unwrap_or_default(), maps: None })
}

/// Whether a CID has a glyph, and how wide it is.
fn by_truetype(program: &TrueType<'_>, to_glyphs: &Glyphs, cid: Option<u32>) -> (bool, Option<f64>) {
    let glyph = to_glyphs.get(cid.unwrap_or(0));
    let is_there = glyph.is_some_and(|glyph| glyph < u32::from(program.glyph_count()));
    let width = program.width(glyph.unwrap_or(0));
    (is_there && cid.is_some_and(|cid| cid != 0), width)
}

/// As [`by_truetype`]; a CID without a glyph is as wide as the dictionary says.
fn by_compact(program: &Compact<'_>, cid: Option<u32>, missing: f64) -> (bool, Option<f64>) {
    let glyph = program.of_cid(cid.unwrap_or(0));
    if program.has_cids() {
        let glyph = glyph.filter(|glyph| *glyph != 0);
        let width = glyph.map_or(Some(missing), |glyph| program.width(glyph));
        return (cid.is_some() && glyph.is_some(), width);
    }
    (glyph.is_some(), program.width(glyph.unwrap_or(0)))
}

/// The CIDs of a TrueType program. Those of glyphs without a width of their own need not be listed in a set, since many
/// programs are padded with such.
fn truetype_cids(program: &TrueType<'_>, to_glyphs: &Glyphs) -> Cids {
    let mut cids = Cids::default();
    let wide = u32::try_from(program.width_count()).unwrap_or(u32::MAX);
    for cid in 1..to_glyphs.count(u32::from(program.glyph_count())) {
        let Some(glyph) = to_glyphs.get(cid).filter(|glyph| *glyph < u32::from(program.glyph_count())) else {
            continue;
        };
        cids.possible.insert(cid);
        let is_sure = match to_glyphs {
            Glyphs::Identity => glyph < wide,
            Glyphs::Listed(_) => glyph != 0,
        };
        if is_sure {
            cids.sure.insert(cid);
        }
    }
    cids
}

fn compact_cids(program: &Compact<'_>) -> Cids {
    let sure: BTreeSet<u32> = if program.has_cids() {
        program.cids().filter(|cid| *cid != 0).collect()
    } else {
        (1..program.glyph_count()).collect()
    };
    Cids { possible: sure.clone(), sure }
}

/// The widths that the dictionary of a CIDFont states (ISO 32000-1, 9.7.4.3).
struct Widths {
    single: HashMap<u32, f64>,
    ranges: BTreeMap<u32, (u32, f64)>,
    missing: f64,
}

impl Widths {
    fn read(subject: &Subject<'_>, held: &Dictionary) -> Self {
        let document = subject.document;
        let number = |item: &Object| object::number(document, item).map_or(0.0, f64::from);
        let missing = object::get(document, held, b"DW").and_then(|width| width.as_float().ok());
        let mut widths =
            Self { single: HashMap::new(), ranges: BTreeMap::new(), missing: missing.map_or(WIDTH_DEFAULT, f64::from) };
        let mut items = object::array(document, held, b"W").unwrap_or_default().iter();
        while let (Some(first), Some(second)) = (items.next(), items.next()) {
            let cid = |item| object::resolve(document, item).as_i64().ok().and_then(|cid| u32::try_from(cid).ok());
            let Some(first) = cid(first) else { continue };
            if let Object::Array(list) = object::resolve(document, second) {
                for (cid, width) in (first..=u32::MAX).zip(list) {
                    if widths.single.len() < WIDTHS_MAX {
                        widths.single.entry(cid).or_insert_with(|| number(width));
                    }
                }
            } else if let (Some(last), Some(width)) = (cid(second), items.next())
                && widths.ranges.len() < WIDTHS_MAX
            {
                widths.ranges.entry(first).or_insert_with(|| (last, number(width)));
            }
        }
        widths
    }

    fn get(&self, cid: u32) -> f64 {
        if let Some(width) = self.single.get(&cid) {
            return *width;
        }
        let mut ranges = self.ranges.range(..=cid).rev().take(OVERLAPS_MAX);
        ranges.find(|(_, (last, _))| cid <= *last).map_or(self.missing, |(_, (_, width))| *width)
    }
}

/// What the codes of a composite font stand for (ISO 32000-1, 9.10.2): by the map of the font to Unicode, else by the
/// character collection, where it is one of Adobe's.
struct Texts {
    own: Option<ToUnicode>,
    collection: Option<CMap>,
    is_identity: bool,
}

impl Texts {
    fn read(subject: &Subject<'_>, font: &Dictionary, held: &Dictionary) -> Self {
        let document = subject.document;
        let name = object::name(document, font, b"Encoding");
        let is_identity = matches!(name, Some(b"Identity-H" | b"Identity-V"));
        let info = if is_identity {
            object::dictionary(document, held, b"CIDSystemInfo")
        } else if name.is_some() {
            // The collection of a predefined map has to be that of the CIDFont; another rule sees to it.
            object::dictionary(document, held, b"CIDSystemInfo")
        } else {
            let map = object::dictionary(document, font, b"Encoding");
            map.and_then(|map| object::dictionary(document, map, b"CIDSystemInfo"))
        };
        let part =
            |key: &[u8]| info.and_then(|info| object::get(document, info, key)).and_then(|part| part.as_str().ok());
        let collection: Option<&[u8]> = match (part(b"Registry"), part(b"Ordering")) {
            (Some(b"Adobe"), Some(b"Japan1")) => Some(b"Adobe-Japan1-UCS2"),
            (Some(b"Adobe"), Some(b"GB1")) => Some(b"Adobe-GB1-UCS2"),
            (Some(b"Adobe"), Some(b"CNS1")) => Some(b"Adobe-CNS1-UCS2"),
            (Some(b"Adobe"), Some(b"Korea1" | b"KR")) => Some(b"Adobe-Korea1-UCS2"),
            _ => None,
        };
        Self { own: ToUnicode::read(subject, font), collection: collection.and_then(CMap::predefined), is_identity }
    }

    fn get(&self, code: u32, cid: u32) -> Meaning {
        if let Some(text) = self.own.as_ref().and_then(|own| own.text(code)) {
            return Meaning::Text(text);
        }
        let cid = if self.is_identity { code } else { cid };
        match self.collection.as_ref().and_then(|map| map.text(cid)) {
            Some(text) => Meaning::Text(text),
            None => Meaning::Unknown,
        }
    }
}

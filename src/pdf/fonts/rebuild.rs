//! Writes the program of an embedded font anew where its codes lead to glyphs in a way that PDF/A does not take: to the
//! undefined glyph, to none, or by an odd encoding. Every code keeps its looks and its width: what showed the undefined
//! glyph has a glyph of its own that looks like it.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use read_fonts::{ps::cs::CommandSink, types::Fixed};
use ttf_parser::{Face, GlyphId};

use super::{
    base_name,
    cmap::Code,
    compact::{self, Drawing, Glyph, Keys},
    composite::{self, is_vertical},
    described, encode,
    encoding::Encoding,
    glyphs, maps, metrics,
    names::{self, Predefined},
    outlines, place,
    program::{self, Compact, TrueType, Type1},
    substitute::tagged,
    widths,
};
use crate::pdf::{
    object, stream,
    validate::{Measured, Part},
};

/// Most bytes of a font program that is looked into.
const PROGRAM_BYTES_MAX: usize = 64 << 20;

/// Most bytes of a map from CIDs to glyphs: two for each CID.
const MAP_BYTES_MAX: usize = 1 << 18;

/// The name of the glyph for "no such glyph".
const UNDEFINED: &[u8] = b".notdef";

/// Font flags.
const SYMBOLIC: i64 = 4;
const NONSYMBOLIC: i64 = 32;

/// How far a width may be off, in thousandths of an em.
const WIDTH_SLACK: f64 = 1.0;

/// A program whose glyphs can be drawn.
enum Program<'b> {
    TrueType(TrueType<'b>, Box<Face<'b>>),
    Compact(Compact<'b>),
    Type1(Type1),
}

impl<'b> Program<'b> {
    fn read(bytes: &'b [u8], key: &[u8]) -> Option<Self> {
        if key == b"FontFile" {
            return Type1::read(bytes).map(Self::Type1);
        }
        if let Some(bare) = program::table(bytes, b"CFF ") {
            return Compact::read(bare).map(Self::Compact);
        }
        if key == b"FontFile3" {
            return Compact::read(bytes).map(Self::Compact);
        }
        let face = Face::parse(bytes, 0).ok().filter(|face| face.tables().glyf.is_some())?;
        Some(Self::TrueType(TrueType::read(bytes)?, Box::new(face)))
    }

    fn draw(&self, glyph: u32) -> Option<Drawing> {
        let mut pen = Pen(Drawing::exact());
        match self {
            Self::TrueType(_, face) => return Some(outlines::draw(face, GlyphId(u16::try_from(glyph).ok()?))),
            Self::Compact(program) => program.draw(glyph, &mut pen)?,
            Self::Type1(program) => program.draw(glyph, &mut pen)?,
        }
        Some(pen.0)
    }
}

/// Takes a drawing down.
struct Pen(Drawing);

impl CommandSink for Pen {
    fn move_to(&mut self, x: Fixed, y: Fixed) {
        self.0.move_to((x.to_f32(), y.to_f32()));
    }

    fn line_to(&mut self, x: Fixed, y: Fixed) {
        self.0.line_to((x.to_f32(), y.to_f32()));
    }

    fn curve_to(&mut self, x1: Fixed, y1: Fixed, x2: Fixed, y2: Fixed, x: Fixed, y: Fixed) {
        let point = |x: Fixed, y: Fixed| (x.to_f32(), y.to_f32());
        self.0.curve_to(point(x1, y1), point(x2, y2), point(x, y));
    }

    fn close(&mut self) {}
}

/// Rebuilds a font where that is needed and possible; says whether it did.
pub(super) fn mend(document: &mut Document, id: ObjectId, part: Part, is_visible: bool, measured: &[Measured]) -> bool {
    // What cannot be rebuilt stays as it is.
    rebuild(document, id, part, is_visible, measured).is_some()
}

fn rebuild(document: &mut Document, id: ObjectId, part: Part, is_visible: bool, measured: &[Measured]) -> Option<()> {
    let font = object::at(document, id)?.clone();
    let kind = object::name(document, &font, b"Subtype");
    let is_simple = matches!(kind, Some(b"Type1" | b"MMType1" | b"TrueType"));
    let held = described(document, &font)?.clone();
    let (file, key) = place::file(document, &held)?;
    let bytes = stream::unpack_within(file, PROGRAM_BYTES_MAX).ok()?;
    // Code 0 of a composite font is the undefined glyph whatever it shows.
    let lacks = measured
        .iter()
        .filter(|glyph| is_simple || glyph.code.value != 0)
        .any(|glyph| glyph.is_undefined && part != Part::One || is_visible && glyph.is_present == Some(false));
    let is_odd = kind == Some(b"TrueType")
        && TrueType::read(&bytes).is_some_and(|program| is_oddly_encoded(document, &font, &program, part));
    let differs = is_visible && measured.iter().any(differs);
    if !lacks && !is_odd && !differs {
        return None;
    }
    let program = Program::read(&bytes, key)?;
    if matches!(program, Program::TrueType(..)) && !lacks && !is_odd {
        let glyphs = glyphs_of(document, &font, &held, &program, is_simple, measured);
        holder(document, id, &font).and_then(|holder| widen(document, holder, &held, &bytes, measured, &glyphs))
    } else if is_simple {
        simple(document, id, &font, &program, measured)
    } else {
        composite(document, id, (&font, &held), &program, measured)
    }
}

/// The number of the dictionary that has the descriptor: the font itself, or the descendant of a composite one.
fn holder(document: &Document, id: ObjectId, font: &Dictionary) -> Option<ObjectId> {
    match object::array(document, font, b"DescendantFonts") {
        Some(descendants) => object::target(document, descendants.first()?),
        None => Some(id),
    }
}

/// Whether program and dictionary state different widths.
fn differs(glyph: &Measured) -> bool {
    glyph.widths.is_some_and(|(program, said)| (program - said).abs() > WIDTH_SLACK)
}

/// Gives the glyphs of a TrueType program the widths that the dictionary states; `None` when one would have two.
fn widen(
    document: &mut Document,
    holder: ObjectId,
    held: &Dictionary,
    bytes: &[u8],
    measured: &[Measured],
    glyphs: &[u32],
) -> Option<()> {
    let mut stated: BTreeMap<u16, f64> = BTreeMap::new();
    for (glyph, number) in measured.iter().zip(glyphs) {
        let (_, said) = glyph.widths?;
        let known = stated.entry(u16::try_from(*number).ok()?).or_insert(said);
        if (*known - said).abs() > WIDTH_SLACK {
            return None;
        }
    }
    let program = metrics::with_widths(bytes, &stated)?;
    let length = i64::try_from(program.len()).ok()?;
    let program = object::add(document, Stream::new(dictionary! { "Length1" => length }, program));
    // Another font may share the descriptor, and state other widths.
    let mut descriptor = object::dictionary(document, held, b"FontDescriptor")?.clone();
    descriptor.set("FontFile2", program);
    let descriptor = object::add(document, descriptor);
    object::at_mut(document, holder)?.set("FontDescriptor", descriptor);
    Some(())
}

/// The glyphs that codes show; 0 for the undefined one.
fn glyphs_of(
    document: &Document,
    font: &Dictionary,
    held: &Dictionary,
    program: &Program<'_>,
    is_simple: bool,
    measured: &[Measured],
) -> Vec<u32> {
    if is_simple {
        let (encoding, base) = (Encoding::read(document, font), base(document, font));
        let is_symbolic = is_symbolic(document, font);
        let glyph = |code: u8| glyph_of(program, name_of(&encoding, base, code).as_deref(), is_symbolic, code);
        return measured.iter().map(|each| u8::try_from(each.code.value).map_or(0, glyph)).collect();
    }
    let map = match object::get(document, held, b"CIDToGIDMap") {
        Some(Object::Stream(map)) => stream::unpack_within(map, MAP_BYTES_MAX).ok(),
        Some(_) | None => None,
    };
    let glyph = |cid: u32| match (program, &map) {
        (Program::Compact(program), _) => program.of_cid(cid),
        (Program::TrueType(..), Some(map)) => {
            let at = usize::try_from(cid).ok()?.checked_mul(2)?;
            Some(map.get(at..at.checked_add(2)?)?.iter().fold(0, |glyph, byte| glyph << 8 | u32::from(*byte)))
        }
        (Program::TrueType(..), None) => Some(cid),
        (Program::Type1(_), _) => None,
    };
    measured.iter().map(|each| each.cid.filter(|cid| *cid != 0).and_then(glyph).unwrap_or(0)).collect()
}

/// The width that the dictionary states, by which readers move on.
#[expect(clippy::cast_possible_truncation, reason = "a width has few digits")]
fn width(glyph: &Measured) -> f32 {
    glyph.widths.map_or(0.0, |(_, said)| said as f32)
}

/// Whether the codes of a TrueType font become glyphs in a way that the part does not allow (part 1: 6.3.7; parts 2 and 3:
/// 6.2.11.6).
fn is_oddly_encoded(document: &Document, font: &Dictionary, program: &TrueType<'_>, part: Part) -> bool {
    let encoding = object::get(document, font, b"Encoding");
    let base = match encoding {
        Some(Object::Name(name)) => Some(name.as_slice()),
        Some(Object::Dictionary(held)) => object::name(document, held, b"BaseEncoding"),
        Some(_) | None => None,
    };
    if is_symbolic(document, font) {
        let is_found = program.map_count() == 1 || part != Part::One && program.has_map(3, 0);
        return base.is_some() || !is_found;
    }
    let is_usual = matches!(base, Some(b"WinAnsiEncoding" | b"MacRomanEncoding"));
    let differs = encoding.and_then(|held| held.as_dict().ok()).is_some_and(|held| held.has(b"Differences"));
    let names = Encoding::read(document, font).differences;
    let are_known = part != Part::One && program.has_map(3, 1) && names.iter().all(|(_, name)| glyphs::is_listed(name));
    let has_map = part == Part::One || program.map_count() > u16::from(program.has_map(3, 0));
    !is_usual || differs && !are_known || !has_map
}

fn is_symbolic(document: &Document, font: &Dictionary) -> bool {
    let descriptor = object::dictionary(document, font, b"FontDescriptor");
    let flags = descriptor.and_then(|held| object::integer(document, held, b"Flags")).unwrap_or(0);
    flags & (SYMBOLIC | NONSYMBOLIC) == SYMBOLIC
}

/// The encoding that the one of a simple font builds on.
fn base(document: &Document, font: &Dictionary) -> Option<Predefined> {
    let stated = object::get(document, font, b"Encoding")?;
    let of_dictionary = || object::name(document, stated.as_dict().ok()?, b"BaseEncoding");
    Predefined::named(stated.as_name().ok().or_else(of_dictionary)?)
}

/// The name that a simple font has for a code; `None` where the program's own encoding counts.
fn name_of(encoding: &Encoding, base: Option<Predefined>, code: u8) -> Option<Vec<u8>> {
    let stated = encoding.name(code).map(<[u8]>::to_vec);
    stated.or_else(|| Some(base?.name(code).map_or(UNDEFINED, str::as_bytes).to_vec()))
}

/// The names that a simple font has for its codes, as [`name_of`] gives them.
pub(crate) fn simple_names(document: &Document, font: &Dictionary) -> impl Fn(u8) -> Option<Vec<u8>> + use<> {
    let (encoding, base) = (Encoding::read(document, font), base(document, font));
    move |code| name_of(&encoding, base, code)
}

/// The glyph of a code in a simple font; 0 for the undefined one.
fn glyph_of(program: &Program<'_>, name: Option<&[u8]>, is_symbolic: bool, code: u8) -> u32 {
    let found = match program {
        Program::Type1(program) => {
            let own = if name.is_none() { program.encoded(code) } else { None };
            let named = name.or(own.as_deref()).and_then(|name| program.named(name));
            named.or_else(|| program.named(UNDEFINED))
        }
        Program::Compact(program) => match name {
            Some(name) => program.named(name),
            None => program.encoded(code),
        },
        Program::TrueType(program, _) => {
            let standard = || Predefined::Standard.name(code).map(str::as_bytes);
            let name = name.filter(|name| *name != UNDEFINED).or_else(|| if is_symbolic { None } else { standard() });
            let named = name.and_then(|name| {
                let unicode = glyphs::character(name).and_then(|found| program.mapped(3, 1, u32::from(found)));
                let roman = || names::macintosh(name).and_then(|code| program.mapped(1, 0, u32::from(code)));
                let own = || std::str::from_utf8(name).ok().and_then(|name| program.named(name));
                unicode.or_else(roman).or_else(own)
            });
            named.or_else(|| program.symbol(u32::from(code))).map(u32::from)
        }
    };
    found.unwrap_or(0)
}

fn simple(
    document: &mut Document,
    id: ObjectId,
    font: &Dictionary,
    program: &Program<'_>,
    measured: &[Measured],
) -> Option<()> {
    let (encoding, base) = (Encoding::read(document, font), base(document, font));
    let numbers = glyphs_of(document, font, font, program, true, measured);
    let mut keys: Vec<String> = Vec::new();
    let mut built = Vec::new();
    let mut stated: BTreeMap<u8, f32> = BTreeMap::new();
    let mut differences = Vec::new();
    for (glyph, number) in measured.iter().zip(numbers) {
        let code = u8::try_from(glyph.code.value).ok()?;
        let name = name_of(&encoding, base, code);
        let drawing = program.draw(number)?;
        let own = name.filter(|name| glyphs::is_listed(name)).and_then(|name| String::from_utf8(name).ok());
        let key = own.filter(|name| !keys.contains(name)).unwrap_or_else(|| format!("code{code}"));
        differences.extend([Object::Integer(i64::from(code)), object::named(&key)]);
        keys.push(key);
        stated.insert(code, width(glyph));
        built.push(Glyph { cid: u16::try_from(keys.len()).ok()?, width: width(glyph), drawing });
    }
    let name = tagged(&plain(&base_name(document, font)));
    let program = compact::write(&name, Keys::Names(&keys), &built)?;
    let descriptor = descriptor(document, font, &name, program, "Type1C")?;
    let (low, high) = (*stated.first_key_value()?.0, *stated.last_key_value()?.0);
    let table: Vec<Object> = (low..=high).map(|code| Object::Real(stated.get(&code).copied().unwrap_or(0.0))).collect();
    let font = object::at_mut(document, id)?;
    font.set("Subtype", object::named("Type1"));
    font.set("BaseFont", object::named(&name));
    font.set("Encoding", dictionary! { "Type" => "Encoding", "Differences" => differences });
    font.set("FirstChar", i64::from(low));
    font.set("LastChar", i64::from(high));
    font.set("Widths", table);
    font.set("FontDescriptor", descriptor);
    Some(())
}

fn composite(
    document: &mut Document,
    id: ObjectId,
    (font, held): (&Dictionary, &Dictionary),
    program: &Program<'_>,
    measured: &[Measured],
) -> Option<()> {
    let numbers = glyphs_of(document, font, held, program, false, measured);
    let taken: BTreeSet<u32> = measured.iter().filter_map(|glyph| glyph.cid).collect();
    let mut free = (1..0xFFFF).filter(|cid| !taken.contains(cid));
    let mut cids: Vec<(Code, u32)> = Vec::new();
    let mut built: BTreeMap<u16, Glyph> = BTreeMap::new();
    for (glyph, number) in measured.iter().zip(numbers) {
        let own = glyph.cid.filter(|cid| *cid != 0);
        let cid = own.or_else(|| free.next())?;
        let drawing = program.draw(number)?;
        cids.push((glyph.code, cid));
        let short = u16::try_from(cid).ok()?;
        built.entry(short).or_insert(Glyph { cid: short, width: width(glyph), drawing });
    }
    let collection = composite::collection(document, font, held);
    let name = tagged(&plain(&base_name(document, font)));
    let glyphs: Vec<Glyph> = built.into_values().collect();
    let program = compact::write(&name, Keys::Cids(&collection.ordering, collection.supplement), &glyphs)?;
    let descriptor = descriptor(document, held, &name, program, "CIDFontType0C")?;
    let mut stated = widths::composite_widths(document, held);
    stated.extend(glyphs.iter().map(|glyph| (u32::from(glyph.cid), glyph.width)));
    let mut descendant = held.clone();
    descendant.remove(b"CIDToGIDMap");
    descendant.set("Subtype", object::named("CIDFontType0"));
    descendant.set("BaseFont", object::named(&name));
    descendant.set("FontDescriptor", descriptor);
    descendant.set("W", widths::table(&stated));
    let descendant = object::add(document, descendant);
    let codes = maps::encoding(document, font)?;
    let is_same = cids.iter().all(|(code, cid)| codes.cid(*code) == Some(*cid));
    if !is_same {
        let mode = i64::from(is_vertical(&codes, object::name(document, font, b"Encoding")));
        let map = encode::write(&codes, &encode::own_collection(document, held)?, mode, &cids);
        let map = object::add(document, map);
        object::at_mut(document, id)?.set("Encoding", map);
    }
    let font = object::at_mut(document, id)?;
    font.set("BaseFont", object::named(&name));
    font.set("DescendantFonts", vec![descendant.into()]);
    Some(())
}

/// A name that may stand anywhere.
fn plain(name: &str) -> String {
    name.chars().filter(|each| each.is_ascii_alphanumeric() || *each == '-').collect()
}

/// A descriptor like that of a font, for another program.
fn descriptor(
    document: &mut Document,
    held: &Dictionary,
    name: &str,
    program: Vec<u8>,
    subtype: &str,
) -> Option<ObjectId> {
    let mut descriptor = object::dictionary(document, held, b"FontDescriptor")?.clone();
    for key in [&b"FontFile"[..], b"FontFile2", b"CharSet", b"CIDSet"] {
        descriptor.remove(key);
    }
    let mut dictionary = Dictionary::new();
    dictionary.set("Subtype", object::named(subtype));
    let program = object::add(document, Stream::new(dictionary, program));
    descriptor.set("FontName", object::named(name));
    descriptor.set("FontFile3", program);
    Some(object::add(document, descriptor))
}

//! What this chapter collects from content: which piece uses which colours and draws which other pieces.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use lopdf::{Dictionary, Object, ObjectId};

use super::{
    jpeg2000::Colour,
    operators::Paint,
    profile::{Profile, Reader},
    spaces::{Ink, Makeup},
};
use crate::pdf::{
    object,
    profiles::Device,
    standard::{RENDERING_INTENTS, is_operator},
    validate::{
        Place,
        content::{Collector, End, Kind, Operation, Piece, Space, State},
        report,
        subject::Subject,
    },
};

/// What was collected.
#[derive(Default)]
pub(in crate::pdf::validate) struct Drawn<'a> {
    /// The pieces of content, by the object that holds them.
    pub(super) pieces: BTreeMap<ObjectId, Used<'a>>,
    /// Images that are drawn, with the first place.
    pub(super) images: BTreeMap<ObjectId, Place>,
    /// Graphics state dictionaries that are set, by their address, in the order of the content.
    pub(super) states: IndexMap<usize, (&'a Dictionary, Place)>,
    /// Profiles of the colour spaces in use, by the number of their stream.
    pub(super) profiles: BTreeMap<Option<ObjectId>, Embedded>,
    /// What the data of images without a colour space says of their colours, by the number of the image.
    pub(super) data_colours: BTreeMap<ObjectId, (Option<Colour>, Place)>,
    /// `Separation` spaces in use, by the address of their tint transformation and alternate space, in the order of the content.
    pub(super) inks: IndexMap<(usize, usize), (Ink<'a>, Place)>,
    /// `DeviceN` spaces in use, by their address, in the order of the content.
    pub(super) mixtures: IndexMap<usize, (&'a [Object], Place)>,
    /// Operators that the standard does not define.
    pub(super) unknown_operators: Notes,
    /// Rendering intents that the standard does not define.
    pub(super) unknown_intents: Notes,
    /// Resources that content takes from elsewhere than its own.
    pub(super) inherited: Notes,
    /// Resources that there are not.
    pub(super) undefined: Notes,
    /// Uses of CMYK by a profile with overprint mode 1.
    pub(super) overprinted: Notes,
    /// Inline images that ask to be smoothed.
    pub(super) interpolated: Notes,
    /// Inline images with another number of bits than there may be.
    pub(super) odd_depths: Notes,
    /// `PostScript` `XObject`s.
    pub(super) postscript: Notes,
    /// Content that does not unpack.
    pub(super) unreadable: Notes,
    reader: Reader,
    /// How many bytes of images were unpacked.
    pub(super) data_bytes: usize,
    /// The piece that is being read.
    pub(super) current: Current,
}

/// A profile of a colour space.
#[derive(Debug)]
pub(super) struct Embedded {
    /// What it says; `None` when it cannot be read.
    pub(super) profile: Option<Profile>,
    /// How many components its stream says that it has.
    pub(super) components: Option<i64>,
    /// Where it was met first.
    pub(super) place: Place,
}

/// What a piece of content uses.
#[derive(Debug)]
pub(super) struct Used<'a> {
    /// What it is for.
    pub(super) kind: Kind,
    /// Its dictionary.
    pub(super) held: &'a Dictionary,
    /// Where it was met first.
    pub(super) place: Place,
    /// Device colours for which its resources have no replacement.
    pub(super) devices: BTreeSet<Device>,
    /// Profiles with four components.
    pub(super) cmyk: BTreeSet<ObjectId>,
    /// Device colours of the space of its group.
    pub(super) group_devices: BTreeSet<Device>,
    /// What it draws.
    pub(super) children: BTreeSet<ObjectId>,
    /// Whether it paints anything that lets through what is below, or is a transparency group.
    pub(super) is_transparent: bool,
}

/// Where something was met and what it was; the first few of many.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<(Place, String)>);

impl Notes {
    /// Adds one.
    pub(super) fn add(&mut self, piece: &Piece<'_>, name: &[u8]) {
        if self.0.len() < report::PLACES_MAX {
            self.0.push((piece.place(), object::shown(name)));
        }
    }

    /// Goes over them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &str)> {
        self.0.iter().map(|(place, name)| (*place, name.as_str()))
    }
}

/// The piece that is being read.
#[derive(Debug, Default)]
pub(super) struct Current {
    /// Colour operators mean nothing in it: a stencil, painted in the colour of whoever uses it.
    pub(super) is_stencil: bool,
    /// It starts with the colours of whoever uses it.
    pub(super) borrows_colours: bool,
    /// What was looked at, by address: spaces, shadings, patterns and fonts.
    pub(super) seen: BTreeSet<usize>,
    /// Device colours that were looked at.
    devices: BTreeSet<Device>,
}

impl<'a> Collector<'a> for Drawn<'a> {
    fn start(&mut self, subject: &Subject<'a>, piece: &Piece<'a>) {
        let is_stencil =
            piece.kind == Kind::Pattern && object::integer(subject.document, piece.held, b"PaintType") == Some(2);
        self.current =
            Current { is_stencil, borrows_colours: is_stencil || piece.kind == Kind::Glyph, ..Current::default() };
        let group = super::transparency::group(subject, piece.held);
        let used = Used {
            kind: piece.kind,
            held: piece.held,
            place: piece.place(),
            devices: BTreeSet::new(),
            cmyk: BTreeSet::new(),
            group_devices: BTreeSet::new(),
            children: BTreeSet::new(),
            is_transparent: piece.kind != Kind::Page && group.is_some(),
        };
        self.pieces.insert(piece.holder, used);
        if let Some(space) = object::dictionary(subject.document, piece.held, b"Group")
            .and_then(|group| object::get(subject.document, group, b"CS"))
        {
            let makeup = Makeup::of(subject, space, piece.resources);
            let devices = self.add_makeup(subject, piece, makeup);
            if let Some(used) = self.used(piece) {
                used.group_devices = devices;
                // The blending space is not a use of its profile for colours.
                used.cmyk.clear();
            }
        }
    }

    fn operation(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, state: &State<'a>, operation: &Operation<'_>) {
        let is_coloured = !self.current.is_stencil;
        match operation.operator {
            b"g" | b"rg" | b"k" | b"cs" if is_coloured => self.set_space(subject, piece, state.fill, operation),
            b"G" | b"RG" | b"K" | b"CS" if is_coloured => self.set_space(subject, piece, state.stroke, operation),
            b"scn" if is_coloured => self.set_pattern(subject, piece, state.fill, operation),
            b"SCN" if is_coloured => self.set_pattern(subject, piece, state.stroke, operation),
            b"sh" if is_coloured => {
                self.note_transparency(piece, state, Paint { fills: true, strokes: false });
                if let Some(held) = self.named(subject, piece, b"Shading", operation.last_name()) {
                    self.use_shading(subject, piece, held);
                }
            }
            b"Do" => self.draw(subject, piece, state, operation),
            b"BI" => self.draw_inline(subject, piece, state, operation),
            b"gs" => {
                if let Some(held) = self.named(subject, piece, b"ExtGState", operation.last_name()) {
                    self.use_state(subject, piece, held);
                }
            }
            b"ri" if is_coloured => self.note_intent(piece, operation.last_name()),
            b"d1" if piece.kind == Kind::Glyph => self.current.is_stencil = true,
            b"Tf" => self.set_font(subject, piece, operation),
            b"BDC" | b"DP" => {
                if operation.operands.len() > 1 {
                    self.named(subject, piece, b"Properties", operation.last_name());
                }
            }
            operator if !is_operator(operator) => self.unknown_operators.add(piece, operator),
            operator => {
                let paint = Paint::of(operator, state.render_mode);
                if paint != Paint::default() {
                    self.paint(subject, piece, state, paint);
                }
            }
        }
    }

    fn end(&mut self, _subject: &Subject<'a>, piece: &Piece<'a>, end: &End) {
        if end.is_broken {
            self.unreadable.add(piece, b"");
        }
    }
}

impl<'a> Drawn<'a> {
    /// What the piece uses.
    pub(super) fn used(&mut self, piece: &Piece<'a>) -> Option<&mut Used<'a>> {
        self.pieces.get_mut(&piece.holder)
    }

    /// A resource that an operator names. Notes when the content does not have it of its own.
    pub(super) fn named(
        &mut self,
        subject: &Subject<'a>,
        piece: &Piece<'a>,
        kind: &[u8],
        name: Option<&[u8]>,
    ) -> Option<&'a Object> {
        let name = name?;
        let is_there = |held: &&'a Object| !object::resolve(subject.document, held).is_null();
        if let Some(held) = piece.resource(subject, kind, name).filter(is_there) {
            if !piece.owns_resources {
                self.inherited.add(piece, name);
            }
            return Some(held);
        }
        let page = usize::try_from(piece.page).ok().and_then(|number| subject.pages().get(number.checked_sub(1)?));
        let held = page
            .and_then(|page| page.resources(subject.document))
            .and_then(|resources| object::dictionary(subject.document, resources, kind)?.get(name).ok())
            .filter(is_there);
        let notes = if held.is_some() { &mut self.inherited } else { &mut self.undefined };
        notes.add(piece, name);
        held
    }

    fn set_space(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, space: Space<'a>, operation: &Operation<'_>) {
        if matches!(operation.operator, b"cs" | b"CS")
            && let Some(name) = operation.last_name().filter(|name| !is_built_in(name))
        {
            self.named(subject, piece, b"ColorSpace", Some(name));
        }
        // The space below a pattern is used by the patterns that have no colours of their own.
        if underlying(subject, space).is_none() {
            self.use_space(subject, piece, space);
        }
    }

    /// Notes the use of a colour space.
    pub(super) fn use_space(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, space: Space<'a>) {
        match space {
            Space::Device(device) => {
                if self.current.devices.insert(device) {
                    let makeup = Makeup::of_device(subject, device, piece.resources);
                    let devices = self.add_makeup(subject, piece, makeup);
                    self.add_devices(piece, devices);
                }
            }
            Space::Other(held) => {
                let held = object::resolve(subject.document, held);
                if self.current.seen.insert(address(held)) {
                    let makeup = Makeup::of(subject, held, piece.resources);
                    let devices = self.add_makeup(subject, piece, makeup);
                    self.add_devices(piece, devices);
                }
            }
            Space::Pattern | Space::Missing => {}
        }
    }

    fn add_devices(&mut self, piece: &Piece<'a>, devices: BTreeSet<Device>) {
        if let Some(used) = self.used(piece) {
            used.devices.extend(devices);
        }
    }

    /// Adds what a space is made of, and returns its device colours.
    fn add_makeup(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, makeup: Makeup<'a>) -> BTreeSet<Device> {
        let place = piece.place();
        for (id, held) in makeup.profiles {
            let components = object::as_dictionary(object::resolve(subject.document, held))
                .and_then(|held| object::integer(subject.document, held, b"N"));
            if let Some(id) = id.filter(|_| components == Some(4))
                && let Some(used) = self.used(piece)
            {
                used.cmyk.insert(id);
            }
            let reader = &mut self.reader;
            let read = || Embedded { profile: reader.read(subject.document, held), components, place };
            self.profiles.entry(id).or_insert_with(read);
        }
        for ink in makeup.inks {
            let key = (address(object::resolve(subject.document, ink.tint)), address(ink.alternate));
            self.inks.entry(key).or_insert((ink, place));
        }
        for items in makeup.mixtures {
            self.mixtures.entry(items.as_ptr().addr()).or_insert((items, place));
        }
        makeup.devices
    }

    fn set_pattern(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, space: Space<'a>, operation: &Operation<'_>) {
        let below = underlying(subject, space);
        if space != Space::Pattern && below.is_none() {
            return;
        }
        let Some(held) = self.named(subject, piece, b"Pattern", operation.last_name()) else { return };
        let document = subject.document;
        let Some(pattern) = object::as_dictionary(object::resolve(document, held)) else { return };
        if object::integer(document, pattern, b"PatternType") == Some(2) {
            if let Ok(shading) = pattern.get(b"Shading") {
                self.use_shading(subject, piece, shading);
            }
            if let Ok(state) = pattern.get(b"ExtGState") {
                self.use_state(subject, piece, state);
            }
            return;
        }
        if let (Some(id), Some(used)) = (object::target(document, held), self.used(piece)) {
            used.children.insert(id);
        }
        if let Some(Some(below)) = below
            && object::integer(document, pattern, b"PaintType") == Some(2)
        {
            self.use_space(subject, piece, Space::Other(below));
        }
    }

    fn use_shading(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, held: &'a Object) {
        let Some(shading) = object::as_dictionary(object::resolve(subject.document, held)) else { return };
        if let Ok(space) = shading.get(b"ColorSpace") {
            self.use_space(subject, piece, Space::Other(space));
        }
    }

    fn use_state(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, held: &'a Object) {
        let held = object::resolve(subject.document, held);
        let Some(state) = object::as_dictionary(held) else { return };
        self.states.entry(address(held)).or_insert((state, piece.place()));
        if let Some(font) = object::array(subject.document, state, b"Font").and_then(<[Object]>::first) {
            self.use_font(subject, piece, font);
        }
        let mask = object::dictionary(subject.document, state, b"SMask").and_then(|mask| mask.get(b"G").ok());
        if let (Some(id), Some(used)) = (mask.and_then(|mask| object::target(subject.document, mask)), self.used(piece))
        {
            used.children.insert(id);
        }
    }

    fn set_font(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, operation: &Operation<'_>) {
        if let Some(held) = self.named(subject, piece, b"Font", operation.name()) {
            self.use_font(subject, piece, held);
        }
    }

    fn use_font(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, held: &'a Object) {
        let document = subject.document;
        let held = object::resolve(document, held);
        let Some(font) = object::as_dictionary(held) else { return };
        if object::name(document, font, b"Subtype") != Some(b"Type3") || !self.current.seen.insert(address(held)) {
            return;
        }
        let glyphs = object::dictionary(document, font, b"CharProcs").into_iter().flat_map(Dictionary::iter);
        let glyphs: Vec<ObjectId> = glyphs.filter_map(|(_, glyph)| object::target(document, glyph)).collect();
        if let Some(used) = self.used(piece) {
            used.children.extend(glyphs);
        }
    }

    /// Notes a rendering intent, if it is none of the standard.
    pub(super) fn note_intent(&mut self, piece: &Piece<'a>, name: Option<&[u8]>) {
        if let Some(name) = name.filter(|name| !RENDERING_INTENTS.contains(name)) {
            self.unknown_intents.add(piece, name);
        }
    }

    /// Notes whether what is painted lets through what is below.
    pub(super) fn note_transparency(&mut self, piece: &Piece<'a>, state: &State<'a>, paint: Paint) {
        let is_transparent = state.is_masked
            || state.is_blended
            || paint.fills && state.fill_alpha < 1.0
            || paint.strokes && state.stroke_alpha < 1.0;
        if is_transparent && let Some(used) = self.used(piece) {
            used.is_transparent = true;
        }
    }

    fn paint(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, state: &State<'a>, paint: Paint) {
        self.note_transparency(piece, state, paint);
        let sides =
            [(paint.fills, state.fill, state.overprints_fill), (paint.strokes, state.stroke, state.overprints_stroke)];
        for (_, space, overprints) in sides.into_iter().filter(|(is_used, _, _)| *is_used) {
            // Other spaces were looked at when they were set.
            if matches!(space, Space::Device(_)) && !self.current.borrows_colours {
                self.use_space(subject, piece, space);
            }
            if overprints && state.overprint_mode != 0 && is_cmyk_by_profile(subject, space) {
                self.overprinted.add(piece, b"");
            }
        }
    }
}

/// Names of colour spaces that are no resources.
fn is_built_in(name: &[u8]) -> bool {
    matches!(name, b"DeviceGray" | b"DeviceRGB" | b"DeviceCMYK" | b"Pattern")
}

/// The space below a pattern space: `None` for a space that is none, `Some(None)` for one without.
fn underlying<'a>(subject: &Subject<'a>, space: Space<'a>) -> Option<Option<&'a Object>> {
    let Space::Other(held) = space else { return None };
    let held = object::resolve(subject.document, held);
    if matches!(held.as_name(), Ok(b"Pattern")) {
        return Some(None);
    }
    let items = held.as_array().ok()?;
    let family = object::resolve(subject.document, items.first()?);
    matches!(family.as_name(), Ok(b"Pattern")).then(|| items.get(1))
}

/// Whether a space is CMYK described by a profile.
fn is_cmyk_by_profile(subject: &Subject<'_>, space: Space<'_>) -> bool {
    let Space::Other(held) = space else { return false };
    let Ok(items) = object::resolve(subject.document, held).as_array() else { return false };
    let part = |index: usize| items.get(index).map(|part| object::resolve(subject.document, part));
    part(0).is_some_and(|family| matches!(family.as_name(), Ok(b"ICCBased")))
        && part(1)
            .and_then(object::as_dictionary)
            .is_some_and(|held| object::integer(subject.document, held, b"N") == Some(4))
}

/// What tells an object of the document from its equals.
pub(super) fn address<T>(held: &T) -> usize {
    std::ptr::from_ref(held).addr()
}

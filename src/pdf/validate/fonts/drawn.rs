//! What this chapter collects from content: the fonts that text is shown in, and the codes that are shown.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use lopdf::Object;

use super::{
    examined::{self, Examined},
    maps,
    replaced::Replacements,
};
use crate::pdf::{
    fonts::cmap::{CMap, Code},
    object,
    validate::{
        Level, Place,
        content::{Collector, Font, Operation, Piece, State},
        subject::Subject,
    },
};

/// Most different codes of one font that are kept; a font has at most 65,536 glyphs.
const CODES_MAX: usize = 1 << 17;

/// Most different codes of all fonts that are kept.
const CODES_TOTAL_MAX: usize = 1 << 20;

/// Most nested sequences of marked content that are kept.
const MARKS_MAX: usize = 4096;

/// The text rendering mode that draws nothing.
const INVISIBLE: i64 = 3;

/// What was collected.
#[derive(Debug, Default)]
pub(in crate::pdf::validate) struct Drawn<'a> {
    fonts: Vec<Used<'a>>,
    /// The place of a font among them, by where its dictionary is in memory.
    order: HashMap<usize, usize>,
    /// The maps of composite fonts, by their names or where they are in memory.
    maps: HashMap<Vec<u8>, Option<Rc<CMap>>>,
    /// How many codes are kept.
    codes: usize,
    /// Whether there are more codes than are kept.
    pub(super) has_too_many_codes: bool,
    /// For each open sequence of marked content, whether other text replaces what it shows.
    marks: Vec<bool>,
    /// How many of them have.
    replacing: usize,
    replacements: OnceCell<Replacements>,
    /// The first text in a content stream that replaces shown text and has characters for private use.
    pub(super) private_replacement: Option<Place>,
    examined: OnceCell<Vec<Examined<'a>>>,
}

/// A font that text is shown in.
#[derive(Debug)]
pub(super) struct Used<'a> {
    /// The font.
    pub(super) font: Font<'a>,
    /// Where it shows text first.
    pub(super) place: Place,
    /// Whether it is used in a mode that draws something.
    pub(super) is_visible: bool,
    /// Whether its codes become glyphs by a map.
    is_composite: bool,
    /// The map of a composite font from codes to CIDs.
    pub(super) map: Option<Rc<CMap>>,
    /// The codes that are shown.
    pub(super) codes: BTreeMap<Code, Shown>,
}

/// How a code is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// Whether it is drawn anywhere.
    pub(super) is_visible: bool,
    /// Whether it is shown anywhere without a text that replaces it.
    pub(super) is_unreplaced: bool,
}

impl<'a> Used<'a> {
    /// A font of which it is known what it shows.
    pub(super) fn known(
        subject: &Subject<'a>,
        font: Font<'a>,
        is_visible: bool,
        codes: impl Iterator<Item = Code>,
    ) -> Self {
        let is_composite = object::name(subject.document, font.held, b"Subtype") == Some(b"Type0");
        let encoding = if is_composite { object::get(subject.document, font.held, b"Encoding") } else { None };
        let shown = Shown { is_visible, is_unreplaced: true };
        Self {
            font,
            place: Place::default(),
            is_visible,
            is_composite,
            map: encoding.and_then(|encoding| maps::encoding(subject, encoding)).map(Rc::new),
            codes: codes.map(|code| (code, shown)).collect(),
        }
    }
}

impl<'a> Drawn<'a> {
    /// What was found out of every font, asked once.
    pub(super) fn examined(&self, subject: &Subject<'a>) -> &[Examined<'a>] {
        self.examined.get_or_init(|| examined::examine_all(subject, &self.fonts))
    }

    fn show(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, state: &State<'a>, operation: &Operation<'_>) {
        let Some(font) = state.font else { return };
        let index = self.index(subject, piece, font);
        let is_unreplaced = self.replacing == 0;
        let is_visible = state.render_mode != INVISIBLE;
        let Some(used) = self.fonts.get_mut(index) else { return };
        used.is_visible |= is_visible;
        let mut note = |code: Code| {
            if let Some(shown) = used.codes.get_mut(&code) {
                shown.is_visible |= is_visible;
                shown.is_unreplaced |= is_unreplaced;
            } else if used.codes.len() < CODES_MAX && self.codes < CODES_TOTAL_MAX {
                self.codes += 1;
                used.codes.insert(code, Shown { is_visible, is_unreplaced });
            } else {
                self.has_too_many_codes = true;
            }
        };
        let texts = match operation.operands.last() {
            Some(Object::Array(items)) => items.as_slice(),
            Some(text) => std::slice::from_ref(text),
            None => return,
        };
        for mut text in texts.iter().filter_map(|text| text.as_str().ok()) {
            match used.map.clone() {
                Some(map) => {
                    while let Some(code) = map.next(&mut text) {
                        note(code);
                    }
                }
                None if used.is_composite => {}
                None => text.iter().for_each(|byte| note(Code { value: u32::from(*byte), length: 1 })),
            }
        }
    }

    /// The place of a font among those that show text.
    fn index(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, font: Font<'a>) -> usize {
        let key = std::ptr::from_ref(font.held).addr();
        if let Some(index) = self.order.get(&key) {
            return *index;
        }
        let is_composite = object::name(subject.document, font.held, b"Subtype") == Some(b"Type0");
        let encoding = if is_composite { object::get(subject.document, font.held, b"Encoding") } else { None };
        let map = encoding.and_then(|encoding| {
            let place = || std::ptr::from_ref(encoding).addr().to_ne_bytes().to_vec();
            let key = encoding.as_name().map_or_else(|_| place(), <[u8]>::to_vec);
            self.maps.entry(key).or_insert_with(|| maps::encoding(subject, encoding).map(Rc::new)).clone()
        });
        self.fonts.push(Used {
            font,
            place: Place { object: font.id.map(|(number, _)| number), page: Some(piece.page) },
            is_visible: false,
            is_composite,
            map,
            codes: BTreeMap::new(),
        });
        self.order.insert(key, self.fonts.len() - 1);
        self.fonts.len() - 1
    }

    /// Whether a sequence of marked content has other text for what it shows, in itself or in the structure.
    fn replaces(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, operation: &Operation<'_>) -> bool {
        let properties = match operation.operands.get(1) {
            Some(Object::Dictionary(properties)) => Some(properties),
            Some(Object::Name(name)) => piece
                .resource(subject, b"Properties", name)
                .and_then(|held| object::as_dictionary(object::resolve(subject.document, held))),
            Some(_) | None => None,
        };
        let Some(properties) = properties else { return false };
        if let Some(text) = object::text(subject.document, properties, b"ActualText") {
            if text.chars().any(super::unicode::is_private) {
                self.private_replacement.get_or_insert(piece.place());
            }
            return true;
        }
        // Only level A asks, and the structure is much to read.
        if subject.flavour.level() != Level::A {
            return false;
        }
        let parents = object::integer(subject.document, piece.held, b"StructParents");
        let mark = object::integer(subject.document, properties, b"MCID");
        let replacements = self.replacements.get_or_init(|| Replacements::read(subject));
        parents.zip(mark).is_some_and(|(parents, mark)| replacements.has(parents, mark))
    }
}

impl<'a> Collector<'a> for Drawn<'a> {
    fn start(&mut self, _subject: &Subject<'a>, _piece: &Piece<'a>) {
        self.marks.clear();
        self.replacing = 0;
    }

    fn operation(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, state: &State<'a>, operation: &Operation<'_>) {
        match operation.operator {
            b"Tj" | b"TJ" | b"'" | b"\"" => self.show(subject, piece, state, operation),
            b"BMC" | b"BDC" => {
                let is_replaced = self.replaces(subject, piece, operation);
                if self.marks.len() < MARKS_MAX {
                    self.marks.push(is_replaced);
                    self.replacing += usize::from(is_replaced);
                }
            }
            b"EMC" => {
                let is_replaced = self.marks.pop().unwrap_or(false);
                self.replacing -= usize::from(is_replaced);
            }
            _ => {}
        }
    }
}

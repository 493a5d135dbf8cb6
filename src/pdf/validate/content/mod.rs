//! Reads what is drawn: the content of pages, forms, patterns, glyphs and appearances, each piece once, and tells every
//! operation to the chapters that collect from it.
//!
//! Only what is drawn is read: a form that no content names may hold anything (ISO 19005-2, 6.2.2, speaks of content).

mod state;

use std::{
    collections::{BTreeSet, VecDeque},
    rc::Rc,
};

use lopdf::{Dictionary, Object, ObjectId};

pub(super) use crate::pdf::operations::{Fault, Operation, Reader};
pub(super) use state::{Font, Space, State};

use super::{Place, file_structure, fonts, graphics, logical_structure, subject::Subject};
use crate::pdf::{object, stream};

/// Most saved graphics states that are followed; deeper ones are counted only.
const SAVED_MAX: usize = 4096;

/// What the chapters collected from all content.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// For chapter 6.1: how operands are written, and limits.
    pub(super) file_structure: file_structure::Drawn,
    /// For chapter 6.2 without fonts.
    pub(super) graphics: graphics::Drawn<'a>,
    /// For the fonts.
    pub(super) fonts: fonts::Drawn<'a>,
    /// For chapter 6.7.
    pub(super) logical_structure: logical_structure::Drawn,
    /// Whether the content unpacks to more than is read, or there are too many annotations.
    pub(super) is_too_large: bool,
}

/// Collects facts from content.
pub(super) trait Collector<'a> {
    /// Hears of a piece before its operations.
    fn start(&mut self, _subject: &Subject<'a>, _piece: &Piece<'a>) {}

    /// Hears of an operation, with the state after it.
    fn operation(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, state: &State<'a>, operation: &Operation<'_>);

    /// Hears how a piece ended.
    fn end(&mut self, _subject: &Subject<'a>, _piece: &Piece<'a>, _end: &End) {}
}

/// How a piece of content ended.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct End {
    /// Whether one of its streams does not unpack to its end.
    pub(super) is_broken: bool,
    /// How deep `q` nested.
    pub(super) depth: usize,
    /// How many `Q` had no `q`, and how many `q` had no `Q`.
    pub(super) unpaired: usize,
}

/// What a piece of content is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The content of a page.
    Page,
    /// A form that other content draws.
    Form,
    /// A tiling pattern.
    Pattern,
    /// A glyph of a Type 3 font.
    Glyph,
    /// An appearance of an annotation.
    Appearance,
    /// The group of a soft mask.
    Mask,
}

/// A piece of content.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    /// What it is for.
    pub(super) kind: Kind,
    /// The page, form, pattern or font that holds it.
    pub(super) holder: ObjectId,
    /// The dictionary of that.
    pub(super) held: &'a Dictionary,
    /// The page on which it was met first, counted from 1.
    pub(super) page: u32,
    /// The resources in force: its own, or those of whoever draws it.
    pub(super) resources: Option<&'a Dictionary>,
    /// Whether they are its own; those that a page inherits are not.
    pub(super) owns_resources: bool,
    streams: Rc<[ObjectId]>,
}

impl<'a> Piece<'a> {
    /// A named resource, not resolved.
    pub(super) fn resource(&self, subject: &Subject<'a>, kind: &[u8], name: &[u8]) -> Option<&'a Object> {
        object::dictionary(subject.document, self.resources?, kind)?.get(name).ok()
    }

    /// Where it is, for reports.
    pub(super) fn place(&self) -> Place {
        Place { object: Some(self.holder.0), page: Some(self.page) }
    }
}

/// Reads all content that is drawn.
pub(super) fn read<'a>(subject: &Subject<'a>) -> Facts<'a> {
    let mut walk = Walk {
        subject,
        queue: VecDeque::new(),
        seen: BTreeSet::new(),
        facts: Facts::default(),
        bytes_left: stream::content_total_max(subject.bytes.len()),
        parts_left: stream::CONTENT_PARTS_MAX,
    };
    for page in subject.pages() {
        walk.enqueue_page(page);
        while let Some((piece, state)) = walk.queue.pop_front() {
            walk.read(&piece, state);
        }
    }
    walk.facts.is_too_large |= subject.annotation_lists().are_too_long;
    walk.facts
}

/// A reading in progress.
struct Walk<'s, 'a> {
    subject: &'s Subject<'a>,
    queue: VecDeque<(Piece<'a>, State<'a>)>,
    seen: BTreeSet<ObjectId>,
    facts: Facts<'a>,
    bytes_left: usize,
    parts_left: usize,
}

impl<'a> Walk<'_, 'a> {
    fn enqueue_page(&mut self, page: &super::subject::Page<'a>) {
        let document = self.subject.document;
        let contents = page.held.get(b"Contents").ok();
        let streams: Rc<[ObjectId]> = match contents.map(|held| (held, object::resolve(document, held))) {
            Some((_, Object::Array(parts))) => {
                let parts = parts.iter().take(self.parts_left);
                parts.filter_map(|part| object::target(document, part)).collect()
            }
            Some((held, Object::Stream(_))) => object::target(document, held).into_iter().collect(),
            Some(_) | None => Rc::default(),
        };
        let piece = Piece {
            kind: Kind::Page,
            holder: page.id,
            held: page.held,
            page: page.number,
            resources: page.resources(document),
            owns_resources: page.owns_resources(),
            streams,
        };
        for look in self.subject.annotations(page).iter().flat_map(|annotation| &annotation.looks) {
            self.enqueue(Kind::Appearance, *look, &piece, &State::default());
        }
        self.queue.push_front((piece, State::default()));
    }

    /// Adds a form, a pattern or a glyph that `from` uses, unless it was met before.
    fn enqueue(&mut self, kind: Kind, id: ObjectId, from: &Piece<'a>, state: &State<'a>) {
        let Some(Object::Stream(held)) = self.subject.document.objects.get(&id) else { return };
        if !self.seen.insert(id) {
            return;
        }
        let own = object::dictionary(self.subject.document, &held.dict, b"Resources");
        let piece = Piece {
            kind,
            holder: id,
            held: &held.dict,
            page: from.page,
            resources: own.or(from.resources),
            owns_resources: own.is_some(),
            streams: Rc::new([id]),
        };
        self.queue.push_back((piece, state.clone()));
    }

    fn enqueue_glyphs(&mut self, font: Font<'a>, from: &Piece<'a>) {
        let document = self.subject.document;
        if object::name(document, font.held, b"Subtype") != Some(b"Type3") {
            return;
        }
        let own = object::dictionary(document, font.held, b"Resources");
        let Some(glyphs) = object::dictionary(document, font.held, b"CharProcs") else { return };
        for id in glyphs.iter().filter_map(|(_, glyph)| object::target(document, glyph)) {
            let Some(Object::Stream(held)) = document.objects.get(&id) else { continue };
            if !self.seen.insert(id) {
                continue;
            }
            // The resources of a glyph are those of its font (ISO 32000-1, table 112); some writers put them here.
            let inner = object::dictionary(document, &held.dict, b"Resources");
            let piece = Piece {
                kind: Kind::Glyph,
                holder: id,
                held: &held.dict,
                page: from.page,
                resources: inner.or(own).or(from.resources),
                owns_resources: inner.or(own).is_some(),
                streams: Rc::new([id]),
            };
            self.queue.push_back((piece, State::default()));
        }
    }

    fn read(&mut self, piece: &Piece<'a>, mut state: State<'a>) {
        let mut end = End::default();
        let bytes = self.unpack(piece, &mut end);
        for collector in self.facts.collectors() {
            collector.start(self.subject, piece);
        }
        let mut saved = Vec::new();
        let mut reader = Reader::new(&bytes);
        while let Some(operation) = reader.next() {
            match operation.operator {
                b"q" => {
                    end.depth = end.depth.max(saved.len() + 1);
                    if saved.len() < SAVED_MAX {
                        saved.push(state.clone());
                    }
                }
                b"Q" => match saved.pop() {
                    Some(before) => state = before,
                    None => end.unpaired += 1,
                },
                _ => state.follow(self.subject, piece, &operation),
            }
            for collector in self.facts.collectors() {
                collector.operation(self.subject, piece, &state, &operation);
            }
            self.follow(piece, &state, &operation);
        }
        end.unpaired += saved.len();
        for collector in self.facts.collectors() {
            collector.end(self.subject, piece, &end);
        }
    }

    fn unpack(&mut self, piece: &Piece<'a>, end: &mut End) -> Vec<u8> {
        let mut bytes = Vec::new();
        for id in &*piece.streams {
            self.parts_left = self.parts_left.saturating_sub(1);
            if self.parts_left == 0 {
                break;
            }
            let Some(Object::Stream(held)) = self.subject.document.objects.get(id) else { continue };
            // Streams of one piece are held together.
            let bytes_max = stream::CONTENT_BYTES_MAX.saturating_sub(bytes.len()).min(self.bytes_left);
            let Ok(part) = stream::unpack_content(self.subject.document, held, bytes_max) else {
                end.is_broken = true;
                self.facts.is_too_large = true;
                continue;
            };
            end.is_broken |= !part.is_whole;
            self.bytes_left = self.bytes_left.saturating_sub(part.bytes.len());
            bytes.extend_from_slice(&part.bytes);
            // Tokens do not go across streams (ISO 32000-1, 7.8.2).
            bytes.push(b'\n');
        }
        self.facts.is_too_large |= self.bytes_left == 0 || self.parts_left == 0;
        bytes
    }

    /// Adds what an operation draws.
    fn follow(&mut self, piece: &Piece<'a>, state: &State<'a>, operation: &Operation<'_>) {
        let document = self.subject.document;
        let named = |kind: &[u8], name: Option<&[u8]>| piece.resource(self.subject, kind, name?);
        match operation.operator {
            b"Tf" => {
                if let Some(font) = state.font {
                    self.enqueue_glyphs(font, piece);
                }
            }
            b"Do" => {
                let Some(id) = named(b"XObject", operation.name()).and_then(|held| object::target(document, held))
                else {
                    return;
                };
                let kind = object::at(document, id).and_then(|held| object::name(document, held, b"Subtype"));
                if kind == Some(b"Form") {
                    self.enqueue(Kind::Form, id, piece, state);
                }
            }
            b"scn" | b"SCN" => {
                let held = named(b"Pattern", operation.last_name());
                if let Some(id) = held.and_then(|held| object::target(document, held)) {
                    self.enqueue(Kind::Pattern, id, piece, &State::default());
                }
            }
            b"gs" => {
                let held = named(b"ExtGState", operation.name());
                let held = held.and_then(|held| object::as_dictionary(object::resolve(document, held)));
                if let Some(font) = state.font {
                    self.enqueue_glyphs(font, piece);
                }
                let mask = held.and_then(|held| object::dictionary(document, held, b"SMask"));
                let group = mask.and_then(|mask| mask.get(b"G").ok());
                if let Some(id) = group.and_then(|group| object::target(document, group)) {
                    self.enqueue(Kind::Mask, id, piece, &State::default());
                }
            }
            _ => {}
        }
    }
}

impl<'a> Facts<'a> {
    fn collectors(&mut self) -> [&mut dyn Collector<'a>; 4] {
        [&mut self.file_structure, &mut self.graphics, &mut self.fonts, &mut self.logical_structure]
    }
}

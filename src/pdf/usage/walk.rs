//! The walk behind a survey: an explicit queue of content, each piece once.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{CODES_MAX, ContentUse, Survey, devices_of};
use crate::pdf::{
    Error,
    content::{Operand, Reader},
    fonts::{
        cmap::{CMap, Code},
        maps,
    },
    object, pages,
    profiles::Device,
    stream,
};

/// Most saved graphics states that are followed; a file that nests deeper is reported, not obeyed.
const SAVED_MAX: usize = 4096;

/// A resource dictionary, and its number when it is an object of its own.
#[derive(Clone, Copy)]
struct Resources<'a> {
    held: &'a Dictionary,
    id: Option<ObjectId>,
}

/// A piece of content that waits to be read.
struct Pending<'a> {
    streams: Vec<ObjectId>,
    holder: ObjectId,
    resources: Option<Resources<'a>>,
    borrows: bool,
}

/// The part of the graphics state that matters here.
#[derive(Clone, Copy, Default)]
struct State {
    font: Option<ObjectId>,
    is_composite: bool,
    is_hidden: bool,
}

/// A walk in progress.
pub(super) struct Walk<'a> {
    document: &'a Document,
    queue: VecDeque<Pending<'a>>,
    seen: BTreeSet<ObjectId>,
    survey: Survey,
    /// The maps of the composite fonts that were met.
    maps: BTreeMap<ObjectId, Rc<CMap>>,
    budget: stream::Budget,
}

impl<'a> Walk<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self {
            document,
            queue: VecDeque::new(),
            seen: BTreeSet::new(),
            survey: Survey::default(),
            maps: BTreeMap::new(),
            budget: stream::Budget::of(document),
        }
    }

    pub(super) fn run(mut self) -> Result<Survey, Error> {
        for (number, page) in (1..).zip(pages::list(self.document)) {
            self.enqueue_page(page);
            while let Some(pending) = self.queue.pop_front() {
                self.read(&pending, number)?;
            }
        }
        Ok(self.survey)
    }

    fn enqueue_page(&mut self, id: ObjectId) {
        let Some(page) = object::at(self.document, id) else { return };
        let streams = pages::contents(self.document, page);
        let resources = self.resources_of(page);
        self.queue.push_back(Pending { streams, holder: id, resources, borrows: false });
        let annotations = object::array(self.document, page, b"Annots").unwrap_or_default();
        for annotation in annotations {
            let held = object::as_dictionary(object::resolve(self.document, annotation));
            let looks = held.and_then(|held| held.get(b"AP").ok());
            if looks
                .and_then(|looks| object::target(self.document, looks))
                .is_some_and(|looks| !self.seen.insert(looks))
            {
                continue;
            }
            let looks = looks.and_then(|looks| object::as_dictionary(object::resolve(self.document, looks)));
            for (_, look) in looks.into_iter().flatten() {
                self.enqueue_look(look);
            }
        }
    }

    fn resources_of(&self, holder: &'a Dictionary) -> Option<Resources<'a>> {
        let held = object::dictionary(self.document, holder, b"Resources")?;
        Some(Resources { held, id: holder.get(b"Resources").ok().and_then(|held| object::target(self.document, held)) })
    }

    /// An appearance is a form, or a dictionary of forms by state.
    fn enqueue_look(&mut self, look: &Object) {
        match object::resolve(self.document, look) {
            Object::Stream(_) => {
                if let Some(id) = object::target(self.document, look) {
                    self.enqueue_form(id, None);
                }
            }
            Object::Dictionary(states) => {
                if object::target(self.document, look).is_some_and(|id| !self.seen.insert(id)) {
                    return;
                }
                for id in states.iter().filter_map(|(_, state)| object::target(self.document, state)) {
                    self.enqueue_form(id, None);
                }
            }
            Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::Name(_)
            | Object::String(..)
            | Object::Array(_)
            | Object::Reference(_) => {}
        }
    }

    fn enqueue_form(&mut self, id: ObjectId, outer: Option<Resources<'a>>) {
        let Some(Object::Stream(form)) = self.document.objects.get(&id) else { return };
        if !self.seen.insert(id) {
            return;
        }
        let own = self.resources_of(&form.dict);
        self.queue.push_back(Pending {
            streams: vec![id],
            holder: id,
            resources: own.or(outer),
            borrows: own.is_none(),
        });
        if let Some(group) = object::dictionary(self.document, &form.dict, b"Group")
            && let Ok(space) = group.get(b"CS")
        {
            let _devices = devices_of(self.document, space);
        }
    }

    fn enqueue_glyphs(&mut self, font: ObjectId, outer: Option<Resources<'a>>) {
        let Some(held) = object::at(self.document, font) else { return };
        if object::name(self.document, held, b"Subtype") != Some(b"Type3") || !self.seen.insert(font) {
            return;
        }
        let own = self.resources_of(held);
        let Some(glyphs) = object::dictionary(self.document, held, b"CharProcs") else { return };
        for glyph in glyphs.iter().filter_map(|(_, glyph)| object::target(self.document, glyph)) {
            let pending =
                Pending { streams: vec![glyph], holder: font, resources: own.or(outer), borrows: own.is_none() };
            self.queue.push_back(pending);
        }
    }

    fn read(&mut self, pending: &Pending<'a>, page: usize) -> Result<(), Error> {
        let content = self.budget.content(self.document, &pending.streams)?;
        self.survey.streams.extend(&pending.streams);
        for stream in content.damaged {
            self.survey.damaged.entry(stream).or_insert(page);
        }
        let mut found = ContentUse {
            holder: pending.holder,
            resources: pending.resources.and_then(|resources| resources.id),
            borrows: false,
            devices: BTreeSet::new(),
        };
        let mut names_any = false;
        let mut state = State::default();
        let mut saved = Vec::new();
        let mut reader = Reader::new(&content.bytes);
        let mut operands = Vec::new();
        while let Some(operator) = reader.next(&mut operands) {
            match operator {
                b"q" => {
                    if saved.len() < SAVED_MAX {
                        saved.push(state);
                    }
                }
                b"Q" => state = saved.pop().unwrap_or(state),
                b"Tr" => state.is_hidden = operands.first() == Some(&Operand::Number(3.0)),
                b"Tj" | b"'" | b"\"" | b"TJ" => self.show(state, &operands),
                _ => names_any |= self.paint(operator, &operands, pending.resources, &mut state, &mut found),
            }
        }
        found.borrows = pending.borrows && names_any;
        self.survey.contents.push(found);
        Ok(())
    }

    /// Follows one operator that sets a colour or names a resource; says whether it names one.
    fn paint(
        &mut self,
        operator: &[u8],
        operands: &[Operand],
        resources: Option<Resources<'a>>,
        state: &mut State,
        found: &mut ContentUse,
    ) -> bool {
        let last_name = operands.iter().rev().find_map(as_name);
        match operator {
            b"k" | b"K" => drop(found.devices.insert(Device::Cmyk)),
            b"rg" | b"RG" => drop(found.devices.insert(Device::Rgb)),
            b"g" | b"G" => drop(found.devices.insert(Device::Gray)),
            b"BI" => self.inline_image(operands, resources, found),
            b"cs" | b"CS" => {
                return last_name.is_some_and(|name| self.space(name, resources, found));
            }
            b"Tf" => {
                let Some(name) = operands.first().and_then(as_name) else { return false };
                let font = self.resource(resources, b"Font", name).and_then(|font| object::target(self.document, font));
                self.select(font, state, resources);
                return true;
            }
            b"gs" => {
                let Some(name) = last_name else { return false };
                let held =
                    self.resource(resources, b"ExtGState", name).map(|held| object::resolve(self.document, held));
                if let Some(settings) = held.and_then(object::as_dictionary) {
                    self.settings(settings, state, resources);
                }
                return true;
            }
            b"Do" => {
                let Some(name) = last_name else { return false };
                if let Some(id) =
                    self.resource(resources, b"XObject", name).and_then(|held| object::target(self.document, held))
                {
                    self.draw(id, resources, found);
                }
                return true;
            }
            b"scn" | b"SCN" => {
                let Some(name) = last_name else { return false };
                if let Some(id) =
                    self.resource(resources, b"Pattern", name).and_then(|held| object::target(self.document, held))
                {
                    self.enqueue_form(id, resources);
                    self.shade(
                        object::at(self.document, id)
                            .and_then(|held| object::dictionary(self.document, held, b"Shading")),
                        found,
                    );
                }
                return true;
            }
            b"sh" => {
                let Some(name) = last_name else { return false };
                let shading =
                    self.resource(resources, b"Shading", name).map(|held| object::resolve(self.document, held));
                self.shade(shading.and_then(object::as_dictionary), found);
                return true;
            }
            _ => {}
        }
        false
    }

    /// Notes a colour space that is set by name; says whether the name is one of the resources.
    fn space(&self, name: &[u8], resources: Option<Resources<'a>>, found: &mut ContentUse) -> bool {
        match Device::named(name).filter(|_| name.starts_with(b"Device")) {
            Some(device) => drop(found.devices.insert(device)),
            None if name == b"Pattern" => {}
            None => {
                if let Some(space) = self.resource(resources, b"ColorSpace", name) {
                    found.devices.extend(devices_of(self.document, space));
                }
                return true;
            }
        }
        false
    }

    fn shade(&self, shading: Option<&Dictionary>, found: &mut ContentUse) {
        if let Some(space) = shading.and_then(|shading| shading.get(b"ColorSpace").ok()) {
            found.devices.extend(devices_of(self.document, space));
        }
    }

    fn draw(&mut self, id: ObjectId, resources: Option<Resources<'a>>, found: &mut ContentUse) {
        let Some(held) = object::at(self.document, id) else { return };
        if object::name(self.document, held, b"Subtype") == Some(b"Form") {
            self.enqueue_form(id, resources);
            return;
        }
        self.survey.images.insert(id);
        if let Ok(space) = held.get(b"ColorSpace") {
            found.devices.extend(devices_of(self.document, space));
        }
    }

    fn settings(&mut self, settings: &Dictionary, state: &mut State, resources: Option<Resources<'a>>) {
        if let Some(font) = object::array(self.document, settings, b"Font").and_then(<[Object]>::first) {
            self.select(object::target(self.document, font), state, resources);
        }
        let group = object::dictionary(self.document, settings, b"SMask").and_then(|mask| mask.get(b"G").ok());
        if let Some(id) = group.and_then(|group| object::target(self.document, group)) {
            self.enqueue_form(id, resources);
        }
    }

    fn select(&mut self, font: Option<ObjectId>, state: &mut State, resources: Option<Resources<'a>>) {
        state.font = font;
        let Some(id) = font else { return };
        let kind = object::at(self.document, id).and_then(|held| object::name(self.document, held, b"Subtype"));
        state.is_composite = kind == Some(b"Type0");
        if state.is_composite && !self.maps.contains_key(&id) {
            // A font with a map that nobody knows shows two bytes a code, as nearly all do.
            let map = object::at(self.document, id).and_then(|held| maps::encoding(self.document, held));
            self.maps.insert(id, Rc::new(map.unwrap_or_default()));
        }
        self.survey.fonts.entry(id).or_default();
        self.enqueue_glyphs(id, resources);
    }

    fn show(&mut self, state: State, operands: &[Operand]) {
        let Some(id) = state.font else { return };
        let used = self.survey.fonts.entry(id).or_default();
        let map = if state.is_composite { self.maps.get(&id).cloned() } else { None };
        let mut note = |code: Code| {
            if used.codes.len() < CODES_MAX {
                used.codes.insert(code);
            }
        };
        for text in
            operands.iter().filter_map(|operand| if let Operand::Text(text) = operand { Some(text) } else { None })
        {
            used.is_visible |= !state.is_hidden && !text.is_empty();
            match &map {
                Some(map) => {
                    let mut text = text.as_slice();
                    while let Some(code) = map.next(&mut text) {
                        note(code);
                    }
                }
                None => text.iter().for_each(|byte| note(Code { length: 1, value: u32::from(*byte) })),
            }
        }
    }

    fn inline_image(&self, operands: &[Operand], resources: Option<Resources<'a>>, found: &mut ContentUse) {
        let mut entries = operands.iter();
        while let Some(key) = entries.next() {
            if !matches!(as_name(key), Some(b"CS" | b"ColorSpace")) {
                continue;
            }
            // The array of an indexed space comes flattened, so the base may stand one further.
            let space = entries.by_ref().filter_map(as_name).find(|name| !matches!(*name, b"I" | b"Indexed"));
            let Some(name) = space else { return };
            if let Some(device) = Device::named(name) {
                found.devices.insert(device);
            } else if let Some(space) = self.resource(resources, b"ColorSpace", name) {
                found.devices.extend(devices_of(self.document, space));
            }
            return;
        }
    }

    fn resource(&self, resources: Option<Resources<'a>>, kind: &[u8], name: &[u8]) -> Option<&'a Object> {
        object::dictionary(self.document, resources?.held, kind)?.get(name).ok()
    }
}

fn as_name(operand: &Operand) -> Option<&[u8]> {
    if let Operand::Name(name) = operand { Some(name) } else { None }
}

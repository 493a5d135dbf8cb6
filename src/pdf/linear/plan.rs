//! Which number each object has, and where in the file it stands.

use std::collections::{BTreeSet, HashMap};

use lopdf::{Document, Object, ObjectId};

use super::parts::Parts;
use crate::pdf::{Shape, object};

/// Most objects in one stream of objects.
const PACKED_MAX: usize = 200;

/// Something that stands in the file.
#[derive(Debug)]
pub(super) enum Unit {
    /// An object.
    Plain(u32),
    /// A stream of that number with objects of these.
    Pack(u32, Vec<u32>),
}

impl Unit {
    /// Its number.
    pub(super) const fn number(&self) -> u32 {
        match self {
            Self::Plain(number) | Self::Pack(number, _) => *number,
        }
    }
}

/// Objects by their numbers, in the order of the file.
#[derive(Debug)]
pub(super) struct Plan {
    /// The parameters of the file, which come first of all.
    pub(super) parameters: u32,
    /// The table of places of the first part, when it is an object.
    pub(super) first_table: Option<u32>,
    /// The catalog, and what a viewer needs before the first page.
    pub(super) opening: Vec<Unit>,
    /// The hints.
    pub(super) hints: u32,
    /// The first page with all that it needs, and the outlines when they are shown with it.
    pub(super) first_page: Vec<Unit>,
    /// How many units at its end are outlines.
    pub(super) first_outlines: usize,
    /// Each other page with what it alone needs.
    pub(super) pages: Vec<Vec<Unit>>,
    /// What several other pages need.
    pub(super) shared: Vec<Unit>,
    /// Outlines that are not shown at once.
    pub(super) outlines: Vec<Unit>,
    /// Everything else.
    pub(super) rest: Vec<Unit>,
    /// The table of places of the second part, when it is an object.
    pub(super) last_table: Option<u32>,
    /// For each other page, the units that it shares, by their numbers.
    pub(super) shares: Vec<BTreeSet<u32>>,
    /// The lowest number of the first part of the file; those below belong to the second part.
    pub(super) first: u32,
    /// The number after the highest.
    pub(super) end: u32,
}

/// Gives numbers.
struct Numbers<'d> {
    document: &'d Document,
    /// Objects that are never packed: pages and the catalog (ISO 32000-1, 7.5.7, and what other writers do).
    plain: BTreeSet<ObjectId>,
    is_packed: bool,
    given: HashMap<ObjectId, ObjectId>,
    /// The unit that an object stands in.
    units: HashMap<ObjectId, u32>,
    /// What is in packs, to be numbered once all else is: in a table of places it comes last.
    waiting: HashMap<u32, Vec<ObjectId>>,
    next: u32,
}

impl Numbers<'_> {
    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// Numbers objects that stand together, those that may be packed in packs. What holds the first of them comes first.
    fn units(&mut self, ids: &[ObjectId]) -> Vec<Unit> {
        let is_plain = |id: &ObjectId| {
            let is_stream = matches!(self.document.objects.get(id), Some(Object::Stream(_)) | None);
            !self.is_packed || is_stream || self.plain.contains(id)
        };
        let (mut plain, mut packed): (Vec<ObjectId>, Vec<ObjectId>) = ids.iter().partition(|id| is_plain(id));
        // A pack of one is larger than what is in it.
        if packed.len() == 1 {
            plain.append(&mut packed);
        }
        let packs_come_first = ids.first().is_some_and(|id| packed.contains(id));
        let mut units = Vec::new();
        if packs_come_first {
            self.packs(&packed, &mut units);
        }
        for id in plain {
            let number = self.fresh();
            self.given.insert(id, (number, 0));
            self.units.insert(id, number);
            units.push(Unit::Plain(number));
        }
        if !packs_come_first {
            self.packs(&packed, &mut units);
        }
        units
    }

    fn packs(&mut self, ids: &[ObjectId], units: &mut Vec<Unit>) {
        for held in ids.chunks(PACKED_MAX) {
            let number = self.fresh();
            self.units.extend(held.iter().map(|id| (*id, number)));
            self.waiting.insert(number, held.to_vec());
            units.push(Unit::Pack(number, Vec::new()));
        }
    }

    /// Numbers what is in the packs among some units.
    fn fill<'u>(&mut self, units: impl IntoIterator<Item = &'u mut Unit>) {
        for unit in units {
            if let Unit::Pack(number, held) = unit {
                for id in self.waiting.remove(number).unwrap_or_default() {
                    let number = self.fresh();
                    self.given.insert(id, (number, 0));
                    held.push(number);
                }
            }
        }
    }
}

impl Plan {
    /// Numbers all objects of a document, and gives it these numbers.
    pub(super) fn apply(document: &mut Document, parts: &Parts, shape: Shape) -> Self {
        let firsts = [&parts.opening, &parts.first_page].into_iter().chain(&parts.pages);
        let mut numbers = Numbers {
            document,
            plain: firsts.filter_map(|part| part.first().copied()).collect(),
            is_packed: shape == Shape::Packed,
            given: HashMap::new(),
            units: HashMap::new(),
            waiting: HashMap::new(),
            next: 1,
        };
        let (first_outlines, outlines): (&[ObjectId], &[ObjectId]) =
            if parts.shows_outlines { (&parts.outlines, &[]) } else { (&[], &parts.outlines) };
        let mut pages: Vec<Vec<Unit>> = parts.pages.iter().map(|page| numbers.units(page)).collect();
        let mut shared = numbers.units(&parts.shared);
        let mut outlines = numbers.units(outlines);
        let mut rest: Vec<Unit> = parts.rest.values().flat_map(|page| numbers.units(page)).collect();
        rest.extend(numbers.units(&parts.unpaged));
        let last_table = (shape == Shape::Packed).then(|| numbers.fresh());
        numbers.fill(pages.iter_mut().flatten().chain(&mut shared).chain(&mut outlines).chain(&mut rest));
        let first = numbers.next;
        let parameters = numbers.fresh();
        let first_table = (shape == Shape::Packed).then(|| numbers.fresh());
        let mut opening = numbers.units(&parts.opening);
        let hints = numbers.fresh();
        let mut first_page = numbers.units(&parts.first_page);
        let first_outlines = numbers.units(first_outlines);
        let outline_count = first_outlines.len();
        first_page.extend(first_outlines);
        numbers.fill(opening.iter_mut().chain(&mut first_page));
        let unit = |id: &ObjectId| numbers.units.get(id).copied();
        let shares = parts.shares.iter().map(|page| page.iter().filter_map(unit).collect()).collect();
        let (given, end) = (numbers.given, numbers.next);
        object::renumber_by(document, &given);
        Self {
            parameters,
            first_table,
            opening,
            hints,
            first_page,
            first_outlines: outline_count,
            pages,
            shared,
            outlines,
            rest,
            last_table,
            shares,
            first,
            end,
        }
    }
}

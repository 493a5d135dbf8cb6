//! Which number each object has, and where in the file it stands.

use std::collections::HashMap;

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
    pub(super) opening: Vec<u32>,
    /// The hints.
    pub(super) hints: u32,
    /// The first page with all that it needs, and the outlines when they are shown with it.
    pub(super) first_page: Vec<u32>,
    /// How many objects at its end are outlines.
    pub(super) first_outlines: usize,
    /// Each other page with what it alone needs.
    pub(super) pages: Vec<Vec<u32>>,
    /// What several other pages need.
    pub(super) shared: Vec<u32>,
    /// Outlines that are not shown at once.
    pub(super) outlines: Vec<Unit>,
    /// Everything else.
    pub(super) rest: Vec<Unit>,
    /// The table of places of the second part, when it is an object.
    pub(super) last_table: Option<u32>,
    /// For each other page, what it shares.
    pub(super) shares: Vec<Vec<u32>>,
    /// The lowest number of the first part of the file; those below belong to the second part.
    pub(super) first: u32,
    /// The number after the highest.
    pub(super) end: u32,
}

/// Gives numbers.
struct Numbers {
    given: HashMap<ObjectId, ObjectId>,
    next: u32,
}

impl Numbers {
    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    fn give(&mut self, ids: &[ObjectId]) -> Vec<u32> {
        let numbers = ids.iter().map(|id| {
            let number = self.fresh();
            self.given.insert(*id, (number, 0));
            number
        });
        numbers.collect()
    }

    fn plain(&mut self, ids: &[ObjectId]) -> Vec<Unit> {
        self.give(ids).into_iter().map(Unit::Plain).collect()
    }

    /// Numbers for packs; what is in them has its numbers later.
    fn packs(&mut self, ids: &[ObjectId]) -> Vec<Unit> {
        ids.chunks(PACKED_MAX).map(|_| Unit::Pack(self.fresh(), Vec::new())).collect()
    }

    /// Numbers for what is in packs.
    fn fill(&mut self, units: &mut [Unit], ids: &[ObjectId]) {
        let packs = units.iter_mut().filter_map(|unit| if let Unit::Pack(_, held) = unit { Some(held) } else { None });
        packs.zip(ids.chunks(PACKED_MAX)).for_each(|(held, ids)| *held = self.give(ids));
    }
}

impl Plan {
    /// Numbers all objects of a document, and gives it these numbers.
    pub(super) fn apply(document: &mut Document, parts: &Parts, shape: Shape) -> Self {
        let is_packed = shape == Shape::Packed;
        let (streams, others): (Vec<ObjectId>, Vec<ObjectId>) = parts
            .packable
            .iter()
            .partition(|id| !is_packed || matches!(document.objects.get(id), Some(Object::Stream(_))));
        let (first_outlines, outlines): (&[ObjectId], &[ObjectId]) =
            if parts.shows_outlines { (&parts.outlines, &[]) } else { (&[], &parts.outlines) };
        let packs_outlines =
            is_packed && !outlines.iter().any(|id| matches!(document.objects.get(id), Some(Object::Stream(_))));
        let mut numbers = Numbers { given: HashMap::new(), next: 1 };
        let pages = parts.pages.iter().map(|page| numbers.give(page)).collect();
        let shared = numbers.give(&parts.shared);
        let mut outline_units = if packs_outlines { numbers.packs(outlines) } else { numbers.plain(outlines) };
        let mut rest = numbers.plain(&parts.rest);
        rest.extend(numbers.plain(&streams));
        rest.extend(numbers.packs(&others));
        let last_table = is_packed.then(|| numbers.fresh());
        // In a table of places what is packed comes last.
        numbers.fill(&mut outline_units, outlines);
        numbers.fill(&mut rest, &others);
        let first = numbers.next;
        let parameters = numbers.fresh();
        let first_table = is_packed.then(|| numbers.fresh());
        let opening = numbers.give(&parts.opening);
        let hints = numbers.fresh();
        let mut first_page = numbers.give(&parts.first_page);
        first_page.extend(numbers.give(first_outlines));
        let number = |id: &ObjectId| numbers.given.get(id).map(|(number, _)| *number);
        let shares = parts.shares.iter().map(|page| page.iter().filter_map(number).collect()).collect();
        object::renumber_by(document, &numbers.given);
        Self {
            parameters,
            first_table,
            opening,
            hints,
            first_page,
            first_outlines: first_outlines.len(),
            pages,
            shared,
            outlines: outline_units,
            rest,
            last_table,
            shares,
            first,
            end: numbers.next,
        }
    }
}

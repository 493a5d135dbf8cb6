//! What a rule is: one requirement of the standard, the clauses that state it, and the function that enforces it.

use std::collections::BTreeSet;

use lopdf::ObjectId;

use super::{Failure, Flavour, Level, Part, Place, report, subject::Subject};

/// One requirement.
pub(super) struct Rule {
    /// Its name in reports and in the ledger.
    pub(super) name: &'static str,
    /// Where the parts of the standard state it.
    pub(super) clauses: Clauses,
    /// For which levels of conformance it holds.
    pub(super) scope: Scope,
    /// What the maker of a document that breaks it can do, as a sentence.
    pub(super) remedy: &'static str,
    /// Enforces it.
    pub(super) check: fn(&Subject<'_>, &mut Findings),
}

/// The clause of each part that states a rule; `None` where the part does not have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clauses {
    /// ISO 19005-1.
    pub(super) one: Option<&'static str>,
    /// ISO 19005-2.
    pub(super) two: Option<&'static str>,
    /// ISO 19005-3.
    pub(super) three: Option<&'static str>,
    /// ISO 19005-4.
    pub(super) four: Option<&'static str>,
}

impl Clauses {
    /// A rule of all parts; parts 2 and 3 state it in the same clause.
    pub(super) const fn all(one: &'static str, two: &'static str, four: &'static str) -> Self {
        Self { one: Some(one), two: Some(two), three: Some(two), four: Some(four) }
    }

    /// A rule of parts 1 to 3.
    pub(super) const fn to_three(one: &'static str, two: &'static str) -> Self {
        Self { one: Some(one), two: Some(two), three: Some(two), four: None }
    }

    /// A rule of parts 2 to 4.
    pub(super) const fn from_two(two: &'static str, four: &'static str) -> Self {
        Self { one: None, two: Some(two), three: Some(two), four: Some(four) }
    }

    /// A rule of parts 2 and 3.
    pub(super) const fn two_and_three(clause: &'static str) -> Self {
        Self { one: None, two: Some(clause), three: Some(clause), four: None }
    }

    /// A rule of one part alone.
    pub(super) const fn only(part: Part, clause: &'static str) -> Self {
        let mut clauses = Self { one: None, two: None, three: None, four: None };
        match part {
            Part::One => clauses.one = Some(clause),
            Part::Two => clauses.two = Some(clause),
            Part::Three => clauses.three = Some(clause),
            Part::Four => clauses.four = Some(clause),
        }
        clauses
    }

    /// The clause of one part.
    pub(super) const fn of(self, part: Part) -> Option<&'static str> {
        match part {
            Part::One => self.one,
            Part::Two => self.two,
            Part::Three => self.three,
            Part::Four => self.four,
        }
    }
}

/// The levels for which a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All levels.
    Every,
    /// Levels U and A: text that can be extracted.
    Unicode,
    /// Level A: a document with structure.
    Accessible,
    /// All levels but E and F, which allow what the rule forbids (part 4, annexes A and B).
    ButAnnexes,
    /// Level E alone.
    Engineering,
    /// Level F alone.
    Files,
}

impl Scope {
    /// The levels in words, for lists of rules.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Every => "all",
            Self::Unicode => "u, a",
            Self::Accessible => "a",
            Self::ButAnnexes => "all but e, f",
            Self::Engineering => "e",
            Self::Files => "f",
        }
    }

    /// Whether a rule of this scope holds for a level.
    pub(super) const fn holds_for(self, level: Level) -> bool {
        match self {
            Self::Every => true,
            Self::Unicode => matches!(level, Level::U | Level::A),
            Self::Accessible => matches!(level, Level::A),
            Self::ButAnnexes => !matches!(level, Level::E | Level::F),
            Self::Engineering => matches!(level, Level::E),
            Self::Files => matches!(level, Level::F),
        }
    }
}

impl Rule {
    /// The clause under which it holds for a flavour; `None` when it does not.
    pub(super) const fn clause_for(&self, flavour: Flavour) -> Option<&'static str> {
        if self.scope.holds_for(flavour.level()) { self.clauses.of(flavour.part()) } else { None }
    }

    /// Runs it on a document; `None` when the document obeys.
    pub(super) fn run(&self, subject: &Subject<'_>) -> Option<Failure> {
        let clause = self.clause_for(subject.flavour)?;
        let mut findings = Findings::default();
        (self.check)(subject, &mut findings);
        let Findings { count, message, places, pages } = findings;
        let (rule, remedy, scope) = (self.name, self.remedy, self.scope);
        (count > 0).then_some(Failure { clause, rule, count, message, remedy, places, pages, scope })
    }
}

/// Collects where one rule is broken.
#[derive(Debug, Default)]
pub(super) struct Findings {
    count: usize,
    message: String,
    places: Vec<Place>,
    pages: BTreeSet<u32>,
}

impl Findings {
    /// Adds one. The message is made of the first only, since all break the same rule.
    pub(super) fn add(&mut self, place: impl Into<Place>, message: impl FnOnce() -> String) {
        self.count += 1;
        if self.count == 1 {
            self.message = message();
        }
        let place = place.into();
        self.pages.extend(place.page);
        if self.places.len() < report::PLACES_MAX && !self.places.contains(&place) {
            self.places.push(place);
        }
    }

    /// Adds one that belongs to the document as a whole.
    pub(super) fn add_document(&mut self, message: &str) {
        self.add(Place::default(), || message.to_owned());
    }

    /// Adds one when it is so.
    pub(super) fn add_if(&mut self, is_so: bool, place: impl Into<Place>, message: impl FnOnce() -> String) {
        if is_so {
            self.add(place, message);
        }
    }
}

impl From<ObjectId> for Place {
    fn from((number, _): ObjectId) -> Self {
        Self { object: Some(number), page: None }
    }
}

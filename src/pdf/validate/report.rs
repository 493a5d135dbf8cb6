//! What a check found.

use std::collections::BTreeSet;

use super::{Flavour, Level, rule::Scope};

/// Most places that are listed for one rule; the count goes on.
pub(super) const PLACES_MAX: usize = 20;

/// The verdict on one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it was checked against.
    pub flavour: Flavour,
    /// The rules it breaks, in the order of the standard; empty for a file that conforms.
    pub failed: Vec<Failure>,
}

impl Report {
    /// Whether the file conforms.
    pub fn is_compliant(&self) -> bool {
        self.failed.is_empty()
    }
}

/// One rule that a file breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The clause of the part of ISO 19005 that the flavour belongs to, such as `6.2.11.4.1`.
    pub clause: &'static str,
    /// The name of the rule, such as `font-embedded`.
    pub rule: &'static str,
    /// How often it is broken.
    pub count: usize,
    /// What is wrong at the first place, as a sentence.
    pub message: String,
    /// What its maker can do about it, as a sentence.
    pub remedy: &'static str,
    /// The first places where it is broken.
    pub places: Vec<Place>,
    /// All pages on which it is broken, counted from 1; empty when it is broken elsewhere.
    pub pages: BTreeSet<u32>,
    pub(super) scope: Scope,
}

impl Failure {
    /// Whether the rule holds for a level of conformance, too.
    pub fn binds(&self, level: Level) -> bool {
        self.scope.holds_for(level)
    }
}

/// A place in a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The number of the indirect object.
    pub object: Option<u32>,
    /// The page, counted from 1.
    pub page: Option<u32>,
}

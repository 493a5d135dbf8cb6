//! The rules of EN 16931 and of XRechnung, by their identifiers, over what an invoice means.
//!
//! Each chapter is a function that takes the case and adds findings. A chapter asks for what the profile has: MINIMUM has
//! totals alone, BASIC WL all but the lines. ZUGFeRD 1.0 and Order-X are older than the European rules or are no invoices;
//! of them what any invoice or order says is asked.
//!
//! Rules that begin with `SYNTAX` are ours: they say that the file is not written as its standard wants it.

mod codes;
mod german;
mod present;
mod sums;
mod tax;
mod values;

use rust_decimal::Decimal;

use super::{
    Invoice, Profile, Standard, Syntax,
    bill::{Bill, Line, Maybe},
    recognise,
    source::{ROOT, Source},
    structure,
};
use crate::pdf::xml::ElementId;

/// Most findings of one invoice. Whoever has to mend it has enough with these.
pub const FINDINGS_MAX: usize = 200;

/// A rule that an invoice breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The identifier of the rule, of EN 16931 (`BR-…`), of XRechnung (`BR-DE-…`), or of ours (`SYNTAX-…`).
    pub rule: String,
    /// The element, as a path.
    pub place: String,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// Checks the XML of an invoice against its profile: elements, values, codes, sums and taxes. Gives nothing when all is
/// well, and at most [`FINDINGS_MAX`] findings. `invoice` is what [`super::recognise()`] says of it.
pub fn check(xml: &[u8], invoice: &Invoice) -> Vec<Finding> {
    let Some((source, bill, _)) = recognise::open(xml) else {
        let message = "It is not the XML of an invoice that can be read.".to_owned();
        return vec![Finding { rule: "SYNTAX-ROOT".to_owned(), place: "/".to_owned(), message }];
    };
    let case = Case { source: &source, bill: &bill, invoice, reach: Reach::of(invoice) };
    let mut log = Log { source: &source, findings: Vec::new() };
    structure::check(&case, &mut log);
    values::check(&case, &mut log);
    present::check(&case, &mut log);
    if case.reach != Reach::Order {
        codes::check(&case, &mut log);
        sums::check(&case, &mut log);
    }
    if case.is_european() {
        tax::check(&case, &mut log);
    }
    if invoice.standard == Standard::XRechnung {
        german::check(&case, &mut log);
    }
    log.findings
}

/// How much an invoice has to say, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// An order: nothing of taxes and payments.
    Order,
    /// Totals.
    Totals,
    /// All but the lines.
    Header,
    /// With lines.
    Lines,
    /// All of the European standard.
    Full,
    /// More than that.
    Beyond,
}

impl Reach {
    fn of(invoice: &Invoice) -> Self {
        match (invoice.syntax, invoice.profile) {
            (Syntax::CiiOrder, _) => Self::Order,
            (_, Some(Profile::Minimum)) => Self::Totals,
            (_, Some(Profile::BasicWl)) => Self::Header,
            (_, Some(Profile::Basic)) => Self::Lines,
            (_, Some(Profile::Extended)) => Self::Beyond,
            (_, Some(Profile::Comfort | Profile::En16931 | Profile::XRechnung) | None) => Self::Full,
        }
    }
}

/// An invoice that is checked.
pub(super) struct Case<'a> {
    pub(super) source: &'a Source,
    pub(super) bill: &'a Bill,
    pub(super) invoice: &'a Invoice,
    pub(super) reach: Reach,
}

impl Case<'_> {
    /// Whether the rules of EN 16931 are made for it.
    pub(super) fn is_european(&self) -> bool {
        !matches!(self.invoice.syntax, Syntax::CiiDocument | Syntax::CiiOrder)
    }

    /// The lines that count; some of the profile EXTENDED only group others.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.bill.lines.iter().filter(|line| !line.is_aside)
    }

    /// Where what belongs into the totals is missing.
    pub(super) fn totals_at(&self) -> ElementId {
        self.bill.totals.at.unwrap_or(ROOT)
    }
}

/// Collects findings.
pub(super) struct Log<'s> {
    source: &'s Source,
    findings: Vec<Finding>,
}

impl Log<'_> {
    /// Adds a finding.
    pub(super) fn add(&mut self, rule: &str, at: ElementId, message: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            let place = self.source.place(at);
            self.findings.push(Finding { rule: rule.to_owned(), place, message: message.into() });
        }
    }

    /// Adds a finding unless something holds.
    pub(super) fn require(&mut self, holds: bool, rule: &str, at: ElementId, message: &str) {
        if !holds {
            self.add(rule, at, message);
        }
    }
}

/// Whether a value is there and not empty.
pub(super) fn is_said(value: &Maybe) -> bool {
    value.as_ref().is_some_and(|value| !value.is_empty())
}

/// The number of a value; what is no number is found elsewhere.
pub(super) fn number(value: &Maybe) -> Option<Decimal> {
    value.as_ref()?.number()
}

/// A sum, or `None` when it is too large to be one, or one of its parts is no number.
pub(super) fn sum<'a>(values: impl IntoIterator<Item = &'a Maybe>) -> Option<Decimal> {
    values.into_iter().try_fold(Decimal::ZERO, |sum, value| match value {
        Some(value) => sum.checked_add(value.number()?),
        None => Some(sum),
    })
}

/// Whether two numbers differ by no more than a tolerance.
pub(super) fn are_close(one: Decimal, other: Decimal, tolerance: Decimal) -> bool {
    one.checked_sub(other).is_some_and(|difference| difference.abs() <= tolerance)
}

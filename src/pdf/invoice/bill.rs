//! What an invoice means, by the terms of EN 16931 (BT for a term, BG for a group of them), whatever it is written in.

use rust_decimal::Decimal;
use time::{Date, Month};

use super::{Syntax, cii, source::Source, ubl};
use crate::pdf::xml::ElementId;

/// Reads an invoice.
pub(super) fn read(source: &Source, syntax: Syntax) -> Bill {
    match syntax {
        Syntax::Cii | Syntax::CiiDocument | Syntax::CiiOrder => cii::read(source),
        Syntax::UblInvoice | Syntax::UblCreditNote => ubl::read(source),
    }
}

/// A text with the element that it stands in, and the attribute that belongs to it: a unit, a currency, a scheme, a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) attribute: Option<String>,
    pub(super) at: ElementId,
}

impl Value {
    /// Whether there is no text in it.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Its number, when it is one as XML Schema writes decimals.
    pub(super) fn number(&self) -> Option<Decimal> {
        let digits = self.text.strip_prefix(['-', '+']).unwrap_or(&self.text);
        let is_decimal = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && digits.bytes().any(|byte| byte.is_ascii_digit());
        if is_decimal { Decimal::from_str_exact(&self.text).ok() } else { None }
    }

    /// Its day: `20260131` as CII has it, by format 102, with hours and minutes behind it by 203, or `2026-01-31` as UBL
    /// has it.
    pub(super) fn date(&self) -> Option<Date> {
        let text = self.text.as_str();
        let digits = match text.len() {
            8 => text.to_owned(),
            12 if text.bytes().all(|byte| byte.is_ascii_digit()) => text.get(..8)?.to_owned(),
            // UBL allows a time zone behind it.
            10.. if text.get(4..5) == Some("-") && text.get(7..8) == Some("-") => {
                format!("{}{}{}", text.get(..4)?, text.get(5..7)?, text.get(8..10)?)
            }
            _ => return None,
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let month = Month::try_from(digits.get(4..6)?.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(digits.get(..4)?.parse().ok()?, month, digits.get(6..)?.parse().ok()?).ok()
    }
}

/// What may not be there.
pub(super) type Maybe = Option<Value>;

/// An invoice.
#[derive(Debug, Default)]
pub(super) struct Bill {
    /// BT-24.
    pub(super) guideline: Maybe,
    /// BT-1.
    pub(super) number: Maybe,
    /// BT-2.
    pub(super) issue_date: Maybe,
    /// BT-3.
    pub(super) type_code: Maybe,
    /// BT-5.
    pub(super) currency: Maybe,
    /// BT-6.
    pub(super) tax_currency: Maybe,
    /// BT-9.
    pub(super) due_date: Maybe,
    /// BT-10.
    pub(super) buyer_reference: Maybe,
    /// BT-20.
    pub(super) terms: Maybe,
    /// BT-72.
    pub(super) delivered: Maybe,
    /// BG-14: from (BT-73) and to (BT-74).
    pub(super) period: Option<Period>,
    /// BT-25 of each BG-3.
    pub(super) preceding: Vec<(ElementId, Maybe)>,
    /// BG-4.
    pub(super) seller: Party,
    /// BG-7.
    pub(super) buyer: Party,
    /// BG-10.
    pub(super) payee: Option<Party>,
    /// BG-11.
    pub(super) representative: Option<Party>,
    /// BG-15.
    pub(super) deliver_to: Option<Address>,
    /// BG-16.
    pub(super) payments: Vec<Payment>,
    /// BG-20 and BG-21.
    pub(super) allowances: Vec<Allowance>,
    /// BG-22.
    pub(super) totals: Totals,
    /// BG-23.
    pub(super) taxes: Vec<Tax>,
    /// BG-25.
    pub(super) lines: Vec<Line>,
}

/// A period, with the element that it is.
#[derive(Debug)]
pub(super) struct Period {
    pub(super) from: Maybe,
    pub(super) to: Maybe,
    pub(super) at: ElementId,
}

/// Someone.
#[derive(Debug, Default)]
pub(super) struct Party {
    /// The element; `None` when there is none.
    pub(super) at: Option<ElementId>,
    /// BT-27, BT-44, BT-59, BT-62.
    pub(super) name: Maybe,
    /// BT-29, BT-46.
    pub(super) ids: Vec<Value>,
    /// BT-30, BT-47.
    pub(super) legal_id: Maybe,
    /// BT-31, BT-48, BT-63.
    pub(super) vat_id: Maybe,
    /// BT-32.
    pub(super) tax_id: Maybe,
    /// BT-34, BT-49, with its scheme.
    pub(super) electronic: Maybe,
    /// BG-5, BG-8, BG-12.
    pub(super) address: Option<Address>,
    /// BG-6.
    pub(super) contact: Option<Contact>,
}

/// An address.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) city: Maybe,
    pub(super) post_code: Maybe,
    pub(super) country: Maybe,
    pub(super) at: ElementId,
}

/// Whom to ask.
#[derive(Debug)]
pub(super) struct Contact {
    pub(super) name: Maybe,
    pub(super) phone: Maybe,
    pub(super) mail: Maybe,
    pub(super) at: ElementId,
}

/// How it is to be paid.
#[derive(Debug)]
pub(super) struct Payment {
    /// BT-81.
    pub(super) code: Maybe,
    /// BT-84.
    pub(super) account: Maybe,
    /// BT-91.
    pub(super) debited: Maybe,
    pub(super) at: ElementId,
}

/// An allowance or a charge, on a line or on the whole.
#[derive(Debug)]
pub(super) struct Allowance {
    pub(super) is_charge: bool,
    /// BT-92, BT-99, BT-136, BT-141.
    pub(super) amount: Maybe,
    /// BT-93, BT-100, BT-137, BT-142.
    pub(super) base: Maybe,
    /// BT-95, BT-102.
    pub(super) category: Maybe,
    /// BT-96, BT-103.
    pub(super) rate: Maybe,
    /// A reason or its code.
    pub(super) has_reason: bool,
    pub(super) at: ElementId,
}

/// The totals.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// The element; `None` when there is none.
    pub(super) at: Option<ElementId>,
    /// BT-106.
    pub(super) lines: Maybe,
    /// BT-107.
    pub(super) allowances: Maybe,
    /// BT-108.
    pub(super) charges: Maybe,
    /// BT-109.
    pub(super) without_tax: Maybe,
    /// BT-110 and BT-111, with their currencies.
    pub(super) taxes: Vec<Value>,
    /// BT-112.
    pub(super) with_tax: Maybe,
    /// BT-113.
    pub(super) prepaid: Maybe,
    /// BT-114.
    pub(super) rounding: Maybe,
    /// BT-115.
    pub(super) due: Maybe,
}

/// What is taxed at one rate.
#[derive(Debug)]
pub(super) struct Tax {
    /// BT-116.
    pub(super) base: Maybe,
    /// BT-117.
    pub(super) amount: Maybe,
    /// BT-118.
    pub(super) category: Maybe,
    /// BT-119.
    pub(super) rate: Maybe,
    /// BT-120 or BT-121.
    pub(super) has_reason: bool,
    pub(super) at: ElementId,
}

/// A line.
#[derive(Debug)]
pub(super) struct Line {
    /// BT-126.
    pub(super) id: Maybe,
    /// BT-153.
    pub(super) name: Maybe,
    /// BT-129, with its unit, BT-130.
    pub(super) quantity: Maybe,
    /// BT-131.
    pub(super) amount: Maybe,
    /// BT-146.
    pub(super) price: Maybe,
    /// BT-148.
    pub(super) gross_price: Maybe,
    /// BT-149, with its unit.
    pub(super) price_quantity: Maybe,
    /// BT-151.
    pub(super) category: Maybe,
    /// BT-152.
    pub(super) rate: Maybe,
    /// BG-27 and BG-28.
    pub(super) allowances: Vec<Allowance>,
    /// BG-26.
    pub(super) period: Option<Period>,
    /// Whether it only groups other lines or informs, as the profile EXTENDED allows.
    pub(super) is_aside: bool,
    pub(super) at: ElementId,
}

/// Reads values by the names of their path.
pub(super) struct Reader<'s> {
    pub(super) source: &'s Source,
}

impl Reader<'_> {
    /// The first value at a path, with one of its attributes.
    pub(super) fn value_with(&self, from: ElementId, path: &[&str], attribute: &str) -> Maybe {
        let at = self.source.first(from, path)?;
        Some(self.value_of(at, attribute))
    }

    /// The first value at a path.
    pub(super) fn value(&self, from: ElementId, path: &[&str]) -> Maybe {
        self.value_with(from, path, "")
    }

    /// The value of an element.
    pub(super) fn value_of(&self, at: ElementId, attribute: &str) -> Value {
        let attribute = self.source.attribute(at, attribute).map(str::to_owned);
        Value { text: self.source.text(at), attribute, at }
    }

    /// Whether an element at a path holds text.
    pub(super) fn has_text(&self, from: ElementId, path: &[&str]) -> bool {
        self.value(from, path).is_some_and(|value| !value.is_empty())
    }
}

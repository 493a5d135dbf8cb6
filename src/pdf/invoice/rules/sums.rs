//! Sums (BR-CO-10 to BR-CO-17). The European standard wants them exact; EXTENDED takes a cent for each part.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Case, Log, Reach, are_close, number, sum};
use crate::pdf::invoice::bill::{Maybe, Tax};

/// By how much a tax may differ from what its rate makes of the amount: those who check for the authors of the standard
/// let pass one unit of the currency, since many programs round on each line.
const TAX_TOLERANCE: Decimal = Decimal::ONE;

/// A cent.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Checks the sums of what the reach of the invoice has.
pub(super) fn check(case: &Case<'_>, log: &mut Log<'_>) {
    if case.reach >= Reach::Header {
        parts(case, log);
    }
    total(case, log);
    if case.is_european() && case.reach >= Reach::Header {
        case.bill.taxes.iter().for_each(|each| tax(each, log));
    }
}

/// What a sum of some parts may be off by.
pub(super) fn tolerance(case: &Case<'_>, parts: usize) -> Decimal {
    if case.reach == Reach::Beyond {
        CENT.checked_mul(Decimal::from(parts.max(1))).unwrap_or(CENT)
    } else {
        Decimal::ZERO
    }
}

/// Adds a finding when a total is there and not what it should be.
fn compare(said: &Maybe, wanted: Option<Decimal>, tolerance: Decimal, rule: &str, what: &str, log: &mut Log<'_>) {
    let (Some(value), Some(wanted)) = (said, wanted) else { return };
    let Some(number) = value.number() else { return };
    if !are_close(number, wanted, tolerance) {
        log.add(rule, value.at, format!("{what} is {}, but should be {}.", number.normalize(), wanted.normalize()));
    }
}

/// The sums of lines, allowances, charges and taxes.
fn parts(case: &Case<'_>, log: &mut Log<'_>) {
    let (bill, totals) = (case.bill, &case.bill.totals);
    if case.reach >= Reach::Lines && !bill.lines.is_empty() {
        let lines: Vec<&Maybe> = case.lines().map(|line| &line.amount).collect();
        let tolerance = tolerance(case, lines.len());
        compare(&totals.lines, sum(lines), tolerance, "BR-CO-10", "The sum of the lines (BT-106)", log);
    }
    let kinds = [
        (false, &totals.allowances, "BR-CO-11", "The sum of the allowances (BT-107)"),
        (true, &totals.charges, "BR-CO-12", "The sum of the charges (BT-108)"),
    ];
    for (is_charge, said, rule, what) in kinds {
        if !case.is_european() {
            // Writers of ZUGFeRD 1.0 do not agree whether what is taken off has a sign.
            continue;
        }
        let found: Vec<&Maybe> = bill
            .allowances
            .iter()
            .filter(|allowance| allowance.is_charge == is_charge)
            .map(|allowance| &allowance.amount)
            .collect();
        if said.is_none() && !found.is_empty() {
            log.add(rule, case.totals_at(), format!("{what} is missing."));
        }
        let tolerance = tolerance(case, found.len());
        compare(said, sum(found), tolerance, rule, what, log);
    }
    let base = sum([&totals.lines, &totals.charges]).zip(sum([&totals.allowances]));
    let base = base.filter(|_| totals.lines.is_some()).and_then(|(plus, minus)| plus.checked_sub(minus));
    compare(&totals.without_tax, base, tolerance(case, 1), "BR-CO-13", "The total without tax (BT-109)", log);
    if !bill.taxes.is_empty() {
        let taxes = bill.taxes.iter().map(|tax| &tax.amount);
        let tolerance = tolerance(case, bill.taxes.len());
        compare(&tax_total(case), sum(taxes), tolerance, "BR-CO-14", "The total of tax (BT-110)", log);
    }
}

/// The total of tax in the currency of the invoice (BT-110).
fn tax_total(case: &Case<'_>) -> Maybe {
    let currency = case.bill.currency.as_ref().map(|currency| currency.text.as_str());
    let taxes = &case.bill.totals.taxes;
    taxes.iter().find(|tax| tax.attribute.is_none() || tax.attribute.as_deref() == currency).cloned()
}

/// The total with tax, and what is due of it.
fn total(case: &Case<'_>, log: &mut Log<'_>) {
    let totals = &case.bill.totals;
    if totals.without_tax.is_some() {
        let wanted = sum([&totals.without_tax, &tax_total(case)]);
        compare(&totals.with_tax, wanted, tolerance(case, 1), "BR-CO-15", "The total with tax (BT-112)", log);
    }
    // MINIMUM does not say what was paid before.
    if totals.with_tax.is_some() && case.reach >= Reach::Header {
        let wanted = sum([&totals.with_tax, &totals.rounding]).zip(sum([&totals.prepaid]));
        let wanted = wanted.and_then(|(plus, minus)| plus.checked_sub(minus));
        compare(&totals.due, wanted, tolerance(case, 1), "BR-CO-16", "The amount due (BT-115)", log);
    }
}

/// The tax of one rate.
fn tax(tax: &Tax, log: &mut Log<'_>) {
    let (Some(base), Some(said)) = (number(&tax.base), &tax.amount) else { return };
    // Without a rate, nothing is taxed.
    let rate = number(&tax.rate).unwrap_or(Decimal::ZERO);
    let wanted = base.checked_mul(rate).and_then(|tax| tax.checked_div(Decimal::ONE_HUNDRED));
    let wanted = wanted.map(|tax| tax.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero));
    compare(&Some(said.clone()), wanted, TAX_TOLERANCE, "BR-CO-17", "The tax of a rate (BT-117)", log);
}

//! Values that are written as nothing of their kind: numbers, days, and more digits than money has (BR-DEC).

use super::{Case, Log, Reach};
use crate::pdf::invoice::{
    Syntax,
    bill::{Allowance, Maybe, Value},
};

/// Checks all numbers and dates.
pub(super) fn check(case: &Case<'_>, log: &mut Log<'_>) {
    for (rule, value) in amounts(case) {
        let Some(value) = value else { continue };
        match value.number() {
            None => no_number(value, log),
            Some(number) if number.scale() > 2 && case.is_european() => {
                let message = format!("The amount {} has more than two decimals.", shown(value));
                log.add(rule, value.at, message);
            }
            Some(_) => {}
        }
    }
    for value in numbers(case).into_iter().flatten() {
        if value.number().is_none() {
            no_number(value, log);
        }
    }
    for value in dates(case).into_iter().flatten() {
        // ZUGFeRD 1.0 also has months and weeks.
        let is_other = case.invoice.syntax == Syntax::CiiDocument && value.attribute.as_deref() != Some("102");
        let is_cii = matches!(case.invoice.syntax, Syntax::Cii | Syntax::CiiOrder);
        if !is_other && value.date().is_none() {
            log.add("SYNTAX-VALUE", value.at, format!("{} is no day.", shown(value)));
        } else if is_cii && !matches!(value.attribute.as_deref(), Some("102" | "203")) {
            log.add("SYNTAX-VALUE", value.at, "The format of a day is not said to be 102.");
        }
    }
}

/// A value for a message, which is cut where it is long.
pub(super) fn shown(value: &Value) -> String {
    let mut text: String = value.text.chars().take(40).collect();
    if text.len() < value.text.len() {
        text.push('…');
    }
    format!("\"{text}\"")
}

fn no_number(value: &Value, log: &mut Log<'_>) {
    log.add("SYNTAX-VALUE", value.at, format!("{} is no decimal number.", shown(value)));
}

/// Amounts of money with the rule that limits their decimals. Prices may have any number of them.
fn amounts<'a>(case: &Case<'a>) -> Vec<(&'static str, &'a Maybe)> {
    let totals = &case.bill.totals;
    let mut found = vec![
        ("BR-DEC-09", &totals.lines),
        ("BR-DEC-10", &totals.allowances),
        ("BR-DEC-11", &totals.charges),
        ("BR-DEC-12", &totals.without_tax),
        ("BR-DEC-14", &totals.with_tax),
        ("BR-DEC-16", &totals.prepaid),
        ("BR-DEC-17", &totals.rounding),
        ("BR-DEC-18", &totals.due),
    ];
    for tax in &case.bill.taxes {
        found.extend([("BR-DEC-19", &tax.base), ("BR-DEC-20", &tax.amount)]);
    }
    let rules = |allowance: &Allowance| {
        if allowance.is_charge { ("BR-DEC-05", "BR-DEC-06") } else { ("BR-DEC-01", "BR-DEC-02") }
    };
    for allowance in &case.bill.allowances {
        let (amount, base) = rules(allowance);
        found.extend([(amount, &allowance.amount), (base, &allowance.base)]);
    }
    for line in &case.bill.lines {
        // EXTENDED counts lines more finely.
        if case.reach != Reach::Beyond {
            found.push(("BR-DEC-23", &line.amount));
        }
        for allowance in &line.allowances {
            let (amount, base) =
                if allowance.is_charge { ("BR-DEC-27", "BR-DEC-28") } else { ("BR-DEC-24", "BR-DEC-25") };
            found.extend([(amount, &allowance.amount), (base, &allowance.base)]);
        }
    }
    found
}

/// Numbers that are no amounts of two decimals.
fn numbers<'a>(case: &Case<'a>) -> Vec<Option<&'a Value>> {
    let bill = case.bill;
    let mut found: Vec<Option<&Value>> = bill.totals.taxes.iter().map(Some).collect();
    found.extend(bill.taxes.iter().map(|tax| tax.rate.as_ref()));
    found.extend(bill.allowances.iter().map(|allowance| allowance.rate.as_ref()));
    for line in &bill.lines {
        let values = [&line.quantity, &line.price, &line.gross_price, &line.price_quantity, &line.rate];
        found.extend(values.map(Option::as_ref));
        if case.reach == Reach::Beyond {
            found.push(line.amount.as_ref());
        }
    }
    found
}

fn dates<'a>(case: &Case<'a>) -> Vec<Option<&'a Value>> {
    let bill = case.bill;
    let mut found = vec![bill.issue_date.as_ref(), bill.due_date.as_ref(), bill.delivered.as_ref()];
    let periods = bill.period.iter().chain(bill.lines.iter().filter_map(|line| line.period.as_ref()));
    found.extend(periods.flat_map(|period| [period.from.as_ref(), period.to.as_ref()]));
    found
}

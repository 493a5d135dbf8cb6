//! What has to be there (BR-01 to BR-64 and the like of BR-CO).

use super::{Case, Log, Reach, is_said, number};
use crate::pdf::{
    invoice::{
        bill::{Address, Allowance, Line, Maybe, Period},
        source::ROOT,
    },
    xml::ElementId,
};

/// Checks what the reach of the invoice asks for.
pub(super) fn check(case: &Case<'_>, log: &mut Log<'_>) {
    header(case, log);
    parties(case, log);
    if case.reach == Reach::Order {
        return;
    }
    totals(case, log);
    if !case.is_european() {
        return;
    }
    if case.reach >= Reach::Header {
        others(case, log);
        payments(case, log);
        breakdown(case, log);
        case.bill.allowances.iter().for_each(|allowance| on_document(allowance, log));
        period(case.bill.period.as_ref(), ["BR-29", "BR-CO-19"], log);
    }
    if case.reach >= Reach::Lines {
        log.require(!case.bill.lines.is_empty(), "BR-16", ROOT, "The invoice has no line (BG-25).");
        case.lines().for_each(|each| line(each, log));
    }
}

fn header(case: &Case<'_>, log: &mut Log<'_>) {
    let bill = case.bill;
    let wanted = [
        (&bill.guideline, "BR-01", "The invoice does not name the standard that it follows (BT-24)."),
        (&bill.number, "BR-02", "The invoice has no number (BT-1)."),
        (&bill.issue_date, "BR-03", "The invoice has no date of issue (BT-2)."),
        (&bill.type_code, "BR-04", "The invoice has no type (BT-3)."),
    ];
    for (value, rule, message) in wanted {
        log.require(is_said(value), rule, ROOT, message);
    }
    if case.reach > Reach::Order {
        log.require(is_said(&bill.currency), "BR-05", ROOT, "The invoice has no currency (BT-5).");
    }
}

fn parties(case: &Case<'_>, log: &mut Log<'_>) {
    let (seller, buyer) = (&case.bill.seller, &case.bill.buyer);
    let seller_at = seller.at.unwrap_or(ROOT);
    let buyer_at = buyer.at.unwrap_or(ROOT);
    log.require(is_said(&seller.name), "BR-06", seller_at, "The seller has no name (BT-27).");
    log.require(is_said(&buyer.name), "BR-07", buyer_at, "The buyer has no name (BT-44).");
    if !case.is_european() {
        return;
    }
    address(seller.address.as_ref(), seller_at, ["BR-08", "BR-09"], "seller", log);
    if case.reach >= Reach::Header {
        address(buyer.address.as_ref(), buyer_at, ["BR-10", "BR-11"], "buyer", log);
        let is_known =
            seller.ids.iter().any(|id| !id.is_empty()) || is_said(&seller.legal_id) || is_said(&seller.vat_id);
        let message =
            "The seller has neither an identifier (BT-29) nor a register entry (BT-30) nor a VAT number (BT-31).";
        log.require(is_known, "BR-CO-26", seller_at, message);
        let electronic = [(seller, "BR-62", "seller"), (buyer, "BR-63", "buyer")];
        for (party, rule, who) in electronic {
            if let Some(address) = &party.electronic {
                let has_scheme = address.attribute.as_ref().is_some_and(|scheme| !scheme.is_empty());
                log.require(
                    has_scheme,
                    rule,
                    address.at,
                    &format!("The electronic address of the {who} has no scheme."),
                );
            }
        }
    }
}

fn address(address: Option<&Address>, at: ElementId, rules: [&str; 2], who: &str, log: &mut Log<'_>) {
    let [there, country] = rules;
    match address {
        None => log.add(there, at, format!("The {who} has no postal address.")),
        Some(address) => {
            let message = format!("The address of the {who} has no country.");
            log.require(is_said(&address.country), country, address.at, &message);
        }
    }
}

fn totals(case: &Case<'_>, log: &mut Log<'_>) {
    let totals = &case.bill.totals;
    let at = case.totals_at();
    if case.reach >= Reach::Header {
        log.require(is_said(&totals.lines), "BR-12", at, "The sum of the lines is missing (BT-106).");
    }
    let wanted = [
        (&totals.without_tax, "BR-13", "The total without tax is missing (BT-109)."),
        (&totals.with_tax, "BR-14", "The total with tax is missing (BT-112)."),
        (&totals.due, "BR-15", "The amount due for payment is missing (BT-115)."),
    ];
    for (value, rule, message) in wanted {
        // ZUGFeRD 1.0 leaves out what is due where that is the total.
        let is_wanted = case.is_european() || rule != "BR-15";
        log.require(is_said(value) || !is_wanted, rule, at, message);
    }
}

/// Who is neither seller nor buyer, and what else an invoice refers to.
fn others(case: &Case<'_>, log: &mut Log<'_>) {
    let bill = case.bill;
    if let Some(payee) = &bill.payee {
        log.require(is_said(&payee.name), "BR-17", payee.at.unwrap_or(ROOT), "The payee has no name (BT-59).");
    }
    if let Some(party) = &bill.representative {
        let at = party.at.unwrap_or(ROOT);
        log.require(is_said(&party.name), "BR-18", at, "The tax representative has no name (BT-62).");
        address(party.address.as_ref(), at, ["BR-19", "BR-20"], "tax representative", log);
        log.require(is_said(&party.vat_id), "BR-56", at, "The tax representative has no VAT number (BT-63).");
    }
    if let Some(address) = &bill.deliver_to {
        log.require(is_said(&address.country), "BR-57", address.at, "The address of delivery has no country (BT-80).");
    }
    for (at, number) in &bill.preceding {
        log.require(is_said(number), "BR-55", *at, "The reference to an earlier invoice has no number (BT-25).");
    }
    if let Some(currency) = bill.tax_currency.as_ref().filter(|currency| !currency.is_empty()) {
        let has_total = bill.totals.taxes.iter().any(|tax| tax.attribute.as_deref() == Some(currency.text.as_str()));
        let message = "The total of tax in the currency of accounting is missing (BT-111).";
        log.require(has_total, "BR-53", currency.at, message);
    }
}

fn payments(case: &Case<'_>, log: &mut Log<'_>) {
    let bill = case.bill;
    for payment in &bill.payments {
        log.require(is_said(&payment.code), "BR-49", payment.at, "The means of payment has no code (BT-81).");
        let code = payment.code.as_ref().map(|code| code.text.as_str());
        if matches!(code, Some("30" | "58")) {
            let message = "A credit transfer has no account to go to (BT-84).";
            log.require(is_said(&payment.account), "BR-61", payment.at, message);
        }
    }
    if number(&bill.totals.due).is_some_and(|due| due.is_sign_positive() && !due.is_zero()) {
        let message = "Neither a date (BT-9) nor terms of payment (BT-20) say when the amount is due.";
        log.require(is_said(&bill.due_date) || is_said(&bill.terms), "BR-CO-25", case.totals_at(), message);
    }
}

fn breakdown(case: &Case<'_>, log: &mut Log<'_>) {
    let message = "The invoice does not break its tax down (BG-23).";
    log.require(!case.bill.taxes.is_empty(), "BR-CO-18", ROOT, message);
    for tax in &case.bill.taxes {
        let is_outside = tax.category.as_ref().is_some_and(|category| category.text == "O");
        let wanted = [
            (is_said(&tax.base), "BR-45", "The breakdown of tax has no taxable amount (BT-116)."),
            (is_said(&tax.amount), "BR-46", "The breakdown of tax has no amount of tax (BT-117)."),
            (is_said(&tax.category), "BR-47", "The breakdown of tax has no category (BT-118)."),
            (is_said(&tax.rate) || is_outside, "BR-48", "The breakdown of tax has no rate (BT-119)."),
        ];
        for (is_there, rule, message) in wanted {
            log.require(is_there, rule, tax.at, message);
        }
    }
}

fn on_document(allowance: &Allowance, log: &mut Log<'_>) {
    let (what, rules) = if allowance.is_charge {
        ("charge", ["BR-36", "BR-37", "BR-38"])
    } else {
        ("allowance", ["BR-31", "BR-32", "BR-33"])
    };
    let [amount, category, reason] = rules;
    log.require(is_said(&allowance.amount), amount, allowance.at, &format!("The {what} has no amount."));
    log.require(is_said(&allowance.category), category, allowance.at, &format!("The {what} has no tax category."));
    log.require(allowance.has_reason, reason, allowance.at, &format!("The {what} has neither a reason nor its code."));
}

fn line(line: &Line, log: &mut Log<'_>) {
    let has_unit = |value: &Maybe| {
        value.as_ref().is_some_and(|value| value.attribute.as_ref().is_some_and(|unit| !unit.is_empty()))
    };
    let wanted = [
        (is_said(&line.id), "BR-21", "The line has no identifier (BT-126)."),
        (is_said(&line.quantity), "BR-22", "The line has no quantity (BT-129)."),
        (
            has_unit(&line.quantity) || line.quantity.is_none(),
            "BR-23",
            "The quantity of the line has no unit (BT-130).",
        ),
        (is_said(&line.amount), "BR-24", "The line has no net amount (BT-131)."),
        (is_said(&line.name), "BR-25", "The item of the line has no name (BT-153)."),
        (is_said(&line.price), "BR-26", "The item of the line has no net price (BT-146)."),
        (!is_negative(&line.price), "BR-27", "The net price of the line is negative (BT-146)."),
        (!is_negative(&line.gross_price), "BR-28", "The gross price of the line is negative (BT-148)."),
        (is_said(&line.category), "BR-CO-04", "The line has no tax category (BT-151)."),
    ];
    for (holds, rule, message) in wanted {
        log.require(holds, rule, line.at, message);
    }
    for allowance in &line.allowances {
        let (what, rules) =
            if allowance.is_charge { ("charge", ["BR-43", "BR-44"]) } else { ("allowance", ["BR-41", "BR-42"]) };
        let [amount, reason] = rules;
        log.require(is_said(&allowance.amount), amount, allowance.at, &format!("The {what} of a line has no amount."));
        let message = format!("The {what} of a line has neither a reason nor its code.");
        log.require(allowance.has_reason, reason, allowance.at, &message);
    }
    period(line.period.as_ref(), ["BR-30", "BR-CO-20"], log);
}

fn is_negative(value: &Maybe) -> bool {
    number(value).is_some_and(|number| number.is_sign_negative() && !number.is_zero())
}

/// A period that is there says when it begins or ends, and does not end before it begins.
fn period(period: Option<&Period>, rules: [&str; 2], log: &mut Log<'_>) {
    let (Some(period), [order, some]) = (period, rules) else { return };
    log.require(
        is_said(&period.from) || is_said(&period.to),
        some,
        period.at,
        "The period has no first and no last day.",
    );
    let day = |value: &Maybe| value.as_ref().and_then(|value| value.date());
    if let (Some(from), Some(to)) = (day(&period.from), day(&period.to)) {
        log.require(from <= to, order, period.at, "The period ends before it begins.");
    }
}

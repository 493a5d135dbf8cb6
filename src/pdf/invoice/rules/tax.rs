//! Categories of tax (BR-S, BR-Z, BR-E, BR-AE, BR-IC, BR-G, BR-O, BR-AF, BR-AG): what each asks for.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{Case, Log, Reach, are_close, is_said, number, sums::tolerance};
use crate::pdf::{
    invoice::{
        Syntax,
        bill::{Allowance, Maybe, Tax},
        source::ROOT,
    },
    xml::ElementId,
};

/// By how much the taxable amount of a category may differ from the sum of its parts in UBL. Those who check for the
/// authors of the standard want it exact in CII, and let pass what is under one unit of the currency here.
const UBL_TOLERANCE: Decimal = Decimal::from_parts(99, 0, 0, false, 2);

/// What a category asks of its rate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rate {
    Positive,
    NotNegative,
    Zero,
    None,
}

/// Who has to be known to the tax office.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The seller by a VAT or tax number, or a representative.
    Seller,
    /// The seller by a VAT number, or a representative.
    SellerByVat,
    /// The seller, and the buyer by a VAT number or a register entry.
    Both,
    /// Both by VAT numbers.
    BothByVat,
    /// Nobody.
    Nobody,
}

/// A category of UNCL 5305.
struct Category {
    code: &'static str,
    rules: &'static str,
    rate: Rate,
    known: Known,
    /// Whether the breakdown says why there is no tax.
    has_reason: bool,
}

const CATEGORIES: [Category; 9] = [
    Category { code: "S", rules: "BR-S", rate: Rate::Positive, known: Known::Seller, has_reason: false },
    Category { code: "Z", rules: "BR-Z", rate: Rate::Zero, known: Known::Seller, has_reason: false },
    Category { code: "E", rules: "BR-E", rate: Rate::Zero, known: Known::Seller, has_reason: true },
    Category { code: "AE", rules: "BR-AE", rate: Rate::Zero, known: Known::Both, has_reason: true },
    Category { code: "K", rules: "BR-IC", rate: Rate::Zero, known: Known::BothByVat, has_reason: true },
    Category { code: "G", rules: "BR-G", rate: Rate::Zero, known: Known::SellerByVat, has_reason: true },
    Category { code: "O", rules: "BR-O", rate: Rate::None, known: Known::Nobody, has_reason: true },
    Category { code: "L", rules: "BR-AF", rate: Rate::NotNegative, known: Known::Seller, has_reason: false },
    Category { code: "M", rules: "BR-AG", rate: Rate::NotNegative, known: Known::Seller, has_reason: false },
];

/// Something that is taxed: a line, an allowance or a charge.
struct Taxed<'a> {
    /// The last number of the rules on who is known, and on the rate.
    numbers: [&'static str; 2],
    amount: &'a Maybe,
    is_taken_off: bool,
    category: &'a Maybe,
    rate: &'a Maybe,
    at: ElementId,
}

/// Checks every category that is used.
pub(super) fn check(case: &Case<'_>, log: &mut Log<'_>) {
    if case.reach < Reach::Header {
        return;
    }
    let taxed = taxed(case);
    for category in &CATEGORIES {
        let is_it = |value: &Maybe| value.as_ref().is_some_and(|value| value.text == category.code);
        let used: Vec<&Taxed<'_>> = taxed.iter().filter(|taxed| is_it(taxed.category)).collect();
        let broken: Vec<&Tax> = case.bill.taxes.iter().filter(|tax| is_it(&tax.category)).collect();
        if used.is_empty() && broken.is_empty() {
            continue;
        }
        is_broken_down(case, category, &used, &broken, log);
        for each in &used {
            rate(category, each.numbers, each.rate, each.at, log);
        }
        known(case, category, &used, log);
        let sums = sums(category, &used);
        for tax in &broken {
            breakdown(category, tax, log);
            if case.reach >= Reach::Lines {
                base(case, category, tax, &sums, log);
            }
        }
        match category.code {
            "K" => delivered(case, &broken, log),
            "O" => alone(case, &taxed, log),
            _ => {}
        }
    }
}

/// All that is taxed.
fn taxed<'a>(case: &Case<'a>) -> Vec<Taxed<'a>> {
    let bill = case.bill;
    let on_document = |allowance: &'a Allowance| Taxed {
        numbers: if allowance.is_charge { ["04", "07"] } else { ["03", "06"] },
        amount: &allowance.amount,
        is_taken_off: !allowance.is_charge,
        category: &allowance.category,
        rate: &allowance.rate,
        at: allowance.at,
    };
    let lines = bill.lines.iter().filter(|line| !line.is_aside).map(|line| Taxed {
        numbers: ["02", "05"],
        amount: &line.amount,
        is_taken_off: false,
        category: &line.category,
        rate: &line.rate,
        at: line.at,
    });
    lines.chain(bill.allowances.iter().map(on_document)).collect()
}

/// What is used is broken down, where there is only one rate just once; and what is broken down is used (rule 01).
fn is_broken_down(case: &Case<'_>, category: &Category, used: &[&Taxed<'_>], broken: &[&Tax], log: &mut Log<'_>) {
    let rule = format!("{}-01", category.rules);
    let code = category.code;
    let is_single = matches!(category.rate, Rate::Zero | Rate::None);
    match (used, broken) {
        ([first, ..], []) => {
            log.add(&rule, first.at, format!("The category {code} is used, but tax is not broken down for it."));
        }
        (_, [_, second, ..]) if is_single => {
            log.add(&rule, second.at, format!("Tax is broken down for the category {code} more than once."));
        }
        ([], [only]) if is_single && case.reach >= Reach::Lines => {
            log.add(&rule, only.at, format!("Tax is broken down for the category {code}, which is not used."));
        }
        _ => {}
    }
}

/// The rate is one that the category has (rules 05 to 07).
fn rate(category: &Category, numbers: [&str; 2], rate: &Maybe, at: ElementId, log: &mut Log<'_>) {
    let [_, of_rate] = numbers;
    let rule = format!("{}-{of_rate}", category.rules);
    let said = number(rate);
    let holds = match category.rate {
        Rate::Positive => said.is_some_and(|rate| rate > Decimal::ZERO),
        Rate::NotNegative => said.is_some_and(|rate| rate >= Decimal::ZERO),
        Rate::Zero => said.is_some_and(|rate| rate.is_zero()),
        Rate::None => rate.is_none(),
    };
    let wanted = match category.rate {
        Rate::Positive => "greater than zero",
        Rate::NotNegative => "zero or more",
        Rate::Zero => "zero",
        Rate::None => "missing",
    };
    let message = format!("The rate of tax has to be {wanted} in the category {}.", category.code);
    log.require(holds, &rule, at, &message);
}

/// Those who have to be known are (rules 02 to 04).
fn known(case: &Case<'_>, category: &Category, used: &[&Taxed<'_>], log: &mut Log<'_>) {
    let (seller, buyer) = (&case.bill.seller, &case.bill.buyer);
    let is_represented = case.bill.representative.as_ref().is_some_and(|party| is_said(&party.vat_id));
    let by_vat = is_said(&seller.vat_id) || is_represented;
    let by_number = by_vat || is_said(&seller.tax_id);
    let (holds, who) = match category.known {
        Known::Seller => (by_number, "a VAT or tax number of the seller (BT-31, BT-32, BT-63)"),
        Known::SellerByVat => (by_vat, "a VAT number of the seller (BT-31, BT-63)"),
        Known::Both => (
            by_number && (is_said(&buyer.vat_id) || is_said(&buyer.legal_id)),
            "numbers of the seller (BT-31, BT-32, BT-63) and the buyer (BT-48, BT-47)",
        ),
        Known::BothByVat => {
            (by_vat && is_said(&buyer.vat_id), "VAT numbers of the seller (BT-31, BT-63) and the buyer (BT-48)")
        }
        Known::Nobody => (!by_vat && !is_said(&buyer.vat_id), "that no VAT number is given (BT-31, BT-48, BT-63)"),
    };
    if holds {
        return;
    }
    // Of lines, allowances and charges, the first of each is told.
    let mut told = BTreeSet::new();
    for Taxed { numbers: [of_known, _], at, .. } in used {
        if told.insert(of_known) {
            let message = format!("The category {} asks for {who}.", category.code);
            log.add(&format!("{}-{of_known}", category.rules), *at, message);
        }
    }
}

/// The breakdown has the tax and the reason of its category (rules 09 and 10).
fn breakdown(category: &Category, tax: &Tax, log: &mut Log<'_>) {
    if matches!(category.rate, Rate::Zero | Rate::None) {
        let is_zero = number(&tax.amount).is_none_or(|amount| amount.is_zero());
        let message = format!("The tax has to be zero in the category {}.", category.code);
        log.require(is_zero, &format!("{}-09", category.rules), tax.at, &message);
    }
    let (rule, code) = (format!("{}-10", category.rules), category.code);
    if category.has_reason && !tax.has_reason {
        log.add(&rule, tax.at, format!("It is not said why there is no tax in the category {code} (BT-120, BT-121)."));
    } else if !category.has_reason && tax.has_reason {
        log.add(&rule, tax.at, format!("The category {code} has no reason for being without tax (BT-120, BT-121)."));
    }
}

/// What is taxed, by rate; of a category that has only one rate, all of it under `None`. A sum is `None` when it is too
/// large to be one, or one of its parts is no number.
type Sums = BTreeMap<Option<Decimal>, Option<Decimal>>;

/// The rate under which something is counted.
fn counted(category: &Category, rate: &Maybe) -> Option<Decimal> {
    if matches!(category.rate, Rate::Zero | Rate::None) { None } else { number(rate) }
}

fn sums(category: &Category, used: &[&Taxed<'_>]) -> Sums {
    let mut sums = Sums::new();
    for taxed in used {
        let sum = sums.entry(counted(category, taxed.rate)).or_insert(Some(Decimal::ZERO));
        *sum = sum.zip(number(taxed.amount)).and_then(|(sum, amount)| {
            if taxed.is_taken_off { sum.checked_sub(amount) } else { sum.checked_add(amount) }
        });
    }
    sums
}

/// The taxable amount is the sum of what is taxed at the rate (rule 08).
fn base(case: &Case<'_>, category: &Category, tax: &Tax, sums: &Sums, log: &mut Log<'_>) {
    let sum = sums.get(&counted(category, &tax.rate)).copied().unwrap_or(Some(Decimal::ZERO));
    let Some((said, sum)) = number(&tax.base).zip(sum) else { return };
    // Lines of EXTENDED have more decimals than money.
    let tolerance = match case.invoice.syntax {
        Syntax::UblInvoice | Syntax::UblCreditNote => UBL_TOLERANCE,
        Syntax::Cii | Syntax::CiiDocument | Syntax::CiiOrder => tolerance(case, case.bill.lines.len()),
    };
    if !are_close(said, sum, tolerance) {
        let (said, sum) = (said.normalize(), sum.normalize());
        let message = format!("The taxable amount (BT-116) is {said}, but what is taxed comes to {sum}.");
        log.add(&format!("{}-08", category.rules), tax.at, message);
    }
}

/// What is supplied within the Union says when and where to (BR-IC-11 and BR-IC-12).
fn delivered(case: &Case<'_>, broken: &[&Tax], log: &mut Log<'_>) {
    let Some(tax) = broken.first() else { return };
    let is_dated = is_said(&case.bill.delivered) || case.bill.period.is_some();
    let message = "A supply within the Union has neither a day of delivery (BT-72) nor a period (BG-14).";
    log.require(is_dated, "BR-IC-11", tax.at, message);
    let is_placed = case.bill.deliver_to.as_ref().is_some_and(|address| is_said(&address.country));
    log.require(is_placed, "BR-IC-12", tax.at, "A supply within the Union has no country of delivery (BT-80).");
}

/// What is outside of the scope of tax is not mixed with anything else (BR-O-11 to BR-O-14).
fn alone(case: &Case<'_>, taxed: &[Taxed<'_>], log: &mut Log<'_>) {
    let is_other = |category: &Maybe| category.as_ref().is_some_and(|category| category.text != "O");
    if case.bill.taxes.iter().any(|tax| is_other(&tax.category))
        && case.bill.taxes.iter().any(|tax| !is_other(&tax.category))
    {
        log.add("BR-O-11", ROOT, "The category O is broken down beside others.");
        for other in taxed.iter().filter(|taxed| is_other(taxed.category)) {
            let rule = match other.numbers {
                ["02", _] => "BR-O-12",
                ["03", _] => "BR-O-13",
                _ => "BR-O-14",
            };
            log.add(rule, other.at, "The category O stands beside another category.");
        }
    }
}

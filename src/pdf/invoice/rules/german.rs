//! The rules that XRechnung adds (BR-DE).

use super::{Case, Log, is_said};
use crate::pdf::invoice::{
    bill::{Address, Maybe},
    source::ROOT,
};

/// The types of invoices that public buyers take (BR-DE-17).
const TYPES: [&str; 8] = ["326", "380", "381", "384", "389", "875", "876", "877"];

/// The categories of tax for which the seller has to be known (BR-DE-16).
const TAXED: [&str; 8] = ["S", "Z", "E", "AE", "K", "G", "L", "M"];

/// Most characters of an IBAN.
const IBAN_CHARS_MAX: usize = 34;

/// Checks them.
pub(super) fn check(case: &Case<'_>, log: &mut Log<'_>) {
    let bill = case.bill;
    let (seller, buyer) = (&bill.seller, &bill.buyer);
    let seller_at = seller.at.unwrap_or(ROOT);
    log.require(!bill.payments.is_empty(), "BR-DE-1", ROOT, "The invoice does not say how to pay (BG-16).");
    contact(case, log);
    let cities = |address: Option<&Address>, rules: [&str; 2], who: &str, log: &mut Log<'_>| {
        let (Some(address), [city, post_code]) = (address, rules) else { return };
        log.require(is_said(&address.city), city, address.at, &format!("The address of the {who} has no city."));
        let message = format!("The address of the {who} has no post code.");
        log.require(is_said(&address.post_code), post_code, address.at, &message);
    };
    cities(seller.address.as_ref(), ["BR-DE-3", "BR-DE-4"], "seller", log);
    cities(buyer.address.as_ref(), ["BR-DE-8", "BR-DE-9"], "buyer", log);
    cities(bill.deliver_to.as_ref(), ["BR-DE-10", "BR-DE-11"], "delivery", log);
    for tax in &bill.taxes {
        log.require(is_said(&tax.rate), "BR-DE-14", tax.at, "The breakdown of tax has no rate (BT-119).");
    }
    let message = "The reference that the buyer asks for is missing (BT-10).";
    log.require(is_said(&bill.buyer_reference), "BR-DE-15", ROOT, message);
    let is_taxed = |value: &Maybe| value.as_ref().is_some_and(|value| TAXED.contains(&value.text.as_str()));
    let taxed = bill.taxes.iter().map(|tax| &tax.category).chain(bill.lines.iter().map(|line| &line.category));
    let mut taxed = taxed.chain(bill.allowances.iter().map(|allowance| &allowance.category));
    let is_known = is_said(&seller.vat_id) || is_said(&seller.tax_id) || bill.representative.is_some();
    if !is_known && taxed.any(is_taxed) {
        log.add("BR-DE-16", seller_at, "The seller has neither a VAT number nor a tax number nor a representative.");
    }
    if let Some(kind) = &bill.type_code {
        let message = "The type is none that public buyers take.";
        log.require(TYPES.contains(&kind.text.as_str()), "BR-DE-17", kind.at, message);
        let is_corrected = kind.text == "384" && bill.preceding.is_empty();
        log.require(
            !is_corrected,
            "BR-DE-26",
            kind.at,
            "A corrected invoice does not name the one that it corrects (BG-3).",
        );
    }
    for payment in &bill.payments {
        let code = payment.code.as_ref().map(|code| code.text.as_str());
        let (account, rule) = match code {
            Some("58") => (&payment.account, "BR-DE-19"),
            Some("59") => (&payment.debited, "BR-DE-20"),
            Some(_) | None => continue,
        };
        if let Some(account) = account.as_ref().filter(|account| !account.is_empty()) {
            log.require(is_iban(&account.text), rule, account.at, "The account of a SEPA payment is no IBAN.");
        }
    }
}

/// Whom to ask (BR-DE-2, 5 to 7, 27, 28).
fn contact(case: &Case<'_>, log: &mut Log<'_>) {
    let seller = &case.bill.seller;
    let Some(contact) = &seller.contact else {
        log.add("BR-DE-2", seller.at.unwrap_or(ROOT), "The seller names nobody to ask (BG-6).");
        return;
    };
    log.require(is_said(&contact.name), "BR-DE-5", contact.at, "Whom to ask has no name (BT-41).");
    log.require(is_said(&contact.phone), "BR-DE-6", contact.at, "Whom to ask has no telephone number (BT-42).");
    log.require(is_said(&contact.mail), "BR-DE-7", contact.at, "Whom to ask has no mail address (BT-43).");
    if let Some(phone) = contact.phone.as_ref().filter(|phone| !phone.is_empty()) {
        let digits = phone.text.bytes().filter(u8::is_ascii_digit).count();
        log.require(digits >= 3, "BR-DE-27", phone.at, "The telephone number has fewer than three digits (BT-42).");
    }
    if let Some(mail) = contact.mail.as_ref().filter(|mail| !mail.is_empty()) {
        let halves: Vec<&str> = mail.text.split('@').collect();
        let is_mail = matches!(halves.as_slice(), [local, host] if [local, host].iter().all(|half| half.len() >= 2
            && !half.starts_with('.') && !half.ends_with('.') && !half.contains(char::is_whitespace)));
        log.require(is_mail, "BR-DE-28", mail.at, "The mail address is none (BT-43).");
    }
}

/// Whether a text is an IBAN with right check digits (ISO 13616: 1 modulo 97).
fn is_iban(text: &str) -> bool {
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let is_shape = (15..=IBAN_CHARS_MAX).contains(&text.len())
        && text.iter().all(u8::is_ascii_alphanumeric)
        && matches!(text.as_slice(), [one, two, three, four, ..] if one.is_ascii_uppercase() && two.is_ascii_uppercase()
            && three.is_ascii_digit() && four.is_ascii_digit());
    let (head, tail) = text.split_at(text.len().min(4));
    let rest = tail.iter().chain(head).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.to_ascii_uppercase().saturating_sub(b'A')) + 10) % 97,
    });
    is_shape && rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_has_right_check_digits() {
        for (text, is_one) in [
            ("DE89370400440532013000", true),
            ("DE89 3704 0044 0532 0130 00", true),
            ("GB82WEST12345698765432", true),
            ("DE88370400440532013000", false),
            ("DE8937040044053201300", false),
            ("DE", false),
            ("", false),
        ] {
            assert_eq!(is_iban(text), is_one, "{text}");
        }
    }
}

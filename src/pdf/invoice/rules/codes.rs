//! Lists of codes (BR-CL). The short ones are here; of units of measure only the shape is looked at, since there are two
//! thousand, and more each year.

use super::{Case, Log, Reach, values::shown};
use crate::pdf::invoice::bill::Value;

/// ISO 4217, with the yuan outside of China, and with codes that were withdrawn of late, which older invoices have.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP \
    BYN BZD CAD CDF CHE CHF CHW CLF CLP CNH CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS \
    GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP \
    LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY \
    TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT \
    XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL";

/// ISO 3166-1 with Northern Ireland and Kosovo, which invoices need.
const COUNTRIES: &str = "1A AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS \
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM \
    US UY UZ VA VC VE VG VI VN VU WF WS XI XK YE YT ZA ZM ZW";

/// Types of documents of UNTDID 1001 that are invoices or credit notes.
const TYPES: &str = "71 80 81 82 83 84 102 130 202 203 204 211 218 219 261 262 295 296 308 325 326 331 380 381 382 383 384 385 \
    386 387 388 389 390 393 394 395 396 420 456 457 458 471 472 473 500 501 502 503 527 532 553 575 623 633 751 780 817 870 \
    875 876 877 935";

/// Categories of tax of UNCL 5305.
const CATEGORIES: &str = "AE B E G K L M O S Z";

/// Checks them.
pub(super) fn check(case: &Case<'_>, log: &mut Log<'_>) {
    let bill = case.bill;
    one_of(TYPES, bill.type_code.as_ref(), "BR-CL-01", "type of an invoice", log);
    one_of(CURRENCIES, bill.currency.as_ref(), "BR-CL-04", "currency", log);
    one_of(CURRENCIES, bill.tax_currency.as_ref(), "BR-CL-05", "currency", log);
    currencies(case, log);
    let parties = [Some(&bill.seller), Some(&bill.buyer), bill.payee.as_ref(), bill.representative.as_ref()];
    for party in parties.into_iter().flatten() {
        let country = party.address.as_ref().and_then(|address| address.country.as_ref());
        one_of(COUNTRIES, country, "BR-CL-14", "country", log);
        if let Some(id) = party.vat_id.as_ref().filter(|id| !id.is_empty() && case.is_european()) {
            let prefix = id.text.get(..2).unwrap_or_default();
            let is_country = prefix == "EL" || is_in(COUNTRIES, prefix);
            log.require(
                is_country,
                "BR-CO-09",
                id.at,
                &format!("The VAT number {} does not begin with a country.", shown(id)),
            );
        }
    }
    let country = bill.deliver_to.as_ref().and_then(|address| address.country.as_ref());
    one_of(COUNTRIES, country, "BR-CL-14", "country", log);
    if !case.is_european() || case.reach < Reach::Header {
        return;
    }
    for payment in &bill.payments {
        if let Some(code) = payment.code.as_ref().filter(|code| !code.is_empty() && !is_means(&code.text)) {
            log.add("BR-CL-16", code.at, format!("{} is no means of payment.", shown(code)));
        }
    }
    let categories = bill.taxes.iter().map(|tax| &tax.category);
    for category in categories.chain(bill.allowances.iter().map(|allowance| &allowance.category)) {
        one_of(CATEGORIES, category.as_ref(), "BR-CL-17", "category of tax", log);
    }
    for line in &bill.lines {
        one_of(CATEGORIES, line.category.as_ref(), "BR-CL-18", "category of tax", log);
        for value in [&line.quantity, &line.price_quantity].into_iter().flatten() {
            if let Some(unit) = value.attribute.as_ref().filter(|unit| !unit.is_empty() && !is_unit(unit)) {
                let unit: String = unit.chars().take(8).collect();
                log.add("BR-CL-23", value.at, format!("\"{unit}\" cannot be a unit of measure."));
            }
        }
    }
}

/// Currencies of amounts. That they are the one of the invoice is said by the rules of UBL and of Factur-X alike.
fn currencies(case: &Case<'_>, log: &mut Log<'_>) {
    let totals = &case.bill.totals;
    let amounts = [&totals.lines, &totals.without_tax, &totals.with_tax, &totals.due];
    let amounts = amounts.into_iter().flatten().chain(&totals.taxes);
    for amount in amounts {
        if let Some(currency) = amount.attribute.as_ref().filter(|currency| !is_in(CURRENCIES, currency)) {
            let currency: String = currency.chars().take(8).collect();
            log.add("BR-CL-03", amount.at, format!("\"{currency}\" is no currency."));
        }
    }
}

fn one_of(list: &str, value: Option<&Value>, rule: &str, what: &str, log: &mut Log<'_>) {
    if let Some(value) = value.filter(|value| !value.is_empty() && !is_in(list, &value.text)) {
        log.add(rule, value.at, format!("{} is no {what}.", shown(value)));
    }
}

/// Whether a code is in a list of codes.
fn is_in(list: &str, code: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == code)
}

/// Whether it is a code of UNTDID 4461.
fn is_means(code: &str) -> bool {
    let is_canonical = !code.starts_with('0') && code.bytes().all(|byte| byte.is_ascii_digit());
    code == "ZZZ" || is_canonical && matches!(code.parse::<u8>(), Ok(1..=70 | 74..=78 | 91..=98))
}

/// Whether it has the shape of a unit of UN/ECE Recommendation 20, or of a package of 21.
fn is_unit(unit: &str) -> bool {
    (2..=3).contains(&unit.len()) && unit.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete_and_have_no_code_twice() {
        for (list, count) in [(CURRENCIES, 184), (COUNTRIES, 252), (TYPES, 62), (CATEGORIES, 10)] {
            let codes: Vec<&str> = list.split_ascii_whitespace().collect();
            let mut unique = codes.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), codes.len(), "{list}");
            assert_eq!(codes.len(), count, "{list}");
        }
    }

    #[test]
    fn means_of_payment_and_units_have_their_shape() {
        for (code, is_one) in [("58", true), ("1", true), ("ZZZ", true), ("071", false), ("72", false), ("99", false)] {
            assert_eq!(is_means(code), is_one, "{code}");
        }
        for (unit, is_one) in
            [("C62", true), ("H87", true), ("XBX", true), ("HUR", true), ("piece", false), ("", false)]
        {
            assert_eq!(is_unit(unit), is_one, "{unit}");
        }
    }
}

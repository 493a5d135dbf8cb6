//! From the invoice and credit note of UBL 2.1 to the terms of EN 16931, by its binding (CEN/TS 16931-3-2).

use super::{
    bill::{Address, Allowance, Bill, Contact, Line, Party, Payment, Period, Reader, Tax, Totals},
    source::{ROOT, Source},
};
use crate::pdf::xml::ElementId;

/// Reads an invoice or a credit note.
pub(super) fn read(source: &Source) -> Bill {
    let reader = Reader { source };
    let value = |path: &[&str]| reader.value(ROOT, path);
    let terms = source.all(ROOT, &["PaymentTerms", "Note"]).into_iter().map(|at| reader.value_of(at, ""));
    let mut bill = Bill {
        guideline: value(&["CustomizationID"]),
        number: value(&["ID"]),
        issue_date: value(&["IssueDate"]),
        type_code: value(&["InvoiceTypeCode|CreditNoteTypeCode"]),
        currency: value(&["DocumentCurrencyCode"]),
        tax_currency: value(&["TaxCurrencyCode"]),
        // A credit note has no due date of its own.
        due_date: value(&["DueDate"]).or_else(|| value(&["PaymentMeans", "PaymentDueDate"])),
        buyer_reference: value(&["BuyerReference"]),
        terms: terms.into_iter().find(|terms| !terms.is_empty()),
        delivered: value(&["Delivery", "ActualDeliveryDate"]),
        period: period(&reader, ROOT),
        seller: party(&reader, &["AccountingSupplierParty", "Party"]).unwrap_or_default(),
        buyer: party(&reader, &["AccountingCustomerParty", "Party"]).unwrap_or_default(),
        payee: party(&reader, &["PayeeParty"]),
        representative: party(&reader, &["TaxRepresentativeParty"]),
        ..Bill::default()
    };
    let deliver_to = source.first(ROOT, &["Delivery", "DeliveryLocation", "Address"]);
    bill.deliver_to = deliver_to.map(|at| address(&reader, at));
    let referred = source.all(ROOT, &["BillingReference", "InvoiceDocumentReference"]);
    bill.preceding = referred.into_iter().map(|at| (at, reader.value(at, &["ID"]))).collect();
    let payments = source.all(ROOT, &["PaymentMeans"]).into_iter();
    bill.payments = payments
        .map(|at| Payment {
            code: reader.value(at, &["PaymentMeansCode"]),
            account: reader.value(at, &["PayeeFinancialAccount", "ID"]),
            debited: reader.value(at, &["PaymentMandate", "PayerFinancialAccount", "ID"]),
            at,
        })
        .collect();
    bill.allowances = allowances(&reader, ROOT);
    bill.taxes = taxes(&reader);
    bill.totals = totals(&reader);
    let lines = source.all(ROOT, &["InvoiceLine|CreditNoteLine"]);
    bill.lines = lines.into_iter().map(|at| line(&reader, at)).collect();
    bill
}

fn totals(reader: &Reader<'_>) -> Totals {
    let source = reader.source;
    let taxes = source.all(ROOT, &["TaxTotal", "TaxAmount"]);
    let taxes = taxes.into_iter().map(|at| reader.value_of(at, "currencyID")).collect();
    let Some(at) = source.first(ROOT, &["LegalMonetaryTotal"]) else { return Totals { taxes, ..Totals::default() } };
    let amount = |name: &str| reader.value_with(at, &[name], "currencyID");
    Totals {
        at: Some(at),
        lines: amount("LineExtensionAmount"),
        allowances: amount("AllowanceTotalAmount"),
        charges: amount("ChargeTotalAmount"),
        without_tax: amount("TaxExclusiveAmount"),
        taxes,
        with_tax: amount("TaxInclusiveAmount"),
        prepaid: amount("PrepaidAmount"),
        rounding: amount("PayableRoundingAmount"),
        due: amount("PayableAmount"),
    }
}

fn taxes(reader: &Reader<'_>) -> Vec<Tax> {
    let found = reader.source.all(ROOT, &["TaxTotal", "TaxSubtotal"]).into_iter();
    let reasons = ["TaxExemptionReason", "TaxExemptionReasonCode"];
    found
        .map(|at| Tax {
            base: reader.value_with(at, &["TaxableAmount"], "currencyID"),
            amount: reader.value_with(at, &["TaxAmount"], "currencyID"),
            category: reader.value(at, &["TaxCategory", "ID"]),
            rate: reader.value(at, &["TaxCategory", "Percent"]),
            has_reason: reasons.iter().any(|reason| reader.has_text(at, &["TaxCategory", reason])),
            at,
        })
        .collect()
}

fn party(reader: &Reader<'_>, path: &[&str]) -> Option<Party> {
    let source = reader.source;
    let at = source.first(ROOT, path)?;
    let ids = source.all(at, &["PartyIdentification", "ID"]).into_iter();
    // Banks know creditors by an identifier of theirs, which says nothing of who the seller is.
    let ids = ids.map(|id| reader.value_of(id, "schemeID")).filter(|id| id.attribute.as_deref() != Some("SEPA"));
    let mut party = Party {
        at: Some(at),
        // The payee and the representative have a plain name alone.
        name: reader
            .value(at, &["PartyLegalEntity", "RegistrationName"])
            .or_else(|| reader.value(at, &["PartyName", "Name"])),
        ids: ids.collect(),
        legal_id: reader.value_with(at, &["PartyLegalEntity", "CompanyID"], "schemeID"),
        electronic: reader.value_with(at, &["EndpointID"], "schemeID"),
        address: source.first(at, &["PostalAddress"]).map(|at| address(reader, at)),
        contact: source.first(at, &["Contact"]).map(|at| Contact {
            name: reader.value(at, &["Name"]),
            phone: reader.value(at, &["Telephone"]),
            mail: reader.value(at, &["ElectronicMail"]),
            at,
        }),
        ..Party::default()
    };
    for scheme in source.all(at, &["PartyTaxScheme"]) {
        let id = reader.value(scheme, &["CompanyID"]);
        let kind = reader.value(scheme, &["TaxScheme", "ID"]);
        if kind.is_some_and(|kind| kind.text.eq_ignore_ascii_case("VAT")) {
            party.vat_id = id;
        } else {
            party.tax_id = id;
        }
    }
    Some(party)
}

fn address(reader: &Reader<'_>, at: ElementId) -> Address {
    Address {
        city: reader.value(at, &["CityName"]),
        post_code: reader.value(at, &["PostalZone"]),
        country: reader.value(at, &["Country", "IdentificationCode"]),
        at,
    }
}

fn period(reader: &Reader<'_>, from: ElementId) -> Option<Period> {
    let at = reader.source.first(from, &["InvoicePeriod"])?;
    Some(Period { from: reader.value(at, &["StartDate"]), to: reader.value(at, &["EndDate"]), at })
}

fn allowances(reader: &Reader<'_>, from: ElementId) -> Vec<Allowance> {
    let found = reader.source.all(from, &["AllowanceCharge"]).into_iter();
    found
        .map(|at| Allowance {
            is_charge: reader
                .value(at, &["ChargeIndicator"])
                .is_some_and(|value| matches!(value.text.as_str(), "true" | "1")),
            amount: reader.value_with(at, &["Amount"], "currencyID"),
            base: reader.value_with(at, &["BaseAmount"], "currencyID"),
            category: reader.value(at, &["TaxCategory", "ID"]),
            rate: reader.value(at, &["TaxCategory", "Percent"]),
            has_reason: reader.has_text(at, &["AllowanceChargeReason"])
                || reader.has_text(at, &["AllowanceChargeReasonCode"]),
            at,
        })
        .collect()
}

fn line(reader: &Reader<'_>, at: ElementId) -> Line {
    // The gross price is the net one and what was taken off it.
    Line {
        id: reader.value(at, &["ID"]),
        name: reader.value(at, &["Item", "Name"]),
        quantity: reader.value_with(at, &["InvoicedQuantity|CreditedQuantity"], "unitCode"),
        amount: reader.value_with(at, &["LineExtensionAmount"], "currencyID"),
        price: reader.value_with(at, &["Price", "PriceAmount"], "currencyID"),
        gross_price: reader.value_with(at, &["Price", "AllowanceCharge", "BaseAmount"], "currencyID"),
        price_quantity: reader.value_with(at, &["Price", "BaseQuantity"], "unitCode"),
        category: reader.value(at, &["Item", "ClassifiedTaxCategory", "ID"]),
        rate: reader.value(at, &["Item", "ClassifiedTaxCategory", "Percent"]),
        allowances: allowances(reader, at),
        period: period(reader, at),
        is_aside: false,
        at,
    }
}

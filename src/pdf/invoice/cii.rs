//! From the cross industry invoice of UN/CEFACT to the terms of EN 16931, by its binding (CEN/TS 16931-3-3); and from
//! ZUGFeRD 1.0, which has other names for some elements.

use super::{
    bill::{Address, Allowance, Bill, Contact, Line, Maybe, Party, Payment, Period, Reader, Tax, Totals, Value},
    source::{ROOT, Source},
};
use crate::pdf::xml::ElementId;

const CONTEXT: &str = "ExchangedDocumentContext|SpecifiedExchangedDocumentContext";
const DOCUMENT: &str = "ExchangedDocument|HeaderExchangedDocument";
const TRANSACTION: &str = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction";
const AGREEMENT: &str = "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement";
const DELIVERY: &str = "ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery";
const SETTLEMENT: &str = "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement";
const TOTALS: &str = "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation";
const RATE: &str = "RateApplicablePercent|ApplicablePercent";

/// Reads an invoice.
pub(super) fn read(source: &Source) -> Bill {
    let reader = Reader { source };
    let mut bill = Bill::default();
    if let Some(context) = source.first(ROOT, &[CONTEXT]) {
        bill.guideline = reader.value(context, &["GuidelineSpecifiedDocumentContextParameter", "ID"]);
    }
    if let Some(document) = source.first(ROOT, &[DOCUMENT]) {
        bill.number = reader.value(document, &["ID"]);
        bill.type_code = reader.value(document, &["TypeCode"]);
        bill.issue_date = date(&reader, document, &["IssueDateTime"]);
    }
    let Some(transaction) = source.first(ROOT, &[TRANSACTION]) else { return bill };
    if let Some(agreement) = source.first(transaction, &[AGREEMENT]) {
        bill.buyer_reference = reader.value(agreement, &["BuyerReference"]);
        bill.seller = party(&reader, agreement, "SellerTradeParty").unwrap_or_default();
        bill.buyer = party(&reader, agreement, "BuyerTradeParty").unwrap_or_default();
        bill.representative = party(&reader, agreement, "SellerTaxRepresentativeTradeParty");
    }
    if let Some(delivery) = source.first(transaction, &[DELIVERY]) {
        bill.delivered = date(&reader, delivery, &["ActualDeliverySupplyChainEvent", "OccurrenceDateTime"]);
        bill.deliver_to = party(&reader, delivery, "ShipToTradeParty").and_then(|party| party.address);
    }
    if let Some(settlement) = source.first(transaction, &[SETTLEMENT]) {
        settle(&reader, settlement, &mut bill);
    }
    let lines = source.all(transaction, &["IncludedSupplyChainTradeLineItem"]);
    bill.lines = lines.into_iter().map(|at| line(&reader, at)).collect();
    bill
}

fn settle(reader: &Reader<'_>, settlement: ElementId, bill: &mut Bill) {
    let source = reader.source;
    bill.currency = reader.value(settlement, &["InvoiceCurrencyCode|OrderCurrencyCode"]);
    bill.tax_currency = reader.value(settlement, &["TaxCurrencyCode"]);
    bill.payee = party(reader, settlement, "PayeeTradeParty");
    bill.terms = reader.value(settlement, &["SpecifiedTradePaymentTerms", "Description"]);
    bill.due_date = date(reader, settlement, &["SpecifiedTradePaymentTerms", "DueDateDateTime"]);
    bill.period = period(reader, settlement);
    let referred = source.all(settlement, &["InvoiceReferencedDocument"]);
    bill.preceding = referred.into_iter().map(|at| (at, reader.value(at, &["IssuerAssignedID|ID"]))).collect();
    let payments = source.all(settlement, &["SpecifiedTradeSettlementPaymentMeans"]);
    bill.payments = payments
        .into_iter()
        .map(|at| Payment {
            code: reader.value(at, &["TypeCode"]),
            account: reader.value(at, &["PayeePartyCreditorFinancialAccount", "IBANID|ProprietaryID"]),
            debited: reader.value(at, &["PayerPartyDebtorFinancialAccount", "IBANID"]),
            at,
        })
        .collect();
    bill.taxes = source.all(settlement, &["ApplicableTradeTax"]).into_iter().map(|at| tax(reader, at)).collect();
    bill.allowances = allowances(reader, settlement, &["SpecifiedTradeAllowanceCharge"]);
    // The profile EXTENDED has charges for transport beside them.
    for at in source.all(settlement, &["SpecifiedLogisticsServiceCharge"]) {
        bill.allowances.push(Allowance {
            is_charge: true,
            amount: reader.value_with(at, &["AppliedAmount"], "currencyID"),
            base: None,
            category: reader.value(at, &["AppliedTradeTax", "CategoryCode"]),
            rate: reader.value(at, &["AppliedTradeTax", RATE]),
            has_reason: reader.has_text(at, &["Description"]),
            at,
        });
    }
    if let Some(at) = source.first(settlement, &[TOTALS]) {
        let amount = |name: &str| reader.value_with(at, &[name], "currencyID");
        bill.totals = Totals {
            at: Some(at),
            lines: amount("LineTotalAmount"),
            allowances: amount("AllowanceTotalAmount"),
            charges: amount("ChargeTotalAmount"),
            without_tax: amount("TaxBasisTotalAmount"),
            taxes: source
                .all(at, &["TaxTotalAmount"])
                .into_iter()
                .map(|at| reader.value_of(at, "currencyID"))
                .collect(),
            with_tax: amount("GrandTotalAmount"),
            prepaid: amount("TotalPrepaidAmount"),
            rounding: amount("RoundingAmount"),
            due: amount("DuePayableAmount"),
        };
    }
}

fn party(reader: &Reader<'_>, from: ElementId, name: &str) -> Option<Party> {
    let source = reader.source;
    let at = source.first(from, &[name])?;
    let mut party = Party {
        at: Some(at),
        name: reader.value(at, &["Name"]),
        ids: source.all(at, &["ID|GlobalID"]).into_iter().map(|id| reader.value_of(id, "schemeID")).collect(),
        legal_id: reader.value_with(at, &["SpecifiedLegalOrganization", "ID"], "schemeID"),
        electronic: reader.value_with(at, &["URIUniversalCommunication", "URIID"], "schemeID"),
        address: source.first(at, &["PostalTradeAddress"]).map(|at| Address {
            city: reader.value(at, &["CityName"]),
            post_code: reader.value(at, &["PostcodeCode"]),
            country: reader.value(at, &["CountryID"]),
            at,
        }),
        contact: source.first(at, &["DefinedTradeContact"]).map(|at| Contact {
            name: reader.value(at, &["PersonName|DepartmentName"]),
            phone: reader.value(at, &["TelephoneUniversalCommunication", "CompleteNumber"]),
            mail: reader.value(at, &["EmailURIUniversalCommunication", "URIID"]),
            at,
        }),
        ..Party::default()
    };
    for id in source.all(at, &["SpecifiedTaxRegistration", "ID"]) {
        let value = reader.value_of(id, "schemeID");
        match value.attribute.as_deref() {
            Some("VA") => party.vat_id = Some(value),
            Some("FC") => party.tax_id = Some(value),
            Some(_) | None => {}
        }
    }
    Some(party)
}

/// A date, with the format that it says it has.
fn date(reader: &Reader<'_>, from: ElementId, path: &[&str]) -> Maybe {
    let at = reader.source.first(from, path)?;
    let text = reader.value_with(at, &["DateTimeString|DateTime|DateString"], "format");
    Some(text.unwrap_or(Value { text: String::new(), attribute: None, at }))
}

fn period(reader: &Reader<'_>, from: ElementId) -> Option<Period> {
    let at = reader.source.first(from, &["BillingSpecifiedPeriod"])?;
    Some(Period { from: date(reader, at, &["StartDateTime"]), to: date(reader, at, &["EndDateTime"]), at })
}

fn tax(reader: &Reader<'_>, at: ElementId) -> Tax {
    Tax {
        base: reader.value_with(at, &["BasisAmount"], "currencyID"),
        amount: reader.value_with(at, &["CalculatedAmount"], "currencyID"),
        category: reader.value(at, &["CategoryCode"]),
        rate: reader.value(at, &[RATE]),
        has_reason: reader.has_text(at, &["ExemptionReason"]) || reader.has_text(at, &["ExemptionReasonCode"]),
        at,
    }
}

fn allowances(reader: &Reader<'_>, from: ElementId, path: &[&str]) -> Vec<Allowance> {
    let found = reader.source.all(from, path).into_iter();
    found
        .map(|at| Allowance {
            is_charge: reader
                .value(at, &["ChargeIndicator", "Indicator"])
                .is_some_and(|value| matches!(value.text.as_str(), "true" | "1")),
            amount: reader.value_with(at, &["ActualAmount"], "currencyID"),
            base: reader.value_with(at, &["BasisAmount"], "currencyID"),
            category: reader.value(at, &["CategoryTradeTax", "CategoryCode"]),
            rate: reader.value(at, &["CategoryTradeTax", RATE]),
            has_reason: reader.has_text(at, &["Reason"]) || reader.has_text(at, &["ReasonCode"]),
            at,
        })
        .collect()
}

fn line(reader: &Reader<'_>, at: ElementId) -> Line {
    let agreement = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement";
    let delivery = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery";
    let settlement = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement";
    let sums = "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation";
    let net = "NetPriceProductTradePrice";
    let status = reader.value(at, &["AssociatedDocumentLineDocument", "LineStatusReasonCode"]);
    let settled = reader.source.first(at, &[settlement]);
    Line {
        id: reader.value(at, &["AssociatedDocumentLineDocument", "LineID"]),
        name: reader.value(at, &["SpecifiedTradeProduct", "Name"]),
        quantity: reader.value_with(at, &[delivery, "BilledQuantity"], "unitCode"),
        amount: reader.value_with(at, &[settlement, sums, "LineTotalAmount"], "currencyID"),
        price: reader.value_with(at, &[agreement, net, "ChargeAmount"], "currencyID"),
        gross_price: reader.value_with(at, &[agreement, "GrossPriceProductTradePrice", "ChargeAmount"], "currencyID"),
        price_quantity: reader.value_with(at, &[agreement, net, "BasisQuantity"], "unitCode"),
        category: reader.value(at, &[settlement, "ApplicableTradeTax", "CategoryCode"]),
        rate: reader.value(at, &[settlement, "ApplicableTradeTax", RATE]),
        allowances: allowances(reader, at, &[settlement, "SpecifiedTradeAllowanceCharge"]),
        period: settled.and_then(|at| period(reader, at)),
        is_aside: status.is_some_and(|status| matches!(status.text.as_str(), "GROUP" | "INFORMATION")),
        at,
    }
}

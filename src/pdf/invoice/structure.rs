//! Elements: the namespaces that they are of, and, for the profiles of Factur-X up to EN 16931, which of them a profile has
//! and in what order (names and order as the schemas of Factur-X 1.09 have them). EXTENDED has many more elements and other
//! syntaxes have schemas of their own; there, names and order are not looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Standard, Syntax,
    recognise::ROOTS,
    rules::{Case, Log, Reach},
    source::ROOT,
};
use crate::pdf::xml::ElementId;

/// What the elements of some names hold, in order. Behind each is the first profile that has it: `m` for MINIMUM, `w` for BASIC
/// WL, `b` for BASIC, `e` for EN 16931.
const CONTENTS: [(&str, &str); 41] = [
    ("CrossIndustryInvoice", "ExchangedDocumentContext.m ExchangedDocument.m SupplyChainTradeTransaction.m"),
    (
        "ExchangedDocumentContext",
        "BusinessProcessSpecifiedDocumentContextParameter.m GuidelineSpecifiedDocumentContextParameter.m",
    ),
    ("BusinessProcessSpecifiedDocumentContextParameter GuidelineSpecifiedDocumentContextParameter", "ID.m"),
    ("ExchangedDocument", "ID.m TypeCode.m IssueDateTime.m IncludedNote.w"),
    ("IncludedNote", "Content.w SubjectCode.w"),
    (
        "SupplyChainTradeTransaction",
        "IncludedSupplyChainTradeLineItem.b ApplicableHeaderTradeAgreement.m ApplicableHeaderTradeDelivery.m \
         ApplicableHeaderTradeSettlement.m",
    ),
    (
        "ApplicableHeaderTradeAgreement",
        "BuyerReference.m SellerTradeParty.m BuyerTradeParty.m SellerTaxRepresentativeTradeParty.w \
         SellerOrderReferencedDocument.e BuyerOrderReferencedDocument.m ContractReferencedDocument.w \
         AdditionalReferencedDocument.e SpecifiedProcuringProject.e",
    ),
    (
        "SellerTradeParty BuyerTradeParty SellerTaxRepresentativeTradeParty ShipToTradeParty PayeeTradeParty",
        "ID.w GlobalID.w Name.m Description.e SpecifiedLegalOrganization.m DefinedTradeContact.e PostalTradeAddress.m \
         URIUniversalCommunication.w SpecifiedTaxRegistration.m",
    ),
    ("SpecifiedLegalOrganization", "ID.m TradingBusinessName.w"),
    (
        "DefinedTradeContact",
        "PersonName.e DepartmentName.e TelephoneUniversalCommunication.e EmailURIUniversalCommunication.e",
    ),
    (
        "PostalTradeAddress",
        "PostcodeCode.w LineOne.w LineTwo.w LineThree.w CityName.w CountryID.m CountrySubDivisionName.w",
    ),
    (
        "URIUniversalCommunication TelephoneUniversalCommunication EmailURIUniversalCommunication",
        "URIID.w CompleteNumber.e",
    ),
    ("SpecifiedTaxRegistration", "ID.m"),
    (
        "SellerOrderReferencedDocument BuyerOrderReferencedDocument ContractReferencedDocument InvoiceReferencedDocument \
         AdditionalReferencedDocument DespatchAdviceReferencedDocument ReceivingAdviceReferencedDocument",
        "IssuerAssignedID.m URIID.e LineID.e TypeCode.e Name.e AttachmentBinaryObject.e ReferenceTypeCode.e \
         FormattedIssueDateTime.w",
    ),
    ("SpecifiedProcuringProject", "ID.e Name.e"),
    (
        "ApplicableHeaderTradeDelivery",
        "ShipToTradeParty.w ActualDeliverySupplyChainEvent.w DespatchAdviceReferencedDocument.w \
         ReceivingAdviceReferencedDocument.e",
    ),
    ("ActualDeliverySupplyChainEvent", "OccurrenceDateTime.w"),
    (
        "ApplicableHeaderTradeSettlement",
        "CreditorReferenceID.w PaymentReference.w TaxCurrencyCode.w InvoiceCurrencyCode.m PayeeTradeParty.w \
         SpecifiedTradeSettlementPaymentMeans.w ApplicableTradeTax.w BillingSpecifiedPeriod.w \
         SpecifiedTradeAllowanceCharge.w SpecifiedTradePaymentTerms.w SpecifiedTradeSettlementHeaderMonetarySummation.m \
         InvoiceReferencedDocument.w ReceivableSpecifiedTradeAccountingAccount.w",
    ),
    (
        "SpecifiedTradeSettlementPaymentMeans",
        "TypeCode.w Information.e ApplicableTradeSettlementFinancialCard.e PayerPartyDebtorFinancialAccount.w \
         PayeePartyCreditorFinancialAccount.w PayeeSpecifiedCreditorFinancialInstitution.e",
    ),
    ("ApplicableTradeSettlementFinancialCard", "ID.e CardholderName.e"),
    ("PayerPartyDebtorFinancialAccount", "IBANID.w"),
    ("PayeePartyCreditorFinancialAccount", "IBANID.w AccountName.e ProprietaryID.w"),
    ("PayeeSpecifiedCreditorFinancialInstitution", "BICID.e"),
    (
        "ApplicableTradeTax CategoryTradeTax",
        "CalculatedAmount.w TypeCode.w ExemptionReason.w BasisAmount.w CategoryCode.w ExemptionReasonCode.w \
         TaxPointDate.e DueDateTypeCode.w RateApplicablePercent.w",
    ),
    ("BillingSpecifiedPeriod", "StartDateTime.w EndDateTime.w"),
    (
        "SpecifiedTradeAllowanceCharge AppliedTradeAllowanceCharge",
        "ChargeIndicator.w CalculationPercent.w BasisAmount.w ActualAmount.w ReasonCode.w Reason.w CategoryTradeTax.w",
    ),
    ("ChargeIndicator", "Indicator.w"),
    ("SpecifiedTradePaymentTerms", "Description.w DueDateDateTime.w DirectDebitMandateID.w"),
    (
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        "LineTotalAmount.w ChargeTotalAmount.w AllowanceTotalAmount.w TaxBasisTotalAmount.m TaxTotalAmount.m \
         RoundingAmount.e GrandTotalAmount.m TotalPrepaidAmount.w DuePayableAmount.m",
    ),
    ("ReceivableSpecifiedTradeAccountingAccount", "ID.w"),
    (
        "IncludedSupplyChainTradeLineItem",
        "AssociatedDocumentLineDocument.b SpecifiedTradeProduct.b SpecifiedLineTradeAgreement.b \
         SpecifiedLineTradeDelivery.b SpecifiedLineTradeSettlement.b",
    ),
    ("AssociatedDocumentLineDocument", "LineID.b IncludedNote.b"),
    (
        "SpecifiedTradeProduct",
        "GlobalID.b SellerAssignedID.e BuyerAssignedID.e Name.b Description.e ApplicableProductCharacteristic.e \
         DesignatedProductClassification.e OriginTradeCountry.e",
    ),
    ("ApplicableProductCharacteristic", "Description.e Value.e"),
    ("DesignatedProductClassification", "ClassCode.e"),
    ("OriginTradeCountry", "ID.e"),
    (
        "SpecifiedLineTradeAgreement",
        "BuyerOrderReferencedDocument.e GrossPriceProductTradePrice.b NetPriceProductTradePrice.b",
    ),
    (
        "GrossPriceProductTradePrice NetPriceProductTradePrice",
        "ChargeAmount.b BasisQuantity.b AppliedTradeAllowanceCharge.b",
    ),
    ("SpecifiedLineTradeDelivery", "BilledQuantity.b"),
    (
        "SpecifiedLineTradeSettlement",
        "ApplicableTradeTax.b BillingSpecifiedPeriod.b SpecifiedTradeAllowanceCharge.b \
         SpecifiedTradeSettlementLineMonetarySummation.b AdditionalReferencedDocument.e \
         ReceivableSpecifiedTradeAccountingAccount.e",
    ),
    ("SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount.b"),
];

/// The names in the namespaces of plain values; all others but the outermost are of the one of parties and amounts.
const VALUES: [&str; 5] = ["DateTimeString", "DateTime", "DateString", "Date", "Indicator"];

/// The namespaces of UBL beside that of the root.
const UBL: [&str; 3] = [
    "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2",
];

/// Checks the elements.
pub(super) fn check(case: &Case<'_>, log: &mut Log<'_>) {
    if case.invoice.standard == Standard::Unknown {
        let at = case.bill.guideline.as_ref().map_or(ROOT, |value| value.at);
        log.add("SYNTAX-GUIDELINE", at, "The invoice names no standard that is known (BT-24).");
    } else if case.invoice.profile.is_none() {
        let at = case.bill.guideline.as_ref().map_or(ROOT, |value| value.at);
        log.add("SYNTAX-GUIDELINE", at, "The invoice names no profile of its standard that is known (BT-24).");
    }
    namespaces(case, log);
    if case.invoice.syntax == Syntax::Cii && case.reach != Reach::Beyond {
        elements(case, log);
    }
}

/// Every element is of the namespace that its syntax has for it. The first of each wrong one is told.
fn namespaces(case: &Case<'_>, log: &mut Log<'_>) {
    let syntax = case.invoice.syntax;
    let root = ROOTS.iter().find(|(of, ..)| *of == syntax).map_or("", |(_, _, uri)| *uri);
    let mut told = BTreeSet::new();
    // What an extension of UBL holds is of its own kind.
    let mut within_extension: BTreeSet<ElementId> = BTreeSet::new();
    for id in case.source.ids() {
        let Some(name) = case.source.name(id) else { continue };
        let parent = case.source.parent(id);
        if parent
            .is_some_and(|parent| within_extension.contains(&parent) || case.source.local(parent) == "ExtensionContent")
        {
            within_extension.insert(id);
            continue;
        }
        let namespace = name.namespace.as_deref().unwrap_or_default();
        let is_outermost = parent.is_none_or(|parent| parent == ROOT);
        let is_right = match family(syntax) {
            None if id == ROOT => namespace == root,
            None => UBL.contains(&namespace),
            Some(_) if is_outermost => namespace == root,
            Some([number, value, qualified]) if VALUES.contains(&name.local.as_str()) => {
                namespace == format!("{UNECE}UnqualifiedDataType:{value}")
                    || namespace == format!("{UNECE}QualifiedDataType:{qualified}")
                    || namespace == format!("{UNECE}{ENTITY}:{number}")
            }
            Some([number, ..]) => namespace == format!("{UNECE}{ENTITY}:{number}"),
        };
        if !is_right && told.insert(namespace) {
            let shown: String = namespace.chars().take(100).collect();
            let message = format!(
                "The element {} is of the namespace \"{shown}\", which its standard does not have for it.",
                name.local
            );
            log.add("SYNTAX-NAMESPACE", id, message);
        }
    }
}

/// The beginning of the namespaces of UN/CEFACT.
const UNECE: &str = "urn:un:unece:uncefact:data:standard:";

/// The namespace of parties, amounts and the like.
const ENTITY: &str = "ReusableAggregateBusinessInformationEntity";

/// The versions of the namespaces of entities, plain values and qualified values; UBL has none of these.
const fn family(syntax: Syntax) -> Option<[&'static str; 3]> {
    match syntax {
        Syntax::Cii => Some(["100", "100", "100"]),
        Syntax::CiiDocument => Some(["12", "15", "12"]),
        Syntax::CiiOrder => Some(["128", "128", "128"]),
        Syntax::UblInvoice | Syntax::UblCreditNote => None,
    }
}

/// An element within another: its place in the order, and the least that an invoice reaches that has it.
type Content = BTreeMap<&'static str, (usize, Reach)>;

/// The profile has every element, and they are in order. Of each kind, the first is told.
fn elements(case: &Case<'_>, log: &mut Log<'_>) {
    let contents: BTreeMap<&str, Content> = CONTENTS
        .iter()
        .flat_map(|(names, held)| {
            let content = content(held);
            names.split_ascii_whitespace().map(move |name| (name, content.clone()))
        })
        .collect();
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    // What is within an element that is not known has been told with it.
    let mut within_unknown: BTreeSet<ElementId> = BTreeSet::new();
    for id in case.source.ids() {
        let name = case.source.local(id);
        if within_unknown.contains(&id) {
            within_unknown.extend(case.source.children(id));
            continue;
        }
        let Some(content) = contents.get(name) else { continue };
        let mut last = 0;
        for child in case.source.children(id) {
            let local = case.source.local(child);
            match content.get(local) {
                Some((_, from)) if *from > case.reach => {
                    if told.insert((name, local)) {
                        let profile = case.invoice.profile.map_or("", |profile| profile.as_str());
                        log.add("SYNTAX-ELEMENT", child, format!("The profile {profile} has no {local} in {name}."));
                    }
                    within_unknown.insert(child);
                }
                Some((place, _)) => {
                    if *place < last && told.insert((name, local)) {
                        log.add("SYNTAX-ORDER", child, format!("The element {local} stands too late in {name}."));
                    }
                    last = last.max(*place);
                }
                None => {
                    if told.insert((name, local)) {
                        log.add("SYNTAX-ELEMENT", child, format!("The standard has no {local} in {name}."));
                    }
                    within_unknown.insert(child);
                }
            }
        }
    }
}

/// Reads a row of the table.
fn content(held: &'static str) -> Content {
    let words = held.split_ascii_whitespace().enumerate();
    words
        .filter_map(|(place, word)| {
            let (name, from) = word.split_once('.')?;
            let from = match from {
                "m" => Reach::Totals,
                "w" => Reach::Header,
                "b" => Reach::Lines,
                _ => Reach::Full,
            };
            Some((name, (place, from)))
        })
        .collect()
}

//! Recognises the XML of an invoice by its root and by what it says, never by the name of its file.

use super::{
    Invoice, Syntax,
    bill::{self, Bill},
    profiles,
    source::{ROOT, Source},
};

/// The roots and namespaces of the ways to write invoices.
pub(super) const ROOTS: [(Syntax, &str, &str); 5] = [
    (Syntax::Cii, "CrossIndustryInvoice", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"),
    (Syntax::CiiDocument, "CrossIndustryDocument", "urn:ferd:CrossIndustryDocument:invoice:1p0"),
    (Syntax::CiiOrder, "SCRDMCCBDACIOMessageStructure", "urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100"),
    (Syntax::UblInvoice, "Invoice", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"),
    (Syntax::UblCreditNote, "CreditNote", "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"),
];

/// Recognises the XML of an invoice or order; `None` for everything else, also for XML with a document type, of more than
/// [`super::XML_BYTES_MAX`] bytes, or not well-formed.
pub fn recognise(xml: &[u8]) -> Option<Invoice> {
    open(xml).map(|(_, _, invoice)| invoice)
}

/// Reads the XML of an invoice: the tree, what it means, and what it is.
pub(super) fn open(xml: &[u8]) -> Option<(Source, Bill, Invoice)> {
    let source = Source::read(xml)?;
    let syntax = syntax(&source)?;
    let bill = bill::read(&source, syntax);
    let said = bill.guideline.as_ref().map(|value| value.text.as_str()).unwrap_or_default();
    let guideline = profiles::guideline(said, syntax);
    let text =
        |value: &Option<bill::Value>| value.as_ref().map(|value| value.text.clone()).filter(|text| !text.is_empty());
    let invoice = Invoice {
        standard: guideline.standard,
        profile: guideline.profile,
        syntax,
        version: guideline.version,
        guideline: said.to_owned(),
        number: text(&bill.number),
        type_code: text(&bill.type_code),
        issue_date: bill.issue_date.as_ref().and_then(bill::Value::date),
        seller: text(&bill.seller.name),
        buyer: text(&bill.buyer.name),
        currency: text(&bill.currency),
        total: text(&bill.totals.with_tax),
    };
    Some((source, bill, invoice))
}

/// The syntax by the root. A namespace that is nearly right is a finding of its own, and no other document.
fn syntax(source: &Source) -> Option<Syntax> {
    let name = source.name(ROOT)?;
    let namespace = name.namespace.as_deref()?;
    let same = ROOTS.iter().find(|(_, local, uri)| name.local == *local && namespace == *uri);
    let near = || {
        let is_near = match name.local.as_str() {
            "CrossIndustryInvoice" => namespace.contains("CrossIndustryInvoice"),
            "CrossIndustryDocument" => namespace.contains("CrossIndustryDocument"),
            _ => false,
        };
        ROOTS.iter().find(|(_, local, _)| is_near && name.local == *local)
    };
    same.or_else(near).map(|(syntax, ..)| *syntax)
}

//! The samples are invoices of a made-up book bindery, which outside validators take as well. The tests change them in
//! one place each.

mod declaring;
mod rules;

use proptest::prelude::*;
use time::macros::date;

use super::*;

/// A CII invoice of the profile EN 16931 with two rates of tax, an allowance, a charge, and an amount paid before.
const CII: &str = include_str!("../samples/cii.xml");

/// The same as XRechnung 3.0 in UBL.
const UBL: &str = include_str!("../samples/ubl.xml");

/// The sample in CII with another identifier of its standard.
fn cii(guideline: &str) -> String {
    changed(CII, "urn:cen.eu:en16931:2017<", &format!("{guideline}<"))
}

/// A text with the first occurrence of something replaced.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn the_same_invoice_is_read_from_both_syntaxes() {
    let from_cii = recognise(CII.as_bytes()).unwrap();
    let wanted = Invoice {
        standard: Standard::FacturX,
        profile: Some(Profile::En16931),
        syntax: Syntax::Cii,
        version: "1.0".to_owned(),
        guideline: "urn:cen.eu:en16931:2017".to_owned(),
        number: Some("R-2026/17".to_owned()),
        type_code: Some("380".to_owned()),
        issue_date: Some(date!(2026 - 01 - 31)),
        seller: Some("Falz und Heft GmbH".to_owned()),
        buyer: Some("Stadtbücherei".to_owned()),
        currency: Some("EUR".to_owned()),
        total: Some("170.75".to_owned()),
    };
    assert_eq!(from_cii, wanted);
    let from_ubl = recognise(UBL.as_bytes()).unwrap();
    let wanted = Invoice {
        standard: Standard::XRechnung,
        profile: Some(Profile::XRechnung),
        syntax: Syntax::UblInvoice,
        version: "3.0".to_owned(),
        guideline: from_ubl.guideline.clone(),
        ..wanted
    };
    assert_eq!(from_ubl, wanted);
}

#[test]
fn what_is_no_invoice_is_not_recognised() {
    let other = "<Invoice><ID>1</ID></Invoice>";
    let cut = CII.get(..CII.len() / 2).unwrap();
    for text in ["", "<", "text", "%PDF-1.7", "<html/>", other, cut, "<?xml version=\"1.0\"?>"] {
        assert_eq!(recognise(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn an_invoice_with_a_document_type_is_not_recognised() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><rsm:";
    assert_eq!(recognise(changed(CII, "<rsm:", bomb).as_bytes()), None);
    let outside = "<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/\"><rsm:";
    assert_eq!(recognise(changed(CII, "<rsm:", outside).as_bytes()), None);
    let entity = changed(CII, "R-2026/17", "&undeclared;");
    assert_eq!(recognise(entity.as_bytes()), None);
}

#[test]
fn hostile_nesting_ends() {
    let deep = "<a>".repeat(100_000);
    assert_eq!(recognise(deep.as_bytes()), None);
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert_eq!(recognise(changed(CII, "<ram:Name>", &format!("{deep}<ram:Name>")).as_bytes()), None);
}

#[test]
fn marks_encodings_and_cdata_do_not_matter() {
    let wanted = recognise(CII.as_bytes()).unwrap();
    let with_mark = format!("\u{FEFF}{CII}");
    assert_eq!(recognise(with_mark.as_bytes()), Some(wanted.clone()));
    let text = changed(CII, "UTF-8", "UTF-16");
    let wide: Vec<u8> = "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(recognise(&wide), Some(wanted.clone()));
    let section = changed(CII, ">R-2026/17<", "> <![CDATA[R-2026]]>&#x2F;17 <");
    assert_eq!(recognise(section.as_bytes()), Some(wanted));
}

#[test]
fn an_old_invoice_of_zugferd_1_is_read() {
    let text = r#"<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"
        xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12"
        xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15">
      <rsm:SpecifiedExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
        <ram:ID>urn:ferd:CrossIndustryDocument:invoice:1p0:basic</ram:ID>
      </ram:GuidelineSpecifiedDocumentContextParameter></rsm:SpecifiedExchangedDocumentContext>
      <rsm:HeaderExchangedDocument><ram:ID>17</ram:ID><ram:TypeCode>380</ram:TypeCode>
        <ram:IssueDateTime><udt:DateTimeString format="102">20140331</udt:DateTimeString></ram:IssueDateTime>
      </rsm:HeaderExchangedDocument>
      <rsm:SpecifiedSupplyChainTradeTransaction>
        <ram:ApplicableSupplyChainTradeAgreement>
          <ram:SellerTradeParty><ram:Name>S</ram:Name></ram:SellerTradeParty>
          <ram:BuyerTradeParty><ram:Name>B</ram:Name></ram:BuyerTradeParty>
        </ram:ApplicableSupplyChainTradeAgreement>
        <ram:ApplicableSupplyChainTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
          <ram:SpecifiedTradeSettlementMonetarySummation>
            <ram:LineTotalAmount currencyID="EUR">100.00</ram:LineTotalAmount>
            <ram:TaxBasisTotalAmount currencyID="EUR">100.00</ram:TaxBasisTotalAmount>
            <ram:TaxTotalAmount currencyID="EUR">19.00</ram:TaxTotalAmount>
            <ram:GrandTotalAmount currencyID="EUR">119.00</ram:GrandTotalAmount>
          </ram:SpecifiedTradeSettlementMonetarySummation>
        </ram:ApplicableSupplyChainTradeSettlement>
      </rsm:SpecifiedSupplyChainTradeTransaction></rsm:CrossIndustryDocument>"#;
    let invoice = recognise(text.as_bytes()).unwrap();
    assert_eq!((invoice.standard, invoice.profile), (Standard::Zugferd1, Some(Profile::Basic)));
    assert_eq!((invoice.issue_date, invoice.total.as_deref()), (Some(date!(2014 - 03 - 31)), Some("119.00")));
    assert_eq!(check(text.as_bytes(), &invoice), []);
    let wrong = changed(text, "119.00", "119.01");
    let found = check(wrong.as_bytes(), &invoice);
    assert_eq!(found.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["BR-CO-15"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_stands_in_an_invoice_it_is_checked_within_the_limits(
        is_ubl in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[-0-9.A-Z<>/ &;]{0,40}"), 1..6),
    ) {
        let mut text = if is_ubl { UBL } else { CII }.to_owned();
        for (index, put) in edits {
            // Between two elements, where most edits leave something that can be read.
            let places: Vec<usize> = text.match_indices('>').map(|(place, _)| place + 1).collect();
            text.insert_str(*index.get(&places), &put);
        }
        if let Some(invoice) = recognise(text.as_bytes()) {
            prop_assert!(check(text.as_bytes(), &invoice).len() <= FINDINGS_MAX);
        }
    }
}

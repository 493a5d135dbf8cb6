//! Invoices: shown, with what belongs to them inside.

use bindery::pdf::{
    attach, invoice,
    validate::{Part, claimed, validate},
};

use crate::support::{Document, Site, client::Finished, documents};

/// An invoice of the smallest profile.
pub(super) const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
  <rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:factur-x.eu:1p0:minimum</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument><ram:ID>2026-4711</ram:ID><ram:TypeCode>380</ram:TypeCode><ram:IssueDateTime><udt:DateTimeString format="102">20261126</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>
    <ram:ApplicableHeaderTradeAgreement>
      <ram:SellerTradeParty><ram:Name>Seller</ram:Name><ram:PostalTradeAddress><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress><ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE123456789</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty>
      <ram:BuyerTradeParty><ram:Name>Buyer</ram:Name></ram:BuyerTradeParty>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxBasisTotalAmount>100.00</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">19.00</ram:TaxTotalAmount><ram:GrandTotalAmount>119.00</ram:GrandTotalAmount><ram:DuePayableAmount>119.00</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"#;

const INVOICE: &str = "?workflow=Invoice";

/// The result, which is PDF/A-3.
#[track_caller]
fn conforming(done: &Finished) -> Vec<u8> {
    let bytes = done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body.to_vec();
    let flavour = claimed(&bytes).expect("it claims PDF/A");
    assert_eq!(flavour.part(), Part::Three);
    let report = validate(&bytes, flavour);
    assert!(report.is_compliant(), "{:?}", report.failed);
    bytes
}

/// Name, relationship and bytes of the files in a PDF.
fn files(bytes: &[u8]) -> Vec<(String, Option<attach::Relationship>, Vec<u8>)> {
    let document = bindery::pdf::read(bytes.to_vec(), &[]).unwrap().document;
    let extracted = attach::extract(&document, 1 << 20).unwrap();
    extracted.files.into_iter().map(|(file, bytes)| (file.name, file.relationship, bytes)).collect()
}

fn xml(text: &str) -> Document {
    documents::file("data.xml", text)
}

#[tokio::test]
async fn what_comes_first_out_of_an_archive_or_a_mail_is_shown_and_the_rest_is_attached() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let inside = [documents::pdf("invoice.pdf", &[300]), xml(XML)];
    let nested = documents::archive("box.zip", &[documents::archive("post.zip", &inside)]);
    for (input, width) in [(nested, Some(300)), (super::mail::mail("post.eml", "Invoice", &inside), None)] {
        let done = client.convert_with(INVOICE, &[], &[input]).await;
        let bytes = conforming(&done);
        let widths = crate::support::pdf::widths(&done.pdf());
        assert!(width.is_none_or(|width| widths == [width]), "{widths:?}");
        let names: Vec<_> = files(&bytes).into_iter().map(|(name, ..)| name).collect();
        assert!(names.contains(&"factur-x.xml".to_owned()), "{names:?}");
        assert_eq!(names.len(), if width.is_some() { 1 } else { 2 }, "{names:?}");
    }
}

#[tokio::test]
async fn the_xml_of_an_invoice_gets_its_name_and_its_schema_and_stays_byte_for_byte() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let inputs = [documents::text("invoice.txt"), xml(XML), documents::png("receipt.png")];
    let done = client.convert_with(INVOICE, &[], &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    let bytes = conforming(&done);
    let held = files(&bytes);
    let found = held.iter().find(|(name, ..)| name == "factur-x.xml").unwrap_or_else(|| panic!("{held:?}"));
    assert_eq!((found.1, found.2.as_slice()), (Some(attach::Relationship::Data), XML.as_bytes()));
    let receipt = held.iter().find(|(name, ..)| name == "receipt.png").unwrap();
    assert_eq!((receipt.1, &receipt.2), (Some(attach::Relationship::Supplement), &documents::png("").bytes));
    assert!(invoice::is_declared(&bindery::pdf::read(bytes, &[]).unwrap().document));
    let told = done.result["events"].to_string();
    assert!(told.contains("2026-4711") && told.contains("MINIMUM"), "{told}");
    // Only the first is shown.
    assert_eq!(site.db.count("select count(*) from results where pages = 1").await, 1);
    // It is what is wanted now, and passes as it is.
    let first = done.file.as_ref().unwrap().body.clone();
    let again = client.convert_with(INVOICE, &[], &[documents::file("again.pdf", first.to_vec())]).await;
    assert_eq!(again.file.as_ref().unwrap().body, first);
}

#[tokio::test]
async fn options_say_what_is_shown_and_what_an_attachment_is() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let job = client.create_with(INVOICE, &[]).await;
    let about = [
        ("DOC.ROLE", "attached"),
        ("af.relationship", "source"),
        ("AF.MODDATE", "2026-11-01"),
        ("AF.DESCRIPTION", "The order"),
    ];
    client.add_with(&job, &documents::text("order.txt"), &about).await;
    client.add_with(&job, &documents::pdf("a.pdf", &[300]), &[("DOC.ROLE", "main")]).await;
    client.add_with(&job, &documents::pdf("b.pdf", &[301]), &[("DOC.ROLE", "main")]).await;
    client.start(&job).await;
    let done = client.finish(&job).await;
    let bytes = conforming(&done);
    assert_eq!(crate::support::pdf::widths(&done.pdf()), [300, 301]);
    let document = bindery::pdf::read(bytes, &[]).unwrap().document;
    let listed = attach::list(&document).unwrap();
    let [order] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((order.name.as_str(), order.relationship), ("order.txt", Some(attach::Relationship::Source)));
    assert_eq!(order.description.as_deref(), Some("The order"));
    assert_eq!(order.modified.unwrap().unix_timestamp(), 1_793_491_200);
}

#[tokio::test]
async fn xml_that_breaks_the_rules_is_kept_with_warnings_that_name_them() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let wrong = XML.replace("<ram:GrandTotalAmount>119.00", "<ram:GrandTotalAmount>120.00");
    let done = client.convert_with(INVOICE, &[], &[documents::text("invoice.txt"), xml(&wrong)]).await;
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    let told = done.result["events"].to_string();
    assert!(told.contains("BR-CO-15"), "{told}");
    assert!(files(&conforming(&done)).iter().any(|(_, _, bytes)| bytes == wrong.as_bytes()));
}

#[tokio::test]
async fn a_job_that_shows_nothing_and_a_role_that_there_is_not_are_told() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    for (role, said) in [("attached", "all are attached"), ("cousin", "one of main, attached")] {
        let job = client.create_with(INVOICE, &[]).await;
        client.add_with(&job, &documents::text("a.txt"), &[("DOC.ROLE", role)]).await;
        client.start(&job).await;
        let (code, message) = client.finish(&job).await.error();
        assert_eq!(code, "option");
        assert!(message.contains(said), "{message}");
    }
}

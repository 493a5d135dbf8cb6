use serde_json::json;

use crate::support::{Site, client::Finished, documents, pdf};

fn conformance(done: &Finished) -> Option<String> {
    let properties = done.result["dataList"][0]["properties"].as_array().unwrap();
    let found = properties.iter().find(|property| property["name"] == "conformance")?;
    found["value"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn the_archive_workflow_claims_pdfa2b_in_the_file_and_in_the_result() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let inputs = [documents::text("a.txt"), documents::png("b.png"), documents::pdf("c.pdf", &[300])];
    let done = client.convert_with("?workflow=Archive%20PDF/A-2", &[], &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert!(pdf::claims_pdfa2b(&done.pdf()), "{}", pdf::xmp(&done.pdf()));
    assert_eq!(conformance(&done).as_deref(), Some("PDF/A-2b"));
    assert!(done.pdf().catalog().unwrap().has(b"OutputIntents"));
    assert_eq!(site.db.count("select count(*) from results where conformance = 'PDF/A-2b' and pages = 3").await, 1);
}

#[tokio::test]
async fn the_conversion_workflow_claims_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let archived = client.convert(&[documents::text("a.txt")]).await;
    let again = documents::file("archived.pdf", archived.file.as_ref().unwrap().body.to_vec());
    for input in [documents::text("a.txt"), documents::png("b.png"), again] {
        let name = input.name.clone();
        let done = client.convert_with("?workflow=Conversion", &[], &[input]).await;
        assert!(!pdf::claims_pdfa2b(&done.pdf()), "{name}: merging again makes an old claim void");
        assert_eq!(done.result["dataList"][0]["properties"], json!([{ "name": "pages", "value": "1" }]), "{name}");
    }
    assert_eq!(site.db.count("select count(*) from results where conformance is not null").await, 1);
}

#[tokio::test]
async fn an_archived_file_can_be_archived_again() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let first = client.convert(&[documents::text("a.txt"), documents::jpeg("b.jpg")]).await;
    let again = documents::file("archived.pdf", first.file.as_ref().unwrap().body.to_vec());
    let second = client.convert(&[again]).await;
    assert_eq!(conformance(&second).as_deref(), Some("PDF/A-2b"), "{}", second.result);
    assert_eq!(pdf::widths(&second.pdf()), pdf::widths(&first.pdf()));
}

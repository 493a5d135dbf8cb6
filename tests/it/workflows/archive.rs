use bindery::pdf::validate::{Part, claimed, validate};
use serde_json::json;

use crate::support::{Site, client::Finished, documents, pdf};

fn conformance(done: &Finished) -> Option<String> {
    let properties = done.result["dataList"][0]["properties"].as_array().unwrap();
    let found = properties.iter().find(|property| property["name"] == "conformance")?;
    found["value"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn the_archive_workflow_claims_the_best_level_in_the_file_and_in_the_result() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let inputs = [documents::text("a.txt"), documents::png("b.png"), documents::pdf("c.pdf", &[300])];
    let done = client.convert_with("?workflow=Archive%20PDF/A-2", &[], &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert!(pdf::claims_pdfa2(&done.pdf()), "{}", pdf::xmp(&done.pdf()));
    assert_eq!(conformance(&done).as_deref(), Some("PDF/A-2u"));
    assert!(done.pdf().catalog().unwrap().has(b"OutputIntents"));
    assert_eq!(site.db.count("select count(*) from results where conformance = 'PDF/A-2u' and pages = 3").await, 1);
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
        assert!(!pdf::claims_pdfa2(&done.pdf()), "{name}: merging again makes an old claim void");
        assert_eq!(done.result["dataList"][0]["properties"], json!([{ "name": "pages", "value": "1" }]), "{name}");
    }
    assert_eq!(site.db.count("select count(*) from results where conformance is not null").await, 1);
}

#[tokio::test]
async fn a_file_that_conforms_passes_through_byte_for_byte_unless_metadata_are_asked_for() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let first = client.convert(&[documents::text("a.txt"), documents::jpeg("b.jpg")]).await;
    let archived = first.file.as_ref().unwrap().body.clone();
    let again = || documents::file("archived.pdf", archived.to_vec());
    let second = client.convert(&[again()]).await;
    assert_eq!(conformance(&second).as_deref(), Some("PDF/A-2u"), "{}", second.result);
    assert_eq!(second.file.as_ref().unwrap().body, archived);
    assert_eq!(site.db.count("select count(*) from results where rung = 'unchanged'").await, 1);
    let titled = client.convert_with("", &[("META.TITLE", "Another")], &[again()]).await;
    assert_eq!(pdf::info(&titled.pdf(), "Title").as_deref(), Some("Another"));
    assert_eq!(conformance(&titled).as_deref(), Some("PDF/A-2u"));
    assert_eq!(site.db.count("select count(*) from results where rung = 'archived'").await, 2);
}

#[tokio::test]
async fn the_workflow_of_each_part_gives_a_file_that_conforms_to_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    for (workflow, part) in [("PDF/A-1", Part::One), ("PDF/A-2", Part::Two), ("PDF/A-3", Part::Three)] {
        let inputs = [documents::text("a.txt"), documents::png("b.png"), documents::pdf("c.pdf", &[300])];
        let done = client.convert_with(&format!("?workflow=Archive%20{workflow}"), &[], &inputs).await;
        let bytes = &done.file.as_ref().unwrap().body;
        let claimed = claimed(bytes).unwrap();
        assert_eq!(claimed.part(), part, "{workflow}");
        assert_eq!(validate(bytes, claimed).failed, [], "{workflow}");
        assert_eq!(conformance(&done), Some(claimed.to_string()), "{workflow}");
    }
}

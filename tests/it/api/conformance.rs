//! Rows of the contract that no other test shows; `docs/conformance.md` has them all.

use crate::support::{
    Site,
    client::{Part, multipart},
    documents::{self, archive},
};

#[tokio::test]
async fn a_document_without_an_extension_is_what_its_content_and_its_declared_type_say() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let job = client.create().await;
    for (declared, bytes) in [
        ("text/plain", b"a line of text\n".to_vec()),
        ("image/png", documents::png("a.png").bytes),
        ("application/octet-stream", documents::pdf("a.pdf", &[300]).bytes),
    ] {
        let headers =
            format!("Content-Disposition: form-data; name=\"data\"; filename=\"document\"\nContent-Type: {declared}");
        let (content_type, body) = multipart(&[Part::raw(&headers, bytes)]);
        client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    }
    client.start(&job).await;
    let result = client.result(&job).await;
    assert_eq!(result["status"], "success", "{result}");
    let found = "select count(distinct format) from documents where format in ('text', 'png', 'pdf')";
    assert_eq!(site.db.count(found).await, 3);
}

#[tokio::test]
async fn an_event_of_what_is_in_an_archive_names_the_upload_and_the_part_of_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    let job = client.create().await;
    client.add(&job, &documents::text("first.txt")).await;
    let inner = archive("inner.zip", &[documents::noise("noise.docx", 4000)]);
    let upload = client.add(&job, &archive("outer.zip", &[documents::text("good.txt"), inner])).await;
    client.start(&job).await;
    let result = client.result(&job).await;
    let events = result["events"].as_array().unwrap();
    let event = events.iter().find(|event| event["severity"] == "error").unwrap_or_else(|| panic!("{result}"));
    assert_eq!(event["dataId"], upload.as_str(), "a client knows what it has added: {result}");
    assert_eq!(event["dataPart"], "inner.zip/noise.docx", "{result}");
}

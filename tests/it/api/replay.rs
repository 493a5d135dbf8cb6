//! The call sequences of known clients, as the reference describes them.

use serde_json::json;

use crate::support::{
    Client, Site,
    client::{Part, multipart},
    documents, pdf, until,
    wait::seconds,
};

/// Checks a result field by field.
fn check_success(result: &serde_json::Value, name: &str, pages: &str, conformance: bool) {
    assert_eq!(result["status"], "success", "{result}");
    assert_eq!(result["success"], true);
    assert_eq!(result.get("error"), None);
    assert!(result["events"].as_array().unwrap().iter().all(|event| event["severity"] == "info"), "{result}");
    let [file] = result["dataList"].as_array().unwrap().as_slice() else { panic!("one file: {result}") };
    assert_eq!(file["fileName"], name);
    assert!(file["resultId"].as_str().unwrap().starts_with("res_"));
    let mut properties = vec![json!({ "name": "pages", "value": pages })];
    properties.extend(conformance.then(|| json!({ "name": "conformance", "value": "PDF/A-2b" })));
    assert_eq!(file["properties"], json!(properties));
}

async fn deleted(client: &Client, site: &Site, job: &str) {
    let answer = client.delete(&format!("/jobs/{job}")).await.expect(204);
    assert!(answer.body.is_empty());
    client.get(&format!("/jobs/{job}")).await.job_not_found(job);
    until("the purge has removed blobs and rows", seconds(20), async || {
        let rows = site
            .db
            .count(
                "select (select count(*) from jobs) + (select count(*) from documents) + (select count(*) from tasks)",
            )
            .await;
        (rows == 0 && site.blob_files().is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_browser_extension_polls_and_takes_the_first_file() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let workflows = client.get("/workflows").await.expect(200).json();
    let workflow = workflows.as_array().unwrap().iter().find(|workflow| workflow["isDefault"] == true).unwrap();
    assert_eq!(workflow["name"], "Archive PDF/A-2");
    let created = client
        .post_body("/jobs?workflow=Archive%20PDF%2FA-2&profile=default", "application/json", "[]")
        .await
        .expect(201)
        .json();
    assert_eq!(created["status"]["code"], "creating");
    let job = created["jobId"].as_str().unwrap();
    for document in [documents::text("a.txt"), documents::png("b.png"), documents::pdf("c.pdf", &[300, 301])] {
        let (content_type, body) = multipart(&[Part::file(&document.name, document.bytes)]);
        client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    }
    client.post(&format!("/jobs/{job}:start")).await.expect(204);
    until("the job is completed", seconds(60), async || {
        let code =
            client.get(&format!("/jobs/{job}")).await.expect(200).json()["status"]["code"].as_str().unwrap().to_owned();
        assert!(["pending", "processing", "completed"].contains(&code.as_str()), "{code}");
        (code == "completed").then_some(())
    })
    .await;
    let result = client.get(&format!("/jobs/{job}/result")).await.expect(200).json();
    check_success(&result, "a.pdf", "4", true);
    let id = result["dataList"][0]["resultId"].as_str().unwrap();
    let file = client.get(&format!("/jobs/{job}/result/{id}")).await.expect(200);
    let document = lopdf::Document::load_mem(&file.body).unwrap();
    assert_eq!(pdf::page_count(&document), 4);
    assert!(pdf::claims_pdfa2b(&document));
    deleted(&client, &site, job).await;
}

#[tokio::test]
async fn the_request_collection_waits_for_the_result() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let created = client
        .post_body("/jobs/?workflow=Conversion&profile=default&name=claim-4711", "application/json", "")
        .await
        .expect(201)
        .json();
    let job = created["jobId"].as_str().unwrap();
    let data = Part::raw(
        "Content-Disposition: form-data; name=\"data\"; filename=\"a.pdf\"\nContent-Type: application/pdf",
        documents::pdf("a.pdf", &[300]).bytes,
    );
    let (content_type, body) = multipart(&[data, Part::options("[]")]);
    client.post_body(&format!("/jobs/{job}/data/"), &content_type, body).await.expect(201);
    client.post(&format!("/jobs/{job}:start")).await.expect(204);
    let result = client.get(&format!("/jobs/{job}/result")).await.expect(200).json();
    check_success(&result, "claim-4711.pdf", "1", false);
    let id = result["dataList"][0]["resultId"].as_str().unwrap();
    for _ in 0..2 {
        let file = client.get(&format!("/jobs/{job}/result/{id}")).await.expect(200);
        assert!(file.body.starts_with(b"%PDF-"));
    }
    deleted(&client, &site, job).await;
}

#[tokio::test]
async fn a_failed_job_has_an_error_events_and_no_files() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let job = client.create().await;
    let bad = client.add(&job, &documents::noise("broken.docx", 3000)).await;
    client.add(&job, &documents::text("good.txt")).await;
    client.start(&job).await;
    let result = client.result(&job).await;
    assert_eq!((&result["status"], &result["success"]), (&json!("error"), &json!(false)));
    assert_eq!(result["error"]["code"], "corrupt", "{result}");
    assert!(result["error"]["message"].as_str().unwrap().contains("broken.docx"), "{result}");
    assert_eq!(result.get("dataList"), None);
    let event = &result["events"][0];
    assert_eq!((&event["severity"], &event["dataId"]), (&json!("error"), &json!(bad)));
    assert!(event["code"].is_string() && event["message"].is_string());
}

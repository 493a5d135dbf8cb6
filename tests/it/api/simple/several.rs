//! Jobs with more than one result. No workflow makes them yet, so they are completed by the functions that workers use.

use std::io::{Cursor, Read};

use base64::{Engine, prelude::BASE64_STANDARD};
use bindery::{
    domain::{JobId, Outcome, ResultId},
    storage::{
        self,
        blobs::{self, Blobs},
        results::NewResult,
    },
};
use bytes::Bytes;
use futures_util::stream;
use tokio::task::JoinHandle;
use zip::ZipArchive;

use super::{at_root, jobs_in, no_job};
use crate::support::{Answer, Site, until, wait::seconds};

/// Completes the one job that is pending with results of these names and contents.
pub(super) async fn complete(site: &Site, results: &[(&str, Bytes)]) -> JobId {
    let mut conn = site.db.connect().await;
    jobs_in(site, "pending", 1).await;
    let job: JobId = sqlx::query_scalar("select id from jobs where state = 'pending' and deleted_at is null")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let store = Blobs::in_folder(&site.blobs()).unwrap();
    for (place, (file_name, bytes)) in (1..).zip(results) {
        let blob = blobs::result_name(job, i64::from(place), 0, "pdf");
        let pieces: Vec<_> = (0..bytes.len())
            .step_by(1 << 20)
            .map(|at| Ok::<_, std::io::Error>(bytes.slice(at..bytes.len().min(at + (1 << 20)))))
            .collect();
        let stored = store.put(&blob, stream::iter(pieces), u64::MAX).await.unwrap();
        let new = NewResult {
            id: ResultId::new(),
            job,
            ordinal: place,
            file_name,
            media_type: "application/pdf",
            stored: &stored,
            pages: None,
            conformance: None,
            rung: None,
            properties: serde_json::json!([]),
        };
        storage::results::insert(&mut conn, &new).await.unwrap();
    }
    storage::jobs::update_completed(&mut conn, job, Outcome::Success, None, seconds(3600)).await.unwrap();
    job
}

/// Begins a call that a worker will not take.
async fn begin(site: &Site, path: &'static str, body: &'static str) -> (crate::support::Process, JoinHandle<Answer>) {
    let (serve, client) = site.serve().await;
    let simple = at_root(&client);
    let call = tokio::spawn(async move { simple.post_body(path, "application/json", body).await });
    (serve, call)
}

fn results() -> Vec<(&'static str, Bytes)> {
    let noise = crate::support::documents::noise("", 3_000_000).bytes;
    vec![
        ("Müller.pdf", noise.into()),
        ("../müller.pdf", "small".into()),
        ("müller.PDF", Bytes::new()),
        ("../müller.pdf", "other".into()),
    ]
}

#[tokio::test]
async fn several_files_come_in_an_archive_each_under_a_name_of_its_own() {
    let site = Site::new().await;
    let (_serve, call) = begin(&site, "/http.input/convert-to-pdf", "a").await;
    complete(&site, &results()).await;
    let answer = call.await.unwrap().expect(200);
    assert_eq!(answer.header("content-type"), "application/zip");
    assert!(answer.header("content-disposition").contains("convert-to-pdf.zip"), "{:?}", answer.headers);
    let mut archive = ZipArchive::new(Cursor::new(&answer.body)).unwrap();
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        // Readers of streams can do nothing with what is stored as it is and whose length stands behind it.
        assert_eq!(entry.compression(), zip::CompressionMethod::Deflated);
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        found.push((entry.name().unwrap().into_owned(), Bytes::from(bytes)));
    }
    let names = ["Müller.pdf", ".._müller.pdf", "müller (2).PDF", ".._müller (2).pdf"];
    let expected: Vec<_> = names.iter().zip(results()).map(|(name, (_, bytes))| ((*name).to_owned(), bytes)).collect();
    assert!(found == expected, "{:?}", found.iter().map(|(name, bytes)| (name, bytes.len())).collect::<Vec<_>>());
    no_job(&site).await;
}

#[tokio::test]
async fn several_files_are_several_items_of_the_list() {
    let site = Site::new().await;
    let body = r#"{"data":[{"fileName":"a.txt","content":"SGVsbG8="}]}"#;
    let (_serve, call) = begin(&site, "/http.inputstructured/convert-to-pdf", body).await;
    complete(&site, &results()).await;
    let answer = call.await.unwrap().expect(200);
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    let found: Vec<_> = answer.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let bytes = BASE64_STANDARD.decode(file["content"].as_str().unwrap()).unwrap();
            (file["fileName"].as_str().unwrap().to_owned(), Bytes::from(bytes))
        })
        .collect();
    let expected: Vec<_> = results().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
    assert!(found == expected);
    no_job(&site).await;
}

#[tokio::test]
async fn a_job_without_results_is_an_answer_without_content() {
    let site = Site::new().await;
    let (serve, call) = begin(&site, "/http.input/convert-to-pdf", "a").await;
    complete(&site, &[]).await;
    let answer = call.await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.text());
    let simple = at_root(&serve.client().await);
    let body = r#"{"data":[{"fileName":"a.txt","content":"SGVsbG8="}]}"#;
    let call = tokio::spawn(async move {
        simple.post_body("/http.inputstructured/convert-to-pdf", "application/json", body).await
    });
    complete(&site, &[]).await;
    assert_eq!(call.await.unwrap().expect(200).json(), serde_json::json!({ "data": [] }));
    no_job(&site).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_seen_to_and_its_job_stays() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let simple = at_root(&client);
    let call = tokio::spawn(async move {
        let request = simple.request(reqwest::Method::POST, "/http.input/convert-to-pdf").body("a");
        reqwest::RequestBuilder::send(request).await.unwrap()
    });
    // Its second file is gone, as when a disk was lost.
    jobs_in(&site, "pending", 1).await;
    let rest = format!("insert into results (id, job_id, ordinal, file_name, media_type, bytes, sha256, blob, properties)
                 select gen_random_uuid(), id, 9, 'gone.pdf', 'application/pdf', 5, '\\x{}', 'jobs/gone', '[]' from jobs", "00".repeat(32));
    site.db.run(&rest).await;
    complete(&site, &results()).await;
    let answer = call.await.unwrap();
    assert_eq!(answer.status(), 200);
    let job = answer.headers()["x-job-id"].to_str().unwrap().to_owned();
    assert!(answer.bytes().await.is_err(), "the archive has no end");
    until("it is in the log", seconds(5), async || serve.output().contains("an answer broke off").then_some(())).await;
    client.get(&format!("/jobs/{job}/result")).await.expect(200);
}

//! Clients that go away.

use super::{all_gone, jobs_in, no_job};
use crate::support::{Client, Site, documents, raw, service::hosts, until, wait::seconds};

/// A whole call with a bare body.
fn call(client: &Client, path: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n", raw::address(client), body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn the_job_of_a_client_that_hangs_up_is_stopped_and_deleted() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    let stream =
        raw::open(&client, &call(&client, "/http.input/convert-to-pdf?filename=a.txt", &documents::long_text().bytes))
            .await;
    site.engine_runs(&work).await;
    drop(stream);
    until("the engine is gone", seconds(5), async || hosts(&work).is_empty().then_some(())).await;
    all_gone(&site).await;
}

#[tokio::test]
async fn a_client_may_hang_up_before_there_is_a_worker_too() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let body = br#"{"data":[{"fileName":"a.txt","content":"SGVsbG8="}]}"#;
    let stream = raw::open(&client, &call(&client, "/http.inputstructured/convert-to-pdf", body)).await;
    jobs_in(&site, "pending", 1).await;
    drop(stream);
    no_job(&site).await;
}

#[tokio::test]
async fn a_client_that_hangs_up_while_its_job_is_made_leaves_none() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let call = call(&client, "/http.input/convert-to-pdf", b"a");
    let mut conn = site.db.connect().await;
    for made in 1..=30 {
        let stream = raw::open(&client, &call).await;
        // As soon as its row can be seen, which is before the service knows of it.
        loop {
            let jobs: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(&mut conn).await.unwrap();
            if jobs >= made {
                break;
            }
        }
        drop(stream);
    }
    no_job(&site).await;
}

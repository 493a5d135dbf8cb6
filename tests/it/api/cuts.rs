//! Uploads that stand still, break off, or come in vain.

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;

use crate::support::{Site, documents, raw, until, wait::seconds};

const DATA: &str = "--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.txt\"\r\n\r\nhalf";
const OPTIONS: &str = "\r\n--b\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n[";

/// Waits until a blob is being written, or is complete.
async fn stored(site: &Site, complete: bool) {
    until("a blob is there", seconds(10), async || {
        let files = site.blob_files();
        files.iter().any(|file| file.to_string_lossy().contains('#') != complete).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_its_client_cuts_off_leaves_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    for (sent, complete) in [(DATA.to_owned(), false), (format!("{DATA}{OPTIONS}"), true)] {
        let stream = raw::begin_upload(&client, &job, sent.as_bytes(), 1000).await;
        stored(&site, complete).await;
        drop(stream);
        until("the blob is gone", seconds(10), async || site.blob_files().is_empty().then_some(())).await;
    }
    assert_eq!(site.db.count("select count(*) from documents").await, 0);
    assert_eq!(site.db.count("select documents_open::bigint from jobs").await, 0);
    // The job is as good as before.
    client.add(&job, &documents::text("b.txt")).await;
    client.start(&job).await;
}

#[tokio::test]
async fn uploads_that_stand_still_hold_no_connection_to_the_database() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_CONNECTIONS", "2")]).await;
    let job = client.create().await;
    let rest = format!("{OPTIONS}]\r\n--b--\r\n");
    let announced = DATA.len() + rest.len();
    let begin = (0..10).map(async |_| raw::begin_upload(&client, &job, DATA.as_bytes(), announced).await);
    let mut streams = join_all(begin).await;
    until("all have begun", seconds(10), async || (site.blob_files().len() == 10).then_some(())).await;
    let began = std::time::Instant::now();
    for _ in 0..5 {
        let other = client.create().await;
        client.add(&other, &documents::text("b.txt")).await;
        client.start(&other).await;
    }
    assert!(began.elapsed() < seconds(5), "others did not wait: {:?}", began.elapsed());
    for stream in &mut streams {
        stream.write_all(rest.as_bytes()).await.unwrap();
        assert!(raw::read(stream).await.starts_with("HTTP/1.1 201"));
    }
    assert_eq!(site.db.count("select count(*) from documents where file_name = 'a.txt'").await, 10);
}

#[tokio::test]
async fn a_client_that_sends_a_large_document_in_vain_comes_to_read_why() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_MAX_UPLOAD", "1MiB")]).await;
    let started = client.create().await;
    client.start(&started).await;
    let job = client.create().await;
    let body = format!("{DATA}{}\r\n--b--\r\n", "x".repeat(24 << 20));
    for (job, status) in [(&started, "409"), (&job, "413")] {
        // Many clients write all of a request before they look for an answer.
        let mut stream = raw::begin_upload(&client, job, body.as_bytes(), body.len()).await;
        let answer = raw::read(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    until("no blob is left", seconds(5), async || site.blob_files().is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_client_that_waits_to_be_told_is_refused_without_its_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    client.start(&job).await;
    let head = format!(
        "POST /conversion/v1.0/rest/jobs/{job}/data HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nExpect: 100-continue\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n",
        raw::address(&client)
    );
    let mut stream = raw::open(&client, head.as_bytes()).await;
    assert!(raw::read(&mut stream).await.starts_with("HTTP/1.1 409"));
}

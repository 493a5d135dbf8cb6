//! Bodies that break off, come in drops, or carry names that are no names.

use tokio::io::AsyncWriteExt;

use super::{at_root, jobs_in, no_job, refused, whole};
use crate::support::{
    Client, Site,
    client::{Part, multipart},
    raw, until,
    wait::seconds,
};

const FORM: &str =
    "--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.txt\"\r\n\r\nhalf of what was meant";
const JSON: &str = r#"{"data":[{"fileName":"a.txt","content":"SGVsbG8gd29ybGQhSGVsbG8gd29ybGQh"#;

/// The head of a call that announces a body.
fn head(client: &Client, path: &str, content_type: &str, announced: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {content_type}\r\nContent-Length: {announced}\r\n\r\n",
        raw::address(client)
    )
}

const CALLS: [(&str, &str, &str); 3] = [
    ("/http.input/convert-to-pdf", "multipart/form-data; boundary=b", FORM),
    ("/http.input/convert-to-pdf", "text/plain", "half"),
    ("/http.inputstructured/convert-to-pdf", "application/json", JSON),
];

#[tokio::test]
async fn a_body_that_its_client_cuts_off_leaves_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for (path, content_type, half) in CALLS {
        let begun = head(&client, path, content_type, 1000) + half;
        let stream = raw::open(&client, begun.as_bytes()).await;
        // In the blob store while it is under way.
        until("a blob is there", seconds(10), async || (!site.blob_files().is_empty()).then_some(())).await;
        jobs_in(&site, "creating", 1).await;
        drop(stream);
        until("the blob is gone", seconds(10), async || site.blob_files().is_empty().then_some(())).await;
        no_job(&site).await;
    }
    assert_eq!(site.db.count("select count(*) from documents").await, 0);
}

#[tokio::test]
async fn a_body_may_come_byte_by_byte() {
    let site = Site::new().await;
    let (_serve, _work, client, _simple) = whole(&site).await;
    for (path, content_type, half) in CALLS {
        let end = match content_type {
            "application/json" => r#""}]}"#,
            "text/plain" => "",
            _ => "\r\n--b--\r\n",
        };
        let body = format!("{half}{end}");
        let mut stream = raw::open(&client, head(&client, path, content_type, body.len()).as_bytes()).await;
        stream.set_nodelay(true).unwrap();
        for byte in body.as_bytes() {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut answer = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn a_name_that_is_endless_is_refused_as_in_the_other_api_or_kept_in_part() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    site.db.execute("update connections set response = 'immediately'").await;
    let long = "x".repeat(64 << 10);
    let (content_type, body) = multipart(&[Part::file(&format!("{long}.txt"), "a")]);
    let answer = simple.post_body("/http.input/convert-to-pdf", &content_type, body.clone()).await;
    let job = client.create().await;
    let other = client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await;
    assert_eq!(refused(&answer), other.problem(400));
    let query = "x".repeat(20_000);
    simple.post_body(&format!("/http.input/convert-to-pdf?filename={query}"), "", "a").await.problem(414);
    let body = serde_json::json!({ "data": [{ "fileName": format!("{long}.txt"), "content": "SGVsbG8=" }] });
    let answer = simple.post_body("/http.inputstructured/convert-to-pdf", "application/json", body.to_string()).await;
    answer.expect(202);
    assert_eq!(
        site.db.count("select length(file_name)::bigint from documents where file_name like '%x.txt'").await,
        1000
    );
}

#[tokio::test]
async fn a_name_is_a_label_and_never_a_path_and_deceives_nobody() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    site.db.execute("update connections set response = 'immediately'").await;
    for name in ["../../etc/passwd", "C:\\a\u{1}.txt", "invoice\u{202e}fdp.exe"] {
        let query: String = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
        simple.post_body(&format!("/http.input/convert-to-pdf?filename={query}"), "", "a").await.expect(202);
        let body = serde_json::json!({ "data": [{ "fileName": name, "content": "SGVsbG8=" }] }).to_string();
        simple.post_body("/http.inputstructured/convert-to-pdf", "application/json", body).await.expect(202);
    }
    let kept = "select count(*) from documents where file_name in ('../../etc/passwd', 'C:\\a.txt', 'invoicefdp.exe')";
    assert_eq!(site.db.count(kept).await, 6);
    assert!(site.blob_files().iter().all(|file| file.ends_with("original")), "{:?}", site.blob_files());
}

use bytes::Bytes;
use reqwest::Method;

use crate::support::{Answer, Client, Site, documents};

async fn ask(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = client.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request).await
}

#[tokio::test]
async fn a_result_has_its_type_length_name_and_tag() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client
        .convert_with("?name=Brief%20f%C3%BCr%20M%C3%BCller%20%E2%82%AC", &[], &[documents::pdf("a.pdf", &[300])])
        .await;
    assert_eq!(done.result["dataList"][0]["fileName"], "Brief für Müller €.pdf");
    let file = done.file.unwrap();
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("content-length"), file.body.len().to_string());
    assert_eq!(file.header("accept-ranges"), "bytes");
    let offered = file.header("content-disposition");
    assert!(offered.starts_with("attachment; filename=\""), "{offered}");
    assert!(offered.ends_with("filename*=UTF-8''Brief%20f%C3%BCr%20M%C3%BCller%20%E2%82%AC.pdf"), "{offered}");
    let hex: String =
        sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), &file.body))
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
    assert_eq!(file.header("etag"), format!("\"{hex}\""));
}

/// A result to ask for: its path, its bytes and its tag.
async fn converted(client: &Client) -> (String, Bytes, String) {
    let done = client.convert(&[documents::pdf("a.pdf", &[300])]).await;
    let path = format!("/jobs/{}/result/{}", done.job, done.result["dataList"][0]["resultId"].as_str().unwrap());
    let whole = done.file.unwrap();
    let tag = whole.header("etag").to_owned();
    (path, whole.body, tag)
}

#[tokio::test]
async fn a_range_of_a_result_can_be_asked_for() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let (path, bytes, tag) = converted(&client).await;
    let length = bytes.len();
    let part = ask(&client, &path, &[("range", "bytes=0-4")]).await.expect(206);
    assert_eq!(&part.body[..], b"%PDF-");
    assert_eq!(part.header("content-range"), format!("bytes 0-4/{length}"));
    assert_eq!(part.header("content-length"), "5");
    let part = ask(&client, &path, &[("range", "bytes=-6")]).await.expect(206);
    assert_eq!(part.body, bytes.slice(length - 6..));
    let part = ask(&client, &path, &[("range", "bytes=10-")]).await.expect(206);
    assert_eq!(part.body, bytes.slice(10..));
    assert_eq!(ask(&client, &path, &[("range", "bytes=0-1,3-4")]).await.expect(200).body, bytes);
    ask(&client, &path, &[("range", "bytes=0-4"), ("if-range", &tag)]).await.expect(206);
    ask(&client, &path, &[("range", "bytes=0-4"), ("if-range", "\"other\"")]).await.expect(200);
}

#[tokio::test]
async fn a_range_outside_a_result_is_refused_with_the_length_that_it_has() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let (path, bytes, _) = converted(&client).await;
    let length = bytes.len();
    let outside = ask(&client, &path, &[("range", &format!("bytes={length}-"))]).await;
    outside.problem(416);
    assert_eq!(outside.header("content-range"), format!("bytes */{length}"), "RFC 9110, 15.5.17");
}

#[tokio::test]
async fn a_result_that_a_client_has_already_is_not_sent_again() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let (path, _, tag) = converted(&client).await;
    let known = ask(&client, &path, &[("if-none-match", &tag)]).await.expect(304);
    assert!(known.body.is_empty());
    assert_eq!(known.header("etag"), tag);
    ask(&client, &path, &[("if-none-match", &format!("\"other\", {tag}"))]).await.expect(304);
    ask(&client, &path, &[("if-none-match", "\"other\"")]).await.expect(200);
}

#[tokio::test]
async fn a_tag_may_be_sent_back_as_a_weak_one_or_as_a_star() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let (path, _, tag) = converted(&client).await;
    // RFC 9110, 13.1.2: the comparison is the weak one, and proxies that compress send weak tags back.
    ask(&client, &path, &[("if-none-match", &format!("W/{tag}"))]).await.expect(304);
    ask(&client, &path, &[("if-none-match", "*")]).await.expect(304);
}

#[tokio::test]
async fn a_head_request_tells_the_length_without_the_bytes() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client.convert(&[documents::pdf("a.pdf", &[300])]).await;
    let path = format!("/jobs/{}/result/{}", done.job, done.result["dataList"][0]["resultId"].as_str().unwrap());
    let head = client.send(client.request(Method::HEAD, &path)).await.expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), done.file.unwrap().body.len().to_string());
}

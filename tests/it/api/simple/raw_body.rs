//! `/http.input` with a body that is the file itself.

use reqwest::Method;

use super::{at_root, no_job, pdf, refused, whole};
use crate::support::{Site, documents, pdf as read};

#[tokio::test]
async fn a_bare_body_is_a_file_that_the_query_names() {
    let site = Site::new().await;
    let (_serve, _work, _client, simple) = whole(&site).await;
    let bytes = documents::pdf("", &[305]).bytes;
    for (query, content_type, header, name) in [
        ("?filename=Brief%20f%C3%BCr.pdf", "application/pdf", "", "Brief für.pdf"),
        ("?filename=a%2Bb+c.pdf", "application/x-www-form-urlencoded", "", "a+b c.pdf"),
        ("", "application/pdf", "", "document.pdf"),
        ("?filename=%E2%80%AE", "", "", "document.pdf"),
        ("", "application/octet-stream", "attachment; filename=\"from-header.bin\"", "from-header.pdf"),
    ] {
        let mut request = simple.request(Method::POST, &format!("/http.input/convert-to-pdf{query}"));
        for (name, value) in [("content-type", content_type), ("content-disposition", header)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        // Clients of this API accept whatever they like.
        let answer = simple.send(request.header("accept", "image/png").body(bytes.clone())).await;
        assert_eq!(read::widths(&pdf(&answer)), [305]);
        let offered = answer.header("content-disposition").split("filename*=UTF-8''").nth(1).unwrap().to_owned();
        let offered = percent_encoding::percent_decode_str(&offered).decode_utf8().unwrap().into_owned();
        assert_eq!(offered, name, "{query}");
    }
}

#[tokio::test]
async fn a_word_document_is_converted_without_a_word_of_what_it_is() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    let answer = at_root(&client)
        .post_body("/http.input/archive-pdfa2-default", "application/octet-stream", documents::docx("").bytes)
        .await;
    assert!(read::claims_pdfa2(&pdf(&answer)));
}

#[tokio::test]
async fn a_call_without_a_body_is_a_bad_request_and_makes_no_job() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    for request in [
        simple.request(Method::POST, "/http.input/convert-to-pdf"),
        simple.request(Method::POST, "/http.input/convert-to-pdf?filename=a.pdf").header("content-length", "0"),
        simple.request(Method::POST, "/http.input/convert-to-pdf").header("content-type", "application/pdf").body(""),
    ] {
        let answer = simple.send(request.header("accept", "application/xml")).await;
        assert!(refused(&answer).contains("no body"), "{}", answer.text());
    }
    assert_eq!(site.db.count("select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn a_document_that_is_too_large_is_a_problem_and_leaves_no_job() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_MAX_UPLOAD", "1MiB")]).await;
    let answer = at_root(&client).post_body("/http.input/convert-to-pdf", "", vec![b'x'; (1 << 20) + 1]).await;
    assert!(answer.problem(413).contains("1048576"), "{}", answer.text());
    no_job(&site).await;
    let answer = at_root(&client).post_body("/http.input/convert-to-pdf", "", vec![b'x'; 24 << 20]).await;
    answer.problem(413);
}

//! `/http.inputstructured`.

use axum::{Router, routing::get};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{all_gone, at_root, no_job, whole};
use crate::support::{
    Answer, Client, Site, documents, pdf as read,
    remote::{Remote, nobody},
};

const PATH: &str = "/http.inputstructured/convert-to-pdf";

async fn call(simple: &Client, body: &Value) -> Answer {
    simple.post_body(PATH, "application/json", body.to_string()).await
}

fn content(width: i64) -> String {
    BASE64_STANDARD.encode(documents::pdf("", &[width]).bytes)
}

/// The names of the files in an answer, and the first of them as a PDF.
fn files(answer: &Answer) -> (Vec<String>, lopdf::Document) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    let data = answer.json()["data"].as_array().unwrap().clone();
    let names = data.iter().map(|file| file["fileName"].as_str().unwrap().to_owned()).collect();
    let bytes = BASE64_STANDARD.decode(data[0]["content"].as_str().unwrap()).unwrap();
    (names, lopdf::Document::load_mem(&bytes).unwrap())
}

#[tokio::test]
async fn the_call_of_the_reference_is_answered_as_the_reference_says() {
    let site = Site::new().await;
    let (_serve, _work, _client, simple) = whole(&site).await;
    let answer = call(
        &simple,
        &json!({
            "name": "file-conversion",
            "data": [{ "fileName": "hello.txt", "content": "SGVsbG8gd29ybGQ=", "options": null }],
            "variables": { "customer": "4711" },
            "options": [{ "name": "META.TITLE", "value": "Hello" }]
        }),
    )
    .await;
    let (names, pdf) = files(&answer);
    assert_eq!(names, ["file-conversion.pdf"]);
    assert_eq!(read::info(&pdf, "Title").as_deref(), Some("Hello"));
    assert!(answer.header("x-job-id").starts_with("job_"));
    all_gone(&site).await;
}

#[tokio::test]
async fn documents_are_merged_in_the_order_of_the_list_wherever_they_come_from() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_EGRESS_ALLOW", "127.0.0.1")]).await;
    let _work = site.work();
    let remote =
        Remote::serving(Router::new().route("/there.pdf", get(|| async { documents::pdf("", &[302]).bytes }))).await;
    let url = remote.url("/there.pdf");
    // Members in another order than anybody would write them, options that need the job to be there, and an unknown member.
    let body = format!(
        r#"{{"options":[{{"name":"DOC.PASSWORD","value":"wrong"}}],
            "data":[{{"content":"{}","fileName":"a.pdf"}},{{"url":"{url}"}},{{"url":"{url}","fileName":"named.pdf","content":null}},
                    {{"options":[{{"name":"DOC.PASSWORD","value":"s3cret"}}],"fileName":"b.pdf","content":"{}"}}],
            "later":{{"data":[{{"content":"no"}}]}},"variables":null,"name":null}}"#,
        content(301).replace('/', "\\/"),
        BASE64_STANDARD.encode(documents::encrypted_pdf("b.pdf", "s3cret").bytes),
    );
    let answer = at_root(&client).post_body(&format!("{PATH}/"), "Application/JSON; charset=utf-8", body).await;
    let (names, pdf) = files(&answer);
    assert_eq!((names, read::widths(&pdf)), (vec!["a.pdf".to_owned()], vec![301, 302, 302, 300]));
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said_with_the_item_that_it_concerns() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_EGRESS_ALLOW", "127.0.0.1")]).await;
    let simple = at_root(&client);
    let good = json!({ "fileName": "a.txt", "content": "SGVsbG8=" });
    let away = format!("http://{}/a.pdf", nobody().await);
    for (body, said) in [
        (json!({ "data": [good, { "fileName": "b", "content": "%%%" }] }), vec!["data[1]", "Base64"]),
        (json!({ "data": [good, good, { "fileName": "b" }] }), vec!["data[2]", "neither 'url' nor 'content'"]),
        (json!({ "data": [{ "content": "SGVsbG8=" }] }), vec!["data[0]", "'fileName'"]),
        (json!({ "data": [{ "content": "SGVsbG8=", "fileName": " \u{202e}" }] }), vec!["data[0]", "'fileName'"]),
        (json!({ "data": [{ "content": 7, "fileName": "a" }] }), vec!["data[0]", "Base64"]),
        (json!({ "data": [{ "content": "SGVsbG8=", "url": "http://a/", "fileName": "a" }] }), vec!["data[0]", "both"]),
        (json!({ "data": [{ "url": "ftp://a/" }] }), vec!["data[0]", "http"]),
        (json!({ "data": [good, { "url": away }] }), vec!["data[1]", "could not be fetched"]),
        (json!({ "data": [good, { "url": "http://10.0.0.1/a" }] }), vec!["data[1]", "BINDERY_EGRESS_ALLOW"]),
        (json!({ "data": [{ "url": "http://a/", "options": [{ "name": "a" }] }] }), vec!["data[0]", "options"]),
        (
            json!({ "data": [{ "url": "http://a/", "options": [{ "name": "", "value": "" }] }] }),
            vec!["data[0]", "option 1"],
        ),
        (json!({ "data": [good], "options": {} }), vec!["options"]),
        (json!({ "data": [] }), vec!["'data'", "empty"]),
        (json!({ "data": null }), vec!["'data'", "empty"]),
        (json!({}), vec!["'data'", "missing"]),
        (json!({ "data": [good, "text"] }), vec!["JSON"]),
        (json!({ "data": [good], "name": 7 }), vec!["JSON"]),
        (json!([good]), vec!["JSON"]),
    ] {
        let answer = call(&simple, &body).await;
        let detail = answer.problem(400);
        assert!(said.iter().all(|word| detail.contains(word)), "{detail} does not say {said:?}");
    }
    for body in [
        "",
        "{",
        r#"{"data":[{"fileName":"a","content":"SGVsbG8="#,
        r#"{"data":[{"fileName":"a","content":"SGVsbG8="}]"#,
        r#"{"data":[{"fileName":"a","content":"SGVsbG8="}]}]"#,
        r#"{"data":[{"fileName":"a","content":"SGVsbG8=","content":"SGVsbG8="}]}"#,
        r#"{"data":[{"fileName":"a","content":"SGVsbG8="}],"data":[{"fileName":"a","content":"SGVsbG8="}]}"#,
    ] {
        simple.post_body(PATH, "application/json", body).await.problem(400);
    }
    no_job(&site).await;
    assert_eq!(site.db.count("select count(*) from tasks where kind <> 'purge'").await, 0);
    let _work = site.work();
    all_gone(&site).await;
}

#[tokio::test]
async fn only_json_of_a_bounded_length_besides_the_documents_is_read() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_MAX_UPLOAD", "1MiB")]).await;
    let simple = at_root(&client);
    assert!(simple.post_body(PATH, "text/xml", "<a/>").await.problem(415).contains("application/json"));
    simple.send(simple.request(Method::POST, PATH).body("{}")).await.problem(400);
    let long = json!({ "name": "x".repeat(5 << 20), "data": [] });
    assert!(call(&simple, &long).await.problem(413).contains("besides the contents"));
    let large = json!({ "data": [{ "fileName": "a", "content": BASE64_STANDARD.encode(vec![0; (1 << 20) + 1]) }] });
    assert!(call(&simple, &large).await.problem(413).contains("data[0]"));
    no_job(&site).await;
}

#[tokio::test]
async fn an_option_that_is_unknown_fails_the_job_and_not_the_call() {
    let site = Site::new().await;
    let (_serve, _work, _client, simple) = whole(&site).await;
    let body = json!({ "data": [{ "fileName": "a.txt", "content": "SGVsbG8=" }], "options": [{ "name": "DPI", "value": 300 }] });
    let answer = call(&simple, &body).await;
    assert!(answer.problem(422).contains("'DPI'"));
    assert_eq!(answer.json()["code"], "option");
}

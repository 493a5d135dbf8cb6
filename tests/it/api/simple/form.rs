//! `/http.input` with a form.

use super::{all_gone, at_root, no_job, pdf, refused, whole};
use crate::support::{
    Site,
    client::{Part, multipart},
    documents, pdf as read,
};

#[tokio::test]
async fn a_file_in_a_form_is_answered_with_its_pdf_and_nothing_of_it_stays() {
    let site = Site::new().await;
    let (_serve, _work, _client, simple) = whole(&site).await;
    let name = "filename*=UTF-8''Brief%20f%C3%BCr%20M%C3%BCller.pdf";
    let (content_type, body) = multipart(&[Part::raw(
        &format!("Content-Disposition: form-data; name=\"data\"; {name}"),
        documents::pdf("a.pdf", &[301]).bytes,
    )]);
    let answer = simple.post_body("/http.input/convert-to-pdf", &content_type, body).await;
    assert_eq!(read::widths(&pdf(&answer)), [301]);
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert!(answer.header("content-disposition").ends_with(name), "{}", answer.header("content-disposition"));
    assert!(answer.header("etag").len() == 66, "{}", answer.header("etag"));
    assert!(answer.header("x-job-id").starts_with("job_"), "{:?}", answer.headers);
    assert_eq!(answer.header("x-job-status"), "success");
    assert!(!answer.header("x-request-id").is_empty());
    all_gone(&site).await;
}

#[tokio::test]
async fn all_files_of_a_form_go_into_one_job_in_their_order_whatever_their_fields_are_called() {
    let site = Site::new().await;
    let (_serve, _work, _client, simple) = whole(&site).await;
    let file = |field: &str, width| {
        let headers = format!("Content-Disposition: form-data; name=\"{field}\"; filename=\"{width}.pdf\"");
        Part::raw(&headers, documents::pdf("", &[width]).bytes)
    };
    let note = Part::raw("Content-Disposition: form-data; name=\"note\"", "of a form");
    let empty = Part::raw("Content-Disposition: form-data; name=\"other\"; filename=\"\"", "");
    let unnamed = Part::raw(
        "Content-Disposition: form-data; name=\"data\"\nContent-Type: application/pdf",
        documents::pdf("", &[304]).bytes,
    );
    let parts = [note, file("data", 303), empty, file("files[]", 302), file("data", 301), unnamed];
    let (content_type, body) = multipart(&parts);
    let answer = simple.post_body("/http.input/archive-pdfa2-default/", &content_type, body).await;
    let result = pdf(&answer);
    assert_eq!(read::widths(&result), [303, 302, 301, 304]);
    assert!(read::claims_pdfa2(&result));
}

#[tokio::test]
async fn a_form_without_a_file_is_a_bad_request_in_words_and_makes_no_job() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    let field = |headers: &str, text: &str| Part::raw(&format!("Content-Disposition: form-data; {headers}"), text);
    for parts in [
        vec![],
        vec![field("name=\"note\"", "of a form")],
        vec![field("name=\"data\"", ""), field("name=\"data\"; filename=\"\"", "")],
    ] {
        let (content_type, body) = multipart(&parts);
        let answer = simple.post_body("/http.input/convert-to-pdf", &content_type, body).await;
        assert!(refused(&answer).contains("no file"), "{}", answer.text());
        assert_eq!(answer.json()["type"], "urn:bindery:problem:badRequest");
    }
    assert_eq!(site.db.count("select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn a_form_that_cannot_be_read_to_its_end_leaves_no_job() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    let (content_type, body) = multipart(&[Part::file("a.txt", "a"), Part::file("b.txt", "b")]);
    let cut = body[..body.len() - 30].to_vec();
    let answer = simple.post_body("/http.input/convert-to-pdf", &content_type, cut).await;
    assert!(refused(&answer).contains("closing boundary"), "{}", answer.text());
    no_job(&site).await;
    let answer = simple.post_body("/http.input/convert-to-pdf", "multipart/form-data", body).await;
    assert!(refused(&answer).contains("boundary"), "{}", answer.text());
}

use crate::support::{
    Site,
    client::{Part, multipart},
    until,
    wait::seconds,
};

#[tokio::test]
async fn options_may_come_before_or_after_the_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let options = || Part::options(r#"[{"name":"DOC.PASSWORD","value":"s3cret"}]"#);
    let data = || Part::file("a.txt", "a");
    let other = || Part::raw("Content-Disposition: form-data; name=\"_charset_\"", "utf-8");
    for parts in
        [vec![data(), options()], vec![options(), data()], vec![other(), options(), data(), other()], vec![data()]]
    {
        let (content_type, body) = multipart(&parts);
        client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    }
    assert_eq!(
        site.db.count("select count(*) from job_options where document_id is not null and value = 's3cret'").await,
        3
    );
    assert_eq!(site.db.count("select count(*) from documents").await, 4);
}

#[tokio::test]
async fn the_extended_file_name_wins_and_a_plain_one_may_be_of_any_letters() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    for headers in [
        "Content-Disposition: form-data; name=\"data\"; filename=\"brief.docx\"; filename*=UTF-8''Brief%20f%C3%BCr%20M%C3%BCller.docx",
        "Content-Disposition: form-data; name=\"data\"; filename*=utf-8''Brief%20f%C3%BCr%20M%C3%BCller.docx",
        "Content-Disposition: form-data; name=\"data\"; filename=\"Brief für Müller.docx\"",
    ] {
        let (content_type, body) = multipart(&[Part::raw(headers, "x")]);
        client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    }
    assert_eq!(site.db.count("select count(*) from documents where file_name = 'Brief für Müller.docx'").await, 3);
}

#[tokio::test]
async fn an_upload_that_cannot_be_understood_is_a_bad_request_and_adds_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let path = format!("/jobs/{job}/data");
    let no_name = Part::raw("Content-Disposition: form-data; name=\"data\"", "x");
    let empty_name = Part::raw("Content-Disposition: form-data; name=\"data\"; filename=\"\"", "x");
    for (parts, said) in [
        (vec![], "data"),
        (vec![Part::options("[]")], "data"),
        (vec![no_name], "file name"),
        (vec![empty_name], "file name"),
        (vec![Part::file("a.txt", "a"), Part::file("b.txt", "b")], "more than one"),
        (vec![Part::file("a.txt", "a"), Part::options("{")], "options"),
        (vec![Part::options("nonsense"), Part::file("a.txt", "a")], "options"),
    ] {
        let (content_type, body) = multipart(&parts);
        let detail = client.post_body(&path, &content_type, body).await.problem(400);
        assert!(detail.contains(said), "{detail}");
    }
    client.post_body(&path, "multipart/form-data", "x").await.problem(400);
    client.post_body(&path, "multipart/form-data; boundary=b", "--b\r\nnothing").await.problem(400);
    let (content_type, body) = multipart(&[Part::file("a.txt", "cut off in the middle")]);
    let cut = body.get(..body.len() - 40).unwrap().to_vec();
    client.post_body(&path, &content_type, cut).await.problem(400);
    assert_eq!(site.db.count("select count(*) from documents").await, 0);
    assert_eq!(site.db.count("select documents_open::bigint from jobs").await, 0);
    assert_eq!(site.db.count("select count(*) from tasks").await, 0);
}

#[tokio::test]
async fn another_content_type_is_unsupported() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let path = format!("/jobs/{job}/data");
    for declared in ["text/plain", "application/octet-stream", "multipart/mixed; boundary=b"] {
        client.post_body(&path, declared, "x").await.problem(415);
    }
    client.post(&path).await.problem(415);
    for declared in ["application/octet-stream", "text/html", "text/xml; charset=latin1"] {
        let headers = format!("Content-Disposition: form-data; name=\"options\"\nContent-Type: {declared}");
        let (content_type, body) = multipart(&[Part::file("a.txt", "a"), Part::raw(&headers, "[]")]);
        client.post_body(&path, &content_type, body).await.problem(415);
    }
    let options = Part::raw("Content-Disposition: form-data; name=\"options\"\nContent-Type: application/json", "[]");
    let (content_type, body) = multipart(&[Part::file("a.txt", "a"), options]);
    client.post_body(&path, &content_type, body).await.expect(201);
}

#[tokio::test]
async fn a_refused_upload_leaves_nothing_behind() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let path = format!("/jobs/{job}/data");
    let (content_type, body) = multipart(&[Part::file("a.txt", "a"), Part::file("b.txt", "b")]);
    client.post_body(&path, &content_type, body).await.problem(400);
    let (content_type, body) = multipart(&[Part::file("a.txt", "a"), Part::options(r#"[{"name":"","value":""}]"#)]);
    client.post_body(&path, &content_type, body).await.problem(400);
    // There is no worker that could purge.
    until("no blob is left", seconds(5), async || site.blob_files().is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_document_is_stored_before_it_is_answered() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let job = client.create().await;
    let (content_type, body) = multipart(&[Part::file("a.txt", "these bytes")]);
    client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    serve.kill();
    let files = site.blob_files();
    assert_eq!(files.len(), 1);
    assert_eq!(std::fs::read(&files[0]).unwrap(), b"these bytes");
    let stored = "select count(*) from documents where bytes = 11 and state = 'open'
                  and sha256 = sha256('these bytes'::bytea)";
    assert_eq!(site.db.count(stored).await, 1);
    assert_eq!(site.db.count("select count(*) from tasks where kind = 'convert'").await, 1);
}

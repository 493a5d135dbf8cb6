use std::{fs, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderValue, Response, header},
    response::Redirect,
    routing::get,
};
use reqwest::{Method, Url};
use serde_json::json;
use tokio::{io::AsyncWriteExt, sync::Semaphore};

use crate::support::{
    Answer, Client, Process, Site,
    authority::Authority,
    client::{Part, multipart},
    documents, pdf,
    remote::{Remote, chunks, nobody},
    until,
    wait::seconds,
};

/// The path and query that add a document by its URL.
fn by_url(job: &str, url: &str) -> String {
    let whole = Url::parse_with_params("http://h/", [("url", url)]).unwrap();
    format!("/jobs/{job}/data/?{}", whole.query().unwrap())
}

async fn add(client: &Client, job: &str, url: &str) -> Answer {
    client.post_body(&by_url(job, url), "application/json", "[]").await
}

/// An API that may call this machine.
async fn open(site: &Site) -> (Process, Client) {
    site.serve_with(&[("BINDERY_EGRESS_ALLOW", "127.0.0.1")]).await
}

/// Checks that a call failed as a problem of a type, and that nothing of it is left.
async fn check_nothing_left(site: &Site, answer: &Answer, status: u16, kind: &str, said: &str) {
    let detail = answer.problem(status);
    assert_eq!(answer.json()["type"], format!("urn:bindery:problem:{kind}"), "{detail}");
    assert!(detail.contains(said), "{detail}");
    until("no blob is left", seconds(5), async || site.blob_files().is_empty().then_some(())).await;
    let rows =
        "select (select count(*) from documents) + (select count(*) from tasks) + (select count(*) from job_options)
                + (select coalesce(sum(documents_open), 0) from jobs)::bigint";
    assert_eq!(site.db.count(rows).await, 0);
}

#[tokio::test]
async fn a_document_is_fetched_converted_and_merged_in_the_order_of_the_calls() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let _work = site.work();
    let gate = Arc::new(Semaphore::new(0));
    let behind_gate = {
        let gate = Arc::clone(&gate);
        move || async move {
            gate.acquire().await.unwrap().forget();
            documents::pdf("slow.pdf", &[301]).bytes
        }
    };
    let remote = Remote::serving(
        Router::new()
            .route("/slow.pdf", get(behind_gate))
            .route("/moved", get(|| async { Redirect::temporary("/fast.pdf") }))
            .route("/fast.pdf", get(|| async { documents::pdf("fast.pdf", &[303]).bytes })),
    )
    .await;
    let job = client.create().await;
    let slow = tokio::spawn({
        let (client, job, url) = (client.clone(), job.clone(), remote.url("/slow.pdf"));
        async move { add(&client, &job, &url).await }
    });
    remote.is_asked().await;
    client.add(&job, &documents::pdf("b.pdf", &[302])).await;
    let added = add(&client, &job, &remote.url("/moved")).await.expect(201).json();
    assert!(added["dataId"].as_str().unwrap().starts_with("doc_"), "{added}");
    assert_eq!(added.as_object().unwrap().len(), 1);
    gate.add_permits(1);
    slow.await.unwrap().expect(201);
    client.start(&job).await;
    let done = client.finish(&job).await;
    assert_eq!(done.result["dataList"][0]["fileName"], "slow.pdf");
    assert_eq!(pdf::widths(&done.pdf()), [301, 302, 303]);
}

#[tokio::test]
async fn a_fetched_document_is_stored_with_its_name_type_and_options() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let answer = || async { ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "these bytes") };
    let remote = Remote::serving(Router::new().route("/a.txt", get(answer))).await;
    let job = client.create().await;
    let options =
        json!([{ "name": "DOC.PASSWORD", "value": "one" }, { "name": "DOC.PASSWORD", "value": 2 }]).to_string();
    for body in [options.as_str(), ""] {
        let path = by_url(&job, &remote.url("/a.txt"));
        client.post_body(&path, "application/json; charset=utf-8", body.to_owned()).await.expect(201);
    }
    let stored = "select count(*) from documents where file_name = 'a.txt' and media_type = 'text/plain; charset=utf-8'
                  and bytes = 11 and state = 'open' and sha256 = sha256('these bytes'::bytea)";
    assert_eq!(site.db.count(stored).await, 2);
    assert_eq!(site.db.count("select count(*) from job_options where value in ('one', '2')").await, 2);
    assert_eq!(site.db.count("select count(*) from tasks where kind = 'convert'").await, 2);
    assert!(site.blob_files().iter().all(|file| fs::read(file).unwrap() == b"these bytes"));
}

#[tokio::test]
async fn a_document_fetched_under_a_key_is_added_once_and_what_was_not_fetched_keeps_no_key() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let remote = Remote::serving(
        Router::new().route("/a.txt", get(|| async { "these bytes" })).route("/b.txt", get(|| async { "other bytes" })),
    )
    .await;
    let job = client.create().await;
    let add = async |key: &str, path: &str| {
        let request = client.request(Method::POST, &by_url(&job, &remote.url(path))).header("idempotency-key", key);
        client.send(request.header(header::CONTENT_TYPE, "application/json").body("[]")).await
    };
    let first = add("a", "/a.txt").await.expect(201);
    assert_eq!(add("a", "/a.txt").await.expect(201).body, first.body);
    let other = add("a", "/b.txt").await;
    other.problem(409);
    assert_eq!(other.json()["type"], "urn:bindery:problem:idempotencyConflict");
    add("b", "/gone.txt").await.problem(400);
    add("b", "/b.txt").await.expect(201);
    assert_eq!(site.db.count("select count(*) from documents").await, 2);
    // The bytes that were only compared are not those that are stored.
    let _work = site.work();
    client.start(&job).await;
    assert_eq!(client.finish(&job).await.result["status"], "success");
}

#[tokio::test]
async fn a_fetched_document_is_named_by_its_host_else_by_its_url() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let offers: &'static [(&str, &[u8])] = &[
        ("plain", b"attachment; filename=\"Brief.docx\""),
        ("bare", b"attachment; filename=Brief.docx"),
        ("extended", b"attachment; filename=\"x.txt\"; filename*=UTF-8''Brief%20f%C3%BCr%20M%C3%BCller.docx"),
        ("utf8", b"attachment; filename=\"Brief f\xc3\xbcr M\xc3\xbcller.docx\""),
        ("latin1", b"attachment; filename=\"Brief f\xfcr M\xfcller.docx\""),
        ("none.txt", b"inline"),
        ("empty.txt", b"attachment; filename=\"\""),
        ("Gr%C3%BC%C3%9Fe%20%26%20mehr.txt", b"inline"),
        ("path", b"attachment; filename=\"../../etc/passwd\""),
    ];
    let answer = move |Path(name): Path<String>| async move {
        let known = |wanted: &str| name == percent_encoding::percent_decode_str(wanted).decode_utf8_lossy();
        let value = offers.iter().find(|(wanted, _)| known(wanted)).map_or(&b"inline"[..], |(_, value)| *value);
        let value = HeaderValue::from_bytes(value).unwrap();
        Response::builder().header(header::CONTENT_DISPOSITION, value).body(Body::from("a")).unwrap()
    };
    let root = || async { "a" };
    let remote = Remote::serving(Router::new().route("/{name}", get(answer)).route("/", get(root))).await;
    let job = client.create().await;
    for (path, _) in offers.iter().chain([&("", &b""[..])]) {
        add(&client, &job, &remote.url(&format!("/{path}?query=x.pdf"))).await.expect(201);
    }
    let mut conn = site.db.connect().await;
    let mut names: Vec<String> =
        sqlx::query_scalar("select file_name from documents").fetch_all(&mut conn).await.unwrap();
    names.sort_unstable();
    let mut expected = [
        "Brief.docx",
        "Brief.docx",
        "Brief für Müller.docx",
        "Brief für Müller.docx",
        "Brief für Müller.docx",
        "none.txt",
        "empty.txt",
        "Grüße & mehr.txt",
        "../../etc/passwd",
        "document",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    // A name is a label: files lie where we put them.
    assert!(site.blob_files().iter().all(|file| file.starts_with(site.blobs().join("jobs").join(&job))));
}

#[tokio::test]
async fn a_host_that_does_not_deliver_is_named_as_the_reason_and_nothing_is_left() {
    let site = Site::new().await;
    let limits = [("BINDERY_EGRESS_ALLOW", "127.0.0.1"), ("BINDERY_MAX_UPLOAD", "256KiB")];
    let (_serve, client) = site.serve_with(&limits).await;
    let job = client.create().await;
    let told = || async { vec![0_u8; (256 << 10) + 1] };
    let router = Router::new()
        .route("/broken", get(|| async { Response::builder().status(500).body(Body::from("a secret")).unwrap() }))
        .route("/endless", get(|| async { Body::from_stream(chunks(1 << 20)) }))
        .route("/large", get(told))
        .route("/round", get(|| async { Redirect::to("/round") }))
        .route("/packed", get(|| async { ([(header::CONTENT_ENCODING, "gzip")], "a") }));
    let remote = Remote::serving(router).await;
    for (path, status, kind, said) in [
        ("/missing", 400, "downloadFailed", "404"),
        ("/broken", 400, "downloadFailed", "500"),
        ("/round", 400, "downloadFailed", "redirects"),
        ("/packed", 400, "downloadFailed", "compressed"),
        ("/endless", 413, "tooLarge", "262144"),
        ("/large", 413, "tooLarge", "262144"),
    ] {
        let answer = add(&client, &job, &remote.url(path)).await;
        check_nothing_left(&site, &answer, status, kind, said).await;
        assert!(!answer.text().contains("secret"), "what was answered stays here");
    }
    let cut = Remote::by_hand(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n").await?;
        stream.write_all(&vec![b'a'; 100_000]).await
    })
    .await;
    check_nothing_left(&site, &add(&client, &job, &cut.url("/a")).await, 400, "downloadFailed", "broke off").await;
    let nobody = format!("http://{}/", nobody().await);
    check_nothing_left(&site, &add(&client, &job, &nobody).await, 400, "downloadFailed", "connection").await;
    // The job is as good as before.
    client.add(&job, &documents::text("a.txt")).await;
    assert_eq!(site.db.count("select count(*) from documents").await, 1);
}

#[tokio::test]
async fn this_machine_is_not_called_without_leave_nor_by_a_redirect() {
    let site = Site::new().await;
    let inside = Remote::serving(Router::new().route("/a.txt", get(|| async { "a" }))).await;
    let place = inside.url("/a.txt");
    let outside = Remote::serving(Router::new().route("/", get(|| async move { Redirect::to(&place) }))).await;
    let (_closed, client) = site.serve().await;
    let job = client.create().await;
    for url in [inside.url("/a.txt"), client.base.clone(), "http://localhost:1/".to_owned(), "http://[::1]/".to_owned()]
    {
        let answer = add(&client, &job, &url).await;
        check_nothing_left(&site, &answer, 400, "urlNotAllowed", "BINDERY_EGRESS_ALLOW").await;
    }
    let (_serve, client) = site.serve_with(&[("BINDERY_EGRESS_ALLOW", &outside.entry())]).await;
    let answer = add(&client, &job, &outside.url("/")).await;
    check_nothing_left(&site, &answer, 400, "urlNotAllowed", "redirect").await;
    assert!(inside.arrived().is_empty());
}

#[tokio::test]
async fn a_call_that_cannot_be_understood_calls_nobody() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let remote = Remote::serving(Router::new().route("/a.txt", get(|| async { "a" }))).await;
    let url = remote.url("/a.txt");
    let job = client.create().await;
    for bad in
        ["", " ", "a.txt", "/a.txt", "file:///etc/passwd", "ftp://127.0.0.1/a", "http://", "http://[::1/", "data:,a"]
    {
        check_nothing_left(&site, &add(&client, &job, bad).await, 400, "badRequest", "URL").await;
    }
    let data = format!("/jobs/{job}/data");
    client.post_body(&data, "application/json", "[]").await.problem(400);
    let twice = format!("{}&url=http://h/", by_url(&job, &url));
    client.post_body(&twice, "application/json", "").await.problem(400);
    for (declared, body, status) in [
        ("application/json", "{", 400),
        ("application/json", r#"[{"name":"","value":"x"}]"#, 400),
        ("text/plain", "[]", 415),
        ("application/x-www-form-urlencoded", "", 415),
    ] {
        client.post_body(&by_url(&job, &url), declared, body).await.problem(status);
    }
    client.post(&by_url(&job, &url)).await.problem(415);
    let unknown = "job_0000000000000000000000000";
    add(&client, unknown, &url).await.job_not_found(unknown);
    client.start(&job).await;
    add(&client, &job, &url).await.problem(409);
    assert!(remote.arrived().is_empty());
}

#[tokio::test]
async fn with_multipart_the_url_is_ignored() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let remote = Remote::serving(Router::new().route("/a.txt", get(|| async { "a" }))).await;
    let job = client.create().await;
    let (content_type, body) = multipart(&[Part::file("b.txt", "b")]);
    for url in [remote.url("/a.txt"), "nonsense".to_owned()] {
        client.post_body(&by_url(&job, &url), &content_type, body.clone()).await.expect(201);
    }
    assert_eq!(site.db.count("select count(*) from documents where file_name = 'b.txt'").await, 2);
    assert!(remote.arrived().is_empty());
}

#[tokio::test]
async fn a_job_that_is_deleted_meanwhile_gets_nothing() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let answer = move || async move {
        held.acquire().await.unwrap().forget();
        "a"
    };
    let remote = Remote::serving(Router::new().route("/a.txt", get(answer))).await;
    let job = client.create().await;
    let adding = tokio::spawn({
        let (client, job, url) = (client.clone(), job.clone(), remote.url("/a.txt"));
        async move { add(&client, &job, &url).await }
    });
    remote.is_asked().await;
    client.delete(&format!("/jobs/{job}")).await.expect(204);
    gate.add_permits(1);
    adding.await.unwrap().job_not_found(&job);
    until("no blob is left", seconds(5), async || site.blob_files().is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_download() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let gone = Arc::new(Semaphore::new(0));
    let hung_up = Arc::clone(&gone);
    let remote = Remote::by_hand(move |mut stream| {
        let hung_up = Arc::clone(&hung_up);
        async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\nsome bytes").await?;
            let read = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1]).await;
            hung_up.add_permits(1);
            read.map(|_| ())
        }
    })
    .await;
    let job = client.create().await;
    let adding = tokio::spawn({
        let (client, job, url) = (client.clone(), job.clone(), remote.url("/a.txt"));
        async move { add(&client, &job, &url).await }
    });
    until("the download has begun", seconds(10), async || (!site.blob_files().is_empty()).then_some(())).await;
    adding.abort();
    tokio::time::timeout(seconds(10), gone.acquire()).await.expect("the host sees the end").unwrap().forget();
    until("no blob is left", seconds(5), async || site.blob_files().is_empty().then_some(())).await;
    assert_eq!(site.db.count("select count(*) from documents").await, 0);
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    let site = Site::new().await;
    let dead = format!("http://{}", nobody().await);
    let proxies =
        ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"].map(|name| (name, dead.as_str()));
    let more: Vec<_> = proxies.into_iter().chain([("BINDERY_EGRESS_ALLOW", "127.0.0.1")]).collect();
    let (_serve, client) = site.serve_with(&more).await;
    let remote = Remote::serving(Router::new().route("/a.txt", get(|| async { "a" }))).await;
    let job = client.create().await;
    add(&client, &job, &remote.url("/a.txt")).await.expect(201);
}

#[tokio::test]
async fn https_is_spoken_with_hosts_that_the_machine_trusts() {
    let site = Site::new().await;
    let authority = Authority::new();
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\na text".to_owned();
    let remote = authority.host("localhost", answer, true).await;
    let url = format!("https://localhost:{}/a.txt", remote.address.port());
    let trusted = site.folder.path().join("trusted.pem");
    fs::write(&trusted, authority.pem()).unwrap();
    let allow = ("BINDERY_EGRESS_ALLOW", "127.0.0.1");
    let (_trusting, client) = site.serve_with(&[allow, ("SSL_CERT_FILE", trusted.to_str().unwrap())]).await;
    let job = client.create().await;
    add(&client, &job, &url).await.expect(201);
    let (_serve, client) = site.serve_with(&[allow]).await;
    assert!(add(&client, &job, &url).await.problem(400).contains("certificate"));
}

#[tokio::test]
async fn the_url_and_the_password_in_it_are_nowhere_in_the_log() {
    let site = Site::new().await;
    let (serve, client) =
        site.serve_with(&[("BINDERY_EGRESS_ALLOW", "127.0.0.1"), ("BINDERY_LOG", "bindery=debug")]).await;
    let remote = Remote::serving(Router::new().route("/very-private.txt", get(|| async { "a" }))).await;
    let job = client.create().await;
    for path in ["very-private.txt", "very-private-and-missing.txt"] {
        add(&client, &job, &format!("http://user:sesame@{}/{path}", remote.address)).await;
    }
    add(&client, &job, &format!("http://user:sesame@{}/very-private.txt", nobody().await)).await.problem(400);
    assert_eq!(site.db.count("select count(*) from documents").await, 1);
    let log = serve.output();
    assert!(!log.contains("sesame") && !log.contains("very-private"), "{log}");
}

#[tokio::test]
async fn a_bad_allow_list_is_reported_with_everything_else_that_is_wrong() {
    let site = Site::new().await;
    let wrong = [("BINDERY_EGRESS_ALLOW", "10.0.0.1/8,http://files.corp,ok.corp"), ("BINDERY_RETENTION", "soon")];
    let mut serve = site.start("serve", &wrong);
    let status = serve.ended(seconds(20)).await;
    assert!(!status.success());
    let said = serve.output();
    for part in ["BINDERY_EGRESS_ALLOW", "`10.0.0.1/8`", "`http://files.corp`", "BINDERY_RETENTION"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("ok.corp"), "{said}");
}

#[tokio::test]
async fn a_large_document_streams_through() {
    let site = Site::new().await;
    let (serve, client) = open(&site).await;
    let remote = Remote::serving(
        Router::new()
            .route("/large.bin", get(|| async { Body::from_stream(chunks(4096)) }))
            .route("/a.txt", get(|| async { "a" })),
    )
    .await;
    let job = client.create().await;
    add(&client, &job, &remote.url("/a.txt")).await.expect(201);
    let before = serve.peak_kib();
    let answer = client.send(
        client
            .request(Method::POST, &by_url(&job, &remote.url("/large.bin")))
            .header(header::CONTENT_TYPE, "application/json"),
    );
    answer.await.expect(201);
    let grown_mib = (serve.peak_kib() - before) / 1024;
    assert!(grown_mib < 64, "grown by {grown_mib} MiB");
    assert_eq!(site.db.count("select max(bytes) from documents").await, 256 << 20);
}

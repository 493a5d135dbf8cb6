//! What axum and hyper would answer by themselves, asked for byte by byte.

use tokio::io::AsyncWriteExt;

use crate::support::{Answer, Process, Site, by_hand};

const BASE: &str = "/conversion/v1.0/rest";

/// A request with a method, a target and more headers; the connection is closed after it.
fn request(method: &str, target: &str, headers: &str, body: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n{body}")
}

async fn ask(serve: &Process, method: &str, target: &str, headers: &str, body: &str) -> Answer {
    by_hand::exchange(serve, request(method, target, headers, body)).await
}

#[tokio::test]
async fn what_is_no_http_is_answered_with_a_problem() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    for (bytes, status) in [
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), 400),
        ("G\u{7f}T / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nbad\u{1}name: x\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nname: \0\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/2.0\r\nhost: a\r\n\r\n".to_owned(), 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505),
        (request("GET", &format!("/{}", "x".repeat(17_000)), "", ""), 414),
        (request("GET", &format!("{BASE}/jobs?name={}", "x".repeat(100_000)), "", ""), 414),
        (request("GET", BASE, &format!("a: {}\r\n", "x".repeat(70_000)), ""), 431),
        (request("GET", BASE, &"a: b\r\n".repeat(100), ""), 431),
    ] {
        let answer = by_hand::exchange(&serve, &bytes).await;
        answer.problem(status);
        assert!(!answer.header("x-request-id").is_empty() && !answer.header("date").is_empty());
    }
    client.get("/").await.expect(200);
    assert!(serve.output().contains("refused what is no request"), "it is in the log");
}

#[tokio::test]
async fn a_path_or_query_that_cannot_be_decoded_is_a_bad_request() {
    let site = Site::new().await;
    let (serve, _client) = site.serve().await;
    for target in [
        "/jobs/%",
        "/jobs/%zz",
        "/jobs/%ff",
        "/jobs/a/result/%C3",
        "/%",
        "/jobs?name=%",
        "/jobs?name=100%",
        "/jobs?workflow=%ff",
        "/jobs?%E0=a",
    ] {
        ask(&serve, "GET", &format!("{BASE}{target}"), "", "").await.problem(400);
        ask(&serve, "POST", &format!("{BASE}{target}"), "content-length: 0\r\n", "").await.problem(400);
    }
    let mut bytes = request("GET", &format!("{BASE}/jobs/?"), "", "").into_bytes();
    let place = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[place] = 0xFF;
    by_hand::exchange(&serve, bytes).await.problem(400);
    let in_xml = ask(&serve, "GET", &format!("{BASE}/jobs/%ff"), "accept: application/xml\r\n", "").await;
    in_xml.problem_in_xml(400);
}

#[tokio::test]
async fn a_body_that_is_framed_wrongly_or_breaks_off_is_a_bad_request() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let jobs = format!("{BASE}/jobs");
    ask(&serve, "POST", &jobs, "transfer-encoding: chunked\r\n", "nonsense\r\n").await.problem(400);
    ask(&serve, "POST", &jobs, "transfer-encoding: chunked\r\n", "2\r\n[]X").await.problem(400);
    ask(&serve, "POST", &jobs, "transfer-encoding: gzip\r\n", "").await.problem(400);
    ask(&serve, "POST", &jobs, "content-length: 2000000\r\n", "").await.problem(413);
    ask(
        &serve,
        "POST",
        &jobs,
        "transfer-encoding: chunked\r\ncontent-type: application/json\r\n",
        "2\r\n[]\r\n0\r\n\r\n",
    )
    .await
    .expect(201);
    let job = client.create().await;
    let upload = "--b\r\ncontent-disposition: form-data; name=\"data\"; filename=\"a.txt\"\r\n\r\na\r\n--b--\r\n";
    let mut stream = by_hand::connect(&serve).await;
    for _ in 0..2 {
        let head = format!(
            "POST {jobs}/{job}/data HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-type: multipart/form-data; boundary=b"
        );
        let bytes = format!("{head}\r\n\r\n{:x}\r\n{upload}\r\n0\r\n\r\n", upload.len());
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let added = by_hand::answer(&mut stream).await.expect(201);
        assert_eq!(added.header("connection"), "", "the end of the upload was seen, so that the connection goes on");
    }
    let multipart = "transfer-encoding: chunked\r\ncontent-type: multipart/form-data; boundary=b\r\n";
    ask(&serve, "POST", &format!("{BASE}/jobs/{job}/data"), multipart, "nonsense\r\n").await.problem(400);
}

#[tokio::test]
async fn a_list_that_is_far_too_long_is_refused_and_its_sender_gets_to_read_that() {
    let site = Site::new().await;
    let (serve, _client) = site.serve().await;
    let body = " ".repeat(20 << 20);
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (framing, body) in [
        (format!("content-length: {}\r\n", body.len()), &body),
        ("transfer-encoding: chunked\r\n".to_owned(), &chunked),
    ] {
        ask(&serve, "POST", &format!("{BASE}/jobs"), &framing, body).await.problem(413);
    }
}

#[tokio::test]
async fn a_body_is_asked_for_only_when_it_is_wanted() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let head = |path: &str, headers: &str| {
        request("POST", &format!("{BASE}{path}"), &format!("content-length: 2\r\n{headers}"), "")
    };
    let mut stream = by_hand::connect(&serve).await;
    stream.write_all(head("/jobs", "expect: 100-continue\r\n").as_bytes()).await.unwrap();
    assert_eq!(by_hand::answer(&mut stream).await.status, 100);
    stream.write_all(b"[]").await.unwrap();
    by_hand::answer(&mut stream).await.expect(201);
    for (path, headers, status) in [
        ("/jobs", "expect: 100-continue\r\ncontent-type: text/plain\r\n", 415),
        ("/jobs", "expect: 100-continue\r\naccept: text/html\r\n", 406),
        ("/jobs?name=%", "expect: 100-continue\r\n", 400),
        ("/nothing", "expect: 100-continue\r\n", 404),
        ("/jobs", "expect: more\r\n", 417),
        ("/jobs", "expect: 100-continue\r\nexpect: more\r\n", 417),
    ] {
        by_hand::exchange(&serve, head(path, headers)).await.problem(status);
    }
    assert_eq!(client.get("/jobs").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn options_tells_which_methods_there_are_and_odd_methods_are_not_allowed() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let job = client.create().await;
    let allowed = |answer: &Answer| -> Vec<String> {
        let mut methods: Vec<_> = answer.header("allow").split(',').map(|method| method.trim().to_owned()).collect();
        methods.sort();
        methods
    };
    for (target, methods) in [
        (BASE.to_owned(), vec!["GET", "HEAD", "OPTIONS"]),
        (format!("{BASE}/workflows/"), vec!["GET", "HEAD", "OPTIONS"]),
        (format!("{BASE}/jobs"), vec!["GET", "HEAD", "OPTIONS", "POST"]),
        (format!("{BASE}/jobs/{job}"), vec!["DELETE", "GET", "HEAD", "OPTIONS"]),
        (format!("{BASE}/jobs/{job}:start"), vec!["OPTIONS", "POST"]),
        (format!("{BASE}/jobs/{job}/data"), vec!["OPTIONS", "POST"]),
        ("/healthz".to_owned(), vec!["GET", "HEAD", "OPTIONS"]),
        ("*".to_owned(), vec!["DELETE", "GET", "HEAD", "OPTIONS", "POST"]),
    ] {
        let told = ask(&serve, "OPTIONS", &target, "", "").await.expect(204);
        assert_eq!(allowed(&told), methods, "{target}");
        assert!(told.body.is_empty());
        if target != "*" {
            for odd in ["PATCH", "TRACE", "PROPFIND"] {
                let refused = ask(&serve, odd, &target, "", "").await;
                refused.problem(405);
                assert_eq!(allowed(&refused), methods, "{odd} {target}");
            }
        }
    }
    ask(&serve, "OPTIONS", "/nothing", "", "").await.problem(404);
    ask(&serve, "GET", "*", "", "").await.problem(404);
    let connect = ask(&serve, "CONNECT", "localhost:80", "", "").await;
    assert!((400..500).contains(&connect.status));
    connect.problem(connect.status);
}

#[tokio::test]
async fn a_request_in_absolute_form_and_one_in_http_1_0_are_answered() {
    let site = Site::new().await;
    let (serve, _client) = site.serve().await;
    ask(&serve, "GET", &format!("http://localhost:1{BASE}/workflows/"), "", "").await.expect(200);
    by_hand::exchange(&serve, format!("GET {BASE}/workflows HTTP/1.0\r\n\r\n")).await.expect(200);
    by_hand::exchange(&serve, "GET /nothing HTTP/1.0\r\n\r\n").await.problem(404);
}

#[tokio::test]
async fn one_connection_serves_many_requests_and_ends_with_the_first_that_is_none() {
    let site = Site::new().await;
    let (serve, _client) = site.serve().await;
    let mut stream = by_hand::connect(&serve).await;
    let one = format!("GET {BASE}/workflows HTTP/1.1\r\nhost: a\r\n\r\n");
    stream.write_all(format!("{one}{one}").as_bytes()).await.unwrap();
    by_hand::answer(&mut stream).await.expect(200);
    by_hand::answer(&mut stream).await.expect(200);
    stream.write_all(format!("{one}nonsense\r\n\r\n").as_bytes()).await.unwrap();
    by_hand::answer(&mut stream).await.expect(200);
    let last = by_hand::answer(&mut stream).await;
    last.problem(400);
    assert_eq!(last.header("connection"), "close");
    assert_eq!(tokio::io::AsyncReadExt::read(&mut stream, &mut [0]).await.unwrap(), 0);
}

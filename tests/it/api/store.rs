use std::{
    fs::File,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::DefaultBodyLimit,
    http::{Response, StatusCode},
    response::Redirect,
    routing::{any, put},
};
use futures_util::StreamExt;
use reqwest::Url;

use crate::support::{
    Answer, Client, Process, Site, documents,
    remote::{Remote, nobody},
};

/// The path and query that store a result at a URL.
fn store_at(job: &str, result: &str, verb: &str, url: &str) -> String {
    let whole = Url::parse_with_params("http://h/", [("url", url)]).unwrap();
    format!("/jobs/{job}/result/{result}:{verb}?{}", whole.query().unwrap())
}

/// An API that may call this machine.
async fn open(site: &Site) -> (Process, Client) {
    site.serve_with(&[("BINDERY_EGRESS_ALLOW", "127.0.0.1")]).await
}

/// A completed job: its id, that of its result, and the file.
async fn completed(site: &Site, client: &Client) -> (String, String, Answer) {
    let mut work = site.work();
    let done =
        client.convert_with("?name=Brief%20f%C3%BCr%20M%C3%BCller", &[], &[documents::pdf("a.pdf", &[300])]).await;
    work.stop(crate::support::wait::seconds(40)).await;
    let result = done.result["dataList"][0]["resultId"].as_str().unwrap().to_owned();
    (done.job, result, done.file.unwrap())
}

fn kind(answer: &Answer) -> String {
    answer.json()["type"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_result_is_put_or_posted_with_all_that_is_said_of_it() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let (job, result, file) = completed(&site, &client).await;
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = {
        let kept = Arc::clone(&kept);
        move |bytes: Bytes| async move {
            kept.lock().unwrap().push(bytes);
            StatusCode::CREATED
        }
    };
    let router =
        Router::new().route("/in/box", any(keep)).route("/moved", any(|| async { Redirect::permanent("/in/box?a=b") }));
    let remote = Remote::serving(router).await;
    for (verb, path) in [("put", "/in/box?a=b"), ("post", "/in/box?a=b"), ("put", "/moved")] {
        let answer = client.post(&store_at(&job, &result, verb, &remote.url(path))).await.expect(204);
        assert!(answer.body.is_empty());
        let arrived = remote.arrived().pop().unwrap();
        assert_eq!(arrived.method.as_str().to_lowercase(), verb);
        assert_eq!(arrived.uri, "/in/box?a=b");
        for name in ["content-type", "content-length", "content-disposition"] {
            assert_eq!(arrived.header(name), file.header(name), "{name}");
        }
        assert_eq!(kept.lock().unwrap().pop().unwrap(), file.body);
    }
    // With a slash at the end, with a body that nobody reads, and as often as wanted.
    let path = store_at(&job, &result, "put", &remote.url("/in/box")).replace(":put?", ":put/?");
    client.post_body(&path, "application/json", "[]").await.expect(204);
    assert_eq!(client.get(&format!("/jobs/{job}/result/{result}")).await.expect(200).body, file.body);
}

#[tokio::test]
async fn a_host_that_does_not_take_a_result_is_named_as_the_reason() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let (job, result, _) = completed(&site, &client).await;
    let refuse = || async { Response::builder().status(500).body(Body::from("a secret")).unwrap() };
    let remote = Remote::serving(Router::new().route("/refuse", put(refuse))).await;
    let cut = Remote::by_hand(|stream| async move {
        drop(stream);
        Ok(())
    })
    .await;
    let nobody = format!("http://{}/", nobody().await);
    for (url, said) in [
        (remote.url("/refuse"), "500"),
        (remote.url("/missing"), "404"),
        (cut.url("/"), "broke off"),
        (nobody, "connection"),
    ] {
        let answer = client.post(&store_at(&job, &result, "put", &url)).await;
        let detail = answer.problem(400);
        assert_eq!(kind(&answer), "urn:bindery:problem:storeFailed");
        assert!(detail.contains(said) && !detail.contains("secret"), "{detail}");
    }
    let answer = client.post(&store_at(&job, &result, "post", &remote.url("/refuse"))).await;
    assert!(answer.problem(400).contains("405"), "it takes no POST");
}

#[tokio::test]
async fn a_result_goes_nowhere_inside_without_leave() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let (job, result, _) = completed(&site, &client).await;
    let remote = Remote::serving(Router::new().route("/", any(|| async { "thank you" }))).await;
    let answer = client.post(&store_at(&job, &result, "put", &remote.url("/"))).await;
    assert!(answer.problem(400).contains("BINDERY_EGRESS_ALLOW"));
    assert_eq!(kind(&answer), "urn:bindery:problem:urlNotAllowed");
    assert!(remote.arrived().is_empty());
}

#[tokio::test]
async fn a_call_to_store_that_cannot_be_understood_is_a_bad_request() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let (job, result, _) = completed(&site, &client).await;
    let remote = Remote::serving(Router::new().route("/", any(|| async { "thank you" }))).await;
    for verb in ["patch", "get", "PUT", "start", "delete", "x"] {
        let detail = client.post(&store_at(&job, &result, verb, &remote.url("/"))).await.problem(400);
        assert!(detail.contains(":put") && detail.contains(verb), "{detail}");
    }
    let path = format!("/jobs/{job}/result/{result}:put");
    client.post(&path).await.problem(400);
    for bad in ["", "a", "/a", "file:///tmp/a", "ftp://127.0.0.1/", "http://"] {
        let answer = client.post(&store_at(&job, &result, "put", bad)).await;
        answer.problem(400);
        assert_eq!(kind(&answer), "urn:bindery:problem:badRequest", "{bad}");
    }
    client.get(&path).await.problem(405);
    // The inner spelling of a verb is nobody's.
    client.post(&format!("/jobs/{job}/result/{result}/~put?url={}", remote.url("/"))).await.problem(404);
    assert!(remote.arrived().is_empty());
}

#[tokio::test]
async fn what_is_not_there_or_not_yet_is_not_stored() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let remote = Remote::serving(Router::new().route("/", any(|| async { "thank you" }))).await;
    let url = remote.url("/");
    let creating = client.create().await;
    client.post(&store_at(&creating, "res_1", "put", &url)).await.problem(409);
    let pending = client.begin(&[documents::text("a.txt")]).await;
    client.post(&store_at(&pending, "res_1", "post", &url)).await.problem(409);
    client.delete(&format!("/jobs/{pending}")).await.expect(202);
    client.post(&store_at(&pending, "res_1", "post", &url)).await.job_not_found(&pending);
    let (job, _, _) = completed(&site, &client).await;
    for result in ["res_1", "nonsense"] {
        let answer = client.post(&store_at(&job, result, "put", &url)).await;
        assert!(answer.problem(404).contains(result));
        assert_eq!(kind(&answer), "urn:bindery:problem:resultNotFound");
    }
    for unknown in ["job_0000000000000000000000000", "x"] {
        client.post(&store_at(unknown, "res_1", "put", &url)).await.job_not_found(unknown);
    }
    assert!(remote.arrived().is_empty());
}

#[tokio::test]
async fn a_large_result_streams_through() {
    let site = Site::new().await;
    let (serve, client) = open(&site).await;
    let (job, result, _) = completed(&site, &client).await;
    let received = Arc::new(AtomicU64::new(0));
    let count = {
        let received = Arc::clone(&received);
        move |body: Body| async move {
            let mut chunks = body.into_data_stream();
            while let Some(Ok(chunk)) = chunks.next().await {
                received.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            }
        }
    };
    let router = Router::new().route("/", put(count)).layer(DefaultBodyLimit::disable());
    let remote = Remote::serving(router).await;
    client.post(&store_at(&job, &result, "put", &remote.url("/"))).await.expect(204);
    // No document makes a result of such a size in reasonable time, so the file in the store is replaced.
    let (before, small) = (serve.peak_kib(), received.swap(0, Ordering::Relaxed));
    assert!(small > 0);
    let blobs = site.blob_files();
    let blob = blobs.iter().find(|file| file.parent().is_some_and(|folder| folder.ends_with("results"))).unwrap();
    File::options().write(true).open(blob).unwrap().set_len(256 << 20).unwrap();
    site.db.execute("update results set bytes = 256 << 20").await;
    client.post(&store_at(&job, &result, "put", &remote.url("/"))).await.expect(204);
    assert_eq!(received.load(Ordering::Relaxed), 256 << 20);
    let grown_mib = (serve.peak_kib() - before) / 1024;
    assert!(grown_mib < 64, "grown by {grown_mib} MiB");
}

#[tokio::test]
async fn a_result_whose_file_is_gone_is_trouble_of_ours() {
    let site = Site::new().await;
    let (_serve, client) = open(&site).await;
    let (job, result, _) = completed(&site, &client).await;
    let remote = Remote::serving(Router::new().route("/", any(|| async { "thank you" }))).await;
    for file in site.blob_files() {
        std::fs::remove_file(file).unwrap();
    }
    let answer = client.post(&store_at(&job, &result, "put", &remote.url("/"))).await;
    answer.problem(500);
    assert!(remote.arrived().is_empty());
}

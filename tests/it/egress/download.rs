use axum::{
    Router,
    body::Body,
    http::{Response, header},
    response::Redirect,
    routing::get,
};
use bindery::egress::Error;

use super::{BYTES_MAX, fetch, target};
use crate::support::remote::{Remote, chunks, egress};

#[tokio::test]
async fn a_document_comes_with_its_header_and_the_name_of_its_url() {
    let answer = || async { ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "Grüße") };
    let remote = Remote::serving(Router::new().route("/x/{name}", get(answer))).await;
    let out = egress("127.0.0.1");
    let download = out.get(&target(&remote.url("/x/Gr%C3%BC%C3%9Fe.txt?a=b")), BYTES_MAX).await.unwrap();
    assert_eq!(download.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(download.name.as_deref(), Some("Grüße.txt"));
    assert_eq!(fetch(&out, &remote.url("/x/a")).await.unwrap(), "Grüße");
}

#[tokio::test]
async fn redirects_of_every_kind_are_followed_and_the_last_url_gives_the_name() {
    let mut router = Router::new().route("/end/last.txt", get(|| async { "the end" }));
    for code in [301_u16, 302, 303, 307, 308] {
        let moved = move || async move {
            Response::builder().status(code).header(header::LOCATION, "../end/./last.txt").body(Body::empty()).unwrap()
        };
        router = router.route(&format!("/by/{code}"), get(moved));
    }
    let remote = Remote::serving(router).await;
    for code in [301, 302, 303, 307, 308] {
        let url = remote.url(&format!("/by/{code}"));
        let download = egress("127.0.0.1").get(&target(&url), BYTES_MAX).await.unwrap();
        assert_eq!(download.name.as_deref(), Some("last.txt"), "{code}");
        assert_eq!(fetch(&egress("127.0.0.1"), &url).await.unwrap(), "the end");
    }
}

#[tokio::test]
async fn a_last_url_without_a_name_leaves_that_of_the_first() {
    let router =
        Router::new().route("/report.pdf", get(|| async { Redirect::to("/") })).route("/", get(|| async { "the end" }));
    let remote = Remote::serving(router).await;
    let out = egress("127.0.0.1");
    let download = out.get(&target(&remote.url("/report.pdf")), BYTES_MAX).await.unwrap();
    assert_eq!(download.name.as_deref(), Some("report.pdf"));
    let download = out.get(&target(&remote.url("/")), BYTES_MAX).await.unwrap();
    assert_eq!(download.name, None);
}

#[tokio::test]
async fn a_chain_is_followed_so_far_and_no_further() {
    let hop = |axum::extract::Path(left): axum::extract::Path<u8>| async move {
        match left {
            0 => Redirect::to("/end"),
            left => Redirect::to(&format!("/hop/{}", left - 1)),
        }
    };
    let router = Router::new()
        .route("/hop/{left}", get(hop))
        .route("/end", get(|| async { "the end" }))
        .route("/round", get(|| async { Redirect::to("/round") }));
    let remote = Remote::serving(router).await;
    let out = egress("127.0.0.1");
    assert_eq!(fetch(&out, &remote.url("/hop/2")).await.unwrap(), "the end", "three redirects");
    assert_eq!(fetch(&out, &remote.url("/hop/3")).await.unwrap_err(), Error::TooManyRedirects { max: 3 });
    assert_eq!(fetch(&out, &remote.url("/round")).await.unwrap_err(), Error::TooManyRedirects { max: 3 });
}

#[tokio::test]
async fn only_a_whole_document_is_one() {
    let answer = |axum::extract::Path(code): axum::extract::Path<u16>| async move {
        Response::builder().status(code).body(Body::from(if code == 204 { "" } else { "something" })).unwrap()
    };
    let remote = Remote::serving(Router::new().route("/{code}", get(answer))).await;
    let out = egress("127.0.0.1");
    for code in [200, 203] {
        assert_eq!(fetch(&out, &remote.url(&format!("/{code}"))).await.unwrap(), "something", "{code}");
    }
    for code in [201, 202, 204, 206, 300, 400, 401, 403, 404, 410, 429, 500, 503] {
        let error = fetch(&out, &remote.url(&format!("/{code}"))).await.unwrap_err();
        assert_eq!(error, Error::Status { code });
        assert!(error.to_string().contains(&code.to_string()), "{error}");
    }
    // A redirect that leads nowhere.
    for code in [301, 307] {
        let error = fetch(&out, &remote.url(&format!("/{code}"))).await.unwrap_err();
        assert!(matches!(error, Error::Unusable { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_comes_compressed_although_it_was_not_asked_for_is_of_no_use() {
    let packed = || async { ([(header::CONTENT_ENCODING, "gzip")], "bytes") };
    let plain = || async { ([(header::CONTENT_ENCODING, "identity")], "bytes") };
    let remote = Remote::serving(Router::new().route("/packed", get(packed)).route("/plain", get(plain))).await;
    let out = egress("127.0.0.1");
    assert!(matches!(fetch(&out, &remote.url("/packed")).await, Err(Error::Unusable { .. })));
    assert_eq!(fetch(&out, &remote.url("/plain")).await.unwrap(), "bytes");
}

#[tokio::test]
async fn a_document_may_be_as_large_as_the_limit_says_and_no_larger() {
    let exact = BYTES_MAX / (64 << 10);
    let answer =
        |axum::extract::Path(count): axum::extract::Path<usize>| async move { Body::from_stream(chunks(count)) };
    let told = || async { Body::from(vec![0; usize::try_from(BYTES_MAX).unwrap() + 1]) };
    let router = Router::new().route("/chunks/{count}", get(answer)).route("/told", get(told));
    let remote = Remote::serving(router).await;
    let out = egress("127.0.0.1");
    assert_eq!(fetch(&out, &remote.url(&format!("/chunks/{exact}"))).await.unwrap().len() as u64, BYTES_MAX);
    let too_large = Error::TooLarge { max: BYTES_MAX };
    assert_eq!(fetch(&out, &remote.url(&format!("/chunks/{}", exact + 1))).await.unwrap_err(), too_large);
    // Endless, for all that matters here.
    assert_eq!(fetch(&out, &remote.url("/chunks/1000000")).await.unwrap_err(), too_large);
    // One that says its length is refused before its first byte.
    assert_eq!(out.get(&target(&remote.url("/told")), BYTES_MAX).await.unwrap_err(), too_large);
}

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::{any, post},
};
use bindery::egress::{Error, Question};
use bytes::Bytes;

use super::target;
use crate::support::remote::{Remote, SHORT, chunks, egress};

fn question(time_max: Duration) -> Question {
    let (media_type, answer_type) = ("text/question", "text/answer");
    Question { media_type, answer_type, bytes: Bytes::from("why"), answer_bytes_max: 10, time_max }
}

async fn ask(remote: &Remote, path: &str) -> Result<Bytes, Error> {
    egress("127.0.0.1").ask(&target(&remote.url(path)), &question(SHORT.time_max)).await
}

#[tokio::test]
async fn a_question_is_put_with_its_type_again_behind_a_redirect_and_its_answer_is_whole() {
    let echo = |body: Bytes| async move { [&body, "!".as_bytes()].concat() };
    let away = || async { Redirect::temporary("/echo") };
    let remote = Remote::serving(Router::new().route("/echo", post(echo)).route("/away", post(away))).await;
    assert_eq!(ask(&remote, "/away").await.unwrap(), "why!");
    let arrived = remote.arrived();
    assert_eq!(arrived.len(), 2);
    for request in arrived {
        assert_eq!((request.header("content-type"), request.header("accept")), ("text/question", "text/answer"));
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_none_is_refused() {
    let router = Router::new()
        .route("/told", any(|| async { "more than ten" }))
        .route("/endless", any(|| async { Body::from_stream(chunks(1 << 20)) }))
        .route("/other", any(|| async { Redirect::to("/told") }))
        .route("/empty", any(|| async { StatusCode::NO_CONTENT.into_response() }))
        .route("/round", any(|| async { Redirect::temporary("/round") }));
    let remote = Remote::serving(router).await;
    for path in ["/told", "/endless"] {
        assert_eq!(ask(&remote, path).await.unwrap_err(), Error::Unusable { what: "is too long" });
    }
    for (path, code) in [("/other", 303), ("/empty", 204), ("/missing", 404)] {
        assert_eq!(ask(&remote, path).await.unwrap_err(), Error::Status { code });
    }
    assert_eq!(ask(&remote, "/round").await.unwrap_err(), Error::TooManyRedirects { max: SHORT.redirects_max });
}

#[tokio::test]
async fn a_question_has_its_own_time() {
    let remote = Remote::by_hand(|stream| async move {
        let _stream = stream;
        std::future::pending().await
    })
    .await;
    let short = Duration::from_millis(100);
    let asked = egress("127.0.0.1").ask(&target(&remote.url("/")), &question(short)).await;
    assert!(matches!(asked, Err(Error::TooSlow { .. })), "{asked:?}");
}

#[tokio::test]
async fn a_question_is_put_to_nobody_inside_the_walls() {
    let remote = Remote::serving(Router::new().route("/", any(|| async { "a" }))).await;
    let asked = egress("127.0.0.1:1").ask(&target(&remote.url("/")), &question(SHORT.time_max)).await;
    assert_eq!(asked.unwrap_err(), Error::NotAllowed { redirected: false });
    assert!(remote.arrived().is_empty());
}

//! What HTTP alone costs: the same calls, each answered with a constant of the length that the service has.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
    serve::ListenerExt as _,
};
use bytes::Bytes;

use crate::{BASE, say};

const INFO: &str = r#"{"jobId":"job_1ch95bxu2k3bbxsgvvkxzo7ew","status":{"code":"creating","message":"Waiting for the start; 0 of 1 documents converted."}}"#;
const CREATED: &str = r#"{"jobId":"job_1ch95bxu2k3bbxsgvvkxzo7ew","status":{"code":"creating","message":"Add documents, then start the job."}}"#;
const ADDED: &str = r#"{"dataId":"doc_1ch95bxu2k3bbxsgvvkxzo7ew"}"#;

/// Serves on a free port, says where, and never ends.
pub(crate) async fn run() {
    let routes = Router::new()
        .route("/jobs", post(async |_: Bytes| answer(StatusCode::CREATED, CREATED)))
        .route("/jobs/{id}", get(async || answer(StatusCode::OK, INFO)))
        .route("/jobs/{id}/data", post(async |_: Bytes| answer(StatusCode::CREATED, ADDED)))
        .layer(DefaultBodyLimit::disable());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    say(&format!("serving http://{}", listener.local_addr().expect("it is bound")));
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("it is a socket"));
    axum::serve(listener, Router::new().nest(BASE, routes)).await.expect("it serves");
}

fn answer(status: StatusCode, text: &'static str) -> impl IntoResponse {
    (status, [(header::CONTENT_TYPE, "application/json")], text)
}

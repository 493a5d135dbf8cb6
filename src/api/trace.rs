//! One log line a request, and an id that links it to the answer.

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use crate::domain::limits;

/// Name of the header with the id.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The id of the request that is being answered.
    static CURRENT: String;
}

/// The id of the request that is being answered, for what goes into the answer.
pub(super) fn request_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Gives the request an id, runs it in a span, and logs how it ended. Bodies and names are not logged, and reads that went well
/// only for who wants to know it exactly: clients that poll are most of the traffic.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let id = brought_along(request.headers()).unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
    // The router finds the route, further in.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let span = tracing::info_span!("request", request.id = %id, http.method = %request.method(), http.route = Empty);
    let began = Instant::now();
    let mut response = CURRENT.scope(id.clone(), next.run(request)).instrument(span.clone()).await;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status();
    span.in_scope(|| {
        if reads && !status.is_client_error() && !status.is_server_error() {
            tracing::debug!(http.status = status.as_u16(), duration_ms, "request");
        } else {
            tracing::info!(http.status = status.as_u16(), duration_ms, "request");
        }
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Notes in the span of a request which route it takes.
pub(super) fn note_route(request: &Request) {
    let route = request.extensions().get::<MatchedPath>().map(|path| super::paths::public(path.as_str()));
    tracing::Span::current().record("http.route", route.as_deref().unwrap_or("unknown"));
}

/// The id that a client or a proxy gave the request, if it is fit for a log.
fn brought_along(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fits = (1..=limits::REQUEST_ID_BYTES_MAX).contains(&id.len());
    (fits && id.bytes().all(|byte| byte.is_ascii_graphic())).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_fit_for_a_log_is_taken_over_and_no_other() {
        let taken = |value: &[u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            brought_along(&HeaderMap::from_iter([(REQUEST_ID, value)]))
        };
        assert_eq!(taken(b"7f3a-(b)").as_deref(), Some("7f3a-(b)"));
        assert_eq!(taken(&[b'a'; 64]).unwrap().len(), 64);
        for bad in [&[b'a'; 65][..], b"", b"two words", "gr\u{fc}n".as_bytes()] {
            assert_eq!(taken(bad), None);
        }
        assert_eq!(brought_along(&HeaderMap::new()), None);
    }
}

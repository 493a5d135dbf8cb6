use std::sync::LazyLock;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{document::document, operation, page, parameters};
use crate::api::result::is_known;

/// A file that is the same for everybody.
struct Fixed {
    bytes: Bytes,
    tag: String,
    headers: Vec<(HeaderName, String)>,
}

static OPENAPI: LazyLock<Fixed> =
    LazyLock::new(|| Fixed::new(document(), vec![(header::CONTENT_TYPE, "application/json".to_owned())]));

static DOCS: LazyLock<Fixed> = LazyLock::new(|| {
    let page = page::page();
    let policy = format!(
        "default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        page.style_hash
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Fixed::new(page.html, headers.map(|(name, value)| (name, value.to_owned())).into())
});

impl Fixed {
    fn new(text: String, headers: Vec<(HeaderName, String)>) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { bytes: text.into(), tag: format!("\"{hex}\""), headers }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let mut response = if known.is_some_and(|known| is_known(known, &self.tag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.bytes.clone().into_response()
        };
        let fixed = [(header::ETAG, self.tag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
        for (name, value) in fixed.into_iter().chain(self.headers.iter().cloned()) {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

operation!("service", GetOpenapi);

/// Gives this document.
#[utoipa::path(
    get, path = "/openapi.json", impl_for = GetOpenapi, operation_id = "getOpenapi",
    params(parameters::IfNoneMatch),
    responses(
        (
            status = 200, description = "The document.", content_type = "application/json", body = inline(parameters::Document),
            headers(("ETag" = String, description = "Its SHA-256, in quotes."))
        ),
        (
            status = 304, description = "The document is the one that `If-None-Match` names.",
            headers(("ETag" = String, description = "Its SHA-256, in quotes."))
        )
    )
)]
pub(in crate::api) async fn get_openapi(headers: HeaderMap) -> Response {
    OPENAPI.answer(&headers)
}

operation!("service", GetDocs);

/// Gives a page that tells all of it to people.
#[utoipa::path(
    get, path = "/docs", impl_for = GetDocs, operation_id = "getDocs",
    params(parameters::IfNoneMatch),
    responses(
        (
            status = 200, description = "The page.", content_type = "text/html", body = String,
            headers(
                ("ETag" = String, description = "Its SHA-256, in quotes."),
                ("Content-Security-Policy" = String, description = "Nothing is loaded and nothing is run.")
            )
        ),
        (
            status = 304, description = "The page is the one that `If-None-Match` names.",
            headers(("ETag" = String, description = "Its SHA-256, in quotes."))
        )
    )
)]
pub(in crate::api) async fn get_docs(headers: HeaderMap) -> Response {
    DOCS.answer(&headers)
}

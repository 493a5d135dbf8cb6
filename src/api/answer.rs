//! Answers in the form that the request prefers.
//!
//! A handler gives an [`Answer`] or a [`Problem`]. Both are a response in JSON that remembers what it is, and [`render`],
//! around all handlers, makes XML of it where that is preferred. So handlers know nothing of formats, and a problem is
//! rendered wherever it arose.

use std::panic::AssertUnwindSafe;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::FutureExt;
use serde::Serialize;

use super::{
    Problem,
    accept::{Accept, Format},
    xml,
};

/// What an operation answers with.
#[derive(Debug)]
pub(super) struct Answer<T>(pub(super) T);

/// A view with the name that it has in XML.
pub(super) trait Rooted: Serialize {
    /// Name of the root element.
    const ROOT: &'static str;
}

/// What a kind of body is called in both forms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) root: &'static str,
    pub(super) namespace: Option<&'static str>,
    pub(super) json: &'static str,
    /// The media type of the XML, unless it is whichever of those for XML is preferred.
    pub(super) xml: Option<&'static str>,
}

/// The shape of problems, as RFC 7807 has it.
pub(super) const PROBLEM: Shape = Shape {
    root: "problem",
    namespace: Some("urn:ietf:rfc:7807"),
    json: "application/problem+json",
    xml: Some("application/problem+xml"),
};

impl<T: Rooted> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        negotiable(&self.0, Shape { root: T::ROOT, namespace: None, json: "application/json", xml: None })
    }
}

/// Marks a response in JSON that may become XML.
#[derive(Clone)]
struct Negotiable {
    json: Bytes,
    shape: Shape,
}

/// Makes a response in JSON that [`render`] may turn into XML.
pub(super) fn negotiable(view: &impl Serialize, shape: Shape) -> Response {
    let json: Bytes = match serde_json::to_vec(view) {
        Ok(json) => json.into(),
        // Views are plain structures, and the one of a problem more so than any other.
        Err(error) => return Problem::internal(&error).into_response(),
    };
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(shape.json))], json.clone()).into_response();
    response.extensions_mut().insert(Negotiable { json, shape });
    response
}

/// Gives each answer the form that its request prefers. A handler that panics ends its own request and no other.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let accept = Accept::of(request.headers());
    let has_body = request.method() != Method::HEAD;
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|_| Problem::panicked().into_response());
    in_preferred_form(response, &accept, has_body)
}

/// Refuses a request whose answer its client would not take, before anything is done for it. Operations that change
/// nothing need it not: [`render`] finds out afterwards.
pub(super) async fn agree_first(request: Request, next: Next) -> Response {
    match Accept::of(request.headers()).preferred() {
        Some(_) => next.run(request).await,
        None => Problem::not_acceptable().into_response(),
    }
}

fn in_preferred_form(mut response: Response, accept: &Accept, has_body: bool) -> Response {
    let Some(negotiable) = response.extensions_mut().remove::<Negotiable>() else { return response };
    let is_problem = negotiable.shape.root == PROBLEM.root;
    let media_type = match accept.preferred() {
        Some(Format::Xml(media_type)) => media_type,
        Some(Format::Json) => return varying(response),
        // A client is told what went wrong even when it takes neither form.
        None if is_problem => return varying(response),
        None => return varying(Problem::not_acceptable().into_response()),
    };
    let Shape { root, namespace, xml, .. } = negotiable.shape;
    match xml::write::image(root, namespace, &negotiable.json) {
        Ok(text) => {
            let content_type = HeaderValue::from_static(xml.unwrap_or(media_type));
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
            // The router has counted the JSON already.
            response.headers_mut().insert(header::CONTENT_LENGTH, text.len().into());
            *response.body_mut() = if has_body { Body::from(text) } else { Body::empty() };
        }
        Err(error) => return varying(Problem::internal(&error).into_response()),
    }
    varying(response)
}

/// Tells caches that the answer depends on what was accepted.
fn varying(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

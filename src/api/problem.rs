//! Problem details: the one shape of all errors.

use axum::{
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{domain::JobId, log::ErrorChain, queue, storage, workflows};

/// An error as the client is told it (RFC 7807).
#[derive(Debug)]
pub struct Problem {
    kind: String,
    title: &'static str,
    status: StatusCode,
    detail: String,
    retry_after_seconds: Option<u16>,
    /// Length of the file that a range lies outside of.
    file_bytes: Option<u64>,
}

impl Problem {
    fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let kind = format!("urn:bindery:problem:{name}");
        Self { kind, title, status, detail: detail.into(), retry_after_seconds: None, file_bytes: None }
    }

    /// The request cannot be understood.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "badRequest", "Bad request.", detail)
    }

    /// The body is of a type that the operation does not take.
    pub(super) fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupportedMediaType", "Unsupported media type.", detail)
    }

    /// The body is too long.
    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "tooLarge", "Request too large.", detail)
    }

    /// There is no such job; type and wording are the reference's.
    pub(super) fn unknown_job(id: &str) -> Self {
        Self {
            kind: "http://www.pdf-tools.com/service/rest/errors/jobNotFound".to_owned(),
            title: "Job not found.",
            status: StatusCode::NOT_FOUND,
            detail: format!("The job with ID '{id}' could not be found"),
            retry_after_seconds: None,
            file_bytes: None,
        }
    }

    /// The job has no such result.
    pub(super) fn unknown_result(id: &str) -> Self {
        let detail = format!("The result with ID '{id}' could not be found");
        Self::new(StatusCode::NOT_FOUND, "resultNotFound", "Result not found.", detail)
    }

    /// No part of the result lies in the range that was asked for.
    pub(super) fn bad_range(bytes: u64) -> Self {
        let detail = format!("The result has {bytes} bytes; ask for a range inside them");
        let problem = Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "badRange", "Range not satisfiable.", detail);
        Self { file_bytes: Some(bytes), ..problem }
    }

    fn conflict(name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, name, title, detail)
    }

    /// Something of ours failed; the cause is logged, not told.
    fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %ErrorChain(error), "request failed");
        Self::of_ours()
    }

    /// A handler panicked; the panic itself is on standard error.
    pub(super) fn panicked() -> Self {
        tracing::error!("request panicked");
        Self::of_ours()
    }

    fn of_ours() -> Self {
        let detail = "The service failed; its log has the cause under the request id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error.", detail)
    }

    fn unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::warn!(error = %ErrorChain(error), "request refused");
        let detail = "The service cannot reach its database or its storage; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service unavailable.", detail).retry_after(5)
    }

    const fn retry_after(mut self, seconds: u16) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl From<workflows::Error> for Problem {
    fn from(error: workflows::Error) -> Self {
        use workflows::Error;
        match error {
            Error::UnknownJob(id) => unknown(id),
            Error::UnknownResult { result, .. } => Self::unknown_result(&result.to_string()),
            Error::UnknownWorkflow { .. } => {
                Self::new(StatusCode::BAD_REQUEST, "workflowNotFound", "Workflow not found.", error.to_string())
            }
            Error::UnknownProfile { .. } => {
                Self::new(StatusCode::BAD_REQUEST, "profileNotFound", "Profile not found.", error.to_string())
            }
            Error::Options(_) => Self::bad_request(error.to_string()),
            Error::WrongState { .. } => Self::conflict("wrongState", "Wrong state of the job.", error.to_string()),
            Error::KeyReused => {
                let detail = format!("{error}; give each request a key of its own, and repeat it unchanged");
                Self::conflict("idempotencyConflict", "Idempotency conflict.", detail)
            }
            Error::KeyUnderWay => {
                let detail = format!("{error}; repeat it when that has ended");
                Self::conflict("idempotencyUnderWay", "Request under way.", detail).retry_after(1)
            }
            Error::NotYet { .. } => {
                let detail = "The job is not completed yet; ask again, as often as you like";
                Self::new(StatusCode::GATEWAY_TIMEOUT, "notYet", "Not completed yet.", detail).retry_after(1)
            }
            Error::TooManyJobs { .. } => {
                let detail = format!("{error}; wait for jobs to complete, or delete some");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "tooManyJobs", "Too many jobs.", detail).retry_after(10)
            }
            Error::TooManyDocuments { .. } => {
                Self::conflict("tooManyDocuments", "Too many documents.", error.to_string())
            }
            Error::TooLarge { .. } => Self::too_large(error.to_string()),
            Error::BrokenUpload { .. } => Self::bad_request(error.to_string()),
            Error::Queue(queue::Error::Storage(error)) | Error::Storage(error) => error.into(),
            Error::Queue(error @ queue::Error::LeaseLost { .. }) => Self::internal(&error),
        }
    }
}

fn unknown(id: JobId) -> Problem {
    Problem::unknown_job(&id.to_string())
}

impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Unavailable { .. } | storage::Error::Blobs { .. } | storage::Error::Schema { .. } => {
                Self::unavailable(&error)
            }
            storage::Error::NotFound
            | storage::Error::Conflict { .. }
            | storage::Error::Corrupt { .. }
            | storage::Error::Database { .. } => Self::internal(&error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": self.kind,
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        // The cause of an error of ours is in the log, under this.
        if let Some(id) = super::trace::request_id().filter(|_| self.status.is_server_error()) {
            body["requestId"] = id.into();
        }
        let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let mut response = (self.status, [content_type], body.to_string()).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(value) = self.file_bytes.and_then(|bytes| format!("bytes */{bytes}").parse().ok()) {
            response.headers_mut().insert(header::CONTENT_RANGE, value);
        }
        response
    }
}

/// Answers paths that no route has.
pub(super) async fn unknown_path(uri: Uri) -> Problem {
    let detail = format!("There is nothing at '{}'; the API is at '{}'", super::paths::public(uri.path()), super::BASE);
    Problem::new(StatusCode::NOT_FOUND, "notFound", "Not found.", detail)
}

/// Answers methods that a route does not have.
pub(super) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("'{}' does not take {method}", super::paths::public(uri.path()));
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", "Method not allowed.", detail)
}

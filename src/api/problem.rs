//! Problem details: the one shape of all errors.

use axum::{
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{answer, catalogue::Kind, openapi::schema};
use crate::{
    domain::{ErrorCode, JobId, limits},
    egress,
    log::ErrorChain,
    queue, storage, workflows,
};

/// An error as the client is told it (RFC 7807).
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    retry_after_seconds: Option<u16>,
    /// Length of the file that a range lies outside of.
    file_bytes: Option<u64>,
    /// Why the job failed whose end this is.
    code: Option<ErrorCode>,
}

/// Why a call was refused or failed (RFC 7807).
// It is written in this order.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct View<'a> {
    #[schema(schema_with = schema::problem_type)]
    r#type: &'static str,
    /// The title, the same for all of the kind.
    title: &'static str,
    /// What is wrong and what to do.
    detail: &'a str,
    /// The status of the answer.
    status: u16,
    /// Why the job failed whose end this is, as its status says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<&'static str>,
    /// The id under which the log has the cause of an error of the service itself.
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
}

impl Problem {
    fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after_seconds: None, file_bytes: None, code: None }
    }

    /// The request cannot be understood.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, detail)
    }

    /// The body is of a type that the operation does not take.
    pub(super) fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::new(Kind::UnsupportedMediaType, detail)
    }

    /// The body is too long.
    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(Kind::TooLarge, detail)
    }

    /// There is no such job; the wording is the reference's.
    pub(super) fn unknown_job(id: &str) -> Self {
        Self::new(Kind::JobNotFound, format!("The job with ID '{id}' could not be found"))
    }

    /// The job has no such result.
    pub(super) fn unknown_result(id: &str) -> Self {
        Self::new(Kind::ResultNotFound, format!("The result with ID '{id}' could not be found"))
    }

    /// The job of a call has failed.
    pub(super) fn of_failed_job(code: ErrorCode, message: &str) -> Self {
        let kind = match code {
            ErrorCode::UnsupportedFormat => Kind::UnsupportedFormat,
            ErrorCode::Conformance
            | ErrorCode::Corrupt
            | ErrorCode::Generic
            | ErrorCode::Option
            | ErrorCode::Password
            | ErrorCode::UnsupportedFeature => Kind::NotConverted,
            ErrorCode::Canceled
            | ErrorCode::Configuration
            | ErrorCode::External
            | ErrorCode::Internal
            | ErrorCode::Timeout => Kind::ConversionFailed,
        };
        Self { code: Some(code), ..Self::new(kind, message) }
    }

    /// The same of one part of a request.
    #[must_use]
    pub(super) fn within(self, part: &str) -> Self {
        Self { detail: format!("{part}: {}", self.detail), ..self }
    }

    /// No part of the result lies in the range that was asked for.
    pub(super) fn bad_range(bytes: u64) -> Self {
        let detail = format!("The result has {bytes} bytes; ask for a range inside them");
        Self { file_bytes: Some(bytes), ..Self::new(Kind::BadRange, detail) }
    }

    /// A document did not come from its URL.
    pub(super) fn not_fetched(error: &egress::Error) -> Self {
        Self::of_egress(error, Kind::DownloadFailed, "The document could not be fetched")
    }

    /// A result did not go to its URL.
    pub(super) fn not_stored(error: &egress::Error) -> Self {
        Self::of_egress(error, Kind::StoreFailed, "The result could not be stored")
    }

    fn of_egress(error: &egress::Error, kind: Kind, what: &str) -> Self {
        use egress::Error;
        match error {
            Error::Url { .. } => Self::bad_request(error.to_string()),
            Error::NotAllowed { .. } => {
                let detail = format!("{error}; whoever runs it can allow it with BINDERY_EGRESS_ALLOW");
                Self::new(Kind::UrlNotAllowed, detail)
            }
            Error::TooLarge { .. } => Self::too_large(error.to_string()),
            Error::CannotResolve
            | Error::CannotConnect
            | Error::Status { .. }
            | Error::Unusable { .. }
            | Error::Stalled { .. }
            | Error::TooSlow { .. }
            | Error::TooManyRedirects { .. }
            | Error::BrokenOff => Self::new(kind, format!("{what}: {error}")),
        }
    }

    /// The path is none of the API's.
    pub(super) fn nothing_at(path: &str) -> Self {
        let detail =
            format!("There is nothing at '{path}'; the API is at '{}', the Simple API at '/http.input'", super::BASE);
        Self::new(Kind::NotFound, detail)
    }

    /// The path does not take the method.
    pub(super) fn method_not_taken(path: &str, method: &Method) -> Self {
        Self::new(Kind::MethodNotAllowed, format!("'{path}' does not take {method}"))
    }

    /// Neither of the two forms will do.
    pub(super) fn not_acceptable() -> Self {
        Self::new(Kind::NotAcceptable, "This is answered as application/json or application/xml; accept one of them")
    }

    /// The head of a request did not come to its end.
    pub(super) fn slow_head() -> Self {
        Self::new(Kind::TooSlow, "The head of the request did not arrive in time")
    }

    /// The body of a request stopped coming.
    pub(super) fn stalled() -> Self {
        Self::new(Kind::TooSlow, "The body of the request made no progress for too long")
    }

    /// Path and query are too long.
    pub(super) fn target_too_long() -> Self {
        let detail = format!("Path and query have at most {} bytes", limits::REQUEST_TARGET_BYTES_MAX);
        Self::new(Kind::TargetTooLong, detail)
    }

    /// The headers are too many or too long.
    pub(super) fn head_too_large() -> Self {
        let (headers, bytes) = (limits::REQUEST_HEADERS_MAX, limits::REQUEST_HEAD_BYTES_MAX);
        Self::new(
            Kind::HeadTooLarge,
            format!("A request has at most {headers} headers and {bytes} bytes before its body"),
        )
    }

    /// Something is expected that the service does not do.
    pub(super) fn expectation_failed() -> Self {
        Self::new(Kind::ExpectationFailed, "The only expectation that can be met is '100-continue'")
    }

    /// It is not the HTTP that is spoken here.
    pub(super) fn version_not_supported() -> Self {
        Self::new(Kind::VersionNotSupported, "The service speaks HTTP/1.1 and HTTP/1.0")
    }

    /// Something of ours failed; the cause is logged, not told.
    pub(super) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %ErrorChain(error), "request failed");
        Self::of_ours()
    }

    /// A handler panicked; the panic itself is on standard error.
    pub(super) fn panicked() -> Self {
        tracing::error!("request panicked");
        Self::of_ours()
    }

    /// Something of ours failed.
    pub(super) fn of_ours() -> Self {
        Self::new(Kind::Internal, "The service failed; its log has the cause under the request id")
    }

    fn unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::warn!(error = %ErrorChain(error), "request refused");
        Self::out_of_reach()
    }

    /// The database or the blob store is away.
    pub(super) fn out_of_reach() -> Self {
        let detail = "The service cannot reach its database or its storage; try again";
        Self::new(Kind::Unavailable, detail).retry_after(5)
    }

    const fn retry_after(mut self, seconds: u16) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Its status.
    pub(super) const fn status(&self) -> StatusCode {
        self.kind.entry().status
    }

    fn view(&self) -> View<'_> {
        let entry = self.kind.entry();
        View {
            r#type: entry.uri,
            title: entry.title,
            detail: &self.detail,
            status: entry.status.as_u16(),
            code: self.code.map(ErrorCode::as_str),
            // The cause of an error of ours is in the log, under this.
            request_id: super::trace::request_id().filter(|_| entry.status.is_server_error()),
        }
    }

    /// Its text in JSON as the answer to a request of this id.
    pub(super) fn json_of(&self, request: &str) -> String {
        let request_id = self.status().is_server_error().then(|| request.to_owned());
        serde_json::to_string(&View { request_id, ..self.view() }).unwrap_or_default()
    }

    /// Its text in JSON, for where there is no response to put it in.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(&self.view()).unwrap_or_default()
    }
}

impl From<workflows::Error> for Problem {
    fn from(error: workflows::Error) -> Self {
        use workflows::Error;
        match error {
            Error::UnknownJob(id) => unknown(id),
            Error::UnknownResult { result, .. } => Self::unknown_result(&result.to_string()),
            Error::UnknownWorkflow { .. } => Self::new(Kind::WorkflowNotFound, error.to_string()),
            Error::UnknownProfile { .. } => Self::new(Kind::ProfileNotFound, error.to_string()),
            Error::UnknownConnection { .. } => Self::new(Kind::ConnectionNotFound, error.to_string()),
            Error::Connection { .. } => {
                let detail = error.to_string();
                Self { code: Some(ErrorCode::Configuration), ..Self::new(Kind::ConnectionNotUsable, detail) }
            }
            Error::Stopping => {
                let detail = "The service is stopping, and the job was deleted; send the call again";
                Self::new(Kind::Stopping, detail).retry_after(1)
            }
            Error::Options(_) | Error::Settings { .. } | Error::ProfileName { .. } | Error::DefaultProfile { .. } => {
                Self::bad_request(error.to_string())
            }
            Error::WrongState { .. } => Self::new(Kind::WrongState, error.to_string()),
            Error::KeyReused => {
                let detail = format!("{error}; give each request a key of its own, and repeat it unchanged");
                Self::new(Kind::IdempotencyConflict, detail)
            }
            Error::KeyUnderWay => {
                let detail = format!("{error}; repeat it when that has ended");
                Self::new(Kind::IdempotencyUnderWay, detail).retry_after(1)
            }
            Error::NotYet { .. } => {
                let detail = "The job is not completed yet; ask again, as often as you like";
                Self::new(Kind::NotYet, detail).retry_after(1)
            }
            Error::TooManyJobs { .. } => {
                let detail = format!("{error}; wait for jobs to complete, or delete some");
                Self::new(Kind::TooManyJobs, detail).retry_after(10)
            }
            Error::TooManyDocuments { .. } => Self::new(Kind::TooManyDocuments, error.to_string()),
            Error::TooLarge { .. } => Self::too_large(error.to_string()),
            Error::BrokenUpload { .. } => Self::bad_request(error.to_string()),
            Error::Download(error) => Self::not_fetched(&error),
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
        let mut response = answer::negotiable(&self.view(), answer::PROBLEM);
        *response.status_mut() = self.status();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(value) = self.file_bytes.and_then(|bytes| format!("bytes */{bytes}").parse().ok()) {
            response.headers_mut().insert(header::CONTENT_RANGE, value);
        }
        response
    }
}

/// The methods that some path or other takes, for who asks about the service as a whole.
const METHODS: &str = "GET, HEAD, POST, DELETE, OPTIONS";

/// Answers paths that no route has.
pub(super) async fn unknown_path(method: Method, uri: Uri) -> Response {
    if method == Method::OPTIONS && uri.path() == "*" {
        return (StatusCode::NO_CONTENT, [(header::ALLOW, HeaderValue::from_static(METHODS))]).into_response();
    }
    Problem::nothing_at(&super::paths::public(uri.path())).into_response()
}

/// Answers methods that a route does not have. The router adds which it has, which is all that `OPTIONS` asks for.
pub(super) async fn wrong_method(method: Method, uri: Uri) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    Problem::method_not_taken(&super::paths::public(uri.path()), &method).into_response()
}

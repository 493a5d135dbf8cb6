//! The Simple API: one call that sends documents and is answered with what they become.
//!
//! A call names a *connection* ([`crate::workflows::connections`]). `/http.input` takes a form or a bare file and gives files,
//! `/http.inputstructured` takes and gives JSON.
//!
//! 1. A body goes into the blob store while it arrives, and a result to the client while it is read: memory holds pieces.
//! 2. The job of a call is an [`Errand`](crate::workflows::errand::Errand): it ends with the call. What is left for its retention is a
//!    job that somebody may still ask for: one that failed, one with warnings, one whose answer broke off, and one whose connection
//!    does not answer with its files.
//! 3. `Accept` decides the form of problems alone. Clients of this API send anything there, and there is one form of each answer.
//!
//! # Why the answer names the job (2026-11)
//! In a header of its own and not in `Location`: the URL of the job is on another port than that of the Simple API.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, request::Parts},
    response::Response,
};

use super::{ApiState, Problem, params};
use crate::domain::JobId;

mod archive;
mod base64;
mod ending;
mod input;
mod json;
mod names;
mod scan;
mod sent;
mod structured;

pub(super) use input::{HttpInput, InputQuery, http_input};
pub(super) use structured::{HttpInputStructured, http_input_structured};

/// The header that names the job of a call, which can be looked up in the other API as long as it is there.
pub(super) const JOB_ID: HeaderName = HeaderName::from_static("x-job-id");
/// The header that says how the job of a call has ended.
pub(super) const JOB_STATUS: HeaderName = HeaderName::from_static("x-job-status");

/// The connection that a path names.
pub(super) struct ConnectionPath(String);

impl FromRequestParts<ApiState> for ConnectionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        params::path(parts, state).await.map(Self)
    }
}

/// Names the job in an answer.
fn naming(job: JobId, mut response: Response) -> Response {
    if let Ok(value) = HeaderValue::from_str(&job.to_string()) {
        response.headers_mut().insert(JOB_ID, value);
    }
    response
}

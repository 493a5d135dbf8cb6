//! How a call ends whose documents are all there.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};

use super::{JOB_STATUS, archive, json, naming, sent::Sent};
use crate::{
    api::{ApiState, Problem, disposition, result::etag},
    domain::{ErrorCode, Outcome, ResponseMode},
    storage::{blobs::Blobs, jobs::JobRow, results::ResultRow},
    workflows::{self, connections::Connection, errand::Errand},
};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A file as it is, several in a ZIP archive.
    Files,
    /// A list in JSON.
    Json,
}

/// Pieces of an answer.
pub(super) type Pieces = BoxStream<'static, Result<bytes::Bytes, axum::BoxError>>;

/// Starts the job and answers as its connection says.
pub(super) async fn answer(
    state: &ApiState,
    errand: Errand,
    connection: &Connection,
    form: Form,
) -> Result<Response, Problem> {
    errand.start().await?;
    let job = errand.job();
    if connection.response == ResponseMode::Immediately {
        errand.keep();
        return Ok(naming(job, StatusCode::ACCEPTED.into_response()));
    }
    let completed = match errand.completed().await {
        Ok(completed) => completed,
        Err(stopping @ workflows::Error::Stopping) => {
            // Before the answer: the process does not wait for what goes on behind it.
            errand.give_up().await;
            return Err(stopping.into());
        }
        Err(error) => return Err(error.into()),
    };
    let outcome = completed.job.outcome.unwrap_or(Outcome::Error);
    let mut response = match (outcome, connection.response) {
        (Outcome::Error, _) => {
            errand.keep();
            failed(&completed.job).into_response()
        }
        (Outcome::Success | Outcome::Warning, ResponseMode::Status | ResponseMode::Immediately) => {
            errand.keep();
            StatusCode::OK.into_response()
        }
        (Outcome::Success | Outcome::Warning, ResponseMode::Result)
            if form == Form::Files && completed.results.is_empty() =>
        {
            if outcome == Outcome::Warning {
                errand.keep();
            }
            StatusCode::NO_CONTENT.into_response()
        }
        (Outcome::Success | Outcome::Warning, ResponseMode::Result) => {
            let written = written(state, connection, form, &completed.results).await?;
            written.into_response(errand, outcome)
        }
    };
    response.headers_mut().insert(JOB_STATUS, HeaderValue::from_static(outcome.as_str()));
    Ok(naming(job, response))
}

fn failed(job: &JobRow) -> Problem {
    let code = job.error_code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(ErrorCode::Internal);
    let message = job.error_message.clone().unwrap_or_else(|| format!("The job failed with the error '{code}'."));
    Problem::of_failed_job(code, &message)
}

/// What is answered, before its job goes along with it.
struct Written {
    headers: Vec<(header::HeaderName, String)>,
    bytes: Option<u64>,
    pieces: Pieces,
}

impl Written {
    fn into_response(self, errand: Errand, outcome: Outcome) -> Response {
        let body = match outcome {
            // Somebody may want to know of what it was warned.
            Outcome::Warning | Outcome::Error => {
                errand.keep();
                Body::from_stream(self.pieces)
            }
            Outcome::Success => Body::from_stream(Sent::new(self.pieces, self.bytes, errand)),
        };
        let mut response = body.into_response();
        for (name, value) in self.headers {
            // Names of files are escaped, all else is plain.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        if let Some(bytes) = self.bytes {
            response.headers_mut().insert(header::CONTENT_LENGTH, bytes.into());
        }
        response
    }
}

async fn written(
    state: &ApiState,
    connection: &Connection,
    form: Form,
    results: &[ResultRow],
) -> Result<Written, Problem> {
    let blobs = &state.workflows().blobs;
    Ok(match (form, results) {
        (Form::Json, results) => {
            let (bytes, pieces) = json::list(blobs.clone(), results.to_vec());
            let headers = vec![(header::CONTENT_TYPE, "application/json".to_owned())];
            Written { headers, bytes: Some(bytes), pieces }
        }
        (Form::Files, [file]) => one(blobs, file).await?,
        (Form::Files, files) => {
            let headers = vec![
                (header::CONTENT_TYPE, "application/zip".to_owned()),
                (header::CONTENT_DISPOSITION, disposition::attachment(&format!("{}.zip", connection.id))),
            ];
            Written { headers, bytes: None, pieces: archive::of(blobs.clone(), files.to_vec()) }
        }
    })
}

async fn one(blobs: &Blobs, file: &ResultRow) -> Result<Written, Problem> {
    let bytes = blobs.get(&file.blob, None).await?;
    let headers = vec![
        (header::CONTENT_TYPE, file.media_type.clone()),
        (header::CONTENT_DISPOSITION, disposition::attachment(&file.file_name)),
        (header::ETAG, etag(file)),
    ];
    Ok(Written { headers, bytes: Some(file.bytes.unsigned_abs()), pieces: bytes.map_err(Into::into).boxed() })
}

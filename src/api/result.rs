use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{
    Answer, ApiState, Problem, disposition,
    openapi::{operation, parameters},
    params::{JobPath, ResultPath},
    prefer,
    range::{self, Wanted},
    views::JobResult,
};
use crate::{storage::results::ResultRow, workflows::result};

operation!("results", GetJobResult: JobNotFound, NotAcceptable, WrongState, Unavailable, NotYet);

/// Waits until a job is completed and tells what came of it.
///
/// When the job is not completed within the time that a call waits (110 seconds, unless the service is told otherwise), the
/// answer is 504; ask again then. Any number of callers may wait for the same job, and the result may be had any number of times.
#[utoipa::path(
    get, path = "/jobs/{jobId}/result", impl_for = GetJobResult, operation_id = "getJobResult",
    params(JobPath, parameters::Prefer),
    responses((
        status = 200, description = "What came of it, good or bad.", body = JobResult,
        headers(("Preference-Applied" = Option<String>, description = "The wait that `Prefer` asked for, when it was not too long.")),
        links(
            ("getJobResultData" = (operation_id = "getJobResultData", parameters(
                ("jobId" = "$request.path.jobId"), ("resultId" = "$response.body#/dataList/0/resultId")
            ))),
            ("storeJobResultData" = (operation_id = "storeJobResultData", parameters(
                ("jobId" = "$request.path.jobId"), ("resultId" = "$response.body#/dataList/0/resultId")
            ))),
            ("deleteJob" = (operation_id = "deleteJob", parameters(("jobId" = "$request.path.jobId"))))
        )
    ))
)]
pub(super) async fn get_job_result(
    state: ApiState,
    JobPath(id): JobPath,
    headers: HeaderMap,
) -> (AppendHeaders<Option<(&'static str, String)>>, Result<Answer<JobResult>, Problem>) {
    let preferred = prefer::wait(&headers);
    // One that is longer than the service waits is not honoured, although nobody has to wait longer than that.
    let honoured = preferred.filter(|wait| *wait <= state.workflows().settings.result_wait_max);
    let applied = honoured.map(|wait| ("preference-applied", format!("wait={}", wait.as_secs())));
    let longest = preferred.unwrap_or(Duration::MAX);
    let waited = result::wait(state.workflows(), state.tenant(), id, longest).await;
    // Those who wait for the same job share what was read of it.
    let answer = waited.map(|completed| Answer(Arc::unwrap_or_clone(completed).into())).map_err(Problem::from);
    (AppendHeaders(applied), answer)
}

operation!("results", GetJobResultData: JobNotFound, ResultNotFound, WrongState, BadRange, Unavailable);

/// Streams a result file, whole or a range of it.
///
/// It may be had any number of times until the job is deleted.
#[utoipa::path(
    get, path = "/jobs/{jobId}/result/{resultId}", impl_for = GetJobResultData, operation_id = "getJobResultData",
    params(ResultPath, parameters::Conditions),
    responses(
        (
            status = 200, description = "The file.", content_type = "application/pdf", body = inline(parameters::File),
            headers(
                ("Content-Length" = inline(parameters::Length), description = "Its bytes."),
                ("Content-Disposition" = String, description = "Its name, in `filename*` too."),
                ("ETag" = String, description = "Its SHA-256, in quotes."),
                ("Accept-Ranges" = String, description = "`bytes`.")
            ),
            links(("deleteJob" = (operation_id = "deleteJob", parameters(("jobId" = "$request.path.jobId")))))
        ),
        (
            status = 206, description = "The part of it that `Range` asks for.", content_type = "application/pdf",
            body = inline(parameters::File),
            headers(
                ("Content-Length" = inline(parameters::Length), description = "Bytes of the part."),
                ("Content-Range" = String, description = "Which bytes they are, and of how many."),
                ("Content-Disposition" = String, description = "Its name, in `filename*` too."),
                ("ETag" = String, description = "SHA-256 of the whole file, in quotes."),
                ("Accept-Ranges" = String, description = "`bytes`.")
            )
        ),
        (
            status = 304, description = "The file is the one that `If-None-Match` names.",
            headers(("ETag" = String, description = "Its SHA-256, in quotes."))
        )
    )
)]
pub(super) async fn get_job_result_data(
    state: ApiState,
    path: ResultPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file = result::file(state.workflows(), state.tenant(), path.job, path.result).await?;
    let tag = etag(&file);
    let named = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if named(header::IF_NONE_MATCH).is_some_and(|known| is_known(known, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let bytes = u64::try_from(file.bytes).unwrap_or_default();
    // A range of a file that changed since makes no sense; ours never change, so the tag decides alone.
    let fresh = named(header::IF_RANGE).is_none_or(|known| known == tag);
    let wanted = range::wanted(named(header::RANGE).filter(|_| fresh), bytes);
    let (status, part) = match wanted {
        Wanted::Whole => (StatusCode::OK, None),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, Some(part)),
        Wanted::Outside => return Err(Problem::bad_range(bytes)),
    };
    let length = part.as_ref().map_or(bytes, |part| part.end - part.start);
    let content_range = part.as_ref().map(|part| format!("bytes {}-{}/{bytes}", part.start, part.end - 1));
    let stream = state.workflows().blobs.get(&file.blob, part).await?;
    let described = [
        (header::CONTENT_TYPE, file.media_type.clone()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, disposition::attachment(&file.file_name)),
        (header::ETAG, tag),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let mut response = (status, described, Body::from_stream(stream)).into_response();
    if let Some(value) = content_range.and_then(|range| range.parse().ok()) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    Ok(response)
}

/// Whether a client has the file already: the tags that it knows are compared weakly (RFC 9110, 13.1.2).
pub(super) fn is_known(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

pub(super) fn etag(file: &ResultRow) -> String {
    let hex: String = file.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

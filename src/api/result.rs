use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{
    Answer, ApiState, Problem, disposition,
    params::{JobPath, ResultPath},
    prefer,
    range::{self, Wanted},
    views::JobResult,
};
use crate::{storage::results::ResultRow, workflows::result};

/// Waits until a job is completed and tells what came of it.
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

/// Streams a result file, whole or a range of it.
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
fn is_known(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

pub(super) fn etag(file: &ResultRow) -> String {
    let hex: String = file.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

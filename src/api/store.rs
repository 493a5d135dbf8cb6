//! Storing a result at a URL: the service sends it itself.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
};
use serde::Deserialize;

use super::{
    ApiState, Problem, disposition,
    openapi::operation,
    params::{self, ResultPath},
    target::TargetQuery,
};
use crate::{
    egress::{Parcel, SendError},
    storage::results::ResultRow,
    workflows::result,
};

/// The verb behind the colon: how a result is sent.
pub(super) struct StoreMethod(Method);

#[derive(Deserialize)]
struct Segments {
    #[serde(rename = "storeMethod")]
    verb: String,
}

impl FromRequestParts<ApiState> for StoreMethod {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Segments { verb } = params::path(parts, state).await?;
        match verb.as_str() {
            "put" => Ok(Self(Method::PUT)),
            "post" => Ok(Self(Method::POST)),
            _ => Err(Problem::bad_request(format!("A result is stored by ':put' or ':post', not by ':{verb}'"))),
        }
    }
}

operation!("results", StoreJobResultData: JobNotFound, ResultNotFound, WrongState, StoreFailed, UrlNotAllowed, Unavailable);

/// Sends a result file to a URL.
///
/// The service itself calls the URL, by PUT or POST, with the file as the body.
#[utoipa::path(
    post, path = "/jobs/{jobId}/result/{resultId}:{storeMethod}", impl_for = StoreJobResultData,
    operation_id = "storeJobResultData",
    params(ResultPath, StoreMethod, TargetQuery),
    responses((status = 204, description = "The host has taken the file."))
)]
pub(super) async fn store_job_result_data(
    state: ApiState,
    StoreMethod(method): StoreMethod,
    path: ResultPath,
    TargetQuery(target): TargetQuery,
) -> Result<StatusCode, Problem> {
    let ctx = state.workflows();
    let file = result::file(ctx, state.tenant(), path.job, path.result).await?;
    let parcel = Parcel { method, headers: described(&file), bytes: u64::try_from(file.bytes).unwrap_or_default() };
    match ctx.egress.send(&target, &parcel, || ctx.blobs.get(&file.blob, None)).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(SendError::Target(error)) => Err(Problem::not_stored(&error)),
        Err(SendError::Source(error)) => Err(error.into()),
    }
}

fn described(file: &ResultRow) -> HeaderMap {
    let described = [
        (header::CONTENT_TYPE, file.media_type.clone()),
        (header::CONTENT_DISPOSITION, disposition::attachment(&file.file_name)),
    ];
    described.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?))).collect()
}

use axum::http::StatusCode;

use crate::{
    api::{ApiState, Problem, openapi::operation, params::JobPath},
    workflows::cancel,
};

operation!("jobs", CancelJob: JobNotFound, Unavailable);

/// Cancels a started job; whether that was in time, only the result says.
///
/// A job that is not started or has ended is left as it is. To be rid of one, delete it; canceling first is not needed.
#[utoipa::path(
    post, path = "/jobs/{jobId}:cancel", impl_for = CancelJob, operation_id = "cancelJob",
    params(JobPath),
    responses((
        status = 202, description = "It is noted. The result has the error `canceled` if it was in time.",
        links(
            ("getJobResult" = (operation_id = "getJobResult", parameters(("jobId" = "$request.path.jobId")))),
            ("deleteJob" = (operation_id = "deleteJob", parameters(("jobId" = "$request.path.jobId"))))
        )
    ))
)]
pub(crate) async fn cancel_job(state: ApiState, JobPath(id): JobPath) -> Result<StatusCode, Problem> {
    cancel::cancel(state.workflows(), state.tenant(), id).await?;
    Ok(StatusCode::ACCEPTED)
}

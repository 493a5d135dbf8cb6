use axum::http::StatusCode;

use crate::{
    api::{ApiState, Problem, openapi::operation, params::JobPath},
    workflows::start,
};

operation!("jobs", StartJob: JobNotFound, WrongState, Unavailable);

/// Says that all documents of a job are added.
///
/// Their conversion has begun when they were added; what is made of all of them together waits for this. A job that is started
/// without documents ends with an error.
#[utoipa::path(
    post, path = "/jobs/{jobId}:start", impl_for = StartJob, operation_id = "startJob",
    params(JobPath),
    responses((
        status = 204, description = "It is started.",
        links(
            ("getJobInfo" = (operation_id = "getJobInfo", parameters(("jobId" = "$request.path.jobId")))),
            ("getJobEvents" = (operation_id = "getJobEvents", parameters(("jobId" = "$request.path.jobId")))),
            ("getJobResult" = (operation_id = "getJobResult", parameters(("jobId" = "$request.path.jobId")))),
            ("cancelJob" = (operation_id = "cancelJob", parameters(("jobId" = "$request.path.jobId")))),
            ("deleteJob" = (operation_id = "deleteJob", parameters(("jobId" = "$request.path.jobId"))))
        )
    ))
)]
pub(crate) async fn start_job(state: ApiState, JobPath(id): JobPath) -> Result<StatusCode, Problem> {
    start::start(state.workflows(), state.tenant(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

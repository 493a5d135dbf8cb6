use axum::http::StatusCode;

use crate::{
    api::{ApiState, Problem, openapi::operation, params::JobPath},
    workflows::delete::{self, Deleted},
};

operation!("jobs", DeleteJob: JobNotFound, Unavailable);

/// Deletes a job with everything of it.
///
/// It is allowed in every state. The job is gone from every view at once, also when work for it still has to be stopped.
#[utoipa::path(
    delete, path = "/jobs/{jobId}", impl_for = DeleteJob, operation_id = "deleteJob",
    params(JobPath),
    responses(
        (
            status = 202, description = "It is gone; work for it is being stopped.",
            links(("getJobInfo" = (operation_id = "getJobInfo", parameters(("jobId" = "$request.path.jobId")))))
        ),
        (
            status = 204, description = "It is gone.",
            links(("getJobInfo" = (operation_id = "getJobInfo", parameters(("jobId" = "$request.path.jobId")))))
        )
    )
)]
pub(crate) async fn delete_job(state: ApiState, JobPath(id): JobPath) -> Result<StatusCode, Problem> {
    match delete::delete(state.workflows(), state.tenant(), id).await? {
        Deleted::AtOnce => Ok(StatusCode::NO_CONTENT),
        Deleted::WhenStopped => Ok(StatusCode::ACCEPTED),
    }
}

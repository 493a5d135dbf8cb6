use crate::{
    api::{Answer, ApiState, Problem, openapi::operation, params::JobPath, views::JobInfo},
    workflows::result,
};

operation!("jobs", GetJobInfo: JobNotFound, NotAcceptable, Unavailable);

/// Says where a job stands.
///
/// Whether a completed job succeeded is in its result.
#[utoipa::path(
    get, path = "/jobs/{jobId}", impl_for = GetJobInfo, operation_id = "getJobInfo",
    params(JobPath),
    responses((
        status = 200, description = "Where it stands.", body = JobInfo,
        links(
            ("getJobResult" = (operation_id = "getJobResult", parameters(("jobId" = "$response.body#/jobId")))),
            ("deleteJob" = (operation_id = "deleteJob", parameters(("jobId" = "$response.body#/jobId"))))
        )
    ))
)]
pub(crate) async fn get_job_info(state: ApiState, JobPath(id): JobPath) -> Result<Answer<JobInfo>, Problem> {
    Ok(Answer(result::info(state.workflows(), state.tenant(), id).await?.into()))
}

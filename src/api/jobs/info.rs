use crate::{
    api::{Answer, ApiState, Problem, params::JobPath, views::JobInfo},
    workflows::result,
};

/// Says where a job stands.
pub(crate) async fn get_job_info(state: ApiState, JobPath(id): JobPath) -> Result<Answer<JobInfo>, Problem> {
    Ok(Answer(result::info(state.workflows(), state.tenant(), id).await?.into()))
}

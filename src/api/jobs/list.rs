use crate::{
    api::{Answer, ApiState, Problem, views::JobInfo},
    workflows::result,
};

/// Lists the jobs that there are.
pub(crate) async fn list_jobs(state: ApiState) -> Result<Answer<Vec<JobInfo>>, Problem> {
    let jobs = result::list(state.workflows(), state.tenant()).await?;
    Ok(Answer(jobs.into_iter().map(Into::into).collect()))
}

use axum::Json;

use crate::{
    api::{ApiState, Problem, views::JobInfo},
    workflows::result,
};

/// Lists the jobs that there are.
pub(crate) async fn list_jobs(state: ApiState) -> Result<Json<Vec<JobInfo>>, Problem> {
    let jobs = result::list(state.workflows(), state.tenant()).await?;
    Ok(Json(jobs.into_iter().map(Into::into).collect()))
}

use axum::http::StatusCode;

use crate::{
    api::{ApiState, Problem, params::JobPath},
    workflows::start,
};

/// Says that all documents of a job are added.
pub(crate) async fn start_job(state: ApiState, JobPath(id): JobPath) -> Result<StatusCode, Problem> {
    start::start(state.workflows(), state.tenant(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

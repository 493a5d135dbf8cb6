use axum::http::StatusCode;

use crate::{
    api::{ApiState, Problem, params::JobPath},
    workflows::cancel,
};

/// Cancels a started job; whether that was in time, only the result says.
pub(crate) async fn cancel_job(state: ApiState, JobPath(id): JobPath) -> Result<StatusCode, Problem> {
    cancel::cancel(state.workflows(), state.tenant(), id).await?;
    Ok(StatusCode::ACCEPTED)
}

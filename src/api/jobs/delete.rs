use axum::http::StatusCode;

use crate::{
    api::{ApiState, Problem, params::JobPath},
    workflows::delete::{self, Deleted},
};

/// Deletes a job with everything of it.
pub(crate) async fn delete_job(state: ApiState, JobPath(id): JobPath) -> Result<StatusCode, Problem> {
    match delete::delete(state.workflows(), state.tenant(), id).await? {
        Deleted::AtOnce => Ok(StatusCode::NO_CONTENT),
        Deleted::WhenStopped => Ok(StatusCode::ACCEPTED),
    }
}

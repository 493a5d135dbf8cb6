use super::{ApiState, Problem, openapi::operation};
use crate::storage;

operation!("health", Healthz);

/// Says that the process lives.
#[utoipa::path(
    get, path = "/healthz", impl_for = Healthz, operation_id = "healthz",
    responses((status = 200, description = "It lives.", body = String, content_type = "text/plain", example = "ok\n"))
)]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

operation!("health", Readyz: Unavailable);

/// Says that the database and the blob store answer.
#[utoipa::path(
    get, path = "/readyz", impl_for = Readyz, operation_id = "readyz",
    responses((status = 200, description = "They answer.", body = String, content_type = "text/plain", example = "ready\n"))
)]
pub(super) async fn readyz(state: ApiState) -> Result<&'static str, Problem> {
    storage::pool::ping(&state.workflows().pool).await?;
    state.workflows().blobs.ping().await?;
    Ok("ready\n")
}

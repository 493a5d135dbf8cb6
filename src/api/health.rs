use super::{ApiState, Problem};
use crate::storage;

/// Says that the process lives.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Says that the database and the blob store answer.
pub(super) async fn readyz(state: ApiState) -> Result<&'static str, Problem> {
    storage::pool::ping(&state.workflows().pool).await?;
    state.workflows().blobs.ping().await?;
    Ok("ready\n")
}

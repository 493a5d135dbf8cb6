//! Retention: jobs whose time is over are deleted like any other.

use super::{Context, Error, delete};
use crate::storage;

/// Jobs that one call deletes at most, so that no transaction grows large.
const BATCH: i64 = 100;

/// Deletes expired jobs in one bounded batch and says how many; safe to run by any number of processes at once.
///
/// # Errors
/// The database's.
pub async fn expire(ctx: &Context) -> Result<usize, Error> {
    let mut tx = ctx.begin().await?;
    let expired = storage::jobs::lock_expired(&mut tx, BATCH).await?;
    for job in &expired {
        delete::mark(&mut tx, job.id, job.tenant).await?;
    }
    Context::commit(tx).await?;
    if !expired.is_empty() {
        tracing::info!(count = expired.len(), "expired jobs deleted");
        ctx.bell.work();
    }
    Ok(expired.len())
}

//! Retention: jobs whose time is over are deleted like any other.

use super::{Context, Error, delete};
use crate::storage;

/// Jobs that one transaction deletes at most.
const BATCH: i64 = 200;
/// Transactions that one call makes at most, so that a worker does other things too: 4,000 jobs each few seconds.
const BATCHES: usize = 20;

/// Deletes expired jobs in bounded batches and says how many; safe to run by any number of processes at once.
///
/// # Errors
/// The database's.
pub async fn expire(ctx: &Context) -> Result<usize, Error> {
    let mut count = 0;
    for _ in 0..BATCHES {
        let batch = expire_batch(ctx).await?;
        count += batch;
        if i64::try_from(batch).unwrap_or(BATCH) < BATCH {
            break;
        }
    }
    if count > 0 {
        tracing::info!(count, "expired jobs deleted");
    }
    Ok(count)
}

async fn expire_batch(ctx: &Context) -> Result<usize, Error> {
    let mut tx = ctx.begin().await?;
    let expired = storage::jobs::lock_expired(&mut tx, BATCH).await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let expired: Vec<_> = expired.iter().map(|job| (job.id, job.tenant)).collect();
    delete::mark(&mut tx, &expired).await?;
    Context::commit(tx).await?;
    ctx.bell.work();
    Ok(expired.len())
}

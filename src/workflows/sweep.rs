//! Removing what is in the blob store although no job names it.
//!
//! A purge removes everything of its job. What comes after it, from a worker that was frozen meanwhile or from an upload that
//! was cut off, is found here. A row is always there before the first blob of its job, so a blob without a row is waste.

use std::time::{Duration, Instant};

use super::{Context, Error};
use crate::storage;

/// Wait between two sweeps of the whole service.
const WAIT: Duration = Duration::from_secs(30);
/// And so many times what the last one took, so that a large store is not listed all the time.
const SHARE: u32 = 50;
/// Jobs that are looked up at once.
const BATCH: usize = 1_000;

/// Sweeps when it is time, and says how many jobs something was left of; safe to call by any number of processes at once.
///
/// # Errors
/// The database's or the blob store's.
pub async fn sweep(ctx: &Context) -> Result<usize, Error> {
    let mut conn = ctx.read().await?;
    let Some(installation) = storage::installation::take_sweep(&mut conn, WAIT).await? else { return Ok(0) };
    drop(conn);
    let began = Instant::now();
    if !ctx.blobs.belongs_to(installation).await? {
        tracing::warn!(
            "the blob store belongs to another database, so what is abandoned in it stays; give each database a store of its own"
        );
        let mut conn = ctx.read().await?;
        storage::installation::update_sweep(&mut conn, WAIT * SHARE).await?;
        return Ok(0);
    }
    let mut count = 0;
    for jobs in ctx.blobs.list_jobs().await?.chunks(BATCH) {
        let mut conn = ctx.read().await?;
        let unknown = storage::jobs::list_unknown(&mut conn, jobs).await?;
        drop(conn);
        for job in unknown {
            let blobs = ctx.blobs.delete_all(&storage::blobs::job_prefix(job)).await?;
            tracing::info!(job.id = %job, blobs, "removed what no job names");
            count += 1;
        }
    }
    let mut conn = ctx.read().await?;
    storage::installation::update_sweep(&mut conn, WAIT.max(began.elapsed() * SHARE)).await?;
    Ok(count)
}

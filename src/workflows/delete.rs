//! Deleting a job.

use sqlx::PgConnection;

use super::{Context, Error, Kind};
use crate::{
    domain::{JobId, JobState, Lane, TenantId},
    queue, storage,
};

/// Purges are short, give back room, and must not wait behind thousands of conversions.
const PURGE_PRIORITY: i16 = 10;

/// Whether a deleted job is at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// Nothing of it runs.
    AtOnce,
    /// Its running work is being stopped.
    WhenStopped,
}

/// Makes a job invisible at once, stops its work, and has its blobs and rows removed by a worker.
///
/// # Errors
/// `UnknownJob`.
pub async fn delete(ctx: &Context, tenant: TenantId, id: JobId) -> Result<Deleted, Error> {
    let state = Context::again(|| commit(ctx, tenant, id)).await?;
    ctx.bell.stop();
    ctx.bell.work();
    // Whoever waits for it is to learn that there is nothing to wait for.
    ctx.bell.done(id);
    tracing::info!(job.id = %id, "job deleted");
    Ok(match state {
        JobState::Creating | JobState::Completed => Deleted::AtOnce,
        JobState::Pending | JobState::Processing => Deleted::WhenStopped,
    })
}

/// Deletes the job and says where it stood.
async fn commit(ctx: &Context, tenant: TenantId, id: JobId) -> Result<JobState, Error> {
    let mut tx = ctx.begin().await?;
    let job = storage::jobs::lock(&mut tx, tenant, id).await.map_err(Error::of_job(id))?;
    mark(&mut tx, &[(id, tenant)]).await?;
    Context::commit(tx).await?;
    Ok(job.state)
}

/// Marks jobs as deleted and enqueues their purges, by a statement each for all of them. The caller holds their locks.
pub(super) async fn mark(conn: &mut PgConnection, jobs: &[(JobId, TenantId)]) -> Result<(), Error> {
    let ids: Vec<JobId> = jobs.iter().map(|(job, _)| *job).collect();
    storage::jobs::update_deleted(conn, &ids).await?;
    queue::cancel::cancel_jobs(conn, &ids).await?;
    let purge = |(job, tenant): &(JobId, TenantId)| queue::NewTask {
        kind: Kind::Purge.as_str(),
        lane: Lane::Native,
        job: *job,
        document: None,
        tenant: *tenant,
        priority: PURGE_PRIORITY,
        turn: queue::Turn::Next,
    };
    Ok(queue::enqueue_all(conn, &jobs.iter().map(purge).collect::<Vec<_>>()).await?)
}

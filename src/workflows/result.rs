//! Reading a job's state and result, and waiting for it.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{
    Context, Error,
    watch::{Seen, Wanted},
};
use crate::{
    domain::{JobId, JobState, ResultId, TenantId},
    storage::{
        self,
        events::EventRow,
        jobs::{JobRow, JobSummaryRow},
        overview::OverviewRow,
        results::ResultRow,
    },
};

/// A completed job with all that the client is told of it.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The job.
    pub job: JobRow,
    /// What happened.
    pub events: Vec<EventRow>,
    /// Its files.
    pub results: Vec<ResultRow>,
}

/// Returns what the status line of a job says.
///
/// # Errors
/// `UnknownJob`.
pub async fn info(ctx: &Context, tenant: TenantId, id: JobId) -> Result<JobSummaryRow, Error> {
    ctx.summaries.get(tenant, id).await.map_err(Error::of_job(id))
}

/// Counts jobs and waiting work.
///
/// # Errors
/// The database's.
pub async fn overview(ctx: &Context, tenant: TenantId) -> Result<OverviewRow, Error> {
    Ok(storage::overview::get(&mut *ctx.read().await?, tenant).await?)
}

/// Waits until a started job is completed and returns its result; may be called any number of times, by any number of
/// callers, on any instance. Who waits holds nothing ([`super::watch`]).
///
/// # Errors
/// `UnknownJob`, also when it is deleted meanwhile; `WrongState` when it is not started; `NotYet` after the longest wait, or
/// when the process stops.
pub async fn wait(ctx: &Context, tenant: TenantId, id: JobId, longest: Duration) -> Result<Arc<Completed>, Error> {
    let longest = longest.min(ctx.settings.result_wait_max);
    let deadline = Instant::now() + longest;
    wait_until(ctx, tenant, id, async {
        // At its deadline or at the stop of the process, whichever comes first.
        drop(timeout_at(deadline, ctx.stop.cancelled()).await);
        Error::NotYet { after: longest }
    })
    .await
}

/// Waits like [`wait`], for as long as it takes.
///
/// # Errors
/// `UnknownJob`, `WrongState`; `Stopping` when the process stops.
pub async fn wait_for_good(ctx: &Context, tenant: TenantId, id: JobId) -> Result<Arc<Completed>, Error> {
    wait_until(ctx, tenant, id, async {
        ctx.stop.cancelled().await;
        Error::Stopping
    })
    .await
}

async fn wait_until(
    ctx: &Context,
    tenant: TenantId,
    id: JobId,
    given_up: impl Future<Output = Error>,
) -> Result<Arc<Completed>, Error> {
    let mut given_up = pin!(given_up);
    let (mut watching, mut seen) = ctx.watch.job(id, Wanted::Result).await?;
    loop {
        let job = visible(&seen, tenant, id)?;
        match (job.state, seen.result) {
            (JobState::Creating, _) => return Err(Error::WrongState { state: JobState::Creating }),
            (JobState::Completed, Some(completed)) => return Ok(completed),
            // A look for somebody else may come without the result; the next one brings it.
            (JobState::Pending | JobState::Processing | JobState::Completed, _) => {}
        }
        tokio::select! {
            biased;
            changed = watching.changed() => seen = changed,
            error = &mut given_up => return Err(error),
        }
    }
}

/// Lets through what a tenant may see.
pub(super) fn visible(seen: &Seen, tenant: TenantId, id: JobId) -> Result<Arc<JobRow>, Error> {
    seen.job.as_ref().filter(|job| job.tenant == tenant).map(Arc::clone).ok_or(Error::UnknownJob(id))
}

/// Returns one result of a completed job, to be streamed.
///
/// # Errors
/// `UnknownJob`, `WrongState` before completion, `UnknownResult`.
pub async fn file(ctx: &Context, tenant: TenantId, id: JobId, result: ResultId) -> Result<ResultRow, Error> {
    let mut conn = ctx.read().await?;
    let job = storage::jobs::get(&mut conn, tenant, id).await.map_err(Error::of_job(id))?;
    if job.state != JobState::Completed {
        return Err(Error::WrongState { state: job.state });
    }
    match storage::results::get(&mut conn, id, result).await {
        Err(storage::Error::NotFound) => Err(Error::UnknownResult { job: id, result }),
        found => Ok(found?),
    }
}

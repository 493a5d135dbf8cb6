//! Reading a job's state and result, and waiting for it.

use std::time::Duration;

use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, timeout_at},
};

use super::{Context, Error};
use crate::{
    domain::{JobId, JobState, ResultId, TenantId, limits},
    queue::Signal,
    storage::{
        self,
        events::EventRow,
        jobs::{JobRow, JobSummaryRow},
        overview::OverviewRow,
        results::ResultRow,
    },
};

/// How often a waiter looks at the table without a bell.
const RECHECK: Duration = Duration::from_secs(2);
/// The same where no bell is heard.
const RECHECK_DEAF: Duration = Duration::from_millis(500);

/// A completed job with all that the client is told of it.
#[derive(Debug)]
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
    storage::jobs::get_summary(&mut *ctx.read().await?, tenant, id).await.map_err(Error::of_job(id))
}

/// Lists a tenant's jobs.
///
/// # Errors
/// The database's.
pub async fn list(ctx: &Context, tenant: TenantId) -> Result<Vec<JobSummaryRow>, Error> {
    Ok(storage::jobs::list(&mut *ctx.read().await?, tenant, limits::LIST_JOBS_MAX).await?)
}

/// Counts jobs and waiting work.
///
/// # Errors
/// The database's.
pub async fn overview(ctx: &Context, tenant: TenantId) -> Result<OverviewRow, Error> {
    Ok(storage::overview::get(&mut *ctx.read().await?, tenant).await?)
}

/// Waits until a started job is completed and returns its result; may be called any number of times, by any number of
/// callers, on any instance.
///
/// # Errors
/// `UnknownJob`, `WrongState` when it is not started, `NotYet` after the longest wait, or when the process stops.
pub async fn wait(ctx: &Context, tenant: TenantId, id: JobId, longest: Duration) -> Result<Completed, Error> {
    let deadline = Instant::now() + longest.min(ctx.settings.result_wait_max);
    // Subscribed before the first look, so that a job that completes in between is not missed.
    let mut heard = ctx.signals.subscribe();
    let recheck = if ctx.signals.hears() { RECHECK } else { RECHECK_DEAF };
    loop {
        let job = {
            let mut conn = ctx.read().await?;
            storage::jobs::get(&mut conn, tenant, id).await.map_err(Error::of_job(id))?
        };
        match job.state {
            JobState::Creating => return Err(Error::WrongState { state: job.state }),
            JobState::Completed => return completed(ctx, job).await,
            JobState::Pending | JobState::Processing => {}
        }
        if Instant::now() >= deadline || ctx.stop.is_cancelled() {
            return Err(Error::NotYet { after: longest.min(ctx.settings.result_wait_max) });
        }
        // Either end of the wait leads to another look.
        let look = deadline.min(Instant::now() + recheck);
        let rung = ctx.stop.run_until_cancelled(rung_for(&mut heard, id));
        if timeout_at(look, rung).await.is_err() {
            tracing::trace!(job.id = %id, "looking again without a bell");
        }
    }
}

/// Waits for a bell that may concern the job.
async fn rung_for(heard: &mut Receiver<Signal>, id: JobId) {
    loop {
        match heard.recv().await {
            Ok(Signal::Done(job)) if job == id => return,
            Ok(Signal::Missed) | Err(RecvError::Lagged(_)) => return,
            Ok(Signal::Done(_) | Signal::Work | Signal::Stop) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

async fn completed(ctx: &Context, job: JobRow) -> Result<Completed, Error> {
    let mut conn = ctx.read().await?;
    let events = storage::events::list(&mut conn, job.id).await?;
    let results = storage::results::list(&mut conn, job.id).await?;
    Ok(Completed { job, events, results })
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

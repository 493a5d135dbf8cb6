//! Following a job from where it stands to its end.

use tokio::time::{Duration, Instant, sleep_until};

use super::{
    Context, Error,
    result::visible,
    watch::{Seen, Wanted, Watching},
};
use crate::{
    domain::{JobId, JobState, TenantId},
    storage::jobs::{JobRow, JobSummaryRow},
};

/// Least time between two steps that are told, but for the last one.
const PAUSE: Duration = Duration::from_millis(250);

/// A job that is followed. Many who follow one job in a process share what is read of it.
#[derive(Debug)]
pub struct Progress {
    ctx: Context,
    tenant: TenantId,
    job: JobId,
    watching: Watching,
    /// What is to be told next.
    seen: Seen,
    /// What was told last, and when.
    told: Option<(JobSummaryRow, Instant)>,
}

/// Begins to follow a job.
///
/// # Errors
/// `UnknownJob`.
pub async fn follow(ctx: &Context, tenant: TenantId, job: JobId) -> Result<Progress, Error> {
    let (watching, seen) = ctx.watch.job(job, Wanted::Progress).await?;
    visible(&seen, tenant, job)?;
    Ok(Progress { ctx: ctx.clone(), tenant, job, watching, seen, told: None })
}

impl Progress {
    /// The job as it stands, at first at once and then whenever that has changed; none after it is completed, when it is
    /// deleted, or when the process stops.
    pub async fn next(&mut self) -> Option<JobSummaryRow> {
        if self.told.as_ref().is_some_and(|(told, _)| told.state == JobState::Completed) {
            return None;
        }
        let stop = self.ctx.stop.clone();
        stop.run_until_cancelled(self.change()).await.flatten()
    }

    async fn change(&mut self) -> Option<JobSummaryRow> {
        loop {
            let now = summary(&*visible(&self.seen, self.tenant, self.job).ok()?);
            match &self.told {
                Some((told, _)) if *told == now => self.seen = self.watching.changed().await,
                Some((_, at)) if now.state != JobState::Completed && at.elapsed() < PAUSE => {
                    // What changes meanwhile is told instead.
                    tokio::select! {
                        () = sleep_until(*at + PAUSE) => return Some(self.tell(now)),
                        seen = self.watching.changed() => self.seen = seen,
                    }
                }
                Some(_) | None => return Some(self.tell(now)),
            }
        }
    }

    fn tell(&mut self, now: JobSummaryRow) -> JobSummaryRow {
        self.told = Some((now.clone(), Instant::now()));
        now
    }
}

fn summary(job: &JobRow) -> JobSummaryRow {
    JobSummaryRow {
        id: job.id,
        state: job.state,
        outcome: job.outcome,
        error_message: job.error_message.clone(),
        documents: job.documents,
        documents_open: job.documents_open,
        pages: job.pages,
        pages_open: job.pages_open,
    }
}

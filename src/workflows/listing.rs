//! Listing jobs, page by page.

use super::{Context, Error, lists};
use crate::{
    domain::{JobId, JobState, TenantId, limits},
    storage::{
        job_lists::{self, Filter},
        jobs::JobSummaryRow,
    },
};

/// Which jobs to list, and how many.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those in a state.
    pub state: Option<JobState>,
    /// Those of a workflow, by any of its names.
    pub workflow: Option<String>,
    /// Those that come after a job.
    pub after: Option<JobId>,
    /// At most so many.
    pub limit: Option<i64>,
}

/// Jobs, oldest first.
#[derive(Debug)]
pub struct Page {
    /// The jobs.
    pub jobs: Vec<JobSummaryRow>,
    /// Whether there are more of them.
    pub more: bool,
}

/// Lists a tenant's jobs, oldest first. The next page begins after the last job of this one, whatever is added or deleted
/// meanwhile.
///
/// # Errors
/// `UnknownWorkflow`.
pub async fn list(ctx: &Context, tenant: TenantId, wanted: &Wanted) -> Result<Page, Error> {
    let workflow = wanted.workflow.as_deref().map(|name| lists::workflow(Some(name))).transpose()?;
    let filter = Filter { state: wanted.state, workflow: workflow.map(|found| found.name), after: wanted.after };
    let limit = wanted.limit.unwrap_or(limits::LIST_JOBS_MAX).min(limits::LIST_JOBS_MAX);
    // One more than is told, to know whether there is one.
    let mut jobs = job_lists::list(&mut *ctx.read().await?, tenant, &filter, limit + 1).await?;
    let length = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = jobs.len() > length;
    jobs.truncate(length);
    Ok(Page { jobs, more })
}

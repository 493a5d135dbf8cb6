//! Creating a job.

use super::{Context, Error, lists};
use crate::{
    domain::{
        JobId, TenantId, limits,
        options::{self, JobOption},
    },
    queue,
};

/// What a client asks for.
#[derive(Debug, Clone, Default)]
pub struct NewJob {
    /// Name of the workflow, or none for the default.
    pub workflow: Option<String>,
    /// Name of the profile, or none for the default.
    pub profile: Option<String>,
    /// Name of the job.
    pub name: Option<String>,
    /// Options of the job.
    pub options: Vec<JobOption>,
}

/// Creates a job and its options together.
///
/// # Errors
/// `UnknownWorkflow`, `UnknownProfile`, `Options`, `TooManyJobs`.
pub async fn create(ctx: &Context, tenant: TenantId, new: &NewJob) -> Result<JobId, Error> {
    let workflow = lists::workflow(new.workflow.as_deref())?;
    let profile = workflow.profile(new.profile.as_deref())?;
    options::check(&new.options)?;
    let name = new.name.as_deref().map(label);
    let job = queue::NewJob {
        id: JobId::new(),
        tenant,
        workflow: workflow.name,
        profile,
        name: name.filter(|name| !name.is_empty()),
        idle_max: ctx.settings.creating_idle_max,
        options: new.options.clone(),
    };
    Context::again(|| commit(ctx, &job)).await?;
    tracing::info!(job.id = %job.id, workflow = workflow.name, "job created");
    Ok(job.id)
}

async fn commit(ctx: &Context, job: &queue::NewJob) -> Result<(), Error> {
    let max = ctx.settings.open_jobs_max;
    if !ctx.open_jobs.admit(&ctx.pool, job.tenant, max).await? {
        return Err(Error::TooManyJobs { max });
    }
    Ok(ctx.intake.submit(job.clone(), None).await?)
}

/// A name from outside: a label of bounded length without control characters.
pub(super) fn label(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(limits::NAME_CHARS_MAX).collect()
}

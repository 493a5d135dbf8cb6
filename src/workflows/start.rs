//! Starting a job.

use super::{Context, Error, advance};
use crate::{
    domain::{JobId, JobState, TenantId},
    storage,
};

/// Says that all documents are added. When all of them are converted already, the job is assembled at once.
///
/// # Errors
/// `UnknownJob`, `WrongState`.
pub async fn start(ctx: &Context, tenant: TenantId, id: JobId) -> Result<(), Error> {
    let mut tx = ctx.begin().await?;
    let mut job = storage::jobs::lock(&mut tx, tenant, id).await.map_err(Error::of_job(id))?;
    if !job.state.may_become(JobState::Pending) {
        return Err(Error::WrongState { state: job.state });
    }
    storage::jobs::update_started(&mut tx, id).await?;
    job.state = JobState::Pending;
    let step = advance::advance(ctx, &mut tx, &job).await?;
    Context::commit(tx).await?;
    step.announce(ctx, id);
    tracing::info!(job.id = %id, "job started");
    Ok(())
}

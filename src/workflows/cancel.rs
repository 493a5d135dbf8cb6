//! Canceling a job.

use super::{
    Context, Error,
    advance::{self, Step},
};
use crate::{
    domain::{ErrorCode, JobId, JobState, TenantId},
    queue, storage,
};

/// Ends a started job with error `canceled`: waiting work is dropped, running engines are killed. A job that is not
/// started, or has ended, stays as it is.
///
/// # Errors
/// `UnknownJob`.
pub async fn cancel(ctx: &Context, tenant: TenantId, id: JobId) -> Result<(), Error> {
    if let Some(step) = Context::again(|| commit(ctx, tenant, id)).await? {
        ctx.bell.stop();
        step.announce(ctx, id);
    }
    Ok(())
}

/// Ends the job; `None` when there is nothing to end.
async fn commit(ctx: &Context, tenant: TenantId, id: JobId) -> Result<Option<Step>, Error> {
    let mut tx = ctx.begin().await?;
    let job = storage::jobs::lock(&mut tx, tenant, id).await.map_err(Error::of_job(id))?;
    if !matches!(job.state, JobState::Pending | JobState::Processing) {
        return Ok(None);
    }
    storage::jobs::update_cancel_requested(&mut tx, id).await?;
    queue::cancel::cancel_job(&mut tx, id).await?;
    let step = advance::fail(ctx, &mut tx, &job, ErrorCode::Canceled, "The job was canceled.").await?;
    Context::commit(tx).await?;
    Ok(Some(step))
}

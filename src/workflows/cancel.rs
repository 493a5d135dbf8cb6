//! Canceling a job.

use super::{Context, Error, advance};
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
    let mut tx = ctx.begin().await?;
    let job = storage::jobs::lock(&mut tx, tenant, id).await.map_err(Error::of_job(id))?;
    if !matches!(job.state, JobState::Pending | JobState::Processing) {
        return Ok(());
    }
    storage::jobs::update_cancel_requested(&mut tx, id).await?;
    queue::cancel::cancel_job(&mut tx, id).await?;
    let step = advance::fail(ctx, &mut tx, &job, ErrorCode::Canceled, "The job was canceled.").await?;
    Context::commit(tx).await?;
    ctx.bell.stop();
    step.announce(ctx, id);
    Ok(())
}

//! Executing a `purge` task: removes what a deleted job left in the blob store.

use std::time::Duration;

use super::{Done, Outcome, Work};
use crate::{
    queue::{self, Lease},
    storage,
    workflows::Error,
};

/// Wait for running work of the job to stop: an attempt that is being killed may still store a blob.
const WAIT: Duration = Duration::from_millis(500);

impl Work {
    pub(super) async fn purge(&self, lease: &Lease) -> Result<Done, Error> {
        let mut conn = self.ctx.read().await?;
        if queue::cancel::count_others(&mut conn, lease.task.job, lease.task.id).await? > 0 {
            return Ok(Done::new(Outcome::Later(WAIT)));
        }
        drop(conn);
        let blobs = self.ctx.blobs.delete_all(&storage::blobs::job_prefix(lease.task.job)).await?;
        tracing::info!(blobs, "job purged");
        Ok(Done::new(Outcome::Purged))
    }
}

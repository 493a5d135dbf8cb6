//! One attempt of one task, from claim to settlement.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use sqlx::postgres::PgPool;
use tokio::time::Instant;

use super::{Handler, Stop, StopReason};
use crate::{
    queue::{Ending, Error, Lease, Report, lease::How, retry},
    storage,
};

/// Longest wait between two tries to settle.
const SETTLE_WAIT_MAX: Duration = Duration::from_secs(5);

/// An attempt that runs.
pub(super) struct Attempt<H> {
    pub(super) pool: PgPool,
    pub(super) handler: Arc<H>,
    pub(super) lease: Lease,
    pub(super) stop: Stop,
}

/// An attempt that has ended.
pub(super) struct Finished<D> {
    pub(super) fence: i64,
    /// How long it took its slot.
    pub(super) took: Duration,
    /// What is left to be settled; none when it settled itself or its lease is lost.
    pub(super) ended: Option<Ended<D>>,
}

/// An attempt that is to be settled with the next step.
pub(super) struct Ended<D> {
    pub(super) lease: Lease,
    pub(super) ending: Ending,
    /// What is to be dropped when the lease turns out to be lost.
    pub(super) done: Option<D>,
}

impl<D> Ended<D> {
    /// A task that goes back although nobody worked on it.
    pub(super) fn released(lease: Lease) -> Self {
        Self { lease, ending: Ending::of(How::Released(Duration::ZERO)), done: None }
    }

    /// A task that was canceled before anybody worked on it.
    pub(super) fn canceled(lease: Lease) -> Self {
        Self { lease, ending: Ending::of(How::Canceled), done: None }
    }
}

impl<H: Handler> Attempt<H> {
    pub(super) async fn run(self) -> Finished<H::Done> {
        let began = Instant::now();
        let fence = self.lease.fence;
        let executed = AssertUnwindSafe(self.handler.execute(&self.lease, &self.stop)).catch_unwind().await;
        let ended = match executed {
            Ok(done) => match self.handler.ending(&self.lease, &done) {
                Some(ending) => Some(Ended { lease: self.lease, ending, done: Some(done) }),
                None => {
                    let lease = self.lease.clone();
                    let settled = AssertUnwindSafe(self.settle(done)).catch_unwind().await;
                    settled.unwrap_or_else(|_| Some(give_back(lease, "the worker panicked while it settled the task")))
                }
            },
            Err(_) => Some(give_back(self.lease, "the worker panicked while it did the task")),
        };
        Finished { fence, took: began.elapsed(), ended }
    }

    /// Settles until it succeeds or the lease is lost: an outage of the database costs no finished work.
    async fn settle(self, done: H::Done) -> Option<Ended<H::Done>> {
        let mut tries = 0;
        loop {
            match self.handler.settle(&self.lease, &done).await {
                Ok(()) => return None,
                Err(Error::LeaseLost { task, fence }) => {
                    // A commit whose answer was lost looks the same; then the work stands and must not be dropped.
                    let ended = match self.pool.acquire().await {
                        Ok(mut conn) => self.lease.has_ended(&mut conn).await,
                        Err(source) => Err(storage::Error::of("look up an attempt")(source).into()),
                    };
                    match ended {
                        Ok(true) => return None,
                        Ok(false) => {
                            tracing::warn!(task, fence, job.id = %self.lease.task.job, "lease lost, work dropped");
                            self.handler.discard(&self.lease, done).await;
                            return None;
                        }
                        Err(error) => tracing::warn!(%error, "cannot look up an attempt"),
                    }
                }
                Err(error) if error.is_passing() => {
                    tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot settle yet, trying again");
                }
                Err(error) => {
                    tracing::error!(error = %crate::log::ErrorChain(&error), job.id = %self.lease.task.job, "cannot settle");
                    self.handler.discard(&self.lease, done).await;
                    return Some(give_back(self.lease, "what came of the task could not be recorded"));
                }
            }
            if self.stop.reason() == Some(StopReason::Lost) {
                tracing::warn!(task = self.lease.task.id, "gave up settling: the lease is lost");
                return None;
            }
            tries += 1;
            tokio::time::sleep(retry::delay(tries, self.lease.fence.unsigned_abs()).min(SETTLE_WAIT_MAX)).await;
        }
    }
}

/// The end of an attempt that failed by a fault of ours.
fn give_back<D>(lease: Lease, message: &str) -> Ended<D> {
    let report = Report { fault: Some("internal"), message: Some(message.to_owned()), ..Report::default() };
    let wait = retry::delay(lease.task.attempt, lease.fence.unsigned_abs());
    Ended { lease, ending: Ending { how: How::Retried(wait), report }, done: None }
}

//! What a worker can do, and how it is told to stop.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use tokio_util::sync::CancellationToken;

use crate::queue::{Ending, Error, Lease};

/// Why a running task must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The client canceled or deleted the job.
    Canceled,
    /// The task is not ours any more.
    Lost,
    /// The worker stops.
    Shutdown,
}

/// Tells a running task to stop. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    token: CancellationToken,
    reason: Arc<OnceLock<StopReason>>,
}

impl Stop {
    /// Waits until the task must stop, and says why.
    pub async fn wait(&self) -> StopReason {
        self.token.cancelled().await;
        self.reason().unwrap_or(StopReason::Lost)
    }

    /// Why the task must stop, if it must.
    pub fn reason(&self) -> Option<StopReason> {
        self.reason.get().copied()
    }

    /// Tells it, and says whether it had not been told before. The first reason stays: a canceled task that the worker
    /// then gives up on shutdown was canceled.
    pub(super) fn stop(&self, reason: StopReason) -> bool {
        let first = self.reason.set(reason).is_ok();
        self.token.cancel();
        first
    }
}

/// What a worker can do. The pump calls `execute` once an attempt, then settles what came of it until that succeeds or the
/// lease is lost.
pub trait Handler: Send + Sync + 'static {
    /// What came of the work, as data: nothing is written before it is settled.
    type Done: Send + Sync + 'static;

    /// Does the work of one attempt; returns soon after it is told to stop.
    fn execute(&self, lease: &Lease, stop: &Stop) -> impl Future<Output = Self::Done> + Send;

    /// The ending, when it concerns nothing but the queue. Such endings cost no transaction of their own: they are
    /// settled in batches together with the next claim. `None` has `settle` called.
    fn ending(&self, lease: &Lease, done: &Self::Done) -> Option<Ending>;

    /// Writes what came of it, in one transaction that shows the fence. May be called again after a lost answer.
    fn settle(&self, lease: &Lease, done: &Self::Done) -> impl Future<Output = Result<(), Error>> + Send;

    /// Drops what came of an attempt whose lease is lost.
    fn discard(&self, lease: &Lease, done: Self::Done) -> impl Future<Output = ()> + Send;

    /// Does what has to be done now and then, in bounded batches; safe to run by several workers at once.
    fn housekeep(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

//! The worker's loop: one a process, whatever the number of slots.
//!
//! It claims what fits into the free slots, keeps the lease, hears what to stop, takes back what dead workers held, and
//! drains when told to. The handler does the work; the pump never waits for it.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::FutureExt;
use sqlx::postgres::PgPool;
use tokio::{
    sync::broadcast::error::RecvError,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Bell, Error, Lease, Report, Signal, Signals, claim, rescue, retry, worker};
use crate::{
    domain::{Lane, WorkerId},
    storage,
};

/// How a worker behaves.
#[derive(Debug, Clone)]
pub struct PumpConfig {
    /// Slots a lane.
    pub slots: BTreeMap<Lane, usize>,
    /// Host name, for operators.
    pub host: String,
    /// Identifier that a supervisor chose, to bury the worker by when it dies.
    pub id: Option<WorkerId>,
    /// How long a worker counts as alive without a sign of life.
    pub lease: Duration,
    /// How often it gives a sign of life.
    pub renew: Duration,
    /// How often it looks for work without a bell.
    pub poll: Duration,
    /// How long running tasks may go on when it stops.
    pub grace: Duration,
}

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

    fn stop(&self, reason: StopReason) {
        // The first reason stays: a canceled task that the worker then gives up on shutdown was canceled.
        self.reason.get_or_init(|| reason);
        self.token.cancel();
    }
}

/// What a worker can do. The pump calls `execute` once an attempt, then `settle` until it succeeds or the lease is lost.
pub trait Handler: Send + Sync + 'static {
    /// What came of the work, as data: nothing is written before it is settled.
    type Done: Send + Sync;

    /// Does the work of one attempt; returns soon after it is told to stop.
    fn execute(&self, lease: &Lease, stop: &Stop) -> impl Future<Output = Self::Done> + Send;

    /// Writes what came of it, in one transaction that shows the fence. May be called again after a lost answer.
    fn settle(&self, lease: &Lease, done: &Self::Done) -> impl Future<Output = Result<(), Error>> + Send;

    /// Drops what came of an attempt whose lease is lost.
    fn discard(&self, lease: &Lease, done: Self::Done) -> impl Future<Output = ()> + Send;

    /// Does what has to be done now and then, in bounded batches; safe to run by several workers at once.
    fn housekeep(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

struct Running {
    task: i64,
    lane: Lane,
    stop: Stop,
}

struct Pump<H> {
    pool: PgPool,
    config: PumpConfig,
    bell: Bell,
    handler: Arc<H>,
    me: worker::Registration,
    /// What runs, by fence: a task that was lost may be claimed again before its first attempt has ended.
    running: HashMap<i64, Running>,
    attempts: JoinSet<i64>,
}

/// Works until stopped, then drains: running tasks get the grace period, the rest goes back without costing an attempt.
pub async fn run<H: Handler>(
    pool: PgPool,
    signals: Signals,
    bell: Bell,
    config: PumpConfig,
    handler: Arc<H>,
    stop: CancellationToken,
) {
    let mut heard = signals.subscribe();
    let me = worker::Registration {
        id: config.id.unwrap_or_else(WorkerId::new),
        host: config.host.clone(),
        pid: i32::try_from(std::process::id()).unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION"),
        slots: config.slots.clone(),
    };
    let mut pump = Pump { pool, config, bell, handler, me, running: HashMap::new(), attempts: JoinSet::new() };
    if stop.run_until_cancelled(pump.register()).await.is_none() {
        return;
    }
    let mut poll = Instant::now();
    let mut renew = Instant::now() + pump.config.renew;
    let mut care = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            signal = heard.recv() => match signal {
                Ok(Signal::Work | Signal::Missed) | Err(RecvError::Lagged(_)) => poll = Instant::now(),
                Ok(Signal::Stop) => renew = Instant::now(),
                // `signals` holds the sender, so the channel is open as long as this loop runs.
                Ok(Signal::Done(_)) | Err(RecvError::Closed) => {}
            },
            Some(ended) = pump.attempts.join_next() => {
                pump.forget(ended);
                poll = Instant::now();
            }
            () = sleep_until(poll) => {
                pump.claim().await;
                poll = Instant::now() + jittered(pump.config.poll);
            }
            () = sleep_until(renew) => {
                pump.renew().await;
                renew = Instant::now() + pump.config.renew;
            }
            () = sleep_until(care) => {
                pump.care().await;
                care = Instant::now() + jittered(pump.config.renew);
            }
        }
    }
    pump.drain().await;
}

impl<H: Handler> Pump<H> {
    /// Registers this process, trying until the database is there.
    async fn register(&mut self) {
        loop {
            let registered = match self.pool.acquire().await {
                Ok(mut conn) => worker::register(&mut conn, &self.me, self.config.lease).await,
                Err(source) => Err(storage::Error::of("register a worker")(source)),
            };
            match registered {
                Ok(()) => {
                    tracing::info!(worker.id = %self.me.id, slots = ?self.me.slots, "working");
                    return;
                }
                Err(error) => {
                    tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot register yet, trying again");
                    tokio::time::sleep(self.config.poll).await;
                }
            }
        }
    }

    async fn claim(&mut self) {
        for (lane, slots) in self.config.slots.clone() {
            let taken = self.running.values().filter(|running| running.lane == lane).count();
            let free = slots.saturating_sub(taken);
            if free == 0 {
                continue;
            }
            let claimed = match self.pool.acquire().await {
                Ok(mut conn) => claim::claim(&mut conn, &self.me, lane, free).await,
                Err(source) => Err(storage::Error::of("claim tasks")(source)),
            };
            match claimed {
                Ok(Some(leases)) => leases.into_iter().for_each(|lease| self.begin(lease)),
                // Somebody declared this worker dead; renewing finds out and registers anew.
                Ok(None) => return self.renew().await,
                Err(error) => {
                    tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot claim");
                    return;
                }
            }
        }
    }

    fn begin(&mut self, lease: Lease) {
        let stop = Stop::default();
        let running = Running { task: lease.task.id, lane: lease.task.lane, stop: stop.clone() };
        self.running.insert(lease.fence, running);
        let attempt = Attempt {
            pool: self.pool.clone(),
            handler: Arc::clone(&self.handler),
            bell: self.bell.clone(),
            lease,
            stop,
        };
        self.attempts.spawn(attempt.run());
    }

    fn forget(&mut self, ended: Result<i64, tokio::task::JoinError>) {
        match ended {
            Ok(fence) => {
                self.running.remove(&fence);
            }
            // The attempt catches panics of the handler itself, so this is a fault of ours; the lease is kept until the
            // process ends and somebody else rescues the task.
            Err(error) => tracing::error!(%error, "an attempt ended abnormally"),
        }
    }

    async fn renew(&mut self) {
        let held: Vec<_> = self.running.iter().map(|(fence, running)| (running.task, *fence)).collect();
        let renewed = match self.pool.acquire().await {
            Ok(mut conn) => worker::renew(&mut conn, self.me.id, self.config.lease, &held).await,
            Err(source) => Err(storage::Error::of("renew a lease")(source)),
        };
        match renewed {
            Ok(Some(to_stop)) => {
                for entry in to_stop {
                    if let Some(running) = self.running.get(&entry.fence) {
                        running.stop.stop(if entry.lost { StopReason::Lost } else { StopReason::Canceled });
                    }
                }
            }
            Ok(None) => {
                tracing::warn!(worker.id = %self.me.id, "the lease of this worker was lost; its work is dropped");
                self.running.values().for_each(|running| running.stop.stop(StopReason::Lost));
                self.me.id = WorkerId::new();
                self.register().await;
            }
            Err(error) => tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot renew the lease"),
        }
    }

    async fn care(&mut self) {
        let rescued = match self.pool.acquire().await {
            Ok(mut conn) => rescue::rescue(&mut conn).await,
            Err(source) => Err(storage::Error::of("rescue tasks")(source)),
        };
        match rescued {
            Ok(0) => {}
            Ok(count) => {
                tracing::warn!(count, "took back the tasks of dead workers");
                self.bell.work();
            }
            Err(error) => tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot look for dead workers"),
        }
        if let Err(error) = self.handler.housekeep().await {
            tracing::warn!(error = %crate::log::ErrorChain(&error), "housekeeping failed");
        }
    }

    async fn drain(mut self) {
        if let Ok(mut conn) = self.pool.acquire().await
            && let Err(error) = worker::update_draining(&mut conn, self.me.id).await
        {
            tracing::debug!(%error, "cannot mark the worker as draining");
        }
        tracing::info!(running = self.running.len(), "stopping; running tasks may end");
        let deadline = Instant::now() + self.config.grace;
        let mut renew = Instant::now() + self.config.renew;
        while !self.attempts.is_empty() && Instant::now() < deadline {
            tokio::select! {
                Some(ended) = self.attempts.join_next() => self.forget(ended),
                () = sleep_until(renew.min(deadline)) => {
                    self.renew().await;
                    renew = Instant::now() + self.config.renew;
                }
            }
        }
        self.running.values().for_each(|running| running.stop.stop(StopReason::Shutdown));
        let rest = async { while self.attempts.join_next().await.is_some() {} };
        if timeout(self.config.lease, rest).await.is_err() {
            tracing::warn!("some tasks did not stop in time; they will be rescued");
        }
        if let Ok(mut conn) = self.pool.acquire().await
            && let Err(error) = worker::delete(&mut conn, self.me.id).await
        {
            tracing::debug!(%error, "cannot remove the worker; its lease runs out by itself");
        }
        self.bell.work();
    }
}

/// One attempt of one task, from claim to settlement.
struct Attempt<H> {
    pool: PgPool,
    handler: Arc<H>,
    bell: Bell,
    lease: Lease,
    stop: Stop,
}

impl<H: Handler> Attempt<H> {
    async fn run(self) -> i64 {
        let executed = AssertUnwindSafe(self.handler.execute(&self.lease, &self.stop)).catch_unwind().await;
        match executed {
            Ok(done) => self.settle(done).await,
            Err(_) => self.give_back("the worker panicked while it did the task").await,
        }
        self.lease.fence
    }

    /// Settles until it succeeds or the lease is lost: an outage of the database costs no finished work.
    async fn settle(&self, done: H::Done) {
        let mut tries = 0;
        loop {
            match self.handler.settle(&self.lease, &done).await {
                Ok(()) => return,
                Err(Error::LeaseLost { task, fence }) => {
                    // A commit whose answer was lost looks the same; then the work stands and must not be dropped.
                    let succeeded = match self.pool.acquire().await {
                        Ok(mut conn) => self.lease.has_succeeded(&mut conn).await,
                        Err(source) => Err(storage::Error::of("look up an attempt")(source).into()),
                    };
                    match succeeded {
                        Ok(true) => return,
                        Ok(false) => {
                            tracing::warn!(task, fence, job.id = %self.lease.task.job, "lease lost, work dropped");
                            return self.handler.discard(&self.lease, done).await;
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
                    return self.give_back("what came of the task could not be recorded").await;
                }
            }
            if self.stop.reason() == Some(StopReason::Lost) {
                tracing::warn!(task = self.lease.task.id, "gave up settling: the lease is lost");
                return;
            }
            tries += 1;
            let wait = retry::delay(tries, self.lease.fence.unsigned_abs()).min(Duration::from_secs(5));
            tokio::time::sleep(wait).await;
        }
    }

    async fn give_back(&self, message: &str) {
        let report = Report { fault: Some("internal"), message: Some(message.to_owned()), ..Report::default() };
        let wait = retry::delay(self.lease.task.attempt, self.lease.fence.unsigned_abs());
        let given = match self.pool.acquire().await {
            Ok(mut conn) => self.lease.retry(&mut conn, wait, &report).await,
            Err(source) => Err(storage::Error::of("give a task back")(source).into()),
        };
        if let Err(error) = given {
            tracing::error!(error = %crate::log::ErrorChain(&error), "cannot give a task back");
        }
        self.bell.work();
    }
}

/// A duration spread by a quarter either way, so that many processes do not ask in step.
fn jittered(duration: Duration) -> Duration {
    let share = u32::try_from(uuid::Uuid::new_v4().as_u128() % 512).unwrap_or(0);
    duration * (768 + share) / 1024
}

//! The worker's loop: one a process, whatever the number of slots.
//!
//! ```text
//!            ┌────────────── one step: settle what has ended, claim what fits ───────────────┐
//!            ▼                                                                               │
//! buffer (tasks of a few ms only) ──► slots ──► execute ──► ends in the queue alone ─────────┤
//!                                                  └──────► writes more: settled in a transaction of its own
//! ```
//!
//! 1. It never waits for the database or for a handler: statements run beside the loop, one step and one renewal at a time.
//! 2. What ends while a step is under way goes with the next one, so that batches grow with the load by themselves.
//! 3. It looks for work when a bell rings, when its last look found all it wanted, and now and then without any reason.

mod attempt;
mod chores;
mod handler;
mod lane;
mod look;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use sqlx::postgres::PgPool;
use tokio::{
    sync::broadcast::error::RecvError,
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::{
    attempt::{Attempt, Ended, Finished},
    chores::Chore,
    lane::Slots,
};
use super::{Bell, Lease, Signal, Signals, worker};
use crate::{
    domain::{Lane, WorkerId},
    storage::pool::Route,
};

pub use self::handler::{Handler, Stop, StopReason};

/// What has ended waits at most so long for others before it is settled, while there is buffered work to do.
const FLUSH: Duration = Duration::from_millis(20);
/// Wait before a step is tried again that failed; doubles up to the interval of polling.
const AGAIN: Duration = Duration::from_millis(50);

/// How a worker behaves.
#[derive(Debug, Clone)]
pub struct PumpConfig {
    /// Slots a lane.
    pub slots: BTreeMap<Lane, usize>,
    /// Most tasks of a lane that are claimed ahead of a free slot. Only tasks of a few milliseconds are: a claim for
    /// each of them would cost more than the task.
    pub ahead_max: usize,
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
    /// How transactions reach the server.
    pub route: Route,
}

struct Running {
    held: worker::Held,
    lane: Lane,
    stop: Stop,
}

struct Pump<H: Handler> {
    pool: PgPool,
    config: PumpConfig,
    bell: Bell,
    handler: Arc<H>,
    me: worker::Registration,
    lanes: BTreeMap<Lane, Slots>,
    /// What runs, by fence: a task that was lost may be claimed again before its first attempt has ended.
    running: HashMap<i64, Running>,
    attempts: JoinSet<Finished<H::Done>>,
    /// What waits for the next step, and since when.
    ended: Vec<Ended<H::Done>>,
    ended_since: Option<Instant>,
    /// Statements under way.
    chores: JoinSet<Chore<H::Done>>,
    stepping: bool,
    /// The last places that were claimed, to be told to the database, and whether that is under way.
    served: BTreeMap<Lane, i64>,
    serving: bool,
    renewing: bool,
    caring: bool,
    keeping: bool,
    /// Work may wait: a bell rang, or it is time to look.
    look: bool,
    /// Waits may be over: it is time to look.
    due: bool,
    /// A claim may be committed of which no answer came.
    unknown: bool,
    /// No step before this: the last ones failed.
    not_before: Instant,
    failures: u32,
    poll: Instant,
    renew: Instant,
    care: Instant,
    keep: Instant,
    orphans_at: Instant,
    /// When the worker was told to stop, what still runs is given up then.
    deadline: Option<Instant>,
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
    let mut pump = Pump::new(pool, bell, config, handler);
    if stop.run_until_cancelled(pump.register()).await.is_none() {
        return;
    }
    loop {
        pump.fill();
        pump.step_if_due();
        if pump.deadline.is_some() && pump.is_idle() {
            break;
        }
        let (step_at, renew_at, care_at, keep_at) = (pump.next_step_at(), pump.renew, pump.care, pump.keep);
        let deadline = pump.deadline;
        let given_up = sleep_until(deadline.unwrap_or_else(Instant::now));
        tokio::select! {
            () = stop.cancelled(), if deadline.is_none() => pump.begin_drain(),
            signal = heard.recv() => pump.hear(&signal),
            Some(finished) = pump.attempts.join_next() => pump.finished(finished),
            Some(chore) = pump.chores.join_next() => pump.done(chore),
            () = sleep_until(step_at), if !pump.stepping => pump.tick(),
            () = sleep_until(renew_at), if !pump.renewing => pump.begin_renew(),
            () = sleep_until(care_at), if !pump.caring && deadline.is_none() => pump.begin_care(),
            () = sleep_until(keep_at), if !pump.keeping && deadline.is_none() => pump.begin_keep(),
            () = given_up, if deadline.is_some() => if pump.give_up() {
                break;
            },
        }
    }
    pump.leave().await;
}

impl<H: Handler> Pump<H> {
    fn new(pool: PgPool, bell: Bell, config: PumpConfig, handler: Arc<H>) -> Self {
        let now = Instant::now();
        Self {
            me: worker::Registration {
                id: config.id.unwrap_or_else(WorkerId::new),
                host: config.host.clone(),
                pid: i32::try_from(std::process::id()).unwrap_or_default(),
                version: env!("CARGO_PKG_VERSION"),
                slots: config.slots.clone(),
            },
            lanes: config.slots.iter().map(|(lane, slots)| (*lane, Slots::new(*slots, config.ahead_max))).collect(),
            pool,
            bell,
            handler,
            running: HashMap::new(),
            attempts: JoinSet::new(),
            ended: Vec::new(),
            ended_since: None,
            chores: JoinSet::new(),
            stepping: false,
            served: BTreeMap::new(),
            serving: false,
            renewing: false,
            caring: false,
            keeping: false,
            look: true,
            due: true,
            unknown: false,
            not_before: now,
            failures: 0,
            poll: now + config.poll,
            renew: now + config.renew,
            care: now,
            keep: now,
            orphans_at: now,
            deadline: None,
            config,
        }
    }

    /// Registers this process, trying until the database is there.
    async fn register(&mut self) {
        while let Err(error) = chores::register(&self.pool, self.config.route, &self.me, self.config.lease).await {
            tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot register yet, trying again");
            tokio::time::sleep(self.config.poll).await;
        }
        tracing::info!(worker.id = %self.me.id, slots = ?self.me.slots, "working");
    }

    fn hear(&mut self, signal: &Result<Signal, RecvError>) {
        match signal {
            Ok(Signal::Work | Signal::Missed) | Err(RecvError::Lagged(_)) => self.look = true,
            Ok(Signal::Stop) => self.renew = Instant::now(),
            // `signals` holds the sender, so the channel is open as long as the loop runs.
            Ok(Signal::Done(_)) | Err(RecvError::Closed) => {}
        }
    }

    /// It is time to look at the table without being told.
    fn tick(&mut self) {
        if Instant::now() >= self.poll {
            self.look = true;
            self.due = true;
            self.poll = Instant::now() + jittered(self.config.poll);
        }
    }

    /// When the loop must wake for a step although nothing happens.
    fn next_step_at(&self) -> Instant {
        let now = Instant::now();
        if self.not_before > now {
            return self.not_before;
        }
        let mut at = self.poll;
        if let Some(since) = self.ended_since {
            at = at.min(since + FLUSH);
        }
        self.lanes.values().filter_map(Slots::look_again_at).fold(at, Instant::min)
    }

    /// Puts buffered tasks into free slots.
    fn fill(&mut self) {
        let mut next = Vec::new();
        for slots in self.lanes.values_mut() {
            while let Some(lease) = slots.next() {
                next.push(lease);
            }
        }
        next.into_iter().for_each(|lease| self.begin(lease));
    }

    fn begin(&mut self, lease: Lease) {
        let stop = Stop::default();
        self.running.insert(lease.fence, Running { held: lease.held(), lane: lease.task.lane, stop: stop.clone() });
        let attempt = Attempt { pool: self.pool.clone(), handler: Arc::clone(&self.handler), lease, stop };
        self.attempts.spawn(attempt.run());
    }

    fn finished(&mut self, finished: Result<Finished<H::Done>, JoinError>) {
        let mut next = Some(finished);
        // What has ended meanwhile is taken along, so that it goes into the same step.
        while let Some(finished) = next {
            match finished {
                Ok(finished) => self.end(finished),
                // The attempt catches panics of the handler itself, so this is a fault of ours; the lease is kept until
                // the process ends and somebody else rescues the task.
                Err(error) => tracing::error!(%error, "an attempt ended abnormally"),
            }
            next = self.attempts.try_join_next();
        }
    }

    fn end(&mut self, finished: Finished<H::Done>) {
        if let Some(running) = self.running.remove(&finished.fence)
            && let Some(slots) = self.lanes.get_mut(&running.lane)
        {
            slots.ended(finished.took);
        }
        if let Some(ended) = finished.ended {
            self.settle_soon(ended);
        }
    }

    /// Has an end settled with the next step.
    fn settle_soon(&mut self, ended: Ended<H::Done>) {
        self.ended.push(ended);
        self.ended_since.get_or_insert_with(Instant::now);
    }

    /// Hands back what is buffered and nobody has begun.
    fn release_buffered(&mut self) {
        let buffered: Vec<_> = self.lanes.values_mut().flat_map(Slots::empty).collect();
        for lease in buffered {
            self.settle_soon(Ended::released(lease));
        }
    }

    /// Starts a step when there is a reason for one and none is under way.
    fn step_if_due(&mut self) {
        let now = Instant::now();
        if self.stepping || now < self.not_before {
            return;
        }
        let buffered = self.lanes.values().any(Slots::has_buffered);
        let settle = self
            .ended_since
            .is_some_and(|since| !buffered || self.ended.len() >= self.config.ahead_max || since.elapsed() >= FLUSH);
        let claim = self.deadline.is_none() && self.lanes.values().any(|slots| slots.is_hungry(self.look, now));
        // A look for what is due is a look for work; without a free slot both can wait.
        if settle || claim {
            self.begin_step(now);
        }
    }

    fn begin_drain(&mut self) {
        tracing::info!(running = self.running.len(), "stopping; running tasks may end");
        self.deadline = Some(Instant::now() + self.config.grace);
        self.release_buffered();
        self.begin_draining();
    }

    fn is_idle(&self) -> bool {
        self.attempts.is_empty() && self.ended.is_empty() && !self.stepping
    }

    /// At the end of the grace period everything is told to stop; at the second call the rest is left behind.
    fn give_up(&mut self) -> bool {
        let mut told = false;
        for running in self.running.values() {
            told |= running.stop.stop(StopReason::Shutdown);
        }
        if !told {
            tracing::warn!("some tasks did not stop in time; they will be rescued");
        }
        self.deadline = Some(Instant::now() + self.config.lease);
        !told
    }
}

/// A duration spread by a quarter either way, so that many processes do not ask in step.
fn jittered(duration: Duration) -> Duration {
    let share = u32::try_from(uuid::Uuid::new_v4().as_u128() % 512).unwrap_or(0);
    duration * (768 + share) / 1024
}

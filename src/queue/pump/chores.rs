//! The pump's statements, run beside its loop.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sqlx::{Postgres, pool::PoolConnection, postgres::PgPool};
use tokio::{
    task::JoinError,
    time::{Instant, timeout},
};

use super::{AGAIN, Ended, Handler, Pump, Slots, StopReason, jittered};
use crate::{
    domain::{Lane, WorkerId},
    queue::{
        Lease, rescue,
        step::{Stepped, Want, serve, step},
        worker,
    },
    storage::{
        Error,
        pool::{Route, give_back},
    },
};

/// How often somebody looks for tasks whose worker was never registered.
const ORPHANS: Duration = Duration::from_secs(60);

/// What a chore brought.
pub(super) enum Chore<D> {
    Stepped(Box<StepDone<D>>),
    Renewed(Result<Renewed, Error>),
    /// How soon to care again, when it is known to be needed.
    Cared(Option<Duration>),
    Kept,
    Served,
    Said,
}

pub(super) enum Renewed {
    /// Still the same worker; these must stop.
    Same(Vec<worker::ToStop>),
    /// The lease was lost; the process goes on under a new identity.
    Anew(Box<worker::Registration>),
}

/// A step, with what went into it.
pub(super) struct StepDone<D> {
    ended: Vec<Ended<D>>,
    wants: Vec<Want>,
    outcome: Result<Stepped, Error>,
    took: Duration,
}

pub(super) async fn register(
    pool: &PgPool,
    route: Route,
    me: &worker::Registration,
    lease: Duration,
) -> Result<(), Error> {
    let mut conn = acquire(pool, "register a worker").await?;
    worker::register(&mut conn, me, lease).await?;
    give_back(conn, route).await
}

async fn acquire(pool: &PgPool, doing: &'static str) -> Result<PoolConnection<Postgres>, Error> {
    pool.acquire().await.map_err(Error::of(doing))
}

/// What a step is to do.
struct StepOrder {
    worker: WorkerId,
    wants: Vec<Want>,
    /// Look for waits that are over first.
    due: bool,
    /// Hand back first what is held without being known; these are known.
    known: Option<Vec<i64>>,
    route: Route,
}

async fn run_step<H: Handler>(
    pool: &PgPool,
    handler: &H,
    order: &StepOrder,
    ended: &mut Vec<Ended<H::Done>>,
) -> Result<(Stepped, Duration), Error> {
    let mut conn = acquire(pool, "settle and claim tasks").await?;
    if let Some(known) = &order.known {
        let back = rescue::forgo_unknown(&mut conn, order.worker, known).await?;
        if back > 0 {
            tracing::warn!(back, "handed back what was claimed without an answer");
        }
    }
    if order.due {
        rescue::release_due(&mut conn).await?;
    }
    let endings: Vec<_> = ended.iter().map(|ended| (&ended.lease, &ended.ending)).collect();
    let began = Instant::now();
    let stepped = step(&mut conn, order.worker, &endings, &order.wants).await?;
    let took = began.elapsed();
    if stepped.settled.len() < ended.len() {
        drop_lost(&mut conn, handler, &stepped, ended).await;
    }
    give_back(conn, order.route).await?;
    Ok((stepped, took))
}

/// Drops what came of attempts that do not count any more. A settlement whose answer was lost did count.
async fn drop_lost<H: Handler>(
    conn: &mut PoolConnection<Postgres>,
    handler: &H,
    stepped: &Stepped,
    ended: &mut Vec<Ended<H::Done>>,
) {
    for lost in ended.extract_if(.., |ended| !stepped.settled.contains(&ended.lease.fence)) {
        match lost.lease.has_ended(conn).await {
            Ok(true) => {}
            Ok(false) => {
                let task = &lost.lease.task;
                tracing::warn!(task = task.id, fence = lost.lease.fence, job.id = %task.job, "lease lost, work dropped");
                if let Some(done) = lost.done {
                    handler.discard(&lost.lease, done).await;
                }
            }
            // Whatever it made stays until its job is purged.
            Err(error) => tracing::warn!(%error, "cannot look up an attempt"),
        }
    }
}

impl<H: Handler> Pump<H> {
    pub(super) fn begin_step(&mut self, now: Instant) {
        self.stepping = true;
        let told = std::mem::take(&mut self.look);
        self.ended_since = None;
        let mut ended = std::mem::take(&mut self.ended);
        let mut wants = Vec::new();
        if self.deadline.is_none() {
            for (lane, slots) in &mut self.lanes {
                wants.extend(slots.want(told, now).map(|(count, start)| Want { lane: *lane, count, start }));
            }
        }
        let known = self.unknown.then(|| {
            let buffered = self.lanes.values().flat_map(Slots::buffered).map(|lease| lease.fence);
            self.running.keys().copied().chain(buffered).chain(ended.iter().map(|ended| ended.lease.fence)).collect()
        });
        let order = StepOrder {
            worker: self.me.id,
            wants,
            due: std::mem::take(&mut self.due),
            known,
            route: self.config.route,
        };
        let (pool, handler) = (self.pool.clone(), Arc::clone(&self.handler));
        self.chores.spawn(async move {
            let done = run_step(&pool, &*handler, &order, &mut ended).await;
            let (outcome, took) = match done {
                Ok((stepped, took)) => (Ok(stepped), took),
                Err(error) => (Err(error), Duration::ZERO),
            };
            Chore::Stepped(Box::new(StepDone { ended, wants: order.wants, outcome, took }))
        });
    }

    pub(super) fn done(&mut self, chore: Result<Chore<H::Done>, JoinError>) {
        match chore {
            Ok(Chore::Stepped(step)) => self.stepped(*step),
            Ok(Chore::Renewed(renewed)) => self.renewed(renewed),
            Ok(Chore::Cared(next)) => {
                self.caring = false;
                let soon = next.map_or(self.config.renew, |next| next.min(self.config.renew));
                self.care = Instant::now() + jittered(soon.max(AGAIN));
            }
            Ok(Chore::Kept) => {
                self.keeping = false;
                self.keep = Instant::now() + jittered(self.config.renew);
            }
            Ok(Chore::Served) => {
                self.serving = false;
                self.begin_serve();
            }
            Ok(Chore::Said) => {}
            Err(error) => {
                // A fault of ours. The lease is not renewed for what the step knew of, so it is rescued.
                tracing::error!(%error, "a statement of the worker ended abnormally");
                (self.stepping, self.renewing, self.caring, self.keeping) = (false, false, false, false);
                self.serving = false;
                self.unknown = true;
            }
        }
    }

    fn stepped(&mut self, step: StepDone<H::Done>) {
        self.stepping = false;
        match step.outcome {
            Ok(stepped) => {
                (self.failures, self.unknown) = (0, false);
                // What is free now may wait in any lane, and for any worker.
                let freed = stepped.freed;
                self.look |= freed;
                self.arrived(&step.wants, stepped, step.took);
                if freed || step.ended.iter().any(|ended| ended.ending.how.is_ready()) {
                    self.bell.work();
                }
            }
            Err(error) => {
                tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot settle and claim, trying again");
                // What was to be settled goes with the next step, before what has ended meanwhile.
                let later = std::mem::replace(&mut self.ended, step.ended);
                self.ended.extend(later);
                if !self.ended.is_empty() {
                    self.ended_since.get_or_insert_with(Instant::now);
                }
                self.lanes.values_mut().for_each(Slots::unknown);
                (self.unknown, self.due) = (true, true);
                let wait = (AGAIN * (1 << self.failures.min(6))).min(self.config.poll);
                self.failures += 1;
                self.not_before = Instant::now() + jittered(wait);
            }
        }
    }

    fn arrived(&mut self, wants: &[Want], stepped: Stepped, took: Duration) {
        if wants.is_empty() {
            return;
        }
        if !stepped.alive {
            // Somebody declared this worker dead; renewing finds out and registers anew.
            self.renew = Instant::now();
            self.look = true;
            self.not_before = Instant::now() + AGAIN;
            return;
        }
        let mut by_lane: HashMap<Lane, Vec<_>> = HashMap::new();
        for lease in stepped.claimed {
            by_lane.entry(lease.task.lane).or_default().push(lease);
        }
        for want in wants {
            let leases = by_lane.remove(&want.lane).unwrap_or_default();
            if let Some(last) = leases.last() {
                self.served.insert(want.lane, last.task.order_key);
            }
            if let Some(slots) = self.lanes.get_mut(&want.lane) {
                slots.claimed(want, leases, took);
            }
        }
        self.begin_serve();
        if stepped.limited > 0 {
            // Others may stand behind those that were put aside.
            self.look = true;
        }
        if self.deadline.is_some() {
            self.release_buffered();
        }
    }

    /// Tells the database how far the lanes are; what is claimed meanwhile goes with the next time.
    fn begin_serve(&mut self) {
        if self.serving || self.served.is_empty() {
            return;
        }
        self.serving = true;
        let (pool, places) = (self.pool.clone(), std::mem::take(&mut self.served));
        self.chores.spawn(async move {
            let served = match acquire(&pool, "move the clocks of lanes").await {
                Ok(mut conn) => serve(&mut conn, &places).await,
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                tracing::debug!(%error, "cannot move the clocks of lanes");
            }
            Chore::Served
        });
    }

    pub(super) fn begin_renew(&mut self) {
        self.renewing = true;
        self.renew = Instant::now() + self.config.renew;
        let mut held: Vec<_> = self.running.values().map(|running| running.held).collect();
        held.extend(self.lanes.values().flat_map(Slots::buffered).map(Lease::held));
        let (pool, me, lease, route) = (self.pool.clone(), self.me.clone(), self.config.lease, self.config.route);
        self.chores.spawn(async move { Chore::Renewed(renew(&pool, route, me, lease, &held).await) });
    }

    fn renewed(&mut self, renewed: Result<Renewed, Error>) {
        self.renewing = false;
        match renewed {
            Ok(Renewed::Same(to_stop)) => to_stop.into_iter().for_each(|entry| self.stop_one(entry)),
            Ok(Renewed::Anew(me)) => {
                tracing::warn!(worker.id = %self.me.id, anew = %me.id, "the lease of this worker was lost; its work is dropped");
                self.me = *me;
                for running in self.running.values() {
                    running.stop.stop(StopReason::Lost);
                }
                self.lanes.values_mut().for_each(|slots| drop(slots.empty()));
                self.look = true;
            }
            Err(error) => {
                tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot renew the lease");
                self.renew = Instant::now() + self.config.renew / 5;
            }
        }
    }

    fn stop_one(&mut self, entry: worker::ToStop) {
        if let Some(running) = self.running.get(&entry.fence) {
            running.stop.stop(if entry.lost { StopReason::Lost } else { StopReason::Canceled });
            return;
        }
        let buffered = self.lanes.values_mut().find_map(|slots| slots.remove(entry.fence));
        if let Some(lease) = buffered.filter(|_| !entry.lost) {
            self.settle_soon(Ended::canceled(lease));
        }
    }

    pub(super) fn begin_care(&mut self) {
        self.caring = true;
        let orphans = self.orphans_at <= Instant::now();
        if orphans {
            self.orphans_at = Instant::now() + jittered(ORPHANS);
            // And for what this worker holds itself without knowing it.
            self.unknown = true;
        }
        let (pool, bell) = (self.pool.clone(), self.bell.clone());
        self.chores.spawn(async move {
            let next = match care(&pool, orphans).await {
                Ok((tasks, next)) => {
                    if tasks > 0 {
                        tracing::warn!(tasks, "returned tasks to the queue that nobody worked on");
                        bell.work();
                    }
                    next
                }
                Err(error) => {
                    tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot look for dead workers");
                    None
                }
            };
            Chore::Cared(next)
        });
    }

    /// Housekeeping may take long, and the dead are not to wait for it.
    pub(super) fn begin_keep(&mut self) {
        self.keeping = true;
        let handler = Arc::clone(&self.handler);
        self.chores.spawn(async move {
            if let Err(error) = handler.housekeep().await {
                tracing::warn!(error = %crate::log::ErrorChain(&error), "housekeeping failed");
            }
            Chore::Kept
        });
    }

    /// Says in the database that this worker takes no more.
    pub(super) fn begin_draining(&mut self) {
        let (pool, me) = (self.pool.clone(), self.me.id);
        self.chores.spawn(async move {
            let said = match acquire(&pool, "drain a worker").await {
                Ok(mut conn) => worker::update_draining(&mut conn, me).await,
                Err(error) => Err(error),
            };
            if let Err(error) = said {
                tracing::debug!(%error, "cannot mark the worker as draining");
            }
            Chore::Said
        });
    }

    /// Leaves the database as if this worker had never been; what it still holds goes back.
    pub(super) async fn leave(self) {
        // A statement under way would put the worker back where it is about to be removed from.
        let mut chores = self.chores;
        if timeout(self.config.lease, async { while chores.join_next().await.is_some() {} }).await.is_err() {
            tracing::debug!("some statements of the worker did not end");
        }
        let removed = match acquire(&self.pool, "remove a worker").await {
            Ok(mut conn) => worker::delete(&mut conn, self.me.id).await,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::debug!(%error, "cannot remove the worker; its lease runs out by itself");
        }
        self.bell.work();
    }
}

/// Renews the lease; a lease that is lost makes another worker of this process.
async fn renew(
    pool: &PgPool,
    route: Route,
    me: worker::Registration,
    lease: Duration,
    held: &[worker::Held],
) -> Result<Renewed, Error> {
    let mut conn = acquire(pool, "renew a lease").await?;
    if let Some(to_stop) = worker::renew(&mut conn, me.id, lease, held).await? {
        give_back(conn, route).await?;
        return Ok(Renewed::Same(to_stop));
    }
    let anew = worker::Registration { id: WorkerId::new(), ..me };
    worker::register(&mut conn, &anew, lease).await?;
    give_back(conn, route).await?;
    Ok(Renewed::Anew(Box::new(anew)))
}

/// Returns to the queue what nobody works on, and says how soon the next lease may run out.
async fn care(pool: &PgPool, orphans: bool) -> Result<(i64, Option<Duration>), Error> {
    let mut conn = acquire(pool, "rescue tasks").await?;
    let rescued = rescue::rescue(&mut conn).await?;
    let mut tasks = rescued.tasks + rescue::release_limited(&mut conn).await?;
    if orphans {
        tasks += rescue::adopt_orphans(&mut conn).await?;
    }
    Ok((tasks, rescued.next))
}

//! A queue with a handler that does what a test tells it to.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bindery::{
    domain::{JobId, Lane, TenantId, WorkerId},
    queue::{
        self, Audience, Bell, Ending, Error, Handler, Lease, NewTask, PumpConfig, Signals, Stop, StopReason, Turn,
        lease::How,
        pump, rescue,
        step::{Want, serve, step},
        worker,
        worker::Registration,
    },
    storage,
};
use sqlx::{PgConnection, postgres::PgPool};
use tokio::{sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{Database, until, wait::seconds};

/// Puts a task of a new job into the queue and gives the job.
pub(crate) async fn enqueue(conn: &mut PgConnection, priority: i16) -> JobId {
    enqueue_in(conn, Lane::Native, priority).await
}

/// The same in any lane.
pub(crate) async fn enqueue_in(conn: &mut PgConnection, lane: Lane, priority: i16) -> JobId {
    let task = NewTask { lane, priority, ..task() };
    queue::enqueue(conn, &task).await.unwrap();
    task.job
}

/// A task of a new job of the default tenant.
pub(crate) fn task() -> NewTask {
    NewTask {
        kind: "test",
        lane: Lane::Native,
        job: JobId::new(),
        document: None,
        tenant: TenantId::DEFAULT,
        priority: 0,
        turn: Turn::Next,
    }
}

/// Registers a worker that is alive for a lease.
pub(crate) async fn register(conn: &mut PgConnection, lease: Duration) -> Registration {
    let slots = BTreeMap::from([(Lane::Native, 2)]);
    let me = Registration { id: WorkerId::new(), host: "here".to_owned(), pid: 1, version: "0", slots };
    worker::register(conn, &me, lease).await.unwrap();
    me
}

/// Declares a worker dead and has its tasks taken back, in one transaction: it cannot renew in between.
pub(crate) async fn lose(conn: &mut PgConnection, worker: WorkerId) -> i64 {
    let mut tx = sqlx::Connection::begin(conn).await.unwrap();
    worker::bury(&mut tx, worker).await.unwrap();
    // A step of the worker that is under way locks it, and a rescue passes over it; the next one comes after the step.
    let tasks = until("the tasks are taken back", seconds(10), async || {
        let rescued = rescue::rescue(&mut tx).await.unwrap();
        (rescued.tasks > 0).then_some(rescued.tasks)
    })
    .await;
    tx.commit().await.unwrap();
    tasks
}

/// The one worker that is registered.
pub(crate) async fn only_worker(conn: &mut PgConnection) -> WorkerId {
    sqlx::query_scalar("select id from workers").fetch_one(conn).await.unwrap()
}

/// Claims from the native lane.
pub(crate) async fn take(conn: &mut PgConnection, worker: &Registration, want: usize) -> Vec<Lease> {
    take_in(conn, worker, Lane::Native, want).await
}

/// Claims from any lane.
pub(crate) async fn take_in(conn: &mut PgConnection, worker: &Registration, lane: Lane, want: usize) -> Vec<Lease> {
    let stepped = step(conn, worker.id, &[], &[Want::anywhere(lane, want)]).await.unwrap();
    assert!(stepped.alive, "the worker is registered");
    if let Some(last) = stepped.claimed.last() {
        serve(conn, &BTreeMap::from([(lane, last.task.order_key)])).await.unwrap();
    }
    stepped.claimed
}

/// Ends an attempt of which nothing more is known.
pub(crate) async fn end(conn: &mut PgConnection, lease: &Lease, how: How) -> Result<(), Error> {
    lease.end(conn, &Ending::of(how)).await.map(|_| ())
}

/// What a scripted task does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Ends as a success, when the gate lets it.
    Pass,
    /// Panics on its first attempt and ends well on the next.
    PanicOnce,
    /// Goes on until it is told to stop.
    RunUntilStopped,
}

/// Does what it is told and counts.
pub(crate) struct Scripted {
    pool: PgPool,
    bell: Bell,
    act: Act,
    in_batches: bool,
    /// One permit lets one task of [`Act::Pass`] end.
    pub(crate) gate: Semaphore,
    running: AtomicUsize,
    most: AtomicUsize,
    settled: AtomicUsize,
    reasons: Mutex<Vec<StopReason>>,
}

impl Scripted {
    /// Tasks that run now.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    /// Most tasks that ever ran at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    /// Settlements that were committed, or handed over to be settled in batches.
    pub(crate) fn settled(&self) -> usize {
        self.settled.load(Ordering::SeqCst)
    }

    /// Why tasks were told to stop.
    pub(crate) fn reasons(&self) -> Vec<StopReason> {
        self.reasons.lock().unwrap().clone()
    }

    /// Waits until so many tasks run.
    pub(crate) async fn runs(&self, count: usize) {
        until(&format!("{count} tasks run"), seconds(10), async || (self.running() == count).then_some(())).await;
    }

    /// Waits until so many tasks are settled.
    pub(crate) async fn settles(&self, count: usize) {
        until(&format!("{count} tasks are settled"), seconds(20), async || (self.settled() >= count).then_some(()))
            .await;
    }
}

impl Handler for Scripted {
    type Done = Option<StopReason>;

    async fn execute(&self, lease: &Lease, stop: &Stop) -> Option<StopReason> {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let done = match self.act {
            Act::PanicOnce if lease.task.attempt == 1 => {
                self.running.fetch_sub(1, Ordering::SeqCst);
                panic!("this panic is part of a test");
            }
            Act::PanicOnce => None,
            Act::Pass => {
                self.gate.acquire().await.unwrap().forget();
                None
            }
            Act::RunUntilStopped => Some(stop.wait().await),
        };
        self.reasons.lock().unwrap().extend(done);
        self.running.fetch_sub(1, Ordering::SeqCst);
        done
    }

    fn ending(&self, _lease: &Lease, done: &Option<StopReason>) -> Option<Ending> {
        self.in_batches.then(|| {
            self.settled.fetch_add(1, Ordering::SeqCst);
            Ending::of(how(*done))
        })
    }

    async fn settle(&self, lease: &Lease, done: &Option<StopReason>) -> Result<(), Error> {
        let mut tx = self.pool.begin().await.map_err(storage::Error::of("begin a transaction"))?;
        let freed = lease.end(&mut tx, &Ending::of(how(*done))).await?;
        tx.commit().await.map_err(storage::Error::of("commit a transaction"))?;
        if freed {
            self.bell.work();
        }
        self.settled.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn discard(&self, _lease: &Lease, _done: Option<StopReason>) {}

    async fn housekeep(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// How a scripted attempt ends.
fn how(done: Option<StopReason>) -> How {
    match done {
        None => How::Succeeded,
        Some(StopReason::Canceled) => How::Canceled,
        Some(StopReason::Shutdown | StopReason::Lost) => How::Released(Duration::ZERO),
    }
}

/// A pump that runs in this process.
pub(crate) struct Pumping {
    /// What it calls.
    pub(crate) handler: Arc<Scripted>,
    /// Rings for it.
    pub(crate) bell: Bell,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

/// How a pump differs from an ordinary one.
pub(crate) struct Pump {
    /// What its tasks do.
    pub(crate) act: Act,
    /// Slots of the native lane.
    pub(crate) slots: usize,
    /// How often it looks without a bell.
    pub(crate) poll: Duration,
    /// How often it renews its lease.
    pub(crate) renew: Duration,
    /// How long tasks may go on when it stops.
    pub(crate) grace: Duration,
    /// Whether it listens.
    pub(crate) hears: bool,
    /// Whether its tasks end in the queue alone, and are settled together with the next claim.
    pub(crate) in_batches: bool,
}

impl Default for Pump {
    fn default() -> Self {
        Self {
            act: Act::Pass,
            slots: 2,
            poll: seconds(1),
            renew: seconds(5),
            grace: seconds(10),
            hears: true,
            in_batches: false,
        }
    }
}

impl Pump {
    /// Starts it, and waits until it is registered and listens.
    pub(crate) async fn start(self, database: &Database) -> Pumping {
        let pool = database.pool();
        let stop = CancellationToken::new();
        let listen = || Signals::start(database.options.clone(), Audience::Workers, stop.clone());
        let signals = if self.hears { listen() } else { Signals::deaf() };
        let bell = Bell::new(pool.clone());
        let handler = Arc::new(Scripted {
            pool: pool.clone(),
            bell: bell.clone(),
            act: self.act,
            in_batches: self.in_batches,
            gate: Semaphore::new(0),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            settled: AtomicUsize::new(0),
            reasons: Mutex::new(Vec::new()),
        });
        let mut heard = signals.subscribe();
        let config = PumpConfig {
            slots: BTreeMap::from([(Lane::Native, self.slots)]),
            ahead_max: 500,
            host: "here".to_owned(),
            id: None,
            lease: seconds(15),
            renew: self.renew,
            poll: self.poll,
            grace: self.grace,
            route: storage::pool::Route::Direct,
        };
        let running = tokio::spawn(pump::run(pool, signals, bell.clone(), config, Arc::clone(&handler), stop.clone()));
        if self.hears {
            heard.recv().await.unwrap();
        }
        until("the worker is registered", seconds(10), async || {
            (database.count("select count(*) from workers").await == 1).then_some(())
        })
        .await;
        Pumping { handler, bell, stop, running }
    }
}

impl Pumping {
    /// Tells it to stop, without waiting.
    pub(crate) fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Stops it and waits until it has drained.
    pub(crate) async fn stop(self) -> Arc<Scripted> {
        self.stop.cancel();
        tokio::time::timeout(seconds(30), self.running).await.expect("the pump drains").unwrap();
        self.handler
    }
}

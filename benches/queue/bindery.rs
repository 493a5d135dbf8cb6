//! Bindery's own queue as a subject. The one file of the benchmark that names the API of the queue.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use bindery::{
    domain::{JobId, Lane, TenantId, options::JobOption},
    queue::{
        self, Audience, Bell, Ending, Error, Handler, Intake, Lease, NewJob, NewTask, PumpConfig, Signal, Signals,
        Stop, Turn, lease::How, pump,
    },
    storage::{
        self,
        pool::{self, PoolConfig, Route, Way},
    },
};
use sqlx::postgres::{PgConnectOptions, PgPool};
use tokio::sync::{broadcast, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::subject::{self, Queue, Work};

/// The lane of every task here.
const LANE: Lane = Lane::Native;
/// What lies in the upper half of the identifiers here: ascending like those made from the clock, and of the same kind.
const ID_BASE: u128 = 0x0199_0000_0000_7000_8000_0000_0000_0000;
/// The worker's times, as the product has them.
const LEASE: Duration = Duration::from_secs(15);
const RENEW: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_secs(1);
/// The same where it cannot listen, as the product has them.
const RENEW_DEAF: Duration = Duration::from_secs(1);
const POLL_DEAF: Duration = Duration::from_millis(250);
/// The worker's buffer, as the product has it.
const AHEAD_MAX: usize = 1000;

/// The queue. `WHOLE` jobs come with their row and their options, by the statement that creates all jobs; others are a
/// task alone.
#[derive(Clone)]
pub(crate) struct Bindery<const WHOLE: bool> {
    /// The way of a listener, if there is one.
    listener: Option<PgConnectOptions>,
    route: Route,
    pool: PgPool,
    bell: Bell,
    intake: Intake,
    /// Whether a job that ends is told to those who wait for it.
    tells: bool,
}

impl<const WHOLE: bool> Bindery<WHOLE> {
    /// The same, but whoever waits for a job is told when it ends.
    pub(crate) fn telling(self) -> Self {
        Self { tells: true, ..self }
    }

    /// Inserts one job of a tenant and returns when it is committed.
    pub(crate) async fn enqueue_for(&self, tenant: u64, number: u64) {
        let task = task(tenant, number);
        if WHOLE {
            let job = NewJob {
                id: task.job,
                tenant: task.tenant,
                workflow: "convert",
                profile: "default".to_owned(),
                profile_version: 1,
                name: None,
                idle_max: Duration::from_secs(3600),
                options: vec![JobOption { name: "options".to_owned(), value: subject::options(number) }],
                once: None,
            };
            self.intake.submit(job, Some(task)).await.expect("a job can be created");
        } else {
            let mut conn = self.pool.acquire().await.expect("a connection is free");
            queue::enqueue(&mut conn, &task).await.expect("a task can be inserted");
            self.bell.work();
        }
    }

    /// Inserts many tasks by one statement, each for the tenant that its number gives.
    pub(crate) async fn enqueue_all(&self, numbers: Range<u64>, tenant: impl Fn(u64) -> u64) {
        let tasks: Vec<_> = numbers.map(|number| task(tenant(number), number)).collect();
        let mut conn = self.pool.acquire().await.expect("a connection is free");
        queue::enqueue_all(&mut conn, &tasks).await.expect("tasks can be inserted");
        self.bell.work();
    }

    /// Makes so many tenants, numbered from 1.
    pub(crate) async fn make_tenants(&self, tenants: u64) {
        for number in 1..=tenants {
            sqlx::query("insert into tenants (id, name) values ($1, $2)")
                .bind(tenant(number).0)
                .bind(format!("tenant {number}"))
                .execute(&self.pool)
                .await
                .expect("a tenant can be made");
        }
    }

    /// Makes the history of so many tasks that have succeeded.
    pub(crate) async fn pretend_finished(&self, jobs: u64) {
        sqlx::query(
            "insert into attempts (task_id, job_id, kind, lane, attempt, fence, worker_id, host, started_at, ended_at,
                                   ending)
             select -number, gen_random_uuid(), 'work', 'native', 1, -number, '00000000-0000-0000-0000-000000000001',
                    'bench', now(), now(), 'succeeded'
             from generate_series(1, $1) as number",
        )
        .bind(i64::try_from(jobs).expect("few jobs"))
        .execute(&self.pool)
        .await
        .expect("a history can be made");
    }

    fn signals(&self, audience: Audience) -> Signals {
        let start = |listener: &PgConnectOptions| Signals::start(listener.clone(), audience, CancellationToken::new());
        self.listener.as_ref().map_or_else(Signals::deaf, start)
    }

    /// Starts the one listener of a process that submits.
    pub(crate) fn listen(&self) -> Heard {
        let heard = Heard::default();
        tokio::spawn(heard.clone().hear(self.signals(Audience::Waiters).subscribe()));
        heard
    }
}

/// Who waits for which job: one task hears for all of a process and wakes whom it concerns, as in the service.
#[derive(Clone, Default)]
pub(crate) struct Heard {
    waiting: Arc<Mutex<HashMap<JobId, oneshot::Sender<()>>>>,
}

impl Heard {
    /// A waiter for one job; made before the job is submitted.
    pub(crate) fn waiter(&self, number: u64) -> Waiter {
        let (told, ended) = oneshot::channel();
        self.waiting.lock().expect("nothing panics with it").insert(job(number), told);
        Waiter { ended }
    }

    async fn hear(self, mut heard: broadcast::Receiver<Signal>) {
        loop {
            match heard.recv().await {
                Ok(Signal::Done(job)) => {
                    let waiter = self.waiting.lock().expect("nothing panics with it").remove(&job);
                    if let Some(waiter) = waiter {
                        // One that has given up wants to hear nothing.
                        waiter.send(()).ok();
                    }
                }
                Err(broadcast::error::RecvError::Closed) => return,
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            }
        }
    }
}

/// Waits for one job.
pub(crate) struct Waiter {
    ended: oneshot::Receiver<()>,
}

impl Waiter {
    /// Returns when the job was heard to have ended.
    pub(crate) async fn wait(self) {
        if self.ended.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn job(number: u64) -> JobId {
    JobId(Uuid::from_u128(ID_BASE | u128::from(number)))
}

fn number(job: JobId) -> u64 {
    u64::try_from(job.0.as_u128() & !ID_BASE).expect("the upper half is that of all identifiers here")
}

fn tenant(number: u64) -> TenantId {
    if number == 0 { TenantId::DEFAULT } else { TenantId(Uuid::from_u128(ID_BASE | u128::from(number))) }
}

fn task(tenant_number: u64, number: u64) -> NewTask {
    NewTask {
        kind: "work",
        lane: LANE,
        job: job(number),
        document: None,
        tenant: tenant(tenant_number),
        priority: 0,
        turn: Turn::Next,
    }
}

impl<const WHOLE: bool> Queue for Bindery<WHOLE> {
    async fn connect(url: &str, connections: u32) -> Self {
        // As the service takes an address, and finds out where it leads.
        let options: PgConnectOptions = url.parse().expect("the address of a database");
        let options = options.extra_float_digits(None);
        let route = pool::route(&options).await.expect("the database answers");
        let listens = pool::has_own_session(&options).await.expect("the database answers");
        let config = PoolConfig {
            way: Way { options: options.clone(), route },
            connections_max: connections,
            acquire_timeout: Duration::from_secs(30),
        };
        let pool = pool::lazy(&config);
        pool::ping(&pool).await.expect("the database answers");
        let bell = Bell::new(pool.clone());
        let intake = Intake::new(pool.clone(), route, bell.clone());
        Self { listener: listens.then_some(options), route, bell, intake, pool, tells: false }
    }

    async fn install(&self) {
        let mut conn = self.pool.acquire().await.expect("a connection is free");
        storage::migrate(&mut conn).await.expect("the schema can be made");
    }

    async fn enqueue(&self, number: u64) {
        self.enqueue_for(0, number).await;
    }

    async fn enqueue_many(&self, numbers: Range<u64>) {
        self.enqueue_all(numbers, |_| 0).await;
    }

    async fn work(&self, slots: usize, work: Work) {
        let signals = self.signals(Audience::Workers);
        let (renew, poll) = if signals.hears() { (RENEW, POLL) } else { (RENEW_DEAF, POLL_DEAF) };
        let config = PumpConfig {
            slots: BTreeMap::from([(LANE, slots)]),
            ahead_max: AHEAD_MAX,
            host: "bench".to_owned(),
            id: None,
            lease: LEASE,
            renew,
            poll,
            grace: Duration::ZERO,
            route: self.route,
        };
        let bell = self.bell.clone();
        let handler = Counts { pool: self.pool.clone(), work, bell: self.tells.then(|| bell.clone()) };
        pump::run(self.pool.clone(), signals, bell, config, Arc::new(handler), CancellationToken::new()).await;
    }
}

/// The handler: counts. Its tasks end in the queue alone, so their ends go with the next claim; unless somebody is to be told,
/// which takes a transaction of its own as with a job.
struct Counts {
    pool: PgPool,
    work: Work,
    /// Told of every job that ends, if somebody waits for jobs.
    bell: Option<Bell>,
}

impl Handler for Counts {
    type Done = ();

    async fn execute(&self, lease: &Lease, stop: &Stop) {
        tokio::select! {
            () = self.work.run(number(lease.task.job)) => {}
            _ = stop.wait() => {}
        }
    }

    fn ending(&self, _lease: &Lease, (): &()) -> Option<Ending> {
        self.bell.is_none().then(|| Ending::of(How::Succeeded))
    }

    async fn settle(&self, lease: &Lease, (): &()) -> Result<(), Error> {
        let mut tx = self.pool.begin().await.map_err(storage::Error::of("begin"))?;
        lease.end(&mut tx, &Ending::of(How::Succeeded)).await?;
        tx.commit().await.map_err(storage::Error::of("commit"))?;
        if let Some(bell) = &self.bell {
            bell.done(lease.task.job);
        }
        Ok(())
    }

    async fn discard(&self, _lease: &Lease, (): ()) {}

    async fn housekeep(&self) -> Result<(), Error> {
        Ok(())
    }
}

//! Waiting for jobs: one registry a process, which looks for all who wait.
//!
//! Somebody who waits holds no connection and asks nothing of the database. Two tasks do it for all of them: one hears bells and
//! notes which jobs they concern; the other looks at jobs that are due, many by one statement, and wakes those for whom something
//! has changed.
//!
//! 1. Whoever comes is told of a look that began after it came. So a bell that rang before is not missed, and what another
//!    call has changed is seen.
//! 2. Looks come one after the other, so all of them together take one connection, however many wait; what arrives
//!    meanwhile goes along with the next. Many who wait for the same job share each read of it, its result too.
//! 3. Without a bell each job is looked at every [`RECHECK`], in rounds of bounded statements.
//! 4. A look that fails is told to those who came for it. Who waits already goes on waiting: the next look may go well.
//! 5. Who leaves, in whatever way, leaves nothing behind.

mod registry;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{PgConnection, postgres::PgPool};
use tokio::{
    sync::{
        Notify,
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::registry::{Look, Registry, Turn};
pub(in crate::workflows) use self::registry::{Seen, Wanted};
use super::result::Completed;
use crate::{
    domain::{JobId, JobState},
    queue::{Signal, Signals},
    storage::{self, events::EventRow, jobs::JobRow, results::ResultRow},
};

/// How often a job is looked at without a bell.
const RECHECK: Duration = Duration::from_secs(2);
/// The same where no bell is heard.
const RECHECK_DEAF: Duration = Duration::from_millis(500);
/// How long a look may take. One that a dead network holds up must not hold up all that come after it.
const LOOK_TIME_MAX: Duration = Duration::from_secs(5);
/// Most jobs whose results are read by one statement: each may have thousands of events.
const RESULTS_MAX: usize = 50;

/// Looks at jobs for all in this process who wait for them. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Watch {
    shared: Arc<Shared>,
    /// Ends the tasks with the last clone.
    _tasks: Arc<DropGuard>,
}

#[derive(Debug)]
struct Shared {
    registry: Mutex<Registry>,
    /// Something is due.
    called: Notify,
}

/// Somebody who waits for a job; leaves when it is dropped.
#[derive(Debug)]
pub(in crate::workflows) struct Watching {
    shared: Arc<Shared>,
    job: JobId,
    wanted: Wanted,
    told: watch::Receiver<Seen>,
}

impl Watch {
    /// Starts the tasks that hear and look; they end when every clone is gone.
    pub fn start(pool: PgPool, signals: &Signals) -> Self {
        let recheck = if signals.hears() { RECHECK } else { RECHECK_DEAF };
        let registry = Mutex::new(Registry::new(recheck, Instant::now()));
        let shared = Arc::new(Shared { registry, called: Notify::new() });
        let ended = CancellationToken::new();
        // Subscribed before anybody can wait, so that no bell falls in between.
        let hearing = hear(Arc::clone(&shared), signals.subscribe());
        tokio::spawn(ended.clone().run_until_cancelled_owned(hearing));
        tokio::spawn(ended.clone().run_until_cancelled_owned(look(Arc::clone(&shared), pool)));
        Self { shared, _tasks: Arc::new(ended.drop_guard()) }
    }

    /// Begins to wait for a job, and tells how it stands.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn job(&self, job: JobId, wanted: Wanted) -> Result<(Watching, Seen), storage::Error> {
        let (answer, told) = self.shared.registry().add(job, wanted, Instant::now());
        let watching = Watching { shared: Arc::clone(&self.shared), job, wanted, told };
        self.shared.called.notify_one();
        let gone = || storage::Error::Unavailable { doing: "look at a job", source: sqlx::Error::WorkerCrashed.into() };
        let seen = answer.await.map_err(|_| gone())??;
        Ok((watching, seen))
    }
}

impl Watching {
    /// Waits until something has changed since the last call, and tells how the job stands now.
    pub(super) async fn changed(&mut self) -> Seen {
        if self.told.changed().await.is_err() {
            // The sender is there as long as somebody waits, and this is somebody.
            std::future::pending::<()>().await;
        }
        self.told.borrow_and_update().clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.shared.registry().remove(self.job, self.wanted);
    }
}

impl Shared {
    fn registry(&self) -> MutexGuard<'_, Registry> {
        // It is whole at any moment.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes what bells concern.
async fn hear(shared: Arc<Shared>, mut heard: Receiver<Signal>) {
    loop {
        let concerned = match heard.recv().await {
            Ok(Signal::Done(job)) => shared.registry().rung(job),
            Ok(Signal::Missed) | Err(RecvError::Lagged(_)) => {
                shared.registry().missed();
                true
            }
            Ok(Signal::Work | Signal::Stop) => false,
            Err(RecvError::Closed) => return,
        };
        if concerned {
            shared.called.notify_one();
        }
    }
}

/// Looks at what is due, again and again.
async fn look(shared: Arc<Shared>, pool: PgPool) {
    loop {
        let turn = shared.registry().turn(Instant::now());
        match turn {
            Turn::Look(looks) => {
                let seen = look_once(&pool, &looks).await;
                if let Err(error) = &seen {
                    tracing::debug!(error = %crate::log::ErrorChain(error), jobs = looks.len(), "cannot look at jobs");
                }
                shared.registry().tell(looks, &seen);
            }
            Turn::Rest(Some(until)) => {
                tokio::select! {
                    () = shared.called.notified() => {}
                    () = sleep_until(until) => {}
                }
            }
            Turn::Rest(None) => shared.called.notified().await,
        }
    }
}

async fn look_once(pool: &PgPool, looks: &[Look]) -> Result<HashMap<JobId, Seen>, storage::Error> {
    let mut conn = pool.acquire().await.map_err(storage::Error::of("connect"))?;
    if let Ok(seen) = timeout(LOOK_TIME_MAX, read(&mut conn, looks)).await {
        return seen;
    }
    // Nobody knows what is under way on it.
    conn.close_on_drop();
    Err(storage::Error::Unavailable { doing: "look at jobs", source: sqlx::Error::PoolTimedOut.into() })
}

/// Reads jobs, and what came of those that are completed.
async fn read(conn: &mut PgConnection, looks: &[Look]) -> Result<HashMap<JobId, Seen>, storage::Error> {
    let jobs: Vec<JobId> = looks.iter().map(|look| look.job).collect();
    let rows = storage::job_lists::list_watched(conn, &jobs).await?;
    let mut seen: HashMap<JobId, Seen> =
        rows.into_iter().map(|row| (row.id, Seen { job: Some(Arc::new(row)), result: None })).collect();
    let completed: Vec<JobId> = looks
        .iter()
        .filter(|look| look.result && seen.get(&look.job).is_some_and(is_completed))
        .map(|look| look.job)
        .collect();
    for jobs in completed.chunks(RESULTS_MAX) {
        let mut events: HashMap<JobId, Vec<EventRow>> = HashMap::new();
        for (job, event) in storage::events::list(conn, jobs).await? {
            events.entry(job).or_default().push(event);
        }
        let mut results: HashMap<JobId, Vec<ResultRow>> = HashMap::new();
        for (job, result) in storage::results::list(conn, jobs).await? {
            results.entry(job).or_default().push(result);
        }
        for id in jobs {
            if let Some(Seen { job: Some(row), result }) = seen.get_mut(id) {
                let (events, results) = (events.remove(id).unwrap_or_default(), results.remove(id).unwrap_or_default());
                *result = Some(Arc::new(Completed { job: JobRow::clone(row), events, results }));
            }
        }
    }
    Ok(seen)
}

fn is_completed(seen: &Seen) -> bool {
    seen.job.as_ref().is_some_and(|row| row.state == JobState::Completed)
}

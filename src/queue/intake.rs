//! Submits from many callers at once, as one.
//!
//! A commit costs the same for one job as for fifty, and so does the way to the server. While the statements under way are
//! busy, what arrives waits together and goes with the next one; a caller that is alone waits for nobody and does it itself.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use sqlx::{Postgres, pool::PoolConnection, postgres::PgPool};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::yield_now,
    time::Instant,
};

use super::{Bell, NewJob, NewTask, submit};
use crate::storage::{
    Error,
    pool::{Route, give_back},
};

/// Most statements under way at once: while one waits for its commit, another is prepared.
const UNDER_WAY_MAX: usize = 2;
/// Most jobs of one statement.
const BATCH_MAX: usize = 200;
/// A job that comes alone, so long after the last one, is created by its caller itself, and its bell is rung by the commit.
const QUIET: Duration = Duration::from_millis(5);

/// Creates jobs for this process. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Intake {
    way: Way,
    inbox: mpsc::UnboundedSender<Submission>,
    last: Arc<Last>,
}

/// How jobs get into the database.
#[derive(Debug, Clone)]
struct Way {
    pool: PgPool,
    route: Route,
    bell: Bell,
}

/// When a job came last.
#[derive(Debug)]
struct Last {
    began: Instant,
    /// In microseconds since then.
    at: AtomicU64,
}

#[derive(Debug)]
struct Submission {
    job: NewJob,
    task: Option<NewTask>,
    answer: oneshot::Sender<Result<(), Error>>,
}

impl Intake {
    /// Starts the task that submits; it ends when every clone is gone and everybody has an answer.
    pub fn new(pool: PgPool, route: Route, bell: Bell) -> Self {
        let (inbox, arriving) = mpsc::unbounded_channel();
        let way = Way { pool, route, bell };
        tokio::spawn(run(way.clone(), arriving));
        Self { way, inbox, last: Arc::new(Last { began: Instant::now(), at: AtomicU64::new(0) }) }
    }

    /// Creates a job with its options, and puts its first task into the queue if it has one; they are committed when
    /// this returns, and workers are told.
    ///
    /// # Errors
    /// `Unavailable` when the database is, and nobody knows whether the job was created; `Conflict` when its tenant does
    /// not exist or the job does already. What is wrong with one job is told only to who submits that.
    pub async fn submit(&self, job: NewJob, task: Option<NewTask>) -> Result<(), Error> {
        // Through a pooler a statement is in a transaction with what comes after it, so nothing can be told at once.
        if self.last.was_long_ago() && (task.is_none() || self.way.route == Route::Direct) {
            return self.way.commit_lone(&job, task.as_ref()).await;
        }
        let (answer, answered) = oneshot::channel();
        let gone = || Error::Unavailable { doing: "create a job", source: Arc::new(sqlx::Error::WorkerCrashed) };
        self.inbox.send(Submission { job, task, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Last {
    /// Says so, and begins the time anew.
    fn was_long_ago(&self) -> bool {
        // The first of all comes after a quiet time, too.
        let now = u64::try_from((QUIET + self.began.elapsed()).as_micros()).unwrap_or(u64::MAX);
        let last = self.at.swap(now, Relaxed);
        Duration::from_micros(now.saturating_sub(last)) >= QUIET
    }
}

async fn run(way: Way, mut arriving: mpsc::UnboundedReceiver<Submission>) {
    let under_way = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let mut batch = Vec::new();
    // The place is taken first, so that a batch grows while all are taken.
    while let Ok(place) = Arc::clone(&under_way).acquire_owned().await {
        if arriving.recv_many(&mut batch, BATCH_MAX).await == 0 {
            break;
        }
        // Whoever was answered just now comes again with the next job: let those go along.
        yield_now().await;
        while batch.len() < BATCH_MAX
            && let Ok(next) = arriving.try_recv()
        {
            batch.push(next);
        }
        let (way, batch) = (way.clone(), mem::take(&mut batch));
        tokio::spawn(async move {
            way.write(batch).await;
            drop(place);
        });
    }
}

impl Way {
    /// Writes a batch and tells everybody how that went. One that the database refuses goes job by job: only who submits what
    /// is refused hears of it.
    async fn write(&self, batch: Vec<Submission>) {
        let jobs: Vec<_> = batch.iter().map(|submission| &submission.job).collect();
        let tasks: Vec<_> = batch.iter().filter_map(|submission| submission.task).collect();
        let together = self.commit(&jobs, &tasks).await;
        let alone = batch.len() == 1;
        let mut queued = false;
        for Submission { job, task, answer } in batch {
            let outcome = match &together {
                Err(error) if !alone && !error.is_passing() => self.commit(&[&job], task.as_slice()).await,
                outcome => outcome.clone(),
            };
            queued |= outcome.is_ok() && task.is_some();
            // A caller that is gone wants no answer.
            answer.send(outcome).ok();
        }
        if queued {
            self.bell.work();
        }
    }

    async fn commit(&self, jobs: &[&NewJob], tasks: &[NewTask]) -> Result<(), Error> {
        let mut conn = self.connect().await?;
        submit::submit(&mut conn, jobs, tasks).await?;
        give_back(conn, self.route).await
    }

    async fn commit_lone(&self, job: &NewJob, task: Option<&NewTask>) -> Result<(), Error> {
        let mut conn = self.connect().await?;
        submit::submit_lone(&mut conn, job, task).await?;
        give_back(conn, self.route).await
    }

    async fn connect(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.pool.acquire().await.map_err(Error::of("create a job"))
    }
}

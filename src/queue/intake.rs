//! Submits from many callers at once, as one.
//!
//! A commit costs the same for one job as for fifty, and so does the way to the server. While the statements under way are
//! busy, what arrives waits together and goes with the next one; a caller that is alone waits for nobody.

use std::{mem, slice, sync::Arc, time::Duration};

use sqlx::postgres::PgPool;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::yield_now,
    time::Instant,
};

use super::{
    Bell, NewJob, NewTask,
    submit::{self, Tell},
};
use crate::storage::{
    Error,
    pool::{Route, give_back},
};

/// Most statements under way at once: while one waits for its commit, another is prepared.
const UNDER_WAY_MAX: usize = 2;
/// Most jobs of one statement.
const BATCH_MAX: usize = 200;
/// A job that comes alone, so long after the last one, has its bell rung by its own commit.
const QUIET: Duration = Duration::from_millis(5);

/// Creates jobs for this process. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Intake {
    inbox: mpsc::UnboundedSender<Submission>,
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
        tokio::spawn(run(pool, route, bell, arriving));
        Self { inbox }
    }

    /// Creates a job with its options, and puts its first task into the queue if it has one; they are committed when
    /// this returns, and workers are told.
    ///
    /// # Errors
    /// `Unavailable` when the database is, and nobody knows whether the job was created; `Conflict` when its tenant does
    /// not exist or the job does already. What is wrong with one job is told only to who submits that.
    pub async fn submit(&self, job: NewJob, task: Option<NewTask>) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        let gone = || Error::Unavailable { doing: "create a job", source: Arc::new(sqlx::Error::WorkerCrashed) };
        self.inbox.send(Submission { job, task, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

async fn run(pool: PgPool, route: Route, bell: Bell, mut arriving: mpsc::UnboundedReceiver<Submission>) {
    let under_way = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let mut batch = Vec::new();
    let mut last = None::<Instant>;
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
        let quiet = last.replace(Instant::now()).is_none_or(|last| last.elapsed() >= QUIET);
        let tell = if quiet && batch.len() == 1 { Tell::AtOnce } else { Tell::Afterwards };
        let (pool, bell, batch) = (pool.clone(), bell.clone(), mem::take(&mut batch));
        tokio::spawn(async move {
            write(&pool, route, &bell, tell, batch).await;
            drop(place);
        });
    }
}

/// Writes a batch and tells everybody how that went. One that the database refuses goes job by job: only who submits what is
/// refused hears of it.
async fn write(pool: &PgPool, route: Route, bell: &Bell, tell: Tell, batch: Vec<Submission>) {
    let together = commit(pool, route, tell, &batch).await;
    let alone = batch.len() == 1;
    let mut queued = false;
    for submission in batch {
        let outcome = match &together {
            Err(error) if !alone && !error.is_passing() => {
                commit(pool, route, tell, slice::from_ref(&submission)).await
            }
            outcome => outcome.clone(),
        };
        queued |= outcome.is_ok() && submission.task.is_some();
        // A caller that is gone wants no answer.
        submission.answer.send(outcome).ok();
    }
    if queued && tell == Tell::Afterwards {
        bell.work();
    }
}

async fn commit(pool: &PgPool, route: Route, tell: Tell, batch: &[Submission]) -> Result<(), Error> {
    let jobs: Vec<_> = batch.iter().map(|submission| &submission.job).collect();
    let tasks: Vec<_> = batch.iter().filter_map(|submission| submission.task).collect();
    let tell = if tasks.is_empty() { Tell::Afterwards } else { tell };
    let mut conn = pool.acquire().await.map_err(Error::of("create a job"))?;
    submit::submit(&mut conn, &jobs, &tasks, tell).await?;
    give_back(conn, route).await
}

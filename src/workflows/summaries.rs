//! Status lines for many callers at once, as one read.
//!
//! Clients that poll are most of the traffic, and each read by itself costs the server more than it costs this process. So
//! while a read is under way, what is asked waits together and goes with the next one; a caller that is alone waits
//! for nobody. Whoever asks is told of a read that began after it asked, so it sees what it has changed.

use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use sqlx::{Postgres, pool::PoolConnection, postgres::PgPool};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::timeout,
};

use crate::{
    domain::{JobId, TenantId},
    storage::{Error, job_lists, jobs::JobSummaryRow},
};

/// Most jobs of one read.
const BATCH_MAX: usize = 100;
/// How often those who are ready to run are let go first before a read begins: whoever was answered just now asks again, and goes
/// along. It takes no time when nobody is, and under load four times spare the server a fifth of its work.
const YIELDS: usize = 4;
/// How long a connection is kept for the next read. The server does one after the other cheaper by one process, whose caches are
/// warm, than by all of a pool in turn.
const LINGER: Duration = Duration::from_millis(50);
/// How long a read may take. One that a dead network holds up must not hold up all that come after it.
const READ_TIME_MAX: Duration = Duration::from_secs(5);

/// Reads status lines for this process. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Summaries {
    pool: PgPool,
    inbox: mpsc::UnboundedSender<Question>,
    /// How many callers wait for an answer.
    asking: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Question {
    tenant: TenantId,
    job: JobId,
    answer: oneshot::Sender<Result<JobSummaryRow, Error>>,
}

impl Summaries {
    /// Starts the task that reads; it ends when every clone is gone and everybody has an answer.
    pub fn start(pool: PgPool) -> Self {
        let (inbox, arriving) = mpsc::unbounded_channel();
        tokio::spawn(run(pool.clone(), arriving));
        Self { pool, inbox, asking: Arc::default() }
    }

    /// Returns what the status line of a tenant's job says, or `NotFound`.
    pub(super) async fn get(&self, tenant: TenantId, job: JobId) -> Result<JobSummaryRow, Error> {
        let others = Asking::begin(&self.asking);
        if others.before == 0 {
            return one_of(&read(&self.pool, &mut None, &[job]).await?, tenant, job);
        }
        let (answer, answered) = oneshot::channel();
        let gone = || Error::Unavailable { doing: "read a job", source: sqlx::Error::WorkerCrashed.into() };
        self.inbox.send(Question { tenant, job, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// A caller that is counted for as long as it waits, however that ends.
struct Asking<'a> {
    count: &'a AtomicUsize,
    /// How many there were before.
    before: usize,
}

impl<'a> Asking<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        Self { before: count.fetch_add(1, Relaxed), count }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Relaxed);
    }
}

async fn run(pool: PgPool, mut arriving: mpsc::UnboundedReceiver<Question>) {
    let mut batch = Vec::new();
    let mut conn = None;
    // One read after the other, so that each takes along all that was asked during the last.
    loop {
        match timeout(LINGER, arriving.recv_many(&mut batch, BATCH_MAX)).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(_) => {
                // Nobody has asked for a while: whoever needs a connection may have this one.
                conn = None;
                if arriving.recv_many(&mut batch, BATCH_MAX).await == 0 {
                    return;
                }
            }
        }
        for _ in 0..YIELDS {
            yield_now().await;
        }
        while batch.len() < BATCH_MAX
            && let Ok(next) = arriving.try_recv()
        {
            batch.push(next);
        }
        answer(&pool, &mut conn, mem::take(&mut batch)).await;
    }
}

async fn answer(pool: &PgPool, conn: &mut Option<PoolConnection<Postgres>>, batch: Vec<Question>) {
    let mut jobs: Vec<JobId> = batch.iter().map(|question| question.job).collect();
    jobs.sort_unstable();
    jobs.dedup();
    let read = read(pool, conn, &jobs).await;
    for Question { tenant, job, answer } in batch {
        let found = read.as_ref().map_err(Clone::clone).and_then(|rows| one_of(rows, tenant, job));
        // A caller that is gone wants no answer.
        answer.send(found).ok();
    }
}

type Rows = HashMap<JobId, (TenantId, JobSummaryRow)>;

fn one_of(rows: &Rows, tenant: TenantId, job: JobId) -> Result<JobSummaryRow, Error> {
    let found = rows.get(&job).filter(|(owner, _)| *owner == tenant);
    found.map(|(_, row)| row.clone()).ok_or(Error::NotFound)
}

/// Reads over a connection that is kept if there is one, and keeps the one that the read went well over.
async fn read(pool: &PgPool, kept: &mut Option<PoolConnection<Postgres>>, jobs: &[JobId]) -> Result<Rows, Error> {
    let mut conn = match kept.take() {
        Some(conn) => conn,
        None => pool.acquire().await.map_err(Error::of("connect"))?,
    };
    if let Ok(rows) = timeout(READ_TIME_MAX, job_lists::list_summaries(&mut conn, jobs)).await {
        let rows = rows?.into_iter().map(|(tenant, row)| (row.id, (tenant, row))).collect();
        *kept = Some(conn);
        return Ok(rows);
    }
    // Nobody knows what is under way on it.
    conn.close_on_drop();
    Err(Error::Unavailable { doing: "read jobs", source: sqlx::Error::PoolTimedOut.into() })
}

//! The right to one attempt of one task, and the ways it ends.

use std::time::Duration;

use sqlx::{PgConnection, query_scalar};

use super::{Error, step::settle, worker::Held};
use crate::{
    domain::{DocumentId, JobId, Lane, TenantId, WorkerId},
    storage,
};

/// A unit of work, as it was claimed.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its identifier.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// The kind of slot it takes.
    pub lane: Lane,
    /// The job it is about.
    pub job: JobId,
    /// The document it is about.
    pub document: Option<DocumentId>,
    /// Whose work it is.
    pub tenant: TenantId,
    /// Which attempt this is, from 1; what was released or lost does not count.
    pub attempt: i16,
    /// How many workers died while they held it.
    pub crashes: i16,
    /// Its place in line, for work that follows from it.
    pub order_key: i64,
}

/// The right to one attempt. The fence never repeats, so a lease that was lost can change nothing.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The task.
    pub task: Task,
    /// The fence of this attempt.
    pub fence: i64,
}

/// What is kept of an attempt, for operators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Engine that did the work.
    pub engine: Option<String>,
    /// Version of that engine.
    pub engine_version: Option<String>,
    /// Kind of fault.
    pub fault: Option<&'static str>,
    /// What went wrong.
    pub message: Option<String>,
    /// Exit status or signal of the engine.
    pub exit: Option<String>,
    /// Largest resident size of the engine in bytes.
    pub peak_memory_bytes: Option<i64>,
    /// The end of what the engine wrote to standard error.
    pub stderr_tail: Option<String>,
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// For good: it did what it should.
    Succeeded,
    /// For good: it cannot be done.
    Failed,
    /// For good: nobody wants it any more.
    Canceled,
    /// The task waits so long and is tried again; the attempt counts.
    Retried(Duration),
    /// The task goes back, after a while, without counting the attempt: the worker stops, or something it needs is away.
    Released(Duration),
    /// The task goes into another lane without counting the attempt.
    Rerouted(Lane),
}

impl How {
    /// The word in the history.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Retried(_) => "retried",
            Self::Released(_) => "released",
            Self::Rerouted(_) => "rerouted",
        }
    }

    /// How long the task waits before it may be claimed again.
    pub const fn wait(self) -> Duration {
        match self {
            Self::Retried(wait) | Self::Released(wait) => wait,
            Self::Succeeded | Self::Failed | Self::Canceled | Self::Rerouted(_) => Duration::ZERO,
        }
    }

    /// Whether the task can be claimed again at once.
    pub const fn is_ready(self) -> bool {
        match self {
            Self::Retried(wait) | Self::Released(wait) => wait.is_zero(),
            Self::Rerouted(_) => true,
            Self::Succeeded | Self::Failed | Self::Canceled => false,
        }
    }
}

/// The end of an attempt: how, and what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How it ends.
    pub how: How,
    /// What is kept.
    pub report: Report,
}

impl Ending {
    /// An ending of which nothing more is known.
    pub fn of(how: How) -> Self {
        Self { how, report: Report::default() }
    }
}

/// How often a task has been sent into another lane.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn reroutes(conn: &mut PgConnection, lease: &Lease) -> Result<i64, Error> {
    let count = query_scalar!(
        r#"select count(*) as "count!" from attempts where job_id = $1 and task_id = $2 and ending = 'rerouted'"#,
        lease.task.job as JobId,
        lease.task.id
    )
    .fetch_one(conn)
    .await
    .map_err(storage::Error::of("count the lanes of a task"))?;
    Ok(count)
}

impl Lease {
    /// Ends the attempt, in the caller's transaction. Says whether that lets another task of a tenant with a limit go on: then
    /// ring the bell after the commit.
    ///
    /// # Errors
    /// `LeaseLost` when another worker has the task, or it is gone; the caller rolls back.
    pub async fn end(&self, conn: &mut PgConnection, ending: &Ending) -> Result<bool, Error> {
        // Nothing is claimed, so it does not matter by whom.
        let settled = settle(conn, WorkerId(uuid::Uuid::nil()), &[(self, ending)]).await?;
        if settled.fences.contains(&self.fence) { Ok(settled.freed) } else { Err(self.lost()) }
    }

    /// What a worker shows of it when it renews.
    pub fn held(&self) -> Held {
        Held { job: self.task.job, task: self.task.id, fence: self.fence }
    }

    /// What to say when the lease does not count any more.
    pub(super) fn lost(&self) -> Error {
        Error::LeaseLost { task: self.task.id, fence: self.fence }
    }

    /// Whether this very attempt ended by its own settlement, and not by a rescue: tells a lost lease from a commit
    /// whose answer was lost.
    ///
    /// # Errors
    /// `Unavailable` when the database is.
    pub async fn has_ended(&self, conn: &mut PgConnection) -> Result<bool, Error> {
        let ended = query_scalar!(
            r#"select exists (select from attempts where fence = $1 and ending <> 'lost') as "ended!""#,
            self.fence
        )
        .fetch_one(conn)
        .await
        .map_err(storage::Error::of("look up an attempt"))?;
        Ok(ended)
    }
}

//! The right to one attempt of one task, and the ways to end it.

use std::time::Duration;

use sqlx::{PgConnection, query, query_scalar};

use super::Error;
use crate::{
    domain::{DocumentId, JobId, Lane, TenantId, WorkerId},
    storage::{self, jobs::interval},
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
    /// Which attempt this is, from 1.
    pub attempt: i16,
}

/// The right to one attempt. The fence never repeats, so a lease that was lost can change nothing.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The task.
    pub task: Task,
    /// The fence of this attempt.
    pub fence: i64,
    pub(super) worker: WorkerId,
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

/// How an attempt ends for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Final {
    /// It did what it should.
    Succeeded,
    /// It cannot be done.
    Failed,
    /// Nobody wants it any more.
    Canceled,
}

impl Final {
    const fn ending(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

impl Lease {
    /// Ends the task for good: its row goes, its history stays.
    ///
    /// # Errors
    /// `LeaseLost` when another worker has it, or it is gone; the caller rolls back.
    pub async fn finish(&self, conn: &mut PgConnection, how: Final, report: &Report) -> Result<(), Error> {
        let gone = query!(
            "delete from tasks where id = $1 and fence = $2 and worker_id = $3",
            self.task.id,
            self.fence,
            self.worker as WorkerId,
        )
        .execute(&mut *conn)
        .await
        .map_err(storage::Error::of("finish a task"))?;
        self.changed(gone.rows_affected())?;
        self.record(conn, how.ending(), report).await
    }

    /// Puts the task back to be tried again after a while; the attempt counts.
    ///
    /// # Errors
    /// `LeaseLost` when another worker has it, or it is gone.
    pub async fn retry(&self, conn: &mut PgConnection, after: Duration, report: &Report) -> Result<(), Error> {
        let back = query!(
            "update tasks
             set worker_id = null, fence = null, claimed_at = null, run_at = now() + $4
             where id = $1 and fence = $2 and worker_id = $3",
            self.task.id,
            self.fence,
            self.worker as WorkerId,
            interval(after),
        )
        .execute(&mut *conn)
        .await
        .map_err(storage::Error::of("put a task back"))?;
        self.changed(back.rows_affected())?;
        self.record(conn, "retried", report).await
    }

    /// Puts the task back without counting the attempt, for example because the worker stops.
    ///
    /// # Errors
    /// `LeaseLost` when another worker has it, or it is gone.
    pub async fn release(&self, conn: &mut PgConnection, after: Duration, report: &Report) -> Result<(), Error> {
        self.hand_back(conn, self.task.lane, after).await?;
        self.record(conn, "released", report).await
    }

    /// Puts the task into another lane without counting the attempt.
    ///
    /// # Errors
    /// `LeaseLost` when another worker has it, or it is gone.
    pub async fn reroute(&self, conn: &mut PgConnection, lane: Lane, report: &Report) -> Result<(), Error> {
        self.hand_back(conn, lane, Duration::ZERO).await?;
        self.record(conn, "rerouted", report).await
    }

    /// Whether this very attempt ended as a success: tells a lost lease from a commit whose answer was lost.
    ///
    /// # Errors
    /// `Unavailable` when the database is.
    pub async fn has_succeeded(&self, conn: &mut PgConnection) -> Result<bool, Error> {
        let ending = query_scalar!(
            r#"select ending is not distinct from 'succeeded' as "succeeded!" from attempts where fence = $1"#,
            self.fence
        )
        .fetch_optional(conn)
        .await
        .map_err(storage::Error::of("look up an attempt"))?;
        Ok(ending.unwrap_or(false))
    }

    async fn hand_back(&self, conn: &mut PgConnection, lane: Lane, after: Duration) -> Result<(), Error> {
        let back = query!(
            "update tasks
             set worker_id = null, fence = null, claimed_at = null, attempt = attempt - 1, lane = $4,
                 run_at = now() + $5
             where id = $1 and fence = $2 and worker_id = $3",
            self.task.id,
            self.fence,
            self.worker as WorkerId,
            lane.as_str(),
            interval(after),
        )
        .execute(&mut *conn)
        .await
        .map_err(storage::Error::of("hand a task back"))?;
        self.changed(back.rows_affected())
    }

    fn changed(&self, rows: u64) -> Result<(), Error> {
        if rows == 0 { Err(Error::LeaseLost { task: self.task.id, fence: self.fence }) } else { Ok(()) }
    }

    async fn record(&self, conn: &mut PgConnection, ending: &str, report: &Report) -> Result<(), Error> {
        query!(
            "update attempts
             set ended_at = now(), ending = $2, engine = $3, engine_version = $4, fault = $5, message = $6,
                 exit = $7, peak_memory_bytes = $8, stderr_tail = $9
             where fence = $1",
            self.fence,
            ending,
            report.engine,
            report.engine_version,
            report.fault,
            report.message.as_deref().map(without_nul),
            report.exit,
            report.peak_memory_bytes,
            report.stderr_tail.as_deref().map(without_nul),
        )
        .execute(conn)
        .await
        .map_err(storage::Error::of("record an attempt"))?;
        Ok(())
    }
}

/// A text column takes no NUL, and engines write what they like.
fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

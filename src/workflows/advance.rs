//! The next step of a started job, in the transaction of whoever made it possible.

use sqlx::PgConnection;

use super::{Context, Error, Kind};
use crate::{
    domain::{DocumentState, ErrorCode, Event, EventCode, JobId, JobState, Lane, Outcome},
    queue::{self, Turn},
    storage::{self, documents::DocumentRow, jobs::JobRow},
};

/// What was done, to be announced after the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing; documents are open, or the job is not started.
    Waiting,
    /// Documents came out of a container and are to be converted.
    Converting,
    /// The pages of the result are to be drawn.
    Drawing,
    /// The result is to be put together.
    Assembling,
    /// The job has ended.
    Completed,
}

impl Step {
    /// Rings for the step. Call after the commit.
    pub fn announce(self, ctx: &Context, job: JobId) {
        match self {
            Self::Waiting => {}
            Self::Converting | Self::Drawing | Self::Assembling => ctx.bell.work(),
            Self::Completed => {
                ctx.bell.done(job);
                tracing::info!(job.id = %job, "job completed");
            }
        }
    }
}

/// Moves a started job without open documents on: to assembly, or to its end when something is wrong with it.
///
/// The caller holds the lock of the job, and `job` is as the transaction sees it. `turn` is the place in line of what
/// follows.
///
/// # Errors
/// The database's.
pub async fn advance(ctx: &Context, conn: &mut PgConnection, job: &JobRow, turn: Turn) -> Result<Step, Error> {
    if !matches!(job.state, JobState::Pending | JobState::Processing) || job.deleted_at.is_some() {
        return Ok(Step::Waiting);
    }
    if job.documents_open > 0 {
        return Ok(Step::Waiting);
    }
    let documents = storage::documents::list(conn, job.id).await?;
    if documents.is_empty() {
        let message = "The job was started without documents.";
        return fail(ctx, conn, job, ErrorCode::Generic, message).await;
    }
    if let Some(failed) = documents.iter().find(|document| document.state == DocumentState::Failed) {
        let (code, message) = reason(failed);
        return fail(ctx, conn, job, code, &message).await;
    }
    let is_left = |document: &DocumentRow| matches!(document.state, DocumentState::Converted | DocumentState::Kept);
    if !documents.iter().any(is_left) {
        let message = "Nothing is left for a result: all that was in the documents was left out.";
        return fail(ctx, conn, job, ErrorCode::Generic, message).await;
    }
    let task = queue::NewTask {
        kind: Kind::Assemble.as_str(),
        lane: Lane::Native,
        job: job.id,
        document: None,
        tenant: job.tenant,
        priority: job.priority,
        turn,
    };
    queue::enqueue(conn, &task).await?;
    Ok(Step::Assembling)
}

/// Completes a started job as failed.
pub(super) async fn fail(
    ctx: &Context,
    conn: &mut PgConnection,
    job: &JobRow,
    code: ErrorCode,
    message: &str,
) -> Result<Step, Error> {
    let retention = ctx.settings.retention;
    storage::jobs::update_completed(conn, job.id, Outcome::Error, Some((code, message)), retention).await?;
    Ok(Step::Completed)
}

/// Why a document failed. The constraint on the table says that both columns are there.
fn reason(document: &DocumentRow) -> (ErrorCode, String) {
    let code = document.error_code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(ErrorCode::Internal);
    let message = document.error_message.clone();
    (code, message.unwrap_or_else(|| format!("The document '{}' cannot be converted.", document.file_name)))
}

/// The event that tells which document failed, so that the client learns of all of them and not just of the first.
pub(super) fn failure_event(message: &str) -> Event {
    Event::error(EventCode::Generic, message)
}

//! New work.

use sqlx::{PgConnection, query};

use crate::{
    domain::{DocumentId, JobId, Lane, TenantId},
    storage::Error,
};

/// A task to be put into the queue.
#[derive(Debug, Clone, Copy)]
pub struct NewTask {
    /// What is to be done; the handler knows the word.
    pub kind: &'static str,
    /// The kind of slot it needs.
    pub lane: Lane,
    /// The job it is about.
    pub job: JobId,
    /// The document it is about.
    pub document: Option<DocumentId>,
    /// Whose work it is.
    pub tenant: TenantId,
    /// Higher goes first.
    pub priority: i16,
}

/// Puts a task into the queue, in the caller's transaction. Ring the bell after its commit.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn enqueue(conn: &mut PgConnection, task: &NewTask) -> Result<(), Error> {
    query!(
        "insert into tasks (kind, lane, job_id, document_id, tenant_id, priority) values ($1, $2, $3, $4, $5, $6)",
        task.kind,
        task.lane.as_str(),
        task.job as JobId,
        task.document as Option<DocumentId>,
        task.tenant as TenantId,
        task.priority,
    )
    .execute(conn)
    .await
    .map_err(Error::of("enqueue a task"))?;
    Ok(())
}

//! The `jobs` table, many rows at once: looks for those who wait.

use sqlx::{PgConnection, query};

use super::{Error, jobs::JobRow};
use crate::domain::{JobId, JobState, Outcome, TenantId};

/// A job as those who wait for it are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedRow {
    /// The job.
    pub job: JobRow,
    /// Documents it has; none when nobody asked for that.
    pub documents: Option<i64>,
}

/// Looks at many jobs of any tenants by one statement, and counts the documents of those among `counted`. Jobs that are
/// deleted or were never there are not among the answer.
pub async fn list_watched(conn: &mut PgConnection, ids: &[JobId], counted: &[JobId]) -> Result<Vec<WatchedRow>, Error> {
    let rows = query!(
        r#"select id as "id: JobId", tenant_id as "tenant: TenantId", workflow, name, priority,
                  state as "state: JobState", outcome as "outcome: Outcome", error_code, error_message,
                  documents_open, deleted_at,
                  case when id = any ($2) then (select count(*) from documents where job_id = jobs.id) end as documents
           from jobs
           where id = any ($1) and deleted_at is null"#,
        ids as &[JobId],
        counted as &[JobId],
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("look at jobs"))?;
    let watched = rows.into_iter().map(|row| WatchedRow {
        job: JobRow {
            id: row.id,
            tenant: row.tenant,
            workflow: row.workflow,
            name: row.name,
            priority: row.priority,
            state: row.state,
            outcome: row.outcome,
            error_code: row.error_code,
            error_message: row.error_message,
            documents_open: row.documents_open,
            deleted_at: row.deleted_at,
        },
        documents: row.documents,
    });
    Ok(watched.collect())
}

//! Taking work.

use sqlx::{PgConnection, query_as};

use super::{
    lease::{Lease, Task},
    worker::Registration,
};
use crate::{
    domain::{DocumentId, JobId, Lane, TenantId},
    storage::Error,
};

struct ClaimedRow {
    id: i64,
    kind: String,
    job: JobId,
    document: Option<DocumentId>,
    tenant: TenantId,
    attempt: i16,
    fence: i64,
}

/// Claims at most `want` waiting tasks of a lane, highest priority and oldest first.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn claim(
    conn: &mut PgConnection,
    worker: &Registration,
    lane: Lane,
    want: usize,
) -> Result<Vec<Lease>, Error> {
    let rows = query_as!(
        ClaimedRow,
        r#"with ready as (
             select id
             from tasks
             where worker_id is null and lane = $1 and run_at <= now()
             order by priority desc, order_key
             limit $2
             for update skip locked
           ), claimed as (
             update tasks
             set worker_id = $3, fence = nextval('task_fences'), claimed_at = now(), attempt = attempt + 1
             from ready
             where tasks.id = ready.id
             returning tasks.id, kind, lane, job_id, document_id, tenant_id, attempt, fence
           ), history as (
             insert into attempts (task_id, job_id, document_id, kind, lane, attempt, fence, worker_id, host)
             select id, job_id, document_id, kind, lane, attempt, fence, $3, $4
             from claimed
           )
           select id as "id!", kind as "kind!", job_id as "job!: JobId", document_id as "document: DocumentId",
                  tenant_id as "tenant!: TenantId", attempt as "attempt!", fence as "fence!"
           from claimed"#,
        lane.as_str(),
        i64::try_from(want).unwrap_or(i64::MAX),
        worker.id as crate::domain::WorkerId,
        worker.host,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("claim tasks"))?;
    Ok(rows
        .into_iter()
        .map(|row| Lease {
            task: Task {
                id: row.id,
                kind: row.kind,
                lane,
                job: row.job,
                document: row.document,
                tenant: row.tenant,
                attempt: row.attempt,
            },
            fence: row.fence,
            worker: worker.id,
        })
        .collect())
}

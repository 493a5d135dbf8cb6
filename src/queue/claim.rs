//! Taking work.

use sqlx::{PgConnection, query_as};

use super::{
    lease::{Lease, Task},
    worker::Registration,
};
use crate::{
    domain::{DocumentId, JobId, Lane, TenantId, WorkerId},
    storage::Error,
};

/// A claimed task; all but `registered` is null when nothing waits.
struct ClaimedRow {
    id: Option<i64>,
    kind: Option<String>,
    job: Option<JobId>,
    document: Option<DocumentId>,
    tenant: Option<TenantId>,
    attempt: Option<i16>,
    fence: Option<i64>,
    registered: bool,
}

/// Claims at most `want` waiting tasks of a lane, highest priority and oldest first; `None` when the worker is not
/// registered any more, since what it claimed would be rescued at once and cost an attempt.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn claim(
    conn: &mut PgConnection,
    worker: &Registration,
    lane: Lane,
    want: usize,
) -> Result<Option<Vec<Lease>>, Error> {
    let rows = query_as!(
        ClaimedRow,
        r#"with me as (
             select exists (select 1 from workers where id = $3) as registered
           ), ready as (
             select id
             from tasks
             where worker_id is null and lane = $1 and run_at <= now() and (select registered from me)
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
           select id as "id?", kind as "kind?", job_id as "job?: JobId", document_id as "document: DocumentId",
                  tenant_id as "tenant?: TenantId", attempt as "attempt?", fence as "fence?",
                  registered as "registered!"
           from me left join claimed on true"#,
        lane.as_str(),
        i64::try_from(want).unwrap_or(i64::MAX),
        worker.id as WorkerId,
        worker.host,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("claim tasks"))?;
    if rows.first().is_some_and(|row| !row.registered) {
        return Ok(None);
    }
    Ok(Some(rows.into_iter().filter_map(|row| row.into_lease(lane, worker.id)).collect()))
}

impl ClaimedRow {
    /// The lease, or `None` for the one row that says that nothing waits.
    fn into_lease(self, lane: Lane, worker: WorkerId) -> Option<Lease> {
        let task = Task {
            id: self.id?,
            kind: self.kind?,
            lane,
            job: self.job?,
            document: self.document,
            tenant: self.tenant?,
            attempt: self.attempt?,
        };
        Some(Lease { task, fence: self.fence?, worker })
    }
}

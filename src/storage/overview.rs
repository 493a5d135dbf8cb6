//! Counts over the whole service, for its status.

use sqlx::{PgConnection, query_as};

use super::Error;
use crate::domain::TenantId;

/// What is there and what waits.
#[derive(Debug, Clone)]
pub struct OverviewRow {
    /// Jobs not started yet.
    pub creating: i64,
    /// Jobs started and not ended.
    pub processing: i64,
    /// Jobs ended and not deleted.
    pub completed: i64,
    /// Tasks that wait for nothing but a free slot.
    pub tasks_waiting: i64,
    /// Slots of all live workers.
    pub slots: i64,
}

/// Counts a tenant's jobs, and the queue.
pub async fn get(conn: &mut PgConnection, tenant: TenantId) -> Result<OverviewRow, Error> {
    query_as!(
        OverviewRow,
        r#"select count(*) filter (where state = 'creating') as "creating!",
                  count(*) filter (where state in ('pending', 'processing')) as "processing!",
                  count(*) filter (where state = 'completed') as "completed!",
                  (select count(*) from tasks where state = 'ready') as "tasks_waiting!",
                  (select coalesce(sum(slot.value::bigint), 0)::bigint
                   from workers, jsonb_each_text(workers.slots) as slot
                   where alive_until > now()) as "slots!"
           from jobs
           where tenant_id = $1 and deleted_at is null"#,
        tenant as TenantId,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("count jobs"))
}

/// The database's time, in seconds since 1970.
pub async fn now(conn: &mut PgConnection) -> Result<i64, Error> {
    sqlx::query_scalar!(r#"select extract(epoch from now())::bigint as "now!""#)
        .fetch_one(conn)
        .await
        .map_err(Error::of("read the time"))
}

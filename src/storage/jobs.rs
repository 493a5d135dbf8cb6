//! The `jobs` table.

use std::time::Duration;

use sqlx::{PgConnection, postgres::types::PgInterval, query, query_as, query_scalar};
use time::OffsetDateTime;

use super::Error;
use crate::domain::{ErrorCode, IdempotencyKey, JobId, JobState, Outcome, TenantId};

/// A job as most callers need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Its identifier.
    pub id: JobId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Canonical name of the workflow.
    pub workflow: String,
    /// Its profile.
    pub profile: String,
    /// The version of that profile.
    pub profile_version: i32,
    /// Name that the client gave.
    pub name: Option<String>,
    /// Higher goes first.
    pub priority: i16,
    /// Where it stands.
    pub state: JobState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// Why it failed, in a sentence.
    pub error_message: Option<String>,
    /// Documents it has.
    pub documents: i32,
    /// Documents not converted yet.
    pub documents_open: i32,
    /// Pages whose text is recognised, with those that are done; without open documents, the pages of a TIFF that is drawn in pieces.
    pub pages: i32,
    /// Pages whose text is still to be recognised or that are still to be drawn.
    pub pages_open: i32,
    /// When it was deleted.
    pub deleted_at: Option<OffsetDateTime>,
}

/// A job with what its status line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSummaryRow {
    /// Its identifier.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it failed, in a sentence.
    pub error_message: Option<String>,
    /// Documents it has.
    pub documents: i32,
    /// Documents not converted yet.
    pub documents_open: i32,
    /// Pages whose text is recognised, with those that are done; without open documents, the pages of a TIFF that is drawn in pieces.
    pub pages: i32,
    /// Pages whose text is still to be recognised or that are still to be drawn.
    pub pages_open: i32,
}

/// Counts a tenant's jobs that are not completed, no further than `max`.
pub async fn count_open(conn: &mut PgConnection, tenant: TenantId, max: i64) -> Result<i64, Error> {
    query_scalar!(
        r#"select count(*) as "count!"
           from (select 1 as one from jobs
                 where tenant_id = $1 and state <> 'completed' and deleted_at is null
                 limit $2) as open"#,
        tenant as TenantId,
        max,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("count open jobs"))
}

/// Returns a tenant's job, or `NotFound`.
pub async fn get(conn: &mut PgConnection, tenant: TenantId, id: JobId) -> Result<JobRow, Error> {
    visible(get_any(conn, id).await?, tenant)
}

/// Locks a tenant's job until the transaction ends, or says `NotFound`.
pub async fn lock(conn: &mut PgConnection, tenant: TenantId, id: JobId) -> Result<JobRow, Error> {
    visible(lock_any(conn, id).await?, tenant)
}

/// Lets through what a tenant may see.
fn visible(job: JobRow, tenant: TenantId) -> Result<JobRow, Error> {
    if job.tenant == tenant && job.deleted_at.is_none() { Ok(job) } else { Err(Error::NotFound) }
}

/// Returns a job of any tenant, deleted or not; for workers.
pub async fn get_any(conn: &mut PgConnection, id: JobId) -> Result<JobRow, Error> {
    query_as!(
        JobRow,
        r#"select id as "id: JobId", tenant_id as "tenant: TenantId", workflow, profile, profile_version, name, priority,
                  state as "state: JobState", outcome as "outcome: Outcome", error_code, error_message,
                  documents, documents_open, pages, pages_open, deleted_at
           from jobs
           where id = $1"#,
        id as JobId,
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("get a job"))?
    .ok_or(Error::NotFound)
}

/// Locks a job of any tenant, deleted or not, until the transaction ends; for workers.
pub async fn lock_any(conn: &mut PgConnection, id: JobId) -> Result<JobRow, Error> {
    query_scalar!("select 1 as one from jobs where id = $1 for update", id as JobId)
        .fetch_optional(&mut *conn)
        .await
        .map_err(Error::of("lock a job"))?;
    // A statement of its own: the one that waited for the lock saw the row as it was before.
    get_any(conn, id).await
}

/// Takes the next place in the order of documents of a job that is `creating`, and starts its idle time anew.
///
/// `None` when the job is not `creating` any more; `NotFound` when there is no such job.
pub async fn take_ordinal(
    conn: &mut PgConnection,
    tenant: TenantId,
    id: JobId,
    idle_max: Duration,
) -> Result<Option<i32>, Error> {
    let taken = query_scalar!(
        r#"update jobs
           set documents_next = documents_next + 1, expires_at = greatest(expires_at, now() + $3)
           where id = $1 and tenant_id = $2 and deleted_at is null and state = 'creating'
           returning documents_next - 1 as "ordinal!""#,
        id as JobId,
        tenant as TenantId,
        interval(idle_max),
    )
    .fetch_optional(&mut *conn)
    .await
    .map_err(Error::of("accept a document"))?;
    if taken.is_none() {
        get(conn, tenant, id).await?;
    }
    Ok(taken)
}

/// Changes the number of open documents by `change`. The caller holds the lock.
pub async fn update_open(conn: &mut PgConnection, id: JobId, change: i32) -> Result<(), Error> {
    query!("update jobs set documents_open = documents_open + $2 where id = $1", id as JobId, change)
        .execute(conn)
        .await
        .map_err(Error::of("count the open documents"))?;
    Ok(())
}

/// Adds pages whose text is to be recognised. The caller holds the lock.
pub async fn update_pages(conn: &mut PgConnection, id: JobId, added: i32) -> Result<(), Error> {
    query!("update jobs set pages = pages + $2, pages_open = pages_open + $2 where id = $1", id as JobId, added)
        .execute(conn)
        .await
        .map_err(Error::of("count the pages"))?;
    Ok(())
}

/// Counts the pages that a TIFF is to have, none of which is drawn. The caller holds the lock.
pub async fn update_pages_to_draw(conn: &mut PgConnection, id: JobId, pages: i32) -> Result<(), Error> {
    query!("update jobs set pages = $2, pages_open = $2 where id = $1", id as JobId, pages)
        .execute(conn)
        .await
        .map_err(Error::of("count the pages"))?;
    Ok(())
}

/// Counts pages whose text is settled or that are drawn. The caller holds the lock.
pub async fn update_pages_settled(conn: &mut PgConnection, id: JobId, settled: i32) -> Result<(), Error> {
    query!("update jobs set pages_open = pages_open - $2 where id = $1", id as JobId, settled)
        .execute(conn)
        .await
        .map_err(Error::of("count the open pages"))?;
    Ok(())
}

/// Moves a job from `creating` to `pending`. The caller holds the lock.
pub async fn update_started(conn: &mut PgConnection, id: JobId) -> Result<(), Error> {
    query!(
        "update jobs set state = 'pending', started_at = now(), expires_at = 'infinity'
         where id = $1 and state = 'creating'",
        id as JobId,
    )
    .execute(conn)
    .await
    .map_err(Error::of("start a job"))?;
    Ok(())
}

/// Moves a job from `pending` to `processing`; a job in any other state stays as it is.
pub async fn update_processing(conn: &mut PgConnection, id: JobId) -> Result<(), Error> {
    query!("update jobs set state = 'processing' where id = $1 and state = 'pending'", id as JobId)
        .execute(conn)
        .await
        .map_err(Error::of("mark a job as processing"))?;
    Ok(())
}

/// Completes a started job. The caller holds the lock.
pub async fn update_completed(
    conn: &mut PgConnection,
    id: JobId,
    outcome: Outcome,
    error: Option<(ErrorCode, &str)>,
    retention: Duration,
) -> Result<(), Error> {
    query!(
        "update jobs
         set state = 'completed', outcome = $2, error_code = $3, error_message = $4,
             completed_at = now(), expires_at = now() + $5
         where id = $1 and state in ('pending', 'processing')",
        id as JobId,
        outcome.as_str(),
        error.map(|(code, _)| code.as_str()),
        error.map(|(_, message)| message),
        interval(retention),
    )
    .execute(conn)
    .await
    .map_err(Error::of("complete a job"))?;
    Ok(())
}

/// Names a job. The caller holds the lock.
pub async fn update_name(conn: &mut PgConnection, id: JobId, name: &str) -> Result<(), Error> {
    query!("update jobs set name = $2 where id = $1", id as JobId, name)
        .execute(conn)
        .await
        .map_err(Error::of("name a job"))?;
    Ok(())
}

/// Records that the client asked to cancel a job. The caller holds the lock.
pub async fn update_cancel_requested(conn: &mut PgConnection, id: JobId) -> Result<(), Error> {
    query!("update jobs set cancel_requested_at = coalesce(cancel_requested_at, now()) where id = $1", id as JobId)
        .execute(conn)
        .await
        .map_err(Error::of("cancel a job"))?;
    Ok(())
}

/// Makes jobs invisible. The caller holds their locks.
pub async fn update_deleted(conn: &mut PgConnection, ids: &[JobId]) -> Result<(), Error> {
    query!("update jobs set deleted_at = coalesce(deleted_at, now()) where id = any ($1)", ids as &[JobId])
        .execute(conn)
        .await
        .map_err(Error::of("delete a job"))?;
    Ok(())
}

/// Removes the rows of a deleted job; its documents, options, events and results go with it.
pub async fn delete(conn: &mut PgConnection, id: JobId) -> Result<(), Error> {
    query!("delete from attempts where job_id = $1", id as JobId)
        .execute(&mut *conn)
        .await
        .map_err(Error::of("remove the attempts of a job"))?;
    query!("delete from jobs where id = $1 and deleted_at is not null", id as JobId)
        .execute(conn)
        .await
        .map_err(Error::of("remove a job"))?;
    Ok(())
}

/// A job whose time is over.
#[derive(Debug, Clone)]
pub struct ExpiredRow {
    /// Its identifier.
    pub id: JobId,
    /// Whose it is.
    pub tenant: TenantId,
}

/// Locks jobs whose time is over, at most `limit`, skipping those that somebody holds.
pub async fn lock_expired(conn: &mut PgConnection, limit: i64) -> Result<Vec<ExpiredRow>, Error> {
    query_as!(
        ExpiredRow,
        r#"select id as "id: JobId", tenant_id as "tenant: TenantId"
           from jobs
           where expires_at < now() and deleted_at is null
           order by expires_at
           limit $1
           for update skip locked"#,
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("look for expired jobs"))
}

/// A job that was created under a key.
#[derive(Debug, Clone)]
pub struct CreatedRow {
    /// Its identifier.
    pub id: JobId,
    /// SHA-256 of what its creation asked for.
    pub request_sha256: Vec<u8>,
}

/// Finds the job that a tenant has created under a key. One that is deleted has freed its key.
pub async fn find_created(
    conn: &mut PgConnection,
    tenant: TenantId,
    key: &IdempotencyKey,
) -> Result<Option<CreatedRow>, Error> {
    query_as!(
        CreatedRow,
        r#"select id as "id: JobId", request_sha256 as "request_sha256!"
           from jobs
           where tenant_id = $1 and idempotency_key = $2 and deleted_at is null"#,
        tenant as TenantId,
        key.as_str(),
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("look up the key of a job"))
}

/// Those of the given jobs that there are no rows of.
pub async fn list_unknown(conn: &mut PgConnection, ids: &[JobId]) -> Result<Vec<JobId>, Error> {
    query_scalar!(
        r#"select given.id as "id!: JobId"
           from unnest($1::uuid[]) as given (id)
           where not exists (select from jobs where jobs.id = given.id)"#,
        ids as &[JobId],
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("look for unknown jobs"))
}

/// A duration as PostgreSQL counts it. Ours are config values far below its range.
pub(crate) fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}

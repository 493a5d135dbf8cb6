//! New work.

use sqlx::{PgConnection, query};

use crate::{
    domain::{DocumentId, JobId, Lane, TenantId},
    storage::Error,
};

/// Where a new task stands in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Behind what its tenant has waiting in the lane, by its priority.
    Next,
    /// At the place of the task that it follows from, so that what was begun is also ended.
    At(i64),
}

impl Turn {
    const fn place(self) -> Option<i64> {
        match self {
            Self::Next => None,
            Self::At(place) => Some(place),
        }
    }
}

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
    /// Its place in line.
    pub turn: Turn,
}

/// Puts a task into the queue, in the caller's transaction. Ring the bell after its commit.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn enqueue(conn: &mut PgConnection, task: &NewTask) -> Result<(), Error> {
    query!(
        "insert into tasks (kind, lane, job_id, document_id, tenant_id, priority, state, order_key)
         values ($1, $2, $3, $4, $5, $6, 'ready', coalesce($7, turns.take($5, $2, $6, 1)))",
        task.kind,
        task.lane.as_str(),
        task.job as JobId,
        task.document as Option<DocumentId>,
        task.tenant as TenantId,
        task.priority,
        task.turn.place() as Option<i64>,
    )
    .execute(conn)
    .await
    .map_err(Error::of("enqueue a task"))?;
    Ok(())
}

/// Puts many tasks into the queue by one statement, in the caller's transaction; those of one line stand in their order.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn enqueue_all(conn: &mut PgConnection, tasks: &[NewTask]) -> Result<(), Error> {
    let kinds: Vec<&str> = tasks.iter().map(|task| task.kind).collect();
    let lanes: Vec<&str> = tasks.iter().map(|task| task.lane.as_str()).collect();
    let jobs: Vec<JobId> = tasks.iter().map(|task| task.job).collect();
    let documents: Vec<Option<DocumentId>> = tasks.iter().map(|task| task.document).collect();
    let tenants: Vec<TenantId> = tasks.iter().map(|task| task.tenant).collect();
    let priorities: Vec<i16> = tasks.iter().map(|task| task.priority).collect();
    let places: Vec<Option<i64>> = tasks.iter().map(|task| task.turn.place()).collect();
    query!(
        "with given as (
           select *
           from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::smallint[], $7::bigint[])
                with ordinality as given (kind, lane, job_id, document_id, tenant_id, priority, place, ordinal)
         ), lines as materialized (
           select tenant_id, lane, priority, turns.take(tenant_id, lane, priority, count(*)) as first
           from given
           where place is null
           group by tenant_id, lane, priority
         ), placed as (
           select given.*, coalesce(place, lines.first - 1 + row_number() over (
                    partition by given.tenant_id, given.lane, given.priority, given.place is null order by given.ordinal
                  )) as order_key
           from given left join lines on lines.tenant_id = given.tenant_id and lines.lane = given.lane
                                         and lines.priority = given.priority
         )
         insert into tasks (kind, lane, job_id, document_id, tenant_id, priority, state, order_key)
         select kind, lane, job_id, document_id, tenant_id, priority, 'ready', order_key
         from placed
         order by ordinal",
        kinds as Vec<&str>,
        lanes as Vec<&str>,
        jobs as Vec<JobId>,
        documents as Vec<Option<DocumentId>>,
        tenants as Vec<TenantId>,
        &priorities,
        places as Vec<Option<i64>>,
    )
    .execute(conn)
    .await
    .map_err(Error::of("enqueue tasks"))?;
    Ok(())
}

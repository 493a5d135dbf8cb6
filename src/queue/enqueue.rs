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
    pub(super) const fn place(self) -> Option<i64> {
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

/// Puts a task for each of some pages of a document into the queue by one statement, with a row of its own that says which
/// page it is about. They stand in the order of the pages, behind what their tenant has waiting in the lane. Ring the bell
/// after the commit.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn enqueue_pages(
    conn: &mut PgConnection,
    task: &NewTask,
    document: DocumentId,
    pages: &[i32],
) -> Result<(), Error> {
    query!(
        "with line as materialized (
           select turns.take($5, $2, $6, cardinality($7::integer[])::bigint) as first
         ), given as materialized (
           select page, row_number() over (order by page) as place from unnest($7::integer[]) as given (page)
         ), queued as (
           insert into tasks (kind, lane, job_id, document_id, tenant_id, priority, state, order_key)
           select $1, $2, $3, $4, $5, $6, 'ready', line.first + given.place - 1
           from given cross join line
           returning id, order_key
         )
         insert into recognitions (task_id, job_id, document_id, page)
         select queued.id, $3, $4, given.page
         from given cross join line join queued on queued.order_key = line.first + given.place - 1",
        task.kind,
        task.lane.as_str(),
        task.job as JobId,
        document as DocumentId,
        task.tenant as TenantId,
        task.priority,
        pages,
    )
    .execute(conn)
    .await
    .map_err(Error::of("enqueue the pages of a document"))?;
    Ok(())
}

/// Puts a task for each piece of a job into the queue by one statement, with a row of its own that says which pages it is about:
/// `each` of them, of `pages` in all. They stand in the order of the pages, behind what their tenant has waiting in the lane. Ring the
/// bell after the commit.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn enqueue_pieces(conn: &mut PgConnection, task: &NewTask, pages: i32, each: i32) -> Result<(), Error> {
    query!(
        "with given as materialized (
           select first, row_number() over (order by first) as place from generate_series(0, $6::integer - 1, $7::integer) as given (first)
         ), line as materialized (
           select turns.take($4, $2, $5, (select count(*) from given)) as first
         ), queued as (
           insert into tasks (kind, lane, job_id, tenant_id, priority, state, order_key)
           select $1, $2, $3, $4, $5, 'ready', line.first + given.place - 1
           from given cross join line
           returning id, order_key
         )
         insert into drawings (task_id, job_id, first_page, pages)
         select queued.id, $3, given.first, least($7, $6 - given.first)
         from given cross join line join queued on queued.order_key = line.first + given.place - 1",
        task.kind,
        task.lane.as_str(),
        task.job as JobId,
        task.tenant as TenantId,
        task.priority,
        pages,
        each,
    )
    .execute(conn)
    .await
    .map_err(Error::of("enqueue the pieces of a job"))?;
    Ok(())
}

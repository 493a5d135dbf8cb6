//! Taking work back before it is done.

use sqlx::{PgConnection, query, query_scalar};

use crate::{domain::JobId, storage::Error};

/// Drops the waiting tasks of a job, asks the workers to stop the running ones, and says how many run.
///
/// The caller holds the lock of the job and rings the stop bell after the commit.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn cancel_job(conn: &mut PgConnection, job: JobId) -> Result<u64, Error> {
    cancel_jobs(conn, &[job]).await
}

/// The same for many jobs.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn cancel_jobs(conn: &mut PgConnection, jobs: &[JobId]) -> Result<u64, Error> {
    query!("delete from tasks where job_id = any ($1) and state <> 'running'", jobs as &[JobId])
        .execute(&mut *conn)
        .await
        .map_err(Error::of("drop waiting tasks"))?;
    let running = query!(
        "with locked as materialized (
           select job_id, id from tasks where job_id = any ($1) order by job_id, id for no key update
         )
         update tasks set cancel_requested = true
         from locked
         where tasks.job_id = any (array[locked.job_id]) and tasks.id = any (array[locked.id])",
        jobs as &[JobId]
    )
    .execute(conn)
    .await
    .map_err(Error::of("cancel running tasks"))?;
    Ok(running.rows_affected())
}

/// Counts the tasks of a job that a worker holds, other than the given one.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn count_others(conn: &mut PgConnection, job: JobId, task: i64) -> Result<i64, Error> {
    query_scalar!(
        r#"select count(*) as "count!" from tasks where job_id = $1 and id <> $2 and state = 'running'"#,
        job as JobId,
        task,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("count running tasks"))
}

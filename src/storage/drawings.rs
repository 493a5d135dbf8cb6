//! The `drawings` table: pieces of long TIFFs.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::Error;
use crate::domain::JobId;

/// A piece of a TIFF.
#[derive(Debug, Clone)]
pub struct DrawingRow {
    /// The task that draws it.
    pub task: i64,
    /// Its first page, from 0, among those of all documents.
    pub first_page: i32,
    /// How many it has.
    pub pages: i32,
    /// Where it is, once it is drawn.
    pub blob: Option<String>,
}

/// Lists the pieces of a job in the order of their pages.
pub async fn list(conn: &mut PgConnection, job: JobId) -> Result<Vec<DrawingRow>, Error> {
    query_as!(
        DrawingRow,
        "select task_id as task, first_page, pages, blob from drawings where job_id = $1 order by first_page",
        job as JobId,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list the pieces of a job"))
}

/// Records where the piece of a task is. Gives its pages if it was still open.
pub async fn update_drawn(conn: &mut PgConnection, task: i64, blob: &str) -> Result<Option<i32>, Error> {
    query_scalar!("update drawings set blob = $2 where task_id = $1 and blob is null returning pages", task, blob)
        .fetch_optional(conn)
        .await
        .map_err(Error::of("record a piece"))
}

/// Whether pieces of a job are still to be drawn. The caller holds the lock of the job.
pub async fn find_open(conn: &mut PgConnection, job: JobId) -> Result<bool, Error> {
    query_scalar!(
        r#"select exists (select from drawings where job_id = $1 and blob is null) as "open!""#,
        job as JobId,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("look for open pieces"))
}

/// Removes the pieces of a job that was tried before. The caller holds its lock.
pub async fn delete(conn: &mut PgConnection, job: JobId) -> Result<(), Error> {
    query!("delete from drawings where job_id = $1", job as JobId)
        .execute(conn)
        .await
        .map_err(Error::of("remove the pieces of a job"))?;
    Ok(())
}

//! The `recognitions` table: pages whose text is recognised.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::Error;
use crate::domain::{DocumentId, JobId};

/// The words of a page.
#[derive(Debug, Clone)]
pub struct WordsRow {
    /// The document.
    pub document: DocumentId,
    /// The page of its converted PDF, from 0.
    pub page: i32,
    /// Where its words are.
    pub blob: String,
}

/// The page that a task is about, if it is still to be recognised.
pub async fn find_page(conn: &mut PgConnection, task: i64) -> Result<Option<i32>, Error> {
    query_scalar!("select page from recognitions where task_id = $1 and state = 'open'", task)
        .fetch_optional(conn)
        .await
        .map_err(Error::of("look up a page"))
}

/// Records what came of the page of a task: where its words are, or that there are none. Says whether it was still open.
pub async fn update_settled(conn: &mut PgConnection, task: i64, blob: Option<&str>) -> Result<bool, Error> {
    let updated = query!(
        "update recognitions
         set state = case when $2::text is null then 'incomplete' else 'recognised' end, blob = $2
         where task_id = $1 and state = 'open'",
        task,
        blob,
    )
    .execute(conn)
    .await
    .map_err(Error::of("record the text of a page"))?;
    Ok(updated.rows_affected() > 0)
}

/// Whether a document has pages whose text is still to be recognised. The caller holds the lock of the job.
pub async fn find_open(conn: &mut PgConnection, document: DocumentId) -> Result<bool, Error> {
    query_scalar!(
        r#"select exists (select from recognitions where document_id = $1 and state = 'open') as "open!""#,
        document as DocumentId,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("look for open pages"))
}

/// Lists the words of the pages of a job, those of a document in the order of its pages.
pub async fn list(conn: &mut PgConnection, job: JobId) -> Result<Vec<WordsRow>, Error> {
    query_as!(
        WordsRow,
        r#"select document_id as "document: DocumentId", page, blob as "blob!"
           from recognitions
           where job_id = $1 and state = 'recognised'
           order by document_id, page"#,
        job as JobId,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list the text of pages"))
}

//! The `job_options` table.

use sqlx::{PgConnection, query, query_as};

use super::Error;
use crate::domain::{DocumentId, JobId, options::JobOption};

/// Stores the options of one document, or of a job that was created without any, in one statement.
pub async fn insert(
    conn: &mut PgConnection,
    job: JobId,
    document: Option<DocumentId>,
    options: &[JobOption],
) -> Result<(), Error> {
    if options.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = options.iter().map(|option| option.name.as_str()).collect();
    let values: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
    query!(
        "insert into job_options (job_id, document_id, ordinal, name, value)
         select $1, $2, given.ordinal, given.name, given.value
         from unnest($3::text[], $4::text[]) with ordinality as given (name, value, ordinal)",
        job as JobId,
        document as Option<DocumentId>,
        names as Vec<&str>,
        values as Vec<&str>,
    )
    .execute(conn)
    .await
    .map_err(Error::of("store options"))?;
    Ok(())
}

/// Lists the options of a job alone, in the order of the client.
pub async fn list_of_job(conn: &mut PgConnection, job: JobId) -> Result<Vec<JobOption>, Error> {
    query_as!(
        JobOption,
        "select name, value from job_options where job_id = $1 and document_id is null order by ordinal",
        job as JobId,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list job options"))
}

/// An option with where it stands.
#[derive(Debug, Clone)]
pub struct OptionRow {
    /// The document, or none for the whole job.
    pub document: Option<DocumentId>,
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Lists all options of a job and of its documents: those of the job first, each list in the order of the client.
pub async fn list(conn: &mut PgConnection, job: JobId) -> Result<Vec<OptionRow>, Error> {
    query_as!(
        OptionRow,
        r#"select document_id as "document: DocumentId", name, value
           from job_options
           where job_id = $1
           order by document_id nulls first, ordinal"#,
        job as JobId,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list options"))
}

/// Lists the options of documents, each list in the order of the client.
pub async fn list_of_documents(conn: &mut PgConnection, documents: &[DocumentId]) -> Result<Vec<JobOption>, Error> {
    query_as!(
        JobOption,
        "select name, value from job_options where document_id = any ($1) order by document_id, ordinal",
        documents as &[DocumentId],
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list document options"))
}

//! The `events` table.

use sqlx::{PgConnection, query};

use super::Error;
use crate::domain::{DocumentId, Event, JobId};

/// An event as the client is told it.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// The document it concerns.
    pub document: Option<DocumentId>,
    /// The part of that document.
    pub part: Option<String>,
    /// Code of the wire contract.
    pub code: String,
    /// info, warning, error.
    pub severity: String,
    /// A sentence.
    pub message: String,
}

/// Records events in one statement.
pub async fn insert(
    conn: &mut PgConnection,
    job: JobId,
    document: Option<DocumentId>,
    events: &[Event],
) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = events.iter().map(|event| event.code.as_str()).collect();
    let severities: Vec<&str> = events.iter().map(|event| event.severity.as_str()).collect();
    // NUL is legal in a PDF string and illegal in a text column.
    let messages: Vec<String> = events.iter().map(|event| event.message.replace('\0', "")).collect();
    let parts: Vec<Option<&str>> = events.iter().map(|event| event.part.as_deref()).collect();
    query!(
        "insert into events (job_id, document_id, code, severity, message, part)
         select $1, $2, given.code, given.severity, given.message, given.part
         from unnest($3::text[], $4::text[], $5::text[], $6::text[]) with ordinality
              as given (code, severity, message, part, ordinal)
         order by given.ordinal",
        job as JobId,
        document as Option<DocumentId>,
        codes as Vec<&str>,
        severities as Vec<&str>,
        &messages,
        parts as Vec<Option<&str>>,
    )
    .execute(conn)
    .await
    .map_err(Error::of("record events"))?;
    Ok(())
}

/// Lists the events of jobs by one statement, each with its job; those of one job stand in the order of its documents and
/// then of time. What came out of a container is told as a part of what was uploaded: a client knows nothing else.
pub async fn list(conn: &mut PgConnection, jobs: &[JobId]) -> Result<Vec<(JobId, EventRow)>, Error> {
    let rows = query!(
        r#"select events.job_id as "job: JobId", coalesce(upload.id, events.document_id) as "document: DocumentId",
                  nullif(concat_ws(': ', upload.path, part), '') as part, code, severity, message
           from events
                left join documents on documents.id = events.document_id
                left join lateral (
                  with recursive above (id, parent_id, path) as (
                    select documents.id, documents.parent_id, documents.file_name
                    where documents.parent_id is not null
                    union all
                    select container.id, container.parent_id,
                           case when container.parent_id is null then path else container.file_name || '/' || path end
                    from above join documents as container on container.id = above.parent_id
                  )
                  select id, path from above where parent_id is null
                ) as upload on true
           where events.job_id = any ($1)
           order by documents.ordinal nulls last, events.id"#,
        jobs as &[JobId],
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list events"))?;
    let events = rows.into_iter().map(|row| {
        let event = EventRow {
            document: row.document,
            part: row.part,
            code: row.code,
            severity: row.severity,
            message: row.message,
        };
        (row.job, event)
    });
    Ok(events.collect())
}

/// Whether a job has an event that makes its outcome a warning.
pub async fn find_warning(conn: &mut PgConnection, job: JobId) -> Result<bool, Error> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from events where job_id = $1 and severity = 'warning') as "exists!""#,
        job as JobId,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("look for warnings"))
}

//! The `documents` table.

use sqlx::{PgConnection, query, query_as};

use super::{Error, blobs::Stored};
use crate::domain::{DocumentId, DocumentState, ErrorCode, Format, JobId};

/// A document that was uploaded.
#[derive(Debug, Clone)]
pub struct NewDocument<'a> {
    /// Its identifier.
    pub id: DocumentId,
    /// The job it belongs to.
    pub job: JobId,
    /// Place in the order of merging.
    pub ordinal: i32,
    /// Name that the client gave.
    pub file_name: &'a str,
    /// Type that the client declared.
    pub media_type: Option<&'a str>,
    /// Its bytes in the blob store.
    pub stored: &'a Stored,
}

/// A document.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    /// Its identifier.
    pub id: DocumentId,
    /// The job it belongs to.
    pub job: JobId,
    /// Name that the client gave.
    pub file_name: String,
    /// Type that the client declared.
    pub media_type: Option<String>,
    /// Where its bytes are.
    pub blob: String,
    /// Where it stands.
    pub state: DocumentState,
    /// Why it failed.
    pub error_code: Option<String>,
    /// Why it failed, in a sentence.
    pub error_message: Option<String>,
    /// Where its converted PDF is.
    pub converted_blob: Option<String>,
    /// Pages of the converted PDF.
    pub pages: Option<i32>,
}

/// Stores a document in state `open`.
pub async fn insert(conn: &mut PgConnection, document: &NewDocument<'_>) -> Result<(), Error> {
    query!(
        "insert into documents (id, job_id, ordinal, file_name, media_type, bytes, sha256, blob)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        document.id as DocumentId,
        document.job as JobId,
        document.ordinal,
        document.file_name,
        document.media_type,
        size(document.stored.bytes),
        document.stored.sha256.as_slice(),
        document.stored.blob,
    )
    .execute(conn)
    .await
    .map_err(Error::of("store a document"))?;
    Ok(())
}

/// Returns a document, or `NotFound`.
pub async fn get(conn: &mut PgConnection, id: DocumentId) -> Result<DocumentRow, Error> {
    query_as!(
        DocumentRow,
        r#"select id as "id: DocumentId", job_id as "job: JobId", file_name, media_type, blob,
                  state as "state: DocumentState", error_code, error_message, converted_blob, pages
           from documents
           where id = $1"#,
        id as DocumentId,
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("get a document"))?
    .ok_or(Error::NotFound)
}

/// Lists the documents of a job in the order of merging.
pub async fn list(conn: &mut PgConnection, job: JobId) -> Result<Vec<DocumentRow>, Error> {
    query_as!(
        DocumentRow,
        r#"select id as "id: DocumentId", job_id as "job: JobId", file_name, media_type, blob,
                  state as "state: DocumentState", error_code, error_message, converted_blob, pages
           from documents
           where job_id = $1
           order by ordinal"#,
        job as JobId,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list documents"))
}

/// Records the format that was found in the content.
pub async fn update_format(conn: &mut PgConnection, id: DocumentId, format: Format) -> Result<(), Error> {
    query!("update documents set format = $2 where id = $1", id as DocumentId, format.as_str())
        .execute(conn)
        .await
        .map_err(Error::of("record a format"))?;
    Ok(())
}

/// Records the converted PDF of an open document.
pub async fn update_converted(
    conn: &mut PgConnection,
    id: DocumentId,
    stored: &Stored,
    pages: i32,
) -> Result<(), Error> {
    query!(
        "update documents
         set state = 'converted', converted_blob = $2, converted_bytes = $3, pages = $4
         where id = $1 and state = 'open'",
        id as DocumentId,
        stored.blob,
        size(stored.bytes),
        pages,
    )
    .execute(conn)
    .await
    .map_err(Error::of("record a converted document"))?;
    Ok(())
}

/// Records that an open document cannot be converted.
pub async fn update_failed(
    conn: &mut PgConnection,
    id: DocumentId,
    code: ErrorCode,
    message: &str,
) -> Result<(), Error> {
    query!(
        "update documents set state = 'failed', error_code = $2, error_message = $3 where id = $1 and state = 'open'",
        id as DocumentId,
        code.as_str(),
        message,
    )
    .execute(conn)
    .await
    .map_err(Error::of("record a failed document"))?;
    Ok(())
}

/// A size as a `bigint`; no file reaches its range.
pub(crate) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

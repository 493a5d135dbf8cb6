//! The `documents` table.

use sqlx::{PgConnection, query, query_as};

use super::{Error, blobs::Stored};
use crate::domain::{DocumentId, DocumentState, ErrorCode, Format, JobId, Rung};

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

/// A document that came out of a container.
#[derive(Debug, Clone)]
pub struct Child {
    /// Its identifier.
    pub id: DocumentId,
    /// Its name in the container.
    pub file_name: String,
    /// Whether it shows the container itself.
    pub body: bool,
    /// Its bytes in the blob store.
    pub stored: Stored,
}

/// A document.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    /// Its identifier.
    pub id: DocumentId,
    /// The job it belongs to.
    pub job: JobId,
    /// The container that it came out of.
    pub parent: Option<DocumentId>,
    /// Whether it shows that container, as the sheet of a mail does.
    pub body: bool,
    /// Its place among those of the job, or of its container, from 1.
    pub ordinal: i32,
    /// Name that the client gave.
    pub file_name: String,
    /// Type that the client declared.
    pub media_type: Option<String>,
    /// Its size.
    pub bytes: i64,
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
    /// How far it had to go to become PDF/A.
    pub rung: Option<String>,
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
        r#"select id as "id: DocumentId", job_id as "job: JobId", parent_id as "parent: DocumentId", body, ordinal, file_name,
                  media_type, bytes, blob, state as "state: DocumentState", error_code, error_message, converted_blob, pages,
                  rung
           from documents
           where id = $1"#,
        id as DocumentId,
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("get a document"))?
    .ok_or(Error::NotFound)
}

/// Lists the documents of a job in the order of merging: what came out of a container stands behind it, in its order.
pub async fn list(conn: &mut PgConnection, job: JobId) -> Result<Vec<DocumentRow>, Error> {
    query_as!(
        DocumentRow,
        r#"with recursive tree as (
             select id, array[ordinal] as place from documents where job_id = $1 and parent_id is null
             union all
             select documents.id, tree.place || documents.ordinal
             from tree join documents on documents.parent_id = tree.id
           )
           select documents.id as "id: DocumentId", job_id as "job: JobId", parent_id as "parent: DocumentId", body, ordinal,
                  file_name, media_type, bytes, blob, state as "state: DocumentState", error_code, error_message,
                  converted_blob, pages, rung
           from tree join documents on documents.id = tree.id
           order by place"#,
        job as JobId,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list documents"))
}

/// Where a document came from.
#[derive(Debug, Clone)]
pub struct OriginRow {
    /// It and all containers around it, the upload last.
    pub lineage: Vec<DocumentId>,
    /// Names of the containers, the upload first.
    pub containers: Vec<String>,
    /// Their formats.
    pub formats: Vec<String>,
    /// Whether it is the upload or shows it, as the sheet of a mail does.
    pub own: bool,
    /// Whether it is the first upload of its job, or the first that came out of that.
    pub first: bool,
    /// Size of the upload.
    pub upload_bytes: i64,
}

/// Says where a document came from, or `NotFound`.
pub async fn get_origin(conn: &mut PgConnection, id: DocumentId) -> Result<OriginRow, Error> {
    query_as!(
        OriginRow,
        r#"with recursive up as (
             select id, parent_id, ordinal, file_name, format, body, bytes, 0 as height from documents where id = $1
             union all
             select documents.id, documents.parent_id, documents.ordinal, documents.file_name, documents.format,
                    documents.body, documents.bytes, up.height + 1
             from up join documents on documents.id = up.parent_id
           )
           select array_agg(id order by height) as "lineage!: Vec<DocumentId>",
                  coalesce(array_agg(file_name order by height desc) filter (where height > 0), '{}') as "containers!",
                  coalesce(array_agg(coalesce(format, 'unknown') order by height desc) filter (where height > 0), '{}')
                    as "formats!",
                  bool_and(body or parent_id is null) as "own!",
                  bool_and(ordinal = 1) as "first!",
                  max(bytes) filter (where parent_id is null) as "upload_bytes!"
           from up
           having count(*) > 0"#,
        id as DocumentId,
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("look up where a document came from"))?
    .ok_or(Error::NotFound)
}

/// How much has come out of a container, with all that is nested in it.
#[derive(Debug, Clone)]
pub struct UnpackedRow {
    /// Documents.
    pub documents: i64,
    /// Their bytes together.
    pub bytes: i64,
}

/// Counts what has come out of a container, with all that is nested in it.
pub async fn count_unpacked(conn: &mut PgConnection, container: DocumentId) -> Result<UnpackedRow, Error> {
    query_as!(
        UnpackedRow,
        r#"with recursive down as (
             select id, bytes from documents where parent_id = $1
             union all
             select documents.id, documents.bytes from down join documents on documents.parent_id = down.id
           )
           select count(*) as "documents!", coalesce(sum(bytes), 0)::bigint as "bytes!" from down"#,
        container as DocumentId,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("count what was unpacked"))
}

/// Stores what came out of an open container by one statement, in state `open` and in the order given, and marks the
/// container. The caller holds the lock of the job.
pub async fn insert_children(
    conn: &mut PgConnection,
    job: JobId,
    container: DocumentId,
    children: &[Child],
) -> Result<(), Error> {
    let ids: Vec<_> = children.iter().map(|child| child.id).collect();
    let names: Vec<_> = children.iter().map(|child| child.file_name.as_str()).collect();
    let bodies: Vec<_> = children.iter().map(|child| child.body).collect();
    let sizes: Vec<_> = children.iter().map(|child| size(child.stored.bytes)).collect();
    let hashes: Vec<_> = children.iter().map(|child| child.stored.sha256.to_vec()).collect();
    let blobs: Vec<_> = children.iter().map(|child| child.stored.blob.as_str()).collect();
    query!(
        "with container as (
           update documents set state = 'unpacked' where id = $2 and state = 'open' returning id
         )
         insert into documents (id, job_id, parent_id, ordinal, file_name, bytes, sha256, blob, body)
         select given.id, $1, container.id, given.ordinal, given.file_name, given.bytes, given.sha256, given.blob, given.body
         from container
              cross join unnest($3::uuid[], $4::text[], $5::bigint[], $6::bytea[], $7::text[], $8::boolean[]) with ordinality
              as given (id, file_name, bytes, sha256, blob, body, ordinal)",
        job as JobId,
        container as DocumentId,
        ids as Vec<DocumentId>,
        names as Vec<&str>,
        &sizes,
        &hashes,
        blobs as Vec<&str>,
        &bodies,
    )
    .execute(conn)
    .await
    .map_err(Error::of("store what was unpacked"))?;
    Ok(())
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
    rung: Option<Rung>,
) -> Result<(), Error> {
    query!(
        "update documents
         set state = 'converted', converted_blob = $2, converted_bytes = $3, pages = $4, rung = $5
         where id = $1 and state = 'open'",
        id as DocumentId,
        stored.blob,
        size(stored.bytes),
        pages,
        rung.map(Rung::as_str),
    )
    .execute(conn)
    .await
    .map_err(Error::of("record a converted document"))?;
    Ok(())
}

/// Records that an open document is not converted: it stays as it came, or is left out.
pub async fn update_spared(conn: &mut PgConnection, id: DocumentId, state: DocumentState) -> Result<(), Error> {
    query!(
        "update documents set state = $2 where id = $1 and state = 'open'",
        id as DocumentId,
        state as DocumentState,
    )
    .execute(conn)
    .await
    .map_err(Error::of("record a document that is not converted"))?;
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

/// Records that a converted document fails after all, because of what its pages needed. Says whether it has not failed before.
/// What was converted goes with its job.
pub async fn update_failed_later(
    conn: &mut PgConnection,
    id: DocumentId,
    code: ErrorCode,
    message: &str,
) -> Result<bool, Error> {
    let updated = query!(
        "update documents
         set state = 'failed', error_code = $2, error_message = $3,
             converted_blob = null, converted_bytes = null, pages = null
         where id = $1 and state = 'converted'",
        id as DocumentId,
        code.as_str(),
        message,
    )
    .execute(conn)
    .await
    .map_err(Error::of("record a failed document"))?;
    Ok(updated.rows_affected() > 0)
}

/// A size as a `bigint`; no file reaches its range.
pub(crate) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

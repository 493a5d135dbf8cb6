//! The `upload_keys` table: uploads that a client may repeat.

use std::time::Duration;

use sqlx::{PgConnection, query, query_as};

use super::{Error, jobs::interval};
use crate::domain::{DocumentId, IdempotencyKey, JobId};

/// A key that somebody uses or has used.
#[derive(Debug, Clone)]
pub struct UploadKeyRow {
    /// The document that is there, or will be.
    pub document: DocumentId,
    /// SHA-256 of the request; none while it is under way.
    pub request_sha256: Option<Vec<u8>>,
}

/// Takes a key for the upload of a document and says whether that went well: nobody has used it, or whoever did gives no
/// sign of life. Whoever asks at the same time waits for the answer.
pub async fn claim(
    conn: &mut PgConnection,
    job: JobId,
    key: &IdempotencyKey,
    document: DocumentId,
    lease: Duration,
) -> Result<bool, Error> {
    let claimed = query!(
        "insert into upload_keys (job_id, idempotency_key, document_id, held_until)
         values ($1, $2, $3, now() + $4)
         on conflict (job_id, idempotency_key) do update
         set document_id = excluded.document_id, held_until = excluded.held_until
         where upload_keys.held_until <= now()",
        job as JobId,
        key.as_str(),
        document as DocumentId,
        interval(lease),
    )
    .execute(conn)
    .await
    .map_err(Error::of("take the key of an upload"))?;
    Ok(claimed.rows_affected() > 0)
}

/// Finds a key of a job.
pub async fn find(conn: &mut PgConnection, job: JobId, key: &IdempotencyKey) -> Result<Option<UploadKeyRow>, Error> {
    query_as!(
        UploadKeyRow,
        r#"select document_id as "document: DocumentId", request_sha256
           from upload_keys
           where job_id = $1 and idempotency_key = $2"#,
        job as JobId,
        key.as_str(),
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("look up the key of an upload"))
}

/// Holds the key of an upload that is under way for longer; `false` when somebody else has it.
pub async fn update_held(
    conn: &mut PgConnection,
    job: JobId,
    key: &IdempotencyKey,
    document: DocumentId,
    lease: Duration,
) -> Result<bool, Error> {
    let held = query!(
        "update upload_keys set held_until = now() + $4
         where job_id = $1 and idempotency_key = $2 and document_id = $3 and held_until is not null",
        job as JobId,
        key.as_str(),
        document as DocumentId,
        interval(lease),
    )
    .execute(conn)
    .await
    .map_err(Error::of("hold the key of an upload"))?;
    Ok(held.rows_affected() > 0)
}

/// Binds a key to the document that is stored under it, for good; `false` when somebody else has it.
pub async fn update_done(
    conn: &mut PgConnection,
    job: JobId,
    key: &IdempotencyKey,
    document: DocumentId,
    request_sha256: &[u8; 32],
) -> Result<bool, Error> {
    let done = query!(
        "update upload_keys set request_sha256 = $4, held_until = null
         where job_id = $1 and idempotency_key = $2 and document_id = $3 and held_until is not null",
        job as JobId,
        key.as_str(),
        document as DocumentId,
        request_sha256.as_slice(),
    )
    .execute(conn)
    .await
    .map_err(Error::of("bind the key of an upload"))?;
    Ok(done.rows_affected() > 0)
}

/// Frees the key of an upload that came to nothing. One whose document is stored, or that somebody else has, stays.
pub async fn delete(
    conn: &mut PgConnection,
    job: JobId,
    key: &IdempotencyKey,
    document: DocumentId,
) -> Result<(), Error> {
    query!(
        "delete from upload_keys
         where job_id = $1 and idempotency_key = $2 and document_id = $3 and held_until is not null",
        job as JobId,
        key.as_str(),
        document as DocumentId,
    )
    .execute(conn)
    .await
    .map_err(Error::of("free the key of an upload"))?;
    Ok(())
}

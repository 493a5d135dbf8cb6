//! The `results` table.

use sqlx::{PgConnection, query, query_as};

use super::{Error, blobs::Stored, documents::size};
use crate::domain::{JobId, ResultId, Rung};

/// A result to be published.
#[derive(Debug, Clone)]
pub struct NewResult<'a> {
    /// Its identifier.
    pub id: ResultId,
    /// The job.
    pub job: JobId,
    /// Place among the results, from 1.
    pub ordinal: i32,
    /// File name for the client.
    pub file_name: &'a str,
    /// Media type.
    pub media_type: &'a str,
    /// Its bytes in the blob store.
    pub stored: &'a Stored,
    /// Pages.
    pub pages: Option<i32>,
    /// Conformance that the file claims.
    pub conformance: Option<&'a str>,
    /// How far its documents had to go for that.
    pub rung: Option<Rung>,
    /// Name-value pairs for the client.
    pub properties: serde_json::Value,
}

/// A result.
#[derive(Debug, Clone)]
pub struct ResultRow {
    /// Its identifier.
    pub id: ResultId,
    /// File name for the client.
    pub file_name: String,
    /// Media type.
    pub media_type: String,
    /// Size in bytes.
    pub bytes: i64,
    /// SHA-256 of the bytes.
    pub sha256: Vec<u8>,
    /// Where the bytes are.
    pub blob: String,
    /// Name-value pairs for the client: an array of `{name, value}`.
    pub properties: serde_json::Value,
}

/// Publishes a result.
pub async fn insert(conn: &mut PgConnection, result: &NewResult<'_>) -> Result<(), Error> {
    query!(
        "insert into results
             (id, job_id, ordinal, file_name, media_type, bytes, sha256, blob, pages, conformance, rung, properties)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        result.id as ResultId,
        result.job as JobId,
        result.ordinal,
        result.file_name,
        result.media_type,
        size(result.stored.bytes),
        result.stored.sha256.as_slice(),
        result.stored.blob,
        result.pages,
        result.conformance,
        result.rung.map(Rung::as_str),
        result.properties,
    )
    .execute(conn)
    .await
    .map_err(Error::of("publish a result"))?;
    Ok(())
}

/// Lists the results of jobs by one statement, each with its job; those of one job stand in their order.
pub async fn list(conn: &mut PgConnection, jobs: &[JobId]) -> Result<Vec<(JobId, ResultRow)>, Error> {
    let rows = query!(
        r#"select job_id as "job: JobId", id as "id: ResultId", file_name, media_type, bytes, sha256, blob, properties
           from results where job_id = any ($1) order by ordinal"#,
        jobs as &[JobId],
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list results"))?;
    let results = rows.into_iter().map(|row| {
        let result = ResultRow {
            id: row.id,
            file_name: row.file_name,
            media_type: row.media_type,
            bytes: row.bytes,
            sha256: row.sha256,
            blob: row.blob,
            properties: row.properties,
        };
        (row.job, result)
    });
    Ok(results.collect())
}

/// Returns one result of a job, or `NotFound`.
pub async fn get(conn: &mut PgConnection, job: JobId, id: ResultId) -> Result<ResultRow, Error> {
    query_as!(
        ResultRow,
        r#"select id as "id: ResultId", file_name, media_type, bytes, sha256, blob, properties
           from results where job_id = $1 and id = $2"#,
        job as JobId,
        id as ResultId,
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("get a result"))?
    .ok_or(Error::NotFound)
}

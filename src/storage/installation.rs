//! The `installation` table: who this database is, and its chores.

use std::time::Duration;

use sqlx::{PgConnection, query, query_scalar};
use uuid::Uuid;

use super::{Error, jobs::interval};

/// Takes on the next sweep of the blob store when it is due, and gives the identifier of this service. Should the caller die
/// over it, the next is due after `wait`.
pub async fn take_sweep(conn: &mut PgConnection, wait: Duration) -> Result<Option<Uuid>, Error> {
    query_scalar!("update installation set sweep_at = now() + $1 where sweep_at <= now() returning id", interval(wait))
        .fetch_optional(conn)
        .await
        .map_err(Error::of("take on a sweep"))
}

/// Puts the next sweep off.
pub async fn update_sweep(conn: &mut PgConnection, wait: Duration) -> Result<(), Error> {
    query!("update installation set sweep_at = now() + $1", interval(wait))
        .execute(conn)
        .await
        .map_err(Error::of("put off the next sweep"))?;
    Ok(())
}

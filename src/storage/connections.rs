//! The `connections` table.

use sqlx::{PgConnection, query_as};

use super::Error;
use crate::domain::ResponseMode;

/// A connection of the Simple API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRow {
    /// Its name in URLs.
    pub id: String,
    /// Name of its workflow, which need not be there.
    pub workflow: String,
    /// Name of its profile, which need not be there either.
    pub profile: String,
    /// What a call is answered with.
    pub response: ResponseMode,
}

/// Finds a connection that can be called.
pub async fn find(conn: &mut PgConnection, id: &str) -> Result<Option<ConnectionRow>, Error> {
    query_as!(
        ConnectionRow,
        r#"select id, workflow, profile, response as "response: ResponseMode" from connections where id = $1 and enabled"#,
        id,
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("find a connection"))
}

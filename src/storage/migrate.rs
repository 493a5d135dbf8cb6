//! The schema, brought up to date by refinery over the same driver as everything else.

use refinery_core::{
    Migration,
    traits::r#async::{AsyncMigrate, AsyncQuery, AsyncTransaction},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Error;
use crate::log::ErrorChain;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Key of the advisory lock around a run: refinery itself takes none, and two runs at once break each other.
const LOCK: i64 = 0x0042_494e_4445_5259;

/// Applies what is missing and gives the names of the migrations it applied.
///
/// Any number of processes may call this at once; they take turns.
///
/// # Errors
/// `Unavailable` when the database cannot be reached, `Corrupt` when an applied migration differs from ours.
pub async fn migrate(conn: &mut PgConnection) -> Result<Vec<String>, Error> {
    sqlx::query("select pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut *conn)
        .await
        .map_err(Error::of("lock the schema"))?;
    let run = embedded::migrations::runner().run_async(&mut Migrator(conn)).await;
    let unlocked = sqlx::query("select pg_advisory_unlock($1)").bind(LOCK).execute(&mut *conn).await;
    let report = run.map_err(|source| Error::Corrupt { what: format!("migrations: {}", ErrorChain(&source)) })?;
    unlocked.map_err(Error::of("unlock the schema"))?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}

/// The newest migration that this binary knows.
pub fn version() -> i32 {
    embedded::migrations::runner().get_migrations().iter().map(Migration::version).max().unwrap_or_default()
}

/// Checks that the schema is at least the one this binary works with.
///
/// # Errors
/// `Schema` when it is older.
pub async fn check(conn: &mut PgConnection) -> Result<(), Error> {
    let needed = version();
    let exists: bool = sqlx::query_scalar("select to_regclass('refinery_schema_history') is not null")
        .fetch_one(&mut *conn)
        .await
        .map_err(Error::of("look for the schema"))?;
    let found: i32 = if exists {
        sqlx::query_scalar("select coalesce(max(version), 0) from refinery_schema_history")
            .fetch_one(&mut *conn)
            .await
            .map_err(Error::of("read the version of the schema"))?
    } else {
        0
    };
    if found < needed { Err(Error::Schema { found, needed }) } else { Ok(()) }
}

/// Runs refinery over a connection of ours.
struct Migrator<'c>(&'c mut PgConnection);

impl AsyncTransaction for Migrator<'_> {
    type Error = sqlx::Error;

    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(&mut self, queries: T) -> Result<usize, sqlx::Error> {
        let mut tx = self.0.begin().await?;
        let mut count = 0;
        for query in queries {
            // The text is a migration file of ours or refinery's own bookkeeping.
            tx.execute(sqlx::raw_sql(AssertSqlSafe(query.to_owned()))).await?;
            count += 1;
        }
        tx.commit().await?;
        Ok(count)
    }
}

impl AsyncQuery<Vec<Migration>> for Migrator<'_> {
    async fn query(&mut self, query: &str) -> Result<Vec<Migration>, sqlx::Error> {
        let rows = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(&mut *self.0).await?;
        rows.iter().map(applied).collect()
    }
}

impl AsyncMigrate for Migrator<'_> {}

/// Columns: version, name, applied on (RFC 3339 text), checksum (text).
fn applied(row: &sqlx::postgres::PgRow) -> Result<Migration, sqlx::Error> {
    let unreadable = |source| sqlx::Error::Decode(source);
    let applied_on: String = row.try_get(2)?;
    let applied_on = OffsetDateTime::parse(&applied_on, &Rfc3339).map_err(|error| unreadable(Box::new(error)))?;
    let checksum: String = row.try_get(3)?;
    let checksum = checksum.parse::<u64>().map_err(|error| unreadable(Box::new(error)))?;
    Ok(Migration::applied(row.try_get(0)?, row.try_get(1)?, applied_on, checksum))
}

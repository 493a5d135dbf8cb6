//! The schema, brought up to date by refinery over the same driver as everything else.

use std::time::Duration;

use refinery_core::{
    Migration, Runner,
    traits::r#async::{AsyncMigrate, AsyncQuery, AsyncTransaction},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Error, error};
use crate::log::ErrorChain;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Key of the advisory lock around a run: refinery itself takes none, and two runs at once break each other.
const LOCK: i64 = 0x0042_494e_4445_5259;

/// How long a migration waits for a lock. Whoever asks for the same table meanwhile queues behind it, the workers too, so
/// it gives up its place and comes again rather than wait for somebody's long transaction.
const LOCK_WAIT: &str = "set local lock_timeout = '1s'";
/// Wait before it comes again.
const LOCK_AGAIN: Duration = Duration::from_secs(2);
/// How often it comes, which takes some ten minutes.
const LOCK_TRIES_MAX: u32 = 200;

/// Applies what is missing and gives the names of the migrations it applied. A schema newer than ours stays as it is.
///
/// Any number of processes may call this at once; they take turns. It needs a session of its own, without a pooler in
/// transaction mode in between.
///
/// # Errors
/// `Unavailable` when the database cannot be reached or a table stays locked, `Corrupt` when an applied migration differs
/// from ours.
pub async fn migrate(conn: &mut PgConnection) -> Result<Vec<String>, Error> {
    migrate_to(conn, embedded::migrations::runner().get_migrations()).await
}

/// The migrations that this binary knows.
pub fn known() -> Vec<Migration> {
    embedded::migrations::runner().get_migrations().clone()
}

/// The same with given migrations, all of them and not only new ones.
///
/// # Errors
/// Like `migrate`.
pub async fn migrate_to(conn: &mut PgConnection, migrations: &[Migration]) -> Result<Vec<String>, Error> {
    sqlx::query("select pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut *conn)
        .await
        .map_err(Error::of("lock the schema"))?;
    let applied = apply(conn, migrations).await;
    let unlocked = sqlx::query("select pg_advisory_unlock($1)").bind(LOCK).execute(&mut *conn).await;
    let applied = applied?;
    unlocked.map_err(Error::of("unlock the schema"))?;
    Ok(applied)
}

async fn apply(conn: &mut PgConnection, migrations: &[Migration]) -> Result<Vec<String>, Error> {
    // An older program may be started again while a newer one is being rolled out, or rolled back.
    if found(conn).await? > newest(migrations) {
        return Ok(Vec::new());
    }
    let run = Runner::new(migrations).run_async(&mut Migrator(conn)).await;
    let report = run.map_err(failed)?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}

/// Tells a database that is away or busy from migrations that are wrong.
fn failed(source: refinery_core::Error) -> Error {
    let what = format!("migrations: {}", ErrorChain(&source));
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&source);
    while let Some(error) = next {
        if error.downcast_ref::<sqlx::Error>().is_some_and(error::passing) {
            return Error::Unavailable { doing: "migrate the schema", source: sqlx::Error::Protocol(what).into() };
        }
        next = error.source();
    }
    Error::Corrupt { what }
}

fn newest(migrations: &[Migration]) -> i32 {
    migrations.iter().map(Migration::version).max().unwrap_or_default()
}

/// The newest migration that this binary knows.
pub fn version() -> i32 {
    newest(embedded::migrations::runner().get_migrations())
}

/// Checks that the schema is at least the one this binary works with.
///
/// # Errors
/// `Schema` when it is older.
pub async fn check(conn: &mut PgConnection) -> Result<(), Error> {
    let (found, needed) = (found(conn).await?, version());
    if found < needed { Err(Error::Schema { found, needed }) } else { Ok(()) }
}

/// The newest migration that was applied, or 0. Nothing is prepared for it, since the way may lead through a pooler.
async fn found(conn: &mut PgConnection) -> Result<i32, Error> {
    let exists: bool = sqlx::raw_sql("select to_regclass('refinery_schema_history') is not null")
        .fetch_one(&mut *conn)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(Error::of("look for the schema"))?;
    if !exists {
        return Ok(0);
    }
    sqlx::raw_sql("select coalesce(max(version), 0) from refinery_schema_history")
        .fetch_one(&mut *conn)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(Error::of("read the version of the schema"))
}

/// Runs refinery over a connection of ours.
struct Migrator<'c>(&'c mut PgConnection);

impl AsyncTransaction for Migrator<'_> {
    type Error = sqlx::Error;

    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(&mut self, queries: T) -> Result<usize, sqlx::Error> {
        let queries: Vec<&str> = queries.collect();
        let mut tries = 1;
        loop {
            match self.execute_once(&queries).await {
                Err(error) if tries < LOCK_TRIES_MAX && error::locked(&error) => {
                    tracing::warn!(tries, "a table is locked by a long transaction, the migration waits for its end");
                    tokio::time::sleep(LOCK_AGAIN).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }
}

impl Migrator<'_> {
    async fn execute_once(&mut self, queries: &[&str]) -> Result<usize, sqlx::Error> {
        let mut tx = self.0.begin().await?;
        tx.execute(LOCK_WAIT).await?;
        for query in queries {
            // The text is a migration file of ours or refinery's own bookkeeping.
            tx.execute(sqlx::raw_sql(AssertSqlSafe((*query).to_owned()))).await?;
        }
        tx.commit().await?;
        Ok(queries.len())
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

//! The schema `ops`, used as the roles that it is for.

mod cookbook;
mod functions;
mod roles;
mod service;
mod views;

use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgRow};

use crate::support::Database;

/// A database in the middle of a bad afternoon.
async fn sample() -> Database {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    sqlx::raw_sql(include_str!("sample.sql")).execute(&mut conn).await.unwrap();
    database
}

/// A connection that may do what a role may.
async fn conn_as(database: &Database, role: &str) -> PgConnection {
    let mut conn = database.connect().await;
    sqlx::query(AssertSqlSafe(format!("set role {role}"))).execute(&mut conn).await.unwrap();
    conn
}

async fn operator(database: &Database) -> PgConnection {
    conn_as(database, "bindery_operator").await
}

async fn reader(database: &Database) -> PgConnection {
    conn_as(database, "bindery_reader").await
}

/// The rows of a statement.
async fn rows(conn: &mut PgConnection, sql: &str) -> Vec<PgRow> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(conn).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The first column of each row, as text.
async fn column(conn: &mut PgConnection, sql: &str) -> Vec<String> {
    let sql = format!("select (asked.*)::text from ({sql}) as asked");
    rows(conn, &sql).await.iter().map(|row| row.get(0)).collect()
}

/// The one value of a statement.
async fn value<T>(conn: &mut PgConnection, sql: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let found = rows(conn, sql).await;
    assert_eq!(found.len(), 1, "{sql}");
    found[0].get(0)
}

/// What the server says against a statement.
async fn refusal(conn: &mut PgConnection, sql: &str) -> String {
    match sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(conn).await {
        Ok(found) => panic!("{sql} is not refused but gives {} rows", found.len()),
        Err(error) => error.as_database_error().unwrap_or_else(|| panic!("{sql}: {error}")).message().to_owned(),
    }
}

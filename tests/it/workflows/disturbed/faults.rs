//! Cuts of the database: every statement of a transaction that writes can be made the last one of its connection.
//!
//! Each table has a trigger that counts, in a sequence, which no rollback turns back, and ends the process of the server at the
//! statement at which it is told to.

use bindery::storage;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use crate::support::Database;

/// Tables of the service.
const TABLES: &str = "select format('%I.%I', schemaname, tablename) from pg_tables
                      where schemaname not in ('pg_catalog', 'information_schema', 'faults') order by 1";

/// Puts the triggers on all tables.
pub(super) async fn install(database: &Database) {
    let mut conn = database.connect().await;
    let prepare = "
        create schema faults;
        create sequence faults.seen;
        create table faults.armed (at bigint not null);
        insert into faults.armed values (0);
        create function faults.count() returns trigger language plpgsql as $$
        begin
            if (select at > 0 and nextval('faults.seen') = at from faults.armed) then
                perform pg_terminate_backend(pg_backend_pid());
                perform pg_sleep(10);
            end if;
            return null;
        end $$;";
    conn.execute(sqlx::raw_sql(prepare)).await.unwrap();
    for table in tables(&mut conn).await {
        let trigger = format!(
            "create trigger faults after insert or update or delete on {table} for each statement execute function faults.count()"
        );
        conn.execute(AssertSqlSafe(trigger)).await.unwrap();
    }
}

async fn tables(conn: &mut PgConnection) -> Vec<String> {
    let tables = sqlx::query_scalar(TABLES).fetch_all(conn).await.unwrap();
    assert!(tables.len() > 10, "the tables are found");
    tables
}

/// Has the connection cut that is the next to write, at its statement of this number, from 1; 0 for none.
pub(super) async fn arm(database: &Database, at: u32) {
    database.run(&format!("select setval('faults.seen', 1, false); update faults.armed set at = {at}")).await;
}

/// Everything that is in the database.
pub(super) async fn content(database: &Database) -> Vec<(String, String)> {
    let mut conn = database.connect().await;
    let mut content = Vec::new();
    for table in tables(&mut conn).await {
        let rows =
            format!("select coalesce(string_agg(held::text, E'\\n' order by held::text), '') from {table} as held");
        let rows: String = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut conn).await.unwrap();
        content.push((table, rows));
    }
    content
}

/// Does something again and again, with a cut at each of its statements that write, until it goes through; what was cut
/// off has left nothing, and is to be tried again.
pub(super) async fn at_each_statement(
    database: &Database,
    mut act: impl AsyncFnMut() -> Result<(), bindery::queue::Error>,
) {
    for at in 1.. {
        assert!(at < 100, "there is no end of statements");
        let before = content(database).await;
        arm(database, at).await;
        let done = act().await;
        arm(database, 0).await;
        match done {
            Ok(()) => return assert!(at > 1, "nothing was cut"),
            Err(error) => {
                assert!(error.is_passing(), "statement {at}: {}", bindery::log::ErrorChain(&error));
                assert_eq!(content(database).await, before, "statement {at} left something");
            }
        }
    }
}

/// An error of the driver as the queue has it.
pub(super) fn connect(source: sqlx::Error) -> bindery::queue::Error {
    storage::Error::of("connect")(source).into()
}

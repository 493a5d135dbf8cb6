//! Cuts of the database: every statement of a transaction that writes can be made the last one of its connection.
//!
//! Each table has a trigger that counts, in a sequence, which no rollback turns back, and ends the process of the server at the
//! statement at which it is told to.

use bindery::{log::ErrorChain, queue, storage};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use crate::support::Database;

/// Tables of the service.
const TABLES: &str = "select format('%I.%I', schemaname, tablename) from pg_tables
                      where schemaname not in ('pg_catalog', 'information_schema', 'faults') order by 1";

/// The faults of a database.
pub(super) struct Faults {
    conn: PgConnection,
    /// What selects all that is in it.
    content: String,
}

impl Faults {
    /// Puts the triggers on all tables.
    pub(super) async fn of(database: &Database) -> Self {
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
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut conn).await.unwrap();
        assert!(tables.len() > 10, "the tables are found");
        let mut content = Vec::new();
        for table in tables {
            let trigger = format!(
                "create trigger faults after insert or update or delete on {table}
                 for each statement execute function faults.count()"
            );
            conn.execute(AssertSqlSafe(trigger)).await.unwrap();
            content.push(format!("select '{table}: ' || held::text from {table} as held"));
        }
        Self { conn, content: content.join(" union all ") + " order by 1" }
    }

    /// Does something again and again, with a cut at each of its statements that write, until it goes through; what was cut
    /// off has left nothing, and is to be tried again.
    pub(super) async fn at_each_statement(&mut self, mut act: impl AsyncFnMut() -> Result<(), queue::Error>) {
        for at in 1.. {
            assert!(at < 100, "there is no end of statements");
            let before = self.content().await;
            self.arm(at).await;
            let done = act().await;
            self.arm(0).await;
            match done {
                Ok(()) => return assert!(at > 1, "nothing was cut"),
                Err(error) => {
                    assert!(error.is_passing(), "statement {at}: {}", ErrorChain(&error));
                    assert_eq!(self.content().await, before, "statement {at} left something");
                }
            }
        }
    }

    /// Has the connection cut that is the next to write, at its statement of this number, from 1; 0 for none.
    pub(super) async fn arm(&mut self, at: i64) {
        let arm = "with armed as (update faults.armed set at = $1 returning at) select setval('faults.seen', 1, false) from armed";
        sqlx::query(arm).bind(at).execute(&mut self.conn).await.unwrap();
    }

    /// Everything that is in the database.
    async fn content(&mut self) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(self.content.clone())).fetch_all(&mut self.conn).await.unwrap()
    }
}

/// An error of the driver as the queue has it.
pub(super) fn connect(source: sqlx::Error) -> queue::Error {
    storage::Error::of("connect")(source).into()
}

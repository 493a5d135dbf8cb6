//! One database a test, dropped when the test succeeded and left to be looked at when it failed.

use std::str::FromStr;

use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

/// A database of the test's own.
pub(crate) struct Database {
    server: PgConnectOptions,
    name: String,
    /// Whether the server outlives the test, so that the database has to be dropped.
    shared: bool,
    /// How to reach it.
    pub(crate) options: PgConnectOptions,
    /// The same as text, for processes.
    pub(crate) url: String,
}

impl Database {
    /// Makes an empty database.
    pub(crate) async fn empty() -> Self {
        let mut database = Self::empty_on(&server_url()).await;
        database.shared = true;
        database
    }

    /// Makes an empty database on a server of the test's own.
    pub(crate) async fn empty_on(server_url: &str) -> Self {
        let server = PgConnectOptions::from_str(server_url).expect("the URL must be one of PostgreSQL");
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut conn = PgConnection::connect_with(&server).await.expect("the PostgreSQL of the tests must run");
        sqlx::query(AssertSqlSafe(format!("create database {name}"))).execute(&mut conn).await.unwrap();
        let mut url = reqwest::Url::parse(server_url).unwrap();
        url.set_path(&name);
        Self { options: server.clone().database(&name), server, name, shared: false, url: url.into() }
    }

    /// Makes a database with the schema.
    pub(crate) async fn migrated() -> Self {
        Self::empty().await.migrate().await
    }

    /// Makes a database with the schema on a server of the test's own.
    pub(crate) async fn migrated_on(server_url: &str) -> Self {
        Self::empty_on(server_url).await.migrate().await
    }

    async fn migrate(self) -> Self {
        bindery::storage::migrate(&mut self.connect().await).await.unwrap();
        self
    }

    /// The same database on another server, as a standby has it.
    pub(crate) fn on_port(&self, port: u16) -> Self {
        let mut url = reqwest::Url::parse(&self.url).unwrap();
        url.set_port(Some(port)).unwrap();
        let (server, options) = (self.server.clone().port(port), self.options.clone().port(port));
        Self { server, name: self.name.clone(), shared: false, options, url: url.into() }
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.options).await.unwrap()
    }

    /// Makes a pool of a few connections.
    pub(crate) fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(5).connect_lazy_with(self.options.clone())
    }

    /// Asks for one number.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self.connect().await;
        let count = sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        count
    }

    /// Changes something behind the back of the service.
    pub(crate) async fn execute(&self, sql: &'static str) {
        let mut conn = self.connect().await;
        sqlx::query(sql).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// Changes something with a statement that the test has put together.
    pub(crate) async fn run(&self, sql: &str) {
        let mut conn = self.connect().await;
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// Cuts every connection to the database but the one that cuts, and says how many those were.
    pub(crate) async fn cut_connections(&self) -> i64 {
        self.count(
            "select count(*) from (
                 select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and pid <> pg_backend_pid()) as cut",
        )
        .await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.shared {
            return;
        }
        if std::thread::panicking() {
            eprintln!("the database {} is left to be looked at", self.name);
            return;
        }
        let (server, name) = (self.server.clone(), self.name.clone());
        // A drop cannot await, and a runtime cannot block inside another: a thread of its own can.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut conn = PgConnection::connect_with(&server).await?;
                sqlx::query(AssertSqlSafe(format!("drop database {name} with (force)"))).execute(&mut conn).await
            })
        });
        match dropped.join() {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => eprintln!("a database of a test could not be dropped: {error}"),
            Err(_) => eprintln!("a database of a test could not be dropped"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the setup script of nextest hands the address over in the environment")]
fn server_url() -> String {
    std::env::var("BINDERY_TEST_DATABASE_URL").expect(
        "BINDERY_TEST_DATABASE_URL is not set: use `cargo nextest run`, or start a server with `.ci/postgres start target/test-postgres` and set it to the URL that it prints",
    )
}

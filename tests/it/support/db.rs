//! One database a test, dropped when the test succeeded and left to be looked at when it failed.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    str::FromStr,
};

use sqlx::{
    AssertSqlSafe, Connection, Executor as _, PgConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

/// Key of the advisory lock under which the database is made that others are copies of.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

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
        let database = Self::named(server_url);
        let mut conn =
            PgConnection::connect_with(&database.server).await.expect("the PostgreSQL of the tests must run");
        conn.execute(AssertSqlSafe(format!("create database {}", database.name))).await.unwrap();
        database
    }

    /// One that is not there yet, on a server.
    fn named(server_url: &str) -> Self {
        let server = PgConnectOptions::from_str(server_url).expect("the URL must be one of PostgreSQL");
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut url = reqwest::Url::parse(server_url).unwrap();
        url.set_path(&name);
        Self { options: server.clone().database(&name), server, name, shared: false, url: url.into() }
    }

    /// Makes a database with the schema: a copy of one that the first test to want it has migrated.
    pub(crate) async fn migrated() -> Self {
        let mut database = Self::named(&server_url());
        let mut conn =
            PgConnection::connect_with(&database.server).await.expect("the PostgreSQL of the tests must run");
        let template = template(&database.server, &mut conn).await;
        conn.execute(AssertSqlSafe(format!("create database {} template {template}", database.name))).await.unwrap();
        conn.close().await.unwrap();
        database.shared = true;
        // As each database that is migrated for itself has.
        database.execute("update installation set id = gen_random_uuid(), created_at = now(), sweep_at = now()").await;
        database
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

/// The name of the database that has the schema and nothing else, made if this is the first who asks. It has the name of a
/// test's, by which the next run removes it.
async fn template(server: &PgConnectOptions, conn: &mut PgConnection) -> String {
    let mut hasher = DefaultHasher::new();
    for migration in bindery::storage::migrate::known() {
        (migration.version(), migration.checksum()).hash(&mut hasher);
    }
    let name = format!("test_template_{:016x}", hasher.finish());
    sqlx::query("select pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut *conn).await.unwrap();
    let found: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    if !found {
        // Under another name until it is whole: whoever makes it may be killed.
        let half = format!("test_{}", uuid::Uuid::new_v4().simple());
        conn.execute(AssertSqlSafe(format!("create database {half}"))).await.unwrap();
        let mut there = PgConnection::connect_with(&server.clone().database(&half)).await.unwrap();
        bindery::storage::migrate(&mut there).await.unwrap();
        there.close().await.unwrap();
        conn.execute(AssertSqlSafe(format!("alter database {half} rename to {name}"))).await.unwrap();
    }
    sqlx::query("select pg_advisory_unlock($1)").bind(TEMPLATE_LOCK).execute(&mut *conn).await.unwrap();
    name
}

#[expect(clippy::disallowed_methods, reason = "the setup script of nextest hands the address over in the environment")]
fn server_url() -> String {
    std::env::var("BINDERY_TEST_DATABASE_URL").expect(
        "BINDERY_TEST_DATABASE_URL is not set: use `cargo nextest run`, or start a server with `.ci/postgres start target/test-postgres` and set it to the URL that it prints",
    )
}

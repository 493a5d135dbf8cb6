//! Connections.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, Postgres, Row,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions},
};
use uuid::Uuid;

use super::{
    Error,
    error::{self, lost_statement},
};

/// How transactions reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A connection keeps what was prepared on it: it leads to one session of the server, or to a pooler that keeps track.
    Direct,
    /// A pooler may run each transaction of a connection on another session, and does not keep track.
    Pooled,
}

/// A way to the database.
#[derive(Debug, Clone)]
pub struct Way {
    /// The server, the database and the user.
    pub options: PgConnectOptions,
    /// How transactions get there.
    pub route: Route,
}

/// How a process uses the database.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// How to reach it.
    pub way: Way,
    /// Most connections that this process opens.
    pub connections_max: u32,
    /// How long a caller waits for a free connection.
    pub acquire_timeout: Duration,
}

/// A connection that was used so short ago is not asked whether it is alive, ...
const FRESH: Duration = Duration::from_secs(1);
/// ... unless a statement of this process has failed so short ago: then all are.
const SUSPICION: Duration = Duration::from_secs(30);

/// A statement for nothing, to go on in the transaction that a connection of a [`Route::Pooled`] pool brings along.
pub const BEGUN: &str = "select 1";

/// Begins a transaction, and forgets what others have prepared on the session: the driver names statements by counting.
const BEGIN_ANEW: &str = "begin; deallocate all";

/// Makes a pool; connects when first used, so that a process starts while the database is away.
///
/// A connection to a server in recovery is not used: an address may lead to a standby for a moment, which cannot write and
/// may be behind. One that has become read-only is given up for a new one, since its address may lead elsewhere by now.
///
/// # Why a pooled connection is one transaction
/// The driver prepares a statement in one round trip and executes it in the next, and a pooler in transaction mode may
/// run the two on different sessions. So whoever takes a connection gets it with a transaction begun, which is committed
/// when the connection comes back. A commit that fails then is seen by nobody; whoever must know commits by itself, as
/// all operations on jobs do, and the rest of the program takes an unknown outcome for granted anyway.
pub fn lazy(config: &PoolConfig) -> PgPool {
    let Way { options, route } = config.way.clone();
    let pool = PgPoolOptions::new()
        .max_connections(config.connections_max)
        .acquire_timeout(config.acquire_timeout)
        .idle_timeout(Duration::from_secs(300))
        // The hook asks in one round trip what a ping would and where the connection leads.
        .test_before_acquire(false)
        .after_connect(move |conn, _| Box::pin(admit(conn, route)))
        .before_acquire(move |conn, meta| {
            let trusted = route == Route::Direct && meta.idle_for < FRESH && !error::seen_within(SUSPICION);
            Box::pin(async move { Ok(trusted || is_usable(conn, route).await) })
        });
    match route {
        Route::Direct => pool.connect_lazy_with(options),
        Route::Pooled => pool
            .after_release(|conn, _| Box::pin(conclude(conn)))
            .connect_lazy_with(options.statement_cache_capacity(0)),
    }
}

/// How statements are planned on a session of our own.
///
/// The statistics of a queue are of another time: a vacuum in a quiet hour finds the table empty, and a plan that is made then
/// is kept while thousands of tasks come. So plans are not to depend on them. All statements here are meant to go by an index;
/// none of them needs the values of its parameters to be planned well, and to plan anew by these took a quarter of the time
/// under churn (2026-11). Without the last setting the price put on reading a table starts the compiler.
const PLANS: &str = "set enable_seqscan = off; set plan_cache_mode = force_generic_plan; set jit = off";

/// Refuses a new connection to a server in recovery; the pool tries again until its caller's time is over.
async fn admit(conn: &mut PgConnection, route: Route) -> Result<(), sqlx::Error> {
    match route {
        Route::Direct => sqlx::raw_sql(PLANS).execute(&mut *conn).await.map(|_| ())?,
        // A session that others use, too; statements are planned each time there.
        Route::Pooled => bring_along(conn, route).await?,
    }
    let row = sqlx::raw_sql("select pg_is_in_recovery()").fetch_one(conn).await?;
    if row.try_get(0)? {
        return Err(sqlx::Error::Protocol("the server is in recovery, so it is not the primary".to_owned()));
    }
    Ok(())
}

/// Whether an idle connection is alive and may write.
async fn is_usable(conn: &mut PgConnection, route: Route) -> bool {
    let asked = async {
        bring_along(&mut *conn, route).await?;
        let row = sqlx::raw_sql("show transaction_read_only").fetch_one(conn).await?;
        row.try_get::<String, _>(0)
    };
    match asked.await {
        Ok(read_only) if read_only == "off" => true,
        Ok(_) => {
            tracing::debug!("a connection has become read-only and is given up");
            false
        }
        Err(error) => {
            tracing::debug!(%error, "an idle connection was lost");
            false
        }
    }
}

async fn bring_along(conn: &mut PgConnection, route: Route) -> Result<(), sqlx::Error> {
    match route {
        Route::Direct => Ok(()),
        Route::Pooled => sqlx::raw_sql(BEGIN_ANEW).execute(conn).await.map(|_| ()),
    }
}

/// Commits what was done on a connection, unless its user has ended the transaction.
async fn conclude(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match conn.begin_with(BEGUN).await {
        Ok(begun) => begun.commit().await.map(|()| true),
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Gives a connection back after a statement that wrote, and makes sure that it is committed. Dropping it commits too,
/// but nobody learns whether that went well.
///
/// # Errors
/// `Unavailable` when nobody knows whether it was committed.
pub async fn give_back(mut conn: PoolConnection<Postgres>, route: Route) -> Result<(), Error> {
    match route {
        // A statement outside a transaction is committed when it has answered.
        Route::Direct => Ok(()),
        Route::Pooled => conclude(&mut conn).await.map(|_| ()).map_err(Error::of("commit")),
    }
}

/// Whether a connection has a session of the server to itself: two that are open at once never share one then.
///
/// Listening on a session that others use would do harm: whoever gets the session next is sent what it did not ask for,
/// and the driver takes that for a broken connection.
///
/// # Errors
/// `Unavailable` when the server cannot be reached.
pub async fn has_own_session(options: &PgConnectOptions) -> Result<bool, Error> {
    let (mut one, mut other) = (connect(options).await?, connect(options).await?);
    for _ in 0..PROBES {
        if session(&mut one).await? == session(&mut other).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn session(conn: &mut PgConnection) -> Result<i32, Error> {
    let row = sqlx::raw_sql("select pg_backend_pid()").fetch_one(conn).await;
    row.and_then(|row| row.try_get(0)).map_err(Error::of("look at the way to the database"))
}

/// How often the ways are probed: a pooler prefers the session that was used last, but somebody else may get it in between.
/// Processes that start at once, as after a deploy, do that to each other several times over.
const PROBES: usize = 24;

/// Finds out how transactions get to the server: two connections that share a session see what the other has prepared.
///
/// # Errors
/// `Unavailable` when the server cannot be reached.
pub async fn route(options: &PgConnectOptions) -> Result<Route, Error> {
    let (mut one, mut other) = (connect(options).await?, connect(options).await?);
    let (says, says_other) = (Uuid::new_v4(), Uuid::new_v4());
    for _ in 0..PROBES {
        if !keeps_statement(&mut one, says).await? || !keeps_statement(&mut other, says_other).await? {
            return Ok(Route::Pooled);
        }
    }
    Ok(Route::Direct)
}

/// Whether a connection runs what was prepared on it. Each caller prepares something else: the driver names statements by
/// counting, and one that looks at the same time would otherwise have left the very same under that name.
async fn keeps_statement(conn: &mut PgConnection, says: Uuid) -> Result<bool, Error> {
    let statement = format!("select '{says}'::text");
    let said = sqlx::query(AssertSqlSafe(statement)).fetch_one(conn).await.and_then(|row| row.try_get::<String, _>(0));
    match said {
        Ok(said) => Ok(said == says.to_string()),
        // What another program has prepared may have no such column, or one of another type.
        Err(
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnIndexOutOfBounds { .. } | sqlx::Error::RowNotFound,
        ) => Ok(false),
        Err(error) if lost_statement(&error) => Ok(false),
        Err(error) => Err(Error::of("look at the way to the database")(error)),
    }
}

/// Opens one connection of its own, outside every pool.
///
/// # Errors
/// `Unavailable` when the server cannot be reached.
pub async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    PgConnection::connect_with(options).await.map_err(Error::of("connect"))
}

/// Opens a listener on a connection of its own.
///
/// # Errors
/// `Unavailable` when the server cannot be reached or cannot listen.
pub async fn listener(options: &PgConnectOptions, channels: &[&str]) -> Result<PgListener, Error> {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await.map_err(Error::of("connect a listener"))?;
    listener.listen_all(channels.iter().copied()).await.map_err(Error::of("listen"))?;
    Ok(listener)
}

/// Whether the database answers, within a second.
///
/// # Errors
/// `Unavailable` when it does not.
pub async fn ping(pool: &PgPool) -> Result<(), Error> {
    let asked = sqlx::query("select 1").execute(pool);
    match tokio::time::timeout(Duration::from_secs(1), asked).await {
        Ok(answer) => answer.map(|_| ()).map_err(Error::of("ping the database")),
        Err(_) => Err(Error::Unavailable { doing: "ping the database", source: sqlx::Error::PoolTimedOut.into() }),
    }
}

/// Makes a database when it is not there; `options` lead to another one of the same server.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn ensure_database(options: &PgConnectOptions, name: &str) -> Result<(), Error> {
    let mut conn = connect(options).await?;
    let exists: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(&mut conn)
        .await
        .map_err(Error::of("look for the database"))?;
    if !exists {
        // A name cannot be a parameter here; it is a constant of ours, and quoted all the same.
        let statement = format!("create database \"{}\"", name.replace('"', "\"\""));
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut conn).await.map_err(Error::of("make the database"))?;
    }
    Ok(())
}

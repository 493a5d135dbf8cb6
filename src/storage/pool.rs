//! Connections.

use std::time::Duration;

use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions},
};

use super::Error;

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// The server, the database and the user.
    pub connect: PgConnectOptions,
    /// Most connections that this process opens.
    pub connections_max: u32,
    /// How long a caller waits for a free connection.
    pub acquire_timeout: Duration,
}

/// Makes a pool; connects when first used, so that a process starts while the database is away.
pub fn lazy(config: &PoolConfig) -> PgPool {
    PgPoolOptions::new()
        .max_connections(config.connections_max)
        .acquire_timeout(config.acquire_timeout)
        .idle_timeout(Duration::from_secs(300))
        .connect_lazy_with(config.connect.clone())
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
        Err(_) => Err(Error::Unavailable { doing: "ping the database", source: sqlx::Error::PoolTimedOut }),
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
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut conn)
            .await
            .map_err(Error::of("make the database"))?;
    }
    Ok(())
}

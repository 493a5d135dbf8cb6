use std::time::Duration;

use sqlx::{Postgres, Transaction, pool::PoolConnection, postgres::PgPool};
use tokio_util::sync::CancellationToken;

use super::{Error, OpenJobs};
use crate::{
    queue::{Bell, Signals},
    storage::{self, blobs::Blobs},
};

/// How jobs are treated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a completed job is kept.
    pub retention: Duration,
    /// How long a job may stay `creating` with nothing added.
    pub creating_idle_max: Duration,
    /// Most jobs of a tenant that are not completed.
    pub open_jobs_max: i64,
    /// Most bytes of one upload.
    pub upload_bytes_max: u64,
    /// How long a blocking result call waits.
    pub result_wait_max: Duration,
}

/// What every operation needs. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Context {
    /// Connections to the database.
    pub pool: PgPool,
    /// The blob store.
    pub blobs: Blobs,
    /// Rings for this process.
    pub bell: Bell,
    /// Hears for this process.
    pub signals: Signals,
    /// How jobs are treated.
    pub settings: Settings,
    /// Open jobs of tenants, as far as this process knows.
    pub open_jobs: OpenJobs,
    /// Cancelled when the process stops, so that nobody waits for what it will not hear.
    pub stop: CancellationToken,
}

impl Context {
    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        Ok(self.pool.begin().await.map_err(storage::Error::of("begin a transaction"))?)
    }

    /// Commits a transaction.
    pub(super) async fn commit(tx: Transaction<'static, Postgres>) -> Result<(), Error> {
        Ok(tx.commit().await.map_err(storage::Error::of("commit a transaction"))?)
    }

    /// Takes a connection for reads outside a transaction.
    pub(super) async fn read(&self) -> Result<PoolConnection<Postgres>, Error> {
        Ok(self.pool.acquire().await.map_err(storage::Error::of("connect"))?)
    }
}

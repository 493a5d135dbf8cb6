use std::{future::Future, time::Duration};

use sqlx::{Postgres, Transaction, pool::PoolConnection, postgres::PgPool};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Error, OpenJobs, Summaries, Watch, profiles::Profiles};
use crate::{
    egress::Egress,
    queue::{self, Bell, Intake, Signals},
    storage::{
        self,
        blobs::Blobs,
        pool::{self, Route},
    },
};

/// How often an operation is tried whose transaction was rolled back for its timing.
const TRIES_MAX: u32 = 8;
/// Wait before the second try, spread up to twice as long; doubles with each.
const AGAIN_FIRST: Duration = Duration::from_millis(5);

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
    /// How transactions get there; as the pool was made.
    pub route: Route,
    /// The blob store.
    pub blobs: Blobs,
    /// The way out to the URLs of clients and profiles.
    pub egress: Egress,
    /// Rings for this process.
    pub bell: Bell,
    /// Creates jobs for this process.
    pub intake: Intake,
    /// Hears for this process.
    pub signals: Signals,
    /// Looks for all in this process who wait for jobs.
    pub watch: Watch,
    /// Reads status lines for all in this process who ask.
    pub summaries: Summaries,
    /// How jobs are treated.
    pub settings: Settings,
    /// Open jobs of tenants, as far as this process knows.
    pub open_jobs: OpenJobs,
    /// Profiles, as far as this process knows.
    pub profiles: Profiles,
    /// Cancelled when the process stops, so that nobody waits for what it will not hear.
    pub stop: CancellationToken,
}

/// Does work on a task of its own, so that it goes on to its end when its caller is dropped.
pub(super) async fn to_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let ended = tokio::spawn(work.in_current_span()).await;
    // Nobody aborts the task, so it fails to end only by a panic, which goes on here.
    ended.unwrap_or_else(|gone| std::panic::resume_unwind(gone.into_panic()))
}

impl Context {
    /// Begins a transaction. A caller may be dropped at any moment, as when its client hangs up.
    ///
    /// # Why on a task of its own (2026-11)
    /// The driver counts a transaction when the server has answered that it has begun. Dropped before that, the connection
    /// went back into the pool with a transaction open that nobody knew of, and whatever was written on it afterwards was
    /// answered as done and never committed.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        let (pool, route) = (self.pool.clone(), self.route);
        let begun = to_the_end(async move {
            match route {
                Route::Direct => pool.begin().await,
                Route::Pooled => pool.begin_with(pool::BEGUN).await,
            }
        });
        let begun = begun.await;
        Ok(begun.map_err(storage::Error::of("begin a transaction"))?)
    }

    /// Does an operation again, from the beginning of its transaction, while the database rolls it back for its timing
    /// (serialisation, deadlock): the client has done nothing wrong and would only do the same. `once` writes nothing
    /// outside its transaction and announces nothing.
    pub(super) async fn again<T, F>(mut once: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut wait = AGAIN_FIRST;
        for _ in 1..TRIES_MAX {
            match once().await {
                Err(Error::Storage(error)) if error.is_rolled_back() => {
                    tracing::debug!(error = %crate::log::ErrorChain(&error), "rolled back, trying again");
                }
                Err(Error::Queue(queue::Error::Storage(error))) if error.is_rolled_back() => {
                    tracing::debug!(error = %crate::log::ErrorChain(&error), "rolled back, trying again");
                }
                done => return done,
            }
            let spread = u32::try_from(uuid::Uuid::new_v4().as_u128() % 1024).unwrap_or(0);
            tokio::time::sleep(wait + wait * spread / 1024).await;
            wait *= 2;
        }
        once().await
    }

    /// Commits a transaction.
    pub(super) async fn commit(tx: Transaction<'static, Postgres>) -> Result<(), Error> {
        Ok(tx.commit().await.map_err(storage::Error::of("commit a transaction"))?)
    }

    /// Gives back a connection on which one statement has written, and makes sure that it is committed.
    pub(super) async fn written(&self, conn: PoolConnection<Postgres>) -> Result<(), Error> {
        Ok(pool::give_back(conn, self.route).await?)
    }

    /// Takes a connection for reads, or for a single statement that writes (see [`Self::written`]).
    pub(super) async fn read(&self) -> Result<PoolConnection<Postgres>, Error> {
        Ok(self.pool.acquire().await.map_err(storage::Error::of("connect"))?)
    }
}

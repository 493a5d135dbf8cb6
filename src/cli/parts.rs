//! What several roles assemble alike.

use std::time::Duration;

use anyhow::Context as _;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use super::config::Config;
use crate::{
    domain::limits,
    queue::{Bell, Signals},
    storage::{
        self,
        blobs::Blobs,
        pool::{self, PoolConfig},
    },
    workflows::{Context, OpenJobs, Settings},
};

/// The database that a role cannot do without.
pub(super) fn database(config: &Config) -> anyhow::Result<PgConnectOptions> {
    let options = config.database.clone().context(
        "there is no DATABASE_URL; give one, as in postgres://user:password@host/name, or use `bindery up`, which brings its own",
    )?;
    Ok(options.application_name("bindery"))
}

/// Waits until the database is there and its schema fits.
///
/// # Errors
/// When the schema is too old. A database that is away is waited for, until stopped.
pub(super) async fn wait_for_schema(options: &PgConnectOptions, stop: &CancellationToken) -> anyhow::Result<bool> {
    loop {
        let checked = match pool::connect(options).await {
            Ok(mut conn) => storage::migrate::check(&mut conn).await,
            Err(error) => Err(error),
        };
        match checked {
            Ok(()) => return Ok(true),
            Err(error) if error.is_passing() => {
                tracing::warn!(error = %crate::log::ErrorChain(&error), "the database is not there yet, trying again");
            }
            Err(error) => return Err(error.into()),
        }
        let again = tokio::time::sleep(Duration::from_secs(1));
        if stop.run_until_cancelled(again).await.is_none() {
            return Ok(false);
        }
    }
}

/// Builds what operations and workers need.
///
/// # Errors
/// When the folder of the blob store cannot be used.
pub(super) fn context(
    config: &Config,
    options: &PgConnectOptions,
    connections_max: u32,
    stop: &CancellationToken,
) -> anyhow::Result<Context> {
    let pool =
        pool::lazy(&PoolConfig { connect: options.clone(), connections_max, acquire_timeout: Duration::from_secs(5) });
    let listener = config.listener.clone().unwrap_or_else(|| options.clone());
    let blobs = Blobs::in_folder(&config.blobs)
        .with_context(|| format!("the blob store in {} cannot be used", config.blobs.display()))?;
    Ok(Context {
        bell: Bell::new(pool.clone()),
        signals: Signals::start(listener, stop.clone()),
        pool,
        blobs,
        stop: stop.clone(),
        open_jobs: OpenJobs::default(),
        settings: Settings {
            retention: config.retention,
            creating_idle_max: limits::CREATING_IDLE_MAX,
            open_jobs_max: config.max_open_jobs,
            upload_bytes_max: config.max_upload,
            result_wait_max: config.result_wait,
        },
    })
}

/// The name of this machine, for operators.
pub(super) fn host_name() -> String {
    nix::unistd::gethostname().map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

//! What several roles assemble alike.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rustls::RootCertStore;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use super::config::Config;
use crate::{
    domain::limits,
    egress::{self, Egress, EgressConfig, SystemResolver},
    queue::{Audience, Bell, Intake, Signals},
    storage::{
        self,
        blobs::Blobs,
        pool::{self, PoolConfig, Route, Way},
    },
    workflows::{Context, OpenJobs, Settings, Summaries, Watch, profiles::Profiles},
};

/// The database that a role cannot do without.
pub(super) fn database(config: &Config) -> anyhow::Result<PgConnectOptions> {
    let options = config.database.clone().context(
        "there is no DATABASE_URL; give one, as in postgres://user:password@host/name, or use `bindery up`, which brings its own",
    )?;
    Ok(options.application_name("bindery"))
}

/// The way to the database for what needs a session of its own, as the schema does.
pub(super) fn session(config: &Config) -> anyhow::Result<PgConnectOptions> {
    match &config.listener {
        Some(listener) => Ok(listener.clone().application_name("bindery")),
        None => database(config),
    }
}

/// The ways to the database that a role uses.
pub(super) struct Access {
    way: Way,
    /// The one for the listener, unless there is none that can carry it.
    listener: Option<PgConnectOptions>,
}

/// How often a role that waits says so again.
const SAY_AGAIN: Duration = Duration::from_secs(30);

/// Waits until the database is there and its schema is not older than this program; `None` when stopped before.
///
/// A schema that is too old is waited for like a database that is away: in a rolling deploy new programs start before,
/// while and after somebody runs `bindery migrate`, and one that ended would only be started again by its supervisor, later
/// and later each time.
///
/// # Errors
/// When the server refuses the user or the database: waiting does not change a wrong configuration.
pub(super) async fn wait_for_database(config: &Config, stop: &CancellationToken) -> anyhow::Result<Option<Access>> {
    let options = database(config)?;
    let mut said: Option<(String, Instant)> = None;
    loop {
        let error = match access(config, &options).await {
            Ok(access) => return Ok(Some(access)),
            Err(error)
                if error.is_refused() || !(error.is_passing() || matches!(error, storage::Error::Schema { .. })) =>
            {
                return Err(error.into());
            }
            Err(error) => error,
        };
        let reason = crate::log::ErrorChain(&error).to_string();
        if said.as_ref().is_none_or(|(before, when)| *before != reason || when.elapsed() >= SAY_AGAIN) {
            if matches!(error, storage::Error::Schema { .. }) {
                tracing::warn!(error = reason, "the schema is too old for this program, waiting for the migration");
            } else {
                tracing::warn!(error = reason, "the database is not there yet, trying again");
            }
            said = Some((reason, Instant::now()));
        }
        let again = tokio::time::sleep(Duration::from_secs(1));
        if stop.run_until_cancelled(again).await.is_none() {
            return Ok(None);
        }
    }
}

async fn access(config: &Config, options: &PgConnectOptions) -> Result<Access, storage::Error> {
    let mut conn = pool::connect(options).await?;
    storage::migrate::check(&mut conn).await?;
    drop(conn);
    let route = match config.prepared {
        Some(true) => Route::Direct,
        Some(false) => Route::Pooled,
        None => pool::route(options).await?,
    };
    match route {
        Route::Direct => {}
        Route::Pooled => tracing::info!("a pooler in transaction mode leads to the database; statements are not kept"),
    }
    let listener = config.listener.as_ref().unwrap_or(options);
    let may_listen = match pool::has_own_session(listener).await {
        Ok(own) => own,
        // Another way than the one that was just used; whether it leads anywhere shows when it is used.
        Err(error) if config.listener.is_some() => {
            tracing::warn!(error = %crate::log::ErrorChain(&error), "BINDERY_LISTEN_URL leads nowhere yet");
            true
        }
        Err(error) => return Err(error),
    };
    if !may_listen {
        tracing::warn!(
            "a pooler in transaction mode cannot carry LISTEN, so this process polls; give BINDERY_LISTEN_URL"
        );
    }
    Ok(Access { way: Way { options: options.clone(), route }, listener: may_listen.then(|| listener.clone()) })
}

/// Builds what operations and workers need; a process hears what its audience does.
///
/// # Errors
/// When the folder of the blob store cannot be used.
pub(super) fn context(
    config: &Config,
    access: Access,
    audience: Audience,
    connections_max: u32,
    stop: &CancellationToken,
) -> anyhow::Result<Context> {
    let Access { way, listener } = access;
    let route = way.route;
    let connections_max = config.connections.unwrap_or(connections_max);
    let pool = pool::lazy(&PoolConfig { way, connections_max, acquire_timeout: Duration::from_secs(5) });
    let blobs = Blobs::in_folder(&config.blobs)
        .with_context(|| format!("the blob store in {} cannot be used", config.blobs.display()))?;
    let bell = Bell::new(pool.clone());
    let signals = listener.map_or_else(Signals::deaf, |listener| Signals::start(listener, audience, stop.clone()));
    Ok(Context {
        intake: Intake::new(pool.clone(), route, bell.clone()),
        bell,
        watch: Watch::start(pool.clone(), &signals),
        summaries: Summaries::start(pool.clone()),
        signals,
        pool,
        route,
        blobs,
        egress: egress(config),
        stop: stop.clone(),
        open_jobs: OpenJobs::default(),
        profiles: Profiles::default(),
        settings: Settings {
            retention: config.retention,
            creating_idle_max: limits::CREATING_IDLE_MAX,
            open_jobs_max: config.max_open_jobs,
            upload_bytes_max: config.max_upload,
            result_wait_max: config.result_wait,
        },
    })
}

/// The way out, with the certificates that this machine trusts.
fn egress(config: &Config) -> Egress {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (known, _unreadable) = roots.add_parsable_certificates(found.certs);
    if known == 0 {
        tracing::warn!(
            "this machine trusts no certificates, so https URLs of clients cannot be called: install ca-certificates"
        );
    }
    Egress::new(EgressConfig {
        allow: config.egress_allow.clone(),
        limits: egress::Limits::SERVICE,
        roots,
        resolver: Arc::new(SystemResolver::new()),
    })
}

/// The name of this machine, for operators.
pub(super) fn host_name() -> String {
    nix::unistd::gethostname().map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

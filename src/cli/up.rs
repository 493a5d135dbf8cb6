//! `bindery up`: everything on one machine.
//!
//! The API and the worker are child processes like anywhere else, started again when they end. When the worker dies,
//! its tasks go back to the queue at once: on the same machine nobody has to wait for its lease to run out.

use std::{ffi::OsString, fs, time::Duration};

use anyhow::{Context as _, bail};
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use super::{
    config::{Config, LogFormat},
    logging, parts,
    postgres::Embedded,
    say, signals,
    supervise::Role,
};
use crate::{
    domain::WorkerId,
    queue::{bell, rescue, worker},
    storage::{self, pool},
};

/// How long the API may take to stop beyond the grace of its calls.
const STOP_MAX: Duration = Duration::from_secs(10);

/// Runs everything until told to stop.
///
/// # Errors
/// When the database cannot be started or reached, or another `up` uses the data folder.
pub(super) async fn up(config: Config) -> anyhow::Result<()> {
    logging::start(&config);
    let stop = signals::stop_token()?;
    fs::create_dir_all(&config.data)
        .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
    let lock = fs::File::create(config.data.join("up.lock"))?;
    if lock.try_lock().is_err() {
        bail!("another `bindery up` uses the data folder {}; stop it, or give --data", config.data.display());
    }
    // Found out before anything is started, and said once; the API itself would only say it again and again.
    drop(std::net::TcpListener::bind(config.listen).with_context(|| {
        format!("cannot listen on {}: another service uses it; stop that, or give --listen", config.listen)
    })?);
    if let Some(address) = config.simple_listen {
        drop(std::net::TcpListener::bind(address).with_context(|| {
            format!("cannot listen on {address}: another service uses it; stop that, or give --simple-listen")
        })?);
    }
    let mut embedded = match &config.database {
        Some(_) => None,
        None => Some(Embedded::prepare(&config).await?),
    };
    let served = supervise(&config, embedded.as_mut(), &stop).await;
    if let Some(embedded) = &mut embedded {
        embedded.stop().await;
    }
    tracing::info!("everything is stopped");
    served
}

async fn supervise(
    config: &Config,
    mut embedded: Option<&mut Embedded>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let options = match (&mut embedded, &config.database) {
        (Some(embedded), _) => {
            embedded.start().await?;
            embedded.options()
        }
        (None, Some(_)) => parts::session(config)?,
        (None, None) => bail!("there is no database"),
    };
    let mut conn = pool::connect(&options).await.context("cannot reach the database")?;
    let applied = storage::migrate(&mut conn).await?;
    tracing::info!(applied = applied.len(), "the database is ready");
    bury_the_dead(&options).await?;
    drop(conn);

    let env = environment(config, embedded.as_deref());
    let mut api = Role::new("serve", vec!["serve".into()], env.clone());
    let mut worker_id = WorkerId::new();
    let mut work = Role::new("work", work_args(worker_id), env);
    announce(config, embedded.as_deref());
    loop {
        let database_ended = async {
            match &mut embedded {
                Some(embedded) => embedded.ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            _ = api.ended() => {}
            _ = work.ended() => {
                bury(&options, worker_id).await;
                worker_id = WorkerId::new();
                work.set_args(work_args(worker_id));
            }
            () = database_ended => {
                tracing::error!("PostgreSQL ended, starting it again");
                if let Some(embedded) = &mut embedded {
                    tokio::select! {
                        started = embedded.start() => started?,
                        () = stop.cancelled() => break,
                    }
                }
            }
        }
    }
    tracing::info!("stopping");
    // The API first, so that nothing new is accepted; both are asked at once.
    tokio::join!(api.stop(STOP_MAX), work.stop(config.grace + STOP_MAX));
    Ok(())
}

fn work_args(id: WorkerId) -> Vec<OsString> {
    vec!["work".into(), "--id".into(), id.0.to_string().into()]
}

/// The configuration for child processes. They inherit the environment; flags of ours must reach them too.
fn environment(config: &Config, embedded: Option<&Embedded>) -> Vec<(OsString, OsString)> {
    let slots: Vec<_> = config.slots.iter().map(|(lane, slots)| format!("{lane}={slots}")).collect();
    let paths = |paths: &[std::path::PathBuf]| {
        paths.iter().map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>().join(":")
    };
    let mut env: Vec<(&str, String)> = vec![
        ("BINDERY_DATA", config.data.display().to_string()),
        ("BINDERY_BLOBS", format!("file://{}", config.blobs.display())),
        ("BINDERY_LISTEN", config.listen.to_string()),
        ("BINDERY_SIMPLE_LISTEN", config.simple_listen.map_or_else(String::new, |address| address.to_string())),
        ("BINDERY_ALLOW_ANONYMOUS", (!is_private(config)).to_string()),
        ("BINDERY_ALLOW_UNSANDBOXED", config.unsandboxed.to_string()),
        ("BINDERY_SLOTS", slots.join(",")),
        ("BINDERY_FONTS", paths(&config.fonts)),
        ("BINDERY_RESULT_WAIT", config.result_wait.as_secs().to_string()),
        ("BINDERY_RETENTION", config.retention.as_secs().to_string()),
        ("BINDERY_TASK_TIMEOUT", config.task_timeout.as_secs().to_string()),
        ("BINDERY_STALL_TIMEOUT", config.stall_timeout.as_secs().to_string()),
        ("BINDERY_GRACE", config.grace.as_secs().to_string()),
        ("BINDERY_MAX_OPEN_JOBS", config.max_open_jobs.to_string()),
        ("BINDERY_MAX_UPLOAD", config.max_upload.to_string()),
        ("BINDERY_EGRESS_ALLOW", config.egress_allow.to_string()),
        ("BINDERY_LOG", config.log.clone()),
        ("BINDERY_LOG_FORMAT", if config.log_format == LogFormat::Json { "json" } else { "text" }.to_owned()),
    ];
    if let [chromium] = config.chromium.as_slice() {
        env.push(("BINDERY_CHROMIUM", chromium.display().to_string()));
    }
    if let [tessdata] = config.tessdata.as_slice() {
        env.push(("BINDERY_TESSDATA", tessdata.display().to_string()));
    }
    if let [soffice] = config.soffice.as_slice() {
        env.push(("BINDERY_SOFFICE", soffice.display().to_string()));
    }
    if let Some(certificates) = &config.certificates {
        env.push(("BINDERY_CERTIFICATES", certificates.display().to_string()));
    }
    if let Some(origins) = &config.origins {
        env.push(("BINDERY_CORS_ORIGINS", origins.to_string()));
    }
    if let Some(connections) = config.connections {
        env.push(("BINDERY_CONNECTIONS", connections.to_string()));
    }
    if let Some(prepared) = config.prepared {
        env.push(("BINDERY_PREPARED", prepared.to_string()));
    }
    if let Some(url) = &config.listener_url {
        env.push(("BINDERY_LISTEN_URL", url.clone()));
    }
    match (embedded, &config.database_url) {
        (Some(embedded), _) => env.push(("DATABASE_URL", embedded.url())),
        (None, Some(url)) => env.push(("DATABASE_URL", url.clone())),
        (None, None) => {}
    }
    env.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// Whether only this machine reaches what is listened on.
fn is_private(config: &Config) -> bool {
    [Some(config.listen), config.simple_listen].into_iter().flatten().all(|address| address.ip().is_loopback())
}

/// Removes workers of this machine whose process is gone: after a crash of everything, their tasks need not wait.
async fn bury_the_dead(options: &PgConnectOptions) -> Result<(), storage::Error> {
    let mut conn = pool::connect(options).await?;
    for known in worker::list_of_host(&mut conn, &parts::host_name()).await? {
        let command = fs::read(format!("/proc/{}/cmdline", known.pid)).unwrap_or_default();
        let lives = command.split(|byte| *byte == 0).any(|argument| argument == b"work");
        if !lives {
            worker::bury(&mut conn, known.id).await?;
        }
    }
    rescue::rescue(&mut conn).await?;
    Ok(())
}

/// Returns the tasks of a worker that was seen to die. When the database is away too, its lease runs out by itself.
async fn bury(options: &PgConnectOptions, id: WorkerId) {
    let buried = async {
        let mut conn = pool::connect(options).await?;
        worker::bury(&mut conn, id).await?;
        let rescued = rescue::rescue(&mut conn).await?.tasks;
        bell::ring_once(&mut conn, bell::WORK).await?;
        Ok::<_, storage::Error>(rescued)
    };
    match buried.await {
        Ok(rescued) => tracing::info!(rescued, "took back the tasks of the dead worker"),
        Err(error) => tracing::warn!(error = %crate::log::ErrorChain(&error), "the dead worker's lease must run out"),
    }
}

fn announce(config: &Config, embedded: Option<&Embedded>) {
    say(&format!("bindery: the API is at http://{}{}", config.listen, crate::api::BASE));
    if let Some(address) = config.simple_listen {
        say(&format!("bindery: the Simple API is at http://{address}, as in /http.input/convert-to-pdf"));
    }
    say(&format!("bindery: documents, results and work are in {}", config.data.display()));
    if let Some(embedded) = embedded {
        say(&format!("bindery: look inside with psql '{}'", embedded.url()));
    }
}

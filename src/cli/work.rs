//! `bindery work`: a worker.

use std::{ffi::OsString, sync::Arc, time::Duration};

use anyhow::Context as _;

use super::{ENGINE, capacity, config::Config, logging, parts, signals};
use crate::{
    domain::{Lane, WorkerId, limits},
    engines::{browser, cage, host::HostConfig, ocr, office, protocol::Engines},
    log::ErrorChain,
    queue::{Audience, PumpConfig, pump},
    workflows::{
        certificates::Certificates,
        work::{Work, WorkConfig},
    },
};

/// How long a worker counts as alive without a sign of life.
const LEASE: Duration = Duration::from_secs(15);
/// How often it gives one.
const RENEW: Duration = Duration::from_secs(5);
/// The same without a listener: what is to be stopped is then heard of in no other way.
const RENEW_DEAF: Duration = Duration::from_secs(1);
/// How often it looks for work without a bell.
const POLL: Duration = Duration::from_secs(1);
/// The same without a listener.
const POLL_DEAF: Duration = Duration::from_millis(250);

/// Most tasks claimed ahead of a free slot, in a lane whose tasks take a few milliseconds.
const AHEAD_MAX: usize = 1000;

/// Works until told to stop, then lets running conversions end within the grace period.
///
/// # Errors
/// When the kernel cannot confine engines, the database refuses the user, or the blob store or the work folder cannot be
/// used.
pub(super) async fn work(config: Config, id: Option<uuid::Uuid>, faults: bool) -> anyhow::Result<()> {
    logging::start(&config);
    if faults {
        tracing::warn!("documents that are named for a fault have it committed: this worker is for tests");
    }
    match cage::probe() {
        Ok(()) => {}
        Err(error) if config.unsandboxed => {
            tracing::warn!(error = %ErrorChain(&error), "documents are converted although the kernel cannot confine their engines");
        }
        Err(error) => {
            return Err(error)
                .context("documents cannot be confined; see `bindery doctor`, or say --allow-unsandboxed");
        }
    }
    let stop = signals::stop_token()?;
    let Some(access) = parts::wait_for_database(&config, &stop).await? else { return Ok(()) };
    let slots: usize = config.slots.values().sum();
    // One for the pump and one for each attempt that settles.
    let connections = u32::try_from(slots + 2).unwrap_or(u32::MAX);
    let context = parts::context(&config, access, Audience::Workers, connections, &stop)?;
    let handler = Arc::new(
        Work::new(context.clone(), work_config(&config, faults)?)
            .context("the work folder cannot be used; see BINDERY_DATA")?,
    );
    tracing::info!(memory = capacity::bound(&config.slots), "engines may use so much together");
    if config.slots.get(&Lane::Office).is_some_and(|slots| *slots > 0) {
        // Beside all else: documents that come before it is done wait for it as they would without.
        let handler = Arc::clone(&handler);
        tokio::spawn(async move { handler.warm().await });
    }
    let (renew, poll) = if context.signals.hears() { (RENEW, POLL) } else { (RENEW_DEAF, POLL_DEAF) };
    let pump = PumpConfig {
        slots: config.slots.clone(),
        ahead_max: AHEAD_MAX,
        host: parts::host_name(),
        id: id.map(WorkerId),
        lease: LEASE,
        renew,
        poll,
        grace: config.grace,
        route: context.route,
    };
    pump::run(context.pool, context.signals, context.bell, pump, handler, stop).await;
    tracing::info!("stopped");
    Ok(())
}

/// How this machine's engines are run.
///
/// # Errors
/// When the program cannot find itself.
pub(super) fn work_config(config: &Config, faults: bool) -> anyhow::Result<WorkConfig> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let args: Vec<OsString> =
        [ENGINE].into_iter().chain(config.unsandboxed.then_some("--unsandboxed")).map(Into::into).collect();
    let zygote_args = args.iter().cloned().chain(["--zygote".into()]).collect();
    Ok(WorkConfig {
        host: HostConfig {
            program,
            args,
            zygote_args: Some(zygote_args),
            engines: Engines {
                office: office::find(&config.soffice),
                browser: browser::find(&config.chromium),
                ocr: ocr::find(&config.tessdata),
                fonts: config.fonts.clone(),
                faults,
            },
            time_max: config.task_timeout,
            stall_max: config.stall_timeout,
            idle_max: limits::ENGINE_IDLE_MAX,
            memory_bytes_max: limits::ENGINE_MEMORY_BYTES_MAX,
        },
        folder: config.data.join("work"),
        certificates: Certificates::in_folder(config.certificates.clone()),
    })
}

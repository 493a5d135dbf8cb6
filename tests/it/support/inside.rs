//! The service inside the process of a test: its context, and a worker whose attempts the test takes by hand.

use std::path::Path;

use bindery::{
    domain::limits,
    egress::Egress,
    engines::{host::HostConfig, protocol::Engines},
    queue::{Bell, Intake, Signals},
    storage::{blobs::Blobs, pool::Route},
    workflows::{
        Context, OpenJobs, Settings, Summaries, Watch,
        certificates::Certificates,
        profiles::Profiles,
        work::{Work, WorkConfig},
    },
};
use tokio_util::sync::CancellationToken;

use super::{Database, hosts};

/// A context that hears nothing, with its blobs in a folder.
pub(crate) fn context(database: &Database, folder: &Path, egress: Egress) -> Context {
    let pool = database.pool();
    let bell = Bell::new(pool.clone());
    Context {
        intake: Intake::new(pool.clone(), Route::Direct, bell.clone()),
        bell,
        watch: Watch::start(pool.clone(), &Signals::deaf()),
        summaries: Summaries::start(pool.clone()),
        signals: Signals::deaf(),
        pool,
        route: Route::Direct,
        blobs: Blobs::in_folder(&folder.join("blobs")).unwrap(),
        egress,
        settings: Settings {
            retention: limits::RETENTION,
            creating_idle_max: limits::CREATING_IDLE_MAX,
            open_jobs_max: limits::OPEN_JOBS_MAX,
            upload_bytes_max: limits::UPLOAD_BYTES_MAX,
            result_wait_max: limits::RESULT_WAIT_MAX,
        },
        stop: CancellationToken::new(),
        open_jobs: OpenJobs::default(),
        profiles: Profiles::default(),
    }
}

/// A worker with all engines but LibreOffice.
pub(crate) fn worker(ctx: &Context, folder: &Path, certificates: Certificates) -> Work {
    let usual = hosts::config();
    let engines = Engines { office: None, ..usual.engines.clone() };
    let host = HostConfig { engines, ..usual };
    Work::new(ctx.clone(), WorkConfig { host, folder: folder.join("work"), certificates }).unwrap()
}

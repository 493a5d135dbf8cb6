//! What a worker has finished when its job has ended meanwhile: executed here, settled by hand afterwards.

use std::{path::Path, time::Duration};

use bindery::{
    domain::{JobId, TenantId, limits},
    engines::{host::HostConfig, protocol::Engines},
    queue::{Bell, Handler, Intake, Lease, Signals, Stop},
    storage::{blobs::Blobs, pool::Route},
    workflows::{
        Context, OpenJobs, Settings, Summaries, Watch, add, cancel,
        certificates::Certificates,
        create,
        profiles::Profiles,
        work::{Work, WorkConfig},
    },
};
use bytes::Bytes;
use futures_util::stream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Database, hosts,
    remote::egress,
    scripted::{register, take},
    until,
    wait::seconds,
};

fn context(database: &Database, folder: &Path) -> Context {
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
        egress: egress(""),
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

fn worker(ctx: &Context, folder: &Path) -> Work {
    let usual = hosts::config();
    let engines = Engines { office: None, ..usual.engines.clone() };
    let host = HostConfig { zygote_args: None, engines, ..usual };
    Work::new(ctx.clone(), WorkConfig { host, folder: folder.join("work"), certificates: Certificates::default() })
        .unwrap()
}

async fn job_with_a_text(ctx: &Context) -> JobId {
    let job = create::create(ctx, TenantId::DEFAULT, &create::NewJob::default()).await.unwrap();
    let accepted = add::accept(ctx, TenantId::DEFAULT, job, None).await.unwrap();
    let bytes = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"A text."))]);
    let uploaded = add::upload(ctx, &accepted, "a.txt", None, bytes).await.unwrap();
    add::finish(ctx, accepted, uploaded, &[]).await.unwrap();
    job
}

#[tokio::test]
async fn a_result_that_is_finished_after_the_cancel_is_not_published() {
    let database = Database::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let ctx = context(&database, folder.path());
    let work = worker(&ctx, folder.path());
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(300)).await;
    let job = job_with_a_text(&ctx).await;
    let convert: Lease = take(&mut conn, &me, 1).await.remove(0);
    let converted = work.execute(&convert, &Stop::default()).await;
    work.settle(&convert, &converted).await.unwrap();
    bindery::workflows::start::start(&ctx, TenantId::DEFAULT, job).await.unwrap();
    let assemble = take(&mut conn, &me, 1).await.remove(0);
    let assembled = work.execute(&assemble, &Stop::default()).await;
    cancel::cancel(&ctx, TenantId::DEFAULT, job).await.unwrap();
    work.settle(&assemble, &assembled).await.unwrap();
    assert_eq!(database.count("select count(*) from results").await, 0);
    assert_eq!(database.count("select count(*) from jobs where error_code = 'canceled'").await, 1);
    assert_eq!(database.count("select count(*) from tasks").await, 0);
}

#[tokio::test]
async fn a_caller_that_goes_away_at_any_moment_leaves_no_transaction_open() {
    let database = Database::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let ctx = context(&database, folder.path());
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    for step in 0..60 {
        let job = create::create(&ctx, TenantId::DEFAULT, &create::NewJob::default()).await.unwrap();
        // As when a client hangs up: the call is dropped wherever it is.
        let call = bindery::workflows::start::start(&ctx, TenantId::DEFAULT, job);
        timeout(Duration::from_micros(50 * step), call).await.ok();
        until("no transaction is open", seconds(5), async || (database.count(open).await == 0).then_some(())).await;
    }
    assert_eq!(database.count("select count(*) from jobs").await, 60, "what was answered is there");
}

//! What a worker has finished when its job has ended meanwhile: executed here, settled by hand afterwards.

use std::time::Duration;

use bindery::{
    domain::{JobId, TenantId},
    queue::{Handler, Lease, Stop},
    workflows::{Context, add, cancel, certificates::Certificates, create},
};
use bytes::Bytes;
use futures_util::stream;
use tokio::time::timeout;

use crate::support::{
    Database,
    inside::{context, worker},
    remote::egress,
    scripted::{register, take},
    until,
    wait::seconds,
};

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
    let ctx = context(&database, folder.path(), egress(""));
    let work = worker(&ctx, folder.path(), Certificates::default());
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
    let ctx = context(&database, folder.path(), egress(""));
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

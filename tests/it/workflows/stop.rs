//! Canceling and deleting what runs. A text that takes a while is big enough to be caught at it.

use std::time::Instant;

use nix::sys::signal::Signal;

use crate::support::{Site, documents, service::hosts, until, wait::seconds};

#[tokio::test]
async fn canceling_a_running_job_ends_it_and_kills_its_engine_within_two_seconds() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    let job = client.begin(&[documents::long_text()]).await;
    site.engine_runs(&work).await;
    let began = Instant::now();
    client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
    assert_eq!(client.result(&job).await["error"]["code"], "canceled");
    until("the engine is gone", seconds(2), async || hosts(&work).is_empty().then_some(())).await;
    assert!(began.elapsed() < seconds(3), "{:?}", began.elapsed());
    until("the attempt is closed", seconds(5), async || {
        (site.db.count("select count(*) from attempts where ending = 'canceled'").await == 1).then_some(())
    })
    .await;
    assert_eq!(client.convert(&[documents::text("a.txt")]).await.result["status"], "success", "the slot is free again");
}

#[tokio::test]
async fn deleting_a_running_job_stops_its_engine_and_purges_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    let job = client.begin(&[documents::long_text()]).await;
    site.engine_runs(&work).await;
    client.delete(&format!("/jobs/{job}")).await.expect(202);
    client.get(&format!("/jobs/{job}")).await.job_not_found(&job);
    until("everything of it is gone", seconds(15), async || {
        let rows = site.db.count("select (select count(*) from jobs) + (select count(*) from tasks)").await;
        (rows == 0 && hosts(&work).is_empty() && site.blob_files().is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_hands_its_work_back_and_another_finishes_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let mut first = site.start("work", &[("BINDERY_GRACE", "0s")]);
    let job = client.begin(&[documents::long_text()]).await;
    site.engine_runs(&first).await;
    let status = first.stop(seconds(15)).await;
    assert!(status.success(), "{status}");
    assert_eq!(site.db.count("select count(*) from attempts where ending = 'released'").await, 1);
    assert_eq!(site.db.count("select count(*) from workers").await, 0);
    let _second = site.work();
    assert_eq!(client.finish(&job).await.result["status"], "success");
    assert_eq!(site.db.count("select count(*) from attempts where attempt > 1").await, 0, "it cost no attempt");
}

#[tokio::test]
async fn a_worker_that_was_frozen_past_its_lease_changes_nothing_any_more() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let frozen = site.work();
    let job = client.begin(&[documents::long_text()]).await;
    site.engine_runs(&frozen).await;
    frozen.signal(Signal::SIGSTOP);
    // As if fifteen seconds had gone by.
    site.db.execute("update workers set alive_until = now() - interval '1 s'").await;
    let _living = site.work();
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    frozen.signal(Signal::SIGCONT);
    frozen.says("lease", seconds(30)).await;
    assert_eq!(client.finish(&job).await.file.unwrap().body, done.file.unwrap().body);
    assert_eq!(site.db.count("select count(*) from results").await, 1);
    assert_eq!(site.db.count("select count(*) from attempts where kind = 'convert' and ending = 'succeeded'").await, 1);
    assert_eq!(site.db.count("select count(*) from attempts where kind = 'convert' and ending = 'lost'").await, 1);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_ends_nothing_for_good_even_when_nobody_has_taken_its_tasks_yet() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    let job = client.begin(&[documents::long_text()]).await;
    site.engine_runs(&work).await;
    // The worker learns of its loss at once, before anybody has returned the task to the queue.
    site.db
        .execute("with gone as (delete from workers returning id) select pg_notify('bindery_stop', '') from gone")
        .await;
    work.says("the lease of this worker was lost", seconds(10)).await;
    until("the lost attempt is closed", seconds(20), async || {
        (site.db.count("select count(*) from attempts where fence = 1").await == 1).then_some(())
    })
    .await;
    let waiting = site.db.count("select count(*) from tasks").await;
    assert_eq!(waiting, 1, "the task is there, waiting or running again; without it the job would wait for ever");
    assert_eq!(client.finish(&job).await.result["status"], "success");
}

use nix::sys::signal::{Signal, kill};

use crate::support::{
    Process, Site, documents,
    service::{files, hosts, is_gone},
    until,
    wait::seconds,
};

#[tokio::test]
async fn an_engine_that_is_killed_in_the_middle_costs_one_attempt_and_the_job_completes() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    let job = client.begin(&[documents::long_text()]).await;
    let engine = site.engine_runs(&work).await;
    kill(engine, Signal::SIGKILL).unwrap();
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    let crashed = "select count(*) from attempts where ending = 'retried' and fault = 'crashed' and exit like '%signal: 9%' and attempt = 1";
    assert_eq!(site.db.count(crashed).await, 1);
    assert_eq!(
        site.db
            .count("select count(*) from attempts where kind = 'convert' and ending = 'succeeded' and attempt = 2")
            .await,
        1
    );
}

/// Sends a signal to the engine of each of the three attempts and waits until the attempt has ended by it.
async fn signal_each_attempt(site: &Site, work: &Process, signal: Signal) {
    for attempt in 1..=3_i64 {
        until("the next attempt runs", seconds(30), async || {
            (site.db.count("select coalesce(max(attempt), 0)::bigint from tasks where state = 'running'").await
                == attempt)
                .then_some(())
        })
        .await;
        kill(site.engine_runs(work).await, signal).unwrap();
        until("the attempt is closed", seconds(30), async || {
            (site.db.count("select count(*) from attempts").await == attempt).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_document_whose_engine_is_killed_on_every_attempt_ends_as_corrupt_with_its_attempts_kept() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    let job = client.begin(&[documents::long_text()]).await;
    signal_each_attempt(&site, &work, Signal::SIGKILL).await;
    let (code, message) = client.finish(&job).await.error();
    assert_eq!(code, "corrupt");
    assert!(message.contains("long.txt"), "{message}");
    assert_eq!(site.db.count("select count(*) from attempts where fault = 'crashed'").await, 3);
}

#[tokio::test]
async fn an_engine_that_takes_too_long_is_stopped_and_the_document_ends_with_the_error_timeout() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.start("work", &[("BINDERY_TASK_TIMEOUT", "2s"), ("BINDERY_SLOTS", "native=2")]);
    let job = client.begin(&[documents::long_text()]).await;
    // An engine that stands still, as one that hangs does.
    signal_each_attempt(&site, &work, Signal::SIGSTOP).await;
    let (code, message) = client.finish(&job).await.error();
    assert_eq!(code, "timeout");
    assert!(message.contains("long.txt"), "{message}");
    assert!(hosts(&work).is_empty());
    assert_eq!(site.db.count("select count(*) from attempts where fault = 'timed-out'").await, 3);
}

#[tokio::test]
async fn no_file_of_a_document_stays_in_the_work_folder() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let mut work = site.work_with_office();
    client.convert(&[documents::text("a.txt"), documents::docx("b.docx")]).await;
    // What makes hosts has a profile and folders of its own there, and never sees a document.
    let kept = |file: &std::path::PathBuf| file.ends_with("lock") || file.iter().any(|part| part == "zygote");
    let left = || files(&site.folder.path().join("work")).into_iter().filter(|file| !kept(file)).collect::<Vec<_>>();
    until("the folders of the attempts are gone", seconds(5), async || left().is_empty().then_some(())).await;
    assert!(work.stop(seconds(30)).await.success());
    assert_eq!(std::fs::read_dir(site.folder.path().join("work")).unwrap().count(), 0);
}

#[tokio::test]
async fn an_engine_host_dies_with_its_worker() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    client.begin(&[documents::long_text()]).await;
    let engine = site.engine_runs(&work).await;
    kill(engine, Signal::SIGSTOP).unwrap();
    work.kill();
    is_gone("the engine is gone", engine).await;
}

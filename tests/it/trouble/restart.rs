use std::time::Instant;

use super::{finish_all, refused, stored, submit, submit_all};
use crate::support::{Cluster, Site, documents, until, wait::seconds};

#[tokio::test]
async fn a_server_that_is_stopped_for_ten_seconds_is_used_again_within_five_and_no_process_ends() {
    let mut cluster = Cluster::start().await;
    let site = Site::on(cluster.database().await);
    let (mut serve, client) = site.serve().await;
    let mut work = site.work();
    let before = submit_all(&client, 0..4).await;
    let long = submit(&client, &documents::long_text()).await;
    site.engine_runs(&work).await;
    cluster.stop().await;
    let stopped = Instant::now();
    refused(&client.post("/jobs").await);
    until("ten seconds have passed", seconds(11), async || (stopped.elapsed() >= seconds(10)).then_some(())).await;
    cluster.restart().await;
    let back = Instant::now();
    until("the API takes a job", seconds(5), async || {
        super::answered(client.post("/jobs").await).map(|answer| answer.expect(201))
    })
    .await;
    println!("the API took a job {} ms after the server", back.elapsed().as_millis());
    let mut jobs = submit_all(&client, 4..8).await;
    jobs.extend(before);
    jobs.push(long);
    finish_all(&client, &site.db, &jobs).await;
    // The outage was shorter than the lease, so what ran through it counts.
    assert_eq!(site.db.count("select count(*) from attempts where ending = 'lost'").await, 0);
    for process in [&mut serve, &mut work] {
        assert!(process.is_running(), "{}", process.output());
        assert!(process.stop(seconds(10)).await.success());
    }
}

#[tokio::test]
async fn a_server_that_crashes_under_load_loses_nothing_that_was_accepted() {
    let mut cluster = Cluster::start().await;
    let site = Site::on(cluster.database().await);
    let (_serve, client) = site.serve().await;
    let workers = [site.work(), site.work()];
    for work in &workers {
        work.says("working", seconds(20)).await;
    }
    let trouble = async {
        stored(&site.db, 5).await;
        cluster.kill().await;
        cluster.restart().await;
    };
    let (jobs, ()) = tokio::join!(submit_all(&client, 0..20), trouble);
    finish_all(&client, &site.db, &jobs).await;
}

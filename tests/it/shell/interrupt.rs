//! Ctrl-C.

use nix::sys::signal::Signal;

use super::put;
use crate::support::{Process, Site, documents, service::files, until, wait::seconds};

#[tokio::test]
async fn ctrl_c_deletes_the_jobs_that_were_created_and_begins_no_others() {
    let site = Site::new().await;
    // There is no worker, so nothing ends by itself.
    let (serve, _) = site.serve().await;
    let many: Vec<_> = (0..9).map(|number| documents::pdf(&format!("in/{number}.pdf"), &[300])).collect();
    let folder = put(&site, &many);
    std::fs::create_dir(folder.join("out")).unwrap();
    let url = serve.url().unwrap();
    let args = ["convert", "--url", &url, "-s", "-r", "in", "-o", "out", "--parallel", "3"];
    let mut process = Process::start("convert", &args, &[], &folder);
    until("three jobs are started", seconds(20), async || {
        (site.db.count("select count(*) from jobs where state = 'pending'").await == 3).then_some(())
    })
    .await;
    process.signal(Signal::SIGINT);
    assert_eq!(process.ended(seconds(10)).await.code(), Some(130), "{}", process.output());
    assert_eq!(site.db.count("select count(*) from jobs").await, 3);
    assert_eq!(site.db.count("select count(*) from jobs where deleted_at is null").await, 0);
    assert!(files(&folder.join("out")).is_empty());
}

#[tokio::test]
async fn ctrl_c_while_the_service_is_away_ends_at_once() {
    let site = Site::new().await;
    let (mut serve, _) = site.serve().await;
    let folder = put(&site, &[documents::pdf("a.pdf", &[300])]);
    let url = serve.url().unwrap();
    let args = ["convert", "--url", &url, "a.pdf", "-o", "out.pdf", "-v"];
    let mut process = Process::start("convert", &args, &[], &folder);
    process.says("started", seconds(20)).await;
    serve.stop(seconds(10)).await;
    process.says("trying again", seconds(20)).await;
    process.signal(Signal::SIGINT);
    assert_eq!(process.ended(seconds(10)).await.code(), Some(130), "{}", process.output());
    assert!(process.output().contains("could not be deleted"), "{}", process.output());
}

use std::{fs::File, io::Write};

use super::{answered, goes_on, refused, submit};
use crate::support::{Cluster, Site, documents, until, wait::seconds};

#[tokio::test]
async fn while_the_disk_of_the_database_is_full_clients_and_workers_wait_and_nothing_is_lost() {
    let cluster = match Cluster::start_on_disk(160).await {
        Ok(cluster) => cluster,
        Err(reason) => {
            println!("left out, since the kernel mounts no disk for this user: {reason}");
            return;
        }
    };
    let site = Site::on(cluster.database().await);
    let (mut serve, client) = site.serve().await;
    let mut work = site.work();
    let mut jobs = vec![submit(&client, &documents::text("a.txt")).await];
    // Long ones keep the worker busy until the disk is full, and what small ones write wants new pages then.
    for _ in 0..4 {
        jobs.push(submit(&client, &documents::long_text()).await);
    }
    for _ in 0..40 {
        jobs.push(submit(&client, &documents::text("small.txt")).await);
    }
    site.engine_runs(&work).await;
    let ballast = cluster.disk().join("ballast");
    fill(&ballast);
    // What fits into the pages that there are still goes in.
    until("the API refuses a job", seconds(20), async || {
        match answered(client.post_body("/jobs", "application/json", options()).await) {
            Some(_) => None,
            None => {
                refused(&client.post_body("/jobs", "application/json", options()).await);
                Some(())
            }
        }
    })
    .await;
    // An update wants a new page sooner or later; until then a worker goes on.
    work.says("No space left on device", seconds(60)).await;
    assert!(cluster.log().contains("No space left on device"), "the disk is really full");
    std::fs::remove_file(&ballast).unwrap();
    goes_on(&client, &site.db, jobs).await;
    assert!(serve.is_running() && work.is_running());
}

/// Options that take some pages of the database.
fn options() -> String {
    let options: Vec<_> = (0..60)
        .map(|number| serde_json::json!({ "name": format!("OPTION.{number}"), "value": "x".repeat(900) }))
        .collect();
    serde_json::Value::from(options).to_string()
}

/// Writes until nothing fits any more.
fn fill(path: &std::path::Path) {
    let mut file = File::create(path).unwrap();
    let block = vec![0; 4096];
    while file.write_all(&block).is_ok() {}
}

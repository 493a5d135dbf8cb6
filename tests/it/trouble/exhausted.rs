use super::{answered, finish_all, refused, submit, submit_all};
use crate::support::{Cluster, Site, documents, until, wait::seconds};

#[tokio::test]
async fn when_all_connections_are_taken_the_service_asks_to_try_again_and_goes_on_when_some_are_free() {
    let cluster = Cluster::start().await;
    cluster.execute("create role service login").await;
    let db = cluster.database().await;
    db.execute("grant all on all tables in schema public to service").await;
    db.execute("grant all on all sequences in schema public to service").await;
    let url = db.url.replace("postgres@", "service@");
    let site = Site::on(db);
    let (mut serve, client) = site.serve_with(&[("DATABASE_URL", &url)]).await;
    let mut work = site.start("work", &[("DATABASE_URL", &url)]);
    let mut jobs = vec![submit(&client, &documents::text("a.txt")).await];
    cluster.execute("alter role service connection limit 0").await;
    site.db.cut_connections().await;
    until("the API refuses a job", seconds(10), async || {
        let answer = client.post("/jobs").await;
        (answer.status != 201).then(|| refused(&answer))
    })
    .await;
    cluster.execute("alter role service connection limit 50").await;
    until("the API takes a job", seconds(5), async || {
        answered(client.post("/jobs").await).map(|answer| answer.expect(201))
    })
    .await;
    jobs.extend(submit_all(&client, 0..4).await);
    finish_all(&client, &site.db, &jobs).await;
    assert!(serve.is_running() && work.is_running());
}

#[tokio::test]
async fn with_fewer_connections_than_the_service_would_open_a_load_is_slower_and_whole() {
    let cluster = Cluster::start().await;
    cluster.execute("create role service login connection limit 4").await;
    let db = cluster.database().await;
    db.execute("grant all on all tables in schema public to service").await;
    db.execute("grant all on all sequences in schema public to service").await;
    let url = db.url.replace("postgres@", "service@");
    let site = Site::on(db);
    let (_serve, client) = site.serve_with(&[("DATABASE_URL", &url)]).await;
    let _work = site.start("work", &[("DATABASE_URL", &url)]);
    let jobs = submit_all(&client, 0..16).await;
    finish_all(&client, &site.db, &jobs).await;
}

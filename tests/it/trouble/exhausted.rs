use super::{finish_all, goes_on, refused, submit, submit_all};
use crate::support::{Cluster, Database, Site, documents, until, wait::seconds};

#[tokio::test]
async fn when_all_connections_are_taken_the_service_asks_to_try_again_and_goes_on_when_some_are_free() {
    let cluster = Cluster::start().await;
    let site = Site::on(service_database(&cluster).await);
    let url = site.db.url.replace("postgres@", "service@");
    let (mut serve, client) = site.serve_with(&[("DATABASE_URL", &url)]).await;
    let mut work = site.start("work", &[("DATABASE_URL", &url)]);
    let jobs = vec![submit(&client, &documents::text("a.txt")).await];
    cluster.execute("alter role service connection limit 0").await;
    site.db.cut_connections().await;
    until("the API refuses a job", seconds(10), async || {
        let answer = client.post("/jobs").await;
        (answer.status != 201).then(|| refused(&answer))
    })
    .await;
    cluster.execute("alter role service connection limit 50").await;
    goes_on(&client, &site.db, jobs).await;
    assert!(serve.is_running() && work.is_running());
}

#[tokio::test]
async fn processes_that_may_open_few_connections_open_no_more_and_refuse_nothing() {
    let cluster = Cluster::start().await;
    let site = Site::on(service_database(&cluster).await);
    // An API and a worker with two each, and one more each to listen.
    cluster.execute("alter role service connection limit 6").await;
    let url = site.db.url.replace("postgres@", "service@");
    let env = [("DATABASE_URL", url.as_str()), ("BINDERY_CONNECTIONS", "2")];
    let (serve, client) = site.serve_with(&env).await;
    let work = site.start("work", &env);
    work.says("working", seconds(20)).await;
    let jobs = submit_all(&client, 0..16).await;
    finish_all(&client, &site.db, &jobs).await;
    let refusals = [&serve, &work].map(|process| process.output().matches("timed out").count());
    assert_eq!(refusals, [0, 0], "nobody had to wait for a connection in vain");
}

/// A database whose service is not a superuser: limits do not hold for these.
async fn service_database(cluster: &Cluster) -> Database {
    cluster.execute("create role service login").await;
    let db = cluster.database().await;
    db.execute("grant all on all tables in schema public to service").await;
    db.execute("grant all on all sequences in schema public to service").await;
    db
}

use super::{answered, finish_all, refused, submit, submit_all};
use crate::support::{Cluster, Site, documents, until, wait::seconds};

#[tokio::test]
async fn statements_that_an_operator_cancels_are_done_again_or_refused_with_a_time_to_try_again() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    // Whoever wants to change jobs waits for this lock, until somebody cancels it.
    let mut conn = site.db.connect().await;
    let job = client.create().await;
    let mut lock = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::query("lock table jobs in exclusive mode").execute(&mut *lock).await.unwrap();
    let canceling = async {
        until("the request waits and is canceled", seconds(10), async || {
            let canceled = "with waiting as materialized (
                                select pid from pg_stat_activity
                                where wait_event_type = 'Lock' and datname = current_database())
                            select count(*) from waiting where pg_cancel_backend(pid)";
            (site.db.count(canceled).await > 0).then_some(())
        })
        .await;
    };
    let (answer, ()) = tokio::join!(client.post("/jobs"), canceling);
    refused(&answer);
    lock.commit().await.unwrap();
    client.add(&job, &documents::text("a.txt")).await;
    client.start(&job).await;
    finish_all(&client, &site.db, &[job]).await;
}

#[tokio::test]
async fn a_user_that_may_not_log_in_for_a_while_is_an_outage_and_no_work_is_lost_by_it() {
    let cluster = Cluster::start().await;
    cluster.execute("create role service login").await;
    let db = cluster.database().await;
    db.execute("grant all on all tables in schema public to service").await;
    db.execute("grant all on all sequences in schema public to service").await;
    let url = db.url.replace("postgres@", "service@");
    let site = Site::on(db);
    let (mut serve, client) = site.serve_with(&[("DATABASE_URL", &url)]).await;
    let mut work = site.start("work", &[("DATABASE_URL", &url)]);
    let long = submit(&client, &documents::long_text()).await;
    site.engine_runs(&work).await;
    cluster.execute("alter role service nologin").await;
    site.db.cut_connections().await;
    until("the API refuses a job", seconds(10), async || {
        let answer = client.post("/jobs").await;
        (answer.status != 201).then(|| refused(&answer))
    })
    .await;
    work.says("cannot settle yet", seconds(30)).await;
    cluster.execute("alter role service login").await;
    until("the API takes a job", seconds(5), async || {
        answered(client.post("/jobs").await).map(|answer| answer.expect(201))
    })
    .await;
    let mut jobs = submit_all(&client, 0..3).await;
    jobs.push(long);
    finish_all(&client, &site.db, &jobs).await;
    assert!(serve.is_running() && work.is_running());
}

#[tokio::test]
async fn a_role_that_starts_with_a_user_the_server_refuses_ends_and_says_why() {
    let cluster = Cluster::start().await;
    let site = Site::on(cluster.database().await);
    let url = site.db.url.replace("postgres@", "nobody@");
    for role in ["serve", "work"] {
        let mut process = site.start(role, &[("DATABASE_URL", &url)]);
        assert!(!process.ended(seconds(10)).await.success());
        assert!(process.output().contains("nobody"), "{}", process.output());
    }
}

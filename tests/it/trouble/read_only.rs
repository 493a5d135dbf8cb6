use super::{finish_all, refused, submit, submit_all};
use crate::support::{Cluster, Site, documents, until, wait::seconds};

#[tokio::test]
async fn while_the_database_is_read_only_reads_are_answered_writes_wait_and_nothing_is_lost() {
    let cluster = Cluster::start().await;
    let site = Site::on(cluster.database().await);
    let (mut serve, client) = site.serve().await;
    let mut work = site.work();
    let done = submit(&client, &documents::text("a.txt")).await;
    finish_all(&client, &site.db, std::slice::from_ref(&done)).await;
    let long = submit(&client, &documents::long_text()).await;
    site.engine_runs(&work).await;
    cluster.execute("alter system set default_transaction_read_only = on; select pg_reload_conf()").await;
    until("the API refuses a job", seconds(10), async || {
        let answer = client.post("/jobs").await;
        (answer.status != 201).then(|| refused(&answer))
    })
    .await;
    assert_eq!(client.get(&format!("/jobs/{done}")).await.expect(200).json()["status"]["code"], "completed");
    client.get(&format!("/jobs/{done}/result")).await.expect(200);
    work.says("attempt ended", seconds(30)).await;
    work.says("cannot settle yet", seconds(10)).await;
    cluster.execute("alter system set default_transaction_read_only = off; select pg_reload_conf()").await;
    until("the API takes a job", seconds(5), async || {
        super::answered(client.post("/jobs").await).map(|answer| answer.expect(201))
    })
    .await;
    let mut jobs = submit_all(&client, 0..4).await;
    jobs.extend([done, long]);
    finish_all(&client, &site.db, &jobs).await;
    assert!(serve.is_running() && work.is_running());
}

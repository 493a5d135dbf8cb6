use super::{answered, finish_all, stored, submit_all};
use crate::support::{Cluster, Database, Site, cut_proxy::CutProxy, until, wait::seconds};

/// A primary with a database, and a standby that has confirmed every commit before it is answered.
async fn pair() -> (Cluster, Cluster, Database) {
    let primary = Cluster::start().await;
    let standby = primary.standby().await;
    primary.execute("alter system set synchronous_standby_names = 'standby'; select pg_reload_conf()").await;
    until("the standby confirms commits", seconds(20), async || {
        (primary.count("select count(*) from pg_stat_replication where sync_state = 'sync'").await == 1).then_some(())
    })
    .await;
    let db = primary.database().await;
    (primary, standby, db)
}

#[tokio::test]
async fn after_a_fail_over_to_a_promoted_standby_every_accepted_job_completes_once() {
    let (mut primary, standby, db) = pair().await;
    let mut way = CutProxy::open(&db);
    let site = Site::on(db);
    let url = way.url.clone();
    let (mut serve, client) = site.serve_with(&[("DATABASE_URL", &url)]).await;
    let mut work = site.start("work", &[("DATABASE_URL", &url)]);
    work.says("working", seconds(20)).await;
    let trouble = async {
        stored(&site.db, 6).await;
        primary.kill().await;
        standby.promote().await;
        way.cut();
        way.lead_to(&site.db.options.clone().port(standby.port()));
        way.restore();
    };
    let (jobs, ()) = tokio::join!(submit_all(&client, 0..16), trouble);
    let now = site.db.on_port(standby.port());
    finish_all(&client, &now, &jobs).await;
    assert!(serve.is_running() && work.is_running());
    let leapt = now.count("select last_value from task_fences").await;
    assert!(leapt > 1 << 32, "a standby may be behind, so fences that the primary drew may be unknown to it: {leapt}");
}

#[tokio::test]
async fn connections_that_still_lead_to_a_server_in_recovery_are_given_up_for_new_ones() {
    let (_primary, standby, db) = pair().await;
    let mut way = CutProxy::open(&db);
    let site = Site::on(db);
    let url = way.url.clone();
    let (_serve, client) = site.serve_with(&[("DATABASE_URL", &url)]).await;
    let work = site.start("work", &[("DATABASE_URL", &url)]);
    work.says("working", seconds(20)).await;
    let mut jobs = submit_all(&client, 0..2).await;
    // The address leads to the standby, as when it moved too early.
    way.cut();
    way.lead_to(&site.db.options.clone().port(standby.port()));
    way.restore();
    until("the API asks to try again", seconds(10), async || {
        answered(client.post("/jobs").await).is_none().then_some(())
    })
    .await;
    assert!(answered(client.get("/jobs").await).is_none(), "a standby may be behind, so it is not asked either");
    // Back to the primary. Nobody cuts a connection, so what was opened meanwhile is what is used, unless it is given up.
    way.lead_to(&site.db.options);
    until("the API takes a job", seconds(8), async || {
        answered(client.post("/jobs").await).map(|answer| answer.expect(201))
    })
    .await;
    jobs.extend(submit_all(&client, 2..5).await);
    finish_all(&client, &site.db, &jobs).await;
}

#[tokio::test]
async fn a_fenced_primary_that_only_reads_is_left_as_soon_as_the_address_leads_to_the_new_one() {
    let (primary, standby, db) = pair().await;
    let way = CutProxy::open(&db);
    let site = Site::on(db);
    let (_serve, client) = site.serve_with(&[("DATABASE_URL", &way.url)]).await;
    let _work = site.start("work", &[("DATABASE_URL", &way.url)]);
    let before = submit_all(&client, 0..3).await;
    finish_all(&client, &site.db, &before).await;
    primary.execute("alter system set default_transaction_read_only = on; select pg_reload_conf()").await;
    standby.promote().await;
    way.lead_to(&site.db.options.clone().port(standby.port()));
    let mut jobs = before;
    jobs.extend(submit_all(&client, 3..8).await);
    finish_all(&client, &site.db.on_port(standby.port()), &jobs).await;
}

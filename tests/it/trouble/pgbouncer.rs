use bindery::storage::pool::{self, Route};
use futures_util::future::join_all;
use reqwest::{Method, header::CONTENT_TYPE};
use sqlx::postgres::PgConnectOptions;

use super::{finish_all, submit_all};
use crate::support::{
    Client, Process, Site,
    bouncer::Bouncer,
    client::{Part, multipart},
    documents,
    service::hosts,
    until,
    wait::seconds,
};

/// Nothing that was prepared on one session was looked for on another.
#[track_caller]
fn check_statements(processes: &[&Process], pooler: &Bouncer) {
    for said in processes.iter().map(|process| process.output()).chain([pooler.log()]) {
        for wrong in ["prepared statement", "bind message", "transaction in progress", "startup parameter"] {
            assert!(!said.contains(wrong), "`{wrong}` in:\n{said}");
        }
    }
}

#[tokio::test]
async fn twenty_jobs_pass_a_pooler_in_transaction_mode_with_the_listener_on_a_direct_way() {
    let site = Site::new().await;
    let pooler = Bouncer::start(&site.db).await;
    let env = [("DATABASE_URL", pooler.url.as_str()), ("BINDERY_LISTEN_URL", site.db.url.as_str())];
    let (serve, client) = site.serve_with(&env).await;
    let (one, two) = (site.start("work", &env), site.start("work", &env));
    serve.says("a pooler in transaction mode", seconds(5)).await;
    let jobs = submit_all(&client, 0..20).await;
    finish_all(&client, &site.db, &jobs).await;
    check_statements(&[&serve, &one, &two], &pooler);
    let heard = "select count(*) from pg_stat_activity where datname = current_database() and query like 'LISTEN%'";
    assert!(site.db.count(heard).await >= 3, "each process listens on a session of its own");
}

#[tokio::test]
async fn polling_suffices_when_the_listener_hears_nothing_through_the_pooler() {
    let site = Site::new().await;
    let pooler = Bouncer::start(&site.db).await;
    let env = [("DATABASE_URL", pooler.url.as_str())];
    let (serve, client) = site.serve_with(&env).await;
    let work = site.start("work", &env);
    for process in [&serve, &work] {
        process.says("cannot carry LISTEN, so this process polls", seconds(5)).await;
    }
    let jobs = submit_all(&client, 0..6).await;
    finish_all(&client, &site.db, &jobs).await;
    check_statements(&[&serve, &work], &pooler);
}

#[tokio::test]
async fn sessions_behind_the_pooler_that_are_killed_cost_no_job() {
    let site = Site::new().await;
    let pooler = Bouncer::start(&site.db).await;
    let env = [("DATABASE_URL", pooler.url.as_str()), ("BINDERY_LISTEN_URL", site.db.url.as_str())];
    let (_serve, client) = site.serve_with(&env).await;
    let work = site.start("work", &env);
    work.says("working", seconds(20)).await;
    let trouble = async {
        for round in 1..=3 {
            super::stored(&site.db, 2 * round).await;
            site.db.cut_connections().await;
        }
    };
    let (jobs, ()) = tokio::join!(submit_all(&client, 0..12), trouble);
    finish_all(&client, &site.db, &jobs).await;
}

#[tokio::test]
async fn a_way_that_is_said_to_keep_no_statements_is_believed_although_it_does() {
    let site = Site::new().await;
    let env = [("BINDERY_PREPARED", "false")];
    let (serve, client) = site.serve_with(&env).await;
    let work = site.start("work", &env);
    let job = client.create().await;
    client.add(&job, &documents::text("a.txt")).await;
    client.start(&job).await;
    finish_all(&client, &site.db, &[job]).await;
    for process in [&serve, &work] {
        let said = process.output();
        assert!(said.contains("a pooler in transaction mode") && !said.contains("WARN"), "{said}");
    }
    client.create().await;
    let open =
        "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'";
    until("no transaction stays open", seconds(5), async || (site.db.count(open).await == 0).then_some(())).await;
}

#[tokio::test]
async fn a_canceled_job_stops_within_two_seconds_although_nobody_hears_the_bell() {
    let site = Site::new().await;
    let pooler = Bouncer::start(&site.db).await;
    let env = [("DATABASE_URL", pooler.url.as_str())];
    let (_serve, client) = site.serve_with(&env).await;
    let work = site.start("work", &env);
    let job = client.begin(&[documents::long_text()]).await;
    site.engine_runs(&work).await;
    client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
    until("the engine is gone", seconds(2), async || hosts(&work).is_empty().then_some(())).await;
    assert_eq!(client.result(&job).await["error"]["code"], "canceled");
}

#[tokio::test]
async fn processes_that_look_at_the_way_at_once_all_see_the_pooler() {
    let site = Site::new().await;
    let pooler = Bouncer::start(&site.db).await;
    let options = pooler.url.parse::<PgConnectOptions>().unwrap().extra_float_digits(None);
    let looks = (0..12).map(|_| async { (pool::route(&options).await, pool::has_own_session(&options).await) });
    for (route, alone) in join_all(looks).await {
        assert_eq!((route.unwrap(), alone.unwrap()), (Route::Pooled, false));
    }
}

#[tokio::test]
async fn requests_with_keys_are_done_once_through_the_pooler_too() {
    let site = Site::new().await;
    let pooler = Bouncer::start(&site.db).await;
    let env = [("DATABASE_URL", pooler.url.as_str())];
    let ((_one, first), (_two, second)) = (site.serve_with(&env).await, site.serve_with(&env).await);
    let create = async |client: &Client| {
        let request = client.request(Method::POST, "/jobs").header("idempotency-key", "job");
        client.send(request).await.expect(201).json()["jobId"].as_str().unwrap().to_owned()
    };
    let job = create(&first).await;
    assert_eq!(create(&second).await, job);
    let add = async |client: &Client| {
        let (content_type, body) = multipart(&[Part::file("a.txt", "a")]);
        let request = client.request(Method::POST, &format!("/jobs/{job}/data")).header("idempotency-key", "document");
        client.send(request.header(CONTENT_TYPE, content_type).body(body)).await.expect(201).body
    };
    assert_eq!(add(&first).await, add(&second).await);
    assert_eq!(site.db.count("select (select count(*) from jobs) + (select count(*) from documents)").await, 2);
}

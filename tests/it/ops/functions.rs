//! The switches, thrown by an operator while a worker of the queue claims and settles.

use bindery::{
    domain::{JobId, Lane, TenantId},
    queue::{self, NewTask, lease::How, rescue},
};

use super::{column, operator, refusal, rows, sample, value};
use crate::support::{
    Database,
    scripted::{end, enqueue, enqueue_in, register, take, take_in, task},
    wait::seconds,
};

const TIMED_OUT: &str = "0199f3a0-1101-7000-8000-000000000000";
const CANCELED: &str = "0199f3a0-1105-7000-8000-000000000000";
const RUNNING: &str = "0199f3a0-1201-7000-8000-000000000000";
const LOST: &str = "0199f3a0-1203-7000-8000-000000000000";
const DELETED: &str = "0199f3a0-1204-7000-8000-000000000000";

/// A row of the job that a task of [`enqueue`] is about, as the service writes it when it is started.
async fn started(database: &Database, job: JobId) {
    sqlx::query(
        "insert into jobs (id, tenant_id, workflow, profile, state, started_at, expires_at)
         values ($1, $2, 'Conversion', 'default', 'pending', now(), 'infinity')",
    )
    .bind(job)
    .bind(TenantId::DEFAULT)
    .execute(&mut database.connect().await)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_job_is_named_in_sql_as_it_is_named_on_the_wire() {
    let database = Database::migrated().await;
    let mut conn = operator(&database).await;
    for id in [
        uuid::Uuid::nil(),
        uuid::Uuid::max(),
        uuid::Uuid::now_v7(),
        uuid::Uuid::from_u128(35),
        uuid::Uuid::from_u128(36),
    ] {
        let job = JobId(id);
        assert_eq!(value::<String>(&mut conn, &format!("select ops.job_name('{id}')")).await, job.to_string());
        for name in [job.to_string(), id.to_string(), id.to_string().to_uppercase()] {
            assert_eq!(value::<uuid::Uuid>(&mut conn, &format!("select ops.job_id('{name}')")).await, id);
        }
    }
}

#[tokio::test]
async fn what_is_not_the_name_of_a_job_is_refused_by_the_same_rules_as_on_the_wire() {
    let database = Database::migrated().await;
    let mut conn = operator(&database).await;
    let too_large = "job_f5lxx1zz5pnorynqglhzmsp34";
    for name in ["", "job_", "job_01", "JOB_1", "job_A", "doc_1", "1", "job_1 ", "job_-1", too_large, "job_00"] {
        assert!(name.parse::<JobId>().is_err(), "{name}");
        let refused = refusal(&mut conn, &format!("select ops.job_id('{name}')")).await;
        assert!(refused.contains("is not an identifier"), "{name}: {refused}");
    }
}

#[tokio::test]
async fn retrying_opens_what_failed_and_keeps_what_is_converted() {
    let database = sample().await;
    let mut conn = operator(&database).await;
    let said: String = value(&mut conn, &format!("select ops.retry('{TIMED_OUT}')")).await;
    assert!(said.contains("runs again: 1 of 2 documents"), "{said}");
    let job = format!(
        "select state, open, converted, tasks, outcome, error_code, completed_at, expires_at from ops.jobs where id = '{TIMED_OUT}'"
    );
    assert_eq!(column(&mut conn, &job).await, ["(pending,1,1,\"1 ready\",,,,)"]);
    let lane = "select count(*) from tasks where kind = 'convert' and lane = 'office' and attempt = 0
                and job_id = '0199f3a0-1101-7000-8000-000000000000' and state = 'ready'";
    assert_eq!(database.count(lane).await, 1, "it goes where it was tried last");
    assert_eq!(column(&mut conn, &format!("select * from ops.failures where id = '{TIMED_OUT}'")).await.len(), 0);
}

#[tokio::test]
async fn a_canceled_job_can_be_retried_and_one_that_failed_while_being_put_together_is_only_put_together() {
    let database = sample().await;
    let mut conn = operator(&database).await;
    let said: String = value(&mut conn, &format!("select ops.retry('{CANCELED}')")).await;
    assert!(said.contains("2 of 2 documents"), "{said}");
    let places = "select count(distinct order_key) from tasks where job_id = '0199f3a0-1105-7000-8000-000000000000' and lane = 'native'";
    assert_eq!(database.count(places).await, 2, "each has a place of its own");
    database
        .execute(
            "update jobs set outcome = 'error', error_code = 'internal', error_message = 'no' where id = '0199f3a0-1001-7000-8000-000000000000'",
        )
        .await;
    let said: String = value(&mut conn, "select ops.retry('0199f3a0-1001-7000-8000-000000000000')").await;
    assert!(said.contains("put together again from its 1 converted"), "{said}");
    assert_eq!(database.count("select count(*) from tasks where kind = 'assemble'").await, 1);
}

#[tokio::test]
async fn what_cannot_be_retried_is_refused_with_a_reason() {
    let database = sample().await;
    let mut conn = operator(&database).await;
    for (job, reason) in [
        ("0199f3a0-1001-7000-8000-000000000000", "has not failed: it is completed with success"),
        (RUNNING, "has not failed: it is processing"),
        ("0199f3a0-1104-7000-8000-000000000000", "The option 'META.TITEL' is unknown"),
        (DELETED, "there is no job"),
        ("job_1", "there is no job job_1"),
    ] {
        let refused = refusal(&mut conn, &format!("select ops.retry('{job}')")).await;
        assert!(refused.contains(reason), "{refused}");
    }
    rows(&mut conn, &format!("select ops.cancel('{RUNNING}')")).await;
    let refused = refusal(&mut conn, &format!("select ops.retry('{RUNNING}')")).await;
    assert!(refused.contains("still being stopped"), "{refused}");
    assert!(!value::<bool>(&mut conn, &format!("select can_retry from ops.failures where id = '{RUNNING}'")).await);
}

#[tokio::test]
async fn a_job_that_lost_its_task_is_mended_by_the_remedy_that_is_shown() {
    let database = sample().await;
    let mut conn = operator(&database).await;
    for (job, gone) in [(LOST, LOST), (DELETED, DELETED)] {
        let remedy = format!("select remedy from ops.stuck where name = ops.job_name('{job}')");
        let remedy: String = value(&mut conn, &remedy).await;
        for statement in remedy.split_inclusive(';') {
            rows(&mut conn, statement).await;
        }
        let stuck = format!("select * from ops.stuck where name = ops.job_name('{gone}')");
        assert_eq!(column(&mut conn, &stuck).await.len(), 0, "{remedy}");
    }
}

#[tokio::test]
async fn canceling_drops_what_waits_and_tells_what_runs_to_stop() {
    let database = sample().await;
    let mut conn = operator(&database).await;
    let said: String = value(&mut conn, &format!("select ops.cancel('{RUNNING}', interval '7 days')")).await;
    assert!(said.contains("2 waiting tasks dropped, 2 running tasks told to stop"), "{said}");
    let job = format!(
        "select state, outcome, error_code, expires_at > now() + interval '6 days' from ops.jobs where id = '{RUNNING}'"
    );
    assert_eq!(column(&mut conn, &job).await, ["(completed,error,canceled,t)"]);
    assert_eq!(value::<i64>(&mut conn, "select count(*) from ops.running where cancel_requested").await, 2);
    let said: String = value(&mut conn, &format!("select ops.cancel('{RUNNING}')")).await;
    assert!(said.contains("has ended already with error; nothing was done"), "{said}");
}

#[tokio::test]
async fn a_paused_lane_hands_out_nothing_until_it_is_resumed() {
    let database = Database::migrated().await;
    let (mut conn, mut worker) = (operator(&database).await, database.connect().await);
    let me = register(&mut worker, seconds(60)).await;
    enqueue(&mut worker, 0).await;
    enqueue_in(&mut worker, Lane::Office, 0).await;
    let said: String = value(&mut conn, "select ops.pause('native')").await;
    assert!(said.contains("native is paused: 1 ready"), "{said}");
    assert_eq!(take(&mut worker, &me, 5).await.len(), 0);
    assert_eq!(take_in(&mut worker, &me, Lane::Office, 5).await.len(), 1, "other lanes go on");
    let stuck: String = value(&mut conn, "select remedy from ops.stuck where name = 'native'").await;
    assert_eq!(stuck, "select ops.resume('native');");
    rows(&mut conn, &stuck).await;
    assert_eq!(take(&mut worker, &me, 5).await.len(), 1);
    assert!(refusal(&mut conn, "select ops.pause('print')").await.contains("there is no lane print"));
}

#[tokio::test]
async fn a_job_with_priority_is_claimed_first_and_keeps_the_order_of_its_documents() {
    let database = Database::migrated().await;
    let (mut conn, mut worker) = (operator(&database).await, database.connect().await);
    let me = register(&mut worker, seconds(60)).await;
    enqueue(&mut worker, 0).await;
    enqueue(&mut worker, 0).await;
    let urgent = enqueue(&mut worker, 0).await;
    queue::enqueue(&mut worker, &NewTask { job: urgent, ..task() }).await.unwrap();
    started(&database, urgent).await;
    let said: String = value(&mut conn, &format!("select ops.prioritise('{urgent}', 7)")).await;
    assert!(said.contains("priority 7 now: 2 waiting tasks moved"), "{said}");
    let taken = take(&mut worker, &me, 2).await;
    assert!(taken.iter().all(|lease| lease.task.job == urgent));
    assert!(taken[0].task.id < taken[1].task.id);
    for wrong in ["101", "-101", "null"] {
        let refused = refusal(&mut conn, &format!("select ops.prioritise('{urgent}', {wrong})")).await;
        assert!(refused.contains("from -100 to 100"), "{refused}");
    }
}

#[tokio::test]
async fn a_limit_counts_what_runs_already_and_lifting_it_releases_what_waits() {
    let database = Database::migrated().await;
    let (mut conn, mut worker) = (operator(&database).await, database.connect().await);
    let me = register(&mut worker, seconds(60)).await;
    for _ in 0..6 {
        enqueue(&mut worker, 0).await;
    }
    let running = take(&mut worker, &me, 2).await;
    let said: String = value(&mut conn, "select ops.limit('default', 2)").await;
    assert!(said.contains("at most 2 tasks at once now, with 2 tasks running"), "{said}");
    assert_eq!(take(&mut worker, &me, 4).await.len(), 0, "two run already");
    assert_eq!(column(&mut conn, "select running, \"limit\", ready, limited from ops.tenants").await, ["(2,2,0,4)"]);
    end(&mut worker, &running[0], How::Succeeded).await.unwrap();
    assert_eq!(take(&mut worker, &me, 4).await.len(), 1, "one ended, one follows");
    let said: String = value(&mut conn, "select ops.limit('default', 3)").await;
    assert!(said.contains("1 made ready, and 2 still held back"), "{said}");
    let said: String = value(&mut conn, "select ops.limit('default', null)").await;
    assert!(said.contains("without a limit") && said.contains("2 made ready"), "{said}");
    assert_eq!(take(&mut worker, &me, 9).await.len(), 3);
    assert_eq!(rescue::release_limited(&mut worker).await.unwrap(), 0);
    assert!(refusal(&mut conn, "select ops.limit('default', -1)").await.contains("0 or more"));
    assert!(refusal(&mut conn, "select ops.limit('nobody', 1)").await.contains("there is no tenant nobody"));
}

#[tokio::test]
async fn a_drained_worker_takes_nothing_until_it_is_undrained() {
    let database = Database::migrated().await;
    let (mut conn, mut worker) = (operator(&database).await, database.connect().await);
    let me = register(&mut worker, seconds(60)).await;
    enqueue(&mut worker, 0).await;
    let said: String = value(&mut conn, "select ops.drain(worker) from ops.workers").await;
    assert!(said.starts_with(&me.id.to_string()) && said.contains("takes no more work"), "{said}");
    let want = [queue::step::Want::anywhere(Lane::Native, 1)];
    assert_eq!(queue::step::step(&mut worker, me.id, &[], &want).await.unwrap().claimed.len(), 0);
    assert_eq!(value::<String>(&mut conn, "select state from ops.workers").await, "draining");
    let reason: String = value(&mut conn, "select reason from ops.stuck").await;
    assert_eq!(reason, "Every live worker of this lane is draining.");
    rows(&mut conn, "select ops.undrain(id) from ops.workers").await;
    assert_eq!(take(&mut worker, &me, 1).await.len(), 1);
    assert!(refusal(&mut conn, "select ops.drain('wrk_1')").await.contains("there is no worker wrk_1"));
}

use std::time::Duration;

use bindery::{
    domain::Lane,
    queue::{Error, Lease, Report, claim, lease::Final, rescue, worker},
};
use sqlx::PgConnection;

use crate::support::{
    Database,
    scripted::{enqueue, register, take},
    until,
    wait::seconds,
};

/// Enqueues one task and claims it.
async fn one(conn: &mut PgConnection) -> (worker::Registration, Lease) {
    let me = register(conn, seconds(15)).await;
    enqueue(conn, 0).await;
    let lease = take(conn, &me, 1).await.remove(0);
    (me, lease)
}

/// Takes the task away from its worker and lets another one claim it.
async fn lose(conn: &mut PgConnection, me: &worker::Registration) -> Lease {
    worker::delete(conn, me.id).await.unwrap();
    assert_eq!(rescue::rescue(conn).await.unwrap(), 1);
    let other = register(conn, seconds(15)).await;
    take(conn, &other, 1).await.remove(0)
}

#[tokio::test]
async fn a_finished_task_is_gone_and_its_attempt_is_history() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (_, lease) = one(&mut conn).await;
    let report = Report {
        engine: Some("test".to_owned()),
        peak_memory_bytes: Some(7),
        stderr_tail: Some("last words".to_owned()),
        ..Report::default()
    };
    lease.finish(&mut conn, Final::Succeeded, &report).await.unwrap();
    assert_eq!(database.count("select count(*) from tasks").await, 0);
    let kept = "select count(*) from attempts where ending = 'succeeded' and ended_at is not null
                and engine = 'test' and peak_memory_bytes = 7 and stderr_tail = 'last words'";
    assert_eq!(database.count(kept).await, 1);
    assert!(lease.has_succeeded(&mut conn).await.unwrap());
}

#[tokio::test]
async fn a_task_cannot_be_settled_twice() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (_, lease) = one(&mut conn).await;
    lease.finish(&mut conn, Final::Succeeded, &Report::default()).await.unwrap();
    let again = lease.finish(&mut conn, Final::Failed, &Report::default()).await;
    assert!(matches!(again, Err(Error::LeaseLost { .. })), "{again:?}");
    assert_eq!(database.count("select count(*) from attempts where ending = 'succeeded'").await, 1);
}

#[tokio::test]
async fn a_lost_lease_cannot_settle() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lost) = one(&mut conn).await;
    let held = lose(&mut conn, &me).await;
    assert_eq!(held.task.id, lost.task.id);
    let report = Report::default();
    let refused = [
        lost.finish(&mut conn, Final::Succeeded, &report).await,
        lost.retry(&mut conn, Duration::ZERO, &report).await,
        lost.release(&mut conn, Duration::ZERO, &report).await,
        lost.reroute(&mut conn, Lane::Office, &report).await,
    ];
    assert!(refused.iter().all(|settled| matches!(settled, Err(Error::LeaseLost { .. }))), "{refused:?}");
    assert!(!lost.has_succeeded(&mut conn).await.unwrap());
    held.finish(&mut conn, Final::Succeeded, &report).await.unwrap();
}

#[tokio::test]
async fn a_released_task_costs_no_attempt() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lease) = one(&mut conn).await;
    lease.release(&mut conn, Duration::ZERO, &Report::default()).await.unwrap();
    assert_eq!(database.count("select count(*) from tasks where worker_id is null and attempt = 0").await, 1);
    assert_eq!(database.count("select count(*) from attempts where ending = 'released'").await, 1);
    assert_eq!(take(&mut conn, &me, 1).await.remove(0).task.attempt, 1);
}

#[tokio::test]
async fn a_retried_task_waits_and_its_attempt_counts() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lease) = one(&mut conn).await;
    let report = Report { fault: Some("crashed"), message: Some("it fell over".to_owned()), ..Report::default() };
    lease.retry(&mut conn, seconds(60), &report).await.unwrap();
    assert!(take(&mut conn, &me, 1).await.is_empty(), "it waits");
    let waits = "select count(*) from tasks where worker_id is null and run_at between now() + interval '50 s' and now() + interval '60 s'";
    assert_eq!(database.count(waits).await, 1);
    assert_eq!(database.count("select count(*) from attempts where ending = 'retried' and fault = 'crashed'").await, 1);
    database.execute("update tasks set run_at = now()").await;
    assert_eq!(take(&mut conn, &me, 1).await.remove(0).task.attempt, 2);
}

#[tokio::test]
async fn a_short_wait_is_over_by_itself() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lease) = one(&mut conn).await;
    lease.retry(&mut conn, Duration::from_millis(200), &Report::default()).await.unwrap();
    until("the task can be claimed again", seconds(5), async || take(&mut conn, &me, 1).await.pop()).await;
}

#[tokio::test]
async fn a_rerouted_task_is_claimed_in_its_new_lane_as_the_same_attempt() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lease) = one(&mut conn).await;
    lease.reroute(&mut conn, Lane::Office, &Report::default()).await.unwrap();
    assert!(take(&mut conn, &me, 1).await.is_empty());
    let claimed = claim::claim(&mut conn, &me, Lane::Office, 1).await.unwrap().unwrap();
    assert_eq!((claimed[0].task.id, claimed[0].task.attempt), (lease.task.id, 1));
}

#[tokio::test]
async fn a_settlement_that_rolls_back_leaves_the_lease_as_it_was() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (_, lease) = one(&mut conn).await;
    let mut tx = sqlx::Connection::begin(&mut conn).await.unwrap();
    lease.finish(&mut tx, Final::Succeeded, &Report::default()).await.unwrap();
    tx.rollback().await.unwrap();
    assert!(!lease.has_succeeded(&mut conn).await.unwrap());
    lease.finish(&mut conn, Final::Succeeded, &Report::default()).await.unwrap();
}

use std::time::Duration;

use bindery::{
    domain::Lane,
    queue::{
        Ending, Error, Lease, Report,
        lease::How,
        rescue,
        step::{Want, step},
        worker,
    },
};
use sqlx::PgConnection;

use crate::support::{
    Database,
    scripted::{end, enqueue, lose, register, take, take_in},
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

#[tokio::test]
async fn a_finished_task_is_gone_and_its_attempt_is_history() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (_, lease) = one(&mut conn).await;
    assert_eq!(database.count("select count(*) from attempts").await, 0, "what runs is not history yet");
    let report = Report {
        engine: Some("test".to_owned()),
        peak_memory_bytes: Some(7),
        stderr_tail: Some("last\0words".to_owned()),
        ..Report::default()
    };
    lease.end(&mut conn, &Ending { how: How::Succeeded, report }).await.unwrap();
    assert_eq!(database.count("select count(*) from tasks").await, 0);
    let kept = "select count(*) from attempts where ending = 'succeeded' and started_at <= ended_at and host = 'here'
                and engine = 'test' and peak_memory_bytes = 7 and stderr_tail = 'lastwords' and attempt = 1";
    assert_eq!(database.count(kept).await, 1);
    assert!(lease.has_ended(&mut conn).await.unwrap());
}

#[tokio::test]
async fn a_task_cannot_be_settled_twice() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (_, lease) = one(&mut conn).await;
    end(&mut conn, &lease, How::Succeeded).await.unwrap();
    let again = end(&mut conn, &lease, How::Failed).await;
    assert!(matches!(again, Err(Error::LeaseLost { .. })), "{again:?}");
    assert_eq!(database.count("select count(*) from attempts where ending = 'succeeded'").await, 1);
}

#[tokio::test]
async fn a_lost_lease_cannot_settle() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lost) = one(&mut conn).await;
    assert_eq!(lose(&mut conn, me.id).await, 1);
    let other = register(&mut conn, seconds(15)).await;
    let held = take(&mut conn, &other, 1).await.remove(0);
    assert_eq!(held.task.id, lost.task.id);
    let again = Duration::ZERO;
    for how in [How::Succeeded, How::Retried(again), How::Released(again), How::Rerouted(Lane::Office)] {
        let settled = end(&mut conn, &lost, how).await;
        assert!(matches!(settled, Err(Error::LeaseLost { .. })), "{settled:?}");
    }
    assert!(!lost.has_ended(&mut conn).await.unwrap());
    end(&mut conn, &held, How::Succeeded).await.unwrap();
}

#[tokio::test]
async fn one_step_settles_what_has_ended_each_in_its_way_and_claims_the_next() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(15)).await;
    for _ in 0..6 {
        enqueue(&mut conn, 0).await;
    }
    let leases = take(&mut conn, &me, 5).await;
    let lost = Lease { fence: leases[4].fence + 1000, ..leases[4].clone() };
    let hows = [How::Succeeded, How::Failed, How::Retried(seconds(60)), How::Rerouted(Lane::Office)];
    let endings = hows.map(Ending::of);
    let mut ended: Vec<_> = leases.iter().zip(&endings).collect();
    let stale = Ending::of(How::Succeeded);
    ended.push((&lost, &stale));
    let stepped = step(&mut conn, me.id, &ended, &[Want::anywhere(Lane::Native, 9)]).await.unwrap();
    assert_eq!(stepped.settled.len(), 4, "{stepped:?}");
    assert!(!stepped.settled.contains(&lost.fence));
    assert_eq!(stepped.claimed.len(), 1, "the sixth");
    assert_eq!(database.count("select count(*) from tasks where state = 'running'").await, 2);
    assert_eq!(database.count("select count(*) from tasks where state = 'later' and attempt = 1").await, 1);
    assert_eq!(
        database.count("select count(*) from tasks where state = 'ready' and lane = 'office' and attempt = 0").await,
        1
    );
    assert_eq!(database.count("select count(*) from attempts").await, 4);
}

#[tokio::test]
async fn a_released_task_costs_no_attempt() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lease) = one(&mut conn).await;
    end(&mut conn, &lease, How::Released(Duration::ZERO)).await.unwrap();
    assert_eq!(database.count("select count(*) from tasks where state = 'ready' and attempt = 0").await, 1);
    assert_eq!(database.count("select count(*) from attempts where ending = 'released'").await, 1);
    assert_eq!(take(&mut conn, &me, 1).await.remove(0).task.attempt, 1);
}

#[tokio::test]
async fn a_retried_task_waits_and_its_attempt_counts() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lease) = one(&mut conn).await;
    let report = Report { fault: Some("crashed"), message: Some("it fell over".to_owned()), ..Report::default() };
    lease.end(&mut conn, &Ending { how: How::Retried(seconds(60)), report }).await.unwrap();
    assert_eq!(rescue::release_due(&mut conn).await.unwrap(), 0);
    assert!(take(&mut conn, &me, 1).await.is_empty(), "it waits");
    let waits = "select count(*) from tasks where state = 'later' and run_at between now() + interval '50 s' and now() + interval '60 s'";
    assert_eq!(database.count(waits).await, 1);
    assert_eq!(database.count("select count(*) from attempts where ending = 'retried' and fault = 'crashed'").await, 1);
    database.execute("update tasks set run_at = now()").await;
    assert_eq!(rescue::release_due(&mut conn).await.unwrap(), 1);
    assert_eq!(take(&mut conn, &me, 1).await.remove(0).task.attempt, 2);
}

#[tokio::test]
async fn a_short_wait_is_over_by_itself() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lease) = one(&mut conn).await;
    end(&mut conn, &lease, How::Retried(Duration::from_millis(200))).await.unwrap();
    until("the task can be claimed again", seconds(5), async || {
        rescue::release_due(&mut conn).await.unwrap();
        take(&mut conn, &me, 1).await.pop()
    })
    .await;
}

#[tokio::test]
async fn a_rerouted_task_is_claimed_in_its_new_lane_as_the_same_attempt() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, lease) = one(&mut conn).await;
    end(&mut conn, &lease, How::Rerouted(Lane::Office)).await.unwrap();
    assert!(take(&mut conn, &me, 1).await.is_empty());
    let claimed = take_in(&mut conn, &me, Lane::Office, 1).await;
    assert_eq!((claimed[0].task.id, claimed[0].task.attempt), (lease.task.id, 1));
}

#[tokio::test]
async fn a_settlement_that_rolls_back_leaves_the_lease_as_it_was() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (_, lease) = one(&mut conn).await;
    let mut tx = sqlx::Connection::begin(&mut conn).await.unwrap();
    end(&mut tx, &lease, How::Succeeded).await.unwrap();
    tx.rollback().await.unwrap();
    assert!(!lease.has_ended(&mut conn).await.unwrap());
    end(&mut conn, &lease, How::Succeeded).await.unwrap();
}

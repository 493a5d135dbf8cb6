use std::time::Duration;

use bindery::{
    domain::Lane,
    queue::{claim, rescue, worker},
};

use crate::support::{
    Database,
    scripted::{enqueue, register, take},
    until,
    wait::seconds,
};

#[tokio::test]
async fn the_tasks_of_a_dead_worker_return_with_their_attempt_counted_and_closed_as_lost() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (dead, living) = (register(&mut conn, seconds(15)).await, register(&mut conn, seconds(15)).await);
    for _ in 0..3 {
        enqueue(&mut conn, 0).await;
    }
    let lost = take(&mut conn, &dead, 2).await;
    let kept = take(&mut conn, &living, 1).await;
    worker::renew(&mut conn, dead.id, Duration::ZERO, &[]).await.unwrap();
    let rescued = until("the lease has run out", seconds(5), async || {
        Some(rescue::rescue(&mut conn).await.unwrap()).filter(|rescued| *rescued > 0)
    })
    .await;
    assert_eq!(rescued, 2);
    assert_eq!(database.count("select count(*) from workers").await, 1);
    assert_eq!(database.count("select count(*) from attempts where ending = 'lost' and fault = 'lost-lease'").await, 2);
    let again = take(&mut conn, &living, 5).await;
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|lease| lease.task.attempt == 2 && lost.iter().any(|old| old.task.id == lease.task.id)));
    assert!(again.iter().all(|lease| lease.task.id != kept[0].task.id));
}

#[tokio::test]
async fn a_living_worker_keeps_its_tasks() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let living = register(&mut conn, seconds(15)).await;
    enqueue(&mut conn, 0).await;
    take(&mut conn, &living, 1).await;
    assert_eq!(rescue::rescue(&mut conn).await.unwrap(), 0);
    assert_eq!(database.count("select count(*) from tasks where worker_id is not null").await, 1);
}

#[tokio::test]
async fn a_task_that_killed_two_workers_waits_before_its_third() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    enqueue(&mut conn, 0).await;
    for _ in 0..2 {
        let worker = register(&mut conn, seconds(15)).await;
        assert_eq!(take(&mut conn, &worker, 1).await.len(), 1);
        worker::delete(&mut conn, worker.id).await.unwrap();
        assert_eq!(rescue::rescue(&mut conn).await.unwrap(), 1);
    }
    assert_eq!(database.count("select count(*) from tasks where run_at > now() + interval '3 s'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rescuers_at_once_return_each_task_once() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let dead = register(&mut conn, seconds(15)).await;
    for _ in 0..50 {
        enqueue(&mut conn, 0).await;
    }
    take(&mut conn, &dead, 50).await;
    worker::delete(&mut conn, dead.id).await.unwrap();
    let mut rescuers = Vec::new();
    for _ in 0..4 {
        let mut conn = database.connect().await;
        rescuers.push(tokio::spawn(async move { rescue::rescue(&mut conn).await.unwrap() }));
    }
    let mut rescued = 0;
    for rescuer in rescuers {
        rescued += rescuer.await.unwrap();
    }
    assert_eq!(rescued, 50);
    assert_eq!(database.count("select count(*) from tasks where worker_id is null and attempt = 1").await, 50);
}

#[tokio::test]
async fn renewing_names_what_was_canceled_and_what_was_lost() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(15)).await;
    for _ in 0..3 {
        enqueue(&mut conn, 0).await;
    }
    let leases = take(&mut conn, &me, 3).await;
    let held: Vec<_> = leases.iter().map(|lease| (lease.task.id, lease.fence)).collect();
    assert_eq!(worker::renew(&mut conn, me.id, seconds(15), &held).await.unwrap(), Some(Vec::new()));
    bindery::queue::cancel::cancel_job(&mut conn, leases[0].task.job).await.unwrap();
    sqlx::query("delete from tasks where id = $1").bind(leases[1].task.id).execute(&mut conn).await.unwrap();
    let to_stop = worker::renew(&mut conn, me.id, seconds(15), &held).await.unwrap().unwrap();
    let mut named: Vec<_> = to_stop.iter().map(|entry| (entry.fence, entry.lost)).collect();
    named.sort_unstable();
    let mut expected = vec![(leases[0].fence, false), (leases[1].fence, true)];
    expected.sort_unstable();
    assert_eq!(named, expected);
}

#[tokio::test]
async fn renewing_as_a_worker_that_was_removed_says_that_the_lease_is_lost() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(15)).await;
    enqueue(&mut conn, 0).await;
    let lease = take(&mut conn, &me, 1).await.remove(0);
    worker::delete(&mut conn, me.id).await.unwrap();
    let held = [(lease.task.id, lease.fence)];
    assert_eq!(worker::renew(&mut conn, me.id, seconds(15), &held).await.unwrap(), None);
    enqueue(&mut conn, 0).await;
    let claimed = claim::claim(&mut conn, &me, Lane::Native, 1).await.unwrap();
    assert!(claimed.is_none(), "and it claims nothing, since that would be rescued at once");
}

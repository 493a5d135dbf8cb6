use std::collections::BTreeSet;

use bindery::domain::Lane;

use crate::support::{
    Database,
    scripted::{enqueue, enqueue_in, register, take},
    wait::seconds,
};

#[tokio::test]
async fn the_highest_priority_is_claimed_first_and_the_oldest_among_equals() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let worker = register(&mut conn, seconds(15)).await;
    let mut jobs = Vec::new();
    for priority in [0, 5, 0, 5, -1] {
        jobs.push(enqueue(&mut conn, priority).await);
    }
    let mut claimed = Vec::new();
    while let [lease] = take(&mut conn, &worker, 1).await.as_slice() {
        claimed.push(lease.task.job);
    }
    assert_eq!(claimed, [jobs[1], jobs[3], jobs[0], jobs[2], jobs[4]]);
}

#[tokio::test]
async fn a_claim_takes_no_more_than_it_asks_for_and_only_from_its_lane() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let worker = register(&mut conn, seconds(15)).await;
    for lane in [Lane::Office, Lane::Native, Lane::Native, Lane::Native] {
        enqueue_in(&mut conn, lane, 0).await;
    }
    let claimed = take(&mut conn, &worker, 2).await;
    assert_eq!(claimed.len(), 2);
    assert!(claimed.iter().all(|lease| lease.task.lane == Lane::Native && lease.task.attempt == 1));
    assert_eq!(take(&mut conn, &worker, 9).await.len(), 1);
    assert!(take(&mut conn, &worker, 9).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claimers_at_once_never_get_the_same_task_and_leave_none() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    for _ in 0..200 {
        enqueue(&mut conn, 0).await;
    }
    let mut claimers = Vec::new();
    for _ in 0..5 {
        let mut conn = database.connect().await;
        claimers.push(tokio::spawn(async move {
            let worker = register(&mut conn, seconds(15)).await;
            let mut taken = Vec::new();
            loop {
                let leases = take(&mut conn, &worker, 3).await;
                if leases.is_empty() {
                    return taken;
                }
                taken.extend(leases.into_iter().map(|lease| (lease.task.id, lease.fence)));
            }
        }));
    }
    let mut taken = Vec::new();
    for claimer in claimers {
        taken.extend(claimer.await.unwrap());
    }
    let tasks: BTreeSet<_> = taken.iter().map(|(task, _)| task).collect();
    let fences: BTreeSet<_> = taken.iter().map(|(_, fence)| fence).collect();
    assert_eq!((taken.len(), tasks.len(), fences.len()), (200, 200, 200));
    assert_eq!(database.count("select count(*) from tasks where state = 'running'").await, 200);
}

#[tokio::test]
async fn a_claim_leaves_alone_what_another_transaction_has_locked() {
    let database = Database::migrated().await;
    let (mut conn, mut other) = (database.connect().await, database.connect().await);
    let worker = register(&mut conn, seconds(15)).await;
    enqueue(&mut conn, 9).await;
    let free = enqueue(&mut conn, 0).await;
    let mut tx = sqlx::Connection::begin(&mut other).await.unwrap();
    sqlx::query("select id from tasks where priority = 9 for update").execute(&mut *tx).await.unwrap();
    let claimed = take(&mut conn, &worker, 5).await;
    assert_eq!(claimed.iter().map(|lease| lease.task.job).collect::<Vec<_>>(), [free]);
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn a_task_that_is_enqueued_in_a_transaction_that_rolls_back_never_was() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let mut tx = sqlx::Connection::begin(&mut conn).await.unwrap();
    enqueue(&mut tx, 0).await;
    tx.rollback().await.unwrap();
    assert_eq!(database.count("select count(*) from tasks").await, 0);
}

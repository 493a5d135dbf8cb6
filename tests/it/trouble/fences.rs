//! Claims that a crash takes back, and fences that it must not bring back.

use bindery::{
    domain::Lane,
    queue::{
        lease::How,
        step::{Want, step},
    },
};
use futures_util::future::join_all;
use sqlx::{Connection, PgConnection};

use crate::support::{
    Cluster, Database,
    scripted::{end, enqueue, register, take},
    wait::seconds,
};

/// By how much the sequence of fences leaps.
const LEAP: i64 = 1 << 32;

#[tokio::test]
async fn after_a_crash_of_the_server_no_fence_is_drawn_again() {
    let mut cluster = Cluster::start_with(&["wal_writer_delay=10s"]).await;
    let database = cluster.database().await;
    let mut conn = database.connect().await;
    let worker = register(&mut conn, seconds(600)).await;
    enqueue(&mut conn, 0).await;
    let before = take(&mut conn, &worker, 1).await;
    assert!(before[0].fence < LEAP);
    // At once, so that the claim may be lost or not.
    cluster.kill().await;
    cluster.restart().await;
    let mut conn = database.connect().await;
    let survived = end(&mut conn, &before[0], How::Succeeded).await.is_ok();
    if survived {
        enqueue(&mut conn, 0).await;
    }
    let after = take(&mut conn, &worker, 1).await;
    assert!(after[0].fence > LEAP, "{}", after[0].fence);
    assert!(end(&mut conn, &before[0], How::Succeeded).await.is_err(), "the claim from before counts no more");
    end(&mut conn, &after[0], How::Succeeded).await.unwrap();
}

#[tokio::test]
async fn after_a_clean_stop_of_the_server_fences_go_on() {
    let mut cluster = Cluster::start().await;
    let database = cluster.database().await;
    let mut conn = database.connect().await;
    let worker = register(&mut conn, seconds(600)).await;
    enqueue(&mut conn, 0).await;
    enqueue(&mut conn, 0).await;
    let before = take(&mut conn, &worker, 1).await;
    drop(conn);
    cluster.stop().await;
    cluster.restart().await;
    let mut conn = database.connect().await;
    let after = take(&mut conn, &worker, 1).await;
    assert!(after[0].fence > before[0].fence && after[0].fence < LEAP, "{}", after[0].fence);
    end(&mut conn, &before[0], How::Succeeded).await.unwrap();
}

#[tokio::test]
async fn workers_that_claim_at_once_after_a_crash_move_the_fences_once() {
    const WORKERS: usize = 6;
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    for _ in 0..WORKERS {
        enqueue(&mut conn, 0).await;
    }
    // As a crash leaves it.
    database.execute("truncate fences_trusted").await;
    let claims = join_all((0..WORKERS).map(|_| async {
        let mut conn = database.connect().await;
        let worker = register(&mut conn, seconds(600)).await;
        take(&mut conn, &worker, 1).await.into_iter().map(|lease| lease.fence).collect::<Vec<_>>()
    }));
    let mut fences = claims.await.concat();
    fences.sort_unstable();
    fences.dedup();
    assert_eq!(fences.len(), WORKERS, "each has one of its own: {fences:?}");
    assert!(fences.iter().all(|fence| (LEAP..2 * LEAP).contains(fence)), "{fences:?}");
}

#[tokio::test]
async fn a_mere_claim_does_not_wait_for_the_disk_and_what_settles_does() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let worker = register(&mut conn, seconds(600)).await;
    for _ in 0..3 {
        enqueue(&mut conn, 0).await;
    }
    let wants = [Want::anywhere(Lane::Native, 1)];
    let mut tx = waiting_for_the_disk(&mut conn).await;
    let lease = step(&mut tx, worker.id, &[], &wants).await.unwrap().claimed.remove(0);
    assert_eq!(waits(&mut tx).await, "off");
    tx.commit().await.unwrap();
    let mut tx = waiting_for_the_disk(&mut conn).await;
    let done = bindery::queue::Ending::of(How::Succeeded);
    assert_eq!(step(&mut tx, worker.id, &[(&lease, &done)], &wants).await.unwrap().claimed.len(), 1);
    assert_eq!(waits(&mut tx).await, "on");
    tx.commit().await.unwrap();
    database.execute("truncate fences_trusted").await;
    let mut tx = waiting_for_the_disk(&mut conn).await;
    assert_eq!(step(&mut tx, worker.id, &[], &wants).await.unwrap().claimed.len(), 1);
    assert_eq!(waits(&mut tx).await, "on", "the fences were moved in the same transaction");
    tx.commit().await.unwrap();
}

/// A transaction of a session that waits for the disk, whatever the server of the tests does.
async fn waiting_for_the_disk(conn: &mut PgConnection) -> sqlx::Transaction<'_, sqlx::Postgres> {
    sqlx::raw_sql("set synchronous_commit = on").execute(&mut *conn).await.unwrap();
    conn.begin().await.unwrap()
}

async fn waits(conn: &mut PgConnection) -> String {
    sqlx::query_scalar("show synchronous_commit").fetch_one(conn).await.unwrap()
}

use std::time::Duration;

use bindery::{
    domain::Lane,
    queue::{
        Lease, rescue,
        step::{Want, step},
        worker,
    },
};

use crate::support::{
    Database,
    scripted::{enqueue, lose, register, take},
    until,
    wait::seconds,
};

#[tokio::test]
async fn the_tasks_of_a_dead_worker_return_with_the_crash_counted_and_the_attempt_recorded_as_lost() {
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
        Some(rescue::rescue(&mut conn).await.unwrap().tasks).filter(|rescued| *rescued > 0)
    })
    .await;
    assert_eq!(rescued, 2);
    assert_eq!(database.count("select count(*) from workers").await, 1);
    let recorded = "select count(*) from attempts where ending = 'lost' and fault = 'lost-lease' and attempt = 1 and host = 'here'";
    assert_eq!(database.count(recorded).await, 2);
    let again = take(&mut conn, &living, 5).await;
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|lease| lost.iter().any(|old| old.task.id == lease.task.id)));
    assert!(again.iter().all(|lease| lease.task.attempt == 1 && lease.task.crashes == 1), "a crash is not a failure");
    assert!(again.iter().all(|lease| lease.task.id != kept[0].task.id));
}

#[tokio::test]
async fn a_living_worker_keeps_its_tasks_and_the_next_look_is_when_its_lease_would_run_out() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let living = register(&mut conn, seconds(15)).await;
    enqueue(&mut conn, 0).await;
    take(&mut conn, &living, 1).await;
    let rescued = rescue::rescue(&mut conn).await.unwrap();
    assert_eq!(rescued.tasks, 0);
    assert!(rescued.next.is_some_and(|next| next > seconds(5) && next <= seconds(15)), "{rescued:?}");
    assert_eq!(database.count("select count(*) from tasks where state = 'running'").await, 1);
}

#[tokio::test]
async fn a_task_that_killed_two_workers_waits_before_its_third() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    enqueue(&mut conn, 0).await;
    for _ in 0..2 {
        let worker = register(&mut conn, seconds(15)).await;
        assert_eq!(take(&mut conn, &worker, 1).await.len(), 1);
        assert_eq!(lose(&mut conn, worker.id).await, 1);
    }
    assert_eq!(
        database
            .count(
                "select count(*) from tasks where state = 'later' and crashes = 2 and run_at > now() + interval '3 s'"
            )
            .await,
        1
    );
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
    worker::bury(&mut conn, dead.id).await.unwrap();
    let mut rescuers = Vec::new();
    for _ in 0..4 {
        let mut conn = database.connect().await;
        rescuers.push(tokio::spawn(async move { rescue::rescue(&mut conn).await.unwrap().tasks }));
    }
    let mut rescued = 0;
    for rescuer in rescuers {
        rescued += rescuer.await.unwrap();
    }
    assert_eq!(rescued, 50);
    assert_eq!(database.count("select count(*) from tasks where state = 'ready' and crashes = 1").await, 50);
}

#[tokio::test]
async fn a_worker_that_leaves_hands_back_what_it_holds_and_it_counts_for_nothing() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(15)).await;
    enqueue(&mut conn, 0).await;
    take(&mut conn, &me, 1).await;
    worker::delete(&mut conn, me.id).await.unwrap();
    assert_eq!(
        database.count("select count(*) from tasks where state = 'ready' and attempt = 0 and crashes = 0").await,
        1
    );
    assert_eq!(database.count("select count(*) from workers").await, 0);
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_handed_back_by_the_worker_that_lives_on() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (me, other) = (register(&mut conn, seconds(15)).await, register(&mut conn, seconds(15)).await);
    for _ in 0..3 {
        enqueue(&mut conn, 0).await;
    }
    let known = take(&mut conn, &me, 1).await.remove(0);
    take(&mut conn, &me, 1).await;
    take(&mut conn, &other, 1).await;
    assert_eq!(rescue::forgo_unknown(&mut conn, me.id, &[known.fence]).await.unwrap(), 1);
    assert_eq!(database.count("select count(*) from tasks where state = 'ready' and attempt = 0").await, 1);
    assert_eq!(database.count("select count(*) from tasks where state = 'running'").await, 2);
}

#[tokio::test]
async fn tasks_of_a_worker_that_somebody_removed_by_hand_are_adopted() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let (gone, living) = (register(&mut conn, seconds(15)).await, register(&mut conn, seconds(15)).await);
    for _ in 0..2 {
        enqueue(&mut conn, 0).await;
    }
    take(&mut conn, &gone, 1).await;
    take(&mut conn, &living, 1).await;
    sqlx::query("delete from workers where id = $1").bind(gone.id).execute(&mut conn).await.unwrap();
    assert_eq!(rescue::rescue(&mut conn).await.unwrap().tasks, 0, "no lease ran out");
    assert_eq!(rescue::adopt_orphans(&mut conn).await.unwrap(), 1);
    assert_eq!(database.count("select count(*) from tasks where state = 'running'").await, 1);
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
    let held: Vec<_> = leases.iter().map(Lease::held).collect();
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
async fn a_worker_that_was_declared_dead_can_neither_renew_nor_claim() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(15)).await;
    enqueue(&mut conn, 0).await;
    worker::bury(&mut conn, me.id).await.unwrap();
    let stepped = step(&mut conn, me.id, &[], &[Want::anywhere(Lane::Native, 1)]).await.unwrap();
    assert!(!stepped.alive && stepped.claimed.is_empty(), "what it claimed would be taken back at once");
    rescue::rescue(&mut conn).await.unwrap();
    assert_eq!(worker::renew(&mut conn, me.id, seconds(15), &[]).await.unwrap(), None);
}

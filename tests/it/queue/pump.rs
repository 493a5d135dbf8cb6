use std::time::{Duration, Instant};

use bindery::{
    domain::JobId,
    queue::{self, NewTask, StopReason, cancel},
};

use crate::support::{
    Database,
    scripted::{Act, Pump, enqueue, lose, only_worker, task},
    until,
    wait::seconds,
};

const SUCCEEDED: &str = "select count(*) from attempts where ending = 'succeeded'";

#[tokio::test]
async fn a_pump_runs_no_more_than_its_slots() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    for _ in 0..10 {
        enqueue(&mut conn, 0).await;
    }
    let pump = Pump { slots: 3, ..Pump::default() }.start(&database).await;
    pump.handler.runs(3).await;
    assert_eq!(
        database.count("select count(*) from tasks where state = 'running'").await,
        3,
        "no task is claimed ahead of a free slot"
    );
    pump.handler.gate.add_permits(10);
    pump.handler.settles(10).await;
    let handler = pump.stop().await;
    assert_eq!((handler.most(), handler.settled()), (3, 10));
    assert_eq!(database.count(SUCCEEDED).await, 10);
}

#[tokio::test]
async fn a_panic_costs_one_attempt_and_nothing_else() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    enqueue(&mut conn, 0).await;
    let pump = Pump { act: Act::PanicOnce, poll: Duration::from_millis(100), ..Pump::default() }.start(&database).await;
    pump.handler.settles(1).await;
    pump.stop().await;
    assert_eq!(
        database
            .count("select count(*) from attempts where ending = 'retried' and fault = 'internal' and attempt = 1")
            .await,
        1
    );
    assert_eq!(database.count("select count(*) from attempts where ending = 'succeeded' and attempt = 2").await, 1);
    assert_eq!(database.count("select count(*) from tasks").await, 0);
}

#[tokio::test]
async fn the_bell_wakes_a_pump_long_before_it_polls() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let pump = Pump { poll: seconds(300), ..Pump::default() }.start(&database).await;
    pump.handler.gate.add_permits(1);
    let began = Instant::now();
    enqueue(&mut conn, 0).await;
    pump.bell.work();
    pump.handler.settles(1).await;
    assert!(began.elapsed() < seconds(5), "{:?}", began.elapsed());
    pump.stop().await;
}

#[tokio::test]
async fn the_next_task_of_a_tenant_with_a_limit_begins_when_one_has_ended_and_not_at_the_next_poll() {
    for in_batches in [true, false] {
        let database = Database::migrated().await;
        let mut conn = database.connect().await;
        database.execute("update tenants set running_max = 1").await;
        for _ in 0..4 {
            enqueue(&mut conn, 0).await;
        }
        let pump = Pump { poll: seconds(300), in_batches, ..Pump::default() }.start(&database).await;
        pump.handler.gate.add_permits(4);
        pump.handler.settles(4).await;
        let handler = pump.stop().await;
        assert_eq!(handler.most(), 1);
    }
}

#[tokio::test]
async fn a_pump_without_a_listener_finds_work_by_polling() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let pump = Pump { poll: Duration::from_millis(100), hears: false, ..Pump::default() }.start(&database).await;
    pump.handler.gate.add_permits(1);
    enqueue(&mut conn, 0).await;
    pump.handler.settles(1).await;
    pump.stop().await;
}

#[tokio::test]
async fn a_task_that_ends_within_the_grace_period_is_settled_and_no_other_is_begun() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    enqueue(&mut conn, 0).await;
    enqueue(&mut conn, 0).await;
    let pump = Pump { slots: 1, ..Pump::default() }.start(&database).await;
    pump.handler.runs(1).await;
    pump.begin_stop();
    until("the worker is marked as draining", seconds(5), async || {
        (database.count("select count(*) from workers where draining_since is not null").await == 1).then_some(())
    })
    .await;
    pump.handler.gate.add_permits(2);
    pump.stop().await;
    assert_eq!(database.count(SUCCEEDED).await, 1);
    assert_eq!(database.count("select count(*) from tasks where state = 'ready' and attempt = 0").await, 1);
    assert_eq!(database.count("select count(*) from workers").await, 0);
}

#[tokio::test]
async fn what_does_not_end_within_the_grace_period_is_handed_back_without_costing_an_attempt() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    enqueue(&mut conn, 0).await;
    let grace = Duration::from_millis(200);
    let pump = Pump { act: Act::RunUntilStopped, grace, ..Pump::default() }.start(&database).await;
    pump.handler.runs(1).await;
    let handler = pump.stop().await;
    assert_eq!(handler.reasons(), [StopReason::Shutdown]);
    assert_eq!(database.count("select count(*) from tasks where state = 'ready' and attempt = 0").await, 1);
    assert_eq!(database.count("select count(*) from attempts where ending = 'released'").await, 1);
}

#[tokio::test]
async fn a_canceled_task_is_told_at_once() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let job = JobId::new();
    let task = NewTask { job, ..task() };
    queue::enqueue(&mut conn, &task).await.unwrap();
    let pump = Pump { act: Act::RunUntilStopped, renew: seconds(300), ..Pump::default() }.start(&database).await;
    pump.handler.runs(1).await;
    let began = Instant::now();
    cancel::cancel_job(&mut conn, job).await.unwrap();
    pump.bell.stop();
    pump.handler.settles(1).await;
    assert!(began.elapsed() < seconds(2), "{:?}", began.elapsed());
    assert_eq!(pump.stop().await.reasons(), [StopReason::Canceled]);
    assert_eq!(database.count("select count(*) from attempts where ending = 'canceled'").await, 1);
}

#[tokio::test]
async fn a_pump_settles_once_after_its_connections_were_cut() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    enqueue(&mut conn, 0).await;
    let pump = Pump { poll: Duration::from_millis(200), ..Pump::default() }.start(&database).await;
    pump.handler.runs(1).await;
    assert!(database.cut_connections().await > 0);
    pump.handler.gate.add_permits(2);
    pump.handler.settles(1).await;
    // And goes on with what comes later.
    enqueue(&mut database.connect().await, 0).await;
    pump.handler.settles(2).await;
    let handler = pump.stop().await;
    assert_eq!(handler.settled(), 2);
    assert_eq!(database.count(SUCCEEDED).await, 2);
    assert_eq!(database.count("select count(*) from attempts").await, 2);
}

#[tokio::test]
async fn a_pump_whose_lease_was_taken_drops_its_work_and_goes_on_as_another_worker() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    enqueue(&mut conn, 0).await;
    let renew = Duration::from_millis(200);
    let pump = Pump { act: Act::RunUntilStopped, renew, ..Pump::default() }.start(&database).await;
    pump.handler.runs(1).await;
    let me = only_worker(&mut conn).await;
    assert_eq!(lose(&mut conn, me).await, 1);
    until("the lost attempt is told", seconds(5), async || {
        pump.handler.reasons().contains(&StopReason::Lost).then_some(())
    })
    .await;
    until("the task runs again under a worker that is alive", seconds(20), async || {
        let again = "select count(*) from tasks join workers on workers.id = tasks.worker_id where fence > 1";
        (database.count(again).await == 1).then_some(())
    })
    .await;
    let closed = "select count(*) from attempts where ending = 'lost' and fence = 1";
    assert_eq!(database.count(closed).await, 1);
    assert_eq!(database.count("select count(*) from workers").await, 1);
    pump.begin_stop();
}

#[tokio::test]
async fn a_worker_that_was_declared_dead_finds_out_by_claiming_and_stops_what_it_lost() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    enqueue(&mut conn, 0).await;
    let pump = Pump { act: Act::RunUntilStopped, renew: seconds(300), ..Pump::default() }.start(&database).await;
    pump.handler.runs(1).await;
    // As after a pause of the whole process: others declared it dead, and it claims before it renews.
    let me = only_worker(&mut conn).await;
    assert_eq!(lose(&mut conn, me).await, 1);
    pump.bell.work();
    until("the lost attempt is told", seconds(5), async || {
        (pump.handler.reasons() == [StopReason::Lost]).then_some(())
    })
    .await;
    // It goes on under another identity, and the attempt that it holds now is told nothing.
    pump.handler.runs(1).await;
    assert_eq!(pump.handler.reasons(), [StopReason::Lost]);
    let held = "select count(*) from tasks join workers on workers.id = tasks.worker_id";
    assert_eq!(database.count(held).await, 1);
    pump.begin_stop();
}

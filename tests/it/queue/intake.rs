//! Jobs that many callers create at once.

use bindery::{
    domain::{JobId, Lane, TenantId, options::JobOption},
    queue::{Audience, Bell, Intake, NewJob, NewTask, Signal, Signals, enqueue, submit::submit_lone},
    storage::{self, pool::Route},
};
use futures_util::future::join_all;
use nix::{
    sys::signal::{Signal as Posix, kill},
    unistd::Pid,
};
use sqlx::{Connection, postgres::PgPool};
use tokio_util::sync::CancellationToken;

use crate::support::{Cluster, Database, scripted::task, wait::seconds};

fn intake(pool: PgPool) -> Intake {
    let bell = Bell::new(pool.clone());
    Intake::new(pool, Route::Direct, bell)
}

fn job(tenant: TenantId) -> NewJob {
    NewJob {
        id: JobId::new(),
        tenant,
        workflow: "convert",
        profile: "default".to_owned(),
        profile_version: 1,
        name: None,
        idle_max: seconds(60),
        options: vec![JobOption { name: "A".to_owned(), value: "1".to_owned() }; 2],
        once: None,
    }
}

#[tokio::test]
async fn jobs_of_many_callers_are_created_each_with_its_options_and_its_task() {
    let database = Database::migrated().await;
    let intake = intake(database.pool());
    let submitted = (0..50).map(|_| {
        let job = job(TenantId::DEFAULT);
        let task = NewTask { job: job.id, lane: Lane::Office, ..task() };
        intake.submit(job, Some(task))
    });
    join_all(submitted).await.into_iter().collect::<Result<Vec<()>, _>>().unwrap();
    assert_eq!(database.count("select count(*) from jobs where state = 'creating'").await, 50);
    assert_eq!(database.count("select count(*) from job_options where ordinal in (1, 2)").await, 100);
    let tasks = "select count(distinct order_key) from tasks join jobs on jobs.id = job_id where lane = 'office'";
    assert_eq!(database.count(tasks).await, 50);
    // They went together: each statement that wrote rows of jobs is one transaction.
    assert!(database.count("select count(distinct xmin::text) from jobs").await < 50);
}

#[tokio::test]
async fn what_is_wrong_with_one_job_is_told_to_its_caller_alone() {
    let database = Database::migrated().await;
    let intake = intake(database.pool());
    let nobody = TenantId(uuid::Uuid::from_u128(7));
    let submitted = (0..50).map(|number| {
        let tenant = if number == 30 { nobody } else { TenantId::DEFAULT };
        intake.submit(job(tenant), None)
    });
    for (number, outcome) in join_all(submitted).await.into_iter().enumerate() {
        match outcome {
            Ok(()) => assert_ne!(number, 30),
            Err(storage::Error::Conflict { constraint }) => {
                assert_eq!((number, &*constraint), (30, "jobs_tenant_fkey"))
            }
            Err(error) => panic!("{number}: {error}"),
        }
    }
    assert_eq!(database.count("select count(*) from jobs").await, 49);
    assert_eq!(database.count("select count(*) from tasks").await, 0);
}

#[tokio::test]
async fn without_a_database_everybody_gets_an_error() {
    let database = Database::migrated().await;
    let pool = database.pool();
    let intake = intake(pool.clone());
    pool.close().await;
    for outcome in join_all((0..5).map(|_| intake.submit(job(TenantId::DEFAULT), None))).await {
        assert!(outcome.unwrap_err().is_passing());
    }
}

#[tokio::test]
async fn workers_are_told_of_the_task_of_a_job_that_comes_alone_and_of_those_that_come_together() {
    let database = Database::migrated().await;
    let signals = Signals::start(database.options.clone(), Audience::Workers, CancellationToken::new());
    let mut heard = signals.subscribe();
    // Whoever begins to listen is told to look, since something may have been missed.
    assert!(matches!(heard.recv().await, Ok(Signal::Missed)));
    let intake = intake(database.pool());
    let submit = async || {
        let job = job(TenantId::DEFAULT);
        let task = NewTask { job: job.id, ..task() };
        intake.submit(job, Some(task)).await.unwrap();
    };
    submit().await;
    assert!(matches!(heard.recv().await, Ok(Signal::Work)));
    join_all((0..5).map(|_| submit())).await;
    assert!(matches!(heard.recv().await, Ok(Signal::Work)));
}

#[tokio::test]
async fn a_job_that_comes_alone_is_on_the_disk_when_its_caller_is_answered() {
    let mut cluster = Cluster::start().await;
    let database = cluster.database().await;
    let mut conn = database.connect().await;
    // The first of its line makes the line, which waits for the disk in any case.
    enqueue(&mut conn, &task()).await.unwrap();
    let job = job(TenantId::DEFAULT);
    let task = NewTask { job: job.id, ..task() };
    // Whoever writes the log when nobody waits for it does not.
    let writer = cluster.count("select pid::bigint from pg_stat_activity where backend_type = 'walwriter'").await;
    let writer = Pid::from_raw(i32::try_from(writer).unwrap());
    kill(writer, Posix::SIGSTOP).unwrap();
    intake(database.pool()).submit(job, Some(task)).await.unwrap();
    cluster.kill().await;
    kill(writer, Posix::SIGKILL).unwrap();
    cluster.restart().await;
    assert_eq!(database.count("select count(*) from jobs join tasks on tasks.job_id = jobs.id").await, 1);
}

#[tokio::test]
async fn only_the_caller_of_a_job_that_comes_alone_waits_for_the_disk() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let job = job(TenantId::DEFAULT);
    let task = NewTask { job: job.id, ..task() };
    for (task, waits) in [(None, "on"), (Some(&task), "off")] {
        sqlx::raw_sql("set synchronous_commit = on").execute(&mut conn).await.unwrap();
        let mut tx = conn.begin().await.unwrap();
        submit_lone(&mut tx, &job, task).await.unwrap();
        let committing: String = sqlx::query_scalar("show synchronous_commit").fetch_one(&mut *tx).await.unwrap();
        assert_eq!(committing, waits);
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn workers_are_not_told_of_a_job_that_has_no_task_yet() {
    let database = Database::migrated().await;
    let signals = Signals::start(database.options.clone(), Audience::Workers, CancellationToken::new());
    let mut heard = signals.subscribe();
    assert!(matches!(heard.recv().await, Ok(Signal::Missed)));
    intake(database.pool()).submit(job(TenantId::DEFAULT), None).await.unwrap();
    // What is heard comes in the order of commits.
    Bell::new(database.pool()).stop();
    assert!(matches!(heard.recv().await, Ok(Signal::Stop)));
}

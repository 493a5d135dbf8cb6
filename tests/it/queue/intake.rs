//! Jobs that many callers create at once.

use bindery::{
    domain::{JobId, Lane, TenantId, options::JobOption},
    queue::{Intake, NewJob, NewTask},
    storage::{self, pool::Route},
};
use futures_util::future::join_all;

use crate::support::{Database, scripted::task, wait::seconds};

fn job(tenant: TenantId) -> NewJob {
    NewJob {
        id: JobId::new(),
        tenant,
        workflow: "convert",
        profile: "default",
        name: None,
        idle_max: seconds(60),
        options: vec![JobOption { name: "A".to_owned(), value: "1".to_owned() }; 2],
    }
}

#[tokio::test]
async fn jobs_of_many_callers_are_created_each_with_its_options_and_its_task() {
    let database = Database::migrated().await;
    let intake = Intake::new(database.pool(), Route::Direct);
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
    let intake = Intake::new(database.pool(), Route::Direct);
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
    let intake = Intake::new(pool.clone(), Route::Direct);
    pool.close().await;
    for outcome in join_all((0..5).map(|_| intake.submit(job(TenantId::DEFAULT), None))).await {
        assert!(outcome.unwrap_err().is_passing());
    }
}

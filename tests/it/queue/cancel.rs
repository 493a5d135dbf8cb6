use bindery::{
    domain::JobId,
    queue::{NewTask, cancel, enqueue},
};

use crate::support::{
    Database,
    scripted::{enqueue as enqueue_other, register, take, task},
    wait::seconds,
};

#[tokio::test]
async fn canceling_drops_what_waits_and_flags_what_runs() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(15)).await;
    let job = JobId::new();
    let task = NewTask { job, ..task() };
    for _ in 0..3 {
        enqueue(&mut conn, &task).await.unwrap();
    }
    let running = take(&mut conn, &me, 1).await.remove(0);
    enqueue_other(&mut conn, 0).await;
    assert_eq!(cancel::count_others(&mut conn, job, 0).await.unwrap(), 1);
    assert_eq!(cancel::count_others(&mut conn, job, running.task.id).await.unwrap(), 0);
    assert_eq!(cancel::cancel_job(&mut conn, job).await.unwrap(), 1);
    assert_eq!(database.count("select count(*) from tasks where cancel_requested and worker_id is not null").await, 1);
    assert_eq!(database.count("select count(*) from tasks").await, 2, "the task of another job stays");
}

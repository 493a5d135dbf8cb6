//! What statements read while the planner believes the queue empty, as after a quiet night: the statistics are of then, and a
//! plan that was made then is kept.

use bindery::{
    queue::{
        self, cancel,
        lease::{Ending, How, Lease},
        rescue,
        step::step,
        worker::{self, Held},
    },
    storage::pool::{self, PoolConfig, Route, Way},
};
use sqlx::{Connection as _, PgConnection};

use crate::support::{
    Database,
    scripted::{register, take, task},
    wait::seconds,
};

/// Tasks that each statement is about.
const BATCH: usize = 100;
/// Tasks that wait.
const BACKLOG: usize = 20 * BATCH;
/// What a statement may read at most, in rows of the table and entries of its indexes.
const READ_MAX: i64 = 10 * BATCH as i64;
/// What has been read of the table and of its indexes in this transaction.
const READ: &str = "select sum(pg_stat_get_xact_tuples_returned(relation))::bigint
                    from (select indexrelid from pg_index where indrelid = 'tasks'::regclass
                          union all select 'tasks'::regclass) as read (relation)";

/// Does what a worker does, in one transaction, since that is how far the counts go; says how much each call has read.
async fn work(conn: &mut PgConnection) -> Vec<(&'static str, i64)> {
    let mut tx = conn.begin().await.unwrap();
    let me = register(&mut tx, seconds(15)).await;
    let mut sums = vec![("", read(&mut tx).await)];

    let leases = take(&mut tx, &me, BATCH).await;
    assert_eq!(leases.len(), BATCH);
    sums.push(("claim", read(&mut tx).await));

    let held: Vec<_> =
        leases.iter().map(|Lease { task, fence }| Held { job: task.job, task: task.id, fence: *fence }).collect();
    worker::renew(&mut tx, me.id, seconds(15), &held).await.unwrap().unwrap();
    sums.push(("renew", read(&mut tx).await));

    assert_eq!(cancel::cancel_job(&mut tx, leases[0].task.job).await.unwrap(), 1);
    sums.push(("cancel", read(&mut tx).await));

    let hows = [How::Succeeded, How::Canceled, How::Released(seconds(0)), How::Retried(seconds(1))];
    let endings: Vec<_> = hows.into_iter().cycle().take(BATCH).map(Ending::of).collect();
    let ended: Vec<_> = leases.iter().zip(&endings).collect();
    assert_eq!(step(&mut tx, me.id, &ended, &[]).await.unwrap().settled.len(), BATCH);
    sums.push(("settle", read(&mut tx).await));

    sqlx::query("update tasks set run_at = now() where state = 'later'").execute(&mut *tx).await.unwrap();
    sums.push(("", read(&mut tx).await));
    assert_eq!(usize::try_from(rescue::release_due(&mut tx).await.unwrap()), Ok(BATCH / hows.len()));
    sums.push(("release what is due", read(&mut tx).await));
    tx.commit().await.unwrap();
    sums.windows(2).map(|pair| (pair[1].0, pair[1].1 - pair[0].1)).filter(|(what, _)| !what.is_empty()).collect()
}

async fn read(tx: &mut PgConnection) -> i64 {
    sqlx::query_scalar(READ).fetch_one(tx).await.unwrap()
}

#[tokio::test]
async fn a_statement_reads_only_its_own_tasks_although_the_planner_believes_the_queue_empty() {
    let database = Database::migrated().await;
    let mut by_hand = database.connect().await;
    let config = PoolConfig {
        way: Way { options: database.options.clone(), route: Route::Direct },
        connections_max: 1,
        acquire_timeout: seconds(10),
    };
    let pool = pool::lazy(&config);
    let mut conn = pool.acquire().await.unwrap();
    fill(&mut by_hand, BATCH).await;
    work(&mut conn).await;
    // A vacuum of the empty table: the statistics say so, and plans are made anew, ...
    sqlx::raw_sql("delete from tasks").execute(&mut by_hand).await.unwrap();
    sqlx::raw_sql("vacuum (analyze) tasks").execute(&mut by_hand).await.unwrap();
    // ... when little has come. Then much comes at once.
    fill(&mut by_hand, BATCH).await;
    work(&mut conn).await;
    fill(&mut by_hand, BACKLOG).await;
    let much: Vec<_> = work(&mut conn).await.into_iter().filter(|(_, read)| *read > READ_MAX).collect();
    assert!(much.is_empty(), "these read too much: {much:?}");
    drop(conn);
    pool.close().await;
}

async fn fill(conn: &mut PgConnection, tasks: usize) {
    let tasks: Vec<_> = (0..tasks).map(|_| task()).collect();
    queue::enqueue_all(conn, &tasks).await.unwrap();
}

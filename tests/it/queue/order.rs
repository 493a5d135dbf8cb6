//! In what order tasks are claimed: priority, age, tenants, limits and pauses.

use bindery::{
    domain::{DocumentId, JobId, Lane, TenantId},
    queue::{
        self, Lease, NewTask, Turn,
        lease::How,
        rescue,
        step::{Want, step},
    },
};
use sqlx::PgConnection;

use crate::support::{
    Database,
    scripted::{end, enqueue, register, take, take_in, task},
    wait::seconds,
};

/// Makes a tenant, with a limit or without.
async fn tenant(conn: &mut PgConnection, running_max: Option<i32>) -> TenantId {
    let id = TenantId(uuid::Uuid::new_v4());
    sqlx::query("insert into tenants (id, name, running_max) values ($1, $1::text, $2)")
        .bind(id)
        .bind(running_max)
        .execute(conn)
        .await
        .unwrap();
    id
}

async fn enqueue_of(conn: &mut PgConnection, tenant: TenantId, count: usize) {
    for _ in 0..count {
        queue::enqueue(conn, &NewTask { tenant, ..task() }).await.unwrap();
    }
}

fn tenants(leases: &[Lease]) -> Vec<TenantId> {
    leases.iter().map(|lease| lease.task.tenant).collect()
}

#[tokio::test]
async fn a_newcomer_stands_beside_the_first_of_a_tenant_that_has_hundreds_waiting() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    let (many, one) = (tenant(&mut conn, None).await, tenant(&mut conn, None).await);
    enqueue_of(&mut conn, many, 300).await;
    take(&mut conn, &me, 100).await;
    enqueue_of(&mut conn, one, 1).await;
    assert!(tenants(&take(&mut conn, &me, 2).await).contains(&one));
}

#[tokio::test]
async fn tenants_share_evenly_whoever_came_first_and_however_much_each_has_waiting() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    let three = [tenant(&mut conn, None).await, tenant(&mut conn, None).await, tenant(&mut conn, None).await];
    for (tenant, count) in three.iter().zip([200, 60, 40]) {
        enqueue_of(&mut conn, *tenant, count).await;
    }
    let served = tenants(&take(&mut conn, &me, 90).await);
    let shares: Vec<_> = three.iter().map(|tenant| served.iter().filter(|served| *served == tenant).count()).collect();
    assert_eq!(shares, [30, 30, 30]);
    assert_eq!(take(&mut conn, &me, 500).await.len(), 210, "and nothing is left behind");
}

#[tokio::test]
async fn a_tenant_that_was_away_does_not_catch_up_at_the_cost_of_the_others() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    let (busy, away) = (tenant(&mut conn, None).await, tenant(&mut conn, None).await);
    enqueue_of(&mut conn, busy, 120).await;
    take(&mut conn, &me, 100).await;
    enqueue_of(&mut conn, away, 50).await;
    let served = tenants(&take(&mut conn, &me, 20).await);
    assert_eq!(served.iter().filter(|tenant| **tenant == busy).count(), 10);
}

#[tokio::test]
async fn a_higher_priority_goes_first_but_what_is_lower_is_not_starved() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    let low = NewTask { priority: -1, ..task() };
    queue::enqueue(&mut conn, &low).await.unwrap();
    let many: Vec<_> = (0..2500).map(|_| task()).collect();
    queue::enqueue_all(&mut conn, &many).await.unwrap();
    let first = take(&mut conn, &me, 900).await;
    assert!(first.iter().all(|lease| lease.task.job != low.job), "work of a higher priority goes first");
    let second = take(&mut conn, &me, 300).await;
    assert!(second.iter().any(|lease| lease.task.job == low.job), "for a thousand places, not for ever");
}

#[tokio::test]
async fn what_follows_from_a_task_stands_at_its_place() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    for _ in 0..20 {
        enqueue(&mut conn, 0).await;
    }
    let begun = take(&mut conn, &me, 1).await.remove(0);
    let follows = NewTask { turn: Turn::At(begun.task.order_key), ..task() };
    queue::enqueue(&mut conn, &follows).await.unwrap();
    assert_eq!(take(&mut conn, &me, 1).await[0].task.job, follows.job);
}

#[tokio::test]
async fn the_documents_of_a_container_become_tasks_in_their_order_by_one_statement() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    let lanes = [Lane::Native, Lane::Office];
    let document = |n: usize| NewTask { document: Some(DocumentId::new()), lane: lanes[n % 2], ..task() };
    let documents: Vec<_> = (0..5000).map(document).collect();
    queue::enqueue_all(&mut conn, &documents).await.unwrap();
    let other = tenant(&mut conn, None).await;
    enqueue_of(&mut conn, other, 1).await;
    let native = take(&mut conn, &me, 5000).await;
    assert_eq!(native.len(), 2501);
    assert!(native[..2].iter().any(|lease| lease.task.tenant == other), "another tenant does not wait for all of them");
    let claimed: Vec<_> = native.iter().filter_map(|lease| lease.task.document).collect();
    let expected: Vec<_> =
        documents.iter().filter(|task| task.lane == Lane::Native).filter_map(|task| task.document).collect();
    assert_eq!(claimed, expected);
    assert_eq!(take_in(&mut conn, &me, Lane::Office, 5000).await.len(), 2500);
}

#[tokio::test]
async fn a_tenant_with_a_limit_runs_no_more_than_that_and_others_pass_it() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    let (limited, free) = (tenant(&mut conn, Some(2)).await, tenant(&mut conn, None).await);
    enqueue_of(&mut conn, limited, 10).await;
    enqueue_of(&mut conn, free, 10).await;
    let mut running = Vec::new();
    for _ in 0..10 {
        running.extend(take(&mut conn, &me, 4).await);
    }
    let held: Vec<_> = running.iter().filter(|lease| lease.task.tenant == limited).collect();
    assert_eq!((held.len(), running.len()), (2, 12));
    assert_eq!(database.count("select count(*) from tasks where state = 'limited'").await, 8);
    // The end of one lets the next go on.
    end(&mut conn, held[0], How::Succeeded).await.unwrap();
    assert_eq!(database.count("select count(*) from tasks where state = 'ready'").await, 1);
    assert_eq!(take(&mut conn, &me, 4).await.len(), 1);
    assert_eq!(rescue::release_limited(&mut conn).await.unwrap(), 0);
    // So does a higher limit, and none at all.
    sqlx::query("update tenants set running_max = 4").execute(&mut conn).await.unwrap();
    assert_eq!(rescue::release_limited(&mut conn).await.unwrap(), 2);
    sqlx::query("update tenants set running_max = null").execute(&mut conn).await.unwrap();
    assert_eq!(rescue::release_limited(&mut conn).await.unwrap(), 5);
    assert_eq!(take(&mut conn, &me, 40).await.len(), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_claim_at_once_keep_to_the_limit_of_a_tenant_together() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let limited = tenant(&mut conn, Some(3)).await;
    enqueue_of(&mut conn, limited, 60).await;
    let mut claimers = Vec::new();
    for _ in 0..6 {
        let mut conn = database.connect().await;
        claimers.push(tokio::spawn(async move {
            let me = register(&mut conn, seconds(60)).await;
            let mut taken = 0;
            for _ in 0..5 {
                taken += take(&mut conn, &me, 2).await.len();
            }
            taken
        }));
    }
    let mut taken = 0;
    for claimer in claimers {
        taken += claimer.await.unwrap();
    }
    assert_eq!(taken, 3);
}

#[tokio::test]
async fn a_paused_lane_hands_out_nothing_until_it_is_opened_again() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    enqueue(&mut conn, 0).await;
    database.execute("update lanes set paused_at = now() where lane = 'native'").await;
    assert!(take(&mut conn, &me, 1).await.is_empty());
    database.execute("update lanes set paused_at = null").await;
    assert_eq!(take(&mut conn, &me, 1).await.len(), 1);
}

#[tokio::test]
async fn a_claim_that_begins_in_the_middle_of_the_line_leaves_alone_what_stands_before() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let me = register(&mut conn, seconds(60)).await;
    let mut jobs: Vec<JobId> = Vec::new();
    for _ in 0..4 {
        jobs.push(enqueue(&mut conn, 0).await);
    }
    let keys: Vec<i64> =
        sqlx::query_scalar("select order_key from tasks order by order_key").fetch_all(&mut conn).await.unwrap();
    let from_third = Want { lane: Lane::Native, count: 9, start: keys[2] };
    let claimed = step(&mut conn, me.id, &[], &[from_third]).await.unwrap().claimed;
    assert_eq!(claimed.iter().map(|lease| lease.task.job).collect::<Vec<_>>(), jobs[2..]);
    assert_eq!(take(&mut conn, &me, 9).await.len(), 2);
}

//! What the views say of a service in trouble, and of one that works.

use super::{column, operator, reader, rows, sample, value};
use crate::support::{
    Database, Site, documents,
    scripted::{enqueue, register, take},
    wait::seconds,
};

#[tokio::test]
async fn the_queue_counts_by_lane_and_tells_who_serves_it() {
    let database = sample().await;
    let mut conn = reader(&database).await;
    let queue = "select lane, ready, running, later, limited, oldest >= interval '6 min', workers, slots, paused_at from ops.queue";
    assert_eq!(
        column(&mut conn, queue).await,
        ["(browser,1,0,0,0,t,0,0,)", "(native,0,2,0,2,,1,2,)", "(ocr,0,0,0,0,,0,0,)", "(office,1,1,1,0,t,1,2,)"]
    );
}

#[tokio::test]
async fn whatever_does_not_move_is_told_with_its_reason() {
    let database = sample().await;
    let mut conn = reader(&database).await;
    let stuck = column(&mut conn, "select what, reason from ops.stuck order by 1, 2").await.join("\n");
    for reason in [
        "lane,\"No live worker has slots for this lane.",
        "tenant,\"It runs as many tasks as its limit of 1 allows.",
        "worker,\"The lease of the worker on render-3 (pid 998) ran out",
        "task,\"The convert task has been running for",
        "job,\"Its open documents: 1. Nothing of it is in the queue.",
        "job,\"It was deleted, and nothing in the queue will remove its files.",
    ] {
        assert!(stuck.contains(reason), "{reason} is not in:\n{stuck}");
    }
    assert_eq!(stuck.lines().count(), 6, "{stuck}");
}

#[tokio::test]
async fn rarer_reasons_are_told_as_well() {
    for (harm, reason) in [
        ("update lanes set paused_at = now() where lane = 'office'", "The lane has been paused since"),
        ("delete from workers where host = 'render-3'", "held by a worker that is not registered"),
        ("update tasks set run_at = now() - interval '5 min' where state = 'later'", "whose wait is over; nobody has made them ready"),
        ("update tasks set run_at = now() + interval '1 h' where state = 'later'", "wait for a time far ahead"),
        ("update jobs set deleted_at = now() - interval '1 min' where id = '0199f3a0-1201-7000-8000-000000000000'", "nothing in the queue will remove"),
        ("update workers set draining_since = now()", "Every live worker of this lane is draining"),
        ("select setval('task_fences', 2)", "A fence may never repeat"),
        ("update jobs set expires_at = now() - interval '1 h' where state = 'completed'", "nobody has deleted"),
        ("alter table tasks set (autovacuum_enabled = false)", "gets slower by the hour"),
        ("with told as (update tasks set cancel_requested = true where state = 'running' and lane = 'office' returning job_id)
          update jobs set cancel_requested_at = now() - interval '1 min' from told where jobs.id = told.job_id", "told to stop and still runs"),
    ] {
        let database = sample().await;
        database.execute(harm).await;
        let stuck = column(&mut reader(&database).await, "select reason from ops.stuck").await.join("\n");
        assert!(stuck.contains(reason), "{harm}: {reason} is not in:\n{stuck}");
    }
}

#[tokio::test]
async fn a_session_that_is_idle_in_a_transaction_is_seen_without_what_it_asked() {
    let database = Database::migrated().await;
    let mut idle = database.connect().await;
    sqlx::raw_sql("begin isolation level repeatable read; select 'secret'").execute(&mut idle).await.unwrap();
    let mut conn = reader(&database).await;
    let sessions = column(&mut conn, "select state, idle is not null, snapshot >= 0 from ops.sessions()").await;
    assert_eq!(sessions, ["(\"idle in transaction\",t,t)"]);
    let health = "select verdict, value <> 'none' from ops.health where \"check\" = 'longest idle in a transaction'";
    assert_eq!(column(&mut conn, health).await, ["(ok,t)"]);
    assert!(!column(&mut conn, "select * from ops.sessions()").await.join("").contains("secret"));
}

#[tokio::test]
async fn failures_carry_their_attempts_and_whether_a_retry_makes_sense() {
    let database = sample().await;
    let mut conn = reader(&database).await;
    let failures =
        "select file_name, error_code, fault, engine, attempts, can_retry from ops.failures order by failed_at desc";
    let failures = column(&mut conn, failures).await;
    assert_eq!(failures.len(), 5);
    assert_eq!(
        failures[0],
        "(huge.xlsx,timeout,timed-out,libreoffice,\"office retried on render-1 (timed-out), office retried on render-1 (timed-out), \
         office failed on render-1 (timed-out)\",t)"
    );
    assert!(failures[3].contains("option") && failures[3].ends_with(",f)"), "{}", failures[3]);
}

#[tokio::test]
async fn throughput_counts_what_ended_and_its_percentile_is_within_five_percent() {
    let database = sample().await;
    let mut conn = reader(&database).await;
    let hours = "select kind, lane, sum(ended), sum(succeeded), sum(warning), sum(failed), sum(canceled), sum(again)
                 from ops.throughput where per = 'hour' group by kind, lane order by kind, lane";
    assert_eq!(
        column(&mut conn, hours).await,
        [
            "(assemble,native,40,40,0,0,0,0)",
            "(convert,native,2,0,0,2,0,0)",
            "(convert,office,43,40,0,1,0,2)",
            "(job,,45,36,4,4,1,0)"
        ]
    );
    let minutes = "select count(*) from ops.throughput where per = 'minute' and kind = 'assemble' and ended = 1
                   and p95 between interval '60 ms' and interval '63 ms'";
    assert_eq!(value::<i64>(&mut conn, minutes).await, 40);
}

#[tokio::test]
async fn a_claimed_task_is_shown_with_the_worker_that_holds_it() {
    let database = Database::migrated().await;
    let mut worker = database.connect().await;
    let me = register(&mut worker, seconds(60)).await;
    let job = enqueue(&mut worker, 0).await;
    take(&mut worker, &me, 1).await;
    let mut conn = reader(&database).await;
    let running = column(&mut conn, "select job, kind, lane, attempt, host, pid, worker from ops.running").await;
    assert_eq!(running, [format!("({job},test,native,1,here,1,{})", me.id)]);
    assert_eq!(
        column(&mut conn, "select worker, state, slots, running from ops.workers").await,
        [format!("({},working,\"native 2\",1)", me.id)]
    );
}

#[tokio::test]
async fn a_job_of_a_real_service_is_found_by_its_name_and_nothing_is_stuck() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done =
        client.convert_with("?name=claim", &[("DOC.PASSWORD", "hidden-password")], &[documents::text("a.txt")]).await;
    let mut conn = operator(&site.db).await;
    let job = format!(
        "select name, tenant, state, outcome, documents, converted, open, tasks from ops.jobs where job = '{}'",
        done.job
    );
    assert_eq!(column(&mut conn, &job).await, ["(claim,default,completed,success,1,1,0,)"]);
    let attempts = format!(
        "select kind, ending, engine is not null from ops.attempts where id = ops.job_id('{}') order by fence",
        done.job
    );
    assert_eq!(column(&mut conn, &attempts).await, ["(convert,succeeded,t)", "(assemble,succeeded,t)"]);
    assert_eq!(column(&mut conn, "select * from ops.stuck").await, Vec::<String>::new());
    let well = "select \"check\" from ops.health where verdict = 'look'";
    assert_eq!(column(&mut conn, well).await, Vec::<String>::new());
    for view in ["jobs", "failures", "attempts", "running", "stuck", "health"] {
        let shown = column(&mut conn, &format!("select * from ops.{view}")).await.join("\n");
        assert!(!shown.contains("hidden-password"), "ops.{view}: {shown}");
    }
}

#[tokio::test]
async fn a_look_at_a_job_by_its_name_reads_no_other() {
    let database = sample().await;
    let mut conn = database.connect().await;
    let plan = rows(&mut conn, "explain select * from ops.jobs where job = 'job_3ev8bqwp6q6i8ajewvm9eha8'").await;
    let plan: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, 0)).collect();
    assert!(plan.join("\n").contains("jobs_name"), "{plan:#?}");
}

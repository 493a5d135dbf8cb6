//! A statement that is committed and whose answer is lost with the connection.

use super::finish_all;
use crate::support::{Process, Site, documents, until, wait::seconds};

#[tokio::test]
async fn a_worker_whose_registration_was_committed_but_not_answered_works_all_the_same() {
    let site = Site::new().await;
    let id = "01a20abc-a90d-7166-af25-9e61b07b723d";
    let register = format!(
        "insert into workers (id, host, pid, version, slots, alive_until)
         values ('{id}', 'here', 1, '0', '{{}}', now() + interval '15 s')"
    );
    site.db.run(&register).await;
    let env = vec![
        ("DATABASE_URL".to_owned(), site.db.url.clone()),
        ("BINDERY_DATA".to_owned(), site.folder.path().display().to_string()),
    ];
    let work = Process::start("work", &["work", "--id", id], &env, site.folder.path());
    work.says("working", seconds(10)).await;
}

#[tokio::test]
async fn a_claim_that_was_committed_but_not_answered_is_found_after_the_connection_broke() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.start("work", &[("BINDERY_SLOTS", "office=1")]);
    work.says("working", seconds(10)).await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    // The claim waits for the table, its task becomes claimed, and the connection breaks before it has an answer.
    let mut conn = site.db.connect().await;
    let mut tx = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::raw_sql(
        "lock table tasks in access exclusive mode;
         update tasks set state = 'running', worker_id = (select id from workers), fence = nextval('task_fences'),
                          claimed_at = now(), attempt = 1",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    until("the worker waits for the table", seconds(10), async || {
        let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
        (site.db.count(cut).await > 0).then_some(())
    })
    .await;
    tx.commit().await.unwrap();
    work.says("claimed without an answer", seconds(10)).await;
    let _other = site.work();
    until("the task runs elsewhere", seconds(35), async || {
        (site.db.count("select count(*) from jobs where state = 'completed'").await == 1).then_some(())
    })
    .await;
    finish_all(&client, &site.db, &[job]).await;
}

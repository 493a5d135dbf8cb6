use super::{finish_all, refused, submit, submit_all};
use crate::support::{Cluster, Database, Site, documents};

/// Has the first writes of a kind fail as the database does when transactions get into each other's way.
async fn collide(db: &Database, name: &str, event: &str, code: &str, times: u32) {
    let statements = [
        // A sequence is not rolled back with the transaction, so it counts what failed.
        format!("create sequence {name}_seen"),
        format!(
            "create function {name}() returns trigger language plpgsql as $$
             begin
                 if nextval('{name}_seen') <= {times} then
                     raise exception 'planned' using errcode = '{code}';
                 end if;
                 return new;
             end $$"
        ),
        format!("create trigger {name} before {event} for each row execute function {name}()"),
    ];
    for statement in statements {
        db.run(&statement).await;
    }
}

#[tokio::test]
async fn what_is_rolled_back_for_its_timing_is_done_again_without_the_client_noticing() {
    let site = Site::new().await;
    collide(&site.db, "create_collides", "insert on jobs", "40001", 3).await;
    collide(&site.db, "add_collides", "insert on documents", "40P01", 3).await;
    collide(&site.db, "convert_collides", "update on documents", "40001", 2).await;
    collide(&site.db, "publish_collides", "insert on results", "40001", 2).await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let job = client.begin(&[documents::text("a.txt")]).await;
    finish_all(&client, &site.db, &[job]).await;
    assert_eq!(site.db.count("select count(*) from attempts where ending not in ('succeeded')").await, 0);
    assert_eq!(site.db.count("select count(*) from documents").await, 1);
}

#[tokio::test]
async fn what_keeps_being_rolled_back_is_refused_with_a_time_to_try_again() {
    let site = Site::new().await;
    collide(&site.db, "create_collides", "insert on jobs", "40001", 100).await;
    let (_serve, client) = site.serve().await;
    refused(&client.post("/jobs").await);
    assert!(site.db.count("select last_value from create_collides_seen").await > 3, "it was tried more than once");
    site.db.execute("drop trigger create_collides on jobs").await;
    client.create().await;
}

#[tokio::test]
async fn under_serialisable_isolation_a_load_completes_and_nobody_sees_an_internal_error() {
    let cluster = Cluster::start_with(&["default_transaction_isolation=serializable"]).await;
    let site = Site::on(cluster.database().await);
    let (_serve, client) = site.serve().await;
    let _workers = [site.work(), site.work()];
    let mut jobs = submit_all(&client, 0..16).await;
    jobs.push(submit(&client, &documents::text("last.txt")).await);
    finish_all(&client, &site.db, &jobs).await;
}

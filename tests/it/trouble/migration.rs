use bindery::storage::migrate;
use refinery_core::Migration;
use sqlx::Connection;

use super::{finish_all, stored, submit_all};
use crate::support::{Database, Site, until, wait::seconds};

/// The schema of a later version: ours with one more migration.
fn later() -> Vec<Migration> {
    let sql = "alter table jobs add column later text; create index jobs_later_idx on jobs (later);
               alter table documents add column later text; create table later_things (id bigint)";
    let version = migrate::version() + 1;
    let mut migrations = migrate::known();
    migrations.push(Migration::unapplied(&format!("V{version}__later"), sql).unwrap());
    migrations
}

#[tokio::test]
async fn a_migration_under_load_waits_for_a_long_transaction_without_holding_up_the_queue() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    // As somebody's report does: as long as it runs, no table that it has read can be changed.
    let mut reader = site.db.connect().await;
    let mut report = reader.begin().await.unwrap();
    sqlx::query("select count(*) from jobs").execute(&mut *report).await.unwrap();
    let migrating = async {
        stored(&site.db, 3).await;
        migrate::migrate_to(&mut site.db.connect().await, &later()).await.unwrap()
    };
    let working = async {
        let jobs = submit_all(&client, 0..12).await;
        // The migration has not got in yet, and the work goes on beside it.
        finish_all(&client, &site.db, &jobs).await;
        let applied =
            "select count(*) from information_schema.columns where table_schema = 'public' and column_name = 'later'";
        assert_eq!(site.db.count(applied).await, 0, "the report is still running");
        let slowest = "select extract(epoch from max(completed_at - started_at))::bigint from jobs";
        assert!(site.db.count(slowest).await < 15);
        report.commit().await.unwrap();
        jobs
    };
    let (applied, mut jobs) = tokio::join!(migrating, working);
    assert_eq!(applied.len(), 1);
    // Old programs on the new schema.
    jobs.extend(submit_all(&client, 12..16).await);
    finish_all(&client, &site.db, &jobs).await;
}

#[tokio::test]
async fn a_program_that_is_older_than_the_schema_starts_works_and_migrates_nothing() {
    let site = Site::new().await;
    migrate::migrate_to(&mut site.db.connect().await, &later()).await.unwrap();
    let mut again = site.start("migrate", &[]);
    assert!(again.ended(seconds(20)).await.success(), "{}", again.output());
    assert!(again.output().contains("0 migrations applied"), "{}", again.output());
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let jobs = submit_all(&client, 0..2).await;
    finish_all(&client, &site.db, &jobs).await;
}

#[tokio::test]
async fn programs_that_are_newer_than_the_schema_say_so_and_begin_when_it_is_migrated() {
    let site = Site::on(Database::empty().await);
    let (mut serve, mut work) = (site.start("serve", &[]), site.start("work", &[]));
    for process in [&serve, &work] {
        process.says("waiting for the migration", seconds(20)).await;
        process.says("bindery migrate", seconds(1)).await;
    }
    assert!(serve.is_running() && work.is_running() && serve.url().is_none());
    let mut migrate = site.start("migrate", &[]);
    assert!(migrate.ended(seconds(20)).await.success(), "{}", migrate.output());
    let client = until("the API serves", seconds(5), async || serve.url()).await;
    let client = crate::support::Client::new(&client);
    let jobs = submit_all(&client, 0..2).await;
    finish_all(&client, &site.db, &jobs).await;
    assert_eq!(serve.output().matches("waiting for the migration").count(), 1, "it says so once in a while");
}

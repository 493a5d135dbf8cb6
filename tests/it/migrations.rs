//! The schema from nothing, by several at once, and twice.

use bindery::storage::{self, migrate};

use crate::support::Database;

#[tokio::test]
async fn an_empty_database_gets_the_whole_schema_and_a_second_run_applies_nothing() {
    let database = Database::empty().await;
    let mut conn = database.connect().await;
    let applied = storage::migrate(&mut conn).await.unwrap();
    assert_eq!(applied.len(), migrate::known().len());
    assert!(applied.iter().any(|name| name.contains("create_jobs")), "{applied:?}");
    assert!(storage::migrate(&mut conn).await.unwrap().is_empty());
    migrate::check(&mut conn).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_at_once_take_turns_and_each_migration_is_applied_once() {
    let database = Database::empty().await;
    let mut runs = Vec::new();
    for _ in 0..8 {
        let mut conn = database.connect().await;
        runs.push(tokio::spawn(async move { storage::migrate(&mut conn).await.unwrap().len() }));
    }
    let mut applied = 0;
    for run in runs {
        applied += run.await.unwrap();
    }
    assert_eq!(applied, migrate::known().len());
}

#[tokio::test]
async fn every_table_every_view_and_every_column_has_a_comment() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    let bare: Vec<String> = sqlx::query_scalar(
        "select class.relname || coalesce('.' || attribute.attname, '')
         from pg_class as class
              left join pg_attribute as attribute
                   on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
         where class.relnamespace in ('public'::regnamespace, 'ops'::regnamespace) and class.relkind in ('r', 'p', 'v')
               and class.relname <> 'refinery_schema_history'
               and (col_description(class.oid, attribute.attnum) is null or obj_description(class.oid) is null)
         order by 1",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert_eq!(bare, Vec::<String>::new(), "without a comment");
    assert!(database.count("select count(*) from pg_tables where schemaname = 'public'").await >= 9);
}

#[tokio::test]
async fn every_function_and_every_schema_has_a_comment() {
    let database = Database::migrated().await;
    let bare = "select count(*) from pg_proc
                where pronamespace in ('ops'::regnamespace, 'turns'::regnamespace, 'public'::regnamespace)
                      and obj_description(oid, 'pg_proc') is null";
    assert_eq!(database.count(bare).await, 0);
    let bare = "select count(*) from pg_namespace
                where nspname !~ '^(pg_|information_schema)' and obj_description(oid, 'pg_namespace') is null";
    assert_eq!(database.count(bare).await, 0);
}

#[tokio::test]
async fn every_constraint_has_a_name_that_says_its_table() {
    let database = Database::migrated().await;
    let unnamed = "select count(*) from pg_constraint as c join pg_class as t on t.oid = c.conrelid
                   where c.connamespace = 'public'::regnamespace and t.relname <> 'refinery_schema_history'
                         and c.contype in ('c', 'f', 'p', 'u') and not starts_with(c.conname, t.relname || '_')";
    assert_eq!(database.count(unnamed).await, 0);
}

#[tokio::test]
async fn a_schema_that_is_missing_or_older_is_refused() {
    let database = Database::empty().await;
    let mut conn = database.connect().await;
    let refused = migrate::check(&mut conn).await.unwrap_err();
    assert!(matches!(refused, storage::Error::Schema { found: 0, .. }), "{refused}");
    storage::migrate(&mut conn).await.unwrap();
    let newest = migrate::version();
    sqlx::query("delete from refinery_schema_history where version = $1")
        .bind(newest)
        .execute(&mut conn)
        .await
        .unwrap();
    let before =
        migrate::known().iter().map(|known| known.version()).filter(|version| *version < newest).max().unwrap();
    let refused = migrate::check(&mut conn).await.unwrap_err();
    assert!(
        matches!(refused, storage::Error::Schema { found, needed } if found == before && needed == newest),
        "{refused}"
    );
    assert!(refused.to_string().contains("bindery migrate"), "{refused}");
}

#[tokio::test]
async fn a_newer_schema_is_accepted_since_old_and_new_programs_run_side_by_side() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    sqlx::query("insert into refinery_schema_history (version, name, applied_on, checksum) values ($1, 'later', '2030-01-01T00:00:00Z', '1')")
        .bind(migrate::version() + 1)
        .execute(&mut conn)
        .await
        .unwrap();
    migrate::check(&mut conn).await.unwrap();
}

#[tokio::test]
async fn documents_that_are_there_when_their_counting_comes_are_counted_and_so_are_those_that_follow() {
    let database = Database::migrated().await;
    let mut conn = database.connect().await;
    // As it was before.
    for statement in [
        "drop trigger documents_count on documents",
        "drop function count_documents",
        "alter table jobs drop column documents",
        "alter table documents drop column rung",
        "alter table results drop column rung",
        "alter table documents drop column body",
        "drop table profile_versions, profiles",
        "alter table jobs drop column profile_version",
        "drop table recognitions, drawings",
        "alter table jobs drop column pages, drop column pages_open",
        "delete from refinery_schema_history where version >= 14",
        "insert into jobs (id, tenant_id, workflow, profile, expires_at)
         select md5(number::text)::uuid, (select id from tenants), 'Conversion', 'default', now() from generate_series(1, 3) as number",
    ] {
        sqlx::query(statement).execute(&mut conn).await.unwrap();
    }
    let add = "insert into documents (id, job_id, ordinal, file_name, bytes, sha256, blob)
               select gen_random_uuid(), md5(number::text)::uuid, $1 + place, 'a', 0, sha256(''), 'none'
               from generate_series(1, 2) as number, generate_series(1, number) as place";
    sqlx::query(add).bind(0).execute(&mut conn).await.unwrap();
    let counted = "select documents from jobs order by array_position(array[md5('1'), md5('2'), md5('3')], replace(id::text, '-', ''))";
    storage::migrate(&mut conn).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i32>(counted).fetch_all(&mut conn).await.unwrap(), [1, 2, 0]);
    sqlx::query(add).bind(10).execute(&mut conn).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i32>(counted).fetch_all(&mut conn).await.unwrap(), [2, 4, 0]);
}

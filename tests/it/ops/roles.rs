//! What each role may and may not, and how roles come to be.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{column, operator, reader, refusal, rows, sample, value};
use crate::support::Database;

const VIEWS: &str =
    "select relname from pg_class where relnamespace = 'ops'::regnamespace and relkind = 'v' order by 1";

#[tokio::test]
async fn a_reader_reads_every_view_but_that_with_the_output_of_engines() {
    let database = sample().await;
    let mut conn = reader(&database).await;
    for row in rows(&mut conn, VIEWS).await {
        let view: String = sqlx::Row::get(&row, 0);
        if view == "attempts" {
            assert!(refusal(&mut conn, "select * from ops.attempts").await.contains("permission denied"));
        } else {
            rows(&mut conn, &format!("select * from ops.{view}")).await;
        }
    }
}

#[tokio::test]
async fn neither_role_reads_or_writes_a_table_or_draws_a_fence() {
    let database = sample().await;
    let tables = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'turns')";
    let tables = column(&mut database.connect().await, tables).await;
    assert!(tables.len() >= 9, "{tables:?}");
    for mut conn in [reader(&database).await, operator(&database).await] {
        for table in &tables {
            let table = table.trim_matches(['(', ')']);
            assert!(refusal(&mut conn, &format!("select * from {table}")).await.contains("permission denied"));
            assert!(refusal(&mut conn, &format!("delete from {table}")).await.contains("permission denied"));
        }
        assert!(refusal(&mut conn, "select nextval('task_fences')").await.contains("permission denied"));
        assert!(refusal(&mut conn, "create table ops.mine ()").await.contains("permission denied"));
    }
}

#[tokio::test]
async fn no_view_shows_a_password_or_where_a_file_lies() {
    let database = sample().await;
    let mut conn = operator(&database).await;
    for row in rows(&mut conn, VIEWS).await {
        let view: String = sqlx::Row::get(&row, 0);
        let shown = column(&mut conn, &format!("select * from ops.{view}")).await.join("\n");
        assert!(!shown.contains("hidden"), "ops.{view} shows {shown}");
    }
}

#[tokio::test]
async fn only_an_operator_may_throw_a_switch_and_nobody_may_use_their_parts() {
    let database = sample().await;
    let switches =
        "select oid::regprocedure::text, provolatile = 'v' from pg_proc where pronamespace = 'ops'::regnamespace";
    let mut conn = database.connect().await;
    for row in rows(&mut conn, switches).await {
        let (function, acts): (String, bool) = (sqlx::Row::get(&row, 0), sqlx::Row::get(&row, 1));
        let is_part =
            ["ops.lock_job", "ops.check_lane", "ops.grant_roles"].iter().any(|part| function.starts_with(part));
        let may = format!(
            "select array[has_function_privilege('bindery_reader', '{function}', 'execute'),
                          has_function_privilege('bindery_operator', '{function}', 'execute')]"
        );
        let may: Vec<bool> = value(&mut conn, &may).await;
        assert_eq!(may, [!acts, !is_part], "{function}");
    }
}

#[tokio::test]
async fn a_definer_function_names_its_search_path_and_does_not_look_into_public() {
    let database = Database::migrated().await;
    let loose = "select count(*) from pg_proc
                 where pronamespace = 'ops'::regnamespace and prosecdef
                       and not coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false)";
    assert_eq!(database.count(loose).await, 0);
}

/// A role that owns a database and may not make roles, as on a managed server.
async fn modest_owner(database: &Database) -> (String, PgConnection) {
    let owner = format!("owner_{}", uuid::Uuid::new_v4().simple());
    let mut conn = database.connect().await;
    for statement in [
        format!("create role {owner} login nosuperuser nocreaterole"),
        format!("alter database {} owner to {owner}", database.options.get_database().unwrap()),
        format!("grant all on schema public to {owner}"),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut conn).await.unwrap();
    }
    let conn = PgConnection::connect_with(&database.options.clone().username(&owner)).await.unwrap();
    (owner, conn)
}

/// Removes roles that a test made, which belong to the whole server.
async fn forget(database: &Database, roles: &[&str]) {
    let mut conn = database.connect().await;
    for role in roles {
        for statement in [
            format!("reassign owned by {role} to current_user"),
            format!("drop owned by {role}"),
            format!("drop role {role}"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut conn).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_owner_that_may_not_make_roles_migrates_all_the_same_and_is_told_what_is_left_to_do() {
    let database = Database::empty().await;
    let (owner, mut conn) = modest_owner(&database).await;
    bindery::storage::migrate(&mut conn).await.unwrap();
    let (looks, acts) = (format!("looks_{owner}"), format!("acts_{owner}"));
    let grant = format!("select ops.grant_roles('{looks}', '{acts}')");
    let told: String = value(&mut conn, &grant).await;
    assert!(told.contains(&format!("create role {looks} nologin; create role {acts} nologin;")), "{told}");
    // Somebody who may does what the sentence says, and then the owner grants.
    for role in [&looks, &acts] {
        rows(&mut database.connect().await, &format!("create role {role} nologin")).await;
    }
    let told: String = value(&mut conn, &grant).await;
    assert!(told.contains("may look") && told.contains("may also act"), "{told}");
    assert_eq!(value::<String>(&mut conn, &grant).await, told, "granting again changes nothing");
    let mut conn = super::conn_as(&database, &acts).await;
    rows(&mut conn, "select * from ops.jobs").await;
    assert!(value::<String>(&mut conn, "select ops.pause('ocr')").await.contains("paused"));
    assert_eq!(rows(&mut super::conn_as(&database, &looks).await, "select * from ops.stuck").await.len(), 0);
    forget(&database, &[&looks, &acts, &owner]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_databases_of_one_server_may_make_the_same_roles_at_once() {
    let (looks, acts) =
        (format!("looks_{}", uuid::Uuid::new_v4().simple()), format!("acts_{}", uuid::Uuid::new_v4().simple()));
    let mut databases = Vec::new();
    for _ in 0..4 {
        databases.push(Database::migrated().await);
    }
    let mut running = Vec::new();
    for database in &databases {
        let mut conn = database.connect().await;
        let grant = format!("select ops.grant_roles('{looks}', '{acts}')");
        running.push(tokio::spawn(async move { value::<String>(&mut conn, &grant).await }));
    }
    for granted in running {
        assert!(granted.await.unwrap().contains("may look"));
    }
    let told = format!("select shobj_description('{looks}'::regrole, 'pg_authid')");
    assert!(value::<String>(&mut databases[0].connect().await, &told).await.contains("Looks"));
    for database in &databases {
        rows(&mut super::conn_as(database, &looks).await, "select * from ops.queue").await;
        rows(&mut database.connect().await, &format!("drop owned by {looks}, {acts}")).await;
    }
    forget(&databases[0], &[&looks, &acts]).await;
}

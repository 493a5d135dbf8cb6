use sqlx::{AssertSqlSafe, Row};

use crate::support::{Answer, Client, Database, Site, documents};

fn ids(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    list.as_array().unwrap().iter().map(|job| job["jobId"].as_str().unwrap().to_owned()).collect()
}

/// The path of the next page under the base path, if the answer leads to one.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    if link.is_empty() {
        return None;
    }
    let (target, relation) = link.split_once(';').unwrap();
    assert_eq!(relation.trim(), "rel=\"next\"");
    let target = target.strip_prefix('<').unwrap().strip_suffix('>').unwrap();
    Some(target.strip_prefix("/conversion/v1.0/rest").unwrap().to_owned())
}

/// The jobs of all pages, from a path on.
async fn walk(client: &Client, path: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = Some(path.to_owned());
    while let Some(here) = path {
        let answer = client.get(&here).await.expect(200);
        pages.push(ids(&answer));
        path = next(&answer);
    }
    pages
}

#[tokio::test]
async fn pages_lead_from_one_to_the_next_and_together_have_each_job_once() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let mut jobs = Vec::new();
    for _ in 0..7 {
        jobs.push(client.create().await);
    }
    let pages = walk(&client, "/jobs?limit=3").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(pages.concat(), jobs);
    // No page without jobs at the end.
    assert_eq!(walk(&client, "/jobs/?limit=7").await, std::slice::from_ref(&jobs));
    assert_eq!(ids(&client.get(&format!("/jobs?after={}", jobs[4])).await), jobs[5..]);
    let all = client.get("/jobs").await;
    assert_eq!((ids(&all), all.header("link")), (jobs, ""));
}

#[tokio::test]
async fn a_page_stands_where_it_stood_while_jobs_come_and_go() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let mut jobs = Vec::new();
    for _ in 0..6 {
        jobs.push(client.create().await);
    }
    let first = client.get("/jobs?limit=2").await.expect(200);
    assert_eq!(ids(&first), jobs[..2]);
    // The last job of the page, one before it and one after it go; others come.
    for gone in [1, 0, 4] {
        client.delete(&format!("/jobs/{}", jobs[gone])).await.expect(204);
    }
    let added = [client.create().await, client.create().await];
    let rest = walk(&client, &next(&first).unwrap()).await.concat();
    assert_eq!(rest, [jobs[2].as_str(), &jobs[3], &jobs[5], &added[0], &added[1]]);
}

#[tokio::test]
async fn jobs_are_listed_by_state_and_by_workflow_page_by_page() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let archive = "?workflow=Archive%20PDF/A-2";
    let mut jobs = Vec::new();
    for query in ["?workflow=Conversion", archive, "?workflow=Conversion", archive, "?workflow=Conversion"] {
        jobs.push(client.create_with(query, &[]).await);
    }
    let of = |numbers: &[usize]| numbers.iter().map(|number| jobs[*number].clone()).collect::<Vec<_>>();
    // Without documents a job is completed at once; with one it waits for a worker.
    client.start(&jobs[0]).await;
    client.start(&jobs[1]).await;
    client.add(&jobs[2], &documents::text("a.txt")).await;
    client.start(&jobs[2]).await;
    for (query, expected) in [
        ("state=creating", of(&[3, 4])),
        ("state=pending", of(&[2])),
        ("state=processing", of(&[])),
        ("state=completed", of(&[0, 1])),
        ("workflow=Conversion", of(&[0, 2, 4])),
        ("workflow=convert%20to%20PDF", of(&[0, 2, 4])),
        ("workflow=Archive+PDF%2FA-2", of(&[1, 3])),
        ("workflow=Conversion&state=completed", of(&[0])),
        ("workflow=Conversion&state=creating", of(&[4])),
        ("state=completed&workflow=Archive%20PDF/A-2", of(&[1])),
    ] {
        let plain = client.get(&format!("/jobs?{query}")).await.expect(200);
        assert_eq!((ids(&plain), plain.header("link")), (expected.clone(), ""), "{query}");
        let pages = walk(&client, &format!("/jobs?{query}&limit=1")).await;
        assert!(pages.iter().all(|page| page.len() <= 1));
        assert_eq!(pages.concat(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_value_that_no_list_has_is_a_bad_request_that_names_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for (query, named) in [
        ("state=done", "done"),
        ("state=", "state"),
        ("state=Completed", "Completed"),
        ("workflow=Print", "Print"),
        ("workflow=", "workflow"),
        ("limit=0", "limit"),
        ("limit=-1", "-1"),
        ("limit=ten", "ten"),
        ("limit=10001", "10000"),
        ("limit=", "limit"),
        ("after=doc_1", "doc_1"),
        ("after=", "after"),
        ("limit=1&limit=2", "limit"),
    ] {
        let detail = client.get(&format!("/jobs?{query}")).await.problem(400);
        assert!(detail.contains(named), "{query}: {detail}");
    }
    client.get("/jobs?limit=10000&after=job_1").await.expect(200);
}

/// The plan of a statement of the product for whatever values, as a server makes it that has seen it often.
async fn plan(database: &Database, sql: &str, types: &str, values: &str) -> String {
    let mut conn = database.connect().await;
    let script = format!("set plan_cache_mode = force_generic_plan; prepare list ({types}) as {sql}");
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut conn).await.unwrap();
    let explain = AssertSqlSafe(format!("explain execute list ({values})"));
    let rows = sqlx::raw_sql(explain).fetch_all(&mut conn).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn each_list_is_a_walk_along_one_index_however_many_jobs_there_are() {
    let database = Database::migrated().await;
    // Thirty thousand completed jobs, a few that wait, and a workflow that is rare. A million has the same plans.
    database
        .execute(
            "insert into jobs (id, tenant_id, workflow, profile, state, outcome, started_at, completed_at, expires_at)
             select gen_random_uuid(), '00000000-0000-0000-0000-000000000000',
                    case when number % 1000 = 0 then 'Conversion' else 'Archive PDF/A-2' end, 'default',
                    case when number % 500 = 1 then 'pending' else 'completed' end,
                    case when number % 500 <> 1 then 'success' end, now(), case when number % 500 <> 1 then now() end, now()
             from generate_series(1, 30000) as number",
        )
        .await;
    database.execute("analyze jobs").await;
    let (nil, none) = ("'00000000-0000-0000-0000-000000000000'", "null");
    for (sql, types, values, index) in [
        (
            include_str!("../../../src/storage/sql/list_jobs.sql"),
            "uuid, uuid, text, bigint",
            format!("{nil}, {nil}, {none}, 100"),
            "jobs_tenant",
        ),
        (
            include_str!("../../../src/storage/sql/list_jobs_in_state.sql"),
            "uuid, uuid, text, text, bigint",
            format!("{nil}, {nil}, 'pending', {none}, 100"),
            "jobs_open",
        ),
        (
            include_str!("../../../src/storage/sql/list_jobs_of_workflow.sql"),
            "uuid, uuid, text, text, bigint",
            format!("{nil}, {nil}, 'Conversion', {none}, 100"),
            "jobs_workflow",
        ),
    ] {
        let plan = plan(&database, sql, types, &values).await;
        assert!(plan.contains(&format!("using {index} on jobs")), "{plan}");
        assert!(!plan.contains("Sort") && !plan.contains("Seq Scan on jobs"), "in the order of the index: {plan}");
    }
}

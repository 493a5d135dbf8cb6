//! Lists of options on their way through the API into the database.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::support::{
    Client, Site,
    client::{Part, multipart},
};

type Pairs = Vec<(String, String)>;

fn to_json(options: &Pairs) -> String {
    options.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Value>().to_string()
}

/// The options of a job, or those of its one document.
async fn stored(site: &Site, job: &str, of_document: bool) -> Pairs {
    let mut conn = site.db.connect().await;
    let id: bindery::domain::JobId = job.parse().unwrap();
    let sql =
        "select name, value from job_options where job_id = $1 and (document_id is not null) = $2 order by ordinal";
    sqlx::query_as(sql).bind(id).bind(of_document).fetch_all(&mut conn).await.unwrap()
}

async fn survives(site: &Site, client: &Client, of_job: &Pairs, of_document: &Pairs) {
    let created = client.post_body("/jobs", "application/json", to_json(of_job)).await.expect(201).json();
    let job = created["jobId"].as_str().unwrap();
    let (content_type, body) = multipart(&[Part::options(&to_json(of_document)), Part::file("a.txt", "a")]);
    client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    assert_eq!(&stored(site, job, false).await, of_job);
    assert_eq!(&stored(site, job, true).await, of_document);
}

#[test]
fn lists_of_options_arrive_as_they_were_sent() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = runtime.block_on(Site::new());
    let (serve, client) = runtime.block_on(site.serve());
    // Any text but NUL, which no text column of the database holds; names repeat.
    let name = prop_oneof![Just("DOC.PASSWORD".to_owned()), "[^\0]{1,40}"];
    let list = prop::collection::vec((name, "[^\0]{0,200}"), 0..12);
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&(list.clone(), list), |(of_job, of_document)| {
        runtime.block_on(survives(&site, &client, &of_job, &of_document));
        Ok(())
    });
    ran.unwrap_or_else(|failed| panic!("{failed}"));
    drop(serve);
}

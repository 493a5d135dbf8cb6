//! Creating a job again under the same key.

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Answer, Client, Site};

fn create(client: &Client, query: &str, key: &str, body: &str) -> RequestBuilder {
    let request = client.request(Method::POST, &format!("/jobs{query}")).header("idempotency-key", key);
    request.header("content-type", "application/json").body(body.to_owned())
}

/// Checks that an answer is the problem of a key that belongs to another request.
#[track_caller]
fn conflict(answer: &Answer) {
    answer.problem(409);
    assert_eq!(answer.json()["type"], "urn:bindery:problem:idempotencyConflict");
}

const OPTIONS: &str = r#"[{"name":"DOC.PASSWORD","value":"one"},{"name":"DOC.PASSWORD","value":"two"}]"#;

#[tokio::test]
async fn the_same_request_under_the_same_key_gets_the_first_answer_on_every_instance() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    let query = "?workflow=Conversion&name=claim";
    let created = first.send(create(&first, query, "claim-4711", OPTIONS)).await.expect(201);
    first.start(created.json()["jobId"].as_str().unwrap()).await;
    for client in [&first, &second, &first] {
        let again = client.send(create(client, query, "claim-4711", OPTIONS)).await.expect(201);
        assert_eq!(again.body, created.body);
        assert_eq!(again.header("location"), created.header("location"));
    }
    assert_eq!(site.db.count("select count(*) from jobs").await, 1);
    assert_eq!(site.db.count("select count(*) from job_options").await, 2);
}

#[tokio::test]
async fn another_request_under_the_same_key_is_a_conflict() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let query = "?workflow=Conversion&profile=default&name=claim";
    client.send(create(&client, query, "key", OPTIONS)).await.expect(201);
    let turned = r#"[{"name":"DOC.PASSWORD","value":"two"},{"name":"DOC.PASSWORD","value":"one"}]"#;
    for (query, body) in [
        (query, "[]"),
        (query, turned),
        ("?workflow=Archive%20PDF/A-2&profile=default&name=claim", OPTIONS),
        ("?workflow=Conversion&name=claim", OPTIONS),
        ("?workflow=Conversion&profile=default&name=Claim", OPTIONS),
        ("?workflow=Conversion&profile=default", OPTIONS),
    ] {
        conflict(&client.send(create(&client, query, "key", body)).await);
    }
    client.send(create(&client, query, "Key", "[]")).await.expect(201);
    assert_eq!(site.db.count("select count(*) from jobs").await, 2);
}

#[tokio::test]
async fn a_key_has_one_to_255_visible_characters_and_stands_alone() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for bad in ["", "two words", "a\tb", &"k".repeat(256), "schl\u{fc}ssel"] {
        let request = client.request(Method::POST, "/jobs").header("idempotency-key", bad.as_bytes());
        let detail = client.send(request).await.problem(400);
        assert!(detail.contains("Idempotency-Key"), "{detail}");
    }
    let twice = client.request(Method::POST, "/jobs").header("idempotency-key", "a").header("idempotency-key", "b");
    client.send(twice).await.problem(400);
    assert_eq!(site.db.count("select count(*) from jobs").await, 0);
    for good in ["k", &"k".repeat(255), "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "!~"] {
        client.send(create(&client, "", good, "")).await.expect(201);
    }
}

#[tokio::test]
async fn a_creation_that_was_refused_keeps_no_key() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_MAX_OPEN_JOBS", "2")]).await;
    client.send(create(&client, "?workflow=Print", "one", "[]")).await.problem(400);
    client.send(create(&client, "", "one", "{")).await.problem(400);
    let typed = client.request(Method::POST, "/jobs").header("idempotency-key", "one");
    client.send(typed.header("content-type", "text/plain").body("[]")).await.problem(415);
    let one = client.send(create(&client, "?workflow=Conversion", "one", "[]")).await.expect(201).json();
    client.create().await;
    client.send(create(&client, "", "two", "[]")).await.problem(503);
    // What was done before is told although there are too many jobs for a new one.
    assert_eq!(client.send(create(&client, "?workflow=Conversion", "one", "[]")).await.expect(201).json(), one);
    client.delete(&format!("/jobs/{}", one["jobId"].as_str().unwrap())).await.expect(204);
    client.send(create(&client, "", "two", "[]")).await.expect(201);
}

#[tokio::test]
async fn a_job_that_is_deleted_frees_its_key() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let mut jobs = Vec::new();
    for name in ["?name=a", "?name=b", "?name=b"] {
        let job = client.send(create(&client, name, "key", "[]")).await.expect(201).json();
        let job = job["jobId"].as_str().unwrap().to_owned();
        client.delete(&format!("/jobs/{job}")).await.expect(204);
        assert!(!jobs.contains(&job));
        jobs.push(job);
    }
}

#[tokio::test]
async fn requests_at_once_on_two_instances_make_one_job_and_hold_up_no_other() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    for round in 0..5 {
        let key = format!("round-{round}");
        let requests = (0..40).map(|number| {
            let client = if number % 2 == 0 { &first } else { &second };
            // Others without a key go along in the same statements.
            let keyed = number % 4 < 2;
            let request = if keyed {
                create(client, "?name=same", &key, OPTIONS)
            } else {
                client.request(Method::POST, "/jobs?name=other")
            };
            async move { (keyed, client.send(request).await.expect(201).json()["jobId"].clone()) }
        });
        let answers = join_all(requests).await;
        let mut same: Vec<_> = answers.iter().filter(|(keyed, _)| *keyed).map(|(_, job)| job).collect();
        same.dedup();
        assert_eq!(same.len(), 1, "{same:?}");
    }
    assert_eq!(site.db.count("select count(*) from jobs where name = 'same'").await, 5);
    assert_eq!(site.db.count("select count(*) from jobs where name = 'other'").await, 100);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again() {
    let site = Site::new().await;
    let (first, client) = site.serve().await;
    let (_second, other) = site.serve().await;
    // The process dies when the job is committed, whether or not it has answered.
    let request = create(&client, "?name=claim", "key", "[]");
    let sent = tokio::spawn(async move { Client::try_send(request).await });
    crate::support::until("the job is there", crate::support::wait::seconds(10), async || {
        (site.db.count("select count(*) from jobs").await == 1).then_some(())
    })
    .await;
    first.kill();
    drop(sent.await.unwrap());
    let again = other.send(create(&other, "?name=claim", "key", "[]")).await.expect(201).json();
    assert_eq!(site.db.count("select count(*) from jobs").await, 1);
    let list = other.get("/jobs").await.json();
    assert_eq!(list, json!([again]));
}

//! Trouble with the database: what clients see, what workers do, and that nothing is lost or done twice.

mod connection;
mod disk;
mod exhausted;
mod failover;
mod fences;
mod lost_answer;
mod migration;
mod pgbouncer;
mod read_only;
mod refusal;
mod restart;
mod serialization;

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, header::CONTENT_TYPE};

use crate::support::{
    Answer, Client, Database, Document,
    client::{Part, multipart},
    documents, until,
    wait::seconds,
};

/// Most time for which a client tries again; every trouble of these tests is over before.
const PATIENCE: Duration = seconds(50);

/// The document of the job of a number; small ones of several kinds.
fn document(number: usize) -> Document {
    match number % 3 {
        0 => documents::text("a.txt"),
        1 => documents::png("b.png"),
        _ => documents::pdf("c.pdf", &[300]),
    }
}

/// An answer, or nothing when the service asks to try again; an answer that must not be is a panic.
#[track_caller]
fn answered(answer: Answer) -> Option<Answer> {
    match answer.status {
        504 => None,
        503 => {
            refused(&answer);
            None
        }
        status => {
            assert!(status < 500, "{status}: {}", answer.text());
            Some(answer)
        }
    }
}

/// Checks that an answer is a refusal that tells when to try again and nothing of what is inside.
#[track_caller]
fn refused(answer: &Answer) {
    let detail = answer.problem(503);
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 0), "{:?}", answer.headers);
    let inside = ["socket", "sqlx", "SQL", "connection", "relation", "pool", "127.0.0.1", "postgres"];
    assert!(inside.iter().all(|word| !detail.contains(word)), "nothing internal is told: {detail}");
}

/// Creates and starts a job with a document as a careful client does: what was refused is tried again, and a job of
/// which nobody knows whether it has its document is given up.
async fn submit(client: &Client, document: &Document) -> String {
    let job = until("a job with its document is accepted", PATIENCE, async || {
        let create = client.request(Method::POST, "/jobs");
        let job = answered(client.send(create).await)?.expect(201).json()["jobId"].as_str()?.to_owned();
        let (content_type, body) = multipart(&[Part::file(&document.name, document.bytes.clone())]);
        let add = client.request(Method::POST, &format!("/jobs/{job}/data")).header(CONTENT_TYPE, content_type);
        answered(client.send(add.body(body)).await)?.expect(201);
        Some(job)
    })
    .await;
    until("the job is started", PATIENCE, async || {
        let answer = answered(client.post(&format!("/jobs/{job}:start")).await)?;
        // The answer to an earlier start may have been lost.
        assert!(matches!(answer.status, 204 | 409), "{}", answer.text());
        Some(())
    })
    .await;
    job
}

/// Submits jobs of these numbers, several at once.
async fn submit_all(client: &Client, numbers: std::ops::Range<usize>) -> Vec<String> {
    let submitting = numbers.map(async |number| submit(client, &document(number)).await);
    join_all(submitting).await
}

/// Waits until so many documents are stored, so that trouble comes in the middle of work.
async fn stored(db: &Database, count: i64) {
    until("documents are stored", PATIENCE, async || {
        (db.count("select count(*) from documents").await >= count).then_some(())
    })
    .await;
}

/// The trouble is over: the API takes a job soon, and everything completes, what was accepted before too.
async fn goes_on(client: &Client, db: &Database, mut jobs: Vec<String>) {
    until("the API takes a job", seconds(5), async || {
        answered(client.post("/jobs").await).map(|answer| answer.expect(201))
    })
    .await;
    jobs.extend(submit_all(client, 0..4).await);
    finish_all(client, db, &jobs).await;
}

/// Waits for the results of jobs, and checks that each is there once and no task was done twice.
async fn finish_all(client: &Client, db: &Database, jobs: &[String]) {
    for job in jobs {
        let result = until("the job completes", PATIENCE, async || {
            Some(answered(client.get(&format!("/jobs/{job}/result")).await)?.expect(200).json())
        })
        .await;
        assert!(result["error"].is_null(), "{result}");
        assert_eq!(result["dataList"].as_array().map(Vec::len), Some(1), "{result}");
    }
    let count = i64::try_from(jobs.len()).unwrap();
    assert_eq!(db.count("select count(*) from jobs where state = 'completed' and outcome <> 'error'").await, count);
    assert_eq!(db.count("select count(*) from results").await, count, "one result each");
    let twice = "select count(*) from (select task_id from attempts where ending = 'succeeded' group by task_id having count(*) > 1) as twice";
    assert_eq!(db.count(twice).await, 0, "no task is done twice");
    until("no task is left", seconds(20), async || (db.count("select count(*) from tasks").await == 0).then_some(()))
        .await;
}

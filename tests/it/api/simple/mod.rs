//! The Simple API, with real conversions where an answer needs one.

mod connections;
mod cuts;
mod ending;
mod form;
mod hang_up;
mod listener;
mod raw_body;
mod several;
mod stream;
mod structured;

use crate::support::{Answer, Client, Process, Site, raw, until, wait::seconds};

/// A client of the Simple API, which has no prefix.
fn at_root(client: &Client) -> Client {
    Client::new(&format!("http://{}", raw::address(client)))
}

/// A service with a worker: the other API for looking things up, and the Simple API.
async fn whole(site: &Site) -> (Process, Process, Client, Client) {
    let (serve, client) = site.serve().await;
    let simple = at_root(&client);
    (serve, site.work(), client, simple)
}

/// The PDF in an answer of one file.
#[track_caller]
fn pdf(answer: &Answer) -> lopdf::Document {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/pdf");
    lopdf::Document::load_mem(&answer.body).unwrap()
}

/// Checks that an answer is a 400 in the form of `/http.input`, and gives what it says.
#[track_caller]
fn refused(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json", "{}", answer.text());
    let told = answer.json();
    assert_eq!((&told["detail"], &told["status"]), (&told["error"], &400.into()), "the members of a problem besides");
    told["error"].as_str().unwrap().to_owned()
}

/// Waits until no job is left that can be seen, and that no document is in a job that can.
async fn no_job(site: &Site) {
    until("no job is left", seconds(10), async || {
        (site.db.count("select count(*) from jobs where deleted_at is null").await == 0).then_some(())
    })
    .await;
}

/// Waits until a worker has removed all there was of any job.
async fn all_gone(site: &Site) {
    until("rows and blobs are gone", seconds(30), async || {
        let rows =
            "select (select count(*) from jobs) + (select count(*) from documents) + (select count(*) from tasks)";
        (site.db.count(rows).await == 0 && site.blob_files().is_empty()).then_some(())
    })
    .await;
}

/// Waits until so many jobs are in a state.
async fn jobs_in(site: &Site, state: &str, count: i64) {
    until(&format!("{count} jobs are {state}"), seconds(20), async || {
        let mut conn = site.db.connect().await;
        let found: i64 = sqlx::query_scalar("select count(*) from jobs where state = $1 and deleted_at is null")
            .bind(state)
            .fetch_one(&mut conn)
            .await
            .unwrap();
        (found == count).then_some(())
    })
    .await;
}

//! Adding a document again under the same key.

use std::time::Duration;

use futures_util::{future::join_all, stream};
use nix::sys::signal::Signal;
use reqwest::{
    Body, Method, RequestBuilder,
    multipart::{Form, Part as FormPart},
};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::support::{
    Answer, Client, Site,
    client::{Part, multipart},
    documents, until,
    wait::seconds,
};

fn add(client: &Client, job: &str, key: &str, parts: &[Part]) -> RequestBuilder {
    let (content_type, body) = multipart(parts);
    let request = client.request(Method::POST, &format!("/jobs/{job}/data")).header("idempotency-key", key);
    request.header("content-type", content_type).body(body)
}

/// Adds a text under a key.
async fn add_text(client: &Client, job: &str, key: &str, text: &str) -> Answer {
    client.send(add(client, job, key, &[Part::file("a.txt", text)])).await
}

/// Checks that an answer is the problem of a key that another request holds.
#[track_caller]
fn under_way(answer: &Answer) {
    answer.problem(409);
    assert_eq!(answer.json()["type"], "urn:bindery:problem:idempotencyUnderWay");
    assert_eq!(answer.header("retry-after"), "1");
}

/// An upload whose client is slow.
struct Slow {
    bytes: mpsc::Sender<&'static str>,
    answer: JoinHandle<Result<Answer, reqwest::Error>>,
}

impl Slow {
    /// Begins it, and waits until the service holds its key.
    async fn begin(site: &Site, client: &Client, job: &str, key: &str) -> Self {
        let (bytes, sent) = mpsc::channel::<&'static str>(1);
        let sent = stream::unfold(sent, async |mut sent| Some((Ok::<_, std::io::Error>(sent.recv().await?), sent)));
        let part = FormPart::stream(Body::wrap_stream(Box::pin(sent))).file_name("a.txt");
        let request = client.request(Method::POST, &format!("/jobs/{job}/data")).header("idempotency-key", key);
        let request = request.multipart(Form::new().part("data", part));
        let answer = tokio::spawn(async move { Client::try_send(request).await });
        bytes.send("these ").await.unwrap();
        until("the upload is under way", seconds(10), async || (held(site).await == 1).then_some(())).await;
        Self { bytes, answer }
    }

    /// Sends the rest and gives the answer.
    async fn end(self) -> Answer {
        self.bytes.send("bytes").await.unwrap();
        drop(self.bytes);
        self.answer.await.unwrap().unwrap()
    }
}

async fn held(site: &Site) -> i64 {
    site.db.count("select count(*) from upload_keys where held_until is not null").await
}

async fn documents(site: &Site) -> i64 {
    site.db.count("select count(*) from documents").await
}

#[tokio::test]
async fn the_same_document_under_the_same_key_is_stored_once_and_answered_alike_on_every_instance() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    let job = first.create().await;
    let parts = || [Part::file("a.txt", "these bytes"), Part::options(r#"[{"name":"DOC.PASSWORD","value":"x"}]"#)];
    let added = first.send(add(&first, &job, "key", &parts())).await.expect(201);
    let turned = || parts().into_iter().rev().collect::<Vec<_>>();
    for (client, parts) in [(&second, parts().into()), (&first, turned())] {
        assert_eq!(client.send(add(client, &job, "key", &parts)).await.expect(201).body, added.body);
    }
    first.start(&job).await;
    let late = second.send(add(&second, &job, "key", &parts())).await.expect(201);
    assert_eq!(late.body, added.body, "the first answer is given again, although the job is started by now");
    add_text(&second, &job, "other", "these bytes").await.problem(409);
    assert_eq!((documents(&site).await, site.blob_files().len()), (1, 1));
    assert_eq!(site.db.count("select count(*) from job_options").await, 1);
    assert_eq!(site.db.count("select count(*) from tasks").await, 1);
    assert_eq!(site.db.count("select documents_open::bigint from jobs").await, 1);
}

#[tokio::test]
async fn another_document_under_the_same_key_is_a_conflict_and_a_key_belongs_to_one_job() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let (job, other) = (client.create().await, client.create().await);
    let option = |value: &str| Part::options(&format!(r#"[{{"name":"DOC.PASSWORD","value":"{value}"}}]"#));
    let typed = |media_type: &str| {
        let disposition = "Content-Disposition: form-data; name=\"data\"; filename=\"a.txt\"";
        Part::raw(&format!("{disposition}\nContent-Type: {media_type}"), "bytes")
    };
    client.send(add(&client, &job, "key", &[typed("text/plain"), option("x")])).await.expect(201);
    for parts in [
        vec![
            Part::raw(
                "Content-Disposition: form-data; name=\"data\"; filename=\"a.txt\"\nContent-Type: text/plain",
                "byteS",
            ),
            option("x"),
        ],
        vec![typed("text/markdown"), option("x")],
        vec![Part::file("a.txt", "bytes"), option("x")],
        vec![typed("text/plain"), option("y")],
        vec![typed("text/plain")],
    ] {
        let answer = client.send(add(&client, &job, "key", &parts)).await;
        answer.problem(409);
        assert_eq!(answer.json()["type"], "urn:bindery:problem:idempotencyConflict");
    }
    assert_eq!((documents(&site).await, site.blob_files().len()), (1, 1));
    add_text(&client, &other, "key", "other bytes").await.expect(201);
    add_text(&client, &job, "key-2", "other bytes").await.expect(201);
    add_text(&client, &job, "", "bytes").await.problem(400);
    add_text(&client, "job_1", "key", "bytes").await.job_not_found("job_1");
    assert_eq!(documents(&site).await, 3);
}

#[tokio::test]
async fn an_upload_that_was_refused_keeps_no_key() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_MAX_UPLOAD", "1KiB")]).await;
    let job = client.create().await;
    let path = format!("/jobs/{job}/data");
    client.send(add(&client, &job, "key", &[Part::file("a.txt", "a"), Part::options("{")])).await.problem(400);
    client.send(add(&client, &job, "key", &[])).await.problem(400);
    add_text(&client, &job, "key", &"a".repeat(1025)).await.problem(413);
    let (content_type, body) = multipart(&[Part::file("a.txt", "cut off in the middle")]);
    let cut = body.get(..body.len() - 40).unwrap().to_vec();
    let request = client.request(Method::POST, &path).header("idempotency-key", "key");
    client.send(request.header("content-type", content_type).body(cut)).await.problem(400);
    let too_many: Vec<_> = (0..1001).map(|_| serde_json::json!({ "name": "a", "value": "b" })).collect();
    let parts = [Part::file("a.txt", "a"), Part::options(&serde_json::Value::from(too_many).to_string())];
    client.send(add(&client, &job, "key", &parts)).await.problem(400);
    assert_eq!(site.db.count("select count(*) from upload_keys").await, 0);
    add_text(&client, &job, "key", "at last").await.expect(201);
    client.start(&job).await;
    add_text(&client, &job, "late", "too late").await.problem(409);
    assert_eq!(site.db.count("select count(*) from upload_keys").await, 1);
    assert_eq!(documents(&site).await, 1);
}

#[tokio::test]
async fn while_an_upload_is_under_way_its_key_is_refused_on_every_instance() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    let job = first.create().await;
    let slow = Slow::begin(&site, &first, &job, "key").await;
    for client in [&first, &second] {
        under_way(&add_text(client, &job, "key", "these bytes").await);
        under_way(&add_text(client, &job, "key", "other bytes").await);
    }
    add_text(&second, &job, "another key", "these bytes").await.problem(400);
    add_text(&second, &job, "another-key", "these bytes").await.expect(201);
    let added = slow.end().await.expect(201);
    for client in [&first, &second] {
        assert_eq!(add_text(client, &job, "key", "these bytes").await.expect(201).body, added.body);
    }
    assert_eq!(documents(&site).await, 2);
}

#[tokio::test]
async fn uploads_at_once_on_two_instances_store_one_document() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    let job = first.create().await;
    for round in 1..=5 {
        let key = format!("round-{round}");
        let clients = (0..12).map(|number| if number % 2 == 0 { &first } else { &second });
        let answers = join_all(clients.map(async |client| add_text(client, &job, &key, "these bytes").await)).await;
        let (added, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        refused.iter().for_each(under_way);
        let again = add_text(&second, &job, &key, "these bytes").await.expect(201);
        assert!(!added.is_empty() && added.iter().all(|answer| answer.body == again.body));
        assert_eq!(documents(&site).await, round);
    }
    assert_eq!(held(&site).await, 0);
    assert_eq!(site.blob_files().len(), 5);
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_may_come_again() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let slow = Slow::begin(&site, &client, &job, "key").await;
    slow.answer.abort();
    drop(slow.bytes);
    // Long before its lease would run out.
    until("the key is free", seconds(5), async || (held(&site).await == 0).then_some(())).await;
    add_text(&client, &job, "key", "these bytes").await.expect(201);
    assert_eq!(documents(&site).await, 1);
}

#[tokio::test]
async fn the_key_of_a_process_that_was_killed_is_free_again_when_its_lease_has_run_out() {
    let site = Site::new().await;
    let (first, client) = site.serve().await;
    let (_second, other) = site.serve().await;
    let job = client.create().await;
    let slow = Slow::begin(&site, &client, &job, "key").await;
    first.kill();
    drop(slow);
    under_way(&add_text(&other, &job, "key", "these bytes").await);
    assert_eq!(site.db.count("select count(*) from upload_keys where held_until <= now() + interval '15 s'").await, 1);
    // As if that time had gone by.
    site.db.execute("update upload_keys set held_until = now()").await;
    let added = add_text(&other, &job, "key", "these bytes").await.expect(201);
    assert_eq!(add_text(&other, &job, "key", "these bytes").await.expect(201).body, added.body);
    assert_eq!(documents(&site).await, 1);
}

#[tokio::test]
async fn a_slow_upload_holds_its_key_for_as_long_as_it_takes() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let slow = Slow::begin(&site, &client, &job, "key").await;
    site.db.execute("update upload_keys set held_until = now() + interval '7 s'").await;
    until("the key is held for longer", Duration::from_millis(6_500), async || {
        let longer = "select count(*) from upload_keys where held_until > now() + interval '10 s'";
        (site.db.count(longer).await == 1).then_some(())
    })
    .await;
    slow.end().await.expect(201);
}

#[tokio::test]
async fn an_upload_that_was_frozen_past_its_lease_stores_nothing_beside_the_one_that_came_after_it() {
    let site = Site::new().await;
    let (frozen, client) = site.serve().await;
    let (_second, other) = site.serve().await;
    let job = client.create().await;
    let slow = Slow::begin(&site, &client, &job, "key").await;
    frozen.signal(Signal::SIGSTOP);
    site.db.execute("update upload_keys set held_until = now()").await;
    let added = add_text(&other, &job, "key", "these bytes").await.expect(201);
    frozen.signal(Signal::SIGCONT);
    under_way(&slow.end().await);
    // Whoever is asked to come again is told what has become of it.
    assert_eq!(add_text(&client, &job, "key", "these bytes").await.expect(201).body, added.body);
    assert_eq!(documents(&site).await, 1);
    until("its bytes are removed", seconds(5), async || (site.blob_files().len() == 1).then_some(())).await;
}

#[tokio::test]
async fn keys_of_documents_go_with_their_job() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    add_text(&client, &job, "key", "these bytes").await.expect(201);
    client.delete(&format!("/jobs/{job}")).await.expect(204);
    add_text(&client, &job, "key", "these bytes").await.job_not_found(&job);
    let _work = site.work();
    until("the job is purged", seconds(20), async || {
        let left = "select (select count(*) from jobs) + (select count(*) from upload_keys)";
        (site.db.count(left).await == 0).then_some(())
    })
    .await;
    let done = client.convert(&[documents::text("a.txt")]).await;
    assert_eq!(done.result["status"], "success");
}

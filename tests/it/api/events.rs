use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Site, documents,
    events::{Events, Heard},
    until,
    wait::seconds,
};

/// The same, within a time.
async fn next(events: &mut Events) -> Heard {
    let next = tokio::time::timeout(seconds(30), events.next()).await;
    next.expect("something comes").expect("the stream goes on")
}

/// The rest of a stream that ends soon.
async fn rest(events: Events) -> Vec<Heard> {
    tokio::time::timeout(seconds(60), events.rest()).await.expect("the stream ends")
}

#[tokio::test]
async fn a_job_is_followed_from_its_creation_to_its_end() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let mut events = Events::of(&client, &job).await;
    let first = next(&mut events).await.data("status");
    assert_eq!(first, client.get(&format!("/jobs/{job}")).await.json(), "it is told what the job says of itself");
    client.add(&job, &documents::text("a.txt")).await;
    let status = next(&mut events).await.data("status");
    assert!(status["status"]["message"].as_str().unwrap().contains("0 of 1"), "{status}");
    client.add(&job, &documents::text("b.txt")).await;
    client.start(&job).await;
    // Somebody who waits for the result of the same job is neither in the way nor forgotten.
    let waiting = tokio::spawn({
        let (client, job) = (client.clone(), job.clone());
        async move { client.result(&job).await }
    });
    // Work may be done so fast that nothing is told between its beginning and its end.
    let mut states = Vec::new();
    while states.last().is_none_or(|told: &Value| told["status"]["code"] == "creating") {
        states.push(next(&mut events).await.data("status"));
    }
    let _work = site.work();
    let began = Instant::now();
    let mut heard = rest(events).await;
    assert_eq!(waiting.await.unwrap()["status"], "success");
    let most = 2 + 4 * usize::try_from(began.elapsed().as_secs() + 1).unwrap();
    assert!(heard.len() <= most, "at most four a second: {heard:?}");
    let end = heard.pop().unwrap().data("completed");
    assert_eq!(end["outcome"], "success");
    states.extend(heard.into_iter().map(|one| one.data("status")));
    assert!(states.windows(2).all(|pair| pair[0] != pair[1]), "only what has changed is told: {states:?}");
    let last = states.last().unwrap();
    assert_eq!((&end["jobId"], &end["status"]), (&last["jobId"], &last["status"]));
    assert_eq!(*last, client.get(&format!("/jobs/{job}")).await.json());
}

#[tokio::test]
async fn a_job_that_has_ended_is_told_and_that_is_all() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.begin(&[]).await;
    for id in ["", "0", "completed", "1234567890"] {
        let request = client.request(Method::GET, &format!("/jobs/{job}/events")).header("last-event-id", id);
        let heard = rest(Events::open(request).await).await;
        assert_eq!(heard.len(), 2, "{heard:?}");
        let status = heard[0].clone().data("status");
        assert_eq!(status["status"]["code"], "completed");
        let end = heard[1].clone().data("completed");
        assert_eq!(end, json!({ "jobId": job, "status": status["status"], "outcome": "error" }));
    }
}

#[tokio::test]
async fn a_job_that_is_not_there_is_not_found() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for id in ["job_0000000000000000000000000", "job_1", "x"] {
        client.get(&format!("/jobs/{id}/events")).await.job_not_found(id);
    }
    let job = client.create().await;
    client.delete(&format!("/jobs/{job}")).await.expect(204);
    client.get(&format!("/jobs/{job}/events")).await.job_not_found(&job);
}

#[tokio::test]
async fn a_stream_ends_when_its_job_is_deleted_and_when_the_service_stops() {
    let site = Site::new().await;
    let (mut serve, client) = site.serve().await;
    let (deleted, kept) = (client.create().await, client.begin(&[documents::text("a.txt")]).await);
    let (mut one, mut other) = (Events::of(&client, &deleted).await, Events::of(&client, &kept).await);
    next(&mut one).await.data("status");
    next(&mut other).await.data("status");
    let began = Instant::now();
    client.delete(&format!("/jobs/{deleted}")).await.expect(204);
    assert_eq!(rest(one).await, []);
    assert!(began.elapsed() < seconds(2), "{:?}", began.elapsed());
    let began = Instant::now();
    let (status, heard) = tokio::join!(serve.stop(seconds(10)), rest(other));
    assert!(status.success(), "{status}");
    assert_eq!(heard, []);
    assert!(began.elapsed() < seconds(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn many_who_follow_a_job_share_what_is_read_of_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let mut streams = Vec::new();
    for _ in 0..100 {
        let mut events = Events::of(&client, &job).await;
        next(&mut events).await.data("status");
        streams.push(events);
    }
    // A session tells its numbers late, so those of the first looks may be among what is counted: one for each stream.
    let commits = "select xact_commit from pg_stat_database where datname = current_database()";
    let before = site.db.count(commits).await;
    let began = Instant::now();
    until("some time has gone by", seconds(10), async || (began.elapsed() > seconds(4)).then_some(())).await;
    let read = site.db.count(commits).await - before;
    // Each for itself they would take 1,600.
    assert!((4..300).contains(&read), "{read} statements in {:?}, for 100 streams", began.elapsed());
    client.start(&job).await;
    for events in streams {
        let heard = rest(events).await;
        assert_eq!(heard.last().unwrap().clone().data("completed")["outcome"], "error");
    }
}

#[tokio::test]
async fn a_stream_in_which_nothing_happens_says_so_now_and_then() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let mut events = Events::of(&client, &job).await;
    next(&mut events).await.data("status");
    let began = Instant::now();
    assert_eq!(next(&mut events).await, Heard::Comment);
    let waited = began.elapsed();
    assert!(waited > Duration::from_millis(14_500) && waited < seconds(18), "{waited:?}");
}

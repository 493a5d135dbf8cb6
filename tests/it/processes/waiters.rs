//! Many who wait, and bells that nobody hears.

use std::{
    fs,
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use reqwest::Method;
use tokio::task::JoinSet;

use crate::support::{Client, Process, Site, bouncer::Bouncer, documents, until, wait::seconds};

/// Those who wait for one and the same job.
const OF_ONE: usize = 1_000;
/// Those who wait for jobs of their own, ten for each.
const OF_MANY: usize = 1_000;
/// Connections of an API, as README has it, and the one that listens.
const CONNECTIONS: i64 = 17;

/// Lets this process and those that it starts have as many open files as they may.
fn raise_file_limit() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    assert!(hard > 3_000, "the test needs 3,000 open files, the system allows {hard}");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
}

fn open_files(process: &Process) -> usize {
    fs::read_dir(format!("/proc/{}/fd", process.pid())).unwrap().count()
}

/// Completes whatever waits, without a bell.
const COMPLETE: &str = "update jobs set state = 'completed', outcome = 'error', error_code = 'canceled',
                               error_message = 'Ended behind the back of the service.', completed_at = now()
                        where state = 'pending'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_waiters_are_all_answered_and_slow_nobody_down() {
    raise_file_limit();
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let mut jobs = Vec::new();
    for _ in 0..=OF_MANY / 10 {
        jobs.push(client.begin(&[documents::text("a.txt")]).await);
    }
    let mut waiters = JoinSet::new();
    for number in 0..OF_ONE + OF_MANY {
        let job = if number < OF_ONE { &jobs[0] } else { &jobs[1 + (number - OF_ONE) / 10] };
        let (client, job) = (client.clone(), job.clone());
        waiters.spawn(async move { (client.result(&job).await, Instant::now()) });
    }
    until("two thousand wait", seconds(20), async || (open_files(&serve) > OF_ONE + OF_MANY).then_some(())).await;
    let other = serve.client().await;
    let mut slowest = Duration::ZERO;
    for job in jobs.iter().take(50) {
        let began = Instant::now();
        other.get(&format!("/jobs/{job}")).await.expect(200);
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < seconds(1), "{slowest:?} for a status");
    let connections = "select count(*) from pg_stat_activity
                       where datname = current_database() and application_name = 'bindery'";
    assert!(site.db.count(connections).await <= CONNECTIONS);
    let began = Instant::now();
    for job in &jobs {
        other.post(&format!("/jobs/{job}:cancel")).await.expect(202);
    }
    let canceled = Instant::now();
    let mut last = canceled;
    while let Some(waiter) = waiters.join_next().await {
        let (result, answered) = waiter.unwrap();
        assert_eq!(result["error"]["code"], "canceled", "{result}");
        last = last.max(answered);
    }
    let after = last.duration_since(canceled);
    eprintln!(
        "slowest status {slowest:?}; {} cancels in {:?}; last answer {after:?} later",
        jobs.len(),
        canceled - began
    );
    assert!(after < seconds(5), "{after:?} after the last job was canceled");
    assert!(site.db.count(connections).await <= CONNECTIONS);
    assert_eq!(other.get("/").await.expect(200).json()["jobCounts"]["completed"], jobs.len());
}

/// Begins to wait for a job, and gives the task that says when it was answered.
async fn wait(client: &Client, job: &str) -> tokio::task::JoinHandle<(u16, Instant)> {
    let waiting = tokio::spawn({
        let (client, path) = (client.clone(), format!("/jobs/{job}/result"));
        async move { (client.get(&path).await.status, Instant::now()) }
    });
    // A second call that looks at the same job is answered after the look of the first.
    let request = client.request(Method::GET, &format!("/jobs/{job}/result")).header("prefer", "wait=1");
    client.send(request).await.problem(504);
    waiting
}

#[tokio::test]
async fn a_waiter_whose_bell_is_lost_is_answered_at_the_next_look() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    let waiting = wait(&client, &job).await;
    let began = Instant::now();
    site.db.execute(COMPLETE).await;
    let (status, answered) = waiting.await.unwrap();
    assert_eq!(status, 200);
    assert!(answered.duration_since(began) < seconds(3), "{:?}", answered.duration_since(began));
}

#[tokio::test]
async fn a_process_that_hears_no_bell_answers_within_half_a_second_and_a_deletion_too() {
    let site = Site::new().await;
    let pooler = Bouncer::start(&site.db).await;
    let (serve, client) = site.serve_with(&[("DATABASE_URL", pooler.url.as_str())]).await;
    serve.says("cannot carry LISTEN", seconds(5)).await;
    let (canceled, deleted) =
        (client.begin(&[documents::text("a.txt")]).await, client.begin(&[documents::text("a.txt")]).await);
    for (request, job, expected) in [
        (client.request(Method::POST, &format!("/jobs/{canceled}:cancel")), &canceled, 200),
        (client.request(Method::DELETE, &format!("/jobs/{deleted}")), &deleted, 404),
    ] {
        let waiting = wait(&client, job).await;
        client.send(request).await.expect(202);
        let began = Instant::now();
        let (status, answered) = waiting.await.unwrap();
        assert_eq!(status, expected);
        let took = answered.saturating_duration_since(began);
        assert!(took < Duration::from_millis(1_000), "{took:?}");
    }
}

#[tokio::test]
async fn a_job_that_is_deleted_is_told_at_once_to_those_who_wait_on_another_instance() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    let mut fastest = Duration::MAX;
    // By chance a look without a bell comes in time once in a while, but not three times.
    for _ in 0..3 {
        let job = first.begin(&[documents::text("a.txt")]).await;
        let waiting = wait(&second, &job).await;
        first.delete(&format!("/jobs/{job}")).await.expect(202);
        let began = Instant::now();
        let (status, answered) = waiting.await.unwrap();
        assert_eq!(status, 404);
        fastest = fastest.min(answered.saturating_duration_since(began));
    }
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
}

//! PostgreSQL goes away while work is done: how soon the work goes on at its rate once the server is back.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    Bench, announce,
    child::{Child, Fleet},
    server::{self, Server},
    subjects::Subject,
};

/// Slots of the one worker, and how long each of its tasks takes: 1,000 tasks a second, so that a rate is that of the slots.
const SLOTS: &str = "20";
const RUN_MS: &str = "20";
/// Tasks that wait: enough for the longest case.
const JOBS: &str = "60000";
/// The time over which a rate is taken.
const WINDOW: Duration = Duration::from_secs(1);
/// The share of the rate before that counts as recovered.
const RECOVERED: f64 = 0.95;
/// Longest that a recovery is waited for.
const LONGEST: Duration = Duration::from_secs(30);

/// What happens to the server.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// Every client is cut off, by killing the processes that serve them.
    BackendsKilled,
    /// It stops as its operator has it stop, and starts again at once.
    Restarted,
    /// It is away for ten seconds.
    Away,
}

const TROUBLES: &[(Trouble, &str)] = &[
    (Trouble::BackendsKilled, "all back ends killed"),
    (Trouble::Restarted, "server restarted"),
    (Trouble::Away, "connections refused for 10 s"),
];

/// The names of the cases, for the gates.
pub(crate) fn cases() -> impl Iterator<Item = &'static str> {
    TROUBLES.iter().map(|(_, case)| *case)
}

pub(crate) async fn run(bench: &mut Bench) {
    for &(trouble, case) in TROUBLES {
        for subject in bench.subjects(|subject| subject.inserts && subject.works) {
            announce(&format!("outage, {case}: {}", subject.name));
            // A server of its own: the others keep theirs, with the connections that the driver has there.
            let server = Server::start(bench.data.as_deref()).await;
            let values = go_away_and_come_back(server, subject, trouble).await;
            bench.report.add("outage", case, subject.name, values);
        }
    }
    bench.report.print("outage");
}

async fn go_away_and_come_back(mut server: Server, subject: &Subject, trouble: Trouble) -> Vec<(&'static str, f64)> {
    let url = server.url("jobs");
    server::run(&mut server.connect("postgres").await, "create database jobs template template0").await;
    for phase in [&["install"][..], &["load", "--jobs", JOBS]] {
        let mut child = start(subject, &url, phase).await;
        child.go().await;
        child.end().await;
        child.kill().await;
    }
    server::run(&mut server.connect("jobs").await, "vacuum").await;
    let worker = start(subject, &url, &["work", "--slots", SLOTS, "--run-ms", RUN_MS]).await;
    let mut fleet = Fleet::start(vec![worker]).await;
    // Past its start.
    watch(&mut fleet, WINDOW * 2).await;
    let rate = watch(&mut fleet, WINDOW * 3).await;
    match trouble {
        Trouble::BackendsKilled => {
            let kill = "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'jobs'";
            server::run(&mut server.connect("postgres").await, kill).await;
        }
        Trouble::Restarted => {
            server.stop().await;
            server.start_again().await;
        }
        Trouble::Away => {
            server.stop().await;
            // What is done meanwhile is heard of, so that it does not count as done afterwards.
            watch(&mut fleet, Duration::from_secs(10)).await;
            server.start_again().await;
        }
    }
    let seconds = until_recovered(&mut fleet, rate).await;
    let ended = fleet.has_ended();
    fleet.kill().await;
    let mut values = vec![("per_second", rate), ("back_seconds", seconds), ("exits", f64::from(u8::from(ended)))];
    if let Some(question) = subject.lost {
        let lost: i64 = sqlx::query_scalar(question)
            .fetch_one(&mut server.connect("jobs").await)
            .await
            .expect("the tables are there");
        values.push(("attempts_lost", super::meter::int(lost)));
    }
    values
}

async fn start(subject: &Subject, url: &str, phase: &[&str]) -> Child {
    let phase: Vec<_> = phase.iter().map(|&word| word.to_owned()).collect();
    Child::start(&subject.program(), subject.name, url, &phase).await
}

/// Tasks a second, over some time.
async fn watch(fleet: &mut Fleet, time: Duration) -> f64 {
    let before = fleet.total().finished;
    let began = Instant::now();
    let after = fleet.until(time, |_| false).await.finished;
    (after - before) / began.elapsed().as_secs_f64()
}

/// Seconds until the first window begins in which the rate is that from before.
async fn until_recovered(fleet: &mut Fleet, rate: f64) -> f64 {
    let back = Instant::now();
    let mut seen = VecDeque::from([(back, fleet.total().finished)]);
    while back.elapsed() < LONGEST {
        let finished = fleet.until(WINDOW / 20, |_| false).await.finished;
        let now = Instant::now();
        seen.push_back((now, finished));
        // The newest reading that is a window ago.
        while seen.get(1).is_some_and(|(at, _)| now - *at >= WINDOW) {
            seen.pop_front();
        }
        if let Some((at, before)) = seen.front().filter(|(at, _)| now - *at >= WINDOW)
            && (finished - before) / (now - *at).as_secs_f64() >= rate * RECOVERED
        {
            return (*at - back).as_secs_f64();
        }
    }
    f64::INFINITY
}

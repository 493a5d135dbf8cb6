//! What leases cost while they are kept, and how soon work goes on when a worker is killed.

use std::time::{Duration, Instant};

use super::{Bench, Database, announce, subjects::Subject};
use crate::subject::float;

/// Time that a held task takes: longer than any measurement.
const FOR_EVER_MS: u64 = 3_600_000;

/// Running tasks, held by four workers: what they cost a second while nothing begins or ends.
pub(crate) async fn heartbeat(bench: &mut Bench) {
    const WORKERS: usize = 4;
    let held = bench.scale.held;
    for subject in bench.ours() {
        announce(&format!("heartbeat: {}", subject.name));
        let database = bench.fresh(subject).await;
        bench.ask(subject, &database, &["load", "--jobs", &held.to_string()]).await;
        let mut fleet = bench.fleet(subject, &database, WORKERS, held / WORKERS as u64, FOR_EVER_MS).await;
        let count = fleet.until(Duration::from_secs(60), |count| count.started >= float(held)).await;
        bench.settle(&database).await;
        bench.checkpoint().await;
        // What the claims left behind is over by then.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let before = bench.read(&fleet).await;
        tokio::time::sleep(Duration::from_secs(bench.scale.held_seconds)).await;
        let cost = before.to(bench.read(&fleet).await);
        fleet.kill().await;
        let values = [
            ("running", count.started),
            ("server_ms_per_second", cost.server_cpu * 1e3 / cost.seconds),
            ("client_ms_per_second", cost.client_cpu * 1e3 / cost.seconds),
            ("wal_bytes_per_second", cost.wal / cost.seconds),
        ];
        bench.report.add("heartbeat", &format!("{held} tasks run"), subject.name, values);
        bench.discard(database).await;
    }
    bench.report.print("heartbeat");
}

/// Twenty tasks of three seconds: one worker has begun ten of them and another one is up when the first is killed.
pub(crate) async fn crash(bench: &mut Bench) {
    for subject in bench.subjects(|subject| subject.works) {
        announce(&format!("crash: {}", subject.name));
        let database = bench.fresh(subject).await;
        let values = kill_one_of_two(bench, subject, &database).await;
        bench.report.add("crash", "kill -9 of one of two workers", subject.name, values);
        bench.discard(database).await;
    }
    bench.report.print("crash");
}

async fn kill_one_of_two(bench: &Bench, subject: &Subject, database: &Database) -> Vec<(&'static str, f64)> {
    const JOBS: u64 = 20;
    const SLOTS: u64 = JOBS / 2;
    const RUN_MS: u64 = 3_000;
    let mut first = bench.fleet(subject, database, 1, SLOTS, RUN_MS).await;
    // It is up and hears the work come.
    tokio::time::sleep(Duration::from_secs(2)).await;
    bench.ask(subject, database, &["load", "--jobs", &JOBS.to_string()]).await;
    let running = first.until(Duration::from_secs(30), |count| count.started >= float(SLOTS)).await;
    let mut second = bench.fleet(subject, database, 1, SLOTS, RUN_MS).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    first.kill_one(0).await;
    let killed = Instant::now();
    // The first has finished none, so the second has to do them all.
    let longest = Duration::from_secs(bench.scale.crash_seconds);
    let done = second.until(longest, |count| count.finished >= float(JOBS)).await;
    let mut seconds = f64::INFINITY;
    if done.finished >= float(JOBS) {
        seconds = killed.elapsed().as_secs_f64();
        super::drain::wait_until_settled(bench, subject, database).await;
    }
    second.kill().await;
    vec![("running", running.started), ("done_seconds", seconds), ("left", float(JOBS) - done.finished)]
}

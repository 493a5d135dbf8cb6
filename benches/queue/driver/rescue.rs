//! What leases cost while they are kept, and how soon work goes on when a worker is killed.

use std::time::{Duration, Instant};

use super::{Bench, announce, subjects::Program};
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

/// Twenty tasks of three seconds on two workers; one of them is killed.
pub(crate) async fn crash(bench: &mut Bench) {
    const JOBS: u64 = 20;
    const RUN_MS: u64 = 3_000;
    let longest = Duration::from_secs(bench.scale.crash_seconds);
    for subject in bench.subjects(|subject| subject.works) {
        announce(&format!("crash: {}", subject.name));
        let database = bench.fresh(subject).await;
        let mut fleet = bench.fleet(subject, &database, 2, JOBS / 2, RUN_MS).await;
        // Both are up and hear the work come.
        tokio::time::sleep(Duration::from_secs(2)).await;
        bench.ask(subject, &database, &["load", "--jobs", &JOBS.to_string()]).await;
        let running = fleet.until(Duration::from_secs(30), |count| count.started >= float(JOBS)).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        fleet.kill_one(0).await;
        let killed = Instant::now();
        let mut conn = bench.server.connect(&database.name).await;
        let mut unfinished = true;
        while unfinished && killed.elapsed() < longest {
            tokio::time::sleep(Duration::from_millis(100)).await;
            unfinished =
                sqlx::query_scalar(subject.unfinished).fetch_one(&mut conn).await.expect("its tables are there");
        }
        let seconds = if unfinished { f64::INFINITY } else { killed.elapsed().as_secs_f64() };
        fleet.kill().await;
        let values = [("running", running.started), ("done_seconds", seconds)];
        bench.report.add("crash", "kill -9 of one of two workers", subject.name, values);
        drop(conn);
        bench.discard(database).await;
        if unfinished && subject.program == Program::Peers {
            super::say(&format!("  {}: not within {longest:?}", subject.name));
        }
    }
    bench.report.print("crash");
}

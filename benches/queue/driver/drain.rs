//! Burning a backlog of jobs that do nothing: rate and cost over its middle, and the same beside a million rows.

use std::time::Duration;

use super::{Bench, Database, announce, meter, subjects::Subject};
use crate::subject::float;

/// Longest that a slow queue is watched.
const LONGEST: Duration = Duration::from_secs(20);

/// Workers, slots of each, name.
pub(crate) const CASES: &[(usize, u64, &str)] = &[(1, 50, "1 × 50"), (1, 10, "1 × 10"), (4, 10, "4 × 10")];

pub(crate) async fn run(bench: &mut Bench) {
    for &(workers, slots, case) in CASES {
        for subject in bench.subjects(|subject| subject.works) {
            announce(&format!("drain, {case}: {}", subject.name));
            let jobs = share(bench.scale.drain_jobs, subject);
            let database = bench.fresh(subject).await;
            bench.checkpoint().await;
            load(bench, subject, &database, jobs).await;
            let values = drain(bench, subject, &database, workers, slots, jobs).await;
            bench.report.add("drain", case, subject.name, values);
            bench.discard(database).await;
        }
    }
    bench.report.print("drain");
}

/// The backlog that a subject gets.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small count")]
fn share(jobs: u64, subject: &Subject) -> u64 {
    (float(jobs) * subject.share) as u64
}

/// Fills a database with jobs that wait.
async fn load(bench: &mut Bench, subject: &Subject, database: &Database, jobs: u64) {
    bench.ask(subject, database, &["load", "--jobs", &jobs.to_string()]).await;
    bench.settle(database).await;
}

/// Runs jobs that wait, and says what each costs from the tenth to the ninetieth in a hundred.
pub(crate) async fn drain(
    bench: &mut Bench,
    subject: &Subject,
    database: &Database,
    workers: usize,
    slots: u64,
    jobs: u64,
) -> Vec<(&'static str, f64)> {
    let commits = bench.meter.commits(&database.name).await;
    let mut fleet = bench.fleet(subject, database, workers, slots, 0).await;
    let all = float(jobs);
    // A queue that is too slow is measured over the time it gets.
    fleet.until(LONGEST / 10, |count| count.finished >= all * 0.05).await;
    if subject.learns {
        bench.learn(database).await;
    }
    let first = fleet.until(LONGEST / 10, |count| count.finished >= all * 0.1).await;
    let before = bench.read(&fleet).await;
    let last = fleet.until(LONGEST, |count| count.finished >= all * 0.9).await;
    let cost = before.to(bench.read(&fleet).await);
    let done = last.finished - first.finished;
    let seconds = if last.micros > first.micros { (last.micros - first.micros) / 1e6 } else { cost.seconds };
    let mut finished = last.finished;
    if finished >= all * 0.9 {
        finished = fleet.until(Duration::from_secs(5), |count| count.finished >= all).await.finished;
        if finished <= all {
            wait_until_settled(bench, subject, database).await;
        }
    }
    fleet.kill().await;
    let committed = bench.meter.commits(&database.name).await - commits;
    let mut values = cost.per_job(done);
    values.extend([("per_second", done / seconds), ("commits", meter::int(committed) / finished), ("jobs", done)]);
    values
}

/// Waits until all that was done is written down.
pub(crate) async fn wait_until_settled(bench: &Bench, subject: &Subject, database: &Database) {
    let Some(question) = subject.unfinished else {
        // Long enough for what was done to be written down.
        return tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let mut conn = bench.server.connect(&database.name).await;
    for _ in 0..100 {
        let unfinished: bool =
            sqlx::query_scalar(question).fetch_one(&mut conn).await.expect("the subject's tables are there");
        if !unfinished {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    super::say(&format!("{}: jobs that were done are not settled after 5 s", subject.name));
}

/// What a claim costs in an empty system, beside many that wait, and beside many that are finished.
pub(crate) async fn depth(bench: &mut Bench) {
    let (jobs, deep) = (bench.scale.depth_jobs, bench.scale.depth);
    let millions = format!("{deep} waiting");
    let finished = format!("{deep} finished");
    for subject in bench.ours() {
        for (case, waiting, done) in [("empty", 0, 0), (&*millions, deep, 0), (&*finished, 0, deep)] {
            announce(&format!("depth, {case}: {}", subject.name));
            let database = bench.fresh(subject).await;
            if done > 0 {
                bench.ask(subject, &database, &["finished", "--jobs", &done.to_string()]).await;
            }
            bench.checkpoint().await;
            load(bench, subject, &database, jobs + waiting).await;
            // The backlog stays: what is measured ends before it.
            let mut values = drain(bench, subject, &database, 1, 50, jobs).await;
            if waiting > 0 {
                // The worker goes on with the backlog until it is killed, so its commits are those of more jobs.
                values.retain(|(name, _)| *name != "commits");
            }
            bench.report.add("depth", case, subject.name, values);
            bench.discard(database).await;
        }
    }
    bench.report.print("depth");
}

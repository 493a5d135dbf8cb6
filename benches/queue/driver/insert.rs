//! Submitting: one job at a time, the same on a slow disk, and a thousand at a time.

use super::{Bench, announce, subjects::Subject};

/// Settings that make every flush wait as a cloud volume or a synchronous standby would.
const SLOW_FLUSH: &[&str] = &["commit_delay = 3000", "commit_siblings = 0"];

/// The measurements of single inserts: loops, settings, name.
pub(crate) const CASES: &[(u32, &[&str], &str)] = &[
    (1, &[], "1 loop"),
    (16, &[], "16 loops"),
    (1, SLOW_FLUSH, "1 loop, flush of 3 ms"),
    (16, SLOW_FLUSH, "16 loops, flush of 3 ms"),
];

pub(crate) async fn one_by_one(bench: &mut Bench) {
    for &(loops, settings, case) in CASES {
        bench.server.set(settings).await;
        for subject in bench.subjects(|subject| subject.inserts) {
            announce(&format!("enqueue, {case}: {}", subject.name));
            let loops = loops.to_string();
            let seconds = bench.scale.insert_seconds.to_string();
            insert(bench, "enqueue", case, subject, &["enqueue", "--loops", &loops, "--seconds", &seconds]).await;
        }
    }
    bench.server.set(&[]).await;
    bench.report.print("enqueue");
}

pub(crate) async fn bulk(bench: &mut Bench) {
    for subject in bench.subjects(|subject| subject.inserts) {
        announce(&format!("bulk: {}", subject.name));
        let seconds = bench.scale.insert_seconds.to_string();
        insert(bench, "bulk", "1000 at once", subject, &["bulk", "--seconds", &seconds]).await;
    }
    bench.report.print("bulk");
}

async fn insert(bench: &mut Bench, phase: &'static str, case: &str, subject: &'static Subject, words: &[&str]) {
    let database = bench.fresh(subject).await;
    bench.checkpoint().await;
    let mut values = bench.cost(subject, &database, words).await;
    let per_second = values.get("jobs").zip(values.get("seconds")).map(|(jobs, seconds)| jobs / seconds);
    values.extend(per_second.map(|per_second| ("per_second".to_owned(), per_second)));
    bench.report.add(phase, case, subject.name, values);
    bench.discard(database).await;
}

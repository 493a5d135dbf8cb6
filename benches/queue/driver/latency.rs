//! How soon a job begins when nothing else goes on, and how soon its submitter has heard of its end.

use super::{Bench, announce};

pub(crate) async fn idle(bench: &mut Bench) {
    let jobs = bench.scale.idle_jobs.to_string();
    for subject in bench.subjects(|subject| subject.works) {
        announce(&format!("idle: {}", subject.name));
        let database = bench.fresh(subject).await;
        let values = bench.cost(subject, &database, &["idle", "--jobs", &jobs]).await;
        bench.report.add("idle", "insert to start", subject.name, values);
        bench.discard(database).await;
    }
    bench.report.print("idle");
}

pub(crate) async fn heard(bench: &mut Bench) {
    let (jobs, waiters) = (bench.scale.idle_jobs.to_string(), bench.scale.waiters.to_string());
    for subject in bench.ours() {
        announce(&format!("heard: {}", subject.name));
        let database = bench.fresh(subject).await;
        let values = bench.cost(subject, &database, &["heard", "--jobs", &jobs, "--waiters", &waiters]).await;
        bench.report.add("heard", &format!("insert to heard, {waiters} others wait"), subject.name, values);
        bench.discard(database).await;
    }
    bench.report.print("heard");
}

//! How soon a job begins when nothing else goes on, and how soon its submitter has heard of its end.

use super::{Bench, announce, child::Values};

/// Rounds in which every subject has its turn, since a machine is not the same from one minute to the next.
const ROUNDS: u64 = 3;

pub(crate) async fn idle(bench: &mut Bench) {
    let jobs = (bench.scale.idle_jobs / ROUNDS).to_string();
    let subjects = bench.subjects(|subject| subject.works);
    let mut rounds: Vec<Vec<Values>> = vec![Vec::new(); subjects.len()];
    for round in 1..=ROUNDS {
        for (subject, values) in subjects.iter().zip(&mut rounds) {
            announce(&format!("idle, round {round}: {}", subject.name));
            let database = bench.fresh(subject).await;
            values.push(bench.cost(subject, &database, &["idle", "--jobs", &jobs]).await);
            bench.discard(database).await;
        }
    }
    for (subject, rounds) in subjects.iter().zip(rounds) {
        bench.report.add("idle", "insert to start", subject.name, medians(&rounds));
    }
    bench.report.print("idle");
}

/// The median of each value.
fn medians(rounds: &[Values]) -> Values {
    let keys = rounds.iter().flat_map(|values| values.keys());
    keys.map(|key| {
        let mut values: Vec<f64> = rounds.iter().filter_map(|values| values.get(key).copied()).collect();
        values.sort_by(f64::total_cmp);
        (key.clone(), values.get(values.len() / 2).copied().unwrap_or(f64::NAN))
    })
    .collect()
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

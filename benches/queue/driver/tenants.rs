//! Fairness between tenants, and what it costs.

use super::{Bench, announce, drain};

/// How long a task takes where turns are counted.
const RUN_MS: &str = "20";

pub(crate) async fn run(bench: &mut Bench) {
    for subject in bench.ours() {
        let jobs = bench.scale.depth_jobs;
        for tenants in ["1", "1000"] {
            let case = format!("claims, tenants that wait: {tenants}");
            announce(&format!("{case}: {}", subject.name));
            let database = bench.fresh(subject).await;
            bench.checkpoint().await;
            bench.ask(subject, &database, &["load-tenants", "--jobs", &jobs.to_string(), "--tenants", tenants]).await;
            bench.settle(&database).await;
            let values = drain::drain(bench, subject, &database, 1, 50, jobs).await;
            bench.report.add("tenants", &case, subject.name, values);
            bench.discard(database).await;
        }
        let backlog = bench.scale.backlog.to_string();
        let turn = ["turn", "--backlog", &backlog, "--slots", "10", "--run-ms", RUN_MS];
        let share = ["share", "--jobs", "1000", "--slots", "10", "--run-ms", RUN_MS];
        let one = format!("one task beside {backlog} of another tenant");
        for (case, words) in [(&*one, &turn[..]), ("three equal tenants, half done", &share[..])] {
            announce(&format!("{case}: {}", subject.name));
            let database = bench.fresh(subject).await;
            let values = bench.ask(subject, &database, words).await;
            bench.report.add("tenants", case, subject.name, values);
            bench.discard(database).await;
        }
    }
    bench.report.print("tenants");
}

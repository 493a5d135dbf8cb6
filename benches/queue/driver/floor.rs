//! The raw floor: hand-written SQL driven by `pgbench`, on the same server in the same run.

use std::{fs, process::Stdio};

use super::{Bench, Database, announce, server};
use crate::subject::{float, options};

/// Jobs in one `step`, connections, whether settling has a commit of its own, name.
const STEPS: &[(u64, u32, bool, &str)] = &[
    (1, 8, false, "step, 1 × 8 connections"),
    (10, 4, false, "step, 10 × 4 connections"),
    (50, 4, false, "step, 50 × 4 connections"),
    (500, 1, false, "step, 500 × 1 connection"),
    (10, 4, true, "claim and settle apart, 10 × 4 connections"),
];

/// What a worker does with one commit for what was done and what comes next.
const STEP: &str = "select step(:client_id, :done::bigint[], :want)::text as done \\gset\n";
/// The same with a commit for each.
const APART: &str = "select step(:client_id, '{}', :want)::text as done \\gset\nselect settle(:done::bigint[]);\n";

/// A run of `pgbench`.
pub(crate) struct Script<'a> {
    pub(crate) text: &'a str,
    pub(crate) clients: u32,
    pub(crate) seconds: u64,
    pub(crate) variables: &'a [(&'a str, String)],
    /// Seconds between two lines of progress.
    pub(crate) progress: Option<u64>,
}

/// What `pgbench` said.
pub(crate) struct Outcome {
    pub(crate) transactions: f64,
    pub(crate) per_second: f64,
    /// Transactions a second, in each stretch of its progress.
    pub(crate) progress: Vec<f64>,
}

/// Runs a script.
#[expect(clippy::disallowed_methods, reason = "the floor is driven by pgbench")]
pub(crate) async fn pgbench(bench: &Bench, database: &Database, script: &Script<'_>) -> Outcome {
    let file = tempfile::NamedTempFile::new().expect("a file can be made");
    fs::write(file.path(), script.text).expect("the file is ours");
    let mut command = tokio::process::Command::new(bench.server.programs.join("pgbench"));
    command
        .args(["-n", "-M", "prepared", "-U", "postgres", "-c", &script.clients.to_string()])
        .args(["-T", &script.seconds.to_string(), "-h"])
        .arg(bench.server.socket())
        .arg("-f")
        .arg(file.path());
    for (name, value) in script.variables {
        command.arg("-D").arg(format!("{name}={value}"));
    }
    if let Some(seconds) = script.progress {
        command.args(["-P", &seconds.to_string()]);
    }
    let run = command.arg(&database.name).stdin(Stdio::null()).kill_on_drop(true).output().await;
    let run = run.expect("pgbench is beside the server");
    let (out, progress) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "pgbench: {progress}");
    let after = |text: &str, words: &str| {
        let rest = text.split_once(words)?.1;
        rest.split(|c: char| c.is_whitespace() || c == '/' || c == ',').find(|word| !word.is_empty())?.parse().ok()
    };
    Outcome {
        transactions: after(&out, "actually processed:").expect("pgbench counts"),
        per_second: after(&out, "tps =").expect("pgbench counts"),
        progress: progress
            .lines()
            .filter(|line| line.starts_with("progress"))
            .filter_map(|line| after(line, " s,"))
            .collect(),
    }
}

pub(crate) async fn run(bench: &mut Bench) {
    let text = options(1);
    for (clients, case) in [(1, "submit, 1 connection"), (16, "submit, 16 connections")] {
        announce(&format!("floor, {case}"));
        let database = layout(bench, 0).await;
        let variables = [("options", text.clone())];
        let script = Script {
            text: "select submit(:options);\n",
            clients,
            seconds: bench.scale.floor_seconds,
            variables: &variables,
            progress: None,
        };
        measure(bench, &database, &script, 1, case).await;
        bench.discard(database).await;
    }
    for &(want, clients, apart, case) in STEPS {
        announce(&format!("floor, {case}"));
        // More than can be done in that time.
        let database = layout(bench, bench.scale.floor_seconds * 80_000).await;
        let variables = [("done", "{}".to_owned()), ("want", want.to_string())];
        let text = if apart { APART } else { STEP };
        let script =
            Script { text, clients, seconds: bench.scale.floor_seconds, variables: &variables, progress: None };
        measure(bench, &database, &script, want, case).await;
        bench.discard(database).await;
    }
    bench.report.print("floor");
}

async fn measure(bench: &mut Bench, database: &Database, script: &Script<'_>, jobs: u64, case: &str) {
    let before = bench.meter.read(&[]).await;
    let done = pgbench(bench, database, script).await;
    let cost = before.to(bench.meter.read(&[]).await);
    let jobs = float(jobs);
    let mut values = cost.per_job(done.transactions * jobs);
    // The processes of pgbench are gone by then, and theirs is not ours to compare.
    values.retain(|(name, _)| !matches!(*name, "client_us" | "cpu_us"));
    values.push(("per_second", done.per_second * jobs));
    bench.report.add("floor", case, "hand-written SQL", values);
}

/// A database with the layout of the floor and so many jobs that wait.
async fn layout(bench: &mut Bench, jobs: u64) -> Database {
    bench.databases += 1;
    let database = bench.create(&format!("floor_{}", bench.databases), "template0").await;
    let mut conn = bench.server.connect(&database.name).await;
    server::run(&mut conn, include_str!("../sql/floor.sql")).await;
    // Before the jobs come, so that their pages are not logged whole again.
    bench.checkpoint().await;
    let fill = format!(
        "insert into job (id, options) select nextval('number'), '{}' from generate_series(1, {jobs});
         insert into task (id) select id from job;",
        options(1)
    );
    server::run(&mut conn, &fill).await;
    server::run(&mut conn, "vacuum (analyze)").await;
    database
}

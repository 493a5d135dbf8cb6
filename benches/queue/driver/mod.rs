//! The driver: one server, every subject, phase after phase.

mod child;
mod drain;
mod floor;
mod gates;
mod insert;
mod latency;
mod meter;
mod outage;
mod pooled;
mod report;
mod rescue;
mod server;
mod snapshot;
mod subjects;
mod tenants;

use std::{
    collections::HashSet,
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::{Parser, ValueEnum};
use serde_json::json;
use sqlx::Row as _;
use tokio::signal::unix::{SignalKind, signal};

use child::{Child, Fleet, Values};
use meter::{Meter, Reading};
use report::Report;
use server::Server;
use subjects::{Program, SUBJECTS, Subject};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Phase {
    /// Hand-written SQL.
    Floor,
    /// One job an insert.
    Enqueue,
    /// A thousand jobs an insert.
    Bulk,
    /// A backlog of jobs that do nothing.
    Drain,
    /// Insert to start, when idle.
    Idle,
    /// Insert to "heard that it is done".
    Heard,
    /// What running tasks cost while nothing happens.
    Heartbeat,
    /// Full churn under an old snapshot.
    Snapshot,
    /// Claims beside a million rows.
    Depth,
    /// Fairness and its price.
    Tenants,
    /// A worker that is killed.
    Crash,
    /// A server that goes away and comes back.
    Outage,
    /// Insert to start through a pooler in transaction mode, without a listener.
    Pooled,
}

/// Measures the task queue beside other queues on a PostgreSQL of its own.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Small numbers: shows that everything works, measures little.
    #[arg(long)]
    quick: bool,
    /// Phases, separated by commas; all without it.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Phase>,
    /// Subjects, separated by commas; all without it.
    #[arg(long, value_delimiter = ',')]
    subjects: Vec<String>,
    /// Folder for the server's data, below which it makes one of its own.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How much of everything.
#[derive(Debug, Clone, Copy)]
struct Scale {
    insert_seconds: f64,
    drain_jobs: u64,
    idle_jobs: u64,
    waiters: u64,
    held: u64,
    held_seconds: u64,
    snapshot_seconds: u64,
    depth: u64,
    depth_jobs: u64,
    backlog: u64,
    crash_seconds: u64,
    floor_seconds: u64,
}

const FULL: Scale = Scale {
    insert_seconds: 5.0,
    drain_jobs: 60_000,
    idle_jobs: 900,
    waiters: 1_000,
    held: 10_000,
    held_seconds: 30,
    snapshot_seconds: 40,
    depth: 1_000_000,
    depth_jobs: 40_000,
    backlog: 10_000,
    crash_seconds: 120,
    floor_seconds: 4,
};

const QUICK: Scale = Scale {
    insert_seconds: 1.0,
    drain_jobs: 6_000,
    idle_jobs: 60,
    waiters: 200,
    held: 1_000,
    held_seconds: 6,
    snapshot_seconds: 12,
    depth: 50_000,
    depth_jobs: 5_000,
    backlog: 1_000,
    crash_seconds: 40,
    floor_seconds: 1,
};

/// A database of one subject for one measurement.
struct Database {
    name: String,
    url: String,
}

/// A run.
struct Bench {
    server: Server,
    meter: Meter,
    report: Report,
    scale: Scale,
    subjects: Vec<&'static Subject>,
    installed: HashSet<&'static str>,
    databases: u32,
    /// Folder for the data of servers.
    data: Option<PathBuf>,
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

/// Runs what the options say; an interrupt stops the server too.
pub(crate) async fn run(options: Options) {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be heard");
    tokio::select! {
        () = measure(options) => {}
        _ = tokio::signal::ctrl_c() => say("interrupted"),
        _ = terminate.recv() => say("terminated"),
    }
}

async fn measure(options: Options) {
    let unknown = options.subjects.iter().find(|name| !SUBJECTS.iter().any(|subject| subject.name == *name));
    assert!(unknown.is_none(), "there is no subject {unknown:?}");
    let chosen =
        |subject: &&Subject| options.subjects.is_empty() || options.subjects.iter().any(|name| name == subject.name);
    let server = Server::start(options.data.as_deref()).await;
    let meter = Meter::new(&server).await;
    let mut conn = server.connect("postgres").await;
    let row = sqlx::query("select to_char(now(), 'YYYYMMDD-HH24MISS')").fetch_one(&mut conn).await.expect("it answers");
    let stamp: String = row.get(0);
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    let facts = json!({ "at": stamp, "postgres": server.version, "processors": threads, "quick": options.quick });
    say(&format!("PostgreSQL {}, {threads} processors, {stamp}", server.version));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-queue");
    let mut bench = Bench {
        report: Report::new(&folder, &stamp, facts),
        meter,
        server,
        scale: if options.quick { QUICK } else { FULL },
        subjects: SUBJECTS.iter().filter(chosen).collect(),
        installed: HashSet::new(),
        databases: 0,
        data: options.data,
    };
    for phase in Phase::value_variants() {
        if options.only.is_empty() || options.only.contains(phase) {
            bench.phase(*phase).await;
        }
    }
    gates::print(&bench.report);
    say(&format!("\nlines: {}", bench.report.path().display()));
}

impl Bench {
    async fn phase(&mut self, phase: Phase) {
        match phase {
            Phase::Floor => floor::run(self).await,
            Phase::Enqueue => insert::one_by_one(self).await,
            Phase::Bulk => insert::bulk(self).await,
            Phase::Drain => drain::run(self).await,
            Phase::Idle => latency::idle(self).await,
            Phase::Heard => latency::heard(self).await,
            Phase::Heartbeat => rescue::heartbeat(self).await,
            Phase::Snapshot => snapshot::run(self).await,
            Phase::Depth => drain::depth(self).await,
            Phase::Tenants => tenants::run(self).await,
            Phase::Crash => rescue::crash(self).await,
            Phase::Outage => outage::run(self).await,
            Phase::Pooled => pooled::run(self).await,
        }
    }

    /// The subjects that a condition holds for.
    fn subjects(&self, condition: impl Fn(&Subject) -> bool) -> Vec<&'static Subject> {
        self.subjects.iter().copied().filter(|subject| condition(subject)).collect()
    }

    /// Our own subject alone, if it is wanted.
    fn ours(&self) -> Vec<&'static Subject> {
        self.subjects(|subject| subject.program == Program::Own && subject.works)
    }

    /// A new database with the schema of a subject.
    async fn fresh(&mut self, subject: &'static Subject) -> Database {
        let schema = subject.schema_of;
        if self.installed.insert(schema) {
            let empty = self.create(schema, "template0").await;
            self.ask(subject, &empty, &["install"]).await;
        }
        self.databases += 1;
        let name = format!("{schema}_{}", self.databases);
        self.create(&name, schema).await
    }

    async fn create(&mut self, name: &str, template: &str) -> Database {
        let mut conn = self.server.connect("postgres").await;
        // Whoever installed the template may still be about to leave it.
        self.meter.commits(template).await;
        server::run(&mut conn, &format!("create database \"{name}\" template \"{template}\"")).await;
        Database { name: name.to_owned(), url: self.server.url(name) }
    }

    /// Throws a database away.
    async fn discard(&mut self, database: Database) {
        let mut conn = self.server.connect("postgres").await;
        server::run(&mut conn, &format!("drop database \"{}\" with (force)", database.name)).await;
    }

    /// Statistics of a queue at work, as autovacuum would have made them. Those of a backlog that nobody has touched yet,
    /// or none, send some peers into plans that are up to a hundred times slower, by luck.
    async fn learn(&self, database: &Database) {
        let mut conn = self.server.connect(&database.name).await;
        // A small sample, so that this takes little of the time that is measured next.
        server::run(&mut conn, "set default_statistics_target = 10").await;
        server::run(&mut conn, "analyze").await;
    }

    /// Free space and visibility like those that autovacuum would have made.
    async fn settle(&self, database: &Database) {
        let mut conn = self.server.connect(&database.name).await;
        server::run(&mut conn, "vacuum").await;
    }

    /// A checkpoint, so that none comes by itself. It goes before jobs are loaded: after one, every page is logged whole
    /// when it is first changed, which a live queue hardly sees.
    async fn checkpoint(&self) {
        server::run(&mut self.server.connect("postgres").await, "checkpoint").await;
    }

    async fn child(&self, subject: &Subject, database: &Database, phase: &[&str]) -> Child {
        let phase: Vec<_> = phase.iter().map(|&word| word.to_owned()).collect();
        Child::start(&subject.program(), subject.name, &database.url, &phase).await
    }

    /// Runs a phase that is not measured.
    async fn ask(&self, subject: &Subject, database: &Database, phase: &[&str]) -> Values {
        let mut child = self.child(subject, database, phase).await;
        child.go().await;
        let values = child.end().await;
        child.kill().await;
        values
    }

    /// Runs a phase that measures itself, and adds the cost of each of its jobs.
    async fn cost(&mut self, subject: &Subject, database: &Database, phase: &[&str]) -> Values {
        let commits = self.meter.commits(&database.name).await;
        let mut child = self.child(subject, database, phase).await;
        let pids = [child.pid()];
        let before = self.meter.read(&pids).await;
        child.go().await;
        let mut values = child.end().await;
        let cost = before.to(self.meter.read(&pids).await);
        child.kill().await;
        let jobs = values.get("jobs").copied().unwrap_or(f64::NAN);
        values.extend(cost.per_job(jobs).into_iter().map(|(name, value)| (name.to_owned(), value)));
        // Backends report late, so the jobs before the measurement cannot be told apart and count as well.
        let committed = self.meter.commits(&database.name).await - commits;
        let warm = values.get("warm").copied().unwrap_or_default();
        values.insert("commits".to_owned(), meter::int(committed) / (jobs + warm));
        values
    }

    /// Starts workers and lets them begin.
    async fn fleet(&self, subject: &Subject, database: &Database, workers: usize, slots: u64, run_ms: u64) -> Fleet {
        let (slots, run_ms) = (slots.to_string(), run_ms.to_string());
        let mut children = Vec::new();
        for _ in 0..workers {
            children.push(self.child(subject, database, &["work", "--slots", &slots, "--run-ms", &run_ms]).await);
        }
        Fleet::start(children).await
    }

    async fn read(&mut self, fleet: &Fleet) -> Reading {
        self.meter.read(fleet.pids()).await
    }
}

/// Says what comes now.
fn announce(what: &str) {
    say(&format!("… {what}"));
}

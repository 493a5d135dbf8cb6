//! The driver: one server of each kind, case after case, round after round, and what came of it.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use bindery::domain::{DocumentId, JobId, TenantId};
use clap::Parser;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

use crate::{
    load::Call,
    meter::Meter,
    say,
    server::{self, Server},
};

/// Measures the API beside an HTTP server that only answers, on a PostgreSQL of its own.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Small numbers: shows that everything works, measures little.
    #[arg(long)]
    quick: bool,
    /// Connections that call at once.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Folder for the data of the server and of the service, below which each makes one of its own.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Jobs that are read and added to.
const JOBS: usize = 1_000;
/// Jobs that wait in the last case.
const WAITING: usize = 100_000;
/// Status reads of the service for one of the bare server, at least.
const SHARE_MIN: f64 = 0.25;
/// Longest that a program may take to serve.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is measured, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Case {
    name: &'static str,
    call: Call,
}

const STATUS: Case = Case { name: "status reads", call: Call::Status };
const ADD: Case = Case { name: "adds of 10 KiB", call: Call::Add };
const CREATE: Case = Case { name: "creates", call: Call::Create };
const DEEP: Case = Case { name: "status reads, 100,000 jobs wait", call: Call::Status };

/// A server under load.
struct Subject {
    name: &'static str,
    address: SocketAddr,
    process: Child,
}

impl Subject {
    fn pid(&self) -> u32 {
        self.process.id().expect("it runs")
    }
}

/// One round of one subject.
#[derive(Debug, Clone, Copy)]
struct Round {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Processor time of the subject, of PostgreSQL and of the load generator for one call.
    own_us: f64,
    postgres_us: f64,
    client_us: f64,
}

/// What a subject did in a case: the median of its rounds.
struct Row {
    case: Case,
    subject: &'static str,
    round: Round,
}

struct Bench {
    options: Options,
    meter: Meter,
    conn: PgConnection,
    subjects: [Subject; 2],
    rows: Vec<Row>,
    lines: fs::File,
}

/// Runs what the options say; an interrupt ends everything that was started.
pub(crate) async fn run(options: Options) {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be heard");
    tokio::select! {
        () = measure(options) => {}
        _ = tokio::signal::ctrl_c() => say("interrupted"),
        _ = terminate.recv() => say("terminated"),
    }
}

async fn measure(options: Options) {
    let server = Server::start(options.data.as_deref()).await;
    let mut conn = server.connect("postgres").await;
    server::run(&mut conn, "create database bench").await;
    conn.close().await.expect("the server answers");
    let mut conn = server.connect("bench").await;
    bindery::storage::migrate(&mut conn).await.expect("the schema can be made");
    let meter = Meter::new(&server).await;
    let folder =
        tempfile::tempdir_in(options.data.clone().unwrap_or_else(std::env::temp_dir)).expect("a folder can be made");
    let subjects = [service(&server, folder.path()).await, bare(folder.path()).await];
    let stamp: String = sqlx::query_scalar("select to_char(now(), 'YYYYMMDD-HH24MISS')")
        .fetch_one(&mut conn)
        .await
        .expect("the server answers");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-api");
    fs::create_dir_all(&kept).expect("the target folder is ours");
    let path = kept.join(format!("{stamp}.jsonl"));
    let lines = fs::File::create(&path).expect("the target folder is ours");
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    say(&format!(
        "PostgreSQL {}, {threads} processors that service, PostgreSQL and load share, {} connections, {stamp}",
        server.version, options.connections
    ));
    let mut bench = Bench { options, meter, conn, subjects, rows: Vec::new(), lines };
    let jobs = bench.make_jobs(JOBS, "creating").await;
    bench.case(STATUS, &jobs).await;
    bench.case(ADD, &jobs).await;
    bench.case(CREATE, &[]).await;
    say(&format!("… {WAITING} jobs are made that wait"));
    let waiting = bench.make_jobs(WAITING, "pending").await;
    // A sample from all over the table.
    let sample: Vec<_> = waiting.into_iter().step_by(WAITING / JOBS).collect();
    bench.case(DEEP, &sample).await;
    bench.print();
    say(&format!("\nlines: {}", path.display()));
}

/// Starts the service without workers, as an operator does.
#[expect(clippy::disallowed_methods, reason = "the benchmark starts its subjects")]
async fn service(server: &Server, folder: &Path) -> Subject {
    let log = folder.join("log");
    let process = Command::new(env!("CARGO_BIN_EXE_bindery"))
        .arg("serve")
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("DATABASE_URL", server.url("bench"))
        .env("BINDERY_DATA", folder)
        .env("BINDERY_LISTEN", "127.0.0.1:0")
        .env("BINDERY_MAX_OPEN_JOBS", "100000000")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).expect("the folder is ours"))
        .kill_on_drop(true)
        .spawn()
        .expect("the service starts");
    Subject { name: "bindery", address: address(&log).await, process }
}

/// Starts the bare server.
#[expect(clippy::disallowed_methods, reason = "the benchmark starts its subjects")]
async fn bare(folder: &Path) -> Subject {
    let log = folder.join("bare");
    let process = Command::new(this_program())
        .arg("bare")
        .stdin(Stdio::null())
        .stdout(fs::File::create(&log).expect("the folder is ours"))
        .kill_on_drop(true)
        .spawn()
        .expect("the bare server starts");
    Subject { name: "bare", address: address(&log).await, process }
}

fn this_program() -> PathBuf {
    std::env::current_exe().expect("it runs")
}

/// The address that a server says that it serves at.
async fn address(log: &Path) -> SocketAddr {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let said = fs::read_to_string(log).unwrap_or_default();
        let rest = said.split_once("serving http://").map(|(_, rest)| rest);
        let word = rest.and_then(|rest| rest.split(['/', ' ', '\n']).next());
        match word.and_then(|word| word.parse().ok()) {
            Some(address) => return address,
            None => assert!(tokio::time::Instant::now() < deadline, "it does not serve: {said}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Bench {
    /// Makes jobs of one document that waits to be converted, by a statement for each ten thousand.
    async fn make_jobs(&mut self, count: usize, state: &str) -> Vec<String> {
        let jobs: Vec<JobId> = (0..count).map(|_| JobId::new()).collect();
        for part in jobs.chunks(10_000) {
            let documents: Vec<_> = part.iter().map(|_| DocumentId::new().0).collect();
            sqlx::query(
                "with given as materialized (
                   select * from unnest($1::uuid[], $2::uuid[]) as given (job, document)
                 ), made as (
                   insert into jobs (id, tenant_id, workflow, profile, state, documents_next, documents_open, started_at,
                                     expires_at)
                   select job, $3, 'Archive PDF/A-2', 'default', $4, 2, 1, case $4 when 'creating' then null else now() end,
                          now() + interval '1 day'
                   from given
                 ), added as (
                   insert into documents (id, job_id, ordinal, file_name, bytes, sha256, blob)
                   select document, job, 1, 'a.txt', 1, sha256('a'), 'none' from given
                 )
                 insert into tasks (kind, lane, job_id, document_id, tenant_id, state, order_key)
                 select 'convert', 'native', job, document, $3, 'ready', row_number() over () from given",
            )
            .bind(part.iter().map(|job| job.0).collect::<Vec<_>>())
            .bind(documents)
            .bind(TenantId::DEFAULT.0)
            .bind(state)
            .execute(&mut self.conn)
            .await
            .expect("jobs can be made");
        }
        jobs.iter().map(ToString::to_string).collect()
    }

    /// Measures both subjects in turn.
    async fn case(&mut self, case: Case, jobs: &[String]) {
        // As autovacuum would have made it, and no checkpoint in the middle.
        for statement in ["vacuum analyze", "checkpoint"] {
            server::run(&mut self.conn, statement).await;
        }
        let (rounds, seconds, warm) = if self.options.quick { (1, 0.5, 0.2) } else { (5, 4.0, 0.5) };
        let mut measured: [Vec<Round>; 2] = [Vec::new(), Vec::new()];
        for number in 1..=rounds {
            say(&format!("… {}, round {number} of {rounds}", case.name));
            for (subject, rounds) in self.subjects.iter().zip(&mut measured) {
                let round =
                    round(&mut self.meter, subject, case.call, jobs, self.options.connections, seconds, warm).await;
                let line = json!({ "case": case.name, "subject": subject.name, "round": number, "per_second": round.per_second,
                    "p50_ms": round.p50_ms, "p99_ms": round.p99_ms, "own_us": round.own_us, "postgres_us": round.postgres_us,
                    "client_us": round.client_us });
                writeln!(self.lines, "{line}").expect("the target folder is ours");
                rounds.push(round);
            }
        }
        for (subject, rounds) in self.subjects.iter().zip(&measured) {
            self.rows.push(Row { case, subject: subject.name, round: median(rounds) });
        }
    }

    fn row(&self, case: Case, subject: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.case == case && row.subject == subject)
    }

    /// How many times the rate of the bare server the service has.
    fn share(&self, case: Case) -> Option<f64> {
        Some(self.row(case, "bindery")?.round.per_second / self.row(case, "bare")?.round.per_second)
    }

    fn print(&self) {
        let head = ["calls/s", "p50 ms", "p99 ms", "own µs/call", "PostgreSQL µs/call", "load µs/call", "× bare"];
        for case in [STATUS, ADD, CREATE, DEEP] {
            say(&format!("\n{}", case.name));
            say(&format!("  {:<8}{}", "", head.map(|title| format!("  {title:>18}")).concat()));
            for row in self.rows.iter().filter(|row| row.case == case) {
                let Round { per_second, p50_ms, p99_ms, own_us, postgres_us, client_us } = row.round;
                let share = self.share(case).filter(|_| row.subject == "bindery");
                let cells = [
                    format!("{per_second:.0}"),
                    format!("{p50_ms:.2}"),
                    format!("{p99_ms:.2}"),
                    format!("{own_us:.1}"),
                    format!("{postgres_us:.1}"),
                    format!("{client_us:.1}"),
                    share.map_or_else(String::new, |share| format!("{share:.2}")),
                ];
                say(&format!("  {:<8}{}", row.subject, cells.map(|cell| format!("  {cell:>18}")).concat()));
            }
        }
        say("\ngates");
        for case in [STATUS, DEEP] {
            let Some(share) = self.share(case) else { continue };
            let holds = if share >= SHARE_MIN { "holds" } else { "FAILS" };
            say(&format!("  {holds}  {:<44} {share:.2}, at least {SHARE_MIN}", format!("{}, × bare", case.name)));
        }
    }
}

/// Lets the load generator call one subject for some seconds.
#[expect(clippy::disallowed_methods, reason = "the benchmark starts its load")]
async fn round(
    meter: &mut Meter,
    subject: &Subject,
    call: Call,
    jobs: &[String],
    connections: usize,
    seconds: f64,
    warm_seconds: f64,
) -> Round {
    let mut load = Command::new(this_program())
        .arg("load")
        .args(["--address", &subject.address.to_string(), "--call", call.word()])
        .args(["--connections", &connections.to_string(), "--seconds", &seconds.to_string()])
        .args(["--warm-seconds", &warm_seconds.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the load starts");
    let mut input = load.stdin.take().expect("its input is piped");
    input.write_all(jobs.join("\n").as_bytes()).await.expect("the load reads");
    drop(input);
    let mut said = BufReader::new(load.stdout.take().expect("its output is piped")).lines();
    let begin = said.next_line().await.expect("the load writes lines");
    assert_eq!(begin.as_deref(), Some("begin"));
    let before = meter.read(&[subject.pid()]).await;
    let end = said.next_line().await.expect("the load writes lines").expect("the load says what it measured");
    let cost = before.to(meter.read(&[subject.pid()]).await);
    let values = end.strip_prefix("end ").expect("it has ended");
    let value = |name: &str| -> f64 {
        let pairs = values.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(known, _)| *known == name).find_map(|(_, value)| value.parse().ok()).expect("it says all of it")
    };
    let calls = value("calls");
    assert!(calls > 0.0, "nothing was answered within the measurement");
    Round {
        per_second: calls / seconds,
        p50_ms: value("p50_us") / 1e3,
        p99_ms: value("p99_us") / 1e3,
        own_us: cost.client_cpu / calls * 1e6,
        postgres_us: cost.server_cpu / calls * 1e6,
        client_us: value("client_seconds") / calls * 1e6,
    }
}

/// The median of each figure.
fn median(rounds: &[Round]) -> Round {
    let of = |figure: fn(&Round) -> f64| {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    };
    Round {
        per_second: of(|round| round.per_second),
        p50_ms: of(|round| round.p50_ms),
        p99_ms: of(|round| round.p99_ms),
        own_us: of(|round| round.own_us),
        postgres_us: of(|round| round.postgres_us),
        client_us: of(|round| round.client_us),
    }
}

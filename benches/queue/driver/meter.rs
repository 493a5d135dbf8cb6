//! What a phase costs: processor time of the server and of its clients, log bytes, commits.

use std::{
    fs,
    time::{Duration, Instant},
};

use sqlx::PgConnection;

use super::server::Server;

/// Clock ticks of `/proc` a second; the same on every Linux.
const TICKS: f64 = 100.0;

/// A reading of everything that counts up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) at: Instant,
    pub(crate) server_cpu: f64,
    pub(crate) client_cpu: f64,
    pub(crate) wal: i64,
}

/// What came between two readings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    pub(crate) server_cpu: f64,
    pub(crate) client_cpu: f64,
    pub(crate) wal: f64,
}

/// Reads the meters of one server.
pub(crate) struct Meter {
    postmaster: u32,
    conn: PgConnection,
    own: u32,
}

impl Meter {
    pub(crate) async fn new(server: &Server) -> Self {
        let mut conn = server.connect("postgres").await;
        let own: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut conn).await.expect("it answers");
        Self { postmaster: server.pid(), conn, own: own.unsigned_abs() }
    }

    /// Reads, with the processor time of the given processes as that of the clients.
    pub(crate) async fn read(&mut self, clients: &[u32]) -> Reading {
        let server_cpu = self.server_cpu();
        let client_cpu = clients.iter().filter_map(|pid| Stat::of(*pid)).map(|stat| stat.own).sum();
        let at = Instant::now();
        let wal = sqlx::query_scalar("select (pg_current_wal_insert_lsn() - '0/0')::bigint")
            .fetch_one(&mut self.conn)
            .await
            .expect("the server answers");
        Reading { at, server_cpu, client_cpu, wal }
    }

    /// Processor seconds of the server: what runs, without the backend of this meter, and what it has waited for.
    fn server_cpu(&self) -> f64 {
        let gone = Stat::of(self.postmaster).map(|stat| stat.own + stat.children).unwrap_or_default();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let running = pids.filter(|pid| *pid != self.own).filter_map(|pid| Some((pid, Stat::of(pid)?)));
        let running = running.filter(|(_, stat)| stat.parent == self.postmaster);
        gone + running.map(|(pid, stat)| exact(pid).unwrap_or(stat.own)).sum::<f64>()
    }

    /// Transactions that a database has committed, once nobody is connected to it any more: a backend reports late,
    /// but at the latest when it ends.
    pub(crate) async fn commits(&mut self, database: &str) -> i64 {
        for _ in 0..100 {
            let clients: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity where datname = $1 and backend_type = 'client backend'",
            )
            .bind(database)
            .fetch_one(&mut self.conn)
            .await
            .expect("the server answers");
            if clients == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.commits_so_far(database).await
    }

    /// Transactions of a database that its backends have reported so far.
    pub(crate) async fn commits_so_far(&mut self, database: &str) -> i64 {
        sqlx::query_scalar("select xact_commit from pg_stat_database where datname = $1")
            .bind(database)
            .fetch_optional(&mut self.conn)
            .await
            .expect("the server answers")
            .unwrap_or_default()
    }
}

impl Reading {
    /// What it cost from here to there.
    pub(crate) fn to(self, later: Self) -> Cost {
        Cost {
            seconds: (later.at - self.at).as_secs_f64(),
            server_cpu: later.server_cpu - self.server_cpu,
            client_cpu: later.client_cpu - self.client_cpu,
            wal: int(later.wal - self.wal),
        }
    }
}

impl Cost {
    /// The cost of one of so many jobs, as values of a row.
    pub(crate) fn per_job(&self, jobs: f64) -> Vec<(&'static str, f64)> {
        vec![
            ("server_us", self.server_cpu / jobs * 1e6),
            ("client_us", self.client_cpu / jobs * 1e6),
            ("cpu_us", (self.server_cpu + self.client_cpu) / jobs * 1e6),
            ("wal_bytes", self.wal / jobs),
        ]
    }
}

struct Stat {
    parent: u32,
    own: f64,
    children: f64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the program may hold spaces; what follows its bracket does not.
        let (_, rest) = text.rsplit_once(") ")?;
        let field = |index: usize| rest.split(' ').nth(index)?.parse::<f64>().ok();
        let parent = rest.split(' ').nth(1)?.parse().ok()?;
        Some(Self { parent, own: (field(11)? + field(12)?) / TICKS, children: (field(13)? + field(14)?) / TICKS })
    }
}

/// Processor seconds of a process with one thread, where the kernel counts them finely.
fn exact(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    text.split(' ').next()?.parse::<f64>().ok().map(|nanoseconds| nanoseconds / 1e9)
}

/// A count as a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^53")]
pub(crate) fn int(count: i64) -> f64 {
    count as f64
}

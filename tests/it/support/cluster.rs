//! PostgreSQL servers of a test's own, to be stopped, killed, filled and promoted.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, chown, geteuid},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use super::{Database, until, wait::seconds};

/// Settings of every server. No machine crashes in a test, so nothing is synced; everything else is as in production.
const SETTINGS: [&str; 5] =
    ["fsync=off", "listen_addresses=127.0.0.1", "shared_buffers=32MB", "max_connections=60", "wal_level=replica"];

/// A cluster with its server; both are gone when it is dropped, also by a panic.
pub(crate) struct Cluster {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    /// MiB of a disk of its own, which lives as long as the server.
    disk: Option<u32>,
    server: Option<Child>,
}

impl Cluster {
    /// Makes a cluster and starts its server.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with settings of its own, as in `max_connections=10`.
    pub(crate) async fn start_with(settings: &[&str]) -> Self {
        let mut cluster = Self::prepare(settings, None);
        let output = as_server("initdb").args(cluster.initdb_args()).output().unwrap();
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        cluster.restart().await;
        cluster
    }

    /// The same with its data, but not its log of changes, on a disk of so many MiB; an error when the kernel gives no
    /// such disk.
    pub(crate) async fn start_on_disk(mebibytes: u32) -> Result<Self, String> {
        let output = command("unshare", &["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
        let given = output.map_err(|error| error.to_string())?;
        if !given.status.success() {
            return Err(String::from_utf8_lossy(&given.stderr).into_owned());
        }
        let mut cluster = Self::prepare(&[], Some(mebibytes));
        cluster.restart().await;
        Ok(cluster)
    }

    /// A standby of this server that streams from it, named `standby`.
    pub(crate) async fn standby(&self) -> Self {
        let mut standby = Self::prepare(&[], None);
        let from = format!("host=127.0.0.1 port={} user=postgres application_name=standby", self.port);
        let mut backup = as_server("pg_basebackup");
        backup.args(["--checkpoint=fast", "--write-recovery-conf", "--no-sync", "--dbname", &from, "--pgdata"]);
        let output = backup.arg(standby.data()).output().unwrap();
        assert!(output.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&output.stderr));
        standby.restart().await;
        standby
    }

    /// Makes the standby the primary.
    pub(crate) async fn promote(&self) {
        self.execute("select pg_promote()").await;
    }

    fn prepare(settings: &[&str], disk: Option<u32>) -> Self {
        let folder = tempfile::Builder::new().prefix("bindery-cluster-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["data", "wal", "socket"] {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
            if geteuid().is_root() {
                let user = User::from_name("postgres").unwrap().expect("Debian's package makes this user");
                chown(&path, Some(user.uid), Some(user.gid)).unwrap();
            }
        }
        // The standby takes over the log of changes inside its data.
        let settings = SETTINGS.iter().chain(settings).map(|setting| (*setting).to_owned()).collect();
        Self { folder, port: free_port(), settings, disk, server: None }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn initdb_args(&self) -> Vec<String> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let mut args: Vec<String> =
            ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"].map(Into::into).into();
        args.push(path("data"));
        if self.disk.is_some() {
            args.extend(["-X".to_owned(), path("wal")]);
        }
        args
    }

    fn server_args(&self) -> Vec<String> {
        let mut args = vec!["-D".to_owned(), self.data().display().to_string(), "-p".to_owned(), self.port.to_string()];
        let socket = format!("unix_socket_directories={}", self.folder.path().join("socket").display());
        args.extend(self.settings.iter().cloned().chain([socket]).flat_map(|setting| ["-c".to_owned(), setting]));
        args
    }

    /// Starts the server, which must not run, and waits until it takes connections.
    pub(crate) async fn restart(&mut self) {
        self.spawn();
        let url = self.url("postgres");
        until("the server of the test takes connections", seconds(30), async || {
            // One that was killed leaves back ends behind, which hold up the next server for a moment.
            if self.server.as_mut().is_none_or(|server| server.try_wait().unwrap().is_some()) {
                self.spawn();
            }
            let conn = PgConnection::connect(&url).await.ok()?;
            conn.close().await.ok()
        })
        .await;
    }

    fn spawn(&mut self) {
        let mut server = match self.disk {
            None => as_server("postgres"),
            Some(mebibytes) => {
                // The disk is mounted where only this server sees it.
                let script = format!(
                    "mount -t tmpfs -o size={mebibytes}m tmpfs {data}; chmod 700 {data}; chown postgres: {data}; {initdb} >&2; exec {postgres}",
                    data = self.data().display(),
                    initdb = line(&as_server("initdb"), &self.initdb_args()),
                    postgres = line(&as_server("postgres"), &[]),
                );
                command("unshare", &["-m", "sh", "-ec", &format!("{script} \"$@\""), "sh"])
            }
        };
        let log = File::options().create(true).append(true).open(self.folder.path().join("server.log")).unwrap();
        server.args(self.server_args()).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.server = Some(server.spawn().unwrap());
    }

    /// Stops the server as an operator does: connections are cut, nothing is lost.
    pub(crate) async fn stop(&mut self) {
        self.end(Signal::SIGINT).await;
    }

    /// Ends the server as `kill -9` does.
    pub(crate) async fn kill(&mut self) {
        self.end(Signal::SIGKILL).await;
    }

    async fn end(&mut self, signal: Signal) {
        let mut server = self.server.take().expect("the server runs");
        kill(pid(&server), signal).unwrap();
        until("the server has ended", seconds(20), async || server.try_wait().unwrap()).await;
    }

    /// The address of a database of this server.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port of this server.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Makes a database with the schema; it goes with the cluster.
    pub(crate) async fn database(&self) -> Database {
        Database::migrated_on(&self.url("postgres")).await
    }

    /// Has the server do something, whatever database a client uses.
    pub(crate) async fn execute(&self, sql: &str) {
        let mut conn = PgConnection::connect(&self.url("postgres")).await.unwrap();
        for statement in sql.split(';') {
            sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut conn).await.unwrap();
        }
        conn.close().await.unwrap();
    }

    /// Asks the server for a number.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = PgConnection::connect(&self.url("postgres")).await.unwrap();
        let count = sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        count
    }

    /// The folder of the data as its disk shows it, for a test that fills that disk.
    pub(crate) fn disk(&self) -> PathBuf {
        let server = self.server.as_ref().expect("the server runs");
        Path::new("/proc").join(pid(server).to_string()).join("root").join(self.data().strip_prefix("/").unwrap())
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("server.log")).unwrap()).into_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().rev().take(40).collect();
            eprintln!("--- the server of the test said last:");
            lines.iter().rev().for_each(|line| eprintln!("{line}"));
        }
        let Some(mut server) = self.server.take() else { return };
        // Immediately: the data go next.
        if let Err(error) = kill(pid(&server), Signal::SIGQUIT).map_err(Into::into).and_then(|()| server.wait()) {
            eprintln!("the server of the test cannot be ended: {error}");
        }
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

/// A port that is free, outside the range from which the kernel gives ports to outgoing connections: it must stay free
/// while the server is down.
pub(crate) fn free_port() -> u16 {
    let candidates =
        std::iter::repeat_with(|| 20_000 + u16::try_from(uuid::Uuid::new_v4().as_u128() % 10_000).unwrap());
    candidates.take(100).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// A program of the server, run as the server may run, which ends with the test.
fn as_server(program: &str) -> Command {
    let mut command = command("setpriv", &["--pdeathsig=QUIT"]);
    if geteuid().is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(programs().join(program)).current_dir("/tmp");
    command
}

/// The newest server of this machine.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL is installed as Debian does")
}

#[expect(clippy::disallowed_methods, reason = "the tests run the programs of PostgreSQL")]
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// A command as a line of a shell; nothing in it needs quotes.
fn line(command: &Command, more: &[String]) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| word.to_string_lossy().into_owned()).chain(more.iter().cloned());
    words.collect::<Vec<_>>().join(" ")
}

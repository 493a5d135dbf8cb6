//! The PostgreSQL of a run: its own, durable, with the settings that the gates were written for.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};

/// What every subject gets. Checkpoints come when the driver asks for one, so that none falls into a measurement.
const SETTINGS: &str = "\
listen_addresses = ''
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = replica
shared_buffers = 1GB
max_wal_size = 8GB
checkpoint_timeout = 1h
max_connections = 300
autovacuum = on
autovacuum_naptime = 15s
track_io_timing = off
";
/// The user that owns the databases.
pub(crate) const OWNER: &str = "postgres";

/// A server that stops when it is dropped.
pub(crate) struct Server {
    process: Child,
    folder: tempfile::TempDir,
    pub(crate) programs: PathBuf,
    pub(crate) version: String,
}

#[expect(clippy::disallowed_methods, reason = "the benchmark starts a server of its own")]
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null());
    // The server refuses to run as root.
    if geteuid().is_root()
        && let Ok(Some(user)) = User::from_name(OWNER)
    {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

/// The folder of the newest installed server, or the one that `BINDERY_PG_BIN` names.
#[expect(clippy::disallowed_methods, reason = "the same variable as that of the scripts around the tests")]
fn programs() -> PathBuf {
    if let Some(given) = std::env::var_os("BINDERY_PG_BIN") {
        return given.into();
    }
    let mut found: Vec<_> = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().collect();
    let version = |name: &std::ffi::OsStr| name.to_string_lossy().parse::<f64>().unwrap_or_default();
    found.sort_by(|a, b| version(&b.file_name()).total_cmp(&version(&a.file_name())));
    let installed =
        found.into_iter().map(|entry| entry.path().join("bin")).chain([PathBuf::from("/usr/local/pgsql/bin")]);
    installed
        .into_iter()
        .find(|bin| bin.join("initdb").exists())
        .expect("PostgreSQL server programs are installed; the package is called postgresql")
}

fn spawn(programs: &Path, folder: &Path) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).expect("the folder is ours");
    let process = command(&programs.join("postgres")).arg("-D").arg(folder.join("data")).stderr(log).spawn();
    process.expect("the server starts")
}

impl Server {
    /// Makes a new data folder and starts a server on it, reachable by a socket alone.
    pub(crate) async fn start(at: Option<&Path>) -> Self {
        let programs = programs();
        let mut builder = tempfile::Builder::new();
        builder.prefix("bench-queue-");
        // Socket paths are limited to 107 bytes, so the folder is not below the target folder.
        let folder = at.map_or_else(|| builder.tempdir(), |at| builder.tempdir_in(at)).expect("a folder can be made");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder can be made");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
        if geteuid().is_root()
            && let Ok(Some(user)) = User::from_name(OWNER)
        {
            for path in [folder.path(), &data] {
                chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("root may give a folder away");
            }
        }
        let made = command(&programs.join("initdb"))
            .args(["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "initdb makes a data folder");
        let config = format!("{SETTINGS}unix_socket_directories = '{}'\n", folder.path().display());
        fs::write(data.join("postgresql.auto.conf"), config).expect("the data folder is there");
        let process = spawn(&programs, folder.path());
        let mut server = Self { process, folder, programs, version: String::new() };
        server.version = server.wait().await;
        server
    }

    /// Stops it as its operator does: clients are cut off, and what they have committed is safe.
    pub(crate) async fn stop(&mut self) {
        kill(self.postmaster(), Signal::SIGINT).expect("the server runs");
        for _ in 0..300 {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not stop; its log: {}", self.log());
    }

    /// Starts it again after a stop, and waits until it answers.
    pub(crate) async fn start_again(&mut self) {
        self.process = spawn(&self.programs, self.folder.path());
        self.wait().await;
    }

    fn postmaster(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.process.id()).expect("a process id is small"))
    }

    async fn wait(&mut self) -> String {
        for _ in 0..1_500 {
            if let Ok(mut conn) = PgConnection::connect_with(&self.options(OWNER)).await {
                let row = sqlx::query("show server_version").fetch_one(&mut conn).await.expect("the server answers");
                return row.get(0);
            }
            assert!(matches!(self.process.try_wait(), Ok(None)), "the server runs; its log: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not answer; its log: {}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The process that all others of the server come from.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The folder of its socket.
    pub(crate) fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a database, as every subject takes it.
    pub(crate) fn url(&self, database: &str) -> String {
        // The driver of one peer wants the folder as an encoded host.
        let socket = self.socket().display().to_string().replace('/', "%2F");
        format!("postgres://{OWNER}@{socket}/{database}")
    }

    /// The address of a database for our own connections.
    pub(crate) fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(self.socket()).username(OWNER).database(database)
    }

    /// Connects for questions of the driver.
    pub(crate) async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.options(database)).await.expect("the server answers")
    }

    /// Changes settings for all sessions from now on, given as assignments; none resets them all.
    pub(crate) async fn set(&self, settings: &[&str]) {
        let mut conn = self.connect(OWNER).await;
        let defaults = ["alter system reset commit_delay".to_owned(), "alter system reset commit_siblings".to_owned()];
        let wanted = settings.iter().map(|setting| format!("alter system set {setting}"));
        for statement in defaults.into_iter().chain(wanted) {
            run(&mut conn, &statement).await;
        }
        run(&mut conn, "select pg_reload_conf()").await;
        // The signal has to reach every process.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once: what it holds is thrown away.
        if kill(self.postmaster(), Signal::SIGQUIT).is_ok() {
            for _ in 0..100 {
                if !matches!(self.process.try_wait(), Ok(None)) {
                    return;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        if let Err(error) = self.process.kill() {
            super::say(&format!("the server may still run: {error}"));
        }
    }
}

/// Runs a statement of the driver, made of its own constants.
pub(crate) async fn run(conn: &mut PgConnection, statement: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(conn).await;
    if let Err(error) = done {
        panic!("{statement}: {error}");
    }
}

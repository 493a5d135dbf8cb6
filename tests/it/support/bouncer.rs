//! Debian's PgBouncer between the service and a server, in transaction mode.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    process::{Child, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid},
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;

use super::{
    Database,
    cluster::{command, free_port},
    until,
    wait::seconds,
};

/// A pooler that runs; gone when it is dropped.
pub(crate) struct Bouncer {
    folder: TempDir,
    pooler: Child,
    /// The database by this way, for processes.
    pub(crate) url: String,
}

impl Bouncer {
    /// Starts a pooler with few sessions, in front of a database.
    pub(crate) async fn start(database: &Database) -> Self {
        let folder = tempfile::Builder::new().prefix("bindery-bouncer-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = free_port();
        let (options, users) = (&database.options, folder.path().join("users.txt"));
        let (user, name) = (options.get_username(), options.get_database().unwrap());
        let host =
            options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
        fs::write(&users, format!("\"{user}\" \"\"\n")).unwrap();
        let settings = format!(
            "[databases]\n{name} = host={host} port={} dbname={name}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 200\n",
            options.get_port(),
            users.display(),
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut start = command("setpriv", &["--pdeathsig=KILL"]);
        if geteuid().is_root() {
            start.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        start.arg("/usr/sbin/pgbouncer").arg(&file).stdin(Stdio::null());
        let pooler =
            start.stdout(log.try_clone().unwrap()).stderr(log).spawn().expect("Debian's pgbouncer is installed");
        let url = format!("postgres://{user}@127.0.0.1:{port}/{name}");
        until("the pooler takes connections", seconds(20), async || {
            // As the service connects: without a setting that the pooler refuses.
            let options = url.parse::<PgConnectOptions>().unwrap().extra_float_digits(None);
            PgConnection::connect_with(&options).await.ok()
        })
        .await;
        Self { folder, pooler, url }
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the pooler said:\n{}", self.log());
        }
        let pid = Pid::from_raw(i32::try_from(self.pooler.id()).unwrap());
        if let Err(error) = kill(pid, Signal::SIGKILL).map_err(Into::into).and_then(|()| self.pooler.wait()) {
            eprintln!("the pooler cannot be ended: {error}");
        }
    }
}

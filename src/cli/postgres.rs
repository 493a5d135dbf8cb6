//! The embedded PostgreSQL of `bindery up`: a real server with its own cluster in the data folder.
//!
//! 1. It never runs as root: when we do, it runs as `postgres`, or as `nobody` where there is no such user.
//! 2. `fsync` and `synchronous_commit` stay on; the data survive any crash and are found again.
//! 3. Only the socket's folder lets anyone in without a password, and only root and the server's user into that folder.

use std::{
    ffi::OsString,
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Gid, Pid, Uid, User},
};
use sqlx::postgres::PgConnectOptions;
use tokio::{process::Child, time::Instant};

use super::config::Config;
use crate::{
    engines::process::{Service, spawn_service},
    storage::pool,
};

/// Name of the database and of its owner.
const NAME: &str = "bindery";
/// Longest path of a socket folder: the kernel takes 107 bytes with the file name.
const SOCKET_FOLDER_MAX: usize = 85;
/// How long the server may take to start; recovery after a crash replays its log.
const START_MAX: Duration = Duration::from_secs(120);
/// How long it may take to stop.
const STOP_MAX: Duration = Duration::from_secs(60);

/// A cluster in the data folder, and the server on it when it runs.
pub(super) struct Embedded {
    programs: PathBuf,
    cluster: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    port: u16,
    user: Option<(Uid, Gid)>,
    server: Option<Child>,
}

impl Embedded {
    /// Finds the server programs and makes the cluster when it is not there.
    ///
    /// # Errors
    /// One sentence that says what to install or to change.
    pub(super) async fn prepare(config: &Config) -> anyhow::Result<Self> {
        let programs = find_programs(config.pg_bin.as_deref())?;
        let user = server_user()?;
        let base = config.data.join("postgres");
        make_private_folder(&base, user)?;
        if user.is_some() {
            check_reachable(&base)?;
        }
        let socket = socket_folder(&base);
        make_private_folder(&socket, user)?;
        let port = free_port(&base.join("port"))?;
        let embedded = Self {
            programs,
            cluster: base.join("cluster"),
            log: base.join("server.log"),
            socket,
            port,
            user,
            server: None,
        };
        if !embedded.cluster.join("PG_VERSION").exists() {
            embedded.make_cluster(&base).await?;
        }
        Ok(embedded)
    }

    /// Starts the server and waits until it answers; after a crash that includes its recovery.
    ///
    /// # Errors
    /// When it does not come up; names its log.
    pub(super) async fn start(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_MAX;
        loop {
            self.wait_for_predecessor(deadline).await?;
            self.server = Some(self.spawn()?);
            if self.wait_until_ready(deadline).await? {
                break;
            }
            // Right after a crash the remains of the old server can keep the new one from starting for a moment.
            if Instant::now() >= deadline {
                bail!("the embedded PostgreSQL does not start; {} says why", self.log.display());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let maintenance = self.options().database("postgres");
        pool::ensure_database(&maintenance, NAME).await.context("cannot make the database")
    }

    /// How to reach the database.
    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new().socket(&self.socket).port(self.port).username(NAME).database(NAME)
    }

    /// The same as a URL, for child processes and for operators.
    pub(super) fn url(&self) -> String {
        format!("postgres://{NAME}@localhost:{}/{NAME}?host={}", self.port, self.socket.display())
    }

    /// Waits until the server has ended by itself.
    pub(super) async fn ended(&mut self) {
        match &mut self.server {
            Some(server) => {
                if let Err(error) = server.wait().await {
                    tracing::error!(%error, "cannot wait for PostgreSQL");
                }
                self.server = None;
            }
            None => std::future::pending().await,
        }
    }

    /// Stops the server; open transactions are rolled back.
    pub(super) async fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        send(&server, Signal::SIGINT);
        if tokio::time::timeout(STOP_MAX, server.wait()).await.is_err() {
            tracing::warn!("PostgreSQL does not stop, so it is stopped at once; it will recover at the next start");
            send(&server, Signal::SIGQUIT);
            if let Err(error) = server.wait().await {
                tracing::error!(%error, "cannot wait for PostgreSQL");
            }
        }
    }

    fn spawn(&self) -> anyhow::Result<Child> {
        let log = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log)?;
        let settings = [
            format!("unix_socket_directories={}", self.socket.display()),
            "unix_socket_permissions=0700".to_owned(),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.port),
            "max_connections=200".to_owned(),
            "fsync=on".to_owned(),
            "synchronous_commit=on".to_owned(),
        ];
        let mut args: Vec<OsString> = vec!["-D".into(), self.cluster.clone().into()];
        for setting in settings {
            args.extend(["-c".into(), setting.into()]);
        }
        spawn_service(Service {
            program: &self.programs.join("postgres"),
            args,
            env: Vec::new(),
            folder: &self.cluster,
            user: self.user.map(|(user, group)| (user.as_raw(), group.as_raw())),
            when_orphaned: Signal::SIGINT,
            output: Some(log),
        })
        .context("cannot start the PostgreSQL server")
    }

    /// Waits for a server that an earlier `up` left behind: it was told to stop when its parent died.
    async fn wait_for_predecessor(&self, deadline: Instant) -> anyhow::Result<()> {
        while let Some(pid) = self.running_pid() {
            if Instant::now() >= deadline {
                bail!("another PostgreSQL (process {pid}) uses {}; stop it first", self.cluster.display());
            }
            if let Err(error) = kill(pid, Signal::SIGINT) {
                tracing::debug!(%error, "the old server is gone");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// The process that the cluster's lock file names, if that is a PostgreSQL server on this cluster.
    fn running_pid(&self) -> Option<Pid> {
        let lock = fs::read_to_string(self.cluster.join("postmaster.pid")).ok()?;
        let pid: i32 = lock.lines().next()?.trim().parse().ok()?;
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let names_cluster = String::from_utf8_lossy(&command).contains(&*self.cluster.to_string_lossy());
        (names_cluster && !is_zombie(pid)).then(|| Pid::from_raw(pid))
    }

    /// Whether the server answers before it ends or the time is over.
    async fn wait_until_ready(&mut self, deadline: Instant) -> anyhow::Result<bool> {
        let maintenance = self.options().database("postgres");
        while Instant::now() < deadline {
            if let Some(server) = &mut self.server
                && server.try_wait()?.is_some()
            {
                self.server = None;
                return Ok(false);
            }
            if pool::connect(&maintenance).await.is_ok() {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(false)
    }

    /// Makes the cluster beside its place and moves it there when it is whole.
    async fn make_cluster(&self, base: &Path) -> anyhow::Result<()> {
        tracing::info!(folder = %self.cluster.display(), "making a PostgreSQL cluster");
        let new = base.join("cluster.new");
        if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        let secret = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let password = base.join("password");
        let mut file = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&password)?;
        writeln!(file, "{secret}")?;
        give(&password, self.user)?;
        let log_path = base.join("initdb.log");
        let log = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&log_path)?;
        let mut password_file = OsString::from("--pwfile=");
        password_file.push(&password);
        let mut initdb = spawn_service(Service {
            program: &self.programs.join("initdb"),
            args: vec![
                "-D".into(),
                new.clone().into(),
                format!("--username={NAME}").into(),
                "--auth-local=trust".into(),
                "--auth-host=scram-sha-256".into(),
                password_file,
                "--encoding=UTF8".into(),
                "--locale=C".into(),
                "--data-checksums".into(),
            ],
            env: Vec::new(),
            folder: base,
            user: self.user.map(|(user, group)| (user.as_raw(), group.as_raw())),
            when_orphaned: Signal::SIGKILL,
            output: Some(log),
        })?;
        if !initdb.wait().await?.success() {
            bail!("cannot make a PostgreSQL cluster; {} says why", log_path.display());
        }
        fs::rename(&new, &self.cluster)?;
        Ok(())
    }
}

/// Sends a signal to a child that has not been waited for, so its number is still its own.
pub(super) fn send(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok())
        && let Err(error) = kill(Pid::from_raw(pid), signal)
    {
        tracing::debug!(%error, pid, "a process is gone already");
    }
}

/// The folder with `postgres` and `initdb`: the given one, what `pg_config` names, or the newest of the usual ones.
pub(super) fn find_programs(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let complete = |folder: &Path| ["postgres", "initdb"].iter().all(|program| folder.join(program).is_file());
    if let Some(folder) = given {
        if complete(folder) {
            return Ok(folder.to_owned());
        }
        bail!(
            "there is no PostgreSQL server in {}; BINDERY_PG_BIN names the folder with `postgres` and `initdb`",
            folder.display()
        );
    }
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let usual = ["/usr/pgsql/bin", "/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"]
        .map(PathBuf::from);
    let newest_first = versions.into_iter().rev().map(|(_, folder)| folder);
    newest_first.chain(usual).find(|folder| complete(folder)).context(
        "no PostgreSQL server is installed: install it (on Debian `apt-get install postgresql`), or give DATABASE_URL",
    )
}

/// The user that the server runs as when we are root, which it refuses to be.
fn server_user() -> anyhow::Result<Option<(Uid, Gid)>> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some((user.uid, user.gid)));
        }
    }
    bail!("PostgreSQL does not run as root and there is no user `postgres` or `nobody`; run Bindery as another user")
}

fn make_private_folder(folder: &Path, user: Option<(Uid, Gid)>) -> anyhow::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    }
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("cannot make the folder {}", folder.display()));
        }
        Ok(()) | Err(_) => {}
    }
    // One that somebody else made in a shared place is not ours to trust.
    let owner = fs::symlink_metadata(folder)?;
    let ours = [Some(nix::unistd::geteuid()), user.map(|(user, _)| user)]
        .into_iter()
        .flatten()
        .any(|user| user.as_raw() == owner.uid());
    if !owner.is_dir() || !ours {
        bail!("{} belongs to somebody else; move it away or choose another BINDERY_DATA", folder.display());
    }
    give(folder, user)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    Ok(())
}

fn give(path: &Path, user: Option<(Uid, Gid)>) -> anyhow::Result<()> {
    if let Some((user, group)) = user {
        nix::unistd::chown(path, Some(user), Some(group))
            .with_context(|| format!("cannot give {} to the user of PostgreSQL", path.display()))?;
    }
    Ok(())
}

/// Checks that another user can walk down to the folder.
fn check_reachable(folder: &Path) -> anyhow::Result<()> {
    for parent in folder.ancestors().skip(1) {
        if fs::metadata(parent)?.mode() & 0o001 == 0 {
            bail!(
                "the user of PostgreSQL cannot enter {}; choose another BINDERY_DATA, as in /var/lib/bindery, or `chmod o+x` it",
                parent.display()
            );
        }
    }
    Ok(())
}

/// The folder of the socket: beside the cluster, or in the temporary folder when that path is too long for a socket.
fn socket_folder(base: &Path) -> PathBuf {
    let beside = base.join("socket");
    if beside.as_os_str().len() <= SOCKET_FOLDER_MAX {
        return beside;
    }
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    base.hash(&mut hasher);
    Path::new("/tmp").join(format!("bindery-{:016x}", hasher.finish()))
}

/// The port of last time when it is free, else any free one; kept in a file so that operators find the server again.
fn free_port(file: &Path) -> anyhow::Result<u16> {
    let last = fs::read_to_string(file).ok().and_then(|text| text.trim().parse::<u16>().ok());
    let bind = |port| std::net::TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr());
    let address = last.and_then(|port| bind(port).ok()).map_or_else(|| bind(0), Ok)?;
    fs::write(file, address.port().to_string())?;
    Ok(address.port())
}

fn is_zombie(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

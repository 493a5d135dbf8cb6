//! A site of its own for one run: folder, PostgreSQL with everything that makes it durable, APIs, workers, and proxies.

use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use bindery::engines::process::{Service, spawn_service};
use nix::{
    sys::signal::Signal,
    unistd::{User, chown},
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    journal::Journal,
    members::{Kind, Member, Spec},
    options::Options,
    proxy::Proxy,
};

/// How long the database server may take to answer after its start; recovery replays its log.
const START_MAX: Duration = Duration::from_secs(120);

/// Everything that runs.
pub(crate) struct Site {
    /// Where everything of the run is.
    pub(crate) folder: PathBuf,
    /// What happened.
    pub(crate) journal: Arc<Journal>,
    /// The database server.
    pub(crate) postgres: Arc<Member>,
    /// The APIs.
    pub(crate) serves: Vec<Arc<Member>>,
    /// The workers.
    pub(crate) works: Vec<Arc<Member>>,
    /// Ways to the database.
    pub(crate) database_ways: Vec<Arc<Proxy>>,
    /// Ways to the APIs.
    pub(crate) api_ways: Vec<Arc<Proxy>>,
    /// Where clients reach the APIs, with the base path.
    pub(crate) urls: Vec<String>,
    /// The database, for the run's own questions.
    pub(crate) options: PgConnectOptions,
    running: JoinSet<()>,
    stop_roles: CancellationToken,
    stop_postgres: CancellationToken,
}

impl Site {
    /// Makes a cluster, brings up its schema, and starts everything.
    pub(crate) async fn start(options: &Options) -> anyhow::Result<Self> {
        // Short, since the path of a socket is limited, and open to the user of PostgreSQL.
        let folder = tempfile::Builder::new().prefix("bindery-chaos-").tempdir_in("/tmp")?.keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        for name in ["logs", "data", "blobs"] {
            fs::create_dir(folder.join(name))?;
        }
        let journal = Arc::new(Journal::open(&folder)?);
        let postgres = cluster(&folder, &journal).await?;
        let socket = folder.join("socket");
        let database = PgConnectOptions::new().socket(&socket).username("bindery").database("postgres");
        let mut site = Self {
            folder,
            journal,
            postgres,
            serves: Vec::new(),
            works: Vec::new(),
            database_ways: Vec::new(),
            api_ways: Vec::new(),
            urls: Vec::new(),
            options: database,
            running: JoinSet::new(),
            stop_roles: CancellationToken::new(),
            stop_postgres: CancellationToken::new(),
        };
        site.running.spawn(Arc::clone(&site.postgres).supervise(site.stop_postgres.clone()));
        bindery::storage::migrate(&mut site.connect().await?).await?;
        site.start_serves(options.serves).await?;
        site.start_works(options.works).await?;
        Ok(site)
    }

    async fn start_serves(&mut self, count: usize) -> anyhow::Result<()> {
        for number in 0..count {
            // Every second API reaches its database, and every API but the first its clients, by a way that is cut.
            let database = if number % 2 == 0 { self.database_way(&format!("serve-{number}")).await? } else { None };
            let (own, public) = (free_address()?, free_address()?);
            let name = format!("serve-{number}");
            let mut spec = self.spec(&name, "serve", database);
            spec.env.push(("BINDERY_LISTEN".into(), own.to_string().into()));
            spec.env.push(("BINDERY_SIMPLE_LISTEN".into(), "127.0.0.1:0".into()));
            let member = Member::new(&name, Kind::Serve, spec, &self.journal);
            self.running.spawn(Arc::clone(&member).supervise(self.stop_roles.clone()));
            self.serves.push(member);
            let reached = if number == 0 { own } else { public };
            if number > 0 {
                self.api_ways.push(Arc::new(Proxy::to_api(&format!("api of {name}"), public, own).await?));
            }
            self.urls.push(format!("http://{reached}{}", bindery::api::BASE));
        }
        Ok(())
    }

    async fn start_works(&mut self, count: usize) -> anyhow::Result<()> {
        for number in 0..count {
            let name = format!("work-{number}");
            let database = if number % 2 == 0 { self.database_way(&name).await? } else { None };
            let member = Member::new(&name, Kind::Work, self.spec(&name, "work", database), &self.journal);
            self.running.spawn(Arc::clone(&member).supervise(self.stop_roles.clone()));
            self.works.push(member);
        }
        Ok(())
    }

    /// Opens a way to the database that can be cut, and gives the folder of its socket.
    async fn database_way(&mut self, of: &str) -> anyhow::Result<Option<PathBuf>> {
        let from = self.folder.join(format!("way-{of}"));
        let proxy = Proxy::to_postgres(&format!("database of {of}"), &from, &self.folder.join("socket")).await?;
        self.database_ways.push(Arc::new(proxy));
        Ok(Some(from))
    }

    fn spec(&self, name: &str, role: &str, socket: Option<PathBuf>) -> Spec {
        let socket = socket.unwrap_or_else(|| self.folder.join("socket"));
        let variables = [
            ("DATABASE_URL", format!("postgres://bindery@localhost:5432/postgres?host={}", socket.display())),
            ("BINDERY_DATA", self.folder.join("data").display().to_string()),
            ("BINDERY_BLOBS", format!("file://{}", self.folder.join("blobs").display())),
            ("BINDERY_SLOTS", "native=2".to_owned()),
            ("BINDERY_RESULT_WAIT", "10s".to_owned()),
            ("BINDERY_GRACE", "10s".to_owned()),
            ("BINDERY_LOG", "info".to_owned()),
        ];
        Spec {
            program: env!("CARGO_BIN_EXE_bindery").into(),
            args: vec![role.into()],
            env: variables.map(|(name, value)| (name.into(), value.into())).into(),
            folder: self.folder.clone(),
            user: None,
            log: self.folder.join("logs").join(format!("{name}.log")),
        }
    }

    /// Connects to the database by no proxy, waiting until it answers.
    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        let deadline = Instant::now() + START_MAX;
        loop {
            match PgConnection::connect_with(&self.options).await {
                Ok(conn) => return Ok(conn),
                Err(error) if Instant::now() >= deadline => return Err(error).context("PostgreSQL does not answer"),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// All members that run our program.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.serves.iter().chain(&self.works)
    }

    /// Stops APIs and workers, who must stop cleanly.
    pub(crate) async fn stop_roles(&mut self) {
        self.stop_roles.cancel();
        while self.running.len() > 1 && self.running.join_next().await.is_some() {}
    }

    /// Stops the database; removes everything unless it is to be looked at.
    pub(crate) async fn end(mut self, keep: bool) {
        self.stop_roles.cancel();
        self.stop_postgres.cancel();
        while self.running.join_next().await.is_some() {}
        if keep {
            println!("what is left to be looked at is in {}", self.folder.display());
        } else if let Err(error) = fs::remove_dir_all(&self.folder) {
            println!("{} cannot be removed: {error}", self.folder.display());
        }
    }
}

/// Makes a cluster in the folder, and the member that serves it.
async fn cluster(folder: &Path, journal: &Arc<Journal>) -> anyhow::Result<Arc<Member>> {
    let programs = programs()?;
    let user = if nix::unistd::geteuid().is_root() {
        User::from_name("postgres")?.context("there is no user `postgres`, and PostgreSQL does not run as root")?.into()
    } else {
        None
    };
    for name in ["cluster", "socket"] {
        fs::create_dir(folder.join(name))?;
        if let Some(user) = &user {
            chown(&folder.join(name), Some(user.uid), Some(user.gid))?;
        }
    }
    let ids = user.map(|user| (user.uid.as_raw(), user.gid.as_raw()));
    let log = folder.join("logs/postgres.log");
    let text = |text: &str| OsString::from(text);
    let data: OsString = folder.join("cluster").into();
    let initdb = ["-U", "bindery", "-A", "trust", "-E", "UTF8", "--locale=C", "--data-checksums"].map(text);
    let mut made = spawn_service(Service {
        program: &programs.join("initdb"),
        args: [vec![text("-D"), data.clone()], initdb.into()].concat(),
        env: Vec::new(),
        folder: &folder.join("cluster"),
        user: ids,
        when_orphaned: Signal::SIGKILL,
        output: Some(fs::File::create(&log)?),
    })?;
    if !made.wait().await?.success() {
        bail!("cannot make a cluster; {} says why", log.display());
    }
    let settings = [
        format!("unix_socket_directories={}", folder.join("socket").display()),
        "listen_addresses=".to_owned(),
        "max_connections=200".to_owned(),
        "fsync=on".to_owned(),
        "synchronous_commit=on".to_owned(),
        "full_page_writes=on".to_owned(),
        "log_line_prefix=%m [%p] %a ".to_owned(),
    ];
    let mut args = vec![text("-D"), data];
    args.extend(settings.into_iter().flat_map(|setting| [text("-c"), setting.into()]));
    let program = programs.join("postgres");
    let spec = Spec { program, args, env: Vec::new(), folder: folder.join("cluster"), user: ids, log };
    Ok(Member::new("postgres", Kind::Postgres, spec, journal))
}

/// The folder with the programs of the newest PostgreSQL server.
#[expect(clippy::disallowed_methods, reason = "the run is told where PostgreSQL is as the service is")]
fn programs() -> anyhow::Result<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("postgres").is_file() && folder.join("initdb").is_file();
    let given = std::env::var("BINDERY_PG_BIN").ok().map(PathBuf::from);
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let usual = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from);
    let found = given.into_iter().chain(versions.into_iter().rev().map(|(_, folder)| folder)).chain(usual);
    found.into_iter().find(complete).context("no PostgreSQL server is installed; BINDERY_PG_BIN names its folder")
}

/// An address of this machine that nobody uses.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

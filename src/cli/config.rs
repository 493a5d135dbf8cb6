//! Flags and environment into one checked configuration. The only file that reads the environment.

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::Args;
use sqlx::postgres::PgConnectOptions;

use super::capacity;
use super::defaults::{default_data, usual_chromium, usual_soffice, usual_tessdata};
use super::values::{
    address, connections, count, database, duration, filter, folder_of_url, log_format, paths, size, slots, some_time,
};
pub use super::variables::VARIABLES;
use crate::{
    api::Origins,
    domain::{Lane, limits},
    egress::Allow,
};

/// The flags of all roles; each has a variable.
#[derive(Debug, Clone, Default, Args)]
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these texts are shown by --help; only one of the two tools knows each lint"
)]
pub struct Flags {
    /// The database, as in postgres://user:password@host/name [env: DATABASE_URL]
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// A direct connection for LISTEN and for migrations, when the other leads through PgBouncer [env: BINDERY_LISTEN_URL]
    #[arg(long, value_name = "URL")]
    pub listen_url: Option<String>,
    /// Whether prepared statements are kept on the way to the database [env: BINDERY_PREPARED] [default: found out]
    #[arg(long, value_name = "BOOL")]
    pub prepared: Option<String>,
    /// Most connections that one process opens, besides the one that listens [env: BINDERY_CONNECTIONS]
    #[arg(long, value_name = "N")]
    pub connections: Option<String>,
    /// Folder for the embedded database, blobs and work [env: BINDERY_DATA]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// Where documents and results are kept, as in file:///srv/bindery [env: BINDERY_BLOBS]
    #[arg(long, value_name = "URL")]
    pub blobs: Option<String>,
    /// Address and port of the API [env: BINDERY_LISTEN] [default: 127.0.0.1:13033]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Address and port of the Simple API alone; empty for none [env: BINDERY_SIMPLE_LISTEN] [default: 127.0.0.1:13034]
    #[arg(long, value_name = "ADDRESS")]
    pub simple_listen: Option<String>,
    /// Web pages that may call the API, as in https://app.example.com; or *, or none [env: BINDERY_CORS_ORIGINS]
    #[arg(long, value_name = "ORIGIN,…")]
    pub cors_origins: Option<String>,
    /// Listen beyond this machine although there are no keys [env: BINDERY_ALLOW_ANONYMOUS]
    #[arg(long)]
    pub allow_anonymous: bool,
    /// Convert documents although the kernel cannot confine engines [env: BINDERY_ALLOW_UNSANDBOXED]
    #[arg(long)]
    pub allow_unsandboxed: bool,
    /// Engine slots of a worker, as in native=2,office=2 [env: BINDERY_SLOTS]
    #[arg(long, value_name = "LANE=N,…")]
    pub slots: Option<String>,
    /// LibreOffice's soffice [env: BINDERY_SOFFICE]
    #[arg(long, value_name = "FILE")]
    pub soffice: Option<String>,
    /// Chromium's chromium-headless-shell [env: BINDERY_CHROMIUM]
    #[arg(long, value_name = "FILE")]
    pub chromium: Option<String>,
    /// Folder with the languages of Tesseract [env: BINDERY_TESSDATA]
    #[arg(long, value_name = "FOLDER")]
    pub tessdata: Option<String>,
    /// Folders with fonts, separated by colons [env: BINDERY_FONTS]
    #[arg(long, value_name = "FOLDERS")]
    pub fonts: Option<String>,
    /// Folder with the certificates that sign, NAME.p12 and NAME.password [env: BINDERY_CERTIFICATES]
    #[arg(long, value_name = "FOLDER")]
    pub certificates: Option<String>,
    /// Folder with the programs of the PostgreSQL server [env: BINDERY_PG_BIN]
    #[arg(long, value_name = "FOLDER")]
    pub pg_bin: Option<String>,
    /// How long a blocking result call waits [env: BINDERY_RESULT_WAIT] [default: 110s]
    #[arg(long, value_name = "TIME")]
    pub result_wait: Option<String>,
    /// How long a completed job is kept [env: BINDERY_RETENTION] [default: 24h]
    #[arg(long, value_name = "TIME")]
    pub retention: Option<String>,
    /// How long one attempt of one conversion may take [env: BINDERY_TASK_TIMEOUT] [default: 300s]
    #[arg(long, value_name = "TIME")]
    pub task_timeout: Option<String>,
    /// How long the engine of a conversion may stand still [env: BINDERY_STALL_TIMEOUT] [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub stall_timeout: Option<String>,
    /// How long running conversions may go on when a worker stops [env: BINDERY_GRACE] [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub grace: Option<String>,
    /// Jobs that may be open at once [env: BINDERY_MAX_OPEN_JOBS] [default: 10000]
    #[arg(long, value_name = "N")]
    pub max_open_jobs: Option<String>,
    /// Size of one document [env: BINDERY_MAX_UPLOAD] [default: 4GiB]
    #[arg(long, value_name = "SIZE")]
    pub max_upload: Option<String>,
    /// Hosts and networks inside your walls that URLs of clients and profiles may lead to, as in files.corp,10.1.0.0/16:8080 [env: BINDERY_EGRESS_ALLOW]
    #[arg(long, value_name = "HOST,…")]
    pub egress_allow: Option<String>,
    /// What is logged, as in info or bindery=debug [env: BINDERY_LOG] [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// How it is logged: text or json [env: BINDERY_LOG_FORMAT] [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The checked configuration of a process.
#[derive(Clone)]
pub struct Config {
    /// The database; none means the embedded one.
    pub database: Option<PgConnectOptions>,
    /// The database as it was written, to be handed to child processes; holds a password.
    pub database_url: Option<String>,
    /// The database for the listener as it was written.
    pub listener_url: Option<String>,
    /// The database for the listener, when it is another way there.
    pub listener: Option<PgConnectOptions>,
    /// Whether prepared statements are kept on the way to the database; none means to find out.
    pub prepared: Option<bool>,
    /// Most connections to the database, when it is not what the role would open.
    pub connections: Option<u32>,
    /// Folder for the embedded database, blobs and work.
    pub data: PathBuf,
    /// Folder of the blob store.
    pub blobs: PathBuf,
    /// Address and port of the API.
    pub listen: SocketAddr,
    /// Address and port of the Simple API alone, if it has one.
    pub simple_listen: Option<SocketAddr>,
    /// Web pages that may call the API; none means that the address decides.
    pub origins: Option<Origins>,
    /// Whether documents are converted although the kernel cannot confine engines.
    pub unsandboxed: bool,
    /// Engine slots of a worker.
    pub slots: BTreeMap<Lane, usize>,
    /// Where LibreOffice may be.
    pub soffice: Vec<PathBuf>,
    /// Where Chromium may be.
    pub chromium: Vec<PathBuf>,
    /// Where the languages of Tesseract may be.
    pub tessdata: Vec<PathBuf>,
    /// Folders with fonts.
    pub fonts: Vec<PathBuf>,
    /// Folder with the certificates that sign.
    pub certificates: Option<PathBuf>,
    /// Folder with the server programs of PostgreSQL.
    pub pg_bin: Option<PathBuf>,
    /// How long a blocking result call waits.
    pub result_wait: Duration,
    /// How long a completed job is kept.
    pub retention: Duration,
    /// How long one attempt may take.
    pub task_timeout: Duration,
    /// How long the engine of an attempt may stand still.
    pub stall_timeout: Duration,
    /// How long running tasks may go on when a worker stops.
    pub grace: Duration,
    /// Jobs that may be open at once.
    pub max_open_jobs: i64,
    /// Bytes of one upload.
    pub max_upload: u64,
    /// What URLs of clients may lead to beyond the internet at large.
    pub egress_allow: Allow,
    /// What is logged.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
}

/// Everything that is wrong with flags and environment, at once. Values of secrets are not among it.
#[derive(Debug)]
pub struct ConfigErrors(Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is wrong")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads values and gathers what is wrong with them.
struct Reader<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    /// The flag, else the variable; an empty variable counts as none.
    fn text(&self, flag: Option<&String>, variable: &str) -> Option<String> {
        flag.cloned().or_else(|| (self.environment)(variable)).filter(|value| !value.is_empty())
    }

    /// The address that a flag or a variable names, or none when it is empty; `default` when there is neither.
    fn address_or_none(&mut self, flag: Option<&String>, variable: &str, default: SocketAddr) -> Option<SocketAddr> {
        if flag.cloned().or_else(|| (self.environment)(variable)).is_none() {
            return Some(default);
        }
        self.parse(flag, variable, address)
    }

    /// Where a program or a folder may be: as it is said, else at the usual places.
    fn places(&self, flag: Option<&String>, variable: &str, usual: fn() -> Vec<PathBuf>) -> Vec<PathBuf> {
        self.text(flag, variable).map_or_else(usual, |path| vec![path.into()])
    }

    fn parse<T, E: fmt::Display>(
        &mut self,
        flag: Option<&String>,
        variable: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.text(flag, variable)?;
        match read(&value) {
            Ok(parsed) => Some(parsed),
            Err(problem) => {
                self.problems.push(format!("{variable}: {problem}"));
                None
            }
        }
    }
}

impl Config {
    /// Reads flags and the environment of this process.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn read(flags: &Flags) -> Result<Self, ConfigErrors> {
        #[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
        Self::resolve(flags, &|name| std::env::var(name).ok())
    }

    /// Reads flags and a given environment.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn resolve(flags: &Flags, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader { environment, problems: Vec::new() };
        let r = &mut reader;
        let data = r.text(flags.data.as_ref(), "BINDERY_DATA").map_or_else(|| default_data(environment), PathBuf::from);
        let data = std::path::absolute(&data).unwrap_or(data);
        let config = Self {
            database: r.parse(flags.database_url.as_ref(), "DATABASE_URL", database),
            database_url: r.text(flags.database_url.as_ref(), "DATABASE_URL"),
            listener_url: r.text(flags.listen_url.as_ref(), "BINDERY_LISTEN_URL"),
            listener: r.parse(flags.listen_url.as_ref(), "BINDERY_LISTEN_URL", database),
            connections: r.parse(flags.connections.as_ref(), "BINDERY_CONNECTIONS", connections),
            prepared: r.parse(flags.prepared.as_ref(), "BINDERY_PREPARED", bool::from_str),
            blobs: r.parse(flags.blobs.as_ref(), "BINDERY_BLOBS", folder_of_url).unwrap_or_else(|| data.join("blobs")),
            listen: r
                .parse(flags.listen.as_ref(), "BINDERY_LISTEN", address)
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 13033))),
            simple_listen: r.address_or_none(
                flags.simple_listen.as_ref(),
                "BINDERY_SIMPLE_LISTEN",
                SocketAddr::from(([127, 0, 0, 1], 13034)),
            ),
            origins: r.parse(flags.cors_origins.as_ref(), "BINDERY_CORS_ORIGINS", Origins::from_str),
            slots: r.parse(flags.slots.as_ref(), "BINDERY_SLOTS", slots).unwrap_or_else(capacity::slots),
            unsandboxed: r.parse(None, "BINDERY_ALLOW_UNSANDBOXED", bool::from_str).unwrap_or(false)
                || flags.allow_unsandboxed,
            soffice: r.places(flags.soffice.as_ref(), "BINDERY_SOFFICE", usual_soffice),
            chromium: r.places(flags.chromium.as_ref(), "BINDERY_CHROMIUM", usual_chromium),
            tessdata: r.places(flags.tessdata.as_ref(), "BINDERY_TESSDATA", usual_tessdata),
            fonts: paths(
                &r.text(flags.fonts.as_ref(), "BINDERY_FONTS")
                    .unwrap_or_else(|| "/usr/share/fonts:/usr/local/share/fonts".to_owned()),
            ),
            certificates: r.text(flags.certificates.as_ref(), "BINDERY_CERTIFICATES").map(PathBuf::from),
            pg_bin: r.text(flags.pg_bin.as_ref(), "BINDERY_PG_BIN").map(PathBuf::from),
            result_wait: r
                .parse(flags.result_wait.as_ref(), "BINDERY_RESULT_WAIT", duration)
                .unwrap_or(limits::RESULT_WAIT_MAX),
            retention: r.parse(flags.retention.as_ref(), "BINDERY_RETENTION", duration).unwrap_or(limits::RETENTION),
            task_timeout: r
                .parse(flags.task_timeout.as_ref(), "BINDERY_TASK_TIMEOUT", some_time)
                .unwrap_or(limits::ATTEMPT_TIME_MAX),
            stall_timeout: r
                .parse(flags.stall_timeout.as_ref(), "BINDERY_STALL_TIMEOUT", some_time)
                .unwrap_or(limits::ENGINE_STALL_MAX),
            grace: r.parse(flags.grace.as_ref(), "BINDERY_GRACE", duration).unwrap_or(Duration::from_secs(30)),
            max_open_jobs: r
                .parse(flags.max_open_jobs.as_ref(), "BINDERY_MAX_OPEN_JOBS", count)
                .unwrap_or(limits::OPEN_JOBS_MAX),
            max_upload: r
                .parse(flags.max_upload.as_ref(), "BINDERY_MAX_UPLOAD", size)
                .unwrap_or(limits::UPLOAD_BYTES_MAX),
            egress_allow: r
                .parse(flags.egress_allow.as_ref(), "BINDERY_EGRESS_ALLOW", Allow::from_str)
                .unwrap_or_default(),
            log: r.parse(flags.log.as_ref(), "BINDERY_LOG", filter).unwrap_or_else(|| "info".to_owned()),
            log_format: r.parse(flags.log_format.as_ref(), "BINDERY_LOG_FORMAT", log_format).unwrap_or(LogFormat::Text),
            data,
        };
        let anonymous =
            r.parse(None, "BINDERY_ALLOW_ANONYMOUS", bool::from_str).unwrap_or(false) || flags.allow_anonymous;
        if !anonymous {
            r.problems.extend(config.exposed());
        }
        if reader.problems.is_empty() { Ok(config) } else { Err(ConfigErrors(reader.problems)) }
    }

    /// What is wrong with addresses that are reachable from other machines.
    fn exposed(&self) -> impl Iterator<Item = String> {
        let listeners = [("BINDERY_LISTEN", Some(self.listen)), ("BINDERY_SIMPLE_LISTEN", self.simple_listen)];
        let reachable = listeners.into_iter().filter_map(|(variable, address)| Some((variable, address?)));
        reachable.filter(|(_, address)| !address.ip().is_loopback()).map(|(variable, address)| {
            format!("{variable}: {address} is reachable from other machines and there are no keys; listen on 127.0.0.1 or say --allow-anonymous")
        })
    }
}

/// Where the shell client finds the service: the flag, else the variable, else this machine.
pub(super) fn service_url(flag: Option<&str>) -> String {
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
    let variable = || std::env::var("BINDERY_URL").ok();
    let said = flag.map(str::to_owned).or_else(variable).filter(|url| !url.is_empty());
    said.unwrap_or_else(|| format!("http://127.0.0.1:13033{}", crate::api::BASE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&str, &str)]) -> Result<Config, ConfigErrors> {
        Config::resolve(&Flags::default(), &|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn all_bad_values_are_reported_at_once_and_no_secret_is_shown() {
        let pairs = &[
            ("DATABASE_URL", "mysql//user:geheim@host"),
            ("BINDERY_SLOTS", "native=x"),
            ("BINDERY_RETENTION", "soon"),
            ("BINDERY_BLOBS", "s3://bucket"),
            ("BINDERY_EGRESS_ALLOW", "10.0.0.1/8,http://files.corp"),
            ("BINDERY_CORS_ORIGINS", "example.com"),
        ];
        let text = with(pairs).err().unwrap().to_string();
        for name in [
            "DATABASE_URL",
            "SLOTS",
            "RETENTION",
            "BLOBS",
            "EGRESS_ALLOW",
            "`10.0.0.1/8`",
            "`http://files.corp`",
            "CORS_ORIGINS",
        ] {
            assert!(text.contains(name), "{text}");
        }
        assert!(!text.contains("geheim"));
    }

    #[test]
    fn a_flag_wins_over_its_variable() {
        let flags = Flags { listen: Some("127.0.0.1:1".to_owned()), ..Flags::default() };
        let config =
            Config::resolve(&flags, &|name| (name == "BINDERY_LISTEN").then(|| "127.0.0.1:2".to_owned())).unwrap();
        assert_eq!(config.listen.port(), 1);
    }

    #[test]
    fn an_address_beyond_this_machine_needs_consent() {
        assert!(with(&[("BINDERY_LISTEN", "0.0.0.0:13033")]).is_err());
        assert!(with(&[("BINDERY_LISTEN", "0.0.0.0:13033"), ("BINDERY_ALLOW_ANONYMOUS", "true")]).is_ok());
        let problem = with(&[("BINDERY_SIMPLE_LISTEN", "0.0.0.0:13034")]).err().unwrap().to_string();
        assert!(problem.contains("BINDERY_SIMPLE_LISTEN: 0.0.0.0:13034"), "{problem}");
    }

    #[test]
    fn the_simple_api_has_an_address_of_its_own_unless_told_otherwise() {
        let port = |pairs| with(pairs).unwrap().simple_listen.map(|address| address.port());
        assert_eq!(port(&[]), Some(13034));
        assert_eq!(port(&[("BINDERY_SIMPLE_LISTEN", "127.0.0.1:1")]), Some(1));
        assert_eq!(port(&[("BINDERY_SIMPLE_LISTEN", "")]), None);
        let flags = Flags { simple_listen: Some(String::new()), ..Flags::default() };
        let variable = |name: &str| (name == "BINDERY_SIMPLE_LISTEN").then(|| "127.0.0.1:1".to_owned());
        assert_eq!(Config::resolve(&flags, &variable).unwrap().simple_listen, None, "the flag wins");
    }
}

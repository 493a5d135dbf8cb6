//! `bindery up` with a data folder of its own.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use super::{Process, service::children, until, wait::seconds};

/// A data folder on which `up` runs, again and again.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// Makes a folder that the user of PostgreSQL can walk into, as root needs.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("bindery-up-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts `up`.
    pub(crate) fn up(&self, more: &[&str]) -> Process {
        let data = self.data().to_string_lossy().into_owned();
        let mut args = vec!["up", "--data", &data, "--slots", "native=2,office=1"];
        args.extend(["--listen", "127.0.0.1:0", "--simple-listen", "127.0.0.1:0"]);
        args.extend(more);
        Process::start("up", &args, &[], self.folder.path())
    }

    /// Asks the embedded database for a number, at the address that `up` says.
    pub(crate) async fn count(&self, up: &Process, sql: &'static str) -> i64 {
        let output = up.output();
        let (_, rest) = output.rsplit_once("psql '").expect("`up` says how to look inside");
        let (url, _) = rest.split_once('\'').unwrap();
        let mut conn = PgConnection::connect(url).await.unwrap();
        let count = sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        count
    }

    /// The process of the database server.
    pub(crate) fn postmaster(&self) -> Pid {
        self.find_postmaster().expect("the database server runs")
    }

    /// The same, or none while there is no server.
    pub(crate) fn find_postmaster(&self) -> Option<Pid> {
        let lock = fs::read_to_string(self.data().join("postgres/cluster/postmaster.pid")).ok()?;
        Some(Pid::from_raw(lock.lines().next()?.trim().parse().ok()?))
    }
}

/// Waits until `up` runs a child in a role, and gives its process.
pub(crate) async fn role(up: &Process, role: &str) -> Pid {
    until(&format!("the role `{role}` runs"), seconds(60), async || {
        let children = children(up.pid());
        children.into_iter().find(|(_, args)| args.get(1).is_some_and(|arg| arg == role)).map(|(pid, _)| pid)
    })
    .await
}

/// Kills a role and waits until another process has taken its place.
pub(crate) async fn kill_role(up: &Process, name: &str) {
    let before = role(up, name).await;
    kill(before, Signal::SIGKILL).unwrap();
    until(&format!("the role `{name}` runs again"), seconds(60), async || {
        let again = children(up.pid()).into_iter().find(|(_, args)| args.get(1).is_some_and(|arg| arg == name));
        again.filter(|(pid, _)| *pid != before)
    })
    .await;
}

//! Real processes of the program.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use super::{Client, Database, until, wait::seconds};

/// Slots of a worker that converts Office documents too.
pub(crate) const WITH_OFFICE: (&str, &str) = ("BINDERY_SLOTS", "native=2,office=1,browser=1");

/// A process of the program; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    /// What it writes to standard error, and its children too.
    pub(crate) log: PathBuf,
    name: String,
}

impl Process {
    /// Starts the program with a cleared environment.
    pub(crate) fn start(name: &str, args: &[&str], env: &[(String, String)], folder: &Path) -> Self {
        let mut command = program();
        command.args(args);
        Self::start_command(name, command, env, folder)
    }

    fn start_command(name: &str, mut command: Command, env: &[(String, String)], folder: &Path) -> Self {
        let log = folder.join(format!("{name}-{}.log", uuid::Uuid::new_v4().simple()));
        let output = File::create(&log).unwrap();
        command.envs(env.iter().cloned()).current_dir(folder);
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        Self { child: command.spawn().unwrap(), log, name: name.to_owned() }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and gives its exit status.
    pub(crate) async fn stop(&mut self, within: Duration) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.ended(within).await
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it ends.
    pub(crate) async fn ended(&mut self, within: Duration) -> ExitStatus {
        until(&format!("`{}` ends", self.name), within, async || self.child.try_wait().unwrap()).await
    }

    /// What it has written so far.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// Largest resident size that it had, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Waits until it has written a text.
    pub(crate) async fn says(&self, text: &str, within: Duration) {
        let what = format!("`{}` says `{text}`", self.name);
        until(&what, within, async || self.output().contains(text).then_some(())).await;
    }

    /// The address that it said last that it serves at.
    pub(crate) fn url(&self) -> Option<String> {
        let output = self.output();
        let (_, rest) = output.rsplit_once("serving http://")?;
        let (address, _) = rest.split_once(char::is_whitespace)?;
        Some(format!("http://{address}"))
    }

    /// The address of the Simple API alone, once it serves.
    pub(crate) fn simple_url(&self) -> Option<String> {
        let output = self.output();
        let (_, rest) = output.rsplit_once("the Simple API is at http://")?;
        let (address, _) = rest.split_once(char::is_whitespace)?;
        Some(format!("http://{address}"))
    }

    /// A client for it, as soon as it serves.
    pub(crate) async fn client(&self) -> Client {
        let url = until(&format!("`{}` serves", self.name), seconds(60), async || self.url()).await;
        Client::new(&url)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that was stopped with a signal is still ours to kill.
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("`{}` cannot be ended: {error}", self.name);
        }
        if std::thread::panicking() {
            eprintln!("--- `{}` said:\n{}", self.name, self.output());
        }
    }
}

/// A database and a folder that the processes of one test share.
pub(crate) struct Site {
    /// The database.
    pub(crate) db: Database,
    /// The folder with blobs, work and logs.
    pub(crate) folder: TempDir,
}

impl Site {
    /// Makes a site with the schema and an empty blob store.
    pub(crate) async fn new() -> Self {
        Self::on(Database::migrated().await)
    }

    /// Makes a site on a database, with an empty blob store.
    pub(crate) fn on(db: Database) -> Self {
        Self { db, folder: tempfile::tempdir().unwrap() }
    }

    /// Gives the default profile of a workflow other settings, as `bindery profiles apply` does once it has checked them. For
    /// processes that have not read it yet.
    pub(crate) async fn set_profile(&self, workflow: &str, settings: &serde_json::Value) {
        let update = "update profile_versions set settings = $1::jsonb where workflow = $2 and name = 'default'";
        let update = sqlx::query(update).bind(settings.to_string()).bind(workflow);
        let changed = update.execute(&mut self.db.connect().await).await.unwrap().rows_affected();
        assert_eq!(changed, 1, "{workflow} has one version");
    }

    /// Where blobs are kept.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.folder.path().join("blobs")
    }

    /// The blobs of jobs that there are, unfinished uploads included.
    pub(crate) fn blob_files(&self) -> Vec<PathBuf> {
        files(&self.blobs().join("jobs"))
    }

    /// Starts a role of the program; `more` overrides variables.
    pub(crate) fn start(&self, role: &str, more: &[(&str, &str)]) -> Process {
        Process::start(role, &[role], &self.environment(more), self.folder.path())
    }

    /// Starts a worker that commits the faults for which documents are named.
    pub(crate) fn work_with_faults(&self, more: &[(&str, &str)]) -> Process {
        Process::start("work", &["work", "--faults"], &self.environment(more), self.folder.path())
    }

    /// The same with its work folder on a disk of so many MiB, which only it sees; an error when the kernel gives no such disk.
    pub(crate) fn work_with_faults_on_disk(&self, mebibytes: u32, more: &[(&str, &str)]) -> Result<Process, String> {
        let folder = self.folder.path().join("work").display().to_string();
        let mount = format!("mount -t tmpfs -o size={mebibytes}m tmpfs '{folder}'");
        let in_sight_of_nobody = |script: &str| {
            let mut command = bare("unshare");
            command.args(["-m", "sh", "-c", script]);
            command
        };
        let tried = in_sight_of_nobody(&mount).output().map_err(|error| error.to_string())?;
        if !tried.status.success() {
            return Err(String::from_utf8_lossy(&tried.stderr).into_owned());
        }
        let script = format!("{mount} && exec '{}' work --faults", env!("CARGO_BIN_EXE_bindery"));
        let (command, env) = (in_sight_of_nobody(&script), self.environment(more));
        Ok(Process::start_command("work", command, &env, self.folder.path()))
    }

    /// The variables of every role; `more` overrides them.
    pub(crate) fn environment(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let data = self.folder.path().to_string_lossy().into_owned();
        let mut env = vec![
            ("DATABASE_URL".to_owned(), self.db.url.clone()),
            ("BINDERY_DATA".to_owned(), data),
            ("BINDERY_BLOBS".to_owned(), format!("file://{}", self.blobs().display())),
            ("BINDERY_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("BINDERY_SIMPLE_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("BINDERY_SLOTS".to_owned(), "native=2,browser=1".to_owned()),
            ("BINDERY_LOG".to_owned(), "info".to_owned()),
        ];
        env.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        env
    }

    /// Starts an API and gives it with a client for it.
    pub(crate) async fn serve(&self) -> (Process, Client) {
        self.serve_with(&[]).await
    }

    /// Starts an API with variables of its own.
    pub(crate) async fn serve_with(&self, more: &[(&str, &str)]) -> (Process, Client) {
        let process = self.start("serve", more);
        let client = process.client().await;
        (process, client)
    }

    /// Starts a worker that converts all but Office documents: LibreOffice, which is warmed at the start, is not its lot.
    pub(crate) fn work(&self) -> Process {
        self.start("work", &[])
    }

    /// Starts a worker that converts Office documents too.
    pub(crate) fn work_with_office(&self) -> Process {
        self.start("work", &[WITH_OFFICE])
    }
}

impl Site {
    /// Waits until a worker runs an engine host that is not LibreOffice's, and gives its process.
    pub(crate) async fn engine_runs(&self, work: &Process) -> Pid {
        until("the engine runs", seconds(30), async || hosts(work).first().copied()).await
    }
}

/// The engine hosts of a worker: those that it has started and those of its native zygote.
pub(crate) fn hosts(work: &Process) -> Vec<Pid> {
    let mut hosts = children(work.pid());
    hosts.retain(|(_, args)| args.iter().any(|arg| arg == "engine") && args.iter().all(|arg| arg != "--zygote"));
    hosts.extend(zygotes(work.pid(), "native").into_iter().flat_map(children));
    hosts.into_iter().map(|(host, _)| host).collect()
}

/// The zygotes of a kind that a process has started.
pub(crate) fn zygotes(parent: Pid, kind: &str) -> Vec<Pid> {
    let mut zygotes = children(parent);
    zygotes.retain(|(pid, args)| {
        let place = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
        args.iter().any(|arg| arg == "--zygote") && place.ends_with(format!("zygote-{kind}"))
    });
    zygotes.into_iter().map(|(zygote, _)| zygote).collect()
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Waits until a process is gone, or nothing of it is left but its number.
pub(crate) async fn is_gone(what: &str, pid: Pid) {
    until(what, seconds(5), async || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        (status.is_empty() || status.contains("State:\tZ")).then_some(())
    })
    .await;
}

/// The processes whose parent is the given one, with their arguments, but for copies of a zygote that have no document.
pub(crate) fn children(parent: Pid) -> Vec<(Pid, Vec<String>)> {
    let children = descended(parent).into_iter().filter(|(_, name, _)| !name.starts_with("bindery-"));
    children.map(|(pid, _, args)| (pid, args)).collect()
}

/// The copies of a zygote that wait for a document.
pub(crate) fn spares(zygote: Pid) -> Vec<Pid> {
    let spares = descended(zygote).into_iter().filter(|(_, name, _)| name == "bindery-spare");
    spares.map(|(pid, ..)| pid).collect()
}

/// The processes whose parent is the given one, with their names and their arguments.
fn descended(parent: Pid) -> Vec<(Pid, String, Vec<String>)> {
    let numbers = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter_map(|pid: i32| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let said = |what| status.lines().find_map(|line| line.strip_prefix(what)).map(str::trim);
            let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let args = command.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned());
            let name = said("Name:")?.to_owned();
            (said("PPid:")? == parent.to_string()).then(|| (Pid::from_raw(pid), name, args.collect()))
        })
        .collect()
}

/// The program under test with nothing in its environment but what it needs to find other programs.
pub(crate) fn program() -> Command {
    bare(env!("CARGO_BIN_EXE_bindery"))
}

/// Another program, with a cleared environment.
#[expect(clippy::disallowed_methods, reason = "the tests start the program as a user does")]
pub(crate) fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", "/nonexistent");
    command
}

//! How soon a job begins when all statements pass PgBouncer in transaction mode and nobody can listen.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Stdio};

use nix::unistd::geteuid;
use tokio::process::{Child, Command};

use super::{Bench, Database, announce, server};

/// The one case.
pub(crate) const CASE: &str = "insert to start, through PgBouncer";
/// Debian's.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A pooler that runs; killed when it is dropped.
struct Pooler {
    _process: Child,
    _folder: tempfile::TempDir,
    url: String,
}

pub(crate) async fn run(bench: &mut Bench) {
    for subject in bench.ours() {
        announce(&format!("pooled: {}", subject.name));
        let database = bench.fresh(subject).await;
        let pooler = Pooler::start(bench, &database).await;
        let through = Database { name: database.name.clone(), url: pooler.url.clone() };
        // Without a bell a job waits for the next poll, so a quarter of the usual number says as much.
        let jobs = (bench.scale.idle_jobs / 4).to_string();
        let values = bench.ask(subject, &through, &["idle", "--jobs", &jobs, "--gap-ms", "100"]).await;
        drop(pooler);
        bench.report.add("pooled", CASE, subject.name, values);
        bench.discard(database).await;
    }
    bench.report.print("pooled");
}

impl Pooler {
    #[expect(clippy::disallowed_methods, reason = "the benchmark starts a pooler")]
    async fn start(bench: &Bench, database: &Database) -> Self {
        let folder = tempfile::Builder::new().prefix("bench-pooler-").tempdir().expect("a folder can be made");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
        let users = folder.path().join("users");
        fs::write(&users, "\"postgres\" \"\"\n").expect("the folder is ours");
        let port = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
            free.local_addr().expect("it is bound").port()
        };
        let settings = format!(
            "[databases]\n{name} = host={host} dbname={name}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {users}\npool_mode = transaction\ndefault_pool_size = 5\n",
            name = database.name,
            host = bench.server.socket().display(),
            users = users.display(),
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("the folder is ours");
        let mut command = Command::new(PROGRAM);
        if geteuid().is_root() {
            command.args(["-u", server::OWNER]);
        }
        let process = command.arg("-q").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = process.kill_on_drop(true).spawn().expect("Debian's pgbouncer is installed");
        for _ in 0..250 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let url = format!("postgres://{}@127.0.0.1:{port}/{}", server::OWNER, database.name);
        Self { _process: process, _folder: folder, url }
    }
}

//! Other ways to convert a document, each as it is meant to be used and with a profile of its own.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::process::{Child, Command};

use crate::programs::{CHROMIUM, SOFFICE};

/// Ports on which unoserver listens, for us and for LibreOffice.
const PORTS: [&str; 2] = ["23003", "23002"];

/// Programs and where they work.
pub(crate) struct Peers {
    python: PathBuf,
    folder: PathBuf,
}

#[expect(clippy::disallowed_methods, reason = "the benchmark starts the programs that it measures")]
fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.kill_on_drop(true).process_group(0);
    command
}

async fn run(command: &mut Command) {
    let status = command.status().await.expect("a program can be started");
    assert!(status.success(), "{command:?}: {status}");
}

impl Peers {
    pub(crate) fn new(python: &Path, folder: &Path) -> Self {
        let folder = folder.join("peers");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        Self { python: std::path::absolute(python).expect("there is a current folder"), folder }
    }

    fn output(&self, file: &Path) -> PathBuf {
        self.folder.join(file.with_extension("pdf").file_name().unwrap_or_default())
    }

    fn made(output: &Path) {
        assert!(output.metadata().is_ok_and(|made| made.len() > 0), "{} is missing", output.display());
        std::fs::remove_file(output).expect("it can be removed");
    }

    /// Starts LibreOffice for one document, with a profile that it has used before.
    pub(crate) async fn soffice_to(&self, file: &Path, format: &str) -> PathBuf {
        let profile = format!("-env:UserInstallation=file://{}/profile", self.folder.display());
        let mut soffice = command(SOFFICE);
        soffice.args([&profile, "--headless", "--convert-to", format, "--outdir"]).arg(&self.folder).arg(file);
        run(&mut soffice).await;
        self.folder.join(file.with_extension(format).file_name().unwrap_or_default())
    }

    pub(crate) async fn soffice(&self, file: &Path) {
        Self::made(&self.soffice_to(file, "pdf").await);
    }

    pub(crate) async fn img2pdf(&self, file: &Path) {
        let output = self.output(file);
        run(command(self.python.join("bin/img2pdf")).arg(file).arg("-o").arg(&output)).await;
        Self::made(&output);
    }

    /// Starts Chromium for one page.
    pub(crate) async fn chromium(&self, file: &Path) {
        let output = self.output(file);
        let profile = format!("--user-data-dir={}/chromium", self.folder.display());
        let to = format!("--print-to-pdf={}", output.display());
        let switches = ["--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", &profile, &to];
        run(command(CHROMIUM).args(switches).arg(format!("file://{}", file.display()))).await;
        Self::made(&output);
    }

    /// What is compared.
    pub(crate) async fn versions(&self) -> String {
        let mut said = Vec::new();
        for (program, argument) in [
            (PathBuf::from(SOFFICE), "--version"),
            (self.python.join("bin/unoserver"), "--version"),
            (self.python.join("bin/img2pdf"), "--version"),
            (CHROMIUM.into(), "--version"),
        ] {
            let output = command(&program)
                .arg(argument)
                .stdout(std::process::Stdio::piped())
                .output()
                .await
                .expect("it can be started");
            let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
            said.push(format!("{name}: {}", String::from_utf8_lossy(&output.stdout).trim()));
        }
        said.join("; ")
    }
}

/// LibreOffice behind unoserver: one listener that stays, asked as its own client asks but without starting a Python.
pub(crate) struct Uno {
    process: Child,
    client: reqwest::Client,
    output: PathBuf,
    stop_after: Option<usize>,
}

impl Uno {
    pub(crate) async fn start(peers: &Peers, stop_after: Option<usize>) -> Self {
        let process = spawn(peers, stop_after);
        let uno = Self { process, client: reqwest::Client::new(), output: peers.folder.join("uno.pdf"), stop_after };
        uno.listens().await;
        uno
    }

    /// Waits for its end after its last document, and starts it anew.
    pub(crate) async fn restart(&mut self, peers: &Peers) {
        self.process.wait().await.expect("it ends by itself");
        self.process = spawn(peers, self.stop_after);
        self.listens().await;
    }

    async fn listens(&self) {
        while !self
            .call("<methodCall><methodName>info</methodName></methodCall>".to_owned())
            .await
            .is_ok_and(|said| said.contains("unoserver"))
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn convert(&self, file: &Path) {
        let text = |value: &str| format!("<param><value><string>{value}</string></value></param>");
        let nothing = "<param><value><nil/></value></param>";
        let params = [
            text(&file.display().to_string()),
            nothing.to_owned(),
            text(&self.output.display().to_string()),
            text("pdf"),
            nothing.to_owned(),
            "<param><value><array><data></data></array></value></param>".to_owned(),
            "<param><value><boolean>0</boolean></value></param>".to_owned(),
        ];
        let call =
            format!("<methodCall><methodName>convert</methodName><params>{}</params></methodCall>", params.concat());
        let said = self.call(call).await.expect("unoserver answers");
        assert!(!said.contains("<fault>"), "{said}");
        Peers::made(&self.output);
    }

    async fn call(&self, body: String) -> reqwest::Result<String> {
        let address = format!("http://127.0.0.1:{}/", PORTS[0]);
        // It closes a connection after each call.
        self.client
            .post(address)
            .header("Content-Type", "text/xml")
            .header("Connection", "close")
            .body(body)
            .send()
            .await?
            .text()
            .await
    }
}

fn spawn(peers: &Peers, stop_after: Option<usize>) -> Child {
    let mut unoserver = command(peers.python.join("bin/unoserver"));
    unoserver.args(["--port", PORTS[0], "--uno-port", PORTS[1], "--executable", SOFFICE]);
    unoserver.arg("--user-installation").arg(peers.folder.join("uno"));
    if let Some(count) = stop_after {
        unoserver.args(["--stop-after", &count.to_string()]);
    }
    unoserver.spawn().expect("unoserver can be started")
}

impl Drop for Uno {
    fn drop(&mut self) {
        if let Some(pid) = self.process.id() {
            let group = nix::unistd::Pid::from_raw(pid.cast_signed());
            nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).expect("it runs");
        }
    }
}

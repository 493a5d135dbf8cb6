//! The subject: engine hosts as a worker has them, and the whole service.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use bindery::{
    domain::limits,
    engines::{
        browser,
        children::Children,
        host::{HostConfig, Hosts},
        office,
        protocol::{Answer, Convert, Engines, Request, Role, Target},
        settings::Settings,
    },
};

use crate::programs::{CHROMIUM, SOFFICE};

/// This program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_bindery");

/// Engine hosts, warm.
pub(crate) struct Ours {
    hosts: Hosts,
    engines: Engines,
    folder: PathBuf,
    made: AtomicUsize,
}

impl Ours {
    pub(crate) fn new(folder: &Path) -> Self {
        let engines = Engines {
            office: office::find(&[SOFFICE.into()]),
            browser: browser::find(&[CHROMIUM.into()]),
            ocr: None,
            fonts: vec!["/usr/share/fonts".into()],
            faults: false,
        };
        let config = HostConfig {
            program: PROGRAM.into(),
            args: vec!["engine".into()],
            zygote_args: Some(vec!["engine".into(), "--zygote".into()]),
            engines: engines.clone(),
            time_max: Duration::from_secs(300),
            stall_max: limits::ENGINE_STALL_MAX,
            idle_max: limits::ENGINE_IDLE_MAX,
            memory_bytes_max: limits::ENGINE_MEMORY_BYTES_MAX,
        };
        let folder = folder.join("ours");
        Self { hosts: Hosts::new(config, folder.join("shared")), engines, folder, made: AtomicUsize::new(0) }
    }

    /// Converts a document to PDF/A, in a process of its own, and gives the time from the request to the answer.
    pub(crate) async fn convert(&self, lane: &str, file: &Path) -> Duration {
        let work = self.folder.join(self.made.fetch_add(1, Ordering::Relaxed).to_string());
        std::fs::create_dir_all(&work).expect("a work folder can be made");
        std::fs::copy(file, work.join("input")).expect("the document can be copied");
        let request = Request::Convert(Convert {
            input: "input".into(),
            output: "output.pdf".into(),
            file_name: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            media_type: None,
            passwords: Vec::new(),
            target: Target::PdfA2,
            lane: lane.to_owned(),
            settings: Settings::default(),
            engines: self.engines.clone(),
            nesting: 0,
            parents: Vec::new(),
            role: Role::Upload,
            children: Children::default(),
            upload_bytes: 0,
            now: 0,
            find_scans: false,
        });
        let start = Instant::now();
        let (answer, ran) = self.hosts.run(&work, &request).await;
        let taken = start.elapsed();
        assert!(matches!(answer, Answer::Done { .. }), "{}: {answer:?} {ran:?}", file.display());
        std::fs::remove_dir_all(&work).expect("the work folder can be removed");
        taken
    }
}

/// The service with its own database, as `bindery up` starts it.
pub(crate) struct Service {
    process: Child,
    base: String,
    client: reqwest::Client,
}

impl Service {
    #[expect(clippy::disallowed_methods, reason = "the benchmark starts the program as a user does")]
    pub(crate) async fn start(folder: &Path) -> Self {
        let (data, log) = (folder.join("data"), folder.join("service.log"));
        let output = std::fs::File::create(&log).expect("a log can be made");
        let listen = ["--listen", "127.0.0.1:0", "--simple-listen", ""];
        // The database runs as a user of its own when this is root.
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("others may enter");
        let process = Command::new(PROGRAM)
            .args(["up", "--data"])
            .arg(&data)
            .args(listen)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .expect("the service can be started");
        let base = loop {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            if let Some((_, rest)) = said.split_once("serving ")
                && said.contains("working")
            {
                break rest.split_whitespace().next().unwrap_or_default().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        Self { process, base, client: reqwest::Client::new() }
    }

    /// A job of one document, from its creation to the last byte of its result.
    pub(crate) async fn convert(&self, file: &Path) {
        let bytes = std::fs::read(file).expect("the document can be read");
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let post = |path: String| self.client.post(format!("{}{path}", self.base));
        let created: serde_json::Value = answer(post("/jobs".to_owned())).await.json().await.expect("it is JSON");
        let job = created["jobId"].as_str().expect("it has an identifier");
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name);
        answer(post(format!("/jobs/{job}/data")).multipart(reqwest::multipart::Form::new().part("data", part))).await;
        answer(post(format!("/jobs/{job}:start"))).await;
        let get = |path: String| self.client.get(format!("{}/jobs/{job}/result{path}", self.base));
        let result: serde_json::Value = answer(get(String::new())).await.json().await.expect("it is JSON");
        let id = result["dataList"][0]["resultId"].as_str().unwrap_or_else(|| panic!("no result: {result}"));
        let pdf = answer(get(format!("/{id}"))).await.bytes().await.expect("it can be read");
        assert!(pdf.starts_with(b"%PDF"));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.process.id().cast_signed());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it runs");
        self.process.wait().expect("it ends");
    }
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Response {
    let response = request.send().await.expect("the service answers");
    assert!(response.status().is_success(), "{response:?}");
    response
}

/// Memory that the zygote and this process have for themselves, in bytes.
pub(crate) fn memory() -> [u64; 2] {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").expect("it is there").flatten();
    let is_zygote = |pid: &String| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        status.lines().any(|line| line == format!("PPid:\t{own}")) && command.contains("--zygote")
    };
    let zygote = processes.map(|entry| entry.file_name().to_string_lossy().into_owned()).find(is_zygote);
    [zygote.expect("there is a zygote"), own].map(|pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("it runs");
        let fields = status.lines().filter(|line| line.starts_with("Private_"));
        fields.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum::<u64>() * 1024
    })
}

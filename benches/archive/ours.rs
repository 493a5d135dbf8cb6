//! The subject: an engine host for each file, as a worker has them.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bindery::{
    domain::limits,
    engines::{
        children::Children,
        host::{HostConfig, Hosts},
        protocol::{Answer, Convert, Engines, Request, Role, Target},
        settings::Settings,
    },
};

/// Engine hosts.
pub(crate) struct Ours {
    hosts: Hosts,
    engines: Engines,
    folder: PathBuf,
    target: Target,
}

impl Ours {
    pub(crate) fn new(folder: &Path, part: u8) -> Self {
        let engines =
            Engines { office: None, browser: None, ocr: None, fonts: vec!["/usr/share/fonts".into()], faults: false };
        let config = HostConfig {
            program: env!("CARGO_BIN_EXE_bindery").into(),
            args: vec!["engine".into()],
            zygote_args: Some(vec!["engine".into(), "--zygote".into()]),
            engines: engines.clone(),
            time_max: Duration::from_secs(300),
            stall_max: limits::ENGINE_STALL_MAX,
            idle_max: limits::ENGINE_IDLE_MAX,
            memory_bytes_max: limits::ENGINE_MEMORY_BYTES_MAX,
        };
        let target = match part {
            1 => Target::PdfA1,
            3 => Target::PdfA3,
            _ => Target::PdfA2,
        };
        let folder = folder.join("ours");
        Self { hosts: Hosts::new(config, folder.join("shared")), engines, folder, target }
    }

    /// Has ready what a worker has before its first document.
    pub(crate) async fn warm(&self) {
        self.hosts.warm().await;
    }

    /// Archives a PDF; says how far it had to go and how many warnings there are, or why it cannot be done, and how long it took from the
    /// request to the answer.
    pub(crate) async fn archive(&self, file: &Path, output: &Path) -> (Result<(String, usize), String>, Duration) {
        let work = self.folder.join("work");
        std::fs::create_dir_all(&work).expect("a work folder can be made");
        std::fs::copy(file, work.join("input")).expect("the document can be copied");
        let request = Request::Convert(Convert {
            input: "input".into(),
            output: "output.pdf".into(),
            file_name: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            media_type: None,
            passwords: Vec::new(),
            target: self.target,
            lane: "native".to_owned(),
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
        let (answer, _ran) = self.hosts.run(&work, &request).await;
        let taken = start.elapsed();
        let answered = match answer {
            Answer::Done { events, rung, .. } => {
                std::fs::rename(work.join("output.pdf"), output).expect("the result can be moved");
                Ok((rung.unwrap_or_default(), events.iter().filter(|event| event.severity == "warning").count()))
            }
            Answer::Failed(refusal) => Err(refusal.message),
            other @ (Answer::Assembled { .. }
            | Answer::Unpacked { .. }
            | Answer::Spared { .. }
            | Answer::Recognised(_)
            | Answer::Validated(_)
            | Answer::Reroute { .. }) => Err(format!("{other:?}")),
        };
        std::fs::remove_dir_all(&work).expect("the work folder can be removed");
        (answered, taken)
    }
}

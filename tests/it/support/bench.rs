//! Engine hosts without a worker around them.

use std::path::PathBuf;

use bindery::engines::{
    host::{HostConfig, Hosts, Ran},
    protocol::{Answer, Engines, Request},
    settings::Settings,
};
use tempfile::TempDir;

use super::{Document, hosts};

/// Hosts and the folders that they work in.
pub(crate) struct Bench {
    pub(crate) config: HostConfig,
    hosts: Hosts,
    folder: TempDir,
}

/// What a document becomes.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) answer: Answer,
    pub(crate) ran: Ran,
    pub(crate) pdf: Option<lopdf::Document>,
}

impl Bench {
    /// Hosts with a browser.
    pub(crate) fn with_browser() -> Self {
        Self::new(|config| config.engines.browser = hosts::config().engines.browser)
    }

    /// Hosts with LibreOffice, made by a zygote.
    pub(crate) fn with_office() -> Self {
        Self::new(|config| {
            config.engines.office = hosts::config().engines.office;
            config.zygote_args = Some(vec!["engine".into(), "--zygote".into()]);
        })
    }

    /// Hosts with Tesseract.
    pub(crate) fn with_ocr() -> Self {
        Self::new(|config| config.engines.ocr = hosts::config().engines.ocr)
    }

    /// Hosts with our own engines and what else is set up.
    pub(crate) fn new(set_up: impl FnOnce(&mut HostConfig)) -> Self {
        let usual = hosts::config();
        let engines = Engines { office: None, browser: None, ocr: None, ..usual.engines.clone() };
        let mut config = HostConfig { zygote_args: None, engines, ..usual };
        set_up(&mut config);
        let folder = tempfile::tempdir().unwrap();
        let hosts = Hosts::new(config.clone(), folder.path().join("shared"));
        Self { config, hosts, folder }
    }

    /// Folders of what serves many documents.
    pub(crate) fn shared(&self) -> PathBuf {
        self.folder.path().join("shared")
    }

    /// Has a host answer a request about a document, which is its file `input`; gives the folder that it worked in, too.
    pub(crate) async fn ask(&self, bytes: impl AsRef<[u8]>, request: &Request) -> (Answer, Ran, PathBuf) {
        let work = self.folder.path().join(uuid::Uuid::new_v4().simple().to_string());
        std::fs::create_dir(&work).unwrap();
        std::fs::write(work.join("input"), bytes).unwrap();
        let (answer, ran) = self.hosts.run(&work, request).await;
        (answer, ran, work)
    }

    /// Converts a document by LibreOffice.
    pub(crate) async fn office(&self, document: &Document, settings: &Settings) -> Made {
        self.convert("office", &document.name, &document.bytes, settings).await
    }

    /// Converts a document in a lane.
    pub(crate) async fn convert(&self, lane: &str, name: &str, bytes: impl AsRef<[u8]>, settings: &Settings) -> Made {
        let request = hosts::request(&self.config.engines, lane, name, settings);
        let (answer, ran, work) = self.ask(bytes, &request).await;
        let pdf = std::fs::read(work.join("output.pdf")).ok();
        Made { answer, ran, pdf: pdf.map(|bytes| lopdf::Document::load_mem(&bytes).unwrap()) }
    }
}

impl Made {
    /// The PDF that it must have become.
    pub(crate) fn pdf(&self) -> &lopdf::Document {
        self.pdf.as_ref().unwrap_or_else(|| panic!("{:?} {:?}", self.answer, self.ran))
    }

    /// The text of all its pages.
    pub(crate) fn text(&self) -> String {
        let pages: Vec<u32> = self.pdf().get_pages().into_keys().collect();
        self.pdf().extract_text(&pages).unwrap()
    }

    /// The words of all its pages, with one blank between each two.
    pub(crate) fn words(&self) -> String {
        self.text().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// How many annotations of a kind there are.
    pub(crate) fn annotations(&self, kind: &str) -> usize {
        let is_kind = |object: &&lopdf::Object| {
            object.as_dict().is_ok_and(|held| {
                held.has(b"Rect") && held.get(b"Subtype").is_ok_and(|name| name.as_name().ok() == Some(kind.as_bytes()))
            })
        };
        self.pdf().objects.values().filter(is_kind).count()
    }

    /// The messages of its events.
    pub(crate) fn events(&self) -> Vec<String> {
        let Answer::Done { events, .. } = &self.answer else { panic!("{:?}", self.answer) };
        events.iter().map(|event| format!("{}: {}", event.code, event.message)).collect()
    }

    /// Code, kind of fault and message of its refusal.
    pub(crate) fn refusal(&self) -> (&str, &str, &str) {
        let Answer::Failed(refusal) = &self.answer else { panic!("{:?}", self.answer) };
        (&refusal.code, &refusal.fault, &refusal.message)
    }
}

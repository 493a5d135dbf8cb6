//! Engine hosts without a service around them.

use bindery::{
    domain::limits,
    engines::{
        host::{HostConfig, Hosts, Ran},
        protocol::{Answer, Convert, Engines, Event, Request, Target},
        settings::Settings,
    },
};
use lopdf::Object;
use tempfile::TempDir;

use super::{Document, wait::seconds};

/// Where LibreOffice usually is.
const SOFFICE: &str = "/usr/lib/libreoffice/program/soffice.bin";

/// The engines that are installed.
pub(crate) fn engines() -> Engines {
    Engines { office: Some(SOFFICE.into()), fonts: vec!["/usr/share/fonts".into()] }
}

/// Hosts as a worker has them, with a zygote.
pub(crate) fn config() -> HostConfig {
    HostConfig {
        program: env!("CARGO_BIN_EXE_bindery").into(),
        args: vec!["engine".into()],
        zygote_args: Some(vec!["engine".into(), "--zygote".into()]),
        engines: engines(),
        time_max: seconds(60),
        memory_bytes_max: limits::ENGINE_MEMORY_BYTES_MAX,
    }
}

/// Hosts of one test.
pub(crate) struct TestHosts {
    folder: TempDir,
    hosts: Hosts,
}

/// A document that was converted.
pub(crate) struct Converted {
    /// The PDF.
    pub(crate) pdf: lopdf::Document,
    /// What happened.
    pub(crate) events: Vec<Event>,
}

impl TestHosts {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: HostConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hosts = Hosts::new(config, folder.path().join("zygote"));
        Self { folder, hosts }
    }

    /// Asks a host that works in a folder of its own with these files, and gives that folder back.
    pub(crate) async fn ask(&self, files: &[(&str, &[u8])], request: &Request) -> (Answer, Ran, TempDir) {
        let work = tempfile::tempdir_in(self.folder.path()).unwrap();
        for (name, bytes) in files {
            std::fs::write(work.path().join(name), bytes).unwrap();
        }
        let (answer, ran) = self.hosts.run(work.path(), request).await;
        (answer, ran, work)
    }

    /// Has LibreOffice convert a document, which must succeed.
    pub(crate) async fn office(&self, document: &Document, settings: Settings) -> Converted {
        let request = Request::Convert(Convert {
            input: "input".into(),
            output: "output.pdf".into(),
            file_name: document.name.clone(),
            media_type: None,
            passwords: Vec::new(),
            target: Target::PdfA2b,
            lane: "office".to_owned(),
            settings,
            engines: engines(),
            nesting: 0,
            upload_bytes: 0,
        });
        let (answer, ran, work) = self.ask(&[("input", &document.bytes)], &request).await;
        let Answer::Done { events, .. } = answer else { panic!("{answer:?} {ran:?}") };
        assert_eq!(ran.engine.as_deref(), Some("libreoffice"));
        Converted { pdf: lopdf::Document::load(work.path().join("output.pdf")).unwrap(), events }
    }
}

impl Converted {
    /// The text of all pages, without spaces: where a word ends is for readers to guess.
    pub(crate) fn text(&self) -> String {
        let pages: Vec<u32> = self.pdf.get_pages().keys().copied().collect();
        self.pdf.extract_text(&pages).unwrap().split_whitespace().collect()
    }

    /// How many pages there are.
    pub(crate) fn pages(&self) -> usize {
        self.pdf.get_pages().len()
    }

    /// How many annotations of a kind there are.
    pub(crate) fn annotations(&self, kind: &str) -> usize {
        let is_kind = |object: &&Object| {
            object.as_dict().is_ok_and(|held| {
                held.get(b"Subtype").and_then(Object::as_name).is_ok_and(|name| name == kind.as_bytes())
                    && held.has(b"Rect")
            })
        };
        self.pdf.objects.values().filter(is_kind).count()
    }

    /// What happened, in a line each.
    pub(crate) fn told(&self) -> String {
        self.events.iter().map(|event| format!("{} {} {}\n", event.severity, event.code, event.message)).collect()
    }
}

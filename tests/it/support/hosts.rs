//! Engine hosts without a worker around them.

use std::path::Path;

use bindery::{
    domain::{Lane, limits},
    engines::{
        children::Children,
        host::{HostConfig, Hosts, Ran},
        protocol::{Answer, Convert, Engines, Request, Role, Target},
        settings::Settings,
    },
};

use super::{Document, wait::seconds};

/// Where LibreOffice usually is.
const SOFFICE: &str = "/usr/lib/libreoffice/program/soffice.bin";

/// Where Chromium usually is.
const CHROMIUM: &str = "/usr/lib/chromium/chromium-headless-shell";

/// Where the languages of Tesseract usually are.
const TESSDATA: &str = "/usr/share/tesseract-ocr/5/tessdata";

/// Hosts as a worker has them, with all engines but the one for faults.
pub(crate) fn config() -> HostConfig {
    HostConfig {
        program: env!("CARGO_BIN_EXE_bindery").into(),
        args: vec!["engine".into()],
        zygote_args: Some(vec!["engine".into(), "--zygote".into()]),
        engines: Engines {
            office: Some(SOFFICE.into()),
            browser: Some(CHROMIUM.into()),
            ocr: Some(TESSDATA.into()),
            fonts: vec!["/usr/share/fonts".into()],
            faults: false,
        },
        time_max: seconds(60),
        stall_max: limits::ENGINE_STALL_MAX,
        idle_max: limits::ENGINE_IDLE_MAX,
        memory_bytes_max: limits::ENGINE_MEMORY_BYTES_MAX,
    }
}

/// The same, but only zygotes make hosts: what is started is none.
pub(crate) fn of_zygotes() -> HostConfig {
    HostConfig { args: vec!["openapi".into()], ..config() }
}

/// Has a host convert a document in a folder of its own, with these engines.
pub(crate) async fn convert(
    hosts: &Hosts,
    engines: &Engines,
    folder: &Path,
    lane: Lane,
    document: &Document,
) -> (Answer, Ran) {
    let work = folder.join(format!("work-{}", document.name));
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("input"), &document.bytes).unwrap();
    let request = request(engines, lane.as_str(), &document.name, &Settings::default());
    hosts.run(&work, &request).await
}

/// The request to convert a document, which is the file `input`, into `output.pdf`.
pub(crate) fn request(engines: &Engines, lane: &str, name: &str, settings: &Settings) -> Request {
    Request::Convert(Convert {
        input: "input".into(),
        output: "output.pdf".into(),
        file_name: name.to_owned(),
        media_type: None,
        passwords: Vec::new(),
        target: Target::PdfA2,
        lane: lane.to_owned(),
        settings: settings.clone(),
        engines: engines.clone(),
        nesting: 0,
        parents: Vec::new(),
        role: Role::Upload,
        children: Children::default(),
        upload_bytes: 0,
        now: 0,
        find_scans: false,
    })
}

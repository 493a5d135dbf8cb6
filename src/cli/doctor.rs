//! `bindery doctor`: what this machine has and lacks.

use std::{path::Path, process::ExitCode};

use super::{capacity, certificates, config::Config, postgres, print};
use crate::{
    engines::{
        self,
        browser::{self, Probe},
        cage,
        native::images,
        ocr, office,
    },
    storage::{self, pool},
};

/// One line of the report.
pub(super) struct Finding {
    pub(super) subject: &'static str,
    pub(super) good: bool,
    pub(super) text: String,
}

/// Prints what was found; the exit code says whether anything is missing that the service cannot do without.
///
/// # Errors
/// None; what is wrong is a finding.
pub(super) async fn doctor(config: Config) -> anyhow::Result<ExitCode> {
    let mut findings = vec![
        libreoffice(&config),
        chromium(&config).await,
        tesseract(&config),
        libheif(),
        ghostscript(),
        fonts(&config),
        sandbox(),
        data(&config),
    ];
    findings.extend(certificates::findings(&config));
    findings.push(database(&config).await);
    for finding in &findings {
        let mark = if finding.good { "ok     " } else { "missing" };
        print(&format!("{mark}  {:<12} {}", finding.subject, finding.text));
    }
    let slots: Vec<_> = config.slots.iter().map(|(lane, slots)| format!("{lane}={slots}")).collect();
    print(&format!("        {:<12} {}", "slots", slots.join(",")));
    print(&format!("        {:<12} {}", "memory", capacity::bound(&config.slots)));
    Ok(if findings.iter().all(|finding| finding.good) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn libreoffice(config: &Config) -> Finding {
    let subject = "libreoffice";
    match office::find(&config.soffice) {
        Some(program) => {
            let what = format!("{} in {}", office::version(&program), program.display());
            match office::shortcoming(&program) {
                None => Finding { subject, good: true, text: what },
                Some(shortcoming) => Finding { subject, good: false, text: format!("{what}; {shortcoming}") },
            }
        }
        None => {
            let text = "Word, Excel, PowerPoint, OpenDocument and RTF cannot be converted: install libreoffice-writer, -calc, -impress and -draw";
            Finding { subject, good: false, text: text.to_owned() }
        }
    }
}

/// Chromium, started once to see how.
async fn chromium(config: &Config) -> Finding {
    let subject = "chromium";
    let Some(program) = browser::find(&config.chromium) else {
        let text = "HTML and web archives cannot be converted: install chromium-headless-shell";
        return Finding { subject, good: false, text: text.to_owned() };
    };
    let place = program.display().to_string();
    let Ok(work) = super::work::work_config(config, false) else {
        return Finding { subject, good: false, text: format!("{place} cannot be tried: this program is not found") };
    };
    match browser::probe(&work.host).await {
        Ok(Probe { version, inner_sandbox: true }) => Finding {
            subject,
            good: true,
            text: format!("{version} in {place}, with a sandbox of its own in the cage"),
        },
        Ok(Probe { version, inner_sandbox: false }) => {
            let text = format!(
                "{version} in {place}, in the cage alone: the kernel lets it make no namespaces for its own sandbox"
            );
            Finding { subject, good: true, text }
        }
        Err(error) => Finding { subject, good: false, text: format!("{place} does not start: {error}") },
    }
}

fn libheif() -> Finding {
    let subject = "libheif";
    match images::libheif() {
        Ok(version) => Finding { subject, good: true, text: version },
        Err(what) => Finding { subject, good: false, text: format!("HEIC and AVIF cannot be converted: {what}") },
    }
}

/// What writes a PDF anew that cannot be mended.
fn ghostscript() -> Finding {
    let subject = "ghostscript";
    match engines::ghostscript() {
        Ok(version) => Finding { subject, good: true, text: version },
        Err(_) => {
            let text =
                "not installed: a PDF that cannot be mended becomes pictures of its pages at once (package libgs10)";
            Finding { subject, good: true, text: text.to_owned() }
        }
    }
}

/// What recognises text in pictures.
fn tesseract(config: &Config) -> Finding {
    let subject = "tesseract";
    let found = ocr::find(&config.tessdata).zip(ocr::version().ok());
    match found {
        Some((folder, version)) => {
            let languages = ocr::languages(&folder).join(", ");
            Finding { subject, good: true, text: format!("{version} in {}, languages {languages}", folder.display()) }
        }
        None => {
            let text =
                "text in pictures cannot be recognised: install libtesseract5 and tesseract-ocr-eng, -deu and -osd";
            Finding { subject, good: false, text: text.to_owned() }
        }
    }
}

/// Fonts that stand in for those that documents name and do not bring.
fn fonts(config: &Config) -> Finding {
    let wanted = [
        ("LiberationSans-Regular.ttf", "fonts-liberation"),
        ("NimbusSans-Regular.otf", "fonts-urw-base35"),
        ("DejaVuSansMono.ttf", "fonts-dejavu-core"),
        ("Carlito-Regular.ttf", "fonts-crosextra-carlito"),
        ("Caladea-Regular.ttf", "fonts-crosextra-caladea"),
        ("NotoSansDevanagari-Regular.ttf", "fonts-noto-core"),
        ("NotoSansCJK-Regular.ttc", "fonts-noto-cjk"),
    ];
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(file, _)| !config.fonts.iter().any(|folder| holds(folder, file, 5)))
        .map(|(_, package)| *package)
        .collect();
    let text = if missing.is_empty() {
        "all stand-ins are installed".to_owned()
    } else {
        format!("documents will look different without {}", missing.join(", "))
    };
    Finding { subject: "fonts", good: missing.is_empty(), text }
}

fn holds(folder: &Path, file: &str, depth: usize) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        entry.file_name() == file || (depth > 0 && entry.path().is_dir() && holds(&entry.path(), file, depth - 1))
    })
}

/// Whether documents can be confined.
fn sandbox() -> Finding {
    let (good, text) = match cage::probe() {
        Ok(()) => (true, "documents have no network, no files but their own, and no way to other processes".to_owned()),
        Err(error) => (false, format!("{error}; workers start only with --allow-unsandboxed")),
    };
    Finding { subject: "cage", good, text }
}

fn data(config: &Config) -> Finding {
    let made = std::fs::create_dir_all(&config.data).and_then(|()| std::fs::create_dir_all(&config.blobs));
    let text = match &made {
        Ok(()) => format!("{}, blobs in {}", config.data.display(), config.blobs.display()),
        Err(error) => format!("{} cannot be used: {error}", config.data.display()),
    };
    Finding { subject: "data", good: made.is_ok(), text }
}

async fn database(config: &Config) -> Finding {
    let subject = "postgresql";
    let Some(options) = &config.database else {
        return match postgres::find_programs(config.pg_bin.as_deref()) {
            Ok(folder) => {
                Finding { subject, good: true, text: format!("`up` brings its own, from {}", folder.display()) }
            }
            Err(error) => Finding { subject, good: false, text: error.to_string() },
        };
    };
    let checked = async {
        let mut conn = pool::connect(options).await?;
        storage::migrate::check(&mut conn).await
    };
    match checked.await {
        Ok(()) => {
            Finding { subject, good: true, text: format!("reached, schema at version {}", storage::migrate::version()) }
        }
        Err(error) => Finding { subject, good: false, text: crate::log::ErrorChain(&error).to_string() },
    }
}

//! LibreOffice as a library in a process of its own for each document, with a profile of ours.
//!
//! 1. The profile is seeded: without `ooSetupLastVersion` each start wastes 0.8 s on a self-test of the graphics;
//!    lock files, macros of documents and link updates are off.
//! 2. The document gets the extension of the type that we found in it, by which LibreOffice chooses its filter.
//! 3. It needs no program, no socket and no other process: the cage leaves it none.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::{
    Error,
    process::HERE,
    settings::{self, Comments, PageFit},
};
use crate::{
    domain::{Event, EventCode, Format},
    pdf::validate::Part,
};

mod interim;
mod kit;
mod presentation;
mod warm;

use kit::{Export, Kit, Told};

/// Settings of the profile.
const SEED: &str = include_str!("registrymodifications.xcu");
/// Password that Excel and PowerPoint use when a file is protected without one.
const DEFAULT_PASSWORD: &str = "VelvetSweatshop";
/// The profile in that place.
const PROFILE: &str = "profile";
/// How LibreOffice begins a comment in a PDF that it writes.
const COMMENT: &[u8] = b"/Subtype /Popup";
/// How LibreOffice begins the names of the folders for temporary files that it makes when it starts.
const TEMPORARY: &str = "lu";

/// Variables with which a process must be started that is to run LibreOffice.
///
/// The layers are those that LibreOffice has by itself, but nothing is ever written to the profile: that would be done by a
/// thread of its own. Threads that share the work on one document are left out as well, as there is a process for each
/// processor.
pub fn environment(program: &Path) -> Vec<(OsString, OsString)> {
    let registry = program.parent().and_then(Path::parent).unwrap_or(Path::new("/")).join("share/registry");
    let registry = registry.canonicalize().unwrap_or(registry);
    let registry = url(&registry);
    let layers =
        format!("xcsxcu:{registry} res:{registry} user:*file://{HERE}/{PROFILE}/user/registrymodifications.xcu");
    let variables = [
        ("CONFIGURATION_LAYERS", layers.as_str()),
        ("MAX_CONCURRENCY", "1"),
        ("SAL_LOK_OPTIONS", "unipoll"),
        ("SAL_USE_VCLPLUGIN", "svp"),
        ("TMPDIR", HERE),
    ];
    variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// LibreOffice that runs in this process.
#[derive(Debug)]
pub struct Running {
    kit: Kit,
    /// Its version.
    pub version: String,
}

impl Running {
    /// Starts the installation of `soffice.bin` where this process works, with a profile there.
    ///
    /// # Errors
    /// When the profile cannot be written or LibreOffice does not start.
    pub fn start(program: &Path) -> io::Result<Self> {
        let user = Path::new(PROFILE).join("user");
        fs::create_dir_all(&user)?;
        fs::write(user.join("registrymodifications.xcu"), SEED)?;
        let installation = program.parent().ok_or(io::ErrorKind::NotFound)?;
        let kit = Kit::start(installation, &format!("file://{HERE}/{PROFILE}"))?;
        Ok(Self { kit, version: version(program) })
    }

    /// Does the work inside LibreOffice's loop, where alone it can be done. Most likely the loop never ends, so the work should
    /// end the process.
    pub fn in_loop(&self, work: impl FnOnce(&Self)) {
        self.kit.run_loop(|| work(self));
    }

    /// How many small documents of ours there are.
    pub const OWN: usize = warm::DOCUMENTS.len();

    /// Converts one of them, by its number from 0, and gives the PDF. It may stay open, as any other document does.
    ///
    /// # Errors
    /// When it cannot be converted: then no other document could. When there is none of that number.
    pub fn convert_own(&self, number: usize, close: bool) -> io::Result<Vec<u8>> {
        let (format, bytes) = warm::document(number)?;
        let source = Source { bytes: &bytes, format, encrypted: false, passwords: &[] };
        let made = exported(self, source, &settings::Office::default(), Some(Part::Two), close);
        made.map(|(pdf, _)| pdf).map_err(io::Error::other)
    }

    /// Names of the folders for temporary files that it has made where it works. A copy that is to work elsewhere needs them
    /// there.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn temporary_folders() -> io::Result<Vec<OsString>> {
        let entries = fs::read_dir(".")?.collect::<Result<Vec<_>, _>>()?;
        let names = entries.into_iter().map(|entry| entry.file_name());
        Ok(names.filter(|name| name.as_bytes().starts_with(TEMPORARY.as_bytes())).collect())
    }
}

/// A document for LibreOffice.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What it is, from its content.
    pub format: Format,
    /// Whether it is under a password.
    pub encrypted: bool,
    /// Passwords to try.
    pub passwords: &'a [String],
}

/// Turns an Office document into a PDF, which claims to be PDF/A of a `part` if it is for an archive, and says what could not be
/// done as the settings want it. The document stays open, as the process is to end next. For PDF/A-1, LibreOffice draws what is transparent without transparency, and the tags stay.
///
/// # Errors
/// `Password`, `Corrupt` when it is refused.
pub fn to_pdf(
    office: &Running,
    source: Source<'_>,
    settings: &settings::Office,
    part: Option<Part>,
) -> Result<(Vec<u8>, Vec<Event>), Error> {
    exported(office, source, settings, part, false)
}

fn exported(
    office: &Running,
    source: Source<'_>,
    settings: &settings::Office,
    part: Option<Part>,
    close: bool,
) -> Result<(Vec<u8>, Vec<Event>), Error> {
    // A path that says the same in every folder, and needs no escaping.
    let folder = Path::new(HERE).join("office");
    fs::create_dir_all(&folder).map_err(|source| internal("make a folder for LibreOffice", source))?;
    let input = folder.join(format!("document.{}", extension(source.format)));
    let output = folder.join("out.pdf");
    let opened;
    let source = if source.encrypted && source.format == Format::Ppt {
        opened = presentation::decrypt(source.bytes, source.passwords)?;
        Source { bytes: &opened, encrypted: false, ..source }
    } else {
        source
    };
    fs::write(&input, source.bytes).map_err(|source| internal("write the document", source))?;
    let (input, mut events) = changed(office, source, settings, input)?;
    let options = export(settings, part);
    let pdf = Export { to_url: &url(&output), format: "pdf", options: &options, close };
    match convert(office, source, &input, &pdf)? {
        Told::Done => {
            let pdf = fs::read(output).map_err(|source| internal("read the converted file", source))?;
            if settings.comments == Comments::Margin && memchr::memmem::find(&pdf, COMMENT).is_some() {
                // LibreOffice has an option for it, but draws them there only from a window.
                let message = "Comments cannot be put in the margin; they became annotations.";
                events.push(Event::warning(EventCode::VisualDifferences, message));
            }
            Ok((pdf, events))
        }
        Told::NotExported(message) => Err(Error::Corrupt { what: format!("LibreOffice cannot export it ({message})") }),
        Told::Refused { locked } => Err(refusal(source, locked)),
    }
}

/// Has settings changed that LibreOffice takes from the document alone; gives the file to export, and what could not be
/// changed.
fn changed(
    office: &Running,
    source: Source<'_>,
    settings: &settings::Office,
    input: PathBuf,
) -> Result<(PathBuf, Vec<Event>), Error> {
    for interim in interim::wanted(source.format, settings) {
        let saved = input.with_file_name("saved").with_extension(interim.format());
        let changed = input.with_file_name("changed").with_extension(interim.format());
        let as_saved = Export { to_url: &url(&saved), format: interim.format(), options: "", close: true };
        let applied = match convert(office, source, &input, &as_saved)? {
            Told::Done => interim.change(&saved, &changed),
            Told::Refused { locked } => return Err(refusal(source, locked)),
            // It is of another kind than this was for.
            Told::NotExported(_) if source.format == Format::EncryptedOffice => continue,
            Told::NotExported(message) => Err(io::Error::other(message)),
        };
        return Ok(match applied {
            Ok(true) => (changed, Vec::new()),
            Ok(false) | Err(_) => {
                if let Err(error) = applied {
                    tracing::warn!(%error, "settings of a document could not be changed");
                }
                let message =
                    format!("The settings for {} could not be applied to it; they are as saved.", interim.described());
                (input, vec![Event::warning(EventCode::VisualDifferences, message)])
            }
        });
    }
    Ok((input, Vec::new()))
}

fn convert(office: &Running, source: Source<'_>, from: &Path, export: &Export<'_>) -> Result<Told, Error> {
    let mut candidates: Vec<&str> = source.passwords.iter().map(String::as_str).collect();
    candidates.push(DEFAULT_PASSWORD);
    office.kit.convert(&url(from), export, &candidates).map_err(|source| internal("ask LibreOffice", source))
}

/// Why LibreOffice does not open a document.
fn refusal(source: Source<'_>, locked: bool) -> Error {
    if locked || source.encrypted {
        Error::Password { given: !source.passwords.is_empty() }
    } else {
        Error::Corrupt { what: "LibreOffice cannot open it".to_owned() }
    }
}

/// Options of the export.
fn export(settings: &settings::Office, part: Option<Part>) -> String {
    let version = match part {
        // A plain PDF of the newest version that LibreOffice writes.
        None => "0",
        Some(Part::One) => "1",
        Some(Part::Two) => "2",
        Some(Part::Three | Part::Four) => "3",
    };
    let yes = |value: bool| serde_json::json!({ "type": "boolean", "value": value.to_string() });
    serde_json::json!({
        "SelectPdfVersion": { "type": "long", "value": version },
        "UseTaggedPDF": yes(true),
        "ExportBookmarks": yes(true),
        "ExportFormFields": yes(false),
        "ExportNotes": yes(settings.comments != Comments::Hidden),
        "ExportNotesPages": yes(settings.notes_pages),
        "ExportHiddenSlides": yes(settings.hidden_slides),
        "SinglePageSheets": yes(settings.page_fit == PageFit::OnePageEach),
    })
    .to_string()
}

/// Looks for `soffice.bin` beside what the usual names lead to.
pub fn find(candidates: &[PathBuf]) -> Option<PathBuf> {
    candidates.iter().find_map(|candidate| {
        let real = candidate.canonicalize().ok()?;
        let program = if real.ends_with("soffice.bin") { real } else { real.parent()?.join("soffice.bin") };
        program.is_file().then_some(program)
    })
}

/// What an installation lacks, and what to do about it; nothing when it is complete.
pub fn shortcoming(program: &Path) -> Option<String> {
    let library = program.with_file_name(kit::LIBRARY);
    if !library.is_file() {
        return Some(format!("it cannot be used as a library: there is no {}", library.display()));
    }
    // A table is opened as by a user, and not without this part of the window.
    let window = program.parent()?.parent()?.join("share/config/soffice.cfg/modules/scalc/ui/inputbar.ui");
    (!window.is_file())
        .then(|| "it opens no tables: install libreoffice-calc in place of libreoffice-calc-nogui".to_owned())
}

/// The version of an installation, from the file that names the product.
pub fn version(program: &Path) -> String {
    let listed =
        program.parent().map(|folder| folder.join("bootstraprc")).and_then(|file| fs::read_to_string(file).ok());
    let product = listed.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("ProductKey=")));
    product
        .and_then(|product| product.rsplit_once(' '))
        .map_or_else(|| "unknown".to_owned(), |(_, version)| version.to_owned())
}

/// The extension that the document gets: ours, from its content.
const fn extension(format: Format) -> &'static str {
    if matches!(format, Format::WordXml | Format::ExcelXml) {
        "xml"
    } else if matches!(format, Format::EncryptedOffice) {
        // The type is known only after decryption; without a telling extension LibreOffice looks at the content.
        "bin"
    } else {
        format.as_str()
    }
}

/// What a `file:` URL escapes.
const NOT_PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'_').remove(b'-').remove(b'~');

/// A `file:` URL.
fn url(path: &Path) -> String {
    format!("file://{}", percent_encode(path.as_os_str().as_bytes(), NOT_PLAIN))
}

fn internal(doing: &str, source: io::Error) -> Error {
    Error::Internal { doing: doing.to_owned(), source: Some(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_that_cannot_do_all_is_told_with_what_to_install() {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("program/soffice.bin");
        let windows = root.path().join("share/config/soffice.cfg/modules/scalc/ui");
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::create_dir_all(&windows).unwrap();
        assert!(shortcoming(&program).unwrap().contains("libmergedlo.so"));
        fs::write(program.with_file_name(kit::LIBRARY), "").unwrap();
        assert!(shortcoming(&program).unwrap().contains("install libreoffice-calc"));
        fs::write(windows.join("inputbar.ui"), "").unwrap();
        assert_eq!(shortcoming(&program), None);
    }
}

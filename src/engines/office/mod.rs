//! LibreOffice, started anew for each document with a profile of ours.
//!
//! 1. The profile is seeded: without `ooSetupLastVersion` each start wastes 0.8 s on a self-test of the graphics;
//!    lock files, macros of documents and link updates are off.
//! 2. The conversion is driven by a macro of the profile, not by `--convert-to`: only so can a password be given, the
//!    import filter pinned to the type that we found, and a refusal told from a crash.
//! 3. `soffice.bin` is started directly: its wrapper forks, and a forked child outlives a killed parent. A fresh profile
//!    makes the first start end with status 81, "start me again"; the wrapper would have done that.

use std::{
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::{
    Error,
    process::{self, Child, Limits, RunError},
};
use crate::domain::{Format, limits};

/// Settings of the profile.
const SEED: &str = include_str!("registrymodifications.xcu");
/// The list of macro libraries.
const LIBRARIES: &str = include_str!("script.xlc");
/// The list of modules of the library.
const LIBRARY: &str = include_str!("script.xlb");
/// The module that converts.
const MODULE: &str = include_str!("Convert.xba");

/// Status with which a fresh profile asks to be started again.
const START_AGAIN: i32 = 81;
/// Password that Excel and PowerPoint use when a file is protected without one.
const DEFAULT_PASSWORD: &str = "VelvetSweatshop";

/// How LibreOffice is run.
#[derive(Debug, Clone, Copy)]
pub struct Office<'a> {
    /// `soffice.bin`, if it is installed.
    pub program: Option<&'a Path>,
    /// A folder for the profile, the document and the output; made when it is not there.
    pub folder: &'a Path,
    /// Wall-clock time for one try.
    pub time_max: Duration,
}

/// What the macro reported.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Done,
    /// The document was not opened: damaged, of another type, or under a password.
    Refused,
    /// It was opened and could not be exported.
    NotExported(String),
    /// It ended in the middle.
    Nothing,
}

/// Turns an Office document into a PDF, and says which LibreOffice did it.
///
/// # Errors
/// `Password`, `Corrupt` when it is refused, `TimedOut`, `Crashed`, `Unavailable` when it is not installed.
pub fn to_pdf(
    office: &Office<'_>,
    bytes: &[u8],
    format: Format,
    encrypted: bool,
    passwords: &[String],
    archive: bool,
) -> Result<(Vec<u8>, String), Error> {
    let Some(program) = office.program else {
        return Err(Error::Unavailable {
            what: "install LibreOffice (packages libreoffice-writer, -calc, -impress and -draw)".to_owned(),
        });
    };
    let folder = std::path::absolute(office.folder).map_err(|source| internal("find the work folder", source))?;
    lay_out(&folder).map_err(|source| internal("make a LibreOffice profile", source))?;
    let input = folder.join(format!("document.{}", extension(format)));
    fs::write(&input, bytes).map_err(|source| internal("write the document", source))?;

    // An unencrypted document is opened with no password; a wrong one would be ignored.
    let mut candidates: Vec<&str> = Vec::new();
    if encrypted {
        candidates.extend(passwords.iter().map(String::as_str));
        candidates.push(DEFAULT_PASSWORD);
    } else {
        candidates.push("");
    }
    for password in candidates {
        match convert(office, program, &folder, &input, format, password, archive)? {
            Told::Done => {
                let pdf =
                    fs::read(folder.join("out.pdf")).map_err(|source| internal("read the converted file", source))?;
                return Ok((pdf, version(program)));
            }
            Told::Refused => {}
            Told::NotExported(message) => {
                return Err(Error::Corrupt { what: format!("LibreOffice cannot export it ({message})") });
            }
            Told::Nothing => {
                return Err(Error::Crashed {
                    exit: "LibreOffice ended in the middle".to_owned(),
                    stderr_tail: String::new(),
                });
            }
        }
    }
    if encrypted && format == Format::Ppt && !passwords.is_empty() {
        // LibreOffice has no decryption for them, so no password can be called wrong.
        return Err(Error::UnsupportedFeature { feature: "the encryption of PowerPoint 97 to 2003".to_owned() });
    }
    if encrypted {
        Err(Error::Password { given: !passwords.is_empty() })
    } else {
        Err(Error::Corrupt { what: "LibreOffice cannot open it".to_owned() })
    }
}

/// Writes the profile.
fn lay_out(folder: &Path) -> io::Result<()> {
    let basic = folder.join("profile/user/basic");
    fs::create_dir_all(basic.join("Standard"))?;
    fs::write(folder.join("profile/user/registrymodifications.xcu"), SEED)?;
    fs::write(basic.join("script.xlc"), LIBRARIES)?;
    fs::write(basic.join("Standard/script.xlb"), LIBRARY)?;
    fs::write(basic.join("Standard/Convert.xba"), MODULE)
}

/// Runs LibreOffice once, or twice when a fresh profile asks for it.
fn convert(
    office: &Office<'_>,
    program: &Path,
    folder: &Path,
    input: &Path,
    format: Format,
    password: &str,
    archive: bool,
) -> Result<Told, Error> {
    let status = folder.join("status.txt");
    let job = format!(
        // The reader keeps the line feed of the very last line, so the last line is not one of ours.
        "{}\n{}\n{}\n{}\n{}\nend\n",
        url(input),
        url(&folder.join("out.pdf")),
        import_filter(format).unwrap_or_default(),
        if archive { "2" } else { "0" },
        password.replace(['\r', '\n'], ""),
    );
    fs::write(folder.join("job.txt"), job).map_err(|source| internal("write the order", source))?;
    for _ in 0..2 {
        fs::remove_file(&status).or_else(ignore_missing).map_err(|source| internal("clear the last answer", source))?;
        let macro_url = format!(
            "macro:///Standard.Convert.Main(\"{}\",\"{}\")",
            folder.join("job.txt").display(),
            status.display()
        );
        let ended = run(office, program, folder, &macro_url)?;
        let told = fs::read_to_string(&status).unwrap_or_default();
        match (told.trim(), ended.status) {
            ("done", _) => return Ok(Told::Done),
            ("refused", _) => return Ok(Told::Refused),
            ("", Some(START_AGAIN)) => {}
            (told, _) => match told.strip_prefix("failed ") {
                // Loading throws for a wrong password and for a type that is not recognised.
                Some(rest) if rest.starts_with("loading") => return Ok(Told::Refused),
                Some(rest) => return Ok(Told::NotExported(rest.lines().next().unwrap_or_default().to_owned())),
                None => {
                    return Err(Error::Crashed {
                        exit: format!("LibreOffice: {}", ended.exit),
                        stderr_tail: ended.stderr_tail,
                    });
                }
            },
        }
    }
    Ok(Told::Nothing)
}

fn run(office: &Office<'_>, program: &Path, folder: &Path, macro_url: &str) -> Result<process::Ended, Error> {
    let args = [
        format!("-env:UserInstallation={}", url(&folder.join("profile"))),
        // Its socket would be in /tmp, where the cage lets it write nothing; a longer path would not fit into an address.
        "-env:OSL_SOCKET_PATH=.".to_owned(),
        "--headless".to_owned(),
        "--norestore".to_owned(),
        "--nologo".to_owned(),
        "--nodefault".to_owned(),
        "--nofirststartwizard".to_owned(),
        macro_url.to_owned(),
    ];
    let child = Child {
        program,
        args: args.into_iter().map(Into::into).collect(),
        folder,
        stdin: &[],
        limits: Limits {
            memory_bytes: limits::ENGINE_MEMORY_BYTES_MAX,
            file_bytes: limits::ENGINE_FILE_BYTES_MAX,
            cpu_seconds: office.time_max.as_secs() + 10,
            stdout_bytes: 1 << 20,
            stderr_bytes: limits::STDERR_TAIL_BYTES_MAX,
            time: office.time_max,
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| internal("start LibreOffice", source))?;
    runtime.block_on(process::run(&child)).map_err(|error| match error {
        RunError::TimedOut { after, .. } => Error::TimedOut { after },
        RunError::Flooded => {
            Error::Crashed { exit: "LibreOffice flooded its output".to_owned(), stderr_tail: String::new() }
        }
        RunError::Io(source) => internal("start LibreOffice", source),
    })
}

/// Looks for `soffice.bin` beside what the usual names lead to.
pub fn find(candidates: &[PathBuf]) -> Option<PathBuf> {
    candidates.iter().find_map(|candidate| {
        let real = candidate.canonicalize().ok()?;
        let program = if real.ends_with("soffice.bin") { real } else { real.parent()?.join("soffice.bin") };
        program.is_file().then_some(program)
    })
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

/// The import filter that a format is pinned to; `None` lets LibreOffice look, where one filter does not serve all.
const fn import_filter(format: Format) -> Option<&'static str> {
    match format {
        Format::Docx => Some("MS Word 2007 XML"),
        Format::Xlsx => Some("Calc MS Excel 2007 XML"),
        Format::Xlsb => Some("Calc MS Excel 2007 Binary"),
        Format::Pptx => Some("Impress MS PowerPoint 2007 XML"),
        Format::Xls => Some("MS Excel 97"),
        Format::Ppt => Some("MS PowerPoint 97"),
        Format::Rtf => Some("Rich Text Format"),
        Format::Odt => Some("writer8"),
        Format::Ods => Some("calc8"),
        Format::Odp => Some("impress8"),
        Format::Odg => Some("draw8"),
        Format::Fodt => Some("OpenDocument Text Flat XML"),
        Format::Fods => Some("OpenDocument Spreadsheet Flat XML"),
        Format::Fodp => Some("OpenDocument Presentation Flat XML"),
        Format::WordXml => Some("MS Word 2003 XML"),
        Format::ExcelXml => Some("MS Excel 2003 XML"),
        Format::Doc
        | Format::EncryptedOffice
        | Format::Metafile
        | Format::Pdf
        | Format::Jpeg
        | Format::Png
        | Format::Tiff
        | Format::Gif
        | Format::Bmp
        | Format::Webp
        | Format::Jp2
        | Format::Heic
        | Format::Avif
        | Format::Svg
        | Format::Psd
        | Format::Text
        | Format::Markdown
        | Format::Csv
        | Format::Html
        | Format::Mhtml
        | Format::Eml
        | Format::Msg
        | Format::Tnef
        | Format::Mbox
        | Format::Zip
        | Format::Xml
        | Format::Unknown => None,
    }
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

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn internal(doing: &str, source: io::Error) -> Error {
    Error::Internal { doing: doing.to_owned(), source: Some(source) }
}

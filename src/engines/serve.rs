//! The host's side: reads one request, does it, answers, and ends.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    statvfs::statvfs,
};

use super::{
    Error, assemble,
    browser::Browser,
    cage::{self, Cage, CageError, Engine},
    children::{self, Fate, Judge, Parent},
    detect, dynamic, fault,
    finish::{self, Goal},
    ghostscript, given, mail,
    native::{self, Tools},
    ocr::{Recogniser, Subject},
    office, process,
    protocol::{self, Answer, Assemble, Convert, Recognise, Refusal, Request, Response, Role, Target},
    unpack::{self, Budget, Store, Unpacked},
    warm::Warm,
};
use crate::{
    domain::{ErrorCode, Event, Format, Lane, limits},
    pdf,
};

/// Serves one request on standard input and output. `unsandboxed`: also where the kernel cannot close the cage.
///
/// # Errors
/// When the request cannot be read or the answer cannot be written; a document that fails is an answer, not an error.
pub fn serve(unsandboxed: bool) -> io::Result<()> {
    serve_with(Warm::Nothing, unsandboxed)
}

/// The same with what this process has ready.
///
/// # Errors
/// As with [`serve`].
pub fn serve_with(warm: Warm<'_>, unsandboxed: bool) -> io::Result<()> {
    let request = read_request()?;
    let mut given = Given::Nothing;
    let libraries;
    let (fonts, engine) = match &request {
        Request::Convert(convert) if convert.lane == Lane::Native.as_str() => {
            libraries = libraries_of_documents();
            (convert.engines.fonts.as_slice(), Some(Engine::Libraries(&libraries)))
        }
        Request::Convert(convert) => {
            let program = convert.engines.office.as_deref().filter(|_| convert.lane == Lane::Office.as_str());
            if convert.engines.browser.is_some() && convert.lane == Lane::Browser.as_str() {
                given = Given::Browser { browser: Browser::inherited()?, in_order: true };
            }
            (convert.engines.fonts.as_slice(), program.map(Engine::Office))
        }
        Request::Assemble(assemble) => {
            libraries = libraries_of_documents();
            (assemble.fonts.as_slice(), Some(Engine::Libraries(&libraries)))
        }
        Request::Validate(_) => (Default::default(), None),
        Request::Recognise(page) => {
            given = Given::Ocr(Recogniser::start(page.engines.ocr.as_deref(), &page.languages));
            (Default::default(), page.engines.ocr.as_deref().map(Engine::Ocr))
        }
    };
    let caged = cage::enter(&Cage { folder: Path::new("."), fonts, engine });
    if let Err(error) = &caged
        && !unsandboxed
    {
        return answer(uncaged(error));
    }
    let own;
    let tools = match warm {
        Warm::Native(tools) | Warm::Office(_, tools) => tools,
        Warm::Nothing => {
            own = Tools::new(fonts);
            &own
        }
    };
    let Some(Engine::Office(program)) = engine else { return answer(respond(&request, given, tools)) };
    if let Warm::Office(office, _) = warm {
        return answer(respond(&request, Given::Office(office), tools));
    }
    match office::Running::start(program) {
        // LibreOffice calls this from inside its loop, which has nothing to come back to.
        Ok(office) => office.in_loop(|office| {
            let answered = answer(respond(&request, Given::Office(office), tools));
            process::leave(answered.is_ok())
        }),
        Err(error) => return answer(unavailable(format!("LibreOffice: {error}"))),
    }
    Ok(())
}

/// What a cage has to let through for libraries that some documents need.
fn libraries_of_documents() -> Vec<PathBuf> {
    let mut folders = dynamic::folders_of(&[native::images::LIBHEIF, ghostscript::LIBRARY]);
    folders.extend(ghostscript::FOLDERS.iter().map(PathBuf::from));
    folders
}

fn read_request() -> io::Result<Request> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(u64::from(limits::ENGINE_REQUEST_BYTES_MAX) + 4).read_to_end(&mut bytes)?;
    protocol::decode(&bytes).map_err(io::Error::other)
}

/// What this process was given besides our own code.
enum Given<'a> {
    Nothing,
    Office(&'a office::Running),
    Browser {
        browser: Browser,
        /// Whether it can be used by others after this.
        in_order: bool,
    },
    /// Tesseract, or why it is not there.
    Ocr(Result<Recogniser, Error>),
}

fn respond(request: &Request, given: Given<'_>, tools: &Tools) -> Response {
    match request {
        Request::Convert(convert) => convert_document(convert, given, tools),
        Request::Assemble(assemble) => assemble_job(assemble, tools),
        Request::Recognise(page) => recognise_page(page, given),
        Request::Validate(validate) => plain(finish::verdict(validate).map_or_else(failed, Answer::Validated)),
    }
}

fn answer(mut response: Response) -> io::Result<()> {
    response.peak_memory_bytes = peak_memory();
    let message = protocol::encode(&response).map_err(io::Error::other)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&message)?;
    stdout.flush()
}

/// The answer where documents may not be touched.
fn uncaged(error: &CageError) -> Response {
    unavailable(error.to_string())
}

fn unavailable(what: String) -> Response {
    plain(failed(Error::Unavailable { what: format!("{what}; see `bindery doctor`") }))
}

/// Largest resident size of this process, which has no children, in bytes; Linux counts in KiB.
fn peak_memory() -> i64 {
    getrusage(UsageWho::RUSAGE_SELF).map(|usage| usage.max_rss() * 1024).unwrap_or_default()
}

/// What an engine made of a document.
struct Converted {
    pdf: Pdf,
    events: Vec<Event>,
    engine: &'static str,
    engine_version: String,
}

/// A PDF as an engine gives it.
pub(super) enum Pdf {
    /// The document itself, which may conform already.
    Given(Vec<u8>),
    /// What an engine wrote; it may reach a better level than the engine claims.
    Written(Vec<u8>),
    /// What was made here and not written yet.
    Document(Box<pdf::Document>),
}

enum Conversion {
    Done(Converted),
    Unpacked(Unpacked),
    Spared(Fate, String),
    Reroute(Lane),
    Faulty(Answer),
}

fn convert_document(convert: &Convert, mut given: Given<'_>, tools: &Tools) -> Response {
    let mut format = None;
    let mut engine = None;
    let answer = match prepare(convert, &mut given, tools, &mut format) {
        Ok(Conversion::Reroute(lane)) => Answer::Reroute { lane: lane.as_str().to_owned() },
        Ok(Conversion::Spared(fate, what)) => Answer::Spared { fate, what },
        Ok(Conversion::Unpacked(Unpacked { names, bodies, events })) => {
            let is_mail = format.and_then(Parent::of) == Some(Parent::Mail);
            let name = if is_mail { "bindery-mail" } else { "bindery-unpack" };
            engine = Some((name.to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
            Answer::Unpacked { names, bodies, events: events.into_iter().map(Into::into).collect() }
        }
        Ok(Conversion::Faulty(answer)) => answer,
        Ok(Conversion::Done(converted)) => {
            engine = Some((converted.engine.to_owned(), converted.engine_version.clone()));
            let goal = Goal {
                target: convert.target,
                metadata: None,
                passwords: &convert.passwords,
                fonts: &tools.folder,
                now: convert.now,
                linearise: false,
            };
            let finished = finish::finish(converted.pdf, &goal, &convert.output);
            finished
                .and_then(|mut finished| Ok((finish::scans(convert, &mut finished.events)?, finished)))
                .map_or_else(failed, |(scans, finished)| finished.answer(converted.events, scans))
        }
        Err(error) => failed(error),
    };
    let (engine, engine_version) = engine.unzip();
    Response {
        answer,
        format: format.map(|format: Format| format.to_string()),
        engine,
        engine_version,
        peak_memory_bytes: 0,
        browser_in_order: matches!(given, Given::Browser { in_order: true, .. }),
    }
}

/// Finds out what the document is and lets the right engine make a PDF of it.
fn prepare(
    convert: &Convert,
    given: &mut Given<'_>,
    tools: &Tools,
    format: &mut Option<Format>,
) -> Result<Conversion, Error> {
    let bytes = read(&convert.input)?;
    let detected = detect::detect(&bytes, &convert.file_name, convert.media_type.as_deref());
    *format = detected.as_ref().ok().map(|detected| detected.format);
    if let Some((fate, what)) = spared(convert, &bytes, *format)? {
        let why = detected.err().map(|error| format!(" ({error})")).unwrap_or_default();
        return Ok(Conversion::Spared(fate, format!("{what}{why}")));
    }
    let mut detected = detected?;
    if convert.target == Target::Given {
        given::check(detected.format)?;
    }
    let Some(lane) = detected.format.lane() else {
        return Err(Error::UnsupportedFormat {
            what: format!("it is {}, which this service cannot convert", detected.format.described()),
        });
    };
    if lane.as_str() != convert.lane {
        return Ok(Conversion::Reroute(lane));
    }
    if convert.engines.faults
        && let Some(answer) = fault::misbehave(convert)?
    {
        return Ok(Conversion::Faulty(answer));
    }
    if let Some(mut unpacked) = take_out(convert, tools, &bytes, detected.format)? {
        unpacked.events.splice(0..0, std::mem::take(&mut detected.events));
        return Ok(Conversion::Unpacked(unpacked));
    }
    let mut converted = match lane {
        Lane::Native => native(convert, tools, bytes, detected.format)?,
        Lane::Browser => by_browser(convert, given, bytes, detected.format)?,
        // No format is of the lane for text recognition.
        Lane::Office | Lane::Ocr => by_office(convert, given, &bytes, &detected)?,
    };
    converted.events.splice(0..0, detected.events);
    Ok(Conversion::Done(converted))
}

/// What a rule says of a child that is not converted, and what it is.
fn spared(convert: &Convert, bytes: &[u8], format: Option<Format>) -> Result<Option<(Fate, &'static str)>, Error> {
    if convert.role != Role::Child {
        return Ok(None);
    }
    let judge = Judge::new(&convert.children.rules, &convert.parents)?;
    let fate = judge.fate(&convert.file_name, bytes, format);
    Ok((fate != Fate::Convert).then(|| (fate, children::described(&convert.file_name, bytes, format))))
}

/// Takes out what a container holds; nothing when it is none.
fn take_out(convert: &Convert, tools: &Tools, bytes: &[u8], format: Format) -> Result<Option<Unpacked>, Error> {
    // What shows a container has been taken out of it.
    let Some(kind) = Parent::of(format).filter(|_| convert.role != Role::Body) else { return Ok(None) };
    let mut store = Store::new(Path::new(""), Budget::of_upload(convert.upload_bytes));
    match kind {
        Parent::Archive => {
            check_depth(convert)?;
            unpack::unpack_zip(bytes, &convert.passwords, &mut store)?;
        }
        Parent::Mail => {
            check_depth(convert)?;
            let parents = [convert.parents.as_slice(), &[kind]].concat();
            let judge = Judge::new(&convert.children.rules, &parents)?;
            mail::unpack(bytes, format, &judge, &tools.faces, &mut store)?;
        }
        Parent::Pdf => {
            let Convert { file_name, passwords, children, .. } = convert;
            if !unpack::unpack_pdf(bytes, file_name, passwords, children.embedded, &mut store)? {
                return Ok(None);
            }
            check_depth(convert)?;
        }
    }
    Ok(Some(store.finish()))
}

/// Refuses a container that is in too many others.
fn check_depth(convert: &Convert) -> Result<(), Error> {
    if convert.nesting < limits::CONTAINER_DEPTH_MAX {
        return Ok(());
    }
    Err(Error::Limit {
        which: format!("containers inside each other, at most {} are opened", limits::CONTAINER_DEPTH_MAX),
    })
}

/// Lets the right one of our own engines make a PDF.
#[expect(clippy::wildcard_enum_match_arm, reason = "the engine for pictures refuses by itself what is no picture")]
fn native(convert: &Convert, tools: &Tools, bytes: Vec<u8>, format: Format) -> Result<Converted, Error> {
    let ours =
        |engine, pdf, events| Converted { pdf, events, engine, engine_version: env!("CARGO_PKG_VERSION").to_owned() };
    let set = |(pdf, events)| Converted {
        pdf: Pdf::Written(pdf),
        events,
        engine: "typst",
        engine_version: native::typesetting::VERSION.to_owned(),
    };
    match format {
        Format::Pdf => Ok(ours("bindery-pdf", Pdf::Given(bytes), Vec::new())),
        Format::Svg => native::drawing::to_pdf(&bytes, &tools.faces).map(set),
        Format::Markdown => native::markdown::to_pdf(&bytes, &tools.faces).map(set),
        Format::Csv => native::table::to_pdf(&bytes, &tools.faces).map(set),
        Format::Text | Format::Xml => native::text::to_pdf(&bytes, &tools.faces).map(set),
        picture => {
            let converted = native::images::to_pdf(&bytes, picture, convert.settings.images)?;
            let ours = ours("bindery-image", Pdf::Document(Box::new(converted.pdf)), converted.events);
            // What decoded it, where that is no code of ours: it is of another version on each machine.
            let is_decoded_by_libheif = matches!(picture, Format::Heic | Format::Avif);
            let version = is_decoded_by_libheif.then(native::images::libheif).and_then(Result::ok);
            Ok(match version {
                Some(engine_version) => Converted { engine: "libheif", engine_version, ..ours },
                None => ours,
            })
        }
    }
}

/// Lets LibreOffice make a PDF.
fn by_office(
    convert: &Convert,
    given: &Given<'_>,
    bytes: &[u8],
    detected: &detect::Detected,
) -> Result<Converted, Error> {
    let Given::Office(office) = given else {
        let what = "install LibreOffice (packages libreoffice-writer, -calc, -impress and -draw)".to_owned();
        return Err(Error::Unavailable { what });
    };
    let source =
        office::Source { bytes, format: detected.format, encrypted: detected.encrypted, passwords: &convert.passwords };
    let (pdf, events) = office::to_pdf(office, source, &convert.settings.office, convert.target.part())?;
    Ok(Converted { pdf: Pdf::Written(pdf), events, engine: "libreoffice", engine_version: office.version.clone() })
}

/// Lets Chromium make a PDF.
fn by_browser(convert: &Convert, given: &mut Given<'_>, bytes: Vec<u8>, format: Format) -> Result<Converted, Error> {
    let Given::Browser { browser, in_order } = given else {
        return Err(Error::Unavailable { what: "install Chromium (package chromium-headless-shell)".to_owned() });
    };
    let printed = browser.to_pdf(bytes, format, convert.media_type.as_deref(), &convert.settings.html);
    *in_order = printed.version.is_some();
    let (pdf, events) = printed.pdf?;
    Ok(Converted {
        pdf: Pdf::Written(pdf),
        events,
        engine: "chromium",
        engine_version: printed.version.unwrap_or_default(),
    })
}

fn assemble_job(assemble: &Assemble, tools: &Tools) -> Response {
    let answer = assemble::assemble(assemble, tools).unwrap_or_else(failed);
    Response {
        answer,
        format: None,
        engine: Some("bindery-pdf".to_owned()),
        engine_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        peak_memory_bytes: 0,
        browser_in_order: false,
    }
}

fn recognise_page(page: &Recognise, given: Given<'_>) -> Response {
    let recogniser = match given {
        Given::Ocr(recogniser) => recogniser,
        Given::Nothing | Given::Office(_) | Given::Browser { .. } => Recogniser::start(None, &[]),
    };
    let version = recogniser.as_ref().ok().map(|recogniser| recogniser.version.clone());
    let subject = page.page.map_or(Subject::Picture, Subject::Page);
    let found = recogniser.and_then(|it| it.recognise(read(&page.input)?, subject, page.dots_per_inch));
    Response {
        answer: found.map_or_else(failed, Answer::Recognised),
        format: None,
        engine: version.is_some().then(|| "tesseract".to_owned()),
        engine_version: version,
        peak_memory_bytes: 0,
        browser_in_order: false,
    }
}

/// An answer that no engine but our own code stands behind.
fn plain(answer: Answer) -> Response {
    Response { answer, format: None, engine: None, engine_version: None, peak_memory_bytes: 0, browser_in_order: false }
}

/// Reads a file of the work folder.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Internal { doing: "read its file".to_owned(), source: Some(source) })
}

/// Writes a file of the work folder.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes)
        .map_err(|source| Error::Internal { doing: "write the converted file".to_owned(), source: Some(source) })
}

impl From<pdf::Error> for Error {
    fn from(error: pdf::Error) -> Self {
        match error {
            pdf::Error::Password { given } => Self::Password { given },
            pdf::Error::Corrupt { what } => Self::Corrupt { what },
            pdf::Error::Limit { which } => Self::Limit { which },
            pdf::Error::Unsupported { feature } => Self::UnsupportedFeature { feature },
            pdf::Error::NotConformant { what } => Self::NotConformant { what },
        }
    }
}

/// Whether nothing can be written any more where this process works.
fn disk_is_full() -> bool {
    statvfs(".").is_ok_and(|disk| disk.blocks_available() == 0)
}

/// What the client and the operator are told of an error, and whether another attempt may help.
fn failed(error: Error) -> Answer {
    let (code, fault, passing) = match &error {
        Error::Password { .. } => (ErrorCode::Password, "input", false),
        Error::Corrupt { .. } => (ErrorCode::Corrupt, "input", false),
        Error::UnsupportedFormat { .. } => (ErrorCode::UnsupportedFormat, "input", false),
        Error::UnsupportedFeature { .. } => (ErrorCode::UnsupportedFeature, "input", false),
        Error::Limit { .. } => (ErrorCode::Generic, "input", false),
        Error::NotConformant { .. } => (ErrorCode::Conformance, "input", false),
        Error::Unavailable { .. } => (ErrorCode::Configuration, "unavailable", false),
        Error::Refused { code: code @ ErrorCode::Internal, .. } => (*code, "internal", true),
        Error::Refused { code: code @ ErrorCode::Configuration, .. } => (*code, "unavailable", false),
        Error::Refused { code, .. } => (*code, "input", false),
        Error::Internal { .. } => (ErrorCode::Internal, "internal", true),
    };
    let message = error.to_string();
    if disk_is_full() {
        // An engine says all kinds of things then.
        let message = format!("the disk for work is full ({message})");
        let (code, fault) = (ErrorCode::Internal.as_str().to_owned(), "internal".to_owned());
        return Answer::Failed(Refusal { code, message, passing: true, fault, stderr_tail: String::new() });
    }
    let stderr_tail = match error {
        Error::Internal { source: Some(source), .. } => source.to_string(),
        Error::Password { .. }
        | Error::Corrupt { .. }
        | Error::UnsupportedFormat { .. }
        | Error::UnsupportedFeature { .. }
        | Error::Limit { .. }
        | Error::NotConformant { .. }
        | Error::Unavailable { .. }
        | Error::Refused { .. }
        | Error::Internal { .. } => String::new(),
    };
    Answer::Failed(Refusal { code: code.as_str().to_owned(), message, passing, fault: fault.to_owned(), stderr_tail })
}

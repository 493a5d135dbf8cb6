//! The worker's side of an engine host: starts it, asks, and reads its end.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;
use nix::sys::signal::Signal;

use super::{
    browser::Pool,
    ocr, office,
    process::{self, Child, Ended, Limits, RunError, Stopped},
    protocol::{self, Answer, Engines, Refusal, Request, Response},
    zygote::{Kind, Setup, Zygote},
};
use crate::domain::{ErrorCode, Lane, limits};

/// How engine hosts are started.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// This program.
    pub program: PathBuf,
    /// Arguments that make it an engine host.
    pub args: Vec<OsString>,
    /// Arguments that make it a zygote; without them, each host is started.
    pub zygote_args: Option<Vec<OsString>>,
    /// The engines of this machine.
    pub engines: Engines,
    /// Wall-clock time of one request.
    pub time_max: Duration,
    /// Wall-clock time for which it may stand still.
    pub stall_max: Duration,
    /// How long a warm process stays without work.
    pub idle_max: Duration,
    /// Address space of one host.
    pub memory_bytes_max: u64,
}

/// Where hosts come from.
#[derive(Debug)]
pub struct Hosts {
    config: HostConfig,
    /// With LibreOffice.
    office: Option<Zygote>,
    /// With our own engines.
    native: Option<Zygote>,
    browsers: Option<Arc<Pool>>,
}

/// What operators keep of a request.
#[derive(Debug, Default)]
pub struct Ran {
    /// The format that was detected.
    pub format: Option<String>,
    /// Engine that did the work.
    pub engine: Option<String>,
    /// Version of that engine.
    pub engine_version: Option<String>,
    /// Largest resident size in bytes.
    pub peak_memory_bytes: Option<i64>,
    /// Exit status or signal of the host, when it was not a clean one.
    pub exit: Option<String>,
    /// The end of what it wrote to standard error.
    pub stderr_tail: String,
}

impl Hosts {
    /// Nothing is started yet; zygotes and browsers will live in the folder.
    pub fn new(config: HostConfig, folder: PathBuf) -> Self {
        let zygote = |kind: Kind| {
            let setup = Setup { kind, idle_max: config.idle_max };
            Some(Zygote::new(config.program.clone(), config.zygote_args.clone()?, &folder, setup))
        };
        let fonts = &config.engines.fonts;
        let office = config.engines.office.clone().and_then(|program| zygote(Kind::Office(program, fonts.clone())));
        let native = zygote(Kind::Native(fonts.clone()));
        let browsers = Pool::of(&config, &folder);
        Self { config, office, native, browsers }
    }

    /// Starts what hosts are made from, so that the first document does not wait for it.
    pub async fn warm(&self) {
        join_all([&self.office, &self.native].into_iter().flatten().map(async |zygote| {
            if let Err(error) = zygote.warm().await {
                tracing::warn!(%error, "no {}; each of its documents starts a host", zygote.name());
            }
        }))
        .await;
    }

    /// The zygote whose copies serve such requests, if there is one.
    fn zygote(&self, request: &Request) -> Option<&Zygote> {
        match request {
            Request::Convert(convert) if convert.lane == Lane::Office.as_str() => self.office.as_ref(),
            Request::Convert(convert) if convert.lane == Lane::Native.as_str() => self.native.as_ref(),
            Request::Assemble(_) | Request::Validate(_) => self.native.as_ref(),
            // A browser is handed over at the start, and Tesseract wants variables of its own.
            Request::Convert(_) | Request::Recognise(_) => None,
        }
    }

    /// Asks a host that serves nothing else; one that gives no answer has its end put into words. Dropping the future kills
    /// the host with everything that it started.
    pub async fn run(&self, folder: &Path, request: &Request) -> (Answer, Ran) {
        let Ok(message) = protocol::encode(request) else {
            return broken(ErrorCode::Internal, "internal", "its options are too long", false, String::new());
        };
        match self.ask(folder, request, &message).await {
            Ok(ended) => self.answered(ended),
            Err(RunError::Stopped { why: Stopped::TimedOut(after), stderr_tail }) => {
                let message = format!("its conversion was stopped after {} s", after.as_secs());
                broken(ErrorCode::Timeout, "timed-out", &message, true, stderr_tail)
            }
            Err(RunError::Stopped { why: Stopped::Stalled(after), stderr_tail }) => {
                let message = format!("its conversion was stopped: the engine stood still for {} s", after.as_secs());
                broken(ErrorCode::Timeout, "stalled", &message, true, stderr_tail)
            }
            Err(RunError::Stopped { why: Stopped::Outgrown(bytes), stderr_tail }) => {
                exceeded(&needs_memory(bytes), stderr_tail)
            }
            Err(RunError::Stopped { why: Stopped::Flooded, stderr_tail }) => {
                let message = "its conversion was stopped: the engine flooded its output";
                broken(ErrorCode::Corrupt, "flooded", message, true, stderr_tail)
            }
            Err(RunError::Io(error)) => {
                let message = "the engine could not be started";
                broken(ErrorCode::Internal, "unavailable", message, true, error.to_string())
            }
        }
    }

    /// Has a host made for a request, by a zygote if there is one for it.
    async fn ask(&self, folder: &Path, request: &Request, message: &[u8]) -> Result<Ended, RunError> {
        let config = &self.config;
        let limits = Limits {
            memory_bytes: config.memory_bytes_max,
            file_bytes: limits::ENGINE_FILE_BYTES_MAX,
            cpu_seconds: config.time_max.as_secs() + 10,
            stdout_bytes: usize::try_from(limits::ENGINE_ANSWER_BYTES_MAX).unwrap_or(usize::MAX) + 4,
            stderr_bytes: limits::STDERR_BYTES_MAX,
            time: config.time_max,
            stall: config.stall_max,
        };
        if let Some(zygote) = self.zygote(request) {
            match zygote.order(folder, limits).await {
                Ok(host) => return host.run(message).await,
                // Slower, but nobody has to wait until somebody finds out why.
                Err(error) => tracing::warn!(%error, "no {}; a host is started for this document", zygote.name()),
            }
        }
        let env = match request {
            Request::Convert(convert) if convert.lane == Lane::Office.as_str() => {
                convert.engines.office.as_deref().map(office::environment).unwrap_or_default()
            }
            Request::Convert(_) | Request::Assemble(_) | Request::Validate(_) => Vec::new(),
            Request::Recognise(_) => ocr::environment(),
        };
        let child = Child {
            program: &config.program,
            args: config.args.clone(),
            env,
            folder,
            stdin: message,
            handles: &[],
            helper: None,
            limits,
        };
        match (request, &self.browsers) {
            (Request::Convert(convert), Some(browsers)) if convert.lane == Lane::Browser.as_str() => {
                run_with_browser(browsers, child).await
            }
            (Request::Convert(_) | Request::Assemble(_) | Request::Recognise(_) | Request::Validate(_), _) => {
                process::run(&child).await
            }
        }
    }

    /// Reads the answer of a host that has ended.
    fn answered(&self, ended: Ended) -> (Answer, Ran) {
        match protocol::decode::<Response>(&ended.stdout) {
            Ok(response) if ended.exit.is_clean() => {
                let ran = Ran {
                    format: response.format,
                    engine: response.engine,
                    engine_version: response.engine_version,
                    peak_memory_bytes: Some(
                        response.peak_memory_bytes.saturating_add_unsigned(ended.helper_memory_bytes),
                    ),
                    exit: None,
                    stderr_tail: ended.stderr_tail,
                };
                (response.answer, ran)
            }
            Ok(_) | Err(_) => {
                let (answer, ran) = match self.exceeded(&ended) {
                    Some(limit) => exceeded(&limit, ended.stderr_tail),
                    None => {
                        let message =
                            format!("its conversion failed: the engine ended without an answer ({})", ended.exit.words);
                        broken(ErrorCode::Corrupt, "crashed", &message, true, ended.stderr_tail)
                    }
                };
                (answer, Ran { exit: (!ended.exit.is_clean()).then_some(ended.exit.words), ..ran })
            }
        }
    }

    /// The limit that a host ran into, of those that the kernel holds.
    fn exceeded(&self, ended: &Ended) -> Option<String> {
        if ended.exit.signal == Some(Signal::SIGXFSZ as i32) {
            return Some(format!("writes a file of more than {}", mebibytes(limits::ENGINE_FILE_BYTES_MAX)));
        }
        // Where there is no more memory, Rust and C++ end their programs with these words.
        let words = ["memory allocation of", "std::bad_alloc"];
        let starved = !ended.exit.is_clean() && words.iter().any(|words| ended.stderr_tail.contains(words));
        starved.then(|| needs_memory(self.config.memory_bytes_max))
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

fn needs_memory(bytes: u64) -> String {
    format!("needs more than {} of memory", mebibytes(bytes))
}

/// The answer for a host that ran into a limit; another attempt would do so too.
fn exceeded(limit: &str, stderr_tail: String) -> (Answer, Ran) {
    let message = format!("it exceeds a limit: its conversion {limit}");
    broken(ErrorCode::Generic, "exceeded", &message, false, stderr_tail)
}

/// Runs a host that is lent a browser for as long as it needs it.
async fn run_with_browser(browsers: &Arc<Pool>, child: Child<'_>) -> Result<Ended, RunError> {
    let browser = browsers.lend().await.map_err(RunError::Io)?;
    let bytes = child.limits.memory_bytes;
    let handles = browser.handles();
    let child = Child { handles: &handles, helper: Some(browser.pid()), ..child };
    let mut ended = tokio::select! {
        ended = process::run(&child) => ended?,
        () = browser.outgrows(bytes) => {
            return Err(RunError::Stopped { why: Stopped::Outgrown(bytes), stderr_tail: String::new() });
        }
    };
    ended.helper_memory_bytes = browser.peak_memory_bytes();
    if ended.exit.is_clean()
        && protocol::decode::<Response>(&ended.stdout).is_ok_and(|response| response.browser_in_order)
    {
        browser.give_back();
    }
    Ok(ended)
}

fn broken(code: ErrorCode, fault: &str, message: &str, passing: bool, stderr_tail: String) -> (Answer, Ran) {
    let refusal = Refusal {
        code: code.as_str().to_owned(),
        message: message.to_owned(),
        passing,
        fault: fault.to_owned(),
        stderr_tail: String::new(),
    };
    (Answer::Failed(refusal), Ran { stderr_tail, ..Ran::default() })
}

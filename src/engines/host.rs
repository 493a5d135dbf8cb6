//! The worker's side of an engine host: starts it, asks, and reads its end.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    process::{self, Child, Limits, RunError},
    protocol::{self, Answer, Refusal, Request, Response},
};
use crate::domain::{ErrorCode, limits};

/// How engine hosts are started.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// This program.
    pub program: PathBuf,
    /// Arguments that make it an engine host.
    pub args: Vec<OsString>,
    /// Wall-clock time of one request.
    pub time_max: Duration,
    /// Address space of one host.
    pub memory_bytes_max: u64,
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

/// Asks a fresh host; one that gives no answer has its end put into words. Dropping the future kills the host with
/// everything that it started.
pub async fn run(config: &HostConfig, folder: &Path, request: &Request) -> (Answer, Ran) {
    let Ok(message) = protocol::encode(request) else {
        return broken(ErrorCode::Internal, "internal", "its options are too long", false, String::new());
    };
    let child = Child {
        program: &config.program,
        args: config.args.clone(),
        folder,
        stdin: &message,
        limits: Limits {
            memory_bytes: config.memory_bytes_max,
            file_bytes: limits::ENGINE_FILE_BYTES_MAX,
            cpu_seconds: config.time_max.as_secs() + 10,
            stdout_bytes: usize::try_from(limits::ENGINE_MESSAGE_BYTES_MAX).unwrap_or(usize::MAX) + 4,
            stderr_bytes: limits::STDERR_TAIL_BYTES_MAX,
            time: config.time_max,
        },
    };
    match process::run(&child).await {
        Ok(ended) => match protocol::decode::<Response>(&ended.stdout) {
            Ok(response) if ended.succeeded => {
                let ran = Ran {
                    format: response.format,
                    engine: response.engine,
                    engine_version: response.engine_version,
                    peak_memory_bytes: Some(response.peak_memory_bytes),
                    exit: None,
                    stderr_tail: ended.stderr_tail,
                };
                (response.answer, ran)
            }
            Ok(_) | Err(_) => {
                let message = format!("its conversion failed: the engine ended without an answer ({})", ended.exit);
                let (answer, ran) = broken(ErrorCode::Corrupt, "crashed", &message, true, ended.stderr_tail);
                (answer, Ran { exit: (!ended.succeeded).then_some(ended.exit), ..ran })
            }
        },
        Err(RunError::TimedOut { after, stderr_tail }) => {
            let message = format!("its conversion was stopped after {} s", after.as_secs());
            broken(ErrorCode::Timeout, "timed-out", &message, true, stderr_tail)
        }
        Err(RunError::Flooded) => broken(
            ErrorCode::Corrupt,
            "flooded",
            "its conversion was stopped: the engine flooded its output",
            true,
            String::new(),
        ),
        Err(RunError::Io(error)) => {
            let message = "the engine could not be started";
            broken(ErrorCode::Internal, "unavailable", message, true, error.to_string())
        }
    }
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

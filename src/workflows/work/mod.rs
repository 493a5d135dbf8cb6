//! What a worker does with a task: executes it outside any transaction, then settles what came of it in one.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Context, Error, Kind, certificates::Certificates, expire, sweep};
use crate::{
    domain::{ErrorCode, Event, Format, Lane, Rung, limits},
    engines::{
        host::{HostConfig, Hosts, Ran},
        protocol::{FileKind, Refusal},
    },
    queue::{self, Ending, Handler, Lease, Report, Stop, StopReason, lease::How},
    storage::{self, blobs::Stored, documents::Child},
};

mod assemble;
mod children;
mod convert;
mod draw;
mod folder;
mod purge;
mod recognise;
mod settle;
mod signing;
mod time_stamp;

pub use folder::Folders;

/// What a worker needs besides the context.
#[derive(Debug, Clone)]
pub struct WorkConfig {
    /// How engine hosts are started.
    pub host: HostConfig,
    /// Where work folders are made.
    pub folder: PathBuf,
    /// With what documents are signed.
    pub certificates: Certificates,
}

/// The handler of all kinds of task.
#[derive(Debug)]
pub struct Work {
    ctx: Context,
    config: WorkConfig,
    hosts: Hosts,
    folders: Folders,
}

/// What came of an attempt, as data. Nothing of it is visible before it is settled.
#[derive(Debug)]
pub struct Done {
    outcome: Outcome,
    format: Option<Format>,
    report: Report,
}

#[derive(Debug)]
enum Outcome {
    Converted {
        stored: Stored,
        pages: i32,
        events: Vec<Event>,
        rung: Option<Rung>,
        /// Pages whose text is to be recognised, from 0.
        scans: Vec<i32>,
    },
    /// The words of a page.
    Recognised {
        stored: Stored,
    },
    /// It stays as it came.
    Kept {
        events: Vec<Event>,
    },
    /// It has no place in the result.
    LeftOut {
        events: Vec<Event>,
    },
    Unpacked {
        children: Vec<Child>,
        events: Vec<Event>,
        /// Begins the sentence that tells why the document fails, if it is too much after all.
        subject: String,
    },
    Assembled {
        files: Vec<Published>,
        events: Vec<Event>,
    },
    /// The pages are too many to be drawn by one task.
    Divided {
        pages: i32,
        /// Most of them in a piece.
        each: i32,
    },
    /// A piece of them.
    Drawn {
        stored: Stored,
    },
    Purged,
    /// Final: trying again would not help, or was tried often enough.
    Failed {
        code: ErrorCode,
        message: String,
    },
    /// The attempt counts and another follows.
    Retry,
    /// The attempt does not count; try again after a while.
    Later(Duration),
    Reroute(Lane),
    /// Nobody wants it any more.
    Dropped,
}

/// A file of a job, stored.
#[derive(Debug)]
struct Published {
    stored: Stored,
    kind: FileKind,
    /// Its own name; else it is named after the job.
    name: Option<String>,
    pages: Option<i32>,
    conformance: Option<String>,
    rung: Option<Rung>,
}

impl Work {
    /// Makes the handler and removes work folders that a killed worker left behind.
    ///
    /// # Errors
    /// When the folder for work cannot be made.
    pub fn new(ctx: Context, config: WorkConfig) -> std::io::Result<Self> {
        let folders = Folders::open(&config.folder)?;
        let hosts = Hosts::new(config.host.clone(), folders.path().to_path_buf());
        Ok(Self { ctx, config, hosts, folders })
    }

    /// Has ready what Office documents are converted by, which else the first one would wait for.
    pub async fn warm(&self) {
        self.hosts.warm().await;
    }
}

impl Handler for Work {
    type Done = Done;

    #[tracing::instrument(name = "attempt", skip_all, fields(job.id = %lease.task.job, task = lease.task.id, kind = %lease.task.kind, attempt = lease.task.attempt))]
    async fn execute(&self, lease: &Lease, stop: &Stop) -> Done {
        let work = async {
            match lease.task.kind.parse() {
                Ok(Kind::Convert) => self.convert(lease).await,
                Ok(Kind::Recognise) => self.recognise(lease).await,
                Ok(Kind::Draw) => self.draw(lease).await,
                Ok(Kind::Assemble) => self.assemble(lease).await,
                Ok(Kind::Purge) => self.purge(lease).await,
                // A newer version wrote it; its workers will take it.
                Err(unknown) => {
                    tracing::warn!(%unknown, "a task of a kind that this version does not know");
                    Ok(Done::new(Outcome::Later(Duration::from_secs(10))))
                }
            }
        };
        // Dropping the work kills its engine host with all that it started.
        let done = tokio::select! {
            done = work => done.unwrap_or_else(|error| Done::of_error(lease, &error)),
            reason = stop.wait() => Done::new(match reason {
                StopReason::Canceled => Outcome::Dropped,
                // Handing back what is really lost is refused by its fence; what nobody has taken yet runs again.
                StopReason::Lost | StopReason::Shutdown => Outcome::Later(Duration::ZERO),
            }),
        };
        tracing::info!(outcome = done.outcome.word(), fault = done.report.fault, "attempt ended");
        done
    }

    fn ending(&self, lease: &Lease, done: &Done) -> Option<Ending> {
        // A format that was found is recorded with the document.
        (done.outcome.is_of_the_queue() && done.format.is_none()).then(|| done.ending(lease))
    }

    async fn settle(&self, lease: &Lease, done: &Done) -> Result<(), queue::Error> {
        match settle::settle(&self.ctx, lease, done).await {
            Ok(()) => Ok(()),
            Err(Error::Queue(error)) => Err(error),
            Err(Error::Storage(error)) => Err(error.into()),
            Err(error) => Err(storage::Error::Corrupt { what: error.to_string() }.into()),
        }
    }

    async fn discard(&self, _lease: &Lease, done: Done) {
        let stored = match done.outcome {
            Outcome::Converted { stored, .. } | Outcome::Recognised { stored } | Outcome::Drawn { stored } => {
                vec![stored]
            }
            Outcome::Assembled { files, .. } => files.into_iter().map(|file| file.stored).collect(),
            Outcome::Unpacked { children, .. } => children.into_iter().map(|child| child.stored).collect(),
            Outcome::Kept { .. }
            | Outcome::LeftOut { .. }
            | Outcome::Divided { .. }
            | Outcome::Purged
            | Outcome::Failed { .. }
            | Outcome::Retry
            | Outcome::Later(_)
            | Outcome::Reroute(_)
            | Outcome::Dropped => return,
        };
        for stored in stored {
            if let Err(error) = self.ctx.blobs.delete(&stored.blob).await {
                tracing::warn!(%error, blob = stored.blob, "could not remove what nobody needs");
            }
        }
    }

    async fn housekeep(&self) -> Result<(), queue::Error> {
        let kept = async {
            expire::expire(&self.ctx).await?;
            sweep::sweep(&self.ctx).await
        };
        match kept.await {
            Ok(_) => Ok(()),
            Err(Error::Storage(error)) => Err(error.into()),
            Err(error) => Err(storage::Error::Corrupt { what: error.to_string() }.into()),
        }
    }
}

impl Outcome {
    /// Whether it concerns nothing but the queue.
    const fn is_of_the_queue(&self) -> bool {
        match self {
            Self::Retry | Self::Later(_) | Self::Reroute(_) | Self::Dropped => true,
            Self::Converted { .. }
            | Self::Kept { .. }
            | Self::LeftOut { .. }
            | Self::Recognised { .. }
            | Self::Unpacked { .. }
            | Self::Assembled { .. }
            | Self::Divided { .. }
            | Self::Drawn { .. }
            | Self::Purged
            | Self::Failed { .. } => false,
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Converted { .. } => "converted",
            Self::Kept { .. } => "kept",
            Self::LeftOut { .. } => "left out",
            Self::Recognised { .. } => "recognised",
            Self::Unpacked { .. } => "unpacked",
            Self::Assembled { .. } => "assembled",
            Self::Divided { .. } => "divided",
            Self::Drawn { .. } => "drawn",
            Self::Purged => "purged",
            Self::Failed { .. } => "failed",
            Self::Retry => "retry",
            Self::Later(_) => "later",
            Self::Reroute(_) => "reroute",
            Self::Dropped => "dropped",
        }
    }
}

impl Done {
    fn new(outcome: Outcome) -> Self {
        Self { outcome, format: None, report: Report::default() }
    }

    /// How the attempt ends.
    fn ending(&self, lease: &Lease) -> Ending {
        let how = match &self.outcome {
            Outcome::Converted { .. }
            | Outcome::Kept { .. }
            | Outcome::LeftOut { .. }
            | Outcome::Recognised { .. }
            | Outcome::Unpacked { .. }
            | Outcome::Assembled { .. }
            | Outcome::Divided { .. }
            | Outcome::Drawn { .. }
            | Outcome::Purged => How::Succeeded,
            Outcome::Failed { .. } => How::Failed,
            Outcome::Dropped => How::Canceled,
            Outcome::Retry => How::Retried(queue::retry::delay(lease.task.attempt, lease.fence.unsigned_abs())),
            Outcome::Later(wait) => How::Released(*wait),
            Outcome::Reroute(lane) => How::Rerouted(*lane),
        };
        Ending { how, report: self.report.clone() }
    }

    /// What an error of the database or the blob store means for the attempt.
    fn of_error(lease: &Lease, error: &Error) -> Self {
        tracing::warn!(error = %crate::log::ErrorChain(error), task = lease.task.id, "attempt failed");
        let report = Report { fault: Some("unavailable"), message: Some(error.to_string()), ..Report::default() };
        let outcome = if matches!(error, Error::Storage(storage::Error::NotFound)) {
            // Whatever the task was about is gone.
            Outcome::Dropped
        } else if matches!(error, Error::Storage(error) if error.is_passing()) {
            Outcome::Later(Duration::from_secs(1))
        } else if lease.task.attempt < limits::ATTEMPTS_MAX {
            Outcome::Retry
        } else {
            let message = "The service could not do its work; its log says why.".to_owned();
            Outcome::Failed { code: ErrorCode::Internal, message }
        };
        Self { outcome, format: None, report }
    }

    /// What an engine's refusal means: another attempt while the fault may pass and attempts are left. `subject` says
    /// what did not go, for the client.
    fn of_refusal(lease: &Lease, ran: &Ran, refusal: Refusal, subject: &str) -> Self {
        let message = format!("{subject}: {}.", refusal.message);
        let mut report = report(ran, Some(&refusal.fault), Some(&message));
        if !refusal.stderr_tail.is_empty() {
            report.stderr_tail = Some(refusal.stderr_tail);
        }
        let outcome = if refusal.passing && lease.task.attempt < limits::ATTEMPTS_MAX {
            Outcome::Retry
        } else {
            Outcome::Failed { code: refusal.code.parse().unwrap_or(ErrorCode::Internal), message }
        };
        Self { outcome, format: found_format(ran), report }
    }

    /// What it means that an engine failed while others had filled the disk: nothing, as when the disk is full before it starts.
    fn of_full_disk(ran: &Ran) -> Self {
        let report = report(ran, Some("unavailable"), Some("The disk with the work folders is full."));
        Self { outcome: Outcome::Later(Duration::from_secs(1)), format: None, report }
    }

    /// What an answer means that does not fit the question: the host was not itself, so another attempt may go well.
    fn of_nonsense(lease: &Lease, ran: &Ran, subject: &str) -> Self {
        Self::of_lie(lease, ran, subject, "the engine gave an answer to another question")
    }

    /// The same of an answer that is not true.
    fn of_lie(lease: &Lease, ran: &Ran, subject: &str, what: &str) -> Self {
        let refusal = Refusal {
            code: ErrorCode::Internal.as_str().to_owned(),
            message: what.to_owned(),
            passing: true,
            fault: "internal".to_owned(),
            stderr_tail: String::new(),
        };
        Self::of_refusal(lease, ran, refusal, subject)
    }
}

/// The format that a host found.
fn found_format(ran: &Ran) -> Option<Format> {
    ran.format.as_deref().and_then(|format| format.parse().ok())
}

/// How far an engine had to go, if it is one of the ways that there are.
fn known_rung(rung: Option<String>) -> Option<Rung> {
    rung?.parse().ok()
}

/// The faults that an engine may report, as the history knows them.
const FAULTS: [&str; 8] =
    ["input", "crashed", "timed-out", "stalled", "flooded", "exceeded", "unavailable", "internal"];

/// What is kept of a run.
fn report(ran: &Ran, fault: Option<&str>, message: Option<&str>) -> Report {
    Report {
        engine: ran.engine.clone(),
        engine_version: ran.engine_version.clone(),
        fault: fault.map(|fault| FAULTS.into_iter().find(|known| *known == fault).unwrap_or("internal")),
        message: message.map(str::to_owned),
        exit: ran.exit.clone(),
        peak_memory_bytes: ran.peak_memory_bytes,
        stderr_tail: (!ran.stderr_tail.is_empty()).then(|| ran.stderr_tail.clone()),
    }
}

/// What is not true of a file that a host says is there with so many pages, if anything: a document may have made it say so.
/// What the file holds is looked at by hosts alone.
fn untruth(file: &Path, kind: FileKind, pages: usize) -> Option<&'static str> {
    if pages > limits::PAGES_MAX {
        return Some("the engine counted more pages than there can be");
    }
    // Not through a link, and no pipe, which would be read for ever.
    if !file.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return Some("the engine said that it was done and left no file");
    }
    let mut start = Vec::new();
    let longest = kind.magic().iter().map(|magic| magic.len()).max().unwrap_or(0);
    let read = File::open(file).and_then(|file| file.take(longest as u64).read_to_end(&mut start));
    let is_of_kind = read.is_ok() && (longest == 0 || kind.magic().iter().any(|magic| start.starts_with(magic)));
    (!is_of_kind).then_some("the engine said that it was done and left a file of another kind")
}

/// A number of pages as the database holds it; the limit on pages is far below its range.
fn page_count(pages: usize) -> i32 {
    i32::try_from(pages).unwrap_or(i32::MAX)
}

/// Events of an engine, without what is not of the contract.
fn events(sent: Vec<crate::engines::protocol::Event>) -> Vec<Event> {
    sent.into_iter().filter_map(|event| event.try_into().ok()).collect()
}

//! One job from creation to its files on the disk.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::anyhow;
use indicatif::ProgressBar;
use tokio::{fs::File, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    exit::{Exit, Failure},
    inputs::Input,
    output::Output,
    report::{self, Ended, Report},
    service::{JobError, JobResult, NewJob, Service},
};

/// How long a call that Ctrl-C comes upon may take to end: to create a job, so that it can be deleted, and to delete it.
const LAST_CALL_MAX: Duration = Duration::from_secs(5);

/// The documents of one job.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) inputs: Vec<Input>,
    pub(super) name: Option<String>,
}

/// What all jobs of one call share.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) service: Service,
    pub(super) output: Output,
    pub(super) report: Arc<Report>,
    pub(super) new: NewJob,
    /// Whether jobs stay in the service after their results are fetched.
    pub(super) keep: bool,
    /// How long one job may take.
    pub(super) time_max: Option<Duration>,
    /// Cancelled by Ctrl-C.
    pub(super) stop: CancellationToken,
    /// Cancelled when the service takes no job, so that the others need not be tried.
    pub(super) hopeless: CancellationToken,
}

/// What a job has come to so far.
#[derive(Debug, Default)]
struct Progress {
    job: Option<String>,
    result: Option<JobResult>,
    files: Vec<String>,
}

impl Run {
    /// Does a job and says how it ended; `None` when it was not begun because there is no point in it any more.
    pub(super) async fn job(&self, work: &Work) -> Option<Exit> {
        if self.stop.is_cancelled() || self.hopeless.is_cancelled() {
            return None;
        }
        let began = Instant::now();
        let bar = self.report.uploads(work.inputs.iter().map(Input::bytes).sum());
        let mut progress = Progress::default();
        let outcome = self.attempt(work, &mut progress, &bar).await;
        bar.finish_and_clear();
        let error = match outcome {
            Ok(()) => None,
            Err(failure) if failure.exit == Exit::Interrupted => return Some(Exit::Interrupted),
            Err(failure) => {
                let error = JobError { code: failure.exit.word().to_owned(), message: format!("{:#}", failure.error) };
                Some((failure.exit, error))
            }
        };
        let ended = progress.ended(work, error, began.elapsed());
        self.report.ended(&ended);
        Some(ended.exit)
    }

    /// Creates the job, has it done, and deletes it whatever came of it.
    async fn attempt(&self, work: &Work, progress: &mut Progress, bar: &ProgressBar) -> Result<(), Failure> {
        let stem = work.likely_stem();
        self.output.check_free(work.below(), &stem)?;
        let deadline = self.time_max.map(|time_max| Instant::now() + time_max);
        let job = self.create(work, deadline).await.inspect_err(|failure| {
            if failure.exit == Exit::Service {
                self.hopeless.cancel();
            }
        })?;
        self.report.detail(&format!("{}: job {job} created", report::names(&work.shown())));
        progress.job = Some(job.clone());
        let outcome = tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Failure::interrupted()),
            late = expired(deadline) => Err(late),
            done = self.convert(&job, work, progress, bar) => done,
        };
        if !self.keep || outcome.is_err() {
            self.delete(&job).await;
        }
        outcome
    }

    /// A call that has begun is let end, so that what it makes is known and can be deleted.
    async fn create(&self, work: &Work, deadline: Option<Instant>) -> Result<String, Failure> {
        let interrupted = async {
            self.stop.cancelled().await;
            tokio::time::sleep(LAST_CALL_MAX).await;
        };
        tokio::select! {
            created = self.service.create(&self.new, work.name.as_deref()) => created,
            late = expired(deadline) => Err(late),
            () = interrupted => Err(Failure::interrupted()),
        }
    }

    async fn convert(&self, job: &str, work: &Work, progress: &mut Progress, bar: &ProgressBar) -> Result<(), Failure> {
        // One after the other: the result follows the order of adding.
        for (index, input) in work.inputs.iter().enumerate() {
            bar.set_message(input.shown.clone());
            self.service.add(job, input, bar).await?;
            self.report.detail(&format!("{}: added, {} of {}", input.shown, index + 1, work.inputs.len()));
        }
        self.service.start(job).await?;
        let inputs = report::names(&work.shown());
        self.report.detail(&format!("{inputs}: started"));
        self.report.converting(bar, &inputs);
        let result = progress.result.insert(self.service.result(job).await?);
        for (number, data) in result.data_list.iter().enumerate() {
            let fetch = async |file: &mut File| self.service.fetch(job, &data.result_id, file).await;
            let path = self.output.save(work.below(), &data.file_name, number, fetch).await?;
            progress.files.extend(path.map(|path| path.display().to_string()));
        }
        Ok(())
    }

    async fn delete(&self, job: &str) {
        let deleted = tokio::time::timeout(LAST_CALL_MAX, self.service.delete(job)).await;
        match deleted {
            Ok(Ok(())) => self.report.detail(&format!("job {job} deleted")),
            Ok(Err(failure)) => self.report.note(&format!("the job {job} could not be deleted: {:#}", failure.error)),
            Err(_) => self.report.note(&format!("the job {job} could not be deleted in time")),
        }
    }
}

impl Work {
    fn shown(&self) -> Vec<String> {
        self.inputs.iter().map(|input| input.shown.clone()).collect()
    }

    /// Where below the output folder the results belong; a job of several inputs has one place for all.
    fn below(&self) -> &Path {
        match self.inputs.as_slice() {
            [one] => &one.below,
            _ => Path::new(""),
        }
    }

    /// What the service is likely to name the result after, without extension.
    fn likely_stem(&self) -> String {
        let named = self.name.as_deref().map(|name| name.strip_suffix(".pdf").unwrap_or(name));
        let first = || self.inputs.first().map(|input| input.name.as_str());
        let stem = named.or_else(|| first().map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem)));
        stem.unwrap_or_default().to_owned()
    }
}

impl Progress {
    fn ended(self, work: &Work, error: Option<(Exit, JobError)>, took: Duration) -> Ended {
        let (status, refused, events) =
            self.result.map_or((None, None, Vec::new()), |result| (Some(result.status), result.error, result.events));
        // What happened here outweighs what happened there.
        let (exit, error) = match (error, refused) {
            (Some((exit, error)), _) => (exit, Some(error)),
            (None, Some(error)) => (Exit::Document, Some(error)),
            (None, None) => (Exit::Done, None),
        };
        let status = if error.is_some() { None } else { status };
        Ended {
            inputs: work.shown(),
            job: self.job,
            status: status.unwrap_or_else(|| "error".to_owned()),
            error,
            events,
            files: self.files,
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
            exit,
        }
    }
}

/// Waits until the time is up, for ever when there is no end to it, and says so.
async fn expired(deadline: Option<Instant>) -> Failure {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
    Failure::service(anyhow!("the job is not done within the time of --timeout"))
}

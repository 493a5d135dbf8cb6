//! `bindery convert`: the shell client. Files in, results out, through the public HTTP API of a running service.
//!
//! Must not know: anything of the service but its API. It runs where there is neither a database nor an engine.
//!
//! ```text
//! switches ─► options ─► inputs ─► job (service: create, add …, start, result, fetch, delete) ─► output
//! ```
//!
//! 1. A job that was created is deleted, however the call ends; only `--keep` leaves one, and only when all went well.
//! 2. A result is on the disk whole or not at all.
//! 3. What happens is said in [`report`] alone, and every way to end has an exit code ([`exit`]).

use std::{process::ExitCode, sync::Arc};

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::{config, signals};

mod exit;
mod inputs;
mod job;
mod options;
mod output;
mod patience;
mod report;
mod service;
mod switches;

pub(super) use options::{HELP, Options};
pub(super) use switches::rewrite;

use exit::{Exit, Failure};
use job::{Run, Work};
use output::Output;
use report::Report;
use service::{NewJob, Service};

/// Converts and says how it went; the exit code tells it too.
///
/// # Errors
/// When the kernel refuses signal handlers. All that concerns documents and the service is an exit code.
pub(super) async fn convert(options: Options) -> anyhow::Result<ExitCode> {
    let stop = signals::stop_token()?;
    let report = Arc::new(Report::new(options.switches.level(), options.switches.json));
    let exit = begin(options, stop, &report).await.unwrap_or_else(|failure| {
        report.error(&format!("bindery: {:#}", failure.error));
        failure.exit
    });
    Ok(exit.into())
}

async fn begin(options: Options, stop: CancellationToken, report: &Arc<Report>) -> Result<Exit, Failure> {
    let Options { given, switches } = options;
    let is_named_input = given.iter().any(|given| given.path.as_os_str() == inputs::STANDARD);
    if switches.json && switches.output.as_ref().is_some_and(|output| output.as_os_str() == inputs::STANDARD) {
        return Err(Failure::usage(anyhow::anyhow!("--json and the result cannot both go to standard output")));
    }
    let service = Service::at(&config::service_url(switches.url.as_deref()), Arc::clone(report))?;
    let gathering = inputs::gather(given, switches.recursive, switches.name.as_deref());
    let inputs = tokio::select! {
        inputs = gathering => inputs?,
        () = stop.cancelled() => return Err(Failure::interrupted()),
    };
    let (place, existing) = (switches.output.as_deref(), switches.existing());
    let preparing = Output::prepare(place, switches.split, existing, &inputs, Arc::clone(report));
    let output = tokio::select! {
        output = preparing => output?,
        () = stop.cancelled() => return Err(Failure::interrupted()),
    };
    // The name is that of the input already; its result is named after it.
    let name = switches.name.filter(|_| !is_named_input);
    let works: Vec<Work> = if switches.split {
        inputs.into_iter().map(|input| Work { inputs: vec![input], name: name.clone() }).collect()
    } else {
        vec![Work { inputs, name }]
    };
    let new = NewJob { workflow: switches.workflow, profile: switches.profile, options: switches.job_options };
    let run = Run {
        service,
        output,
        report: Arc::clone(report),
        new,
        keep: switches.keep,
        time_max: switches.timeout,
        stop,
        hopeless: CancellationToken::new(),
    };
    Ok(run_all(&run, &works, usize::from(switches.parallel)).await)
}

/// Does all jobs, so many at a time, and says how it went over all.
async fn run_all(run: &Run, works: &[Work], parallel: usize) -> Exit {
    let total = (works.len() > 1).then(|| run.report.total(works.len()));
    let mut ended = futures_util::stream::iter(works).map(|work| run.job(work)).buffer_unordered(parallel);
    let mut exits = Vec::with_capacity(works.len());
    while let Some(exit) = ended.next().await {
        exits.push(exit);
        if let Some(total) = &total {
            total.inc(1);
        }
    }
    if let Some(total) = total {
        total.finish_and_clear();
        let count = |exit| exits.iter().filter(|other| **other == exit).count();
        let (done, begun_not) = (count(Some(Exit::Done)), count(None));
        let failed = exits.len() - done - begun_not;
        let rest = if begun_not > 0 { format!(", {begun_not} not begun") } else { String::new() };
        run.report.note(&format!("{done} converted, {failed} failed{rest}"));
    }
    if run.stop.is_cancelled() {
        run.report.error("interrupted");
        return Exit::Interrupted;
    }
    exits.into_iter().flatten().max().unwrap_or(Exit::Done)
}

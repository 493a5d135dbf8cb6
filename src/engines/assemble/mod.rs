//! The host's side of the last task of a job: from converted documents to the files of the job, step after step.
//!
//! Every step takes what the one before it left and leaves something for the next: documents in files, then one document, then
//! files of the job. A step that finds nothing to work on says so; a workflow that asks for that is wrong, not its documents.

pub mod dossier;
mod finish;
mod merge;

use std::path::PathBuf;

use super::{
    Error,
    native::Tools,
    protocol::{Answer, Assemble, Made, Step},
    serve::Pdf,
};
use crate::domain::Event;

/// The name, in the work folder, of a file of the job by its place.
pub fn output_of(place: usize) -> PathBuf {
    format!("result-{place}").into()
}

/// What is being worked on.
struct Bench<'a> {
    assemble: &'a Assemble,
    tools: &'a Tools,
    /// All documents in one.
    whole: Option<Pdf>,
    /// The files of the job, each of which has been written.
    files: Vec<Made>,
    events: Vec<Event>,
}

/// Does the steps of a job.
pub(super) fn assemble(assemble: &Assemble, tools: &Tools) -> Result<Answer, Error> {
    let mut bench = Bench { assemble, tools, whole: None, files: Vec::new(), events: Vec::new() };
    for step in &assemble.steps {
        match step {
            Step::Merge => merge::merge(&mut bench)?,
            Step::Finish { target, metadata } => finish::finish(&mut bench, *target, &metadata.0)?,
            Step::Dossier(order) => dossier::dossier(&mut bench, order)?,
        }
    }
    Ok(Answer::Assembled { files: bench.files, events: bench.events.into_iter().map(Into::into).collect() })
}

impl Bench<'_> {
    /// The document that an earlier step has made.
    fn take_whole(&mut self) -> Result<Pdf, Error> {
        self.whole.take().ok_or_else(|| Error::Internal { doing: "find what to work on".to_owned(), source: None })
    }
}

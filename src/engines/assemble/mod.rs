//! The host's side of the last task of a job: from converted documents to the files of the job, step after step.
//!
//! Every step takes what the one before it left and leaves something for the next: documents in files, then one document, then
//! files of the job. A step that finds nothing to work on says so; a workflow that asks for that is wrong, not its documents.

mod collect;
mod describe;
pub mod dossier;
mod draw;
mod extract_xml;
mod finish;
mod invoice;
mod merge;
mod optimise;
mod sign;
mod stamp;
mod take;
mod tiff;
mod time_stamp;
mod to_xml;

use std::{ops::Range, path::PathBuf};

use super::{
    Error,
    native::Tools,
    protocol::{Answer, Assemble, Made, Step},
    serve::Pdf,
};
use crate::{
    domain::Event,
    pdf::{self, Document},
};

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
    /// The documents in it by the names of their files, and the pages that each has, counted from 0; nothing as long as there is
    /// only one document.
    parts: Vec<(String, Range<usize>)>,
    /// The files of the job, each of which has been written.
    files: Vec<Made>,
    events: Vec<Event>,
    /// For each file what to ask a server of time stamps.
    requests: Vec<Vec<u8>>,
}

/// Does the steps of a job.
pub(super) fn assemble(assemble: &Assemble, tools: &Tools) -> Result<Answer, Error> {
    let mut bench = Bench {
        assemble,
        tools,
        whole: None,
        parts: Vec::new(),
        files: assemble.made.clone(),
        events: Vec::new(),
        requests: Vec::new(),
    };
    for step in &assemble.steps {
        match step {
            Step::Merge => merge::merge(&mut bench)?,
            Step::Collect(order) => collect::collect(&mut bench, order)?,
            Step::Optimise { settings, target } => optimise::optimise(&mut bench, *settings, *target)?,
            Step::Stamp { stamps, target, names } => stamp::stamp(&mut bench, stamps, *target, names)?,
            Step::Describe { schemas, names } => describe::describe(&mut bench, schemas, names)?,
            Step::Finish { target, metadata, linearise } => {
                finish::finish(&mut bench, *target, &metadata.0, *linearise)?;
            }
            Step::Tiff(settings) => tiff::tiff(&mut bench, settings)?,
            Step::Draw { settings, spans } => draw::draw(&mut bench, settings, spans)?,
            Step::Join(settings) => draw::join(&mut bench, settings)?,
            Step::ExtractXml => extract_xml::extract_xml(&mut bench)?,
            Step::ToXml => to_xml::to_xml(&mut bench)?,
            Step::Take => take::take(&mut bench)?,
            Step::Sign(asked) => sign::sign(&mut bench, asked)?,
            Step::TimeStamp(stamps) => time_stamp::time_stamp(&mut bench, stamps)?,
            Step::Invoice(order) => invoice::invoice(&mut bench, order)?,
            Step::Dossier(order) => dossier::dossier(&mut bench, order)?,
        }
    }
    let events = bench.events.into_iter().map(Into::into).collect();
    Ok(Answer::Assembled { files: bench.files, events, requests: bench.requests })
}

impl Bench<'_> {
    /// The document that an earlier step has made.
    fn take_whole(&mut self) -> Result<Pdf, Error> {
        self.whole.take().ok_or_else(|| Error::Internal { doing: "find what to work on".to_owned(), source: None })
    }

    /// The same, parsed.
    fn take_document(&mut self) -> Result<Document, Error> {
        match self.take_whole()? {
            Pdf::Document(document) => Ok(*document),
            Pdf::Given(bytes) | Pdf::Written(bytes) => {
                let opened = pdf::read(bytes, &[])?;
                self.events.extend(opened.events);
                Ok(opened.document)
            }
        }
    }

    /// Leaves a document for the next step.
    fn put_document(&mut self, document: Document) {
        self.whole = Some(Pdf::Document(Box::new(document)));
    }

    /// Where the next file of the job belongs.
    fn output(&self) -> PathBuf {
        output_of(self.files.len())
    }

    /// What a sentence calls a file of the job: by its own name, else as the only document that it can be of.
    fn called(&self, made: &Made) -> String {
        let only = match self.assemble.inputs.as_slice() {
            [only] => Some(&only.file_name),
            _ => None,
        };
        made.name.as_ref().or(only).map_or_else(|| "the result".to_owned(), |name| format!("'{name}'"))
    }
}

/// The name of a document without its folders and its extension.
pub fn stem(file_name: &str) -> &str {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn a_stem_has_no_folders_and_no_extension() {
        assert_eq!(["a.b.pdf", "a/b.pdf", "c:\\d", ".profile"].map(stem), ["a.b", "b", "d", ".profile"]);
    }
}

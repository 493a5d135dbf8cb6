//! Executing a `convert` task: fetch, ask an engine host, store.

use std::{collections::BTreeSet, iter, path::Path, sync::Arc};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Done, Outcome, Work, assemble::job_document, children, events, found_format, known_rung, page_count, report,
    untruth,
};
use crate::{
    domain::{DocumentId, DocumentState, ErrorCode, JobState, limits, options::JobOption},
    engines::{
        children::Parent,
        protocol::{Answer, Convert, FileKind, Request, Role},
        unpack,
    },
    queue::{self, Lease},
    storage::{
        self,
        documents::{Child, DocumentRow, OriginRow},
        jobs::JobRow,
    },
    workflows::{Error, create::label, options, profiles::LineError, workflow::Line},
};

const INPUT: &str = "input";
const OUTPUT: &str = "output.pdf";
/// Files that are stored at once: each waits for the disk.
const STORING: usize = 8;

/// What a conversion needs to know, read in one go.
pub(super) struct Order {
    pub(super) document: DocumentRow,
    pub(super) origin: OriginRow,
    job: JobRow,
    /// Its own options.
    options: Vec<JobOption>,
    passwords: Vec<String>,
    /// In seconds since 1970.
    now: i64,
}

impl Work {
    pub(super) async fn convert(&self, lease: &Lease) -> Result<Done, Error> {
        let Some(order) = self.order(lease).await? else { return Ok(Done::new(Outcome::Dropped)) };
        let line = match self.line(&order.job).await? {
            Ok(line) => line,
            Err(message) => return Ok(Done::new(Outcome::Failed { code: ErrorCode::Configuration, message })),
        };
        let OriginRow { own, first, .. } = order.origin;
        if line.keeps(&job_document(&order.document, [own, first], &order.document.file_name, &order.options)) {
            return Ok(Done::new(Outcome::Kept { events: Vec::new() }));
        }
        let done = self.convert_by(lease, &order, &*line).await?;
        Ok(children::spare(done, &order, line.children().failure))
    }

    async fn convert_by(&self, lease: &Lease, order: &Order, line: &dyn Line) -> Result<Done, Error> {
        let subject = order.subject();
        if lease.task.crashes >= limits::CRASHES_MAX {
            let message = format!("{subject}: {} workers died over it.", lease.task.crashes);
            return Ok(Done::new(Outcome::Failed { code: ErrorCode::Corrupt, message }));
        }
        let folder = self.folders.make(lease.fence).map_err(|source| unwritable("make a work folder", &source))?;
        self.ctx.blobs.fetch(&order.document.blob, &folder.path().join(INPUT)).await?;
        let request = Request::Convert(self.request(lease, order, line));
        let (answer, ran) = self.hosts.run(folder.path(), &request).await;
        match answer {
            Answer::Done { pages, events: sent, rung, scans, .. } => {
                if let Some(what) = untruth(&folder.path().join(OUTPUT), FileKind::Pdf, pages) {
                    return Ok(Done::of_lie(lease, &ran, &subject, what));
                }
                let blob = storage::blobs::converted_name(lease.task.job, order.document.id, lease.fence);
                let stored = self.ctx.blobs.put_file(&blob, &folder.path().join(OUTPUT)).await?;
                let scans = if line.recognition().is_some() { pages_among(&scans, pages) } else { Vec::new() };
                let (pages, events, rung) = (page_count(pages), events(sent), known_rung(rung));
                let outcome = Outcome::Converted { stored, pages, events, rung, scans };
                Ok(Done { outcome, format: found_format(&ran), report: report(&ran, None, None) })
            }
            Answer::Spared { fate, what } => match children::judged(order, line.children(), fate, &what) {
                Some(outcome) => Ok(Done { outcome, format: found_format(&ran), report: report(&ran, None, None) }),
                None => Ok(Done::of_nonsense(lease, &ran, &subject)),
            },
            Answer::Unpacked { names, bodies, events: sent } => {
                if names.len() > limits::CONTAINER_ENTRIES_MAX {
                    return Ok(Done::of_nonsense(lease, &ran, &subject));
                }
                let is_there = |number| {
                    let found = folder.path().join(unpack::file_of(number)).symlink_metadata();
                    found.is_ok_and(|found| found.is_file())
                };
                if !(0..names.len()).all(is_there) {
                    let what = "the engine said that it had unpacked it and left no files";
                    return Ok(Done::of_lie(lease, &ran, &subject, what));
                }
                let children = self.store_children(lease, folder.path(), names, bodies).await?;
                let outcome = Outcome::Unpacked { children, events: events(sent), subject };
                Ok(Done { outcome, format: found_format(&ran), report: report(&ran, None, None) })
            }
            Answer::Reroute { lane } => match lane.parse() {
                Ok(lane) if lane != lease.task.lane && self.may_go_on(lease).await? => {
                    let outcome = Outcome::Reroute(lane);
                    Ok(Done { outcome, format: found_format(&ran), report: report(&ran, None, None) })
                }
                Ok(_) | Err(_) => Ok(Done::of_nonsense(lease, &ran, &subject)),
            },
            Answer::Failed(_) if folder.is_crowded_out() => Ok(Done::of_full_disk(&ran)),
            Answer::Assembled { .. } | Answer::Recognised(_) | Answer::Validated(_) => {
                Ok(Done::of_nonsense(lease, &ran, &subject))
            }
            Answer::Failed(refusal) => Ok(Done::of_refusal(lease, &ran, refusal, &subject)),
        }
    }

    /// What a host is asked to do with a document.
    fn request(&self, lease: &Lease, order: &Order, line: &dyn Line) -> Convert {
        let converting = line.converting();
        Convert {
            input: INPUT.into(),
            output: OUTPUT.into(),
            file_name: order.document.file_name.clone(),
            media_type: order.document.media_type.clone(),
            passwords: order.passwords.clone(),
            target: converting.target,
            lane: lease.task.lane.as_str().to_owned(),
            settings: converting.settings.clone(),
            engines: self.config.host.engines.clone(),
            nesting: order.origin.containers.len(),
            parents: order.parents(),
            role: order.role(),
            children: line.children().clone(),
            upload_bytes: order.origin.upload_bytes.unsigned_abs(),
            now: order.now,
            find_scans: line.recognition().is_some(),
        }
    }

    /// The line of a job, or why it has none, in a sentence.
    pub(super) async fn line(&self, job: &JobRow) -> Result<Result<Arc<dyn Line>, String>, Error> {
        let line = self.ctx.profiles.line(&self.ctx, &job.workflow, &job.profile, job.profile_version).await;
        match line {
            Ok(line) => Ok(Ok(line)),
            Err(LineError::Other(error)) => Err(error),
            Err(error @ (LineError::Settings { .. } | LineError::Missing { .. })) => {
                Ok(Err(format!("The job cannot be done: {error}.")))
            }
        }
    }

    /// Reads what is to be done, and marks a started job as being worked on. `None` when nobody needs it any more.
    async fn order(&self, lease: &Lease) -> Result<Option<Order>, Error> {
        let Some(id) = lease.task.document else { return Ok(None) };
        let mut conn = self.ctx.read().await?;
        let job = storage::jobs::get_any(&mut conn, lease.task.job).await?;
        let document = storage::documents::get(&mut conn, id).await?;
        if document.state != DocumentState::Open || job.state == JobState::Completed || job.deleted_at.is_some() {
            return Ok(None);
        }
        storage::jobs::update_processing(&mut conn, job.id).await?;
        let origin = storage::documents::get_origin(&mut conn, id).await?;
        // What opens a container may also open what is in it.
        let own: Vec<JobOption> = storage::options::list_of_documents(&mut conn, &origin.lineage).await?;
        let shared = storage::options::list_of_job(&mut conn, job.id).await?;
        let now = storage::overview::now(&mut conn).await?;
        let passwords = options::passwords(&own, &shared);
        let options = if document.parent.is_none() { own } else { Vec::new() };
        Ok(Some(Order { document, origin, job, options, passwords, now }))
    }

    /// Whether a document may be sent on into another lane, which counts no attempt.
    async fn may_go_on(&self, lease: &Lease) -> Result<bool, Error> {
        let mut conn = self.ctx.read().await?;
        Ok(queue::lease::reroutes(&mut conn, lease).await? < limits::REROUTES_MAX)
    }

    /// Stores what was unpacked. Identifiers are drawn anew by each attempt, so none overwrites what another one stored; the
    /// purge of the job removes what no row names.
    async fn store_children(
        &self,
        lease: &Lease,
        folder: &Path,
        names: Vec<String>,
        bodies: usize,
    ) -> Result<Vec<Child>, Error> {
        let stored = names.into_iter().enumerate().map(|(number, name)| async move {
            let id = DocumentId::new();
            let blob = storage::blobs::document_name(lease.task.job, id);
            let stored = self.ctx.blobs.put_file(&blob, &folder.join(unpack::file_of(number))).await?;
            Ok::<_, Error>(Child { id, file_name: label(&name), body: number < bodies, stored })
        });
        stream::iter(stored).buffered(STORING).try_collect().await
    }
}

impl Order {
    /// The document in words.
    pub(super) fn named(&self) -> String {
        let around = self.origin.containers.iter().rev();
        let names: Vec<_> =
            iter::once(&self.document.file_name).chain(around).map(|name| format!("'{name}'")).collect();
        format!("The document {}", names.join(" in "))
    }

    /// Begins the sentence that tells why the document fails.
    fn subject(&self) -> String {
        format!("{} cannot be converted", self.named())
    }

    /// What it is to what the client added.
    pub(super) const fn role(&self) -> Role {
        match self.document.parent {
            None => Role::Upload,
            Some(_) if self.document.body => Role::Body,
            Some(_) => Role::Child,
        }
    }

    /// What it is in.
    fn parents(&self) -> Vec<Parent> {
        let formats = self.origin.formats.iter().filter_map(|format| format.parse().ok());
        formats.filter_map(Parent::of).collect()
    }
}

/// Those of the pages that a host tells of that there are, each once.
fn pages_among(told: &[usize], pages: usize) -> Vec<i32> {
    let there: BTreeSet<usize> = told.iter().copied().filter(|page| *page < pages).collect();
    there.into_iter().map(page_count).collect()
}

/// A full or read-only disk passes, or an operator mends it.
pub(super) fn unwritable(doing: &'static str, source: &std::io::Error) -> Error {
    let source = object_store::Error::Generic { store: "work folder", source: source.to_string().into() };
    Error::Storage(storage::Error::Blobs { doing, source: source.into() })
}

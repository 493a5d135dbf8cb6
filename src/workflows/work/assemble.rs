//! Executing an `assemble` task: fetch the converted documents, have the files of the job made of them, store those.

use std::{collections::HashMap, mem, path::Path};

use super::{
    Done, Outcome, Published, Work, convert::unwritable, draw::Pieces, events, folder::Folder, known_rung, page_count,
    report, untruth,
};
use crate::{
    domain::{DocumentId, DocumentState, ErrorCode, Event, JobId, JobState, limits, options::JobOption},
    engines::{
        assemble::output_of,
        host::Ran,
        protocol::{Answer, Assemble, Input, Made, Step, Words},
    },
    pdf::text_layer::Straighten,
    queue::Lease,
    storage::{self, documents::DocumentRow, drawings::DrawingRow, jobs::JobRow, recognitions::WordsRow},
    workflows::{
        Error,
        create::label,
        options::Given,
        text_recognition::TextRecognition,
        workflow::{self, JobDocument},
    },
};

/// A document with where it came from.
pub(super) struct Placed {
    pub(super) document: DocumentRow,
    /// Whether the client added it, or it shows what the client added.
    is_own: bool,
    /// Whether the client added it first, or it came first out of that.
    is_first: bool,
    /// The names of the containers around it and its own. What shows a container goes by that's name.
    path: String,
}

/// What an assembly needs to know, read in one go.
pub(super) struct Order {
    pub(super) job: JobRow,
    pub(super) documents: Vec<Placed>,
    /// What was recognised on their pages.
    words: HashMap<DocumentId, Vec<WordsRow>>,
    options: Vec<JobOption>,
    document_options: HashMap<DocumentId, Vec<JobOption>>,
    /// The pieces in which they are drawn.
    pub(super) drawings: Vec<DrawingRow>,
    /// In seconds since 1970.
    pub(super) now: i64,
}

/// What is to be done for a job.
pub(super) struct Plan {
    pub(super) order: Order,
    pub(super) steps: Vec<Step>,
    pub(super) straighten: Straighten,
}

/// Begins the sentence that tells why a job fails.
pub(super) const SUBJECT: &str = "The result cannot be made";

impl Work {
    pub(super) async fn assemble(&self, lease: &Lease) -> Result<Done, Error> {
        let plan = match self.plan(lease).await? {
            Ok(plan) => plan,
            Err(done) => return Ok(*done),
        };
        match plan.drawn_in_pieces() {
            None => self.put_together(lease, plan).await,
            Some(Pieces { settings, .. }) if plan.order.is_drawn() => self.join(lease, plan, settings).await,
            Some(Pieces { pages, each, .. }) => Ok(Done::new(Outcome::Divided { pages, each })),
        }
    }

    /// Finds out what is to be done, or what the attempt comes to as there is nothing.
    pub(super) async fn plan(&self, lease: &Lease) -> Result<Result<Plan, Box<Done>>, Error> {
        let ended = |outcome| Ok(Err(Box::new(Done::new(outcome))));
        let Some(order) = self.assembly(lease).await? else { return ended(Outcome::Dropped) };
        if lease.task.crashes >= limits::CRASHES_MAX {
            let message = format!("{SUBJECT}: {} workers died over it.", lease.task.crashes);
            return ended(Outcome::Failed { code: ErrorCode::Internal, message });
        }
        let line = match self.line(&order.job).await? {
            Ok(line) => line,
            Err(message) => return ended(Outcome::Failed { code: ErrorCode::Configuration, message }),
        };
        let straighten = line.recognition().map(TextRecognition::straighten).unwrap_or_default();
        let of_document =
            |document: &DocumentRow| order.document_options.get(&document.id).map_or(&[][..], Vec::as_slice);
        let documents: Vec<_> = order
            .documents
            .iter()
            .map(|placed| {
                let Placed { document, is_own, is_first, path } = placed;
                job_document(document, [*is_own, *is_first], path, of_document(document))
            })
            .collect();
        let name = order.job.name.as_deref();
        match line.steps(&workflow::Job { options: Given(&order.options), name, documents: &documents }) {
            Ok(steps) => Ok(Ok(Plan { order, steps, straighten })),
            Err(problem) => ended(Outcome::Failed { code: ErrorCode::Option, message: problem.to_string() }),
        }
    }

    async fn put_together(&self, lease: &Lease, mut plan: Plan) -> Result<Done, Error> {
        let steps = match self.with_keys(mem::take(&mut plan.steps)).await? {
            Ok(steps) => steps,
            Err(message) => return Ok(Done::new(Outcome::Failed { code: ErrorCode::Configuration, message })),
        };
        let folder = self.folders.make(lease.fence).map_err(|source| unwritable("make a work folder", &source))?;
        let Order { documents, words, job, .. } = &plan.order;
        let mut inputs = Vec::with_capacity(documents.len());
        for (index, Placed { document, .. }) in documents.iter().enumerate() {
            inputs.push(self.fetch_document(folder.path(), index, document, words.get(&document.id)).await?);
        }
        self.make_files(lease, &folder, job.id, self.assemble_by(&plan, inputs, steps)).await
    }

    /// Has the files of a job made and stores them.
    pub(super) async fn make_files(
        &self,
        lease: &Lease,
        folder: &Folder,
        job: JobId,
        assemble: Assemble,
    ) -> Result<Done, Error> {
        let (answer, ran) = self.run_steps(folder.path(), assemble).await?;
        let (files, events) = match assembled(lease, folder, answer, &ran) {
            Ok(made) => made,
            Err(done) => return Ok(*done),
        };
        let mut published = Vec::with_capacity(files.len());
        for (place, made) in files.into_iter().enumerate() {
            let blob = storage::blobs::result_name(job, lease.fence, place, made.kind.extension());
            published.push(file(self.ctx.blobs.put_file(&blob, &folder.path().join(output_of(place))).await?, made));
        }
        let outcome = Outcome::Assembled { files: published, events };
        Ok(Done { outcome, format: None, report: report(&ran, None, None) })
    }

    /// What a host is asked to make of what was fetched.
    pub(super) fn assemble_by(&self, plan: &Plan, inputs: Vec<Input>, steps: Vec<Step>) -> Assemble {
        let fonts = self.config.host.engines.fonts.clone();
        Assemble { inputs, steps, made: Vec::new(), straighten: plan.straighten, fonts, now: plan.order.now }
    }

    /// Fetches a document as it goes into a result, with what was recognised on its pages.
    pub(super) async fn fetch_document(
        &self,
        folder: &Path,
        index: usize,
        document: &DocumentRow,
        words: Option<&Vec<WordsRow>>,
    ) -> Result<Input, Error> {
        let missing = || storage::Error::Corrupt { what: format!("document {} is not converted", document.id) };
        let kept = (document.state == DocumentState::Kept).then_some(document.blob.as_str());
        let blob = kept.or(document.converted_blob.as_deref()).ok_or_else(missing)?;
        let name = format!("{index}.pdf");
        self.ctx.blobs.fetch(blob, &folder.join(&name)).await?;
        let words = self.fetch_words(folder, index, words).await?;
        Ok(Input { file: name.into(), file_name: document.file_name.clone(), words })
    }

    /// Fetches the words of the pages of a document.
    async fn fetch_words(
        &self,
        folder: &Path,
        index: usize,
        pages: Option<&Vec<WordsRow>>,
    ) -> Result<Vec<Words>, Error> {
        let mut fetched = Vec::new();
        for row in pages.into_iter().flatten() {
            let name = format!("{index}-{}.json", row.page);
            self.ctx.blobs.fetch(&row.blob, &folder.join(&name)).await?;
            let page = usize::try_from(row.page).unwrap_or_default();
            fetched.push(Words { page, file: name.into() });
        }
        Ok(fetched)
    }

    /// Reads what to do; nothing when nobody needs it any more. No connection is held while an engine runs.
    async fn assembly(&self, lease: &Lease) -> Result<Option<Order>, Error> {
        let mut conn = self.ctx.read().await?;
        let job = storage::jobs::get_any(&mut conn, lease.task.job).await?;
        if job.deleted_at.is_some() || !matches!(job.state, JobState::Pending | JobState::Processing) {
            return Ok(None);
        }
        storage::jobs::update_processing(&mut conn, job.id).await?;
        let documents = placed(storage::documents::list(&mut conn, job.id).await?);
        let (mut options, mut document_options) = (Vec::new(), HashMap::<_, Vec<_>>::new());
        for row in storage::options::list(&mut conn, job.id).await? {
            let option = JobOption { name: row.name, value: row.value };
            match row.document {
                None => options.push(option),
                Some(document) => document_options.entry(document).or_default().push(option),
            }
        }
        let mut words = HashMap::<_, Vec<_>>::new();
        for row in storage::recognitions::list(&mut conn, job.id).await? {
            words.entry(row.document).or_default().push(row);
        }
        let drawings = storage::drawings::list(&mut conn, job.id).await?;
        let now = storage::overview::now(&mut conn).await?;
        Ok(Some(Order { job, documents, words, options, document_options, drawings, now }))
    }
}

/// The files that a host says it has made and that are there, and what it tells of them; or what the attempt comes to without.
pub(super) fn assembled(
    lease: &Lease,
    folder: &Folder,
    answer: Answer,
    ran: &Ran,
) -> Result<(Vec<Made>, Vec<Event>), Box<Done>> {
    let done = match answer {
        Answer::Assembled { files, events: sent, requests: _ } => {
            if files.is_empty() || files.len() > limits::RESULTS_MAX {
                let what = "the engine made no file, or more than there can be";
                return Err(Box::new(Done::of_lie(lease, ran, SUBJECT, what)));
            }
            let untrue = files.iter().enumerate().find_map(|(place, made)| {
                untruth(&folder.path().join(output_of(place)), made.kind, made.pages.unwrap_or(0))
            });
            match untrue {
                Some(what) => Done::of_lie(lease, ran, SUBJECT, what),
                None => return Ok((files, events(sent))),
            }
        }
        Answer::Done { .. }
        | Answer::Unpacked { .. }
        | Answer::Spared { .. }
        | Answer::Reroute { .. }
        | Answer::Recognised(_)
        | Answer::Validated(_) => Done::of_nonsense(lease, ran, SUBJECT),
        Answer::Failed(_) if folder.is_crowded_out() => Done::of_full_disk(ran),
        Answer::Failed(refusal) => Done::of_refusal(lease, ran, refusal, SUBJECT),
    };
    Err(Box::new(done))
}

/// What a line may know of a document: whether it is the client's own, and whether the first, is known from where it came.
pub(super) fn job_document<'a>(
    document: &'a DocumentRow,
    [is_own, is_first]: [bool; 2],
    path: &'a str,
    options: &'a [JobOption],
) -> JobDocument<'a> {
    JobDocument {
        file_name: &document.file_name,
        media_type: document.media_type.as_deref(),
        is_first,
        is_own,
        is_kept: document.state == DocumentState::Kept,
        path,
        options: Given(options),
    }
}

/// The documents that have a place in the result, each with where it came from. Containers stand before what came out of them.
fn placed(documents: Vec<DocumentRow>) -> Vec<Placed> {
    let mut containers: HashMap<DocumentId, (bool, bool, String)> = HashMap::new();
    let mut all = Vec::with_capacity(documents.len());
    for document in documents {
        let comes_first = document.ordinal == 1;
        let (is_own, is_first, path) = match document.parent.and_then(|parent| containers.get(&parent)) {
            None => (true, comes_first, document.file_name.clone()),
            Some((is_own, is_first, path)) if document.body && document.state != DocumentState::Kept => {
                (*is_own, *is_first && comes_first, path.clone())
            }
            Some((is_own, is_first, path)) => {
                (*is_own && document.body, *is_first && comes_first, format!("{path}/{}", document.file_name))
            }
        };
        match document.state {
            DocumentState::Unpacked => drop(containers.insert(document.id, (is_own, is_first, path))),
            DocumentState::Converted | DocumentState::Kept => all.push(Placed { document, is_own, is_first, path }),
            // None of these is there when a job is assembled, but for what was left out.
            DocumentState::Open | DocumentState::Dropped | DocumentState::Failed => {}
        }
    }
    all
}

/// A stored file with what the host said of it.
fn file(stored: storage::blobs::Stored, made: Made) -> Published {
    Published {
        stored,
        kind: made.kind,
        name: made.name.map(|name| label(&name)),
        pages: made.pages.map(page_count),
        conformance: made.conformance,
        rung: known_rung(made.rung),
    }
}

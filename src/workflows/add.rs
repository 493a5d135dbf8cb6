//! Adding a document: accept, stream, store, enqueue.

use bytes::Bytes;
use futures_util::Stream;
use tracing::Instrument;

use super::{Context, Error, create::label, kind};
use crate::{
    domain::{
        DocumentId, Format, JobId, JobState, Lane, TenantId, limits,
        options::{self, JobOption},
    },
    egress, queue,
    storage::{
        self,
        blobs::{Blobs, PutError, Stored},
    },
};

/// An upload whose place in the order is taken.
#[derive(Debug)]
pub struct Accepted {
    tenant: TenantId,
    job: JobId,
    document: DocumentId,
    ordinal: i32,
}

/// An upload whose bytes are durable. Dropped instead of finished, its bytes are removed again.
#[derive(Debug)]
pub struct Uploaded {
    accepted: Accepted,
    file_name: String,
    media_type: Option<String>,
    stored: Stored,
    unclaimed: Unclaimed,
}

/// A blob that no row names yet. It is removed when this is dropped: by an error further on, or because the client has gone
/// and nobody waits for the answer any more.
#[derive(Debug)]
struct Unclaimed {
    blobs: Blobs,
    blob: Option<String>,
}

impl Unclaimed {
    /// Leaves the blob where it is.
    fn keep(&mut self) {
        self.blob = None;
    }

    async fn remove(mut self) {
        if let Some(blob) = self.blob.take() {
            remove(&self.blobs, &blob).await;
        }
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        // Without a runtime the process is about to end; the purge of the job removes what is left then.
        if let (Some(blob), Ok(runtime)) = (self.blob.take(), tokio::runtime::Handle::try_current()) {
            let blobs = self.blobs.clone();
            runtime.spawn(async move { remove(&blobs, &blob).await });
        }
    }
}

async fn remove(blobs: &Blobs, blob: &str) {
    if let Err(error) = blobs.delete(blob).await {
        tracing::warn!(error = %crate::log::ErrorChain(&error), "could not remove a refused upload; the purge of its job will");
    }
}

/// Takes the next place in the order of documents: merging follows the order in which uploads began.
///
/// # Errors
/// `UnknownJob`, `WrongState`, `TooManyDocuments`.
pub async fn accept(ctx: &Context, tenant: TenantId, job: JobId) -> Result<Accepted, Error> {
    let ordinal = Context::again(|| take_ordinal(ctx, tenant, job)).await?;
    if ordinal > limits::DOCUMENTS_PER_JOB_MAX {
        return Err(Error::TooManyDocuments { max: limits::DOCUMENTS_PER_JOB_MAX });
    }
    Ok(Accepted { tenant, job, document: DocumentId::new(), ordinal })
}

async fn take_ordinal(ctx: &Context, tenant: TenantId, job: JobId) -> Result<i32, Error> {
    let mut conn = ctx.read().await?;
    let taken = storage::jobs::take_ordinal(&mut conn, tenant, job, ctx.settings.creating_idle_max)
        .await
        .map_err(Error::of_job(job))?;
    let Some(ordinal) = taken else {
        let found = storage::jobs::get(&mut conn, tenant, job).await.map_err(Error::of_job(job))?;
        return Err(Error::WrongState { state: found.state });
    };
    ctx.written(conn).await?;
    Ok(ordinal)
}

/// Streams the bytes of a document into the blob store.
///
/// # Errors
/// `TooLarge`, `BrokenUpload`, or the store's.
pub async fn upload<S, E>(
    ctx: &Context,
    accepted: Accepted,
    file_name: &str,
    media_type: Option<&str>,
    bytes: S,
) -> Result<Uploaded, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: std::error::Error,
{
    let broken = |source: E| Error::BrokenUpload { what: source.to_string() };
    store(ctx, accepted, file_name, media_type, bytes, broken).await
}

/// Streams the bytes of a document that we fetch ourselves into the blob store.
///
/// # Errors
/// `TooLarge`, `Download`, or the store's.
pub async fn download<S>(
    ctx: &Context,
    accepted: Accepted,
    file_name: &str,
    media_type: Option<&str>,
    bytes: S,
) -> Result<Uploaded, Error>
where
    S: Stream<Item = Result<Bytes, egress::Error>>,
{
    store(ctx, accepted, file_name, media_type, bytes, Error::Download).await
}

async fn store<S, E>(
    ctx: &Context,
    accepted: Accepted,
    file_name: &str,
    media_type: Option<&str>,
    bytes: S,
    broken: impl FnOnce(E) -> Error,
) -> Result<Uploaded, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let blob = storage::blobs::document_name(accepted.job, accepted.document);
    let unclaimed = Unclaimed { blobs: ctx.blobs.clone(), blob: Some(blob.clone()) };
    let stored = ctx.blobs.put(&blob, bytes, ctx.settings.upload_bytes_max).await.map_err(|error| match error {
        PutError::Source(source) => broken(source),
        PutError::TooLarge { max } => Error::TooLarge { max },
        PutError::Store(error) => Error::Storage(error),
    })?;
    Ok(Uploaded {
        accepted,
        file_name: label(file_name),
        media_type: media_type.map(label).filter(|media_type| !media_type.is_empty()),
        stored,
        unclaimed,
    })
}

/// Commits document, options and conversion task together; conversion starts at once.
///
/// # Errors
/// `UnknownJob`, `WrongState` when the job was started meanwhile, `Options`. The bytes are removed again.
pub async fn finish(ctx: &Context, uploaded: Uploaded, options: &[JobOption]) -> Result<DocumentId, Error> {
    let (ctx, options) = (ctx.clone(), options.to_vec());
    // It goes on when the client goes away: given up half-way, nobody would know whether a row names the bytes.
    let finishing = tokio::spawn(async move { settle(&ctx, uploaded, &options).await }.in_current_span());
    // Nobody aborts the task, so it fails to end only by a panic, which goes on here.
    finishing.await.unwrap_or_else(|gone| std::panic::resume_unwind(gone.into_panic()))
}

async fn settle(ctx: &Context, mut uploaded: Uploaded, options: &[JobOption]) -> Result<DocumentId, Error> {
    let document = uploaded.accepted.document;
    let committed = Context::again(|| commit(ctx, &uploaded, options)).await;
    match &committed {
        Ok(()) => {
            uploaded.unclaimed.keep();
            ctx.bell.work();
            tracing::info!(job.id = %uploaded.accepted.job, document.id = %document, bytes = uploaded.stored.bytes, "document added");
        }
        // After a passing failure nobody knows whether the commit went through, so the bytes stay; the purge of the job
        // removes them with the rest.
        Err(Error::Storage(error)) if error.is_passing() => uploaded.unclaimed.keep(),
        Err(_) => uploaded.unclaimed.remove().await,
    }
    committed.map(|()| document)
}

async fn commit(ctx: &Context, uploaded: &Uploaded, options: &[JobOption]) -> Result<(), Error> {
    options::check(options)?;
    let Accepted { tenant, job, document, ordinal } = uploaded.accepted;
    let mut tx = ctx.begin().await?;
    let locked = storage::jobs::lock(&mut tx, tenant, job).await.map_err(Error::of_job(job))?;
    if locked.state != JobState::Creating {
        return Err(Error::WrongState { state: locked.state });
    }
    let new = storage::documents::NewDocument {
        id: document,
        job,
        ordinal,
        file_name: &uploaded.file_name,
        media_type: uploaded.media_type.as_deref(),
        stored: &uploaded.stored,
    };
    storage::documents::insert(&mut tx, &new).await?;
    storage::options::insert(&mut tx, job, document, options).await?;
    storage::jobs::update_open(&mut tx, job, 1).await?;
    let task = queue::NewTask {
        kind: kind::CONVERT,
        lane: likely_lane(&uploaded.file_name, uploaded.media_type.as_deref()),
        job,
        document: Some(document),
        tenant,
        priority: locked.priority,
        turn: queue::Turn::Next,
    };
    queue::enqueue(&mut tx, &task).await?;
    Context::commit(tx).await
}

/// The lane that the name speaks for. The engine host looks at the content and sends a mislabelled document on.
pub(super) fn likely_lane(file_name: &str, media_type: Option<&str>) -> Lane {
    Format::from_file_name(file_name)
        .or_else(|| media_type.and_then(Format::from_media_type))
        .and_then(Format::lane)
        .unwrap_or(Lane::Native)
}

//! Adding a document: accept, stream, store, enqueue.

use bytes::Bytes;
use futures_util::Stream;

use super::{
    Context, Error, Kind,
    claim::{Claim, Taken},
    context::to_the_end,
    create::label,
    once::Fingerprint,
};
use crate::{
    domain::{
        DocumentId, Format, IdempotencyKey, JobId, JobState, Lane, TenantId, limits,
        options::{self, JobOption},
    },
    egress, queue,
    storage::{
        self,
        blobs::{Blobs, PutError, Stored},
    },
};

/// An upload that may begin. It ends by [`finish`] or [`abandon`].
#[derive(Debug)]
pub struct Accepted {
    tenant: TenantId,
    job: JobId,
    document: DocumentId,
    purpose: Purpose,
}

#[derive(Debug)]
enum Purpose {
    /// Its bytes become a document at a place in the order. It may hold the key of the request.
    Store { ordinal: i32, claim: Option<Claim> },
    /// The document is there already, by a request of the same key. Its bytes are only compared.
    Compare { request_sha256: Vec<u8> },
}

/// An upload whose bytes are durable. Dropped instead of finished, its bytes are removed again.
#[derive(Debug)]
pub struct Uploaded {
    file_name: String,
    media_type: Option<String>,
    stored: Stored,
    /// None when the bytes were only compared.
    unclaimed: Option<Unclaimed>,
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
    fn keep(mut self) {
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

/// Takes the next place in the order of documents: merging follows the order in which uploads began. An upload with a key
/// that a document has come with before takes none, since it may only be the same again.
///
/// # Errors
/// `UnknownJob`, `WrongState`, `TooManyDocuments`; `KeyUnderWay` while another upload holds the key.
pub async fn accept(
    ctx: &Context,
    tenant: TenantId,
    job: JobId,
    key: Option<IdempotencyKey>,
) -> Result<Accepted, Error> {
    let document = DocumentId::new();
    let claim = match key {
        None => None,
        Some(key) => match Claim::take(ctx, tenant, job, key, document).await? {
            Taken::Ours(claim) => Some(claim),
            Taken::Done { document, request_sha256 } => {
                return Ok(Accepted { tenant, job, document, purpose: Purpose::Compare { request_sha256 } });
            }
        },
    };
    match take_place(ctx, tenant, job).await {
        Ok(ordinal) => Ok(Accepted { tenant, job, document, purpose: Purpose::Store { ordinal, claim } }),
        Err(error) => {
            release(claim).await;
            Err(error)
        }
    }
}

async fn take_place(ctx: &Context, tenant: TenantId, job: JobId) -> Result<i32, Error> {
    let ordinal = Context::again(|| take_ordinal(ctx, tenant, job)).await?;
    if ordinal > limits::DOCUMENTS_PER_JOB_MAX {
        return Err(Error::TooManyDocuments { max: limits::DOCUMENTS_PER_JOB_MAX });
    }
    Ok(ordinal)
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
    accepted: &Accepted,
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
    accepted: &Accepted,
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
    accepted: &Accepted,
    file_name: &str,
    media_type: Option<&str>,
    bytes: S,
    broken: impl FnOnce(E) -> Error,
) -> Result<Uploaded, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let (blob, max) = (storage::blobs::document_name(accepted.job, accepted.document), ctx.settings.upload_bytes_max);
    let (stored, unclaimed) = match accepted.purpose {
        Purpose::Store { .. } => {
            let unclaimed = Unclaimed { blobs: ctx.blobs.clone(), blob: Some(blob.clone()) };
            (ctx.blobs.put(&blob, bytes, max).await, Some(unclaimed))
        }
        // The blob of this name is that of the document which is there.
        Purpose::Compare { .. } => (storage::blobs::measure(&blob, bytes, max).await, None),
    };
    let stored = stored.map_err(|error| match error {
        PutError::Source(source) => broken(source),
        PutError::TooLarge { max } => Error::TooLarge { max },
        PutError::Store(error) => Error::Storage(error),
    })?;
    Ok(Uploaded {
        file_name: label(file_name),
        media_type: media_type.map(label).filter(|media_type| !media_type.is_empty()),
        stored,
        unclaimed,
    })
}

/// Gives up an upload of which something was wrong: it keeps nothing, and its key is free when this returns.
pub async fn abandon(accepted: Accepted) {
    match accepted.purpose {
        Purpose::Store { claim, .. } => release(claim).await,
        Purpose::Compare { .. } => {}
    }
}

/// Commits document, options and conversion task together; conversion starts at once. The same request again under the same
/// key gives the document that there is.
///
/// # Errors
/// `UnknownJob`, `WrongState` when the job was started meanwhile, `Options`. The bytes are removed again. `KeyReused` when the
/// key belongs to another request.
pub async fn finish(
    ctx: &Context,
    accepted: Accepted,
    uploaded: Uploaded,
    options: &[JobOption],
) -> Result<DocumentId, Error> {
    let (ctx, options) = (ctx.clone(), options.to_vec());
    // It goes on when the client goes away: given up half-way, nobody would know whether a row names the bytes.
    to_the_end(async move { settle(&ctx, accepted, uploaded, &options).await }).await
}

async fn settle(
    ctx: &Context,
    accepted: Accepted,
    mut uploaded: Uploaded,
    options: &[JobOption],
) -> Result<DocumentId, Error> {
    let Accepted { tenant, job, document, purpose } = accepted;
    let request_sha256 = uploaded.request(options);
    let (ordinal, claim) = match purpose {
        Purpose::Compare { request_sha256: first } if first == request_sha256 => {
            tracing::info!(job.id = %job, document.id = %document, "document was added before");
            return Ok(document);
        }
        Purpose::Compare { .. } => return Err(Error::KeyReused),
        Purpose::Store { ordinal, claim } => (ordinal, claim),
    };
    let place = Place { tenant, job, document, ordinal };
    let bound = claim.as_ref().map(|claim| (claim, &request_sha256));
    let committed = Context::again(|| commit(ctx, &place, &uploaded, options, bound)).await;
    let unclaimed = uploaded.unclaimed.take();
    match &committed {
        Ok(()) => {
            if let Some(unclaimed) = unclaimed {
                unclaimed.keep();
            }
            if let Some(claim) = claim {
                claim.settled();
            }
            ctx.bell.work();
            tracing::info!(job.id = %job, document.id = %document, bytes = uploaded.stored.bytes, "document added");
        }
        // After a passing failure nobody knows whether the commit went through, so the bytes stay; the purge of the job
        // removes them with the rest. The key is freed in the background if it is not bound.
        Err(Error::Storage(error)) if error.is_passing() => {
            if let Some(unclaimed) = unclaimed {
                unclaimed.keep();
            }
        }
        Err(_) => {
            if let Some(unclaimed) = unclaimed {
                unclaimed.remove().await;
            }
            release(claim).await;
        }
    }
    committed.map(|()| document)
}

async fn release(claim: Option<Claim>) {
    if let Some(claim) = claim {
        claim.release().await;
    }
}

impl Uploaded {
    /// Gives the document the name that came behind its bytes.
    #[must_use]
    pub fn named(self, file_name: &str) -> Self {
        Self { file_name: label(file_name), ..self }
    }

    /// Sums up what the request asks for.
    fn request(&self, options: &[JobOption]) -> [u8; 32] {
        let sum = Fingerprint::of("add").bytes(&self.stored.sha256);
        sum.text(Some(&self.file_name)).text(self.media_type.as_deref()).options(options).sum()
    }
}

/// What a document becomes.
#[derive(Debug, Clone, Copy)]
struct Place {
    tenant: TenantId,
    job: JobId,
    document: DocumentId,
    ordinal: i32,
}

async fn commit(
    ctx: &Context,
    place: &Place,
    uploaded: &Uploaded,
    options: &[JobOption],
    bound: Option<(&Claim, &[u8; 32])>,
) -> Result<(), Error> {
    options::check(options)?;
    let Place { tenant, job, document, ordinal } = *place;
    let mut tx = ctx.begin().await?;
    let locked = storage::jobs::lock(&mut tx, tenant, job).await.map_err(Error::of_job(job))?;
    if locked.state != JobState::Creating {
        return Err(Error::WrongState { state: locked.state });
    }
    if let Some((claim, request_sha256)) = bound {
        claim.bind(&mut tx, request_sha256).await?;
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
    storage::options::insert(&mut tx, job, Some(document), options).await?;
    storage::jobs::update_open(&mut tx, job, 1).await?;
    let task = queue::NewTask {
        kind: Kind::Convert.as_str(),
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

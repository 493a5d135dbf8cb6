//! The right to be the one upload that is under way with its key.
//!
//! It is a lease, renewed while the bytes arrive, so a key is never blocked for longer than that by a process that is gone.
//! The document that the upload is to become is its fence: whoever lost the key to somebody else can bind nothing to it.

use std::sync::Arc;

use sqlx::PgConnection;
use tokio::task::AbortHandle;

use super::{Context, Error};
use crate::{
    domain::{
        DocumentId, IdempotencyKey, JobId, TenantId,
        limits::{UPLOAD_LEASE, UPLOAD_RENEW},
    },
    storage::{self, upload_keys},
};

/// How often a key is asked for that was freed while it was looked at.
const TRIES_MAX: usize = 3;

/// What came of asking for a key.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is ours.
    Ours(Claim),
    /// A document is stored under it.
    Done {
        /// The document.
        document: DocumentId,
        /// SHA-256 of the request that it came with.
        request_sha256: Vec<u8>,
    },
}

/// A key that is held. Dropped without having been settled or released, it is freed in the background.
#[derive(Debug)]
pub(super) struct Claim {
    held: Arc<Held>,
    renewing: AbortHandle,
    over: bool,
}

#[derive(Debug)]
struct Held {
    ctx: Context,
    job: JobId,
    key: IdempotencyKey,
    document: DocumentId,
}

impl Claim {
    /// Takes the key for a document of a job.
    ///
    /// # Errors
    /// `UnknownJob`; `KeyUnderWay` when another request holds it.
    pub(super) async fn take(
        ctx: &Context,
        tenant: TenantId,
        job: JobId,
        key: IdempotencyKey,
        document: DocumentId,
    ) -> Result<Taken, Error> {
        storage::jobs::get(&mut *ctx.read().await?, tenant, job).await.map_err(Error::of_job(job))?;
        let held = Arc::new(Held { ctx: ctx.clone(), job, key, document });
        for _ in 0..TRIES_MAX {
            if Context::again(|| held.take()).await? {
                return Ok(Taken::Ours(Self { renewing: held.renew(), held, over: false }));
            }
            match upload_keys::find(&mut *ctx.read().await?, job, &held.key).await? {
                Some(upload_keys::UploadKeyRow { document, request_sha256: Some(request_sha256) }) => {
                    return Ok(Taken::Done { document, request_sha256 });
                }
                Some(upload_keys::UploadKeyRow { request_sha256: None, .. }) => break,
                None => {}
            }
        }
        Err(Error::KeyUnderWay)
    }

    /// Binds the key to the document, in the transaction that stores it.
    ///
    /// # Errors
    /// `KeyUnderWay` when it was lost to another request.
    pub(super) async fn bind(&self, conn: &mut PgConnection, request_sha256: &[u8; 32]) -> Result<(), Error> {
        let Held { job, key, document, .. } = &*self.held;
        let bound = upload_keys::update_done(conn, *job, key, *document, request_sha256).await?;
        if bound { Ok(()) } else { Err(Error::KeyUnderWay) }
    }

    /// Says that the transaction that bound it is committed.
    pub(super) fn settled(mut self) {
        self.over = true;
    }

    /// Frees the key, so that a request that comes after this has returned is processed anew.
    pub(super) async fn release(mut self) {
        self.over = true;
        self.renewing.abort();
        self.held.free().await;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.renewing.abort();
        // The client went away in the middle. Without a runtime the lease has to run out.
        if !self.over
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let held = Arc::clone(&self.held);
            runtime.spawn(async move { held.free().await });
        }
    }
}

impl Held {
    async fn take(&self) -> Result<bool, Error> {
        let mut conn = self.ctx.read().await?;
        let taken = upload_keys::claim(&mut conn, self.job, &self.key, self.document, UPLOAD_LEASE)
            .await
            .map_err(self.of_job())?;
        self.ctx.written(conn).await?;
        Ok(taken)
    }

    /// A purge that came in between leaves nothing that the key could belong to.
    fn of_job(&self) -> impl FnOnce(storage::Error) -> Error {
        let job = self.job;
        move |error| {
            let gone = matches!(error, storage::Error::Conflict { .. });
            if gone { Error::UnknownJob(job) } else { error.into() }
        }
    }

    /// Gives a sign of life again and again, until it is stopped or the key is lost.
    fn renew(self: &Arc<Self>) -> AbortHandle {
        let held = Arc::clone(self);
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPLOAD_RENEW).await;
                match held.renew_once().await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => tracing::debug!(%error, job.id = %held.job, "the key of an upload was not renewed"),
                }
            }
        });
        renewing.abort_handle()
    }

    async fn renew_once(&self) -> Result<bool, Error> {
        let mut conn = self.ctx.read().await?;
        let ours = upload_keys::update_held(&mut conn, self.job, &self.key, self.document, UPLOAD_LEASE).await?;
        self.ctx.written(conn).await?;
        Ok(ours)
    }

    async fn free(&self) {
        let freed = async {
            let mut conn = self.ctx.read().await?;
            upload_keys::delete(&mut conn, self.job, &self.key, self.document).await?;
            self.ctx.written(conn).await
        };
        if let Err(error) = freed.await {
            tracing::warn!(%error, job.id = %self.job, "the key of an upload stays taken until its lease runs out");
        }
    }
}

//! A job that is done for one call, which creates it, fills it, starts it, and waits for it.
//!
//! 1. Nobody but that call knows of the job, so it ends with it: an [`Errand`] that is dropped has its job deleted, and what runs
//!    of it stopped. That is so for an error on the way, and for a client that hangs up.
//! 2. A job that somebody may still ask for is left to its retention by [`Errand::keep`].

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;

use super::{
    Context, Error, add,
    connections::Connection,
    context::to_the_end,
    create::{self, NewJob, label},
    delete, result, start,
};
use crate::{
    domain::{
        JobId, JobState, TenantId,
        options::{self, JobOption},
    },
    storage,
};

/// A job on behalf of one call.
#[derive(Debug)]
pub struct Errand {
    ctx: Context,
    tenant: TenantId,
    job: JobId,
    is_kept: bool,
}

impl Errand {
    /// Creates the job of a connection.
    ///
    /// # Errors
    /// `TooManyJobs`.
    pub async fn begin(ctx: &Context, tenant: TenantId, connection: &Connection) -> Result<Self, Error> {
        let named = |name: &str| Some(name.to_owned());
        let new =
            NewJob { workflow: named(connection.workflow), profile: named(&connection.profile), ..NewJob::default() };
        let ctx = ctx.clone();
        let begin = async move {
            let job = create::create(&ctx, tenant, &new).await?;
            Ok(Self { ctx, tenant, job, is_kept: false })
        };
        // On a task of its own: a call that is given up before it knows of its job would leave it there. So the job is known in any
        // case, to be deleted with the errand that nobody takes.
        to_the_end(begin).await
    }

    /// The job.
    pub const fn job(&self) -> JobId {
        self.job
    }

    /// Takes the next place in the order of documents. It holds nothing that would have to be given back.
    ///
    /// # Errors
    /// `TooManyDocuments`; `UnknownJob` when somebody has deleted the job.
    pub async fn accept(&self) -> Result<add::Accepted, Error> {
        add::accept(&self.ctx, self.tenant, self.job, None).await
    }

    /// Adds a document while its bytes arrive; its conversion starts when all of them are there.
    ///
    /// # Errors
    /// Those of [`add`].
    pub async fn add<S, E>(&self, file_name: &str, media_type: Option<&str>, bytes: S) -> Result<(), Error>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: std::error::Error,
    {
        let accepted = self.accept().await?;
        let uploaded = add::upload(&self.ctx, &accepted, file_name, media_type, bytes).await?;
        add::finish(&self.ctx, accepted, uploaded, &[]).await?;
        Ok(())
    }

    /// Gives the job a name and options, before the first document is finished.
    ///
    /// # Errors
    /// `Options`; `UnknownJob`, `WrongState` when somebody has meddled with the job.
    pub async fn describe(&self, name: Option<&str>, given: &[JobOption]) -> Result<(), Error> {
        options::check(given)?;
        let name = name.map(label).filter(|name| !name.is_empty());
        if name.is_none() && given.is_empty() {
            return Ok(());
        }
        Context::again(|| self.commit(name.as_deref(), given)).await
    }

    async fn commit(&self, name: Option<&str>, given: &[JobOption]) -> Result<(), Error> {
        let mut tx = self.ctx.begin().await?;
        let locked = storage::jobs::lock(&mut tx, self.tenant, self.job).await.map_err(Error::of_job(self.job))?;
        if locked.state != JobState::Creating {
            return Err(Error::WrongState { state: locked.state });
        }
        if let Some(name) = name {
            storage::jobs::update_name(&mut tx, self.job, name).await?;
        }
        storage::options::insert(&mut tx, self.job, None, given).await?;
        Context::commit(tx).await
    }

    /// Says that all documents are added.
    ///
    /// # Errors
    /// `UnknownJob`, `WrongState` when somebody has meddled with the job.
    pub async fn start(&self) -> Result<(), Error> {
        start::start(&self.ctx, self.tenant, self.job).await
    }

    /// Waits until the job has ended, for as long as that takes.
    ///
    /// # Errors
    /// `UnknownJob` when somebody has deleted the job; `Stopping`.
    pub async fn completed(&self) -> Result<Arc<result::Completed>, Error> {
        result::wait_for_good(&self.ctx, self.tenant, self.job).await
    }

    /// Leaves the job to its retention.
    pub fn keep(mut self) {
        self.is_kept = true;
    }

    /// Deletes the job, and returns when that is done.
    pub async fn give_up(mut self) {
        self.is_kept = true;
        forget(&self.ctx, self.tenant, self.job).await;
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        // Without a runtime the process is about to end; the job then goes when its time is over.
        if !self.is_kept
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (ctx, tenant, job) = (self.ctx.clone(), self.tenant, self.job);
            runtime.spawn(async move { forget(&ctx, tenant, job).await });
        }
    }
}

async fn forget(ctx: &Context, tenant: TenantId, job: JobId) {
    match delete::delete(ctx, tenant, job).await {
        Ok(_) | Err(Error::UnknownJob(_)) => {}
        Err(error) => {
            tracing::warn!(error = %crate::log::ErrorChain(&error), job.id = %job, "could not delete the job of a call; its retention will");
        }
    }
}

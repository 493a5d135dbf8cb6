//! Executing a `recognise` task: fetch the converted document, have the text of one page recognised, store its words.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;

use super::{Done, Outcome, Work, convert::unwritable, report};
use crate::{
    domain::{DocumentState, ErrorCode, JobState, limits},
    engines::protocol::{Answer, Recognise, Request},
    pdf::text_layer::Recognised,
    queue::Lease,
    storage::{
        self,
        blobs::{PutError, Stored},
        documents::DocumentRow,
        jobs::JobRow,
    },
    workflows::Error,
};

const INPUT: &str = "input.pdf";

/// What a recognition needs to know, read in one go.
struct Order {
    job: JobRow,
    document: DocumentRow,
    /// The page, from 0.
    page: i32,
}

impl Work {
    pub(super) async fn recognise(&self, lease: &Lease) -> Result<Done, Error> {
        let Some(order) = self.page(lease).await? else { return Ok(Done::new(Outcome::Dropped)) };
        let subject = order.subject();
        if lease.task.crashes >= limits::CRASHES_MAX {
            let message = format!("{subject}: {} workers died over it.", lease.task.crashes);
            return Ok(Done::new(Outcome::Failed { code: ErrorCode::Corrupt, message }));
        }
        if order.document.state == DocumentState::Failed {
            // Another page has failed it, as this one would.
            let message = order.document.error_message.unwrap_or(subject);
            return Ok(Done::new(Outcome::Failed { code: ErrorCode::Configuration, message }));
        }
        let line = match self.line(&order.job).await? {
            Ok(line) => line,
            Err(message) => return Ok(Done::new(Outcome::Failed { code: ErrorCode::Configuration, message })),
        };
        let wanted = line.recognition().cloned().unwrap_or_default();
        let missing = || storage::Error::Corrupt { what: format!("document {} is not converted", order.document.id) };
        let blob = order.document.converted_blob.as_deref().ok_or_else(missing)?;
        let folder = self.folders.make(lease.fence).map_err(|source| unwritable("make a work folder", &source))?;
        self.ctx.blobs.fetch(blob, &folder.path().join(INPUT)).await?;
        let request = Request::Recognise(Recognise {
            input: INPUT.into(),
            page: usize::try_from(order.page).ok(),
            languages: wanted.languages,
            dots_per_inch: Some(wanted.dots_per_inch),
            engines: self.config.host.engines.clone(),
        });
        let (answer, ran) = self.hosts.run(folder.path(), &request).await;
        match answer {
            Answer::Recognised(found) => {
                let stored = self.store_words(lease, &order, &found).await?;
                Ok(Done { outcome: Outcome::Recognised { stored }, format: None, report: report(&ran, None, None) })
            }
            Answer::Done { .. }
            | Answer::Assembled { .. }
            | Answer::Unpacked { .. }
            | Answer::Reroute { .. }
            | Answer::Spared { .. }
            | Answer::Validated(_) => Ok(Done::of_nonsense(lease, &ran, &subject)),
            Answer::Failed(_) if folder.is_crowded_out() => Ok(Done::of_full_disk(&ran)),
            Answer::Failed(refusal) => Ok(Done::of_refusal(lease, &ran, refusal, &subject)),
        }
    }

    /// Stores words from memory: whatever lies in the work folder by now, the host may have put there.
    async fn store_words(&self, lease: &Lease, order: &Order, found: &Recognised) -> Result<Stored, Error> {
        let unwritten =
            |error: serde_json::Error| storage::Error::Corrupt { what: format!("words of a page: {error}") };
        let bytes = Bytes::from(serde_json::to_vec(found).map_err(unwritten)?);
        let blob = storage::blobs::words_name(order.job.id, order.document.id, order.page, lease.fence);
        let stored = self.ctx.blobs.put(&blob, stream::iter([Ok::<_, Infallible>(bytes)]), u64::MAX).await;
        stored.map_err(|error| match error {
            PutError::Store(error) => error.into(),
            PutError::Source(never) => match never {},
            PutError::TooLarge { .. } => storage::Error::Corrupt { what: "words without end".to_owned() }.into(),
        })
    }

    /// Reads what is to be done, and marks a started job as being worked on. `None` when nobody needs it any more.
    async fn page(&self, lease: &Lease) -> Result<Option<Order>, Error> {
        let Some(id) = lease.task.document else { return Ok(None) };
        let mut conn = self.ctx.read().await?;
        let job = storage::jobs::get_any(&mut conn, lease.task.job).await?;
        let Some(page) = storage::recognitions::find_page(&mut conn, lease.task.id).await? else { return Ok(None) };
        if job.state == JobState::Completed || job.deleted_at.is_some() {
            return Ok(None);
        }
        storage::jobs::update_processing(&mut conn, job.id).await?;
        let document = storage::documents::get(&mut conn, id).await?;
        Ok(Some(Order { job, document, page }))
    }
}

impl Order {
    /// Begins the sentence that tells why the text is missing.
    fn subject(&self) -> String {
        format!("The text on page {} of the document '{}' is not recognised", self.page + 1, self.document.file_name)
    }
}

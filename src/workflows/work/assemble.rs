//! Executing an `assemble` task: fetch the converted documents, have them merged, store the result.

use super::{Done, Outcome, Work, convert::unwritable, events, known_rung, page_count, report, untruth};
use crate::{
    domain::{DocumentState, ErrorCode, JobState, limits},
    engines::protocol::{Answer, Assemble, Metadata, Request},
    queue::Lease,
    storage,
    workflows::{Error, lists, options},
};

const OUTPUT: &str = "output.pdf";

impl Work {
    pub(super) async fn assemble(&self, lease: &Lease) -> Result<Done, Error> {
        let mut conn = self.ctx.read().await?;
        let job = storage::jobs::get_any(&mut conn, lease.task.job).await?;
        if job.deleted_at.is_some() || !matches!(job.state, JobState::Pending | JobState::Processing) {
            return Ok(Done::new(Outcome::Dropped));
        }
        storage::jobs::update_processing(&mut conn, job.id).await?;
        let mut documents = storage::documents::list(&mut conn, job.id).await?;
        documents.retain(|document| document.state != DocumentState::Unpacked);
        let options = storage::options::list_of_job(&mut conn, job.id).await?;
        let now = storage::overview::now(&mut conn).await?;
        // No connection is held while an engine runs.
        drop(conn);
        if lease.task.crashes >= limits::CRASHES_MAX {
            let message = format!("The documents cannot be put together: {} workers died over it.", lease.task.crashes);
            return Ok(Done::new(Outcome::Failed { code: ErrorCode::Internal, message }));
        }
        let folder = self.folders.make(lease.fence).map_err(|source| unwritable("make a work folder", &source))?;
        let mut inputs = Vec::with_capacity(documents.len());
        for (index, document) in documents.iter().enumerate() {
            let missing = || storage::Error::Corrupt { what: format!("document {} is not converted", document.id) };
            let blob = document.converted_blob.as_deref().ok_or_else(missing)?;
            let name = format!("{index}.pdf");
            self.ctx.blobs.fetch(blob, &folder.path().join(&name)).await?;
            inputs.push(name.into());
        }
        let request = Request::Assemble(Assemble {
            inputs,
            output: OUTPUT.into(),
            metadata: Metadata(options::metadata(&options)),
            target: lists::workflow(Some(&job.workflow))?.target,
            fonts: self.config.host.engines.fonts.clone(),
            now,
        });
        let (answer, ran) = self.hosts.run(folder.path(), &request).await;
        let subject = "The converted documents cannot be put together";
        match answer {
            Answer::Done { pages, events: sent, conformance, rung } => {
                if let Some(what) = untruth(&folder.path().join(OUTPUT), pages) {
                    return Ok(Done::of_lie(lease, &ran, subject, what));
                }
                let blob = storage::blobs::result_name(job.id, lease.fence);
                let stored = self.ctx.blobs.put_file(&blob, &folder.path().join(OUTPUT)).await?;
                let pages = page_count(pages);
                let outcome =
                    Outcome::Assembled { stored, pages, events: events(sent), conformance, rung: known_rung(rung) };
                Ok(Done { outcome, format: None, report: report(&ran, None, None) })
            }
            Answer::Unpacked { .. } | Answer::Reroute { .. } | Answer::Recognised(_) | Answer::Validated(_) => {
                Ok(Done::of_nonsense(lease, &ran, subject))
            }
            Answer::Failed(_) if folder.is_crowded_out() => Ok(Done::of_full_disk(&ran)),
            Answer::Failed(refusal) => Ok(Done::of_refusal(lease, &ran, refusal, subject)),
        }
    }
}

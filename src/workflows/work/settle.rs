//! Settling an attempt: everything that came of it, in one transaction that shows the fence.

use sqlx::PgConnection;

use super::{Done, Outcome};
use crate::{
    domain::{self, Event, JobState, ResultId},
    queue::{Ending, Lease, Turn, lease::How},
    storage::{self, blobs::Stored, jobs::JobRow},
    workflows::{
        Context, Error, advance,
        advance::{Step, failure_event},
    },
};

/// Writes what came of an attempt.
///
/// # Errors
/// `LeaseLost` when it does not count any more; nothing is written then.
pub(super) async fn settle(ctx: &Context, lease: &Lease, done: &Done) -> Result<(), Error> {
    let ending = done.ending(lease);
    let mut tx = ctx.begin().await?;
    let mut step = Step::Waiting;
    // The job first, then the task: the same order as everybody else.
    match storage::jobs::lock_any(&mut tx, lease.task.job).await {
        Ok(job) => {
            lease.end(&mut tx, &ending).await?;
            step = record(ctx, &mut tx, lease, &job, done).await?;
        }
        // Purged: the task is all that is left.
        Err(storage::Error::NotFound) => {
            lease.end(&mut tx, &Ending { how: How::Canceled, report: done.report.clone() }).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Context::commit(tx).await?;
    step.announce(ctx, lease.task.job);
    if ending.how.is_ready() {
        ctx.bell.work();
    }
    Ok(())
}

/// Records what the attempt means for its document and its job, and takes the job's next step.
async fn record(
    ctx: &Context,
    conn: &mut PgConnection,
    lease: &Lease,
    job: &JobRow,
    done: &Done,
) -> Result<Step, Error> {
    if job.state == JobState::Completed && !matches!(done.outcome, Outcome::Purged) {
        // Canceled, or ended by a wrong option, while this was being finished: what the client was told stays.
        return Ok(Step::Waiting);
    }
    if let (Some(document), Some(format)) = (lease.task.document, done.format) {
        storage::documents::update_format(conn, document, format).await?;
    }
    match (&done.outcome, lease.task.document) {
        (Outcome::Converted { stored, pages, events }, Some(document)) => {
            storage::documents::update_converted(conn, document, stored, *pages).await?;
            storage::events::insert(conn, job.id, Some(document), events).await?;
            document_settled(ctx, conn, job, lease).await
        }
        (Outcome::Failed { code, message }, Some(document)) => {
            storage::documents::update_failed(conn, document, *code, message).await?;
            storage::events::insert(conn, job.id, Some(document), &[failure_event(message)]).await?;
            document_settled(ctx, conn, job, lease).await
        }
        (Outcome::Failed { code, message }, None) => advance::fail(ctx, conn, job, *code, message).await,
        (Outcome::Assembled { stored, pages, events, conformance }, _) => {
            publish(ctx, conn, job, stored, *pages, events, conformance.as_deref()).await
        }
        (Outcome::Purged, _) => {
            storage::jobs::delete(conn, job.id).await?;
            Ok(Step::Waiting)
        }
        (Outcome::Converted { .. }, None)
        | (Outcome::Retry | Outcome::Later(_) | Outcome::Reroute(_) | Outcome::Dropped, _) => Ok(Step::Waiting),
    }
}

async fn document_settled(ctx: &Context, conn: &mut PgConnection, job: &JobRow, lease: &Lease) -> Result<Step, Error> {
    storage::jobs::update_open(conn, job.id, -1).await?;
    let job = JobRow { documents_open: job.documents_open - 1, ..job.clone() };
    // What was begun is also ended: the assembly stands where its last document stood.
    advance::advance(ctx, conn, &job, Turn::At(lease.task.order_key)).await
}

/// Publishes the result and completes the job.
async fn publish(
    ctx: &Context,
    conn: &mut PgConnection,
    job: &JobRow,
    stored: &Stored,
    pages: i32,
    events: &[Event],
    conformance: Option<&str>,
) -> Result<Step, Error> {
    let documents = storage::documents::list(conn, job.id).await?;
    let first = documents.first().map(|document| document.file_name.as_str());
    let file_name = result_file_name(job.name.as_deref(), first);
    let mut properties = vec![serde_json::json!({ "name": "pages", "value": pages.to_string() })];
    properties.extend(conformance.map(|claim| serde_json::json!({ "name": "conformance", "value": claim })));
    let result = storage::results::NewResult {
        id: ResultId::new(),
        job: job.id,
        ordinal: 1,
        file_name: &file_name,
        media_type: "application/pdf",
        stored,
        pages: Some(pages),
        conformance,
        properties: properties.into(),
    };
    storage::results::insert(conn, &result).await?;
    storage::events::insert(conn, job.id, None, events).await?;
    let outcome = if storage::events::find_warning(conn, job.id).await? {
        domain::Outcome::Warning
    } else {
        domain::Outcome::Success
    };
    storage::jobs::update_completed(conn, job.id, outcome, None, ctx.settings.retention).await?;
    Ok(Step::Completed)
}

/// The file name of a result: the job's name, else that of its first document, with the extension of a PDF.
fn result_file_name(job: Option<&str>, first: Option<&str>) -> String {
    let from_document = || {
        let name = first?.rsplit(['/', '\\']).next()?;
        Some(name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned())
    };
    let from_job = job.map(|name| name.strip_suffix(".pdf").unwrap_or(name).replace(['/', '\\'], "_"));
    let stem = from_job.or_else(from_document).filter(|stem| !stem.trim().is_empty());
    format!("{}.pdf", stem.as_deref().unwrap_or("result"))
}

#[cfg(test)]
mod tests {
    use super::result_file_name;

    #[test]
    fn a_result_is_named_after_the_job_else_after_its_first_document() {
        assert_eq!(result_file_name(Some("claim-4711"), Some("a.docx")), "claim-4711.pdf");
        assert_eq!(result_file_name(Some("claim.pdf"), None), "claim.pdf");
        assert_eq!(result_file_name(None, Some("Brief für Müller.docx")), "Brief für Müller.pdf");
    }

    #[test]
    fn a_path_in_a_name_does_not_reach_the_result() {
        assert_eq!(result_file_name(None, Some("../../etc/passwd")), "passwd.pdf");
        assert_eq!(result_file_name(Some("a/b"), None), "a_b.pdf");
        assert_eq!(result_file_name(None, Some(".docx")), "result.pdf");
    }
}

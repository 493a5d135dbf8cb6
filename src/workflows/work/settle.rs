//! Settling an attempt: everything that came of it, in one transaction that shows the fence.

use sqlx::PgConnection;

use super::{Done, Outcome, Published};
use crate::{
    domain::{self, DocumentId, DocumentState, ErrorCode, Event, EventCode, JobState, Lane, ResultId, limits},
    engines::unpack::Budget,
    queue::{self, Ending, Lease, NewTask, Turn, lease::How},
    storage::{self, documents::Child, jobs::JobRow},
    workflows::{
        Context, Error, Kind, add, advance,
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
    let (mut step, mut freed) = (Step::Waiting, false);
    // The job first, then the task: the same order as everybody else.
    match storage::jobs::lock_any(&mut tx, lease.task.job).await {
        Ok(job) => {
            freed |= lease.end(&mut tx, &ending).await?;
            step = record(ctx, &mut tx, lease, &job, done).await?;
        }
        // Purged: the task is all that is left.
        Err(storage::Error::NotFound) => {
            freed |= lease.end(&mut tx, &Ending { how: How::Canceled, report: done.report.clone() }).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Context::commit(tx).await?;
    step.announce(ctx, lease.task.job);
    if freed || ending.how.is_ready() {
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
        (Outcome::Converted { stored, pages, events, rung, scans }, Some(document)) => {
            storage::documents::update_converted(conn, document, stored, *pages, *rung).await?;
            storage::events::insert(conn, job.id, Some(document), events).await?;
            if scans.is_empty() {
                return document_settled(ctx, conn, job, lease).await;
            }
            enqueue_pages(conn, job, document, scans).await
        }
        (Outcome::Recognised { stored }, Some(document)) => {
            page_settled(ctx, conn, job, lease, document, Some(&stored.blob)).await
        }
        (Outcome::Failed { code, message }, Some(document)) if lease.task.kind == Kind::Recognise.as_str() => {
            page_failed(ctx, conn, job, lease, document, *code, message).await
        }
        (Outcome::Kept { events }, Some(document)) => {
            document_spared(ctx, conn, job, lease, document, DocumentState::Kept, events).await
        }
        (Outcome::LeftOut { events }, Some(document)) => {
            document_spared(ctx, conn, job, lease, document, DocumentState::Dropped, events).await
        }
        (Outcome::Unpacked { children, events, subject }, Some(document)) => {
            if let Some(limit) = exceeded(conn, document, children).await? {
                let message = format!("{subject}: it exceeds a limit: {limit}.");
                return document_failed(ctx, conn, job, lease, document, ErrorCode::Generic, &message).await;
            }
            storage::events::insert(conn, job.id, Some(document), events).await?;
            unpack(conn, job, document, children).await
        }
        (Outcome::Failed { code, message }, Some(document)) => {
            document_failed(ctx, conn, job, lease, document, *code, message).await
        }
        (Outcome::Failed { code, message }, None) => advance::fail(ctx, conn, job, *code, message).await,
        (Outcome::Assembled { files, events }, _) => publish(ctx, conn, job, files, events).await,
        (Outcome::Divided { pages, each }, _) => divide(conn, job, *pages, *each).await,
        (Outcome::Drawn { stored }, _) => piece_drawn(ctx, conn, job, lease, &stored.blob).await,
        (Outcome::Purged, _) => {
            storage::jobs::delete(conn, job.id).await?;
            Ok(Step::Waiting)
        }
        (
            Outcome::Converted { .. }
            | Outcome::Recognised { .. }
            | Outcome::Kept { .. }
            | Outcome::LeftOut { .. }
            | Outcome::Unpacked { .. },
            None,
        )
        | (Outcome::Retry | Outcome::Later(_) | Outcome::Reroute(_) | Outcome::Dropped, _) => Ok(Step::Waiting),
    }
}

async fn document_failed(
    ctx: &Context,
    conn: &mut PgConnection,
    job: &JobRow,
    lease: &Lease,
    document: DocumentId,
    code: ErrorCode,
    message: &str,
) -> Result<Step, Error> {
    storage::documents::update_failed(conn, document, code, message).await?;
    storage::events::insert(conn, job.id, Some(document), &[failure_event(message)]).await?;
    document_settled(ctx, conn, job, lease).await
}

/// The limit that an upload exceeds with what came out of it now and before, if one.
async fn exceeded(conn: &mut PgConnection, container: DocumentId, children: &[Child]) -> Result<Option<String>, Error> {
    let origin = storage::documents::get_origin(conn, container).await?;
    let budget = Budget::of_upload(origin.upload_bytes.unsigned_abs());
    let upload = origin.lineage.last().copied().unwrap_or(container);
    let before = storage::documents::count_unpacked(conn, upload).await?;
    let documents = before.documents.unsigned_abs().saturating_add(children.len() as u64);
    let bytes = before.bytes.unsigned_abs() + children.iter().map(|child| child.stored.bytes).sum::<u64>();
    if documents > budget.entries_max as u64 {
        return Ok(Some(format!(
            "{documents} documents in all, at most {} are allowed",
            limits::CONTAINER_ENTRIES_MAX
        )));
    }
    let too_large = bytes > budget.bytes_max;
    Ok(too_large.then(|| format!("it unpacks to more than {} MiB in all", budget.bytes_max >> 20)))
}

/// Puts documents in the place of the container that held them, each with its task: one statement for all documents, and
/// one for all tasks.
async fn unpack(
    conn: &mut PgConnection,
    job: &JobRow,
    container: DocumentId,
    children: &[Child],
) -> Result<Step, Error> {
    storage::documents::insert_children(conn, job.id, container, children).await?;
    let tasks: Vec<_> = children
        .iter()
        .map(|child| NewTask {
            kind: Kind::Convert.as_str(),
            lane: add::likely_lane(&child.file_name, None),
            job: job.id,
            document: Some(child.id),
            tenant: job.tenant,
            priority: job.priority,
            turn: Turn::Next,
        })
        .collect();
    queue::enqueue_all(conn, &tasks).await?;
    // Each of them is open now, and the container is not any more.
    let change = i32::try_from(children.len()).unwrap_or(i32::MAX) - 1;
    storage::jobs::update_open(conn, job.id, change).await?;
    Ok(Step::Converting)
}

/// Gives each page of a converted document whose text is to be recognised a task of its own. The document is open until the
/// last of them has ended.
async fn enqueue_pages(
    conn: &mut PgConnection,
    job: &JobRow,
    document: DocumentId,
    pages: &[i32],
) -> Result<Step, Error> {
    let task = NewTask {
        kind: Kind::Recognise.as_str(),
        lane: Lane::Ocr,
        job: job.id,
        document: Some(document),
        tenant: job.tenant,
        priority: job.priority,
        turn: Turn::Next,
    };
    queue::enqueue_pages(conn, &task, document, pages).await?;
    storage::jobs::update_pages(conn, job.id, i32::try_from(pages.len()).unwrap_or(i32::MAX)).await?;
    Ok(Step::Converting)
}

/// What it means that the text of a page is not recognised: the document goes on without it. Only where nothing can be
/// recognised at all, because something is not installed, it fails.
async fn page_failed(
    ctx: &Context,
    conn: &mut PgConnection,
    job: &JobRow,
    lease: &Lease,
    document: DocumentId,
    code: ErrorCode,
    message: &str,
) -> Result<Step, Error> {
    if code != ErrorCode::Configuration {
        let event = Event::warning(EventCode::OcrIncomplete, message);
        storage::events::insert(conn, job.id, Some(document), &[event]).await?;
    } else if storage::documents::update_failed_later(conn, document, code, message).await? {
        storage::events::insert(conn, job.id, Some(document), &[failure_event(message)]).await?;
    }
    page_settled(ctx, conn, job, lease, document, None).await
}

async fn page_settled(
    ctx: &Context,
    conn: &mut PgConnection,
    job: &JobRow,
    lease: &Lease,
    document: DocumentId,
    words: Option<&str>,
) -> Result<Step, Error> {
    if !storage::recognitions::update_settled(conn, lease.task.id, words).await? {
        return Ok(Step::Waiting);
    }
    storage::jobs::update_pages_settled(conn, job.id, 1).await?;
    if storage::recognitions::find_open(conn, document).await? {
        return Ok(Step::Waiting);
    }
    document_settled(ctx, conn, job, lease).await
}

async fn document_spared(
    ctx: &Context,
    conn: &mut PgConnection,
    job: &JobRow,
    lease: &Lease,
    document: DocumentId,
    state: DocumentState,
    events: &[Event],
) -> Result<Step, Error> {
    storage::documents::update_spared(conn, document, state).await?;
    storage::events::insert(conn, job.id, Some(document), events).await?;
    document_settled(ctx, conn, job, lease).await
}

async fn document_settled(ctx: &Context, conn: &mut PgConnection, job: &JobRow, lease: &Lease) -> Result<Step, Error> {
    storage::jobs::update_open(conn, job.id, -1).await?;
    let job = JobRow { documents_open: job.documents_open - 1, ..job.clone() };
    // What was begun is also ended: the assembly stands where its last document stood.
    advance::advance(ctx, conn, &job, Turn::At(lease.task.order_key)).await
}

/// Gives each piece of the pages of a job a task of its own; the assembly comes again behind the last of them. What is left of pieces from
/// before, when the job failed and is tried again, goes.
async fn divide(conn: &mut PgConnection, job: &JobRow, pages: i32, each: i32) -> Result<Step, Error> {
    storage::drawings::delete(conn, job.id).await?;
    let task = NewTask {
        kind: Kind::Draw.as_str(),
        lane: Lane::Native,
        job: job.id,
        document: None,
        tenant: job.tenant,
        priority: job.priority,
        turn: Turn::Next,
    };
    queue::enqueue_pieces(conn, &task, pages, each).await?;
    storage::jobs::update_pages_to_draw(conn, job.id, pages).await?;
    Ok(Step::Drawing)
}

async fn piece_drawn(
    ctx: &Context,
    conn: &mut PgConnection,
    job: &JobRow,
    lease: &Lease,
    blob: &str,
) -> Result<Step, Error> {
    let Some(pages) = storage::drawings::update_drawn(conn, lease.task.id, blob).await? else {
        return Ok(Step::Waiting);
    };
    storage::jobs::update_pages_settled(conn, job.id, pages).await?;
    if storage::drawings::find_open(conn, job.id).await? {
        return Ok(Step::Waiting);
    }
    // What was begun is also ended.
    advance::advance(ctx, conn, job, Turn::At(lease.task.order_key)).await
}

/// Publishes the files and completes the job.
async fn publish(
    ctx: &Context,
    conn: &mut PgConnection,
    job: &JobRow,
    files: &[Published],
    events: &[Event],
) -> Result<Step, Error> {
    let documents = storage::documents::list(conn, job.id).await?;
    let first = documents.first().map(|document| document.file_name.as_str());
    let furthest = documents.iter().filter_map(|document| document.rung.as_ref()?.parse().ok()).max();
    for (ordinal, file) in (1..).zip(files) {
        let file_name = match &file.name {
            Some(name) => file_name_of(name),
            None => result_file_name(job.name.as_deref(), first, file.kind.extension()),
        };
        let property = |name: &str, value: &str| serde_json::json!({ "name": name, "value": value });
        let mut properties = Vec::new();
        properties.extend(file.pages.map(|pages| property("pages", &pages.to_string())));
        properties.extend(file.conformance.as_deref().map(|claim| property("conformance", claim)));
        let result = storage::results::NewResult {
            id: ResultId::new(),
            job: job.id,
            ordinal,
            file_name: &file_name,
            media_type: file.kind.media_type(),
            stored: &file.stored,
            pages: file.pages,
            conformance: file.conformance.as_deref(),
            rung: file.conformance.as_ref().and_then(|_| furthest.max(file.rung)),
            properties: properties.into(),
        };
        storage::results::insert(conn, &result).await?;
    }
    storage::events::insert(conn, job.id, None, events).await?;
    let outcome = if storage::events::find_warning(conn, job.id).await? {
        domain::Outcome::Warning
    } else {
        domain::Outcome::Success
    };
    storage::jobs::update_completed(conn, job.id, outcome, None, ctx.settings.retention).await?;
    Ok(Step::Completed)
}

/// The file name of a result without one of its own: the job's name, else that of its first document, with its extension.
fn result_file_name(job: Option<&str>, first: Option<&str>, extension: &str) -> String {
    let from_document = || {
        let name = first?.rsplit(['/', '\\']).next()?;
        Some(name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned())
    };
    let dotted = format!(".{extension}");
    let from_job = job.map(|name| file_name_of(name.strip_suffix(&dotted).unwrap_or(name)));
    let stem = from_job.or_else(from_document).filter(|stem| !stem.trim().is_empty());
    format!("{}{dotted}", stem.as_deref().unwrap_or("result"))
}

/// A label as a file name: nothing of it is a path.
fn file_name_of(label: &str) -> String {
    label.replace(['/', '\\'], "_")
}

#[cfg(test)]
mod tests {
    use super::result_file_name;

    #[test]
    fn a_result_is_named_after_the_job_else_after_its_first_document() {
        assert_eq!(result_file_name(Some("claim-4711"), Some("a.docx"), "pdf"), "claim-4711.pdf");
        assert_eq!(result_file_name(Some("claim.pdf"), None, "pdf"), "claim.pdf");
        assert_eq!(result_file_name(None, Some("Brief für Müller.docx"), "pdf"), "Brief für Müller.pdf");
    }

    #[test]
    fn a_path_in_a_name_does_not_reach_the_result() {
        assert_eq!(result_file_name(None, Some("../../etc/passwd"), "pdf"), "passwd.pdf");
        assert_eq!(result_file_name(Some("a/b"), None, "pdf"), "a_b.pdf");
        assert_eq!(result_file_name(None, Some(".docx"), "pdf"), "result.pdf");
    }
}

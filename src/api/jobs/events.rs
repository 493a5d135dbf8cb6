use std::time::Duration;

use axum::response::{
    IntoResponse,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::{StreamExt, stream};

use crate::{
    api::{
        ApiState, Problem,
        openapi::{operation, schema::SentEvent},
        params::JobPath,
        views::{JobEnd, JobInfo},
    },
    storage::jobs::JobSummaryRow,
    workflows::progress::{self, Progress},
};

/// A comment is sent after so long without an event, so that nobody on the way takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

operation!("jobs", GetJobEvents: JobNotFound, Unavailable);

/// Tells where a job stands, at once and whenever that changes, until it is completed or gone.
///
/// Server-sent events: `status` with what `getJobInfo` answers, at most four times a second, and last `completed`, which has
/// the `outcome` too (`success`, `warning` or `error`). A comment comes every 15 seconds. Close the source when the job
/// is completed, since browsers would connect anew.
#[utoipa::path(
    get, path = "/jobs/{jobId}/events", impl_for = GetJobEvents, operation_id = "getJobEvents",
    params(JobPath),
    responses((
        status = 200, description = "The events, each of this shape, until the job is completed, deleted, or the service stops.",
        body = SentEvent, content_type = "text/event-stream",
        headers(("X-Accel-Buffering" = String, description = "`no`: proxies are to pass each event on at once."))
    ))
)]
pub(crate) async fn get_job_events(state: ApiState, JobPath(id): JobPath) -> Result<impl IntoResponse, Problem> {
    let progress = progress::follow(state.workflows(), state.tenant(), id).await?;
    let steps = stream::unfold(progress, async |mut progress: Progress| Some((progress.next().await?, progress)));
    let events = steps.map(|job| stream::iter(events(job))).flatten();
    // A proxy that gathers an answer before it passes it on would keep every event back.
    let unbuffered = [("x-accel-buffering", "no")];
    Ok((unbuffered, Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))))
}

/// Each step is a `status`; `completed` comes after the last one.
fn events(job: JobSummaryRow) -> Vec<Result<Event, axum::Error>> {
    let end = JobEnd::of(&job).map(|end| Event::default().event("completed").json_data(end));
    let status = Event::default().event("status").json_data(JobInfo::from(job));
    [status].into_iter().chain(end).collect()
}

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::{
    Answer, ApiState, Problem,
    openapi::operation,
    views::{Isolation, JobCounts, ServiceStatus},
};
use crate::workflows::result;

const MILLISECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

operation!("service", GetServiceStatus: NotAcceptable, Unavailable);

/// Says how the service is.
#[utoipa::path(
    get, path = "/", impl_for = GetServiceStatus, operation_id = "getServiceStatus",
    responses((status = 200, description = "How it is.", body = ServiceStatus))
)]
pub(super) async fn get_service_status(state: ApiState) -> Result<Answer<ServiceStatus>, Problem> {
    let counts = result::overview(state.workflows(), state.tenant()).await?;
    Ok(Answer(ServiceStatus {
        version: env!("CARGO_PKG_VERSION"),
        // Without a live worker jobs are accepted and wait.
        status: if counts.slots > 0 { "running" } else { "warning" },
        start_time: state.0.started_at.format(MILLISECONDS).unwrap_or_default(),
        isolation: Isolation { process_count: counts.slots, queue_length: counts.tasks_waiting },
        job_counts: JobCounts {
            creating: counts.creating,
            processing: counts.processing,
            completed: counts.completed,
            total: counts.creating + counts.processing + counts.completed,
        },
    }))
}

use axum::{
    http::{HeaderName, header},
    response::AppendHeaders,
};

use crate::{
    api::{
        Answer, ApiState, Problem,
        openapi::operation,
        params::{ListQuery, ListSent},
        views::JobInfo,
    },
    workflows::listing,
};

operation!("jobs", ListJobs: WorkflowNotFound, NotAcceptable, Unavailable);

/// Lists the jobs that there are, or a page of those that are asked for; the header `Link` leads to the next.
#[utoipa::path(
    get, path = "/jobs", impl_for = ListJobs, operation_id = "listJobs",
    params(ListSent),
    responses((
        status = 200, description = "The jobs, oldest first.", body = ref("#/components/schemas/JobInfos"),
        headers(("Link" = Option<String>, description = "With `rel=\"next\"` where the next page is. Only with `limit`, and when there is one.")),
        links(("getJobInfo" = (operation_id = "getJobInfo", parameters(("jobId" = "$response.body#/0/jobId")))))
    ))
)]
pub(crate) async fn list_jobs(
    state: ApiState,
    query: ListQuery,
) -> Result<(AppendHeaders<Option<(HeaderName, String)>>, Answer<Vec<JobInfo>>), Problem> {
    let page = listing::list(state.workflows(), state.tenant(), &query.wanted).await?;
    let last = page.jobs.last().filter(|_| page.more);
    let link = last.and_then(|last| query.next(last.id)).map(|next| (header::LINK, format!("<{next}>; rel=\"next\"")));
    Ok((AppendHeaders(link), Answer(page.jobs.into_iter().map(Into::into).collect())))
}

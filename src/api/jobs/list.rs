use axum::{
    http::{HeaderName, header},
    response::AppendHeaders,
};

use crate::{
    api::{Answer, ApiState, Problem, params::ListQuery, views::JobInfo},
    workflows::listing,
};

/// Lists the jobs that there are, or a page of those that are asked for; the header `Link` leads to the next.
pub(crate) async fn list_jobs(
    state: ApiState,
    query: ListQuery,
) -> Result<(AppendHeaders<Option<(HeaderName, String)>>, Answer<Vec<JobInfo>>), Problem> {
    let page = listing::list(state.workflows(), state.tenant(), &query.wanted).await?;
    let last = page.jobs.last().filter(|_| page.more);
    let link = last.and_then(|last| query.next(last.id)).map(|next| (header::LINK, format!("<{next}>; rel=\"next\"")));
    Ok((AppendHeaders(link), Answer(page.jobs.into_iter().map(Into::into).collect())))
}

//! Adding a document by its URL: the service fetches it itself, and the body holds only its options.

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};

use super::{
    Answer, ApiState, Problem, disposition, options, params::OptionsBody, target::TargetQuery, views::DataAdded,
};
use crate::{
    domain::{self, IdempotencyKey, JobId, options::JobOption},
    egress::{Download, Target},
    workflows::{
        self,
        add::{self, Accepted, Uploaded},
    },
};

/// The name of a document that neither its host nor its URL names.
const NAMELESS: &str = "document";

/// Whether a request to add a document is of this kind: its body is a list of options.
pub(super) fn is_meant(request: &Request) -> bool {
    declared(request.headers()).is_some_and(options::is_list)
}

/// Fetches a document and adds it to a job; its conversion starts at once.
pub(super) async fn add(
    state: &ApiState,
    job: JobId,
    key: Option<IdempotencyKey>,
    request: Request,
) -> Result<(StatusCode, Answer<DataAdded>), Problem> {
    let ctx = state.workflows();
    let TargetQuery(target) = TargetQuery::read(request.uri())?;
    let accepted = add::accept(ctx, state.tenant(), job, key).await?;
    let (uploaded, options) = match receive(state, &accepted, &target, request).await {
        Ok(received) => received,
        Err(problem) => {
            add::abandon(accepted).await;
            return Err(problem);
        }
    };
    let document = add::finish(ctx, accepted, uploaded, &options).await?;
    Ok((StatusCode::CREATED, Answer(DataAdded { data_id: document.to_string() })))
}

/// Reads the options, then fetches the document.
async fn receive(
    state: &ApiState,
    accepted: &Accepted,
    target: &Target,
    request: Request,
) -> Result<(Uploaded, Vec<JobOption>), Problem> {
    let OptionsBody(options) = OptionsBody::from_request(request, state).await?;
    // Before the download, so that a list which will be refused costs none.
    domain::options::check(&options).map_err(workflows::Error::from)?;
    Ok((fetch(state, accepted, target).await?, options))
}

/// Fetches a document into the place that was taken for it.
pub(super) async fn fetch(state: &ApiState, accepted: &Accepted, target: &Target) -> Result<Uploaded, Problem> {
    let ctx = state.workflows();
    let download = ctx.egress.get(target, ctx.settings.upload_bytes_max).await.map_err(workflows::Error::from)?;
    let (name, media_type) = (name(&download), declared(&download.headers).map(str::to_owned));
    Ok(add::download(ctx, accepted, &name, media_type.as_deref(), download.body).await?)
}

fn declared(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// What the host calls the document, else what its URL calls it.
fn name(download: &Download) -> String {
    disposition::offered(&download.headers).or_else(|| download.name.clone()).unwrap_or_else(|| NAMELESS.to_owned())
}

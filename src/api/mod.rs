//! Floor 5: HTTP. One file an operation; the only place that knows a status code.
//!
//! Must not contain: SQL, transactions, engines. A handler extracts, makes one call down, and turns the answer into a view.
//!
//! 1. Every error is a problem (RFC 7807) of a kind in [`catalogue`], also those of the router and of bytes that are no
//!    request ([`server`]).
//! 2. Every route answers with and without a trailing slash, without redirects.
//! 3. 5xx details are constants; the cause goes to the log under the request id.
//! 4. Handlers know nothing of JSON and XML: they give an `Answer` or a [`Problem`], and the form is chosen around them.
//!
//! axum 0.8 cannot route `/jobs/{id}:start`; [`paths`] says how it is done.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, FromRequestParts},
    middleware,
    routing::{delete, get, post},
};
use time::OffsetDateTime;
use tower::Layer as _;

use crate::{domain::TenantId, workflows};

pub mod catalogue;
pub(crate) mod disposition;
pub mod paths;
pub mod server;

mod accept;
mod answer;
mod check;
mod cors;
mod data;
mod data_url;
mod health;
mod idempotency;
mod jobs;
mod multipart;
mod openapi;
mod options;
mod params;
mod prefer;
mod problem;
mod range;
mod result;
mod simple;
mod status;
mod store;
mod target;
mod trace;
mod views;
mod workflow_list;
mod xml;

pub use cors::Origins;
pub use openapi::document;
pub use problem::Problem;

use answer::Answer;
use openapi::Operations;

/// Where the API lives.
pub const BASE: &str = "/conversion/v1.0/rest";

/// What handlers need.
#[derive(Debug, Clone, FromRef)]
pub struct ApiState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    workflows: workflows::Context,
    started_at: OffsetDateTime,
}

impl ApiState {
    /// Makes the state; `started_at` is shown as the start of the service.
    pub fn new(workflows: workflows::Context, started_at: OffsetDateTime) -> Self {
        Self(Arc::new(Inner { workflows, started_at }))
    }

    fn workflows(&self) -> &workflows::Context {
        &self.0.workflows
    }

    /// Whose call it is. There are no keys yet, so all calls are the default tenant's.
    #[expect(clippy::unused_self, reason = "with keys, the tenant comes from the request")]
    const fn tenant(&self) -> TenantId {
        TenantId::DEFAULT
    }
}

/// A state is there for the asking; nothing in a request can make it fail.
impl FromRequestParts<Self> for ApiState {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        _parts: &mut axum::http::request::Parts,
        state: &Self,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(state.clone())
    }
}

/// The operations under the base path.
fn operations() -> Operations {
    let agreed = middleware::from_fn(answer::agree_first);
    Operations::default()
        .with::<jobs::CreateJob>(post(jobs::create_job).route_layer(agreed.clone()))
        .with::<data::AddData>(post(data::add_data).route_layer(agreed).layer(DefaultBodyLimit::disable()))
        .with::<jobs::StartJob>(post(jobs::start_job))
        .with::<jobs::CancelJob>(post(jobs::cancel_job))
        .with::<jobs::GetJobInfo>(get(jobs::get_job_info))
        .with::<jobs::GetJobEvents>(get(jobs::get_job_events))
        .with::<result::GetJobResult>(get(result::get_job_result))
        .with::<result::GetJobResultData>(get(result::get_job_result_data))
        // Any verb, since one that is unknown here is a bad request and not an unknown path.
        .with::<store::StoreJobResultData>(post(store::store_job_result_data))
        .with::<jobs::DeleteJob>(delete(jobs::delete_job))
        .with::<jobs::ListJobs>(get(jobs::list_jobs))
        .with::<workflow_list::ListWorkflows>(get(workflow_list::list_workflows))
        .with::<status::GetServiceStatus>(get(status::get_service_status))
}

/// The operations outside of the base path.
fn operations_outside() -> Operations {
    simple_operations()
        .with::<openapi::GetOpenapi>(get(openapi::get_openapi))
        .with::<openapi::GetDocs>(get(openapi::get_docs))
}

/// The operations of the Simple API, and what tells how the service is.
fn simple_operations() -> Operations {
    let unlimited = DefaultBodyLimit::disable();
    Operations::default()
        .with::<simple::HttpInput>(post(simple::http_input).layer(unlimited))
        .with::<simple::HttpInputStructured>(post(simple::http_input_structured).layer(unlimited))
        .with::<health::Healthz>(get(health::healthz))
        .with::<health::Readyz>(get(health::readyz))
}

/// Makes the router for [`server::serve`], for pages of these origins and for everybody outside of a browser. It expects paths
/// that went through [`paths::normalise`].
pub fn router(state: ApiState, origins: &Origins) -> Router {
    let routes = Router::new().nest(BASE, operations().routes()).merge(operations_outside().routes());
    framed(routes.with_state(state), origins)
}

/// Makes a router for the Simple API alone, to be used like that of [`router`].
pub fn simple_router(state: ApiState, origins: &Origins) -> Router {
    framed(simple_operations().routes().with_state(state), origins)
}

/// Puts around routes what every answer needs; the last layer is the outermost.
///
/// A layer of a router is put around each of its routes, and all of them are copied for every request, each within the
/// next. So what need not know the route stands around the router as a whole.
fn framed(routes: Router, origins: &Origins) -> Router {
    let answering = routes
        .fallback(problem::unknown_path)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(middleware::from_fn(check::check));
    let rendered = Router::new().fallback_service(middleware::from_fn(answer::render).layer(answering));
    // Around everything that answers, so that a page can read errors too.
    let shared = origins.around(rendered);
    Router::new().fallback_service(middleware::from_fn(trace::trace).layer(shared))
}

//! Path and query parameters, and bodies of options.

use std::str::FromStr;

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{header, request::Parts},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, de::DeserializeOwned};

use super::{ApiState, BASE, Problem, openapi::schema, options};
use crate::{
    domain::{JobId, JobState, ResultId, limits, options::JobOption},
    workflows::listing::Wanted,
};

/// The parameters of a path: the only one as a string, or several by their names.
pub(super) async fn path<T: DeserializeOwned + Send>(parts: &mut Parts, state: &ApiState) -> Result<T, Problem> {
    let read = Path::from_request_parts(parts, state).await;
    let Path(parameters) = read.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    Ok(parameters)
}

/// The job that a path names.
pub(super) struct JobPath(pub(super) JobId);

impl FromRequestParts<ApiState> for JobPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let id: String = path(parts, state).await?;
        // An id that cannot be one of ours names no job, whatever is wrong with it.
        JobId::from_str(&id).map(Self).map_err(|_| Problem::unknown_job(&id))
    }
}

/// The result that a path names.
pub(super) struct ResultPath {
    pub(super) job: JobId,
    pub(super) result: ResultId,
}

#[derive(Deserialize)]
struct ResultSegments {
    #[serde(rename = "jobId")]
    job: String,
    #[serde(rename = "resultId")]
    result: String,
}

impl FromRequestParts<ApiState> for ResultPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        // By name, since a verb may follow.
        let ResultSegments { job, result } = path(parts, state).await?;
        let job = JobId::from_str(&job).map_err(|_| Problem::unknown_job(&job))?;
        let result = ResultId::from_str(&result).map_err(|_| Problem::unknown_result(&result))?;
        Ok(Self { job, result })
    }
}

/// The query of a create call.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CreateQuery {
    #[param(schema_with = schema::workflow, required = false)]
    pub(super) workflow: Option<String>,
    #[param(schema_with = schema::profile, required = false)]
    pub(super) profile: Option<String>,
    #[param(schema_with = schema::job_name, required = false)]
    pub(super) name: Option<String>,
}

impl FromRequestParts<ApiState> for CreateQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Query(query) = Query::<Self>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let has_nul = |value: &Option<String>| value.as_deref().is_some_and(|value| value.contains('\0'));
        if [&query.workflow, &query.profile, &query.name].into_iter().any(has_nul) {
            return Err(Problem::bad_request("A query parameter holds a NUL character"));
        }
        Ok(query)
    }
}

/// The query of a list call.
#[derive(Debug)]
pub(super) struct ListQuery {
    /// What it asks for.
    pub(super) wanted: Wanted,
    sent: ListSent,
}

/// The query of a list call as it is sent.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListSent {
    #[param(schema_with = schema::job_state, required = false)]
    state: Option<String>,
    #[param(schema_with = schema::listed_workflow, required = false)]
    workflow: Option<String>,
    #[param(schema_with = schema::limit, required = false)]
    limit: Option<String>,
    #[param(schema_with = schema::after, required = false)]
    after: Option<String>,
}

impl ListQuery {
    /// Where the page after a job is, if the client asked for pages.
    pub(super) fn next(&self, last: JobId) -> Option<String> {
        let limit = self.wanted.limit?;
        let value = |name: &str, value: &Option<String>| {
            value.as_deref().map(|value| format!("{name}={}&", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        };
        let filters = [value("state", &self.sent.state), value("workflow", &self.sent.workflow)];
        let filters: String = filters.into_iter().flatten().collect();
        Some(format!("{BASE}/jobs?{filters}limit={limit}&after={last}"))
    }
}

impl FromRequestParts<ApiState> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Query(sent) = Query::<ListSent>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let wanted = Wanted {
            state: read("state", sent.state.as_deref(), |state| state.parse::<JobState>().map_err(|e| e.to_string()))?,
            workflow: read("workflow", sent.workflow.as_deref(), |name| {
                if name.is_empty() { Err("it is empty".to_owned()) } else { Ok(name.to_owned()) }
            })?,
            after: read("after", sent.after.as_deref(), |id| {
                id.parse::<JobId>().map_err(|_| format!("`{id}` is not the identifier of a job"))
            })?,
            limit: read("limit", sent.limit.as_deref(), |limit| {
                let count = limit.parse().ok().filter(|count| (1..=limits::LIST_JOBS_MAX).contains(count));
                count.ok_or_else(|| format!("`{limit}` is not a number from 1 to {}", limits::LIST_JOBS_MAX))
            })?,
        };
        Ok(Self { wanted, sent })
    }
}

/// Reads a parameter that may be missing.
fn read<T>(
    name: &str,
    value: Option<&str>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Problem> {
    let wrong = |problem| Problem::bad_request(format!("The query parameter '{name}' cannot be used: {problem}"));
    value.map(read).transpose().map_err(wrong)
}

/// A body that is only a list of options; an empty one means none.
pub(super) struct OptionsBody(pub(super) Vec<JobOption>);

impl FromRequest<ApiState> for OptionsBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &ApiState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        // What is no text names no type that is known, and is refused as such.
        let declared = parts.headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        options::receive(declared.as_deref(), body).await.map(Self)
    }
}

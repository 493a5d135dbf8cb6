use axum::http::{HeaderName, StatusCode, header};

use crate::{
    api::{
        Answer, ApiState, BASE, Problem,
        idempotency::RepeatKey,
        params::{CreateQuery, OptionsBody},
        views::JobInfo,
    },
    workflows::create::{self, NewJob},
};

/// Creates a job for a workflow.
pub(crate) async fn create_job(
    state: ApiState,
    query: CreateQuery,
    RepeatKey(key): RepeatKey,
    OptionsBody(options): OptionsBody,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<JobInfo>), Problem> {
    let new = NewJob { workflow: query.workflow, profile: query.profile, name: query.name, options, key };
    let id = create::create(state.workflows(), state.tenant(), &new).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("{BASE}/jobs/{id}"))], Answer(JobInfo::created(id))))
}

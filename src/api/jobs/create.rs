use axum::http::{HeaderName, StatusCode, header};

use crate::{
    api::{
        Answer, ApiState, BASE, Problem,
        idempotency::RepeatKey,
        openapi::{operation, schema::XmlOptions},
        options::Options,
        params::{CreateQuery, OptionsBody},
        views::JobInfo,
    },
    workflows::create::{self, NewJob},
};

operation!(
    "jobs", CreateJob: WorkflowNotFound, ProfileNotFound, NotAcceptable, IdempotencyConflict, IdempotencyUnderWay, TooLarge,
    UnsupportedMediaType, TooManyJobs, Unavailable
);

/// Creates a job for a workflow.
///
/// The body is a list of job options, and may be left out. An option that is unknown or has a value that it cannot have is no
/// error of this call: the job then ends with the error `option`.
#[utoipa::path(
    post, path = "/jobs", impl_for = CreateJob, operation_id = "createJob",
    params(CreateQuery, RepeatKey),
    request_body(description = "The options of the job.", content(
        (Options = "application/json"), (XmlOptions = "application/xml"), (XmlOptions = "text/xml")
    )),
    responses((
        status = 201, description = "The job is created, and documents can be added to it.", body = JobInfo,
        headers(("Location" = String, description = "Path of the job.")),
        links(
            ("addData" = (operation_id = "addData", parameters(("jobId" = "$response.body#/jobId")))),
            ("startJob" = (operation_id = "startJob", parameters(("jobId" = "$response.body#/jobId")))),
            ("cancelJob" = (operation_id = "cancelJob", parameters(("jobId" = "$response.body#/jobId")))),
            ("getJobInfo" = (operation_id = "getJobInfo", parameters(("jobId" = "$response.body#/jobId")))),
            ("getJobEvents" = (operation_id = "getJobEvents", parameters(("jobId" = "$response.body#/jobId")))),
            ("getJobResult" = (operation_id = "getJobResult", parameters(("jobId" = "$response.body#/jobId")))),
            ("deleteJob" = (operation_id = "deleteJob", parameters(("jobId" = "$response.body#/jobId"))))
        )
    ))
)]
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

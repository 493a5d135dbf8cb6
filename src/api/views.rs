//! What goes out, field by field as the wire contract has it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{answer::Rooted, openapi::schema};
use crate::{
    domain::{JobState, Outcome},
    storage::jobs::JobSummaryRow,
    workflows::result::Completed,
};

/// Where a job stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobInfo {
    #[schema(schema_with = schema::job_id)]
    job_id: String,
    status: JobStatus,
}

/// The state of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobStatus {
    #[schema(schema_with = schema::job_state)]
    code: &'static str,
    /// What is being done, for people.
    message: String,
}

impl JobInfo {
    /// A job that was just created.
    pub(super) fn created(id: crate::domain::JobId) -> Self {
        let message = "Add documents, then start the job.".to_owned();
        Self { job_id: id.to_string(), status: JobStatus { code: JobState::Creating.as_str(), message } }
    }
}

impl From<JobSummaryRow> for JobInfo {
    fn from(job: JobSummaryRow) -> Self {
        let converted = job.documents - job.documents_open;
        let mut progress = format!("{converted} of {} documents converted", job.documents);
        if job.pages > 0 && job.documents_open > 0 {
            progress += &format!(", the text of {} of {} pages recognised", job.pages - job.pages_open, job.pages);
        }
        let message = match (job.state, job.outcome) {
            (JobState::Creating, _) if job.documents == 0 => "Add documents, then start the job.".to_owned(),
            (JobState::Creating, _) => format!("Waiting for the start; {progress}."),
            (JobState::Pending, _) => format!("Waiting for a worker; {progress}."),
            (JobState::Processing, _) if job.documents_open == 0 && job.pages_open > 0 => {
                format!("Putting the result together; {} of {} pages drawn.", job.pages - job.pages_open, job.pages)
            }
            (JobState::Processing, _) if job.documents_open == 0 => "Putting the result together.".to_owned(),
            (JobState::Processing, _) => format!("Converting; {progress}."),
            (JobState::Completed, Some(Outcome::Success)) => "Completed.".to_owned(),
            (JobState::Completed, Some(Outcome::Warning)) => "Completed with warnings.".to_owned(),
            (JobState::Completed, Some(Outcome::Error) | None) => {
                job.error_message.unwrap_or_else(|| "Completed with an error.".to_owned())
            }
        };
        Self { job_id: job.id.to_string(), status: JobStatus { code: job.state.as_str(), message } }
    }
}

/// How a job ended: the last that is told to those who follow it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobEnd {
    #[serde(flatten)]
    info: JobInfo,
    #[schema(schema_with = schema::outcome)]
    outcome: &'static str,
}

impl JobEnd {
    /// The end of a job, if it has ended.
    pub(super) fn of(job: &JobSummaryRow) -> Option<Self> {
        let outcome = job.outcome.filter(|_| job.state == JobState::Completed)?;
        Some(Self { info: job.clone().into(), outcome: outcome.as_str() })
    }
}

/// A document that was added.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DataAdded {
    #[schema(schema_with = schema::document_id)]
    pub(super) data_id: String,
}

/// What came of a job. Carries both `status` and the older `success`: clients of both generations exist.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobResult {
    #[schema(schema_with = schema::outcome)]
    pub(super) status: &'static str,
    /// Whether there is a result.
    pub(super) success: bool,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) error: Option<JobError>,
    /// What happened to the documents.
    pub(super) events: Vec<Event>,
    /// The result files, when there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) data_list: Option<Vec<Data>>,
}

/// Why a job failed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobError {
    #[schema(schema_with = schema::error_code)]
    pub(super) code: String,
    /// What happened, and to which document.
    pub(super) message: String,
}

/// Something that happened to a document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    #[schema(schema_with = schema::event_code)]
    pub(super) code: String,
    #[schema(schema_with = schema::severity)]
    pub(super) severity: String,
    /// What happened, for people.
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::document_id, required = false)]
    pub(super) data_id: Option<String>,
    /// The part of it, such as an attachment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) data_part: Option<String>,
}

/// A result file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    /// Its name.
    pub(super) file_name: String,
    #[schema(schema_with = schema::result_id)]
    pub(super) result_id: String,
    #[schema(schema_with = schema::properties)]
    pub(super) properties: serde_json::Value,
}

impl From<Completed> for JobResult {
    fn from(completed: Completed) -> Self {
        let outcome = completed.job.outcome.unwrap_or(Outcome::Error);
        let events = completed.events.into_iter().map(|event| Event {
            code: event.code,
            severity: event.severity,
            message: event.message,
            data_id: event.document.map(|id| id.to_string()),
            data_part: event.part,
        });
        let files = completed.results.into_iter().map(|result| Data {
            file_name: result.file_name,
            result_id: result.id.to_string(),
            properties: result.properties,
        });
        Self {
            status: outcome.as_str(),
            success: outcome != Outcome::Error,
            error: completed
                .job
                .error_code
                .zip(completed.job.error_message)
                .map(|(code, message)| JobError { code, message }),
            events: events.collect(),
            data_list: (outcome != Outcome::Error).then(|| files.collect()),
        }
    }
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceStatus {
    /// Its version.
    pub(super) version: &'static str,
    #[schema(schema_with = schema::service_status)]
    pub(super) status: &'static str,
    /// When this process was started.
    #[schema(format = DateTime)]
    pub(super) start_time: String,
    pub(super) isolation: Isolation,
    pub(super) job_counts: JobCounts,
}

/// Engine slots and the work that waits for them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Isolation {
    /// Documents that can be converted at once.
    #[schema(minimum = 0)]
    pub(super) process_count: i64,
    /// Tasks that wait.
    #[schema(minimum = 0)]
    pub(super) queue_length: i64,
}

/// Jobs by where they stand.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobCounts {
    /// Not started.
    #[schema(minimum = 0)]
    pub(super) creating: i64,
    /// Started and not completed.
    #[schema(minimum = 0)]
    pub(super) processing: i64,
    /// Completed.
    #[schema(minimum = 0)]
    pub(super) completed: i64,
    /// All of them.
    #[schema(minimum = 0)]
    pub(super) total: i64,
}

/// A workflow.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Workflow {
    /// Its name.
    pub(super) name: &'static str,
    /// Whether a job gets it that names none.
    pub(super) is_default: bool,
    /// Its profiles.
    pub(super) profiles: Vec<Profile>,
}

/// A profile of a workflow.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    /// Its name.
    pub(super) name: String,
    /// Whether a job of the workflow gets it that names none.
    pub(super) is_default: bool,
}

impl Rooted for JobInfo {
    const ROOT: &'static str = "jobInfo";
}

impl Rooted for Vec<JobInfo> {
    const ROOT: &'static str = "jobInfos";
}

impl Rooted for DataAdded {
    const ROOT: &'static str = "data";
}

impl Rooted for JobResult {
    const ROOT: &'static str = "jobResult";
}

impl Rooted for Vec<Workflow> {
    const ROOT: &'static str = "workflows";
}

impl Rooted for ServiceStatus {
    const ROOT: &'static str = "serviceStatus";
}

//! What goes out, field by field as the wire contract has it.

use serde::Serialize;

use super::answer::Rooted;
use crate::{
    domain::{JobState, Outcome},
    storage::jobs::JobSummaryRow,
    workflows::result::Completed,
};

/// jobInfo.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobInfo {
    job_id: String,
    status: JobStatus,
}

#[derive(Debug, Serialize)]
struct JobStatus {
    code: &'static str,
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
        let converted = job.documents - i64::from(job.documents_open);
        let progress = format!("{converted} of {} documents converted", job.documents);
        let message = match (job.state, job.outcome) {
            (JobState::Creating, _) if job.documents == 0 => "Add documents, then start the job.".to_owned(),
            (JobState::Creating, _) => format!("Waiting for the start; {progress}."),
            (JobState::Pending, _) => format!("Waiting for a worker; {progress}."),
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobEnd {
    #[serde(flatten)]
    info: JobInfo,
    outcome: &'static str,
}

impl JobEnd {
    /// The end of a job, if it has ended.
    pub(super) fn of(job: &JobSummaryRow) -> Option<Self> {
        let outcome = job.outcome.filter(|_| job.state == JobState::Completed)?;
        Some(Self { info: job.clone().into(), outcome: outcome.as_str() })
    }
}

/// The answer to an upload.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DataAdded {
    pub(super) data_id: String,
}

/// jobResult. Carries both `status` and the older `success`: clients of both generations exist.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobResult {
    status: &'static str,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JobError>,
    events: Vec<Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_list: Option<Vec<Data>>,
}

#[derive(Debug, Serialize)]
struct JobError {
    code: String,
    message: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    code: String,
    severity: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_part: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    file_name: String,
    result_id: String,
    properties: serde_json::Value,
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

/// serviceStatus.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceStatus {
    pub(super) version: &'static str,
    pub(super) status: &'static str,
    pub(super) start_time: String,
    pub(super) isolation: Isolation,
    pub(super) job_counts: JobCounts,
}

/// Engine slots and the work that waits for them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Isolation {
    pub(super) process_count: i64,
    pub(super) queue_length: i64,
}

/// Jobs by where they stand.
#[derive(Debug, Serialize)]
pub(super) struct JobCounts {
    pub(super) creating: i64,
    pub(super) processing: i64,
    pub(super) completed: i64,
    pub(super) total: i64,
}

/// One workflow.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Workflow {
    pub(super) name: &'static str,
    pub(super) is_default: bool,
    pub(super) profiles: Vec<Profile>,
}

/// One profile.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    pub(super) name: &'static str,
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

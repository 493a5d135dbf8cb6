use std::time::Duration;

use super::workflow::BadSettings;
use crate::{
    domain::{JobId, JobState, ResultId, options::OptionsError},
    egress, queue, storage,
};

/// Why an operation on a job was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such job, or it is another tenant's.
    #[error("there is no job {0}")]
    UnknownJob(JobId),
    /// The job has no such result.
    #[error("job {job} has no result {result}")]
    UnknownResult {
        /// The job.
        job: JobId,
        /// The result.
        result: ResultId,
    },
    /// There is no such workflow.
    #[error("there is no workflow `{name}`; there are: {known}")]
    UnknownWorkflow {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The workflow has no such profile.
    #[error("the workflow `{workflow}` has no profile `{name}`; it has: {known}")]
    UnknownProfile {
        /// The workflow.
        workflow: &'static str,
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The settings of a profile are none of its workflow.
    #[error("the profile `{profile}` of `{workflow}`: {problem}")]
    Settings {
        /// The workflow.
        workflow: &'static str,
        /// The profile.
        profile: String,
        /// What is wrong.
        problem: BadSettings,
    },
    /// A profile cannot have this name.
    #[error("the name of a profile has 1 to {max} characters, none of them control characters")]
    ProfileName {
        /// The limit.
        max: usize,
    },
    /// A workflow always has a default profile.
    #[error("the profile `{name}` is the default of `{workflow}`: make another one the default first")]
    DefaultProfile {
        /// The workflow.
        workflow: &'static str,
        /// The profile.
        name: String,
    },
    /// The options cannot be stored.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// There is no such connection, or it is switched off.
    #[error("there is no connection `{id}`")]
    UnknownConnection {
        /// The name that was asked for.
        id: String,
    },
    /// A connection is set up for something that this version does not have.
    #[error("the connection `{id}` cannot be used: {problem}")]
    Connection {
        /// Its name.
        id: String,
        /// What is missing.
        problem: String,
    },
    /// The process stops, so nobody waits any longer.
    #[error("the service is stopping")]
    Stopping,
    /// The job's state does not allow it.
    #[error("the job is {state}")]
    WrongState {
        /// Where it stands.
        state: JobState,
    },
    /// The job has not ended in the time that a caller waits.
    #[error("the job is not completed after {} s", .after.as_secs())]
    NotYet {
        /// How long was waited.
        after: Duration,
    },
    /// An idempotency key was given to another request before.
    #[error("the idempotency key belongs to another request")]
    KeyReused,
    /// A request with the same idempotency key has not ended.
    #[error("a request with this idempotency key is under way")]
    KeyUnderWay,
    /// Too many jobs are open.
    #[error("there are {max} open jobs, which is the limit")]
    TooManyJobs {
        /// The limit.
        max: i64,
    },
    /// The job has too many documents.
    #[error("the job has {max} documents, which is the limit")]
    TooManyDocuments {
        /// The limit.
        max: i32,
    },
    /// An upload is too long.
    #[error("the document has more than {max} bytes")]
    TooLarge {
        /// The limit in bytes.
        max: u64,
    },
    /// An upload broke off.
    #[error("the upload broke off: {what}")]
    BrokenUpload {
        /// How.
        what: String,
    },
    /// A document could not be fetched from its URL.
    #[error(transparent)]
    Download(#[from] egress::Error),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] queue::Error),
    /// The database or the blob store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl Error {
    /// Reads "not found" as "there is no such job".
    pub(super) fn of_job(id: JobId) -> impl FnOnce(storage::Error) -> Self {
        move |error| match error {
            storage::Error::NotFound => Self::UnknownJob(id),
            error @ (storage::Error::Conflict { .. }
            | storage::Error::Unavailable { .. }
            | storage::Error::Corrupt { .. }
            | storage::Error::Schema { .. }
            | storage::Error::Blobs { .. }
            | storage::Error::Database { .. }) => Self::Storage(error),
        }
    }
}

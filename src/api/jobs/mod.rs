//! The life of a job, one file an operation.

mod cancel;
mod create;
mod delete;
mod events;
mod info;
mod list;
mod start;

pub(super) use cancel::{CancelJob, cancel_job};
pub(super) use create::{CreateJob, create_job};
pub(super) use delete::{DeleteJob, delete_job};
pub(super) use events::{GetJobEvents, get_job_events};
pub(super) use info::{GetJobInfo, get_job_info};
pub(super) use list::{ListJobs, list_jobs};
pub(super) use start::{StartJob, start_job};

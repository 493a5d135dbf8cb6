//! The life of a job, one file an operation.

mod cancel;
mod create;
mod delete;
mod events;
mod info;
mod list;
mod start;

pub(super) use cancel::cancel_job;
pub(super) use create::create_job;
pub(super) use delete::delete_job;
pub(super) use events::get_job_events;
pub(super) use info::get_job_info;
pub(super) use list::list_jobs;
pub(super) use start::start_job;
